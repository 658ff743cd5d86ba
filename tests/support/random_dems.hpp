#pragma once
// Small random elevations, for comparison with brute force.
#include <initializer_list>
#include <string>

#include "model/grid/raster.hpp"
#include "tests/support/random_rasters.hpp"

namespace greenweave::testing {

/// Heights drawn row by row: digits are metres, '.' is NoData.
inline Raster<float> drawn_heights(std::initializer_list<std::string> rows) {
  Raster<float> dem(Shape{static_cast<std::int32_t>(rows.size()), static_cast<std::int32_t>(rows.begin()->size())});
  std::vector<std::uint8_t> valid(dem.values.size(), 1);
  std::size_t i = 0;
  bool any_hole = false;
  for (const std::string& row : rows)
    for (const char c : row) {
      if (c == '.') {
        valid[i] = 0;
        any_hole = true;
      } else {
        dem.values[i] = static_cast<float>(c - '0');
      }
      ++i;
    }
  if (any_hole) dem.valid = valid;
  return dem;
}

/// Whole numbers (flats and ties), noise of any size and sign, or a slope with noise; now and then holes of NoData.
inline Raster<float> random_dem(Dice& dice, Shape shape) {
  const std::int32_t kind = dice.below(3);
  const double steps = 2.0 + dice.below(8);
  Raster<float> dem(shape);
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    const double u = dice.uniform();
    if (kind == 0) dem[cell] = static_cast<float>(std::floor(u * steps));
    if (kind == 1) dem[cell] = static_cast<float>((u - 0.5) * 2000.0);
    if (kind == 2) dem[cell] = static_cast<float>(u * 3.0 + 0.4 * shape.row(cell));
  }
  if (dice.chance(0.4)) {
    const double share = dice.chance(0.5) ? 0.03 : 0.3;
    dem.valid.assign(dem.values.size(), 1);
    for (std::uint8_t& valid : dem.valid) valid = dice.chance(share) ? 0 : 1;
  }
  return dem;
}

/// Outlets as they are stated: valid cells at the rim or beside NoData.
inline bool plain_outlet(const Raster<float>& dem, Cell cell) {
  int neighbours = 0;
  for_each_neighbour(dem.shape, cell, Neighbourhood::eight, [&](Cell n, bool) { neighbours += dem.is_valid(n); });
  return dem.is_valid(cell) && neighbours < 8;
}

/// For each cell the smallest maximum of heights on any path to an outlet, by relaxing until nothing changes; with a
/// rise, each step inwards lifts the level by it, and by a float at least.
inline Raster<float> plain_fill(const Raster<float>& dem, double rise_m = -1.0) {
  const float infinity = std::numeric_limits<float>::infinity();
  Raster<float> level(dem.shape, infinity);
  level.valid = dem.valid;
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
    if (plain_outlet(dem, cell)) level[cell] = dem[cell];
    if (!dem.is_valid(cell)) level[cell] = 0.0F;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) continue;
      for_each_neighbour(dem.shape, cell, Neighbourhood::eight, [&](Cell n, bool) {
        if (!dem.is_valid(n) || level[n] == infinity) return;
        float over = level[n];
        if (rise_m >= 0.0)
          over = std::max(std::nextafter(over, infinity), static_cast<float>(static_cast<double>(over) + rise_m));
        over = std::max(over, dem[cell]);
        if (over < level[cell]) {
          level[cell] = over;
          changed = true;
        }
      });
    }
  }
  return level;
}

}  // namespace greenweave::testing
