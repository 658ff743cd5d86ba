#include "model/grid/reach.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

TEST_CASE("reach: discs of different radii, a reach that ends at a centre included, nothing for a reach below 0") {
  const Shape shape{7, 9};
  const std::vector<ReachingCell> from{{shape.cell(3, 2), 2.0}, {shape.cell(3, 7), 0.0}, {shape.cell(0, 5), -1.0}};
  const Raster<std::uint8_t> reached = within_reach(shape, from);
  int count = 0;
  for (const std::uint8_t mark : reached.values) count += mark;
  CHECK(count == 13 + 1);  // 13 cells within two of a centre
  CHECK(reached.at(1, 2) == 1);
  CHECK(reached.at(1, 3) == 0);
  CHECK(reached.at(3, 4) == 1);
  CHECK(reached.at(3, 7) == 1);
  CHECK(reached.at(0, 5) == 0);
  for (const std::uint8_t mark : within_reach(shape, {}).values) CHECK(mark == 0);
  // 90 m in cells of 30 m, and a tenth of a metre that no binary number holds.
  CHECK(within_reach(Shape{1, 9}, std::vector<ReachingCell>{{0, 0.3 / 0.1}})[3] == 1);
}

TEST_CASE("reach: union of discs by brute force") {
  Dice dice(8107);
  for (int round = 0; round < 600; ++round) {
    CAPTURE(round);
    const Shape shape = random_shape(dice, 40);
    std::vector<ReachingCell> from;
    for (int k = dice.below(40); k > 0; --k) {
      const double reach = dice.chance(0.5) ? dice.below(12) : dice.uniform() * (dice.chance(0.1) ? 80.0 : 9.0);
      from.push_back({dice.below(shape.cells()), dice.chance(0.05) ? -1.0 : reach});
    }
    const Raster<std::uint8_t> reached = within_reach(shape, from);
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      bool is_near = false;
      for (const ReachingCell& f : from)
        is_near = is_near || (f.reach_cells >= 0.0 && std::hypot(shape.row(cell) - shape.row(f.cell),
                                                                 shape.col(cell) - shape.col(f.cell)) <= f.reach_cells);
      REQUIRE(reached[cell] == (is_near ? 1 : 0));
    }
  }
}
