#include "model/visitors/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using greenweave::testing::plain_link;
using greenweave::testing::plain_nodes;

namespace {

/// Crowding by the BPR curve alone, at one person an hour and metre of width.
CrowdRule plain_crowd() {
  CrowdRule rule;
  rule.capacity_per_min_m = {1.0 / 60.0, 1.0 / 60.0, 1.0 / 60.0};
  rule.repels = rule.shade_gain = 0.0;
  return rule;
}

ChoiceRule logit(double theta) {
  ChoiceRule rule;
  rule.theta_per_min = theta;
  rule.path_size = false;
  rule.most_iterations = 4000;
  rule.least_gap = 1e-9;
  return rule;
}

RouteRule every_way() { return {50, 100.0, 0.999}; }

/// One hour's walkers between one entrance and one attraction.
TrailDemand walkers(double out, double back) { return {1, {{out}, {back}}, {}}; }

/// Root of a falling function in [low, high].
template <class F>
double root_of(double low, double high, const F& f) {
  for (int i = 0; i < 200; ++i) {
    const double mid = (low + high) / 2.0;
    (f(mid) > 0.0 ? low : high) = mid;
  }
  return (low + high) / 2.0;
}

double bpr(double free, double volume, double capacity) { return free * (1.0 + 0.15 * std::pow(volume / capacity, 4)); }

}  // namespace

TEST_CASE("two routes: the logit equilibrium under crowding is the root of its equation") {
  // Route 1: 10 min, 100 persons an hour; route 2: 12 min, 150 persons an hour; 240 persons.
  TrailNetwork network{plain_nodes(1, 0, 1), {plain_link(0, 1, 100.0), plain_link(0, 1, 150.0)}};
  const std::vector<double> minutes{10.0, 12.0};
  const int from[] = {0}, to[] = {1};
  const RouteSet routes = find_routes(network, minutes, from, to, every_way(), {});
  REQUIRE(routes.first_way[1] == 2);
  for (const double theta : {0.05, 0.5, 2.0}) {
    const double x1 = root_of(0.0, 240.0, [&](double x) {
      return 240.0 / (1.0 + std::exp(theta * (bpr(10, x, 100) - bpr(12, 240 - x, 150)))) - x;
    });
    const Assignment result =
        assign(network, routes, minutes, minutes, walkers(240.0, 0.0), plain_crowd(), logit(theta), {});
    CHECK(result.load.along[0] == doctest::Approx(x1).epsilon(1e-4));
    CHECK(result.load.along[0] + result.load.along[1] == doctest::Approx(240.0));
    CHECK(result.minutes[0] == doctest::Approx(bpr(10, x1, 100)).epsilon(1e-3));
    // Little: persons present = flow x time.
    CHECK(result.load.present[0] == doctest::Approx(result.load.along[0] * result.minutes[0] / 60.0));
    // The way back is the same choice in the other direction, and fills the same room.
    const Assignment both =
        assign(network, routes, minutes, minutes, walkers(140.0, 100.0), plain_crowd(), logit(theta), {});
    CHECK(both.load.along[0] + both.load.against[0] == doctest::Approx(x1).epsilon(1e-4));
    CHECK(both.load.along[0] / both.load.against[0] == doctest::Approx(1.4));
  }
}

TEST_CASE("two routes: a large theta is Wardrop's equilibrium, of equal minutes") {
  TrailNetwork network{plain_nodes(1, 0, 1), {plain_link(0, 1, 100.0), plain_link(0, 1, 150.0)}};
  const std::vector<double> minutes{10.0, 12.0};
  const int from[] = {0}, to[] = {1};
  const RouteSet routes = find_routes(network, minutes, from, to, every_way(), {});
  const double x1 = root_of(0.0, 240.0, [](double x) { return bpr(12, 240 - x, 150) - bpr(10, x, 100); });
  const Assignment result =
      assign(network, routes, minutes, minutes, walkers(240.0, 0.0), plain_crowd(), logit(50.0), {});
  CHECK(result.load.along[0] == doctest::Approx(x1).epsilon(0.01));
  CHECK(result.minutes[0] == doctest::Approx(result.minutes[1]).epsilon(0.01));
}

TEST_CASE("Braess: the link in the middle makes everyone slower") {
  // Origin 0, nodes 1 and 2, destination 3. Links 0-1 and 2-3: x / 10 minutes; 0-2 and 1-3: 20 minutes; 1-2: 1 minute.
  // With power 1, alpha f / c is the slope: free 0.001, so alpha 0.001 x / c = x / 10 at c = 0.01 alpha.
  TrailNetwork network{plain_nodes(1, 2, 1),
                       {plain_link(0, 1, 0.01), plain_link(2, 3, 0.01), plain_link(0, 2, 1e9), plain_link(1, 3, 1e9),
                        plain_link(1, 2, 1e9)}};
  std::vector<double> minutes{0.001, 0.001, 20.0, 20.0, 1.0};
  CrowdRule crowd = plain_crowd();
  crowd.alpha = 1.0;
  crowd.power = 1.0;
  const int from[] = {0}, to[] = {3};
  constexpr double theta = 3.0, all = 160.0;
  const RouteSet with = find_routes(network, minutes, from, to, every_way(), {});
  REQUIRE(with.first_way[1] == 3);
  const Assignment braess = assign(network, with, minutes, minutes, walkers(all, 0.0), crowd, logit(theta), {});
  // By symmetry y take 0-1-3, as many 0-2-3, z = all - 2 y the middle: each narrow link has y + z = all - y.
  const double y = root_of(0.0, all / 2.0, [&](double v) {
    const double narrow = 0.001 + (all - v) / 10.0, outer = narrow + 20.0, middle = 2.0 * narrow + 1.0;
    return all / (2.0 + std::exp(-theta * (middle - outer))) - v;
  });
  CHECK(braess.load.along[2] == doctest::Approx(y).epsilon(1e-3));
  CHECK(braess.load.along[3] == doctest::Approx(y).epsilon(1e-3));
  CHECK(braess.load.along[4] == doctest::Approx(all - 2.0 * y).epsilon(1e-3));

  minutes[4] = std::numeric_limits<double>::infinity();  // closed
  const RouteSet without = find_routes(network, minutes, from, to, every_way(), {});
  REQUIRE(without.first_way[1] == 2);
  const Assignment split = assign(network, without, minutes, minutes, walkers(all, 0.0), crowd, logit(theta), {});
  CHECK(split.load.along[0] == doctest::Approx(all / 2.0));
  CHECK(split.load.along[4] == 0.0);
  CHECK(split.hours[0].person_minutes == doctest::Approx(all * (0.001 + all / 20.0 + 20.0)));
  // Wardrop's equilibria: 33 minutes a person with it, 28 without.
  CHECK(braess.hours[0].person_minutes > 1.1 * split.hours[0].person_minutes);
}

TEST_CASE("theta: 0 spreads visitors evenly over the ways, a great one sends them all the shortest") {
  TrailNetwork network{plain_nodes(1, 2, 1),
                       {plain_link(0, 1), plain_link(2, 3), plain_link(0, 2), plain_link(1, 3), plain_link(1, 2)}};
  const std::vector<double> minutes{1.0, 1.0, 3.0, 4.0, 1.0};  // 3 through the middle, 4 and 5 around
  CrowdRule crowd = plain_crowd();
  crowd.alpha = 0.0;
  const int from[] = {0}, to[] = {3};
  const RouteSet routes = find_routes(network, minutes, from, to, every_way(), {});
  REQUIRE(routes.first_way[1] == 3);
  const Assignment even = assign(network, routes, minutes, minutes, walkers(120.0, 0.0), crowd, logit(0.0), {});
  CHECK(even.load.along[0] == doctest::Approx(80.0));
  CHECK(even.load.along[2] == doctest::Approx(40.0));
  CHECK(even.load.along[4] == doctest::Approx(40.0));
  const Assignment one = assign(network, routes, minutes, minutes, walkers(120.0, 0.0), crowd, logit(1e3), {});
  CHECK(one.load.along[0] == doctest::Approx(120.0));
  CHECK(one.load.along[1] == doctest::Approx(120.0));
  CHECK(one.load.along[4] == doctest::Approx(120.0));
  CHECK(one.load.along[2] == doctest::Approx(0.0));
}

TEST_CASE("path size: two ways that are all but one share what a third way alike gets") {
  // One way of its own of 10 min; two that differ in the last minute of ten only.
  TrailNetwork network{plain_nodes(1, 1, 1), {plain_link(0, 2), plain_link(0, 1), plain_link(1, 2), plain_link(1, 2)}};
  const std::vector<double> minutes{10.0, 9.0, 1.0, 1.0};
  const int from[] = {0}, to[] = {2};
  const RouteSet routes = find_routes(network, minutes, from, to, every_way(), {});
  REQUIRE(routes.first_way[1] == 3);
  CrowdRule crowd = plain_crowd();
  crowd.alpha = 0.0;
  ChoiceRule rule = logit(1.0);
  CHECK(assign(network, routes, minutes, minutes, walkers(300.0, 0.0), crowd, rule, {}).load.along[0] ==
        doctest::Approx(100.0));
  rule.path_size = true;
  // Sizes: 1, and 0.9 / 2 + 0.1 twice: 1 / 2.1 of them.
  CHECK(assign(network, routes, minutes, minutes, walkers(300.0, 0.0), crowd, rule, {}).load.along[0] ==
        doctest::Approx(300.0 / 2.1));
}

TEST_CASE("cyclists on a shared path ride at their own pace when it is empty, at the walkers' when it is full") {
  TrailNetwork network{plain_nodes(1, 0, 1), {plain_link(0, 1, 100.0)}};
  const std::vector<double> walking{12.0}, cycling{3.0};
  const int from[] = {0}, to[] = {1};
  const RouteSet routes = find_routes(network, walking, from, to, every_way(), {});
  CrowdRule crowd = plain_crowd();
  crowd.alpha = 0.0;
  for (const auto& [on_foot, pace] : {std::pair{0.0, 3.0}, {50.0, 7.5}, {100.0, 12.0}, {400.0, 12.0}}) {
    TrailDemand demand = walkers(on_foot, 0.0);
    demand.cyclists = {{20.0}, {0.0}};
    const Assignment result = assign(network, routes, walking, cycling, demand, crowd, logit(1.0), {});
    CHECK(result.cyclists[0] == doctest::Approx(20.0));
    CHECK(result.load.present[0] == doctest::Approx((on_foot * 12.0 + 20.0 * pace) / 60.0));
  }
}

TEST_CASE("flow is conserved at every node and hour, the gap falls, and threads do not change a bit") {
  // A grid of 8 x 8 with random lengths, 3 entrances and 4 attractions at its nodes, 5 hours.
  std::mt19937 random(3);
  std::uniform_real_distribution<double> length(1.0, 4.0), persons(0.0, 60.0);
  TrailNetwork network;
  network.nodes.resize(64);
  for (int r = 0; r < 8; ++r)
    for (int c = 0; c < 8; ++c) {
      if (c < 7) network.links.push_back(plain_link(8 * r + c, 8 * r + c + 1, 500.0));
      if (r < 7) network.links.push_back(plain_link(8 * (r + 1) + c, 8 * r + c, 500.0));
    }
  std::vector<double> walking, cycling;
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    walking.push_back(length(random));
    cycling.push_back(walking.back() / 3.0);
  }
  const std::vector<int> entrances{0, 7, 60}, attractions{27, 36, 63, 50};
  const RouteSet routes = find_routes(network, walking, entrances, attractions, {}, {});
  TrailDemand demand;
  demand.hours = 5;
  for (Legs* legs : {&demand.walkers, &demand.cyclists})
    for (std::vector<double>* way : {&legs->out, &legs->back})
      for (std::size_t i = 0; i < 5 * routes.pairs(); ++i) way->push_back(persons(random));
  ChoiceRule choice;
  choice.least_gap = 0.0;
  const auto run = [&] { return assign(network, routes, walking, cycling, demand, plain_crowd(), choice, {}); };
  const Assignment result = run();

  for (std::size_t h = 0; h < 5; ++h) {
    std::vector<double> balance(64, 0.0);
    for (std::size_t l = 0; l < network.links.size(); ++l) {
      const double net = result.load.along[l * 5 + h] - result.load.against[l * 5 + h];
      balance[static_cast<std::size_t>(network.links[l].from)] -= net;
      balance[static_cast<std::size_t>(network.links[l].to)] += net;
    }
    for (std::size_t e = 0; e < 3; ++e)
      for (std::size_t k = 0; k < 4; ++k)
        for (const Legs* legs : {&demand.walkers, &demand.cyclists}) {
          const std::size_t i = h * routes.pairs() + routes.pair(e, k);
          balance[static_cast<std::size_t>(entrances[e])] += legs->out[i] - legs->back[i];
          balance[static_cast<std::size_t>(attractions[k])] -= legs->out[i] - legs->back[i];
        }
    for (const double rest : balance) CHECK(rest == doctest::Approx(0.0).epsilon(1e-9));
    const std::vector<double>& gaps = result.hours[h].gaps;
    REQUIRE(gaps.size() == 30);
    const auto mean = [&](std::size_t from, std::size_t to) {
      double sum = 0.0;
      for (std::size_t i = from; i < to; ++i) sum += gaps[i];
      return sum / static_cast<double>(to - from);
    };
    CHECK(mean(0, 10) > mean(10, 20));
    CHECK(mean(10, 20) > mean(20, 30));
    CHECK(gaps.back() < 0.01);
  }
  for (const std::size_t threads : {1U, 3U}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    const Assignment again = run();
    CHECK(again.load.along == result.load.along);
    CHECK(again.load.present == result.load.present);
  }
}

TEST_CASE("the ways found are simple, differ, and hold every way within the limits of small networks") {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> length(1.0, 3.0);
  for (int round = 0; round < 20; ++round) {
    // A ladder of four rungs: all simple ways by depth-first search.
    TrailNetwork network;
    network.nodes.resize(8);
    for (int i = 0; i < 4; ++i) network.links.push_back(plain_link(2 * i, 2 * i + 1));
    for (int i = 0; i < 3; ++i) {
      network.links.push_back(plain_link(2 * i, 2 * i + 2));
      network.links.push_back(plain_link(2 * i + 1, 2 * i + 3));
    }
    std::vector<double> minutes;
    for (std::size_t l = 0; l < network.links.size(); ++l) minutes.push_back(length(random));
    double least = std::numeric_limits<double>::infinity();
    std::vector<bool> seen(8, false);
    const auto walk = [&](const auto& self, int node, double so_far) -> void {
      if (node == 7) least = std::min(least, so_far);
      seen[static_cast<std::size_t>(node)] = true;
      for (std::size_t l = 0; l < network.links.size(); ++l)
        for (const auto& [a, b] : {std::pair{network.links[l].from, network.links[l].to},
                                   std::pair{network.links[l].to, network.links[l].from}})
          if (a == node && !seen[static_cast<std::size_t>(b)]) self(self, b, so_far + minutes[l]);
      seen[static_cast<std::size_t>(node)] = false;
    };
    walk(walk, 0, 0.0);
    const int from[] = {0}, to[] = {7};
    const RouteSet routes = find_routes(network, minutes, from, to, {5, 1.5, 0.8}, {});
    CHECK(shortest_minutes(routes, minutes)[0] == doctest::Approx(least));
    std::vector<std::vector<std::int32_t>> ways;
    for (std::size_t w = 0; w < static_cast<std::size_t>(routes.first_way[1]); ++w) {
      const auto way = routes.way(w);
      double sum = 0.0;
      int node = 0;
      for (const std::int32_t step : way) {
        const TrailLink& link = network.links[static_cast<std::size_t>(step / 2)];
        CHECK((step % 2 == 0 ? link.from : link.to) == node);
        node = step % 2 == 0 ? link.to : link.from;
        sum += minutes[static_cast<std::size_t>(step / 2)];
      }
      CHECK(node == 7);
      CHECK(sum <= 1.5 * least * (1.0 + 1e-9));
      ways.emplace_back(way.begin(), way.end());
    }
    CHECK(ways.size() >= 2);
    std::sort(ways.begin(), ways.end());
    CHECK(std::adjacent_find(ways.begin(), ways.end()) == ways.end());
  }
}

TEST_CASE("visitors for a place that cannot be reached are an error that names both ends") {
  TrailNetwork network{plain_nodes(1, 0, 1), {plain_link(0, 0)}};
  const std::vector<double> minutes{1.0};
  const int from[] = {0}, to[] = {1};
  const RouteSet routes = find_routes(network, minutes, from, to, {}, {});
  CHECK_FALSE(routes.is_joined(0));
  CHECK_THROWS_WITH_AS(assign(network, routes, minutes, minutes, walkers(1.0, 0.0), plain_crowd(), logit(1.0), {}),
                       doctest::Contains("gate0\": visitors for \"sight0\" have no way there"), InputError);
}

TEST_CASE("minutes on empty links: pace, surface and slope") {
  TrailNetwork network{plain_nodes(1, 0, 1), {plain_link(0, 1), plain_link(0, 1), plain_link(0, 1)}};
  network.links[1].surface = TrailSurface::steps;
  network.links[2].mean_slope_percent = 20.0;
  const std::vector<double> walking = walking_minutes(network), cycling = cycling_minutes(network);
  CHECK(walking[0] == doctest::Approx(1.5));  // 100 m at 4 km/h
  CHECK(cycling[0] == doctest::Approx(0.4));
  CHECK(walking[1] == doctest::Approx(2.4));
  CHECK(cycling[1] == walking[1]);
  // Tobler 20 % up and down over level ground: exp(0.7) x (1 + exp(-0.35)) / 2.
  CHECK(walking[2] ==
        doctest::Approx(1.5 * std::exp(0.7) * (std::exp(0.175) + std::exp(-0.175)) / 2.0 / std::exp(0.175)));
}
