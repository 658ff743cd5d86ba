#include "model/movement/corridors.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/least_cost.hpp"
#include "tests/support/places.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

LinkRule complete_rule(bool cross = true) {
  LinkRule rule;
  rule.topology = LinkRule::Topology::complete;
  rule.cross_patches = cross;
  return rule;
}

Corridors corridors_of(const Place& place, const LinkSet& links, const LinkRule& rule, const CorridorRule& corridor) {
  return find_corridors(place.frame, place.surface, place.patches, links, rule, corridor, RunContext{});
}

/// Excess of every cell over the least cost of a link, by two plain searches; infinity where none counts.
std::vector<double> plain_excess(const Place& place, const Link& link, const LinkRule& rule) {
  const auto costs = [&](int patch) {
    return plain_costs(place.surface.resistance, cells_of_patch(place.patches, patch), [&](Cell cell) {
      return rule.cross_patches || place.patches.label[cell] == 0 || place.patches.label[cell] == patch + 1;
    });
  };
  const std::vector<double> near = costs(link.a), far = costs(link.b);
  std::vector<double> excess(near.size(), infinity);
  for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell) {
    const std::int32_t label = place.patches.label[cell];
    if (label == link.a + 1 || label == link.b + 1 || (label != 0 && !rule.cross_patches)) continue;
    const auto i = static_cast<std::size_t>(cell);
    excess[i] = std::max(0.0, (near[i] + far[i]) * place.frame.cell_m - link.cost_m);
  }
  return excess;
}

bool same(const Corridors& x, const Corridors& y) {
  return x.excess_m.values == y.excess_m.values && x.link.values == y.link.values &&
         std::equal(x.of_link.begin(), x.of_link.end(), y.of_link.begin(), y.of_link.end(),
                    [](const Corridor& p, const Corridor& q) {
                      return p.cells == q.cells && p.mean_width_m == q.mean_width_m && p.narrowest_m == q.narrowest_m &&
                             p.cells_of_class == q.cells_of_class;
                    });
}

}  // namespace

TEST_CASE("corridors: a hand-drawn strip, its width, and the neck that a wall leaves") {
  // Two patches as high as the map, four open columns between: every cell is on a straight path of cost 5.
  Place place = drawn_place({"A1111B", "A1111B", "A1111B"}, 10.0);
  LinkSet links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
  CorridorRule rule;
  rule.slack_m = 0.0;
  Corridors found = corridors_of(place, links, complete_rule(), rule);
  CHECK(found.of_link[0].cells == 12);
  CHECK(found.of_link[0].area_ha == doctest::Approx(0.12));
  CHECK(found.of_link[0].mean_width_m == doctest::Approx(1200.0 / 50.0));
  CHECK(found.of_link[0].narrowest_m == 30.0);
  CHECK(found.excess_m.at(1, 2) == 0.0F);
  CHECK(found.link.at(1, 2) == 1);
  CHECK(found.link.at(1, 0) == 0);

  place = drawn_place({"A11#1B", "A1111B", "A11#1B"}, 10.0);
  links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
  found = corridors_of(place, links, complete_rule(), rule);
  CHECK(found.of_link[0].narrowest_m == 10.0);
  // With no slack: the row through the gap, alone. A detour over a diagonal costs 2 (sqrt 2 - 1) more at least.
  CHECK(found.of_link[0].cells == 4);
  rule.slack_m = 10.0 * (std::numbers::sqrt2 - 1.0) + 1e-9;
  found = corridors_of(place, links, complete_rule(), rule);
  CHECK(found.of_link[0].cells == 4 + 6);
  CHECK(found.excess_m.at(0, 1) == doctest::Approx(10.0 * (std::numbers::sqrt2 - 1.0)));
}

TEST_CASE("corridors: slack absolute, relative, or the smaller of both; the mosaic may go further") {
  CorridorRule rule;
  rule.slack_m = 30.0;
  CHECK(rule.slack_of(100.0) == 30.0);
  rule.slack_share = 0.1;
  CHECK(rule.slack_of(100.0) == doctest::Approx(10.0));
  CHECK(rule.slack_of(1000.0) == 30.0);
  rule.slack_m = CorridorRule::none;
  CHECK(rule.slack_of(1000.0) == doctest::Approx(100.0));

  const Place place = drawn_place({"A1111B", "333333", "333333", "333333"});
  const LinkSet links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
  CorridorRule narrow;
  narrow.slack_m = 0.5;
  CorridorRule far = narrow;
  far.truncate_m = 50.0;
  const Corridors near_mosaic = corridors_of(place, links, complete_rule(), narrow);
  const Corridors far_mosaic = corridors_of(place, links, complete_rule(), far);
  CHECK(near_mosaic.of_link[0].cells == far_mosaic.of_link[0].cells);
  CHECK(near_mosaic.excess_m.at(3, 2) == std::numeric_limits<float>::infinity());
  CHECK(far_mosaic.excess_m.at(3, 2) < 50.0F);
}

TEST_CASE("corridors: equal to all-pairs searches on random landscapes, mosaic and tables") {
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 22);
    const LinkRule rule = complete_rule(dice.chance(0.6));
    const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    CorridorRule corridor;
    if (dice.chance(0.7)) corridor.slack_m = 12.0 * dice.uniform() * place.frame.cell_m;
    if (dice.chance(0.5) || corridor.slack_m == CorridorRule::none) corridor.slack_share = dice.uniform();
    if (dice.chance(0.3)) corridor.truncate_m = 20.0 * place.frame.cell_m;
    Raster<ClassIndex> cover(place.frame.shape);
    for (ClassIndex& c : cover.values) c = static_cast<ClassIndex>(dice.below(3));
    const Corridors found =
        find_corridors(place.frame, place.surface, place.patches, links, rule, corridor, RunContext{}, &cover, 3);
    Raster<float> least(place.frame.shape, std::numeric_limits<float>::infinity());
    Raster<std::int32_t> best(place.frame.shape);
    for (std::size_t i = 0; i < links.links.size(); ++i) {
      const Link& link = links.links[i];
      const std::vector<double> excess = plain_excess(place, link, rule);
      const double slack = corridor.slack_of(link.cost_m), truncate = std::max(slack, corridor.truncate_m);
      std::int64_t cells = 0;
      std::vector<std::int64_t> of_class(3, 0);
      for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell) {
        const double e = excess[static_cast<std::size_t>(cell)];
        if (e <= slack) ++cells, ++of_class[cover[cell]];
        if (e > truncate || static_cast<float>(e) >= least[cell]) continue;
        least[cell] = static_cast<float>(e);
        best[cell] = static_cast<std::int32_t>(i) + 1;
      }
      REQUIRE(found.of_link[i].cells == cells);
      REQUIRE(found.of_link[i].cells_of_class == of_class);
      REQUIRE(found.of_link[i].area_ha == doctest::Approx(static_cast<double>(cells) * place.frame.cell_area_ha()));
      REQUIRE(found.of_link[i].narrowest_m * found.of_link[i].narrowest_m <=
              2.0 * (cells == 0 ? 0.0
                                : std::pow(place.frame.cell_m * (place.frame.shape.rows + place.frame.shape.cols), 2)));
    }
    REQUIRE(found.excess_m.values == least.values);
    REQUIRE(found.link.values == best.values);
  }
}

TEST_CASE("corridors: the path lies in its corridor at no slack; more slack never loses a cell") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 26);
    const LinkSet links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
    std::vector<std::int64_t> before(links.links.size(), 0);
    for (const double slack : {1e-9, 2.0, 8.0, 30.0}) {
      CorridorRule rule;
      rule.slack_m = slack * place.frame.cell_m;
      const Corridors found = corridors_of(place, links, complete_rule(), rule);
      for (std::size_t i = 0; i < links.links.size(); ++i) {
        REQUIRE(found.of_link[i].cells >= before[i]);
        before[i] = found.of_link[i].cells;
        const Link& link = links.links[i];
        for (const Cell cell : link.path) {
          const std::int32_t label = place.patches.label[cell];
          // Rounding of large costs may exceed the smallest slack.
          if (label != link.a + 1 && label != link.b + 1 && link.cost_m < 1e5) REQUIRE(found.link[cell] != 0);
        }
      }
    }
  }
}

TEST_CASE("corridors with direction: without an effect the same; with one, the better of both ways cell by cell") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = random_place(dice, 20);
    CorridorRule rule;
    rule.slack_m = 6.0 * place.frame.cell_m;
    const LinkSet plain = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
    const Corridors expected = corridors_of(place, plain, complete_rule(), rule);
    auto level = std::make_shared<StepEffects>();
    level->elevation_m = std::make_shared<Raster<float>>(place.frame.shape, 5.0F);
    level->slope.kind = SlopeResponse::Kind::tobler;
    place.surface.steps = level;
    LinkSet links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
    REQUIRE(links.directed);
    REQUIRE(same(expected, corridors_of(place, links, complete_rule(), rule)));

    // One direction at a time, by closing the other: the directed mosaic is the lower of the two.
    place.surface.steps = random_effects(dice, place.frame, true, false);
    links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
    LinkSet there = links, back = links;
    for (Link& link : there.links) link.back_cost_m = infinity;
    for (Link& link : back.links) link.cost_m = infinity;
    const Corridors both = corridors_of(place, links, complete_rule(), rule);
    const Corridors one = corridors_of(place, there, complete_rule(), rule);
    const Corridors other = corridors_of(place, back, complete_rule(), rule);
    for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell)
      REQUIRE(both.excess_m[cell] == std::min(one.excess_m[cell], other.excess_m[cell]));
    for (std::size_t i = 0; i < links.links.size(); ++i) {
      REQUIRE(both.of_link[i].cells >= std::max(one.of_link[i].cells, other.of_link[i].cells));
      REQUIRE(both.of_link[i].cells <= one.of_link[i].cells + other.of_link[i].cells);
    }
  }
}

TEST_CASE("corridors: the same bit for bit at one thread and at several") {
  Dice dice(11);
  const Shape shape{150, 170};
  const Place place =
      place_of(random_resistance(dice, shape, Resistances::classes, 0.1), random_habitat(dice, shape, 60, 8), 30.0);
  LinkRule rule;
  const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
  CorridorRule corridor;
  corridor.slack_m = 500.0;
  const auto at = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return corridors_of(place, links, rule, corridor);
  };
  const Corridors one = at(1);
  CHECK(links.links.size() > 50);
  CHECK(same(one, at(2)));
  CHECK(same(one, at(4)));
}
