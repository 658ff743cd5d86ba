#include "model/water/conditioning.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <queue>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "model/water/flow.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

TEST_CASE("fill: a pool three deep rises to its spillway, a hole of NoData drains") {
  // A pool of five cells behind a wall of 7 with a gap of 4 in the east; the pit beside the hole drains into it.
  const Raster<float> dem = drawn_heights({
      "99999999",
      "97777799",
      "971217.9",
      "97133409",
      "97777799",
      "99999999",
  });
  const Raster<float> filled = fill_depressions(dem);
  const Raster<float> expected = drawn_heights({
      "99999999",
      "97777799",
      "974447.9",
      "97444409",
      "97777799",
      "99999999",
  });
  CHECK(filled.values == expected.values);
  CHECK(filled.valid == dem.valid);
}

TEST_CASE("fill: brute force, any size of tile, bit for bit") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 24));
    const Raster<float> expected = plain_fill(dem);
    for (const std::int32_t tile : {1, 2, 3, 5, 8, 17, 1000}) {
      const Raster<float> filled = fill_depressions(dem, {.tile_cells = tile});
      REQUIRE(filled.values == expected.values);
      REQUIRE(filled.valid == dem.valid);
    }
  }
}

TEST_CASE("fill with a gradient: brute force, and no flat is left") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 16));
    const double rise = dice.chance(0.5) ? 0.0 : 0.3 * dice.uniform();
    const Raster<float> filled = fill_with_gradient(dem, rise);
    REQUIRE(filled.values == plain_fill(dem, rise).values);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell) || plain_outlet(dem, cell)) continue;
      bool lower = false;
      for_each_neighbour(dem.shape, cell, Neighbourhood::eight,
                         [&](Cell n, bool) { lower = lower || filled[n] < filled[cell]; });
      REQUIRE(lower);
    }
  }
}

TEST_CASE("fill: a large surface in tiles and in one, at one, two and four threads") {
  const Shape shape{700, 900};
  Raster<float> dem(shape);
  dem.values = fractal(shape, 3);
  dem.valid.assign(dem.values.size(), 1);
  for (std::int32_t r = 300; r < 340; ++r)
    for (std::int32_t c = 500; c < 520; ++c) dem.valid[static_cast<std::size_t>(shape.cell(r, c))] = 0;
  const Raster<float> serial = fill_depressions(dem, {.tile_cells = 1000});
  std::int64_t raised = 0;
  for (Cell cell = 0; cell < shape.cells(); ++cell) raised += dem.is_valid(cell) && serial[cell] > dem[cell];
  CHECK(raised > 10000);
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    CHECK(fill_depressions(dem).values == serial.values);
    CHECK(fill_depressions(dem, {.tile_cells = 64}).values == serial.values);
  }
}

TEST_CASE("fill: what has no height is refused") {
  Raster<float> dem(Shape{3, 3}, 1.0F);
  dem.at(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(fill_depressions(dem), InputError);
  dem.valid.assign(9, 1);
  dem.valid[4] = 0;
  CHECK_NOTHROW(fill_depressions(dem));
  CHECK_THROWS_AS(fill_with_gradient(dem, -1.0), InputError);
  CHECK(fill_depressions(Raster<float>(Shape{2, 2}, -0.0F)).values == std::vector<float>(4, 0.0F));
}

namespace {

/// The least sum of cuts at the pit's level from a pit to lower ground or an outlet.
double plain_least_dug(const Raster<float>& dem, Cell pit) {
  std::vector<double> cost(dem.values.size(), std::numeric_limits<double>::infinity());
  using Entry = std::pair<double, Cell>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  cost[static_cast<std::size_t>(pit)] = 0.0;
  queue.emplace(0.0, pit);
  double least = std::numeric_limits<double>::infinity();
  while (!queue.empty()) {
    const auto [d, u] = queue.top();
    queue.pop();
    if (d > cost[static_cast<std::size_t>(u)]) continue;
    if (dem[u] < dem[pit] || plain_outlet(dem, u)) least = std::min(least, d);
    for_each_neighbour(dem.shape, u, Neighbourhood::eight, [&, d = d](Cell v, bool) {
      if (!dem.is_valid(v)) return;
      const double next = d + std::max(0.0, static_cast<double>(dem[v]) - static_cast<double>(dem[pit]));
      if (next < cost[static_cast<std::size_t>(v)]) {
        cost[static_cast<std::size_t>(v)] = next;
        queue.emplace(next, v);
      }
    });
  }
  return least;
}

}  // namespace

TEST_CASE("breach: through the thin wall, not over the low one") {
  // A pit of 1 in the middle; a low wall of 3 that is three cells wide lies west, a thin one of 5 east.
  const Raster<float> dem = drawn_heights({
      "9999999",
      "9999999",
      "0333150",
      "9999999",
      "9999999",
  });
  const Breached breached = breach_depressions(dem, 10.0);
  CHECK(breached.elevation_m.values == drawn_heights({
                                                         "9999999",
                                                         "9999999",
                                                         "0333110",
                                                         "9999999",
                                                         "9999999",
                                                     })
                                           .values);
  CHECK(breached.pits == 1);
  CHECK(breached.trenches == 1);
  CHECK(breached.cells_dug == 1);
  CHECK(breached.dug_m3 == 400.0);
  const Breached shallow = breach_depressions(dem, 10.0, {.max_depth_m = 3.0});
  CHECK(shallow.dug_m3 == 600.0);  // now over the low wall: three cells by 2 m
  const Breached none = breach_depressions(dem, 10.0, {.max_dug_m = 3.9});
  CHECK(none.left == 1);
  CHECK(none.elevation_m.values == dem.values);
  CHECK(breach_depressions(dem, 10.0, {.max_length_m = 15.0}).left == 1);
}

TEST_CASE("breach: nothing is left to fill, the earth moved is what the surfaces say") {
  std::int64_t single = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 16));
    const Breached breached = breach_depressions(dem, 2.0);
    REQUIRE(breached.left == 0);
    const Raster<float> filled = fill_depressions(breached.elevation_m);
    double dug = 0.0;
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) continue;
      REQUIRE(breached.elevation_m[cell] <= dem[cell]);
      REQUIRE(filled[cell] == breached.elevation_m[cell]);
      dug += 4.0 * (static_cast<double>(dem[cell]) - static_cast<double>(breached.elevation_m[cell]));
    }
    REQUIRE(breached.dug_m3 == doctest::Approx(dug).epsilon(1e-12));
    if (breached.pits == 1) {
      ++single;
      REQUIRE(dug == doctest::Approx(4.0 * plain_least_dug(dem, pits_of(d8_flow(dem))[0])).epsilon(1e-9));
    }
  }
  CHECK(single > 20);
}

TEST_CASE("burning lowers streams once each, and nothing else") {
  const Raster<float> dem = drawn_heights({"55.", "555"});
  const std::vector<Cell> streams{1, 1, 2, 3};
  CHECK(burn_streams(dem, streams, 2.0).values == std::vector<float>{5, 3, 0, 3, 5, 5});
}
