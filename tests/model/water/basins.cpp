#include "model/water/basins.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "model/run/error.hpp"
#include "model/water/conditioning.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using greenweave::testing::Dice;
using greenweave::testing::random_dem;

namespace {

/// The cells of a rectangle, both corners included, whose heights are known.
std::vector<Cell> block(const Raster<float>& dem, std::int32_t r0, std::int32_t c0, std::int32_t r1, std::int32_t c1) {
  std::vector<Cell> cells;
  for (std::int32_t r = r0; r <= r1; ++r)
    for (std::int32_t c = c0; c <= c1; ++c)
      if (dem.is_valid(dem.shape.cell(r, c))) cells.push_back(dem.shape.cell(r, c));
  return cells;
}

Raster<float> with_basins(Raster<float> dem, const std::vector<Cell>& cells, const BasinShape& shape) {
  const std::vector<float> heights = level_basins(dem, cells, shape);
  for (std::size_t i = 0; i < cells.size(); ++i) dem[cells[i]] = heights[i];
  return dem;
}

}  // namespace

TEST_CASE("basins: a slope becomes one level floor, open uphill, with a bund on its other sides") {
  Raster<float> slope(Shape{9, 9});
  for (Cell cell = 0; cell < slope.shape.cells(); ++cell)
    slope[cell] = 10.0F - 0.25F * static_cast<float>(slope.shape.row(cell));
  // Rows 2 to 6 fall from 9.5 to 8.5 m: the floor lies half-way, at 9.0, and the water stands at 9.5.
  const Raster<float> made = with_basins(slope, block(slope, 2, 2, 6, 6), {0.5, 2.0});
  for (std::int32_t r = 2; r <= 5; ++r)
    for (std::int32_t c = 3; c <= 5; ++c) CHECK(made.at(r, c) == 9.0F);
  for (std::int32_t c = 2; c <= 6; ++c) CHECK(made.at(6, c) == 9.5F);  // downhill
  for (std::int32_t r = 3; r <= 6; ++r) CHECK(made.at(r, 2) == 9.5F);  // beside lower ground
  CHECK(made.at(1, 4) == slope.at(1, 4));
  CHECK(fill_depressions(made).at(4, 4) == 9.5F);
  CHECK(fill_depressions(slope).at(4, 4) == slope.at(4, 4));
}

TEST_CASE("basins: level ground is dug, so that water from around still comes in") {
  const Raster<float> plain(Shape{7, 7}, 5.0F);
  const Raster<float> made = with_basins(plain, block(plain, 2, 2, 4, 4), {0.5, 2.0});
  for (const Cell cell : block(plain, 2, 2, 4, 4)) CHECK(made[cell] == 4.5F);
}

TEST_CASE("basins: a long slope becomes terraces that spill downhill") {
  Raster<float> slope(Shape{20, 9});
  for (Cell cell = 0; cell < slope.shape.cells(); ++cell)
    slope[cell] = 20.0F - 0.5F * static_cast<float>(slope.shape.row(cell));
  const Raster<float> made = with_basins(slope, block(slope, 2, 1, 17, 7), {0.4, 2.0});
  // 7.5 m of fall: four terraces of 1.875 m, floors half-way up.
  std::vector<float> floors;
  for (std::int32_t r = 17; r >= 2; --r)
    if (fill_depressions(made).at(r, 4) > made.at(r, 4) && (floors.empty() || floors.back() != made.at(r, 4)))
      floors.push_back(made.at(r, 4));
  REQUIRE(floors.size() == 4);
  for (std::size_t k = 0; k < 4; ++k)
    CHECK(floors[k] == doctest::Approx(11.5 + 1.875 * (static_cast<double>(k) + 0.5)));
}

TEST_CASE("basins: on any ground, what is no bund and no untouched cell holds its water") {
  Dice dice(17);
  int held = 0;
  for (int round = 0; round < 300; ++round) {
    const Raster<float> dem = random_dem(dice, Shape{4 + dice.below(12), 4 + dice.below(12)});
    std::vector<Cell> cells;
    const double share = dice.uniform();
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell) && dice.chance(0.4 + 0.6 * share)) cells.push_back(cell);
    const BasinShape shape{0.1 + dice.uniform(), 3.0 + dice.uniform()};
    const std::vector<float> heights = level_basins(dem, cells, shape);
    Raster<float> made = dem;
    for (std::size_t i = 0; i < cells.size(); ++i) made[cells[i]] = heights[i];
    const Raster<float> filled = fill_depressions(made);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      // A floor: none of its eight neighbours is a way out below the level.
      const bool dug_or_level = heights[i] != dem[cells[i]];
      if (!dug_or_level) continue;
      int lower = 0, neighbours = 0;
      for_each_neighbour(dem.shape, cells[i], Neighbourhood::eight, [&](Cell next, bool) {
        if (!dem.is_valid(next)) return;
        ++neighbours;
        lower += made[next] < heights[i];
      });
      if (neighbours < 8 || lower > 0) continue;  // bunds have lower ground beside them
      REQUIRE(static_cast<double>(filled[cells[i]] - heights[i]) >= shape.depth_m * (1.0 - 1e-3) - 2e-4);
      ++held;
    }
  }
  CHECK(held > 500);
}

TEST_CASE("basins: what cannot be") {
  const Raster<float> plain(Shape{3, 3}, 5.0F);
  CHECK_THROWS_AS(level_basins(plain, std::vector<Cell>{4}, {0.0, 2.0}), InputError);
  CHECK_THROWS_AS(level_basins(plain, std::vector<Cell>{4}, {1.0, 1.5}), InputError);
}
