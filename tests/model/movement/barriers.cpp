#include "model/movement/barriers.hpp"

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

std::vector<Cell> plain_window(const Shape& shape, Cell centre, double radius) {
  std::vector<Cell> cells;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (std::hypot(shape.row(cell) - shape.row(centre), shape.col(cell) - shape.col(centre)) <= radius)
      cells.push_back(cell);
  return cells;
}

/// Costs from a patch in cell widths, under the link rule.
std::vector<double> costs_from(const Place& place, const Raster<float>& resistance, int patch, const LinkRule& rule) {
  return plain_costs(resistance, cells_of_patch(place.patches, patch), [&](Cell cell) {
    return rule.cross_patches || place.patches.label[cell] == 0 || place.patches.label[cell] == patch + 1;
  });
}

double least_at(const std::vector<double>& cost, const std::vector<Cell>& cells) {
  double least = infinity;
  for (const Cell cell : cells) least = std::min(least, cost[static_cast<std::size_t>(cell)]);
  return least;
}

Raster<float> restored(const Place& place, const std::vector<Cell>& cells, double resistance) {
  Raster<float> changed = place.surface.resistance;
  for (const Cell cell : cells) changed[cell] = std::min(changed[cell], static_cast<float>(resistance));
  return changed;
}

bool same(const Barriers& x, const Barriers& y) {
  for (std::size_t k = 0; k < x.maps.size(); ++k)
    if (x.maps[k].maximum_m.values != y.maps[k].maximum_m.values || x.maps[k].sum_m.values != y.maps[k].sum_m.values)
      return false;
  return std::equal(x.places.begin(), x.places.end(), y.places.begin(), y.places.end(),
                    [](const BarrierPlace& p, const BarrierPlace& q) {
                      return p.centre == q.centre && p.sum_m == q.sum_m && p.exact_sum_m == q.exact_sum_m &&
                             p.exact_maximum_m == q.exact_maximum_m && p.links == q.links && p.best_link == q.best_link;
                    });
}

}  // namespace

TEST_CASE("barriers: a hand-drawn road between two patches") {
  // From A to B: 0.5 (1 + 1) + 0.5 (1 + 9) + 0.5 (9 + 1) + 1 = 12. A window of radius 1 around the road holds costs of
  // 1 and 1 on its two sides and is 2 wide: 12 - (1 + 1 + 2) = 8. Solved again all steps cost 1: 12 - 4 = 8.
  const Place place = drawn_place({"A191B"}, 10.0);
  const LinkSet links = find_links(place.frame, place.surface, place.patches, complete_rule(), RunContext{});
  BarrierRule rule;
  rule.radii_m = {10.0};
  const Barriers found =
      find_barriers(place.frame, place.surface, place.patches, links, complete_rule(), rule, RunContext{});
  REQUIRE(found.maps.size() == 1);
  CHECK(found.maps[0].maximum_m.values == std::vector<float>{0.0F, 40.0F, 80.0F, 40.0F, 0.0F});
  CHECK(found.maps[0].sum_m.values == found.maps[0].maximum_m.values);
  REQUIRE(found.places.size() == 1);
  CHECK(found.places[0].centre == 2);
  CHECK(found.places[0].exact_maximum_m == 80.0);
  CHECK(found.places[0].links == 1);
  CHECK(found.places[0].best_link == 0);
  CHECK(found.maps[0].of_link[0].centre == 2);
  CHECK(found.maps[0].of_link[0].gain_m == 80.0);
}

TEST_CASE("barriers: the published gain cell by cell, from plain searches, on random landscapes") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 20);
    const Shape shape = place.frame.shape;
    const LinkRule rule = complete_rule(dice.chance(0.6));
    const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    BarrierRule barrier;
    barrier.radii_m = {place.frame.cell_m * (1.0 + 2.0 * dice.uniform()), place.frame.cell_m * 5.0 * dice.uniform()};
    barrier.restored_resistance = 0.5 + 2.0 * dice.uniform();
    barrier.score = dice.chance(0.5) ? BarrierRule::Score::sum : BarrierRule::Score::maximum;
    const Barriers found = find_barriers(place.frame, place.surface, place.patches, links, rule, barrier, RunContext{});
    for (std::size_t k = 0; k < 2; ++k) {
      const double radius = barrier.radii_m[k] / place.frame.cell_m;
      std::vector<double> sum(place.surface.resistance.values.size(), 0.0), maximum = sum;
      for (std::size_t i = 0; i < links.links.size(); ++i) {
        const Link& link = links.links[i];
        const std::vector<double> near = costs_from(place, place.surface.resistance, link.a, rule);
        const std::vector<double> far = costs_from(place, place.surface.resistance, link.b, rule);
        double best = 0.0;
        for (Cell cell = 0; cell < shape.cells(); ++cell) {
          const std::vector<Cell> window = plain_window(shape, cell, radius);
          const double gain = link.cost_m - (least_at(near, window) + least_at(far, window) +
                                             2.0 * radius * barrier.restored_resistance) *
                                                place.frame.cell_m;
          if (!(gain > 0.0)) continue;
          best = std::max(best, gain);
          sum[static_cast<std::size_t>(cell)] += gain;
          maximum[static_cast<std::size_t>(cell)] = std::max(maximum[static_cast<std::size_t>(cell)], gain);
        }
        REQUIRE(found.maps[k].of_link[i].gain_m == doctest::Approx(best).epsilon(1e-9).scale(link.cost_m));
      }
      for (Cell cell = 0; cell < shape.cells(); ++cell) {
        const auto c = static_cast<std::size_t>(cell);
        REQUIRE(static_cast<double>(found.maps[k].sum_m[cell]) ==
                doctest::Approx(sum[c]).epsilon(1e-6).scale(1e-6 * sum[c] + 1e2));
        REQUIRE(static_cast<double>(found.maps[k].maximum_m[cell]) ==
                doctest::Approx(maximum[c]).epsilon(1e-6).scale(1e-6 * maximum[c] + 1e2));
      }
    }
  }
}

TEST_CASE(
    "barriers: a place's exact gain is that of solving again with its window restored; the published one bounds it") {
  int places = 0, bounded = 0, exceeded = 0;
  for (std::uint64_t seed = 0; seed < 220; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 24);
    const LinkRule rule = complete_rule(dice.chance(0.6));
    const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    BarrierRule barrier;
    barrier.radii_m = {place.frame.cell_m * (1.0 + 3.0 * dice.uniform())};
    barrier.restored_resistance = 1.0;
    barrier.places = 6;
    const Barriers found = find_barriers(place.frame, place.surface, place.patches, links, rule, barrier, RunContext{});
    for (const BarrierPlace& p : found.places) {
      ++places;
      const double radius = p.radius_m / place.frame.cell_m;
      const std::vector<Cell> window = plain_window(place.frame.shape, p.centre, radius);
      const Raster<float> changed = restored(place, window, barrier.restored_resistance);
      double sum = 0.0, best = 0.0;
      int shortened = 0;
      for (const Link& link : links.links) {
        const std::vector<Cell> target = cells_of_patch(place.patches, link.b);
        const double before = least_at(costs_from(place, place.surface.resistance, link.a, rule), target);
        const double after = least_at(costs_from(place, changed, link.a, rule), target);
        REQUIRE(after <= before);
        const double gain = (before - after) * place.frame.cell_m;
        sum += gain;
        best = std::max(best, gain);
        shortened += after < before;
      }
      REQUIRE(p.exact_sum_m == doctest::Approx(sum).epsilon(1e-12));
      REQUIRE(p.exact_maximum_m == best);
      REQUIRE(p.links == shortened);
      // A crossing over cells is at most 1.0824 times as long as the diameter that the published formula charges; it
      // may have to go round a patch that must not be crossed.
      if (!rule.cross_patches) continue;
      const double octile = (std::sqrt(4.0 - 2.0 * std::numbers::sqrt2) - 1.0) * 2.0 * p.radius_m;
      REQUIRE(p.exact_maximum_m >= (p.maximum_m - octile) * (1.0 - 1e-6));
      ++bounded;
      exceeded += p.exact_maximum_m > p.maximum_m * 1.01;
    }
  }
  CHECK(places > 200);
  CHECK(bounded > 100);
  CHECK(exceeded > 20);  // it is a bound, not the value
}

TEST_CASE("barriers: places are peaks of the map, best first, and do not overlap") {
  Dice dice(5);
  const Shape shape{80, 90};
  const Place place =
      place_of(random_resistance(dice, shape, Resistances::noise, 0.0), random_habitat(dice, shape, 20, 6), 30.0);
  LinkRule rule;
  const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
  BarrierRule barrier;
  barrier.radii_m = {60.0, 150.0};
  barrier.places = 8;
  for (const auto score : {BarrierRule::Score::sum, BarrierRule::Score::maximum}) {
    barrier.score = score;
    const Barriers found = find_barriers(place.frame, place.surface, place.patches, links, rule, barrier, RunContext{});
    CHECK(found.places.size() == 16);
    const auto score_of = [&](const BarrierPlace& p) {
      return score == BarrierRule::Score::sum ? p.sum_m : p.maximum_m;
    };
    for (std::size_t i = 0; i < found.places.size(); ++i) {
      const BarrierPlace& p = found.places[i];
      const BarrierMap& map = found.maps[p.radius_m == 60.0 ? 0 : 1];
      const Raster<float>& raster = score == BarrierRule::Score::sum ? map.sum_m : map.maximum_m;
      CHECK(static_cast<double>(raster[p.centre]) == score_of(p));
      for_each_neighbour(shape, p.centre, Neighbourhood::eight,
                         [&](Cell other, bool) { CHECK(raster[other] <= raster[p.centre]); });
      for (std::size_t j = 0; j < i; ++j) {
        const BarrierPlace& q = found.places[j];
        if (q.radius_m != p.radius_m) continue;
        CHECK(score_of(q) >= score_of(p));
        CHECK(std::hypot(shape.row(p.centre) - shape.row(q.centre), shape.col(p.centre) - shape.col(q.centre)) * 30.0 >
              2.0 * p.radius_m);
      }
    }
    // The best cell of the map is the first place of its radius.
    CHECK(score_of(found.places[0]) ==
          static_cast<double>(*std::max_element(
              (score == BarrierRule::Score::sum ? found.maps[0].sum_m : found.maps[0].maximum_m).values.begin(),
              (score == BarrierRule::Score::sum ? found.maps[0].sum_m : found.maps[0].maximum_m).values.end())));
  }
}

TEST_CASE("barriers with direction: on level ground those without, bit for bit; on slopes solved again both ways") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = random_place(dice, 20);
    const LinkRule rule = complete_rule();
    BarrierRule barrier;
    barrier.radii_m = {2.0 * place.frame.cell_m};
    barrier.places = 4;
    const auto barriers = [&](const LinkSet& links) {
      return find_barriers(place.frame, place.surface, place.patches, links, rule, barrier, RunContext{});
    };
    const Barriers plain = barriers(find_links(place.frame, place.surface, place.patches, rule, RunContext{}));
    auto level = std::make_shared<StepEffects>();
    level->cell_m = place.frame.cell_m;
    level->elevation_m = std::make_shared<Raster<float>>(place.frame.shape, 5.0F);
    level->slope.kind = SlopeResponse::Kind::tobler;
    place.surface.steps = level;
    const Barriers flat = barriers(find_links(place.frame, place.surface, place.patches, rule, RunContext{}));
    REQUIRE(flat.maps[0].maximum_m.values == plain.maps[0].maximum_m.values);
    for (std::size_t i = 0; i < flat.places.size(); ++i)
      REQUIRE(flat.places[i].exact_maximum_m == plain.places[i].exact_maximum_m);

    place.surface.steps = random_effects(dice, place.frame, true, dice.chance(0.4));
    const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    for (const BarrierPlace& p : barriers(links).places) {
      Place eased = place;
      eased.surface.resistance =
          restored(place, plain_window(place.frame.shape, p.centre, p.radius_m / place.frame.cell_m), 1.0);
      const LinkSet again = find_links(eased.frame, eased.surface, eased.patches, rule, RunContext{});
      double sum = 0.0;
      for (const Link& link : links.links)
        for (const Link& now : again.links) {
          if (now.a != link.a || now.b != link.b) continue;
          if (link.cost_m != infinity) sum += 0.5 * (link.cost_m - now.cost_m);
          if (link.back_cost_m != infinity) sum += 0.5 * (link.back_cost_m - now.back_cost_m);
        }
      REQUIRE(p.exact_sum_m == doctest::Approx(sum).epsilon(1e-9));
    }
  }
}

TEST_CASE("barriers: the same bit for bit at one thread and at several") {
  Dice dice(11);
  const Shape shape{120, 130};
  const Place place =
      place_of(random_resistance(dice, shape, Resistances::noise, 0.1), random_habitat(dice, shape, 40, 8), 30.0);
  LinkRule rule;
  const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
  BarrierRule barrier;
  barrier.radii_m = {90.0};
  const auto at = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return find_barriers(place.frame, place.surface, place.patches, links, rule, barrier, RunContext{});
  };
  const Barriers one = at(1);
  CHECK(!one.places.empty());
  CHECK(same(one, at(2)));
  CHECK(same(one, at(4)));
}
