#pragma once
// Small random landscapes, for comparison with brute force.
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/run/random.hpp"

namespace greenweave::testing {

/// A stream of uniform numbers for one random case.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed) {}
  double uniform() { return random_uniform(seed_, 77, next_++); }
  /// A whole number in [0, n).
  std::int32_t below(std::int64_t n) { return static_cast<std::int32_t>(uniform() * static_cast<double>(n)); }
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::uint64_t seed_, next_ = 0;
};

/// A shape of up to `most` rows and columns; now and then a single row or column.
inline Shape random_shape(Dice& dice, std::int32_t most) {
  Shape shape{1 + dice.below(most), 1 + dice.below(most)};
  if (dice.chance(0.05)) shape.rows = 1;
  if (dice.chance(0.05)) shape.cols = 1;
  return shape;
}

enum class Resistances { classes, noise, contrast };

/// Resistances > 0, a share of them impassable. `classes`: small whole numbers, many ties; `noise`: anything in
/// [1, 100]; `contrast`: from 1e-4 to 1e6, evenly in the logarithm.
inline Raster<float> random_resistance(Dice& dice, Shape shape, Resistances kind, double impassable_share) {
  constexpr std::array<float, 5> of_class{1, 2, 3, 5, 10};
  Raster<float> resistance(shape);
  for (float& r : resistance.values) {
    const double u = dice.uniform();
    if (kind == Resistances::classes) r = of_class[static_cast<std::size_t>(u * 5.0)];
    if (kind == Resistances::noise) r = static_cast<float>(1.0 + 99.0 * u);
    if (kind == Resistances::contrast) r = static_cast<float>(std::pow(10.0, -4.0 + 10.0 * u));
    if (dice.chance(impassable_share)) r = std::numeric_limits<float>::infinity();
  }
  return resistance;
}

/// Up to `most` cells, some perhaps twice.
inline std::vector<Cell> random_cells(Dice& dice, const Shape& shape, std::int32_t most) {
  std::vector<Cell> cells(static_cast<std::size_t>(1 + dice.below(most)));
  for (Cell& cell : cells) cell = dice.below(shape.cells());
  return cells;
}

}  // namespace greenweave::testing
