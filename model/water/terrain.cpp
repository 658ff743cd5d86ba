#include "model/water/terrain.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "model/run/parallel.hpp"
#include "model/water/heights.hpp"

namespace greenweave {

namespace {

/// Heights of a cell's neighbours by row and column offset; those that do not exist on the plane through the others.
class Window {
 public:
  Window(const Heights& heights, std::int32_t row, std::int32_t col) {
    const Shape& shape = heights.shape();
    const double centre = static_cast<double>(heights[shape.cell(row, col)]);
    bool whole = true;
    for (int r = -1; r <= 1; ++r)
      for (int c = -1; c <= 1; ++c) {
        const bool exists = shape.holds(row + r, col + c) && heights.is_valid(shape.cell(row + r, col + c));
        known(r, c) = exists;
        at(r, c) = exists ? static_cast<double>(heights[shape.cell(row + r, col + c)]) : centre;
        whole = whole && exists;
      }
    if (whole) return;
    const auto mirror = [&](int r, int c) {
      if (!known(r, c) && known(-r, -c)) at(r, c) = 2.0 * centre - at(-r, -c);
    };
    mirror(-1, 0), mirror(1, 0), mirror(0, -1), mirror(0, 1);
    for (const int r : {-1, 1})
      for (const int c : {-1, 1}) {
        mirror(r, c);
        if (!known(r, c) && !known(-r, -c)) at(r, c) = at(r, 0) + at(0, c) - centre;
      }
  }

  double& at(int r, int c) { return z_[place(r, c)]; }

 private:
  static std::size_t place(int r, int c) {
    const int index = 3 * (r + 1) + c + 1;
    return static_cast<std::size_t>(index);
  }
  bool& known(int r, int c) { return known_[place(r, c)]; }
  std::array<double, 9> z_{};
  std::array<bool, 9> known_{};
};

std::vector<std::uint8_t> both(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  if (a.empty()) return b;
  std::vector<std::uint8_t> valid = a;
  for (std::size_t i = 0; i < b.size(); ++i) valid[i] = static_cast<std::uint8_t>(valid[i] != 0 && b[i] != 0);
  return valid;
}

template <class Index>
Raster<float> index_of(const Raster<double>& accumulated, const Raster<float>& slope, const Index& index) {
  Raster<float> result(slope.shape);
  result.valid = both(accumulated.valid, slope.valid);
  parallel_pieces(slope.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (result.is_valid(cell)) result[cell] = static_cast<float>(index(accumulated[cell], slope[cell]));
    }
  });
  return result;
}

}  // namespace

SlopeAspect slope_aspect(const Raster<float>& elevation_m, double cell_m) {
  const Heights heights(elevation_m);
  const Shape& shape = elevation_m.shape;
  SlopeAspect result{Raster<float>(shape), Raster<float>(shape)};
  result.slope.valid = elevation_m.valid;
  result.aspect_deg.valid.assign(elevation_m.values.size(), 0);
  parallel_pieces(shape.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto r = static_cast<std::int32_t>(begin); r < end; ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        const Cell cell = shape.cell(r, c);
        if (!heights.is_valid(cell)) continue;
        Window z(heights, r, c);
        const double east =
            (z.at(-1, 1) + 2.0 * z.at(0, 1) + z.at(1, 1) - z.at(-1, -1) - 2.0 * z.at(0, -1) - z.at(1, -1)) /
            (8.0 * cell_m);
        const double north =
            (z.at(-1, -1) + 2.0 * z.at(-1, 0) + z.at(-1, 1) - z.at(1, -1) - 2.0 * z.at(1, 0) - z.at(1, 1)) /
            (8.0 * cell_m);
        result.slope[cell] = static_cast<float>(std::sqrt(east * east + north * north));
        if (east == 0.0 && north == 0.0) continue;
        double degrees = std::atan2(-east, -north) * 180.0 / std::numbers::pi;
        if (degrees < 0.0) degrees += 360.0;
        result.aspect_deg[cell] = static_cast<float>(degrees);
        result.aspect_deg.valid[static_cast<std::size_t>(cell)] = 1;
      }
  });
  return result;
}

Raster<float> wetness_index(const Raster<double>& accumulated_cells, const Raster<float>& slope, double cell_m,
                            const WetnessOptions& options) {
  return index_of(accumulated_cells, slope, [&](double cells, float tangent) {
    return std::log(cells * cell_m / std::max(static_cast<double>(tangent), options.least_slope));
  });
}

Raster<float> stream_power_index(const Raster<double>& accumulated_cells, const Raster<float>& slope, double cell_m) {
  return index_of(accumulated_cells, slope,
                  [&](double cells, float tangent) { return cells * cell_m * static_cast<double>(tangent); });
}

}  // namespace greenweave
