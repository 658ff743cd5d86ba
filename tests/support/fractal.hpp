#pragma once
// Landscapes for measurements: fractal resistance with holes.
#include <algorithm>
#include <cmath>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/run/random.hpp"

namespace greenweave::testing {

/// A smooth random field in [0, 1]: octaves of value noise, each half as wide and 0.6 times as high as the one before.
/// Its steps are fixed, so a landscape of twice the side shows more of the same, not the same in finer grain.
inline std::vector<float> fractal(const Shape& shape, std::uint64_t seed) {
  std::vector<float> field(static_cast<std::size_t>(shape.cells()), 0.0F);
  const auto corner = [&](std::uint64_t octave, std::int32_t r, std::int32_t c) {
    return random_uniform(seed, octave, static_cast<std::uint64_t>(r) * 1000003U + static_cast<std::uint64_t>(c));
  };
  double height = 1.0, total = 0.0;
  std::uint64_t octave = 0;
  for (std::int32_t width = 128; width >= 1; width /= 2, height *= 0.6, ++octave) {
    total += height;
    for (std::int32_t r = 0; r < shape.rows; ++r)
      for (std::int32_t c0 = 0; c0 * width < shape.cols; ++c0) {
        const std::int32_t r0 = r / width;
        const double v = static_cast<double>(r % width) / width;
        const double left = corner(octave, r0, c0) * (1.0 - v) + corner(octave, r0 + 1, c0) * v;
        const double right = corner(octave, r0, c0 + 1) * (1.0 - v) + corner(octave, r0 + 1, c0 + 1) * v;
        for (std::int32_t c = c0 * width; c < std::min((c0 + 1) * width, shape.cols); ++c) {
          const double u = static_cast<double>(c - c0 * width) / width;
          field[static_cast<std::size_t>(shape.cell(r, c))] +=
              static_cast<float>(height * (left * (1.0 - u) + right * u));
        }
      }
  }
  for (float& f : field) f = static_cast<float>(static_cast<double>(f) / total);
  return field;
}

/// Conductances of fractal resistance from 1 to `contrast` (evenly in the logarithm), 15 % of the cells no nodes, in
/// blots of another field.
inline Raster<float> fractal_conductance(std::int32_t side, double contrast, std::uint64_t seed = 1) {
  const Shape shape{side, side};
  const std::vector<float> height = fractal(shape, seed), blots = fractal(shape, seed + 1);
  std::vector<float> sample;
  for (std::size_t i = 0; i < blots.size(); i += 97) sample.push_back(blots[i]);
  std::sort(sample.begin(), sample.end());
  const float hole = sample[sample.size() * 15 / 100];
  // The field's middle is stretched: nearly all of its values lie between 0.2 and 0.8.
  Raster<float> conductance(shape);
  for (std::size_t i = 0; i < height.size(); ++i) {
    const double u = std::min(1.0, std::max(0.0, (static_cast<double>(height[i]) - 0.2) / 0.6));
    conductance.values[i] = blots[i] < hole ? 0.0F : static_cast<float>(std::pow(contrast, -u));
  }
  return conductance;
}

}  // namespace greenweave::testing
