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

TEST_CASE("nearest cell: none given, none found") {
  const NearestCell result = nearest_cell(Shape{2, 3}, {});
  for (Cell cell = 0; cell < 6; ++cell) {
    CHECK(result.nearest[cell] == -1);
    CHECK(std::isinf(result.distance_cells[cell]));
  }
}
