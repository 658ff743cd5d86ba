#include "model/water/terrain.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

TEST_CASE("slope and aspect: a plane everywhere, rim, corners and beside a hole") {
  // 0.3 down to the east and 0.4 down to the south each metre, cells of 5 m: slope 0.5, falling to 143.13 degrees.
  Raster<float> dem(Shape{6, 7});
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
    dem[cell] = static_cast<float>(64.0 - 1.5 * dem.shape.col(cell) - 2.0 * dem.shape.row(cell));
  dem.valid.assign(dem.values.size(), 1);
  dem.valid[static_cast<std::size_t>(dem.shape.cell(3, 3))] = 0;
  const SlopeAspect ground = slope_aspect(dem, 5.0);
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
    CAPTURE(cell);
    CHECK(ground.aspect_deg.is_valid(cell) == dem.is_valid(cell));
    if (!dem.is_valid(cell)) continue;
    CHECK(ground.slope[cell] == doctest::Approx(0.5).epsilon(1e-6));
    CHECK(ground.aspect_deg[cell] ==
          doctest::Approx(180.0 - std::atan2(0.3, 0.4) * 180.0 / std::numbers::pi).epsilon(1e-6));
  }
}

TEST_CASE("slope: Horn's weights on a single step, level ground has no aspect") {
  // East column 8 higher over cells of 1 m: (8 + 16 + 8) / 8 = 4 up to the east, so falling to the west.
  const SlopeAspect ground = slope_aspect(drawn_heights({"008", "008", "008"}), 1.0);
  CHECK(ground.slope.at(1, 1) == 4.0F);
  CHECK(ground.aspect_deg.at(1, 1) == 270.0F);
  const SlopeAspect level = slope_aspect(Raster<float>(Shape{3, 3}, 2.0F), 1.0);
  CHECK(level.slope.at(1, 1) == 0.0F);
  CHECK_FALSE(level.aspect_deg.is_valid(4));
  CHECK(slope_aspect(Raster<float>(Shape{1, 1}, 2.0F), 1.0).slope[0] == 0.0F);
}

TEST_CASE("wetness and stream power in closed form") {
  Raster<double> cells(Shape{1, 3}, 20.0);
  Raster<float> slope(Shape{1, 3}, 0.0F);
  slope[0] = 0.1F;
  cells.valid = {1, 1, 0};
  const Raster<float> twi = wetness_index(cells, slope, 10.0);
  CHECK(twi[0] == doctest::Approx(std::log(20.0 * 10.0 / 0.1)).epsilon(1e-6));
  CHECK(twi[1] == doctest::Approx(std::log(20.0 * 10.0 / 0.001)).epsilon(1e-6));
  CHECK_FALSE(twi.is_valid(2));
  CHECK(stream_power_index(cells, slope, 10.0)[0] == doctest::Approx(20.0).epsilon(1e-6));
}
