#include "model/grid/distance.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

void check_against_brute_force(const Shape& shape, const std::vector<Cell>& features) {
  const NearestCell result = nearest_cell(shape, features);
  CHECK(nearest_feature(shape, features).values == result.nearest.values);
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    Cell nearest = -1;
    std::int64_t squared = std::numeric_limits<std::int64_t>::max();
    for (const Cell f : features) {
      const std::int64_t dr = shape.row(cell) - shape.row(f), dc = shape.col(cell) - shape.col(f);
      const std::int64_t d = dr * dr + dc * dc;
      if (d < squared || (d == squared && f < nearest)) {
        squared = d;
        nearest = f;
      }
    }
    REQUIRE(result.nearest[cell] == nearest);
    REQUIRE(result.distance_cells[cell] == static_cast<float>(std::sqrt(static_cast<double>(squared))));
  }
}

}  // namespace

TEST_CASE("nearest cell: equal to brute force, ties included") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 28);
    check_against_brute_force(shape, random_cells(dice, shape, dice.chance(0.5) ? 4 : 40));
  }
}

TEST_CASE("nearest cell: clumps of features, equal to brute force") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 28);
    const double share = dice.chance(0.5) ? 0.9 : 0.6;
    std::vector<Cell> features;
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (dice.chance(share)) features.push_back(cell);
    if (!features.empty()) check_against_brute_force(shape, features);
  }
}

TEST_CASE("nearest cell: a lattice of features is all ties") {
  const Shape shape{21, 33};
  std::vector<Cell> features;
  for (std::int32_t r = 0; r < shape.rows; r += 4)
    for (std::int32_t c = 0; c < shape.cols; c += 4) features.push_back(shape.cell(r, c));
  check_against_brute_force(shape, features);
}

TEST_CASE("nearest cell: more rows and columns than one parallel piece") {
  Dice dice(9);
  const Shape shape{37, 530};
  check_against_brute_force(shape, random_cells(dice, shape, 60));
}

TEST_CASE("nearest cell: a row as long as the numbers allow") {
  // Far to both ends, where a quotient of doubles has to be put right.
  const Shape shape{1, 3'000'001};
  const std::vector<Cell> features{0, 999'999, 1'000'000, 3'000'000};
  const Raster<Cell> nearest = nearest_feature(shape, features);
  for (const auto& [cell, feature] : {std::pair{499'999, 0},
                                      {500'000, 999'999},
                                      {999'999, 999'999},
                                      {1'000'000, 1'000'000},
                                      {2'000'000, 1'000'000},
                                      {2'000'001, 3'000'000}})
    CHECK(nearest[cell] == feature);
}

TEST_CASE("nearest cell: none given, none found") {
  CHECK(nearest_feature(Shape{2, 3}, {}).values == std::vector<Cell>(6, -1));
  const NearestCell result = nearest_cell(Shape{2, 3}, {});
  for (Cell cell = 0; cell < 6; ++cell) {
    CHECK(result.nearest[cell] == -1);
    CHECK(std::isinf(result.distance_cells[cell]));
  }
}
