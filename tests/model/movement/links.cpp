#include "model/movement/links.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/drawn.hpp"
#include "tests/support/least_cost.hpp"
#include "tests/support/places.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Owner of each cell in the Voronoi diagram of the patches' cells, the smaller cell index where two are equally near.
std::set<std::pair<int, int>> plain_adjacency(const PatchSet& patches) {
  const Shape shape = patches.label.shape;
  Raster<int> owner(shape, -1);
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
    for (Cell other = 0; other < shape.cells(); ++other) {
      if (patches.label[other] == 0) continue;
      const std::int64_t dr = shape.row(cell) - shape.row(other), dc = shape.col(cell) - shape.col(other);
      if (dr * dr + dc * dc >= nearest) continue;
      nearest = dr * dr + dc * dc;
      owner[cell] = patches.label[other] - 1;
    }
  }
  std::set<std::pair<int, int>> pairs;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    for_each_neighbour(shape, cell, Neighbourhood::four, [&](Cell other, bool) {
      if (owner[cell] != owner[other]) pairs.insert(std::minmax(owner[cell], owner[other]));
    });
  return pairs;
}

bool operator==(const Link& x, const Link& y) {
  return x.a == y.a && x.b == y.b && x.cost_m == y.cost_m && x.length_m == y.length_m && x.path == y.path;
}

bool operator==(const IntraPatchCost& x, const IntraPatchCost& y) {
  return x.patch == y.patch && x.link_a == y.link_a && x.link_b == y.link_b && x.cost_m == y.cost_m;
}

bool same(const LinkSet& x, const LinkSet& y) {
  return std::equal(x.links.begin(), x.links.end(), y.links.begin(), y.links.end(),
                    [](const Link& a, const Link& b) { return a == b; }) &&
         std::equal(x.intra.begin(), x.intra.end(), y.intra.begin(), y.intra.end(),
                    [](const IntraPatchCost& a, const IntraPatchCost& b) { return a == b; });
}

/// What the links must be, pair by pair, by one plain search over the whole raster for each patch.
void check_against_brute_force(const Place& place, const LinkRule& rule, const LinkSearch& how = {}) {
  const auto& [frame, surface, patches] = place;
  const LinkSet set = find_links(frame, surface, patches, rule, RunContext{}, nullptr, nullptr, how);
  const std::set<std::pair<int, int>> adjacent =
      rule.topology == LinkRule::Topology::planar ? plain_adjacency(patches) : std::set<std::pair<int, int>>{};
  std::size_t next = 0;
  for (int a = 0; a < patches.count(); ++a) {
    std::vector<Cell> sources;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (patches.label[cell] == a + 1) sources.push_back(cell);
    const auto passes = [&](Cell cell) {
      return rule.cross_patches || patches.label[cell] == 0 || patches.label[cell] == a + 1;
    };
    const std::vector<double> cost = plain_costs(surface.resistance, sources, passes);
    for (int b = a + 1; b < patches.count(); ++b) {
      if (rule.topology == LinkRule::Topology::planar && !adjacent.contains({a, b})) continue;
      double least = infinity;
      for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
        if (patches.label[cell] == b + 1) least = std::min(least, cost[static_cast<std::size_t>(cell)]);
      if (least == infinity || least > rule.max_cost_m / frame.cell_m) continue;
      CAPTURE(a);
      CAPTURE(b);
      REQUIRE(next < set.links.size());
      const Link& link = set.links[next++];
      REQUIRE(link.a == a);
      REQUIRE(link.b == b);
      REQUIRE(link.cost_m == least * frame.cell_m);
      REQUIRE(patches.label[link.path.front()] == a + 1);
      REQUIRE(patches.label[link.path.back()] == b + 1);
      REQUIRE(cost_along(surface.resistance, link.path) == least);
      double length = 0.0;
      for (std::size_t i = 1; i < link.path.size(); ++i) {
        const Point p = frame.centre(link.path[i - 1]), q = frame.centre(link.path[i]);
        length += std::hypot(p.x - q.x, p.y - q.y);
      }
      REQUIRE(link.length_m == doctest::Approx(length).epsilon(1e-12));
      for (std::size_t i = 0; i + 1 < link.path.size(); ++i) REQUIRE(passes(link.path[i]));
      // Of paths of equal cost, the one that ends in the smallest index and came over the smallest indices.
      Cell end = 0;
      while (patches.label[end] != b + 1 || cost[static_cast<std::size_t>(end)] != least) ++end;
      REQUIRE(link.path.back() == end);
      for (std::size_t i = 1; i < link.path.size(); ++i) {
        const auto cost_of = [&](Cell cell) { return cost[static_cast<std::size_t>(cell)]; };
        const Cell here = link.path[i];
        Cell first = frame.shape.rows * frame.shape.cols;
        for_each_neighbour(frame.shape, here, Neighbourhood::eight, [&](Cell u, bool is_diagonal) {
          if (passes(u) && cost_of(u) < cost_of(here) &&
              cost_of(u) + plain_step(surface.resistance, u, here, is_diagonal) == cost_of(here))
            first = std::min(first, u);
        });
        REQUIRE(link.path[i - 1] == first);
      }
    }
  }
  REQUIRE(next == set.links.size());

  std::size_t crossing = 0;
  for (int p = 0; rule.intra_patch && p < patches.count(); ++p)
    for (std::size_t i = 0; i < set.links.size(); ++i)
      for (std::size_t j = i + 1; j < set.links.size(); ++j) {
        const auto end_in = [&](std::size_t l) {
          const Link& link = set.links[l];
          return link.a == p ? link.path.front() : (link.b == p ? link.path.back() : -1);
        };
        if (end_in(i) < 0 || end_in(j) < 0) continue;
        const std::vector<double> cost = plain_costs(surface.resistance, std::vector<Cell>{end_in(i)},
                                                     [&](Cell cell) { return patches.label[cell] == p + 1; });
        REQUIRE(crossing < set.intra.size());
        const IntraPatchCost& c = set.intra[crossing++];
        REQUIRE(c.patch == p);
        REQUIRE(c.link_a == static_cast<int>(i));
        REQUIRE(c.link_b == static_cast<int>(j));
        REQUIRE(c.cost_m == cost[static_cast<std::size_t>(end_in(j))] * frame.cell_m);
      }
  REQUIRE(crossing == set.intra.size());
}

LinkRule rule_of(LinkRule::Topology topology, double max_cost_m = infinity, bool cross = true, bool intra = false) {
  LinkRule rule;
  rule.topology = topology;
  rule.max_cost_m = max_cost_m;
  rule.cross_patches = cross;
  rule.intra_patch = intra;
  return rule;
}

constexpr auto planar = LinkRule::Topology::planar;
constexpr auto complete = LinkRule::Topology::complete;

}  // namespace

TEST_CASE("links: three patches in a row") {
  const Place place = drawn_place({"A22B3C"}, 10.0);
  const auto links = [&](const LinkRule& rule) {
    std::vector<std::tuple<int, int, double, double>> rows;
    for (const Link& l : find_links(place.frame, place.surface, place.patches, rule, RunContext{}).links)
      rows.emplace_back(l.a, l.b, l.cost_m, l.length_m);
    return rows;
  };
  using Rows = std::vector<std::tuple<int, int, double, double>>;
  // A to B: 1.5 + 2 + 1.5 cells; B to C: 2 + 2. A and C meet nowhere in the Voronoi diagram.
  CHECK(links(rule_of(planar)) == Rows{{0, 1, 50.0, 30.0}, {1, 2, 40.0, 20.0}});
  CHECK(links(rule_of(complete)) == Rows{{0, 1, 50.0, 30.0}, {0, 2, 90.0, 50.0}, {1, 2, 40.0, 20.0}});
  CHECK(links(rule_of(complete, 60.0)) == Rows{{0, 1, 50.0, 30.0}, {1, 2, 40.0, 20.0}});
  CHECK(links(rule_of(complete, 40.0)) == Rows{{1, 2, 40.0, 20.0}});
  CHECK(links(rule_of(complete, infinity, false)) == Rows{{0, 1, 50.0, 30.0}, {1, 2, 40.0, 20.0}});
}

TEST_CASE("links: a path goes round what is dear, and through a gap") {
  const Place place = drawn_place({
      "A9111",  //
      "A9191",
      "A919B",
      "1119B",
  });
  const LinkSet set = find_links(place.frame, place.surface, place.patches, rule_of(planar), RunContext{});
  REQUIRE(set.links.size() == 1);
  const auto at = [&](int r, int c) { return place.frame.shape.cell(r, c); };
  CHECK(set.links[0].path == std::vector<Cell>{at(2, 0), at(3, 1), at(2, 2), at(1, 2), at(0, 3), at(1, 4), at(2, 4)});
  CHECK(set.links[0].cost_m == doctest::Approx(4.0 * std::numbers::sqrt2 + 2.0));
}

TEST_CASE("links: no link where a barrier parts two patches; a patch of barriers has none") {
  const Place place = drawn_place({"A1#1B"});
  CHECK(find_links(place.frame, place.surface, place.patches, rule_of(planar), RunContext{}).links.empty());
  Raster<float> resistance(Shape{1, 5}, 1.0F), quality(Shape{1, 5});
  quality[0] = quality[4] = 1.0F;
  resistance[0] = impassable;
  const Place walled = place_of(resistance, quality, 1.0);
  CHECK(find_links(walled.frame, walled.surface, walled.patches, rule_of(complete), RunContext{}).links.empty());
}

TEST_CASE("links: a path does not jump over a patch it may not cross where costs agree by chance") {
  // From A to D past B: the costs on both sides of B fit together, but B was never entered.
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{6, 12};
    const Place place = place_of(Raster<float>(shape, 1.0F), random_habitat(dice, shape, 7, 3), 1.0);
    check_against_brute_force(place, rule_of(complete, infinity, false));
  }
}

TEST_CASE("links: equal to a plain search for each patch on random landscapes") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 22);
    const double limit = dice.chance(0.4) ? dice.uniform() * 60.0 * place.frame.cell_m : infinity;
    const bool cross = dice.chance(0.5);
    check_against_brute_force(place, rule_of(dice.chance(0.5) ? planar : complete, limit, cross, dice.chance(0.4)));
  }
}

TEST_CASE("links: equal to a plain search where searches from both ends narrow each other") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed + 5000);
    const Place place = random_place(dice, 26);
    const double limit = dice.chance(0.6) ? dice.uniform() * 100.0 * place.frame.cell_m : infinity;
    check_against_brute_force(place, rule_of(dice.chance(0.5) ? planar : complete, limit, dice.chance(0.5)),
                              {1 + dice.below(60)});
  }
}

TEST_CASE("links: a patch behind walls, one out of reach and one across the map") {
  // Large enough for searches to look back by themselves.
  Dice dice(1);
  const Shape shape{260, 260};
  Raster<float> resistance = random_resistance(dice, shape, Resistances::classes, 0.0), quality(shape);
  const auto square = [&](std::int32_t row, std::int32_t col, std::int32_t wall, float wall_resistance) {
    for (std::int32_t r = row - wall; r < row + 4 + wall; ++r)
      for (std::int32_t c = col - wall; c < col + 4 + wall; ++c) {
        const bool inside = r >= row && r < row + 4 && c >= col && c < col + 4;
        resistance.at(r, c) = inside ? 1.0F : wall_resistance;
        quality.at(r, c) = inside ? 1.0F : 0.0F;
      }
  };
  square(120, 130, 0, 1.0F);
  square(140, 150, 3, 200.0F);
  square(100, 40, 4, 900.0F);
  square(20, 220, 0, 1.0F);
  square(230, 30, 2, impassable);
  const Place place = place_of(std::move(resistance), std::move(quality), 1.0);
  REQUIRE(place.patches.count() == 5);
  for (const double limit : {infinity, 2000.0, 600.0, 60.0}) check_against_brute_force(place, rule_of(complete, limit));
}

TEST_CASE("Voronoi adjacency: equal to the nearest patch cell by cell") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 30);
    const Place place = place_of(Raster<float>(shape, 1.0F), random_habitat(dice, shape, dice.below(12), 4), 1.0);
    const std::set<std::pair<int, int>> expected = plain_adjacency(place.patches);
    REQUIRE(voronoi_adjacency(place.patches) == std::vector<std::pair<int, int>>(expected.begin(), expected.end()));
  }
}

TEST_CASE("Voronoi adjacency: across the rows where the parallel pieces meet") {
  const Shape shape{200, 40};
  Dice dice(5);
  const Place place = place_of(Raster<float>(shape, 1.0F), random_habitat(dice, shape, 25, 4), 1.0);
  const std::set<std::pair<int, int>> expected = plain_adjacency(place.patches);
  CHECK(voronoi_adjacency(place.patches) == std::vector<std::pair<int, int>>(expected.begin(), expected.end()));
}

TEST_CASE("links: on a landscape that differs in places, links taken from the one before give the same") {
  std::int64_t reused = 0, searched = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{90 + dice.below(60), 90 + dice.below(60)};
    const LinkRule rule = rule_of(dice.chance(0.6) ? planar : complete, dice.chance(0.7) ? 60.0 : infinity,
                                  dice.chance(0.5), dice.chance(0.3));
    Raster<float> resistance = random_resistance(dice, shape, Resistances::classes, 0.1);
    Raster<float> quality = random_habitat(dice, shape, 60, 6);
    LinkMemory before;
    Place place = place_of(resistance, quality, 1.0);
    find_links(place.frame, place.surface, place.patches, rule, RunContext{}, nullptr, &before);
    for (int step = 0; step < 4; ++step) {
      CAPTURE(step);
      // A development, a new patch or a lost one, in a rectangle.
      const std::int32_t side = 1 + dice.below(12);
      const std::int32_t r0 = dice.below(shape.rows - side), c0 = dice.below(shape.cols - side);
      const double what = dice.uniform();
      for (std::int32_t r = r0; r < r0 + side; ++r)
        for (std::int32_t c = c0; c < c0 + side; ++c) {
          if (what < 0.5) resistance.at(r, c) = what < 0.1 ? impassable : 20.0F * static_cast<float>(what);
          if (what > 0.4) quality.at(r, c) = what > 0.7 ? 1.0F : 0.0F;
        }
      place = place_of(resistance, quality, 1.0);
      LinkMemory after;
      const LinkSet fresh = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
      const LinkSet again = find_links(place.frame, place.surface, place.patches, rule, RunContext{}, &before, &after);
      REQUIRE(same(again, fresh));
      reused += after.known;
      for (const LinkMemory::Search& search : after.searches)
        searched += static_cast<std::int64_t>(search.wanted.size());
      before = std::move(after);
    }
  }
  // Or the test would say nothing.
  CHECK(reused > searched / 4);
  CHECK(reused < searched);
}

TEST_CASE("links: where patches shrink, split, merge and go, links taken from the landscape before give the same") {
  std::int64_t known = 0, wanted = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{30 + dice.below(40), 30 + dice.below(40)};
    const auto topology = dice.chance(0.4) ? planar : dice.chance(0.5) ? complete : LinkRule::Topology::nearest;
    const LinkRule rule = rule_of(topology, dice.chance(0.7) ? 10.0 + dice.uniform() * 30.0 : infinity,
                                  dice.chance(0.7), dice.chance(0.2));
    // Equal resistances make many ties.
    Raster<float> resistance = random_resistance(dice, shape, Resistances::classes, 0.1);
    if (dice.chance(0.3)) std::fill(resistance.values.begin(), resistance.values.end(), 2.0F);
    Raster<float> quality = random_habitat(dice, shape, 25, 8);
    // Lines and blots of another kind: here habitat goes or comes, there steps become dearer or cheaper.
    struct Change {
      std::int32_t r0, c0, r1, c1;
      float resistance, quality;
    };
    const auto changed = [&](const std::vector<Change>& changes) {
      Raster<float> r = resistance, q = quality;
      for (const Change& change : changes)
        for (std::int32_t row = change.r0; row < std::min(shape.rows, change.r1); ++row)
          for (std::int32_t col = change.c0; col < std::min(shape.cols, change.c1); ++col) {
            r.at(row, col) = change.resistance;
            q.at(row, col) = change.quality;
          }
      return place_of(r, q, 1.0);
    };
    const auto some = [&] {
      const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols);
      const bool is_line = dice.chance(0.5), is_upright = dice.chance(0.5);
      const std::int32_t length = 2 + dice.below(is_line ? 25 : 6), width = is_line ? 1 : 2 + dice.below(6);
      const float kinds[] = {0.5F, 2.0F, 9.0F, impassable};
      const float to = kinds[dice.below(4)];
      return Change{r0,
                    c0,
                    r0 + (is_upright ? length : width),
                    c0 + (is_upright ? width : length),
                    to,
                    to < 1.0F && dice.chance(0.5) ? 1.0F : 0.0F};
    };
    const Change element = some();
    const std::vector<Change> plan{some(), some()};
    LinkMemory with_element, without;
    const auto links = [&](const Place& place, const LinkMemory* before, LinkMemory* after) {
      return find_links(place.frame, place.surface, place.patches, rule, RunContext{}, before, after);
    };
    links(changed(plan), nullptr, &with_element);
    const Place place = changed({plan[0], plan[1], element});
    REQUIRE(same(links(place, &with_element, &without), links(place, nullptr, nullptr)));
    known += without.known;
    for (const LinkMemory::Search& search : without.searches) wanted += static_cast<std::int64_t>(search.wanted.size());
    // What was taken from others is as good a memory as what was searched.
    REQUIRE(same(links(changed(plan), &without, nullptr), links(changed(plan), nullptr, nullptr)));
  }
  CHECK(known > wanted / 10);
  CHECK(known < wanted);
}

TEST_CASE("links: a change in the first cell that a search did not enter is noticed") {
  // From A, the cell after the 32nd is too dear to enter; then it is not.
  Raster<float> resistance(Shape{1, 64}, 1.0F), quality(Shape{1, 64});
  quality[0] = quality[60] = 1.0F;
  resistance[32] = 1000.0F;
  const Place closed = place_of(resistance, quality, 1.0);
  LinkMemory before;
  CHECK(find_links(closed.frame, closed.surface, closed.patches, rule_of(planar, 100.0), RunContext{}, nullptr, &before)
            .links.empty());
  resistance[32] = 1.0F;
  const Place open = place_of(resistance, quality, 1.0);
  const LinkSet set = find_links(open.frame, open.surface, open.patches, rule_of(planar, 100.0), RunContext{}, &before);
  REQUIRE(set.links.size() == 1);
  CHECK(set.links[0].cost_m == 60.0);
}

TEST_CASE("links: a memory of another rule, frame or cell size is not used") {
  Dice dice(3);
  const Shape shape{80, 80};
  const Place place =
      place_of(random_resistance(dice, shape, Resistances::classes, 0.0), random_habitat(dice, shape, 30, 5), 1.0);
  const auto search = [&](const Place& where, const LinkRule& rule, const LinkMemory* before, LinkMemory* after) {
    return find_links(where.frame, where.surface, where.patches, rule, RunContext{}, before, after);
  };
  LinkMemory before;
  search(place, rule_of(planar, 30.0), nullptr, &before);
  for (const LinkRule& rule : {rule_of(planar, 40.0), rule_of(complete, 30.0), rule_of(planar, 30.0, false)}) {
    LinkMemory after;
    CHECK(same(search(place, rule, &before, &after), search(place, rule, nullptr, nullptr)));
    CHECK(after.known == 0);
  }
  Place wider = place;
  wider.frame.cell_m = 2.0;
  LinkMemory after;
  CHECK(same(search(wider, rule_of(planar, 30.0), &before, &after),
             search(wider, rule_of(planar, 30.0), nullptr, nullptr)));
  CHECK(after.known == 0);
}

TEST_CASE("links: the same bit for bit at one thread and at several") {
  Dice dice(11);
  const Shape shape{150, 170};
  const Place place =
      place_of(random_resistance(dice, shape, Resistances::noise, 0.1), random_habitat(dice, shape, 80, 8), 30.0);
  const LinkRule rule = rule_of(complete, 20000.0, true, true);
  const auto at = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return find_links(place.frame, place.surface, place.patches, rule, RunContext{});
  };
  const LinkSet one = at(1);
  CHECK(one.links.size() > 100);
  CHECK(same(one, at(2)));
  CHECK(same(one, at(4)));
}

TEST_CASE("links: lowering resistance or allowing more never makes a link dearer") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = random_place(dice, 30);
    const LinkSet before = find_links(place.frame, place.surface, place.patches, rule_of(complete), RunContext{});
    Place eased = place;
    for (float& r : eased.surface.resistance.values)
      if (dice.chance(0.3) && !std::isinf(r)) r *= 0.25F;
    const LinkSet after = find_links(eased.frame, eased.surface, eased.patches, rule_of(complete), RunContext{});
    REQUIRE(before.links.size() == after.links.size());
    for (std::size_t i = 0; i < before.links.size(); ++i)
      REQUIRE(after.links[i].cost_m <= before.links[i].cost_m * (1.0 + 1e-12));
    const LinkSet closed =
        find_links(place.frame, place.surface, place.patches, rule_of(complete, infinity, false), RunContext{});
    std::map<std::pair<int, int>, double> open;
    for (const Link& l : before.links) open[{l.a, l.b}] = l.cost_m;
    for (const Link& l : closed.links) REQUIRE(l.cost_m >= open.at({l.a, l.b}));
  }
}
