#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "model/landscape/step_effects.hpp"
#include "model/movement/links.hpp"
#include "model/movement/search.hpp"
#include "tests/support/least_cost.hpp"
#include "tests/support/places.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Cost of a step by the formula, from the rasters.
double formula_step(const HabitatSurface& surface, Cell u, Cell v) {
  const Shape shape = surface.resistance.shape;
  const StepEffects& effects = *surface.steps;
  const int dr = shape.row(v) - shape.row(u), dc = shape.col(v) - shape.col(u);
  const double length = std::hypot(dr, dc);
  const auto felt = [&](Cell cell) {
    const double own = static_cast<double>(surface.resistance[cell]);
    const int code = effects.axes == nullptr ? 0 : effects.axes->code[cell];
    if (code == 0) return own;
    for (const LineResponse& line : effects.lines)
      if (line.line == (code - 1) / 180) {
        const double axis = ((code - 1) % 180) * std::numbers::pi / 180.0;
        // The component of the step along the line; rows count downwards.
        const double along = (dc * std::cos(axis) - dr * std::sin(axis)) / length;
        return own * (line.along * along * along + line.across * (1.0 - along * along));
      }
    return own;
  };
  double slope = 1.0;
  if (effects.elevation_m != nullptr && effects.elevation_m->is_valid(u) && effects.elevation_m->is_valid(v)) {
    const double rise = static_cast<double>((*effects.elevation_m)[v]) - static_cast<double>((*effects.elevation_m)[u]);
    slope = effects.slope.factor(rise / (length * effects.cell_m));
  }
  return length * 0.5 * (felt(u) + felt(v)) * slope;
}

/// The step that the search takes, cell by cell.
double step_of(const CostGrid& grid, Cell u, Cell v) {
  const Shape shape = grid.shape();
  for (std::size_t k = 0; k < neighbour_steps.size(); ++k)
    if (shape.row(u) + neighbour_steps[k].first == shape.row(v) &&
        shape.col(u) + neighbour_steps[k].second == shape.col(v))
      return grid.step(grid.padded(u), grid.padded(v), k);
  return infinity;
}

Place place_with_effects(Dice& dice, std::int32_t most, bool slope, bool lines) {
  Place place = random_place(dice, most);
  place.surface.steps = random_effects(dice, place.frame, slope, lines);
  return place;
}

bool same(const LinkSet& x, const LinkSet& y) {
  return std::equal(x.links.begin(), x.links.end(), y.links.begin(), y.links.end(), [](const Link& p, const Link& q) {
    return p.a == q.a && p.b == q.b && p.cost_m == q.cost_m && p.length_m == q.length_m && p.path == q.path &&
           p.back_cost_m == q.back_cost_m && p.back_length_m == q.back_length_m;
  });
}

}  // namespace

TEST_CASE("slope: Tobler's factors, a table's, and what is too steep") {
  SlopeResponse tobler;
  tobler.kind = SlopeResponse::Kind::tobler;
  CHECK(tobler.factor(0.0) == 1.0);
  CHECK(tobler.factor(0.1) == doctest::Approx(std::exp(0.35)));
  CHECK(tobler.factor(-0.05) == doctest::Approx(std::exp(-0.175)));  // fastest: 6 km/h against 5.04
  CHECK(tobler.factor(-0.1) == doctest::Approx(1.0));
  CHECK(tobler.factor(std::nan("")) == 1.0);
  tobler.steepest = 0.5;
  CHECK(tobler.factor(-0.5) < infinity);
  CHECK(tobler.factor(0.51) == infinity);
  SlopeResponse table{SlopeResponse::Kind::table, {{-0.2, 2.0}, {0.0, 1.0}, {0.4, 5.0}}, infinity};
  CHECK(table.factor(-1.0) == 2.0);
  CHECK(table.factor(-0.1) == 1.5);
  CHECK(table.factor(0.1) == 2.0);
  CHECK(table.factor(9.0) == 5.0);
}

TEST_CASE("lines: following a canal is cheap, crossing it dear, and it knows which way it runs") {
  const Frame frame = frame_of({9, 9}, 10.0);
  const auto axis_at = [&](const std::vector<Point>& line, int r, int c) {
    const std::vector<LineOnGround> lines{{"canal", {Geometry::Kind::lines, {line}}, 10.0}};
    return static_cast<int>(line_axes(frame, lines).code.at(r, c)) - 1;
  };
  CHECK(axis_at({{0.0, 45.0}, {90.0, 45.0}}, 4, 4) == 0);
  CHECK(axis_at({{45.0, 0.0}, {45.0, 90.0}}, 4, 4) == 90);
  CHECK(axis_at({{0.0, 0.0}, {90.0, 90.0}}, 4, 4) == 45);
  CHECK(axis_at({{90.0, 0.0}, {0.0, 90.0}}, 4, 4) == 135);
  CHECK(axis_at({{0.0, 45.0}, {90.0, 45.0}}, 0, 0) == -1);
  const LineResponse canal{0, 0.5, 4.0};
  CHECK(line_factors(canal, 0) ==
        std::array<double, 4>{0.5, 4.0, line_factors(canal, 0)[2], line_factors(canal, 0)[3]});
  CHECK(line_factors(canal, 0)[2] == doctest::Approx(2.25));
  CHECK(line_factors(canal, 45)[2] == 0.5);
  CHECK(line_factors(canal, 45)[3] == 4.0);
  CHECK(line_factors(canal, 179)[0] == doctest::Approx(0.5 + 3.5 * std::pow(std::sin(std::numbers::pi / 180.0), 2)));

  // On uniform ground a walk of eight cells along the canal costs half.
  HabitatSurface surface{Raster<float>(frame.shape), Raster<float>(frame.shape, 2.0F)};
  auto effects = std::make_shared<StepEffects>();
  const std::vector<LineOnGround> lines{{"canal", {Geometry::Kind::lines, {{{0.0, 45.0}, {90.0, 45.0}}}}, 0.0}};
  effects->axes = std::make_shared<LineAxes>(line_axes(frame, lines));
  effects->lines = {canal};
  surface.steps = effects;
  CHECK(!effects->is_asymmetric());
  const CostGrid grid(surface);
  CostSearch search(grid);
  CHECK(search.least_cost(std::vector<Cell>{frame.shape.cell(4, 0)}, std::vector<Cell>{frame.shape.cell(4, 8)}) == 8.0);
  // Straight across would be 2 x (2 + 8) / 2 = 10; two diagonal steps meet the canal at 45 degrees.
  CHECK(search.least_cost(std::vector<Cell>{frame.shape.cell(3, 4)}, std::vector<Cell>{frame.shape.cell(5, 4)}) ==
        doctest::Approx(2.0 * std::numbers::sqrt2 * (2.0 + 2.0 * 2.25) / 2.0));
}

TEST_CASE("steps with slope and lines are as the formula says, but for the slope's table") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = place_with_effects(dice, 14, dice.chance(0.7), dice.chance(0.7));
    const CostGrid grid(place.surface);
    for (Cell u = 0; u < place.frame.shape.cells(); ++u)
      for_each_neighbour(place.frame.shape, u, Neighbourhood::eight, [&](Cell v, bool) {
        const double expected = formula_step(place.surface, u, v), found = step_of(grid, u, v);
        if (std::isinf(expected) || std::isinf(found))
          REQUIRE(expected == found);
        else
          REQUIRE(found == doctest::Approx(expected).epsilon(2e-6));
      });
  }
}

TEST_CASE("searches with direction: equal to Dijkstra's algorithm to the last bit, there and back") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = place_with_effects(dice, 20, dice.chance(0.8), dice.chance(0.5));
    const std::vector<Cell> sources = random_cells(dice, place.frame.shape, 4);
    const CostGrid grid(place.surface);
    CostSearch search(grid);
    const auto open = [&](Cell cell) { return place.surface.resistance[cell] != impassable; };
    for (const Heading heading : {Heading::away, Heading::towards}) {
      const std::vector<double> expected = plain_costs_by_step(
          place.frame.shape, sources,
          [&](Cell u, Cell v) { return heading == Heading::away ? step_of(grid, u, v) : step_of(grid, v, u); }, open,
          [](Cell) { return true; });
      search.reset(heading);
      for (const Cell cell : sources) search.add_source(cell);
      search.run(
          infinity, [](std::uint32_t, double) { return true; }, [](double) { return false; });
      for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell) {
        REQUIRE(search.cost(cell) == expected[static_cast<std::size_t>(cell)]);
        if (cell % 5 != 0 || search.cost(cell) == infinity) continue;
        const std::vector<Cell> path = search.path_to(cell);
        double cost = 0.0;
        for (std::size_t i = 1; i < path.size(); ++i)
          cost += heading == Heading::away ? step_of(grid, path[i - 1], path[i]) : step_of(grid, path[i], path[i - 1]);
        REQUIRE(cost == search.cost(cell));
      }
    }
  }
}

TEST_CASE("links with direction: both costs equal to plain searches, their paths lead there and back") {
  int one_way = 0, unequal = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = place_with_effects(dice, 18, true, dice.chance(0.4));
    const auto& [frame, surface, patches] = place;
    LinkRule rule;
    rule.topology = LinkRule::Topology::complete;
    rule.cross_patches = dice.chance(0.5);
    rule.max_cost_m = dice.chance(0.5) ? 40.0 * frame.cell_m : infinity;
    const LinkSearch how{dice.chance(0.5) ? 1 + dice.below(40) : 16384};
    const LinkSet set = find_links(frame, surface, patches, rule, RunContext{}, nullptr, nullptr, how);
    REQUIRE(set.directed);
    const CostGrid grid(surface);
    std::size_t next = 0;
    for (int a = 0; a < patches.count(); ++a) {
      const std::vector<Cell> sources = cells_of_patch(patches, a);
      const auto costs = [&](bool back) {
        return plain_costs_by_step(
            frame.shape, sources, [&](Cell u, Cell v) { return back ? step_of(grid, v, u) : step_of(grid, u, v); },
            [&](Cell cell) { return surface.resistance[cell] != impassable; },
            [&](Cell cell) { return rule.cross_patches || patches.label[cell] == 0 || patches.label[cell] == a + 1; });
      };
      const std::vector<double> there = costs(false), back = costs(true);
      for (int b = a + 1; b < patches.count(); ++b) {
        double least_there = infinity, least_back = infinity;
        for (const Cell cell : cells_of_patch(patches, b)) {
          least_there = std::min(least_there, there[static_cast<std::size_t>(cell)]);
          least_back = std::min(least_back, back[static_cast<std::size_t>(cell)]);
        }
        const double limit = rule.max_cost_m / frame.cell_m;
        if (least_there > limit) least_there = infinity;
        if (least_back > limit) least_back = infinity;
        if (least_there == infinity && least_back == infinity) continue;
        REQUIRE(next < set.links.size());
        const Link& link = set.links[next++];
        REQUIRE(link.a == a);
        REQUIRE(link.b == b);
        REQUIRE(link.cost_m == least_there * frame.cell_m);
        REQUIRE(link.back_cost_m == least_back * frame.cell_m);
        one_way += link.path.empty() || link.back_path.empty();
        unequal += link.cost_m != link.back_cost_m;
        REQUIRE(link.path.empty() == (least_there == infinity));
        REQUIRE(link.back_path.empty() == (least_back == infinity));
        for (const auto* path : {&link.path, &link.back_path}) {
          if (path->empty()) continue;
          const bool forward = path == &link.path;
          REQUIRE(patches.label[path->front()] == (forward ? a : b) + 1);
          REQUIRE(patches.label[path->back()] == (forward ? b : a) + 1);
          double cost = 0.0;
          for (std::size_t i = 1; i < path->size(); ++i) cost += step_of(grid, (*path)[i - 1], (*path)[i]);
          REQUIRE(cost * frame.cell_m == doctest::Approx(forward ? link.cost_m : link.back_cost_m).epsilon(1e-12));
        }
      }
    }
    REQUIRE(next == set.links.size());
  }
  CHECK(one_way > 0);
  CHECK(unequal > 100);
}

TEST_CASE("links with direction: where slope changes nothing they are those without, bit for bit") {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = random_place(dice, 26);
    LinkRule rule;
    rule.topology = dice.chance(0.5) ? LinkRule::Topology::complete : LinkRule::Topology::planar;
    const LinkSet plain = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    REQUIRE(!plain.directed);
    auto effects = std::make_shared<StepEffects>();
    effects->cell_m = place.frame.cell_m;
    if (seed % 2 == 0) {  // a response that is none, on any heights
      effects->elevation_m = random_heights(dice, place.frame.shape, 50.0);
      effects->slope = {SlopeResponse::Kind::table, {{-1.0, 1.0}, {1.0, 1.0}}, infinity};
    } else {  // Tobler's on level ground
      effects->elevation_m = std::make_shared<Raster<float>>(place.frame.shape, 321.5F);
      effects->slope.kind = SlopeResponse::Kind::tobler;
    }
    place.surface.steps = effects;
    const LinkSet directed = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    REQUIRE(directed.directed);
    REQUIRE(same(plain, directed));
  }
}

TEST_CASE("links with direction: turning the mountains upside down swaps the costs") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = place_with_effects(dice, 24, true, false);
    LinkRule rule;
    rule.topology = LinkRule::Topology::complete;
    const LinkSet up = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    auto turned = std::make_shared<StepEffects>(*place.surface.steps);
    auto heights = std::make_shared<Raster<float>>(*turned->elevation_m);
    for (float& h : heights->values) h = -h;
    turned->elevation_m = heights;
    place.surface.steps = turned;
    const LinkSet down = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    REQUIRE(up.links.size() == down.links.size());
    for (std::size_t i = 0; i < up.links.size(); ++i) {
      REQUIRE(up.links[i].cost_m == down.links[i].back_cost_m);
      REQUIRE(up.links[i].back_cost_m == down.links[i].cost_m);
    }
  }
}

TEST_CASE("links with direction: searches taken from a landscape before give the same; other heights take none") {
  std::int64_t reused = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{110, 120};
    Place place =
        place_of(random_resistance(dice, shape, Resistances::classes, 0.0), random_habitat(dice, shape, 50, 6), 10.0);
    place.surface.steps = random_effects(dice, place.frame, true, false);
    LinkRule rule;
    rule.max_cost_m = 600.0;
    LinkMemory before, after;
    find_links(place.frame, place.surface, place.patches, rule, RunContext{}, nullptr, &before);
    // A wall, and where it is dearer to get round it, a meadow.
    for (std::int32_t r = 40; r < 50; ++r) place.surface.resistance.at(r, 60) = 90.0F;
    for (std::int32_t r = 20; r < 26; ++r)
      for (std::int32_t c = 30; c < 36; ++c) place.surface.resistance.at(r, c) = 0.7F;
    const LinkSet fresh = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    REQUIRE(same(fresh, find_links(place.frame, place.surface, place.patches, rule, RunContext{}, &before, &after)));
    reused += after.known;
    place.surface.steps = random_effects(dice, place.frame, true, false);
    LinkMemory other;
    find_links(place.frame, place.surface, place.patches, rule, RunContext{}, &before, &other);
    REQUIRE(other.known == 0);
  }
  CHECK(reused > 50);
}

TEST_CASE("links to the nearest neighbours: pairs of which one is among the other's nearest, ties by number") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 24);
    const auto& [frame, surface, patches] = place;
    LinkRule rule;
    rule.topology = LinkRule::Topology::nearest;
    rule.neighbours = 1 + dice.below(4);
    rule.cross_patches = dice.chance(0.5);
    if (dice.chance(0.3)) rule.max_cost_m = 30.0 * frame.cell_m;
    std::vector<std::pair<int, int>> expected;
    for (int a = 0; a < patches.count(); ++a) {
      const std::vector<double> cost = plain_costs(surface.resistance, cells_of_patch(patches, a), [&](Cell cell) {
        return rule.cross_patches || patches.label[cell] == 0 || patches.label[cell] == a + 1;
      });
      std::vector<std::pair<double, int>> by_cost;
      for (int b = 0; b < patches.count(); ++b) {
        double least = infinity;
        for (const Cell cell : cells_of_patch(patches, b))
          least = std::min(least, cost[static_cast<std::size_t>(cell)]);
        if (b != a && least != infinity && least <= rule.max_cost_m / frame.cell_m) by_cost.emplace_back(least, b);
      }
      std::sort(by_cost.begin(), by_cost.end());
      for (std::size_t k = 0; k < std::min(by_cost.size(), static_cast<std::size_t>(rule.neighbours)); ++k)
        expected.emplace_back(std::min(a, by_cost[k].second), std::max(a, by_cost[k].second));
    }
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    const LinkSet set = find_links(frame, surface, patches, rule, RunContext{});
    LinkRule all = rule;
    all.topology = LinkRule::Topology::complete;
    const LinkSet complete = find_links(frame, surface, patches, all, RunContext{});
    std::vector<std::pair<int, int>> found;
    for (const Link& link : set.links) {
      found.emplace_back(link.a, link.b);
      const auto known = std::find_if(complete.links.begin(), complete.links.end(),
                                      [&](const Link& other) { return other.a == link.a && other.b == link.b; });
      REQUIRE(known != complete.links.end());
      REQUIRE(known->cost_m == link.cost_m);
      REQUIRE(known->path == link.path);
    }
    REQUIRE(found == expected);
  }
}
