#include "model/movement/cost_distance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <doctest/doctest.h>

#include "model/landscape/landscape.hpp"
#include "model/movement/search.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/least_cost.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr Resistances kinds[] = {Resistances::classes, Resistances::noise, Resistances::contrast};

struct RandomCase {
  Raster<float> resistance;
  std::vector<Cell> sources;
};

RandomCase random_case(std::uint64_t seed) {
  Dice dice(seed);
  const Shape shape = random_shape(dice, 24);
  RandomCase random;
  random.resistance = random_resistance(dice, shape, kinds[seed % 3], dice.chance(0.5) ? 0.3 : 0.0);
  random.sources = random_cells(dice, shape, 4);
  return random;
}

void search_all(CostSearch& search, const std::vector<Cell>& sources) {
  search.reset();
  for (const Cell cell : sources) search.add_source(cell);
  search.run(
      infinity, [](std::uint32_t, double) { return true; }, [](double) { return false; });
}

}  // namespace

TEST_CASE("cost distance: a hand-drawn case") {
  // From the west end: through the 4 costs (1 + 4) / 2 + (4 + 1) / 2 = 5; around it two diagonals and nothing else.
  const Raster<float> resistance = drawn<float>({"1114", "1911", "1111"}, {{'1', 1}, {'4', 4}, {'9', 9}});
  const std::vector<Cell> source{resistance.shape.cell(1, 0)};
  const Raster<double> cost = cost_distance(resistance, source);
  CHECK(cost.at(1, 0) == 0.0);
  CHECK(cost.at(0, 0) == 1.0);
  CHECK(cost.at(1, 1) == 5.0);
  CHECK(cost.at(0, 1) == std::numbers::sqrt2);
  CHECK(cost.at(1, 2) == std::numbers::sqrt2 + std::numbers::sqrt2);
  CHECK(cost.at(0, 3) == std::numbers::sqrt2 + 1.0 + 2.5);
  CHECK(cost.at(1, 3) == std::numbers::sqrt2 + 1.0 + std::numbers::sqrt2);
}

TEST_CASE("cost distance: what cannot be entered is not reached, nor is what lies behind it") {
  const Raster<float> resistance = drawn<float>({"11#1", "11#1", "11#1"}, {{'1', 1}, {'#', impassable}});
  const Raster<double> cost = cost_distance(resistance, std::vector<Cell>{0});
  CHECK(cost.at(2, 1) == 1.0 + std::numbers::sqrt2);
  CHECK(cost.at(1, 2) == infinity);
  CHECK(cost.at(1, 3) == infinity);
  SUBCASE("a source there leads nowhere") {
    const Raster<double> none = cost_distance(resistance, std::vector<Cell>{2});
    CHECK(std::all_of(none.values.begin(), none.values.end(), [](double c) { return c == infinity; }));
  }
  SUBCASE("nor does a raster that is closed altogether, or no source at all") {
    CHECK(cost_distance(Raster<float>(Shape{2, 2}, impassable), std::vector<Cell>{0}).at(0, 0) == infinity);
    CHECK(cost_distance(resistance, {}).at(0, 0) == infinity);
  }
}

TEST_CASE("cost distance: on a uniform surface it is the octile distance") {
  const Shape shape{23, 31};
  for (const float r : {0.001F, 1.0F, 7.5F}) {
    const Raster<double> cost = cost_distance(Raster<float>(shape, r), std::vector<Cell>{shape.cell(9, 12)});
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      const int dr = std::abs(shape.row(cell) - 9), dc = std::abs(shape.col(cell) - 12);
      const double octile =
          static_cast<double>(r) * (std::max(dr, dc) + (std::numbers::sqrt2 - 1.0) * std::min(dr, dc));
      REQUIRE(cost[cell] == doctest::Approx(octile).epsilon(1e-13));
    }
  }
}

TEST_CASE("cost distance: equal to Dijkstra's algorithm to the last bit on random surfaces") {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    const auto [resistance, sources] = random_case(seed);
    const std::vector<double> expected = plain_costs(resistance, sources);
    REQUIRE(cost_distance(resistance, sources).values == expected);

    // A limit leaves what lies within it as it is, and what lies beyond it unreached.
    std::vector<double> reached;
    for (const double c : expected)
      if (c != infinity) reached.push_back(c);
    if (reached.empty()) continue;
    std::sort(reached.begin(), reached.end());
    const double limit = reached[reached.size() / 2];
    std::vector<double> within = expected;
    for (double& c : within)
      if (c > limit) c = infinity;
    REQUIRE(cost_distance(resistance, sources, limit).values == within);
  }
}

TEST_CASE("cost distance: a lower resistance never raises a cost") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const auto [resistance, sources] = random_case(seed);
    Dice dice(seed + 1000);
    Raster<float> lower = resistance;
    for (float& r : lower.values)
      if (dice.chance(0.2)) r = std::isinf(r) ? 3.0F : r * 0.5F;
    const Raster<double> before = cost_distance(resistance, sources), after = cost_distance(lower, sources);
    for (std::size_t i = 0; i < before.values.size(); ++i) REQUIRE(after.values[i] <= before.values[i]);
  }
}

TEST_CASE("paths: neighbour by neighbour from a source, at the cost the search gave") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const auto [resistance, sources] = random_case(seed);
    const CostGrid grid(resistance);
    CostSearch search(grid);
    search_all(search, sources);
    for (Cell cell = 0; cell < resistance.shape.cells(); cell += 3) {
      const std::vector<Cell> path = search.path_to(cell);
      REQUIRE(path.empty() == (search.cost(cell) == infinity));
      if (path.empty()) continue;
      REQUIRE(path.back() == cell);
      REQUIRE(std::find(sources.begin(), sources.end(), path.front()) != sources.end());
      REQUIRE(cost_along(resistance, path) == search.cost(cell));
    }
  }
}

TEST_CASE("paths: steps too cheap to show in the sum still lead out") {
  // One step of 1e9, then steps of 1e-9, whose sum is the same number.
  Raster<float> resistance(Shape{3, 40}, 1e-9F);
  resistance.at(1, 0) = 2e9F;
  resistance.at(0, 0) = resistance.at(2, 0) = impassable;
  const CostGrid grid(resistance);
  CostSearch search(grid);
  search_all(search, {resistance.shape.cell(1, 0)});
  for (Cell cell = 0; cell < resistance.shape.cells(); ++cell) {
    const std::vector<Cell> path = search.path_to(cell);
    if (std::isinf(resistance[cell])) continue;
    REQUIRE(path.front() == resistance.shape.cell(1, 0));
    REQUIRE(path.back() == cell);
    REQUIRE(cost_along(resistance, path) == search.cost(cell));
  }
}

TEST_CASE("one search after another leaves no trace, however far the one before went") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 40);
    const Raster<float> resistance = random_resistance(dice, shape, kinds[seed % 3], 0.2);
    const CostGrid grid(resistance);
    CostSearch search(grid);
    for (int k = 0; k < 8; ++k) {
      const std::vector<Cell> sources = random_cells(dice, shape, 3);
      const double limit = dice.chance(0.5) ? infinity : 20.0 * dice.uniform();
      search.reset();
      for (const Cell cell : sources) search.add_source(cell);
      search.run(
          limit, [](std::uint32_t, double) { return true; },
          [&](double) { return dice.chance(0.05); });  // some are broken off
      const std::vector<Cell> to = random_cells(dice, shape, 3);
      const std::vector<double> expected = plain_costs(resistance, sources);
      double least = infinity;
      for (const Cell cell : to) least = std::min(least, expected[static_cast<std::size_t>(cell)]);
      REQUIRE(search.least_cost(sources, to) == least);
      search_all(search, sources);
      for (Cell cell = 0; cell < shape.cells(); ++cell)
        REQUIRE(search.cost(cell) == expected[static_cast<std::size_t>(cell)]);
    }
  }
}

TEST_CASE("least cost between two sets is the same there and back, but for rounding") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const auto [resistance, from] = random_case(seed);
    Dice dice(seed + 2000);
    const std::vector<Cell> to = random_cells(dice, resistance.shape, 3);
    const CostGrid grid(resistance);
    CostSearch search(grid);
    const double there = search.least_cost(from, to), back = search.least_cost(to, from);
    if (there == infinity)
      REQUIRE(back == infinity);
    else
      REQUIRE(there == doctest::Approx(back).epsilon(1e-12));
  }
}
