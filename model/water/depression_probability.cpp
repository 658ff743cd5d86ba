#include "model/water/depression_probability.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"
#include "model/run/random.hpp"
#include "model/water/conditioning.hpp"

namespace greenweave {

namespace {

/// Weights of a Gaussian window out to four standard deviations, their squares summing to 1, so that the variance
/// stays.
std::vector<float> window_of(double sigma_cells) {
  const auto radius = static_cast<std::int32_t>(std::ceil(4.0 * sigma_cells));
  std::vector<double> weights;
  double squares = 0.0;
  for (std::int32_t i = -radius; i <= radius; ++i) {
    const double w = sigma_cells > 0.0 ? std::exp(-0.5 * (i / sigma_cells) * (i / sigma_cells)) : 1.0;
    weights.push_back(w);
    squares += w * w;
  }
  std::vector<float> window;
  for (const double w : weights) window.push_back(static_cast<float>(w / std::sqrt(squares)));
  return window;
}

}  // namespace

Raster<float> elevation_error(const Shape& shape, double cell_m, const ElevationError& error, std::uint64_t seed,
                              std::uint64_t draw) {
  const double sigma_cells = 0.5 * error.correlation_m / cell_m;
  if (!(error.sigma_m >= 0.0 && error.correlation_m >= 0.0) || !std::isfinite(error.sigma_m))
    throw InputError("", "elevation error",
                     fmt::format("{:g} m, alike within {:g} m", error.sigma_m, error.correlation_m),
                     "give numbers of 0 or more");
  if (sigma_cells > std::max(shape.rows, shape.cols))
    throw InputError("", "elevation error",
                     fmt::format("it is alike within {:g} m, farther than the grid reaches", error.correlation_m),
                     "an error that is the same everywhere moves no water");
  const std::vector<float> window = window_of(sigma_cells);
  const auto radius = static_cast<std::int64_t>(window.size() / 2);
  const std::int64_t wide = shape.cols + 2 * radius, high = shape.rows + 2 * radius;
  const auto sigma = static_cast<float>(error.sigma_m);

  // Along rows into `smooth`, then down columns into the result.
  std::vector<float> smooth(static_cast<std::size_t>(high * shape.cols));
  parallel_pieces(high, 8, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> noise(static_cast<std::size_t>(wide));
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c < wide; ++c)
        noise[static_cast<std::size_t>(c)] =
            static_cast<float>(random_normal(seed, draw, static_cast<std::uint64_t>(r * wide + c)));
      float* row = smooth.data() + r * shape.cols;
      for (std::size_t k = 0; k < window.size(); ++k)
        for (std::int32_t c = 0; c < shape.cols; ++c) row[c] += window[k] * noise[static_cast<std::size_t>(c) + k];
    }
  });
  Raster<float> field(shape, 0.0F);
  parallel_pieces(shape.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      float* to = field.values.data() + r * shape.cols;
      for (std::size_t k = 0; k < window.size(); ++k) {
        const float* from = smooth.data() + (r + static_cast<std::int64_t>(k)) * shape.cols;
        for (std::int32_t c = 0; c < shape.cols; ++c) to[c] += window[k] * from[c];
      }
      for (std::int32_t c = 0; c < shape.cols; ++c) to[c] *= sigma;
    }
  });
  return field;
}

Raster<float> depression_probability(const Raster<float>& elevation_m, double cell_m, const ElevationError& error,
                                     const ProbabilityOptions& options, std::uint64_t seed, const RunContext& context) {
  if (options.draws < 1 || options.draws > 1000000)
    throw InputError("", "draws", fmt::format("{} draws", options.draws), "give from 1 to a million");
  const Shape& shape = elevation_m.shape;
  const std::size_t cells = elevation_m.values.size();
  constexpr std::int64_t few_cells = 1 << 20;
  const std::int64_t at_once = shape.cells() <= few_cells ? 8 : 1;
  std::vector<std::int32_t> count(cells, 0);
  std::vector<std::vector<std::uint8_t>> found(static_cast<std::size_t>(at_once), std::vector<std::uint8_t>(cells));
  for (std::int64_t first = 0; first < options.draws; first += at_once) {
    context.check();
    const std::int64_t draws = std::min<std::int64_t>(at_once, options.draws - first);
    parallel_for(draws, [&](std::int64_t k) {
      Raster<float> drawn = elevation_error(shape, cell_m, error, seed, static_cast<std::uint64_t>(first + k));
      drawn.valid = elevation_m.valid;
      for (std::size_t i = 0; i < cells; ++i) drawn.values[i] += elevation_m.values[i];
      const Raster<float> filled = fill_depressions(drawn);
      for (std::size_t i = 0; i < cells; ++i)
        found[static_cast<std::size_t>(k)][i] =
            static_cast<double>(filled.values[i]) - static_cast<double>(drawn.values[i]) > options.least_depth_m;
    });
    parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = 0; k < draws; ++k)
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
          count[i] += found[static_cast<std::size_t>(k)][i];
    });
  }
  Raster<float> probability(shape, 0.0F);
  probability.valid = elevation_m.valid;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (probability.is_valid(cell))
      probability[cell] =
          static_cast<float>(static_cast<double>(count[static_cast<std::size_t>(cell)]) / options.draws);
  return probability;
}

}  // namespace greenweave
