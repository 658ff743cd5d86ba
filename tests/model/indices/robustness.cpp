#include "model/indices/robustness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/indices/connectivity.hpp"
#include "tests/support/random_networks.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

RobustnessRule rule_of(std::vector<Attack> attacks) {
  RobustnessRule rule;
  rule.attacks = std::move(attacks);
  rule.most_cost_m = infinity;
  return rule;
}

/// Components without the first k patches of an order, by flooding.
struct Flooded {
  int largest = 0, components = 0;
  double largest_ha = 0.0;
};

Flooded flood(const LinkGraph& graph, const std::vector<double>& attribute, const std::vector<std::int32_t>& order,
              std::size_t k) {
  std::vector<bool> seen(order.size(), false);
  for (std::size_t i = 0; i < k; ++i) seen[static_cast<std::size_t>(order[i])] = true;
  Flooded result;
  for (std::size_t first = 0; first < order.size(); ++first) {
    if (seen[first]) continue;
    ++result.components;
    std::vector<std::int32_t> stack{static_cast<std::int32_t>(first)};
    seen[first] = true;
    int size = 0;
    double ha = 0.0;
    while (!stack.empty()) {
      const std::int32_t v = stack.back();
      stack.pop_back();
      ++size;
      ha += attribute[static_cast<std::size_t>(v)];
      for (const std::int32_t w : graph.of(v))
        if (!seen[static_cast<std::size_t>(w)]) {
          seen[static_cast<std::size_t>(w)] = true;
          stack.push_back(w);
        }
    }
    result.largest = std::max(result.largest, size);
    result.largest_ha = std::max(result.largest_ha, ha);
  }
  return result;
}

}  // namespace

TEST_CASE("robustness: a star falls apart with its centre") {
  std::vector<TestLink> links;
  for (int i = 0; i < 9; ++i) links.push_back({std::min(i, 9), 9, 600.0});
  const HabitatNetwork star = network_of(std::vector<double>(10, 2.0), links);
  RobustnessRule rule = rule_of({Attack::degree, Attack::betweenness_recalculated});
  rule.points = 10;
  for (const RobustnessCurve& curve : robustness(star, rule, {})) {
    CHECK(curve.R == doctest::Approx(9.0 / 100.0));
    CHECK(curve.half == doctest::Approx(0.1));
    REQUIRE(curve.points.size() == 11);
    CHECK(curve.points[0].largest == 1.0);
    CHECK(curve.points[0].largest_ha == 20.0);
    CHECK(curve.points[1].largest == doctest::Approx(0.1));
    CHECK(curve.points[1].components == 9.0);
    CHECK(curve.points[1].efficiency == 0.0);
    CHECK(curve.points[0].efficiency == doctest::Approx((9.0 + 36.0 / 2.0) / 45.0));
    CHECK(curve.points[10].components == 0.0);
    CHECK(curve.points[10].largest == 0.0);
    CHECK(std::isnan(curve.points[0].eca_ha));
  }
}

TEST_CASE("robustness: a complete graph shrinks by one patch at a time, whatever the attack") {
  constexpr int n = 12;
  std::vector<TestLink> links;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j) links.push_back({i, j, 600.0});
  RobustnessRule rule = rule_of({Attack::degree, Attack::degree_recalculated, Attack::betweenness,
                                 Attack::betweenness_recalculated, Attack::random});
  rule.points = n;
  rule.draws = 7;
  for (const RobustnessCurve& curve : robustness(network_of(std::vector<double>(n, 1.0), links), rule, {})) {
    CHECK(curve.R == doctest::Approx((n - 1.0) / (2.0 * n)));
    CHECK(curve.R_sd == doctest::Approx(0.0));
    for (const RemovalPoint& p : curve.points) {
      CHECK(p.largest == doctest::Approx(1.0 - p.removed / static_cast<double>(n)));
      CHECK(p.efficiency == doctest::Approx((n - p.removed) * (n - p.removed - 1.0) / (n * (n - 1.0))));
    }
  }
}

TEST_CASE("robustness: a chain, by degree anew and by betweenness anew") {
  const LinkGraph chain = link_graph(7, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}});
  // By degree: 1 is the first of those with two links; then 3 is (2 has one left), then 5; then nothing has links.
  CHECK(order_by_degree(chain, true) == std::vector<std::int32_t>{1, 3, 5, 0, 2, 4, 6});
  CHECK(order_by_degree(chain, false) == std::vector<std::int32_t>{1, 2, 3, 4, 5, 0, 6});
  // By betweenness: the middle, then the middles of the halves.
  const auto anew = order_by_betweenness(chain, 1, {});
  CHECK(anew == std::vector<std::int32_t>{3, 1, 5, 0, 2, 4, 6});
  CHECK(order_by_betweenness(chain, 0, {}) == std::vector<std::int32_t>{3, 2, 4, 1, 5, 0, 6});
  const ComponentCurve curve = component_curve(chain, std::vector<double>(7, 1.0), anew);
  CHECK(curve.largest == std::vector<std::int32_t>{7, 3, 3, 1, 1, 1, 1, 0});
  CHECK(curve.components == std::vector<std::int32_t>{1, 2, 3, 4, 3, 2, 1, 0});
}

TEST_CASE("robustness: curves of random graphs against flooding, patch by patch") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const RandomGraph random = random_graph(seed, 60, false, false);
    const LinkGraph graph = link_graph(network_of(random.attributes, random.links), 700.0);
    const auto order = seed % 2 == 0 ? random_order(graph.patches(), seed, 3) : order_by_degree(graph, true);
    const ComponentCurve curve = component_curve(graph, random.attributes, order);
    for (std::size_t k = 0; k <= order.size(); ++k) {
      const Flooded truth = flood(graph, random.attributes, order, k);
      REQUIRE(curve.largest[k] == truth.largest);
      REQUIRE(curve.components[k] == truth.components);
      REQUIRE(curve.largest_ha[k] == doctest::Approx(truth.largest_ha).epsilon(1e-12));
    }
  }
}

TEST_CASE("robustness: recalculated orders take the greatest of what is left, each time") {
  for (std::uint64_t seed = 200; seed < 230; ++seed) {
    const RandomGraph random = random_graph(seed, 30, false, false);
    const LinkGraph graph = link_graph(network_of(random.attributes, random.links), infinity);
    const auto n = static_cast<std::size_t>(graph.patches());
    const auto by_degree = order_by_degree(graph, true), by_betweenness = order_by_betweenness(graph, 1, {});
    for (const auto* order : {&by_degree, &by_betweenness}) {
      Lost lost(n, 0);
      for (const std::int32_t v : *order) {
        const auto between = betweenness(graph, nullptr, lost);
        double best = 0.0, taken = 0.0;
        for (std::size_t w = 0; w < n; ++w) {
          if (lost[w] != 0) continue;
          double score = between[w];
          if (order == &by_degree) {
            score = 0.0;
            for (const std::int32_t x : graph.of(static_cast<std::int32_t>(w)))
              score += lost[static_cast<std::size_t>(x)] == 0;
          }
          best = std::max(best, score);
          if (static_cast<std::int32_t>(w) == v) taken = score;
        }
        REQUIRE(lost[static_cast<std::size_t>(v)] == 0);
        REQUIRE(taken == doctest::Approx(best).epsilon(1e-6));
        lost[static_cast<std::size_t>(v)] = 1;
      }
      REQUIRE(std::accumulate(lost.begin(), lost.end(), 0) == static_cast<int>(n));
    }
  }
}

TEST_CASE("robustness: random draws average curves of their own; efficiency and ECA are those of what is left") {
  const RandomGraph random = random_graph(31, 40, false, true);
  const HabitatNetwork network = network_of(random.attributes, random.links, random.intra);
  RobustnessRule rule = rule_of({Attack::random, Attack::given});
  rule.draws = 5;
  rule.points = 4;
  rule.eca = true;
  rule.dispersal = {500.0, 0.4};
  rule.score = random.attributes;
  const auto curves = robustness(network, rule, {});
  const LinkGraph graph = link_graph(network, infinity);
  const auto n = graph.patches();
  const auto left_after = [&](const std::vector<std::int32_t>& order, std::int32_t removed) {
    std::vector<int> place(static_cast<std::size_t>(n), -1);
    RandomGraph left;
    int next = 0;
    std::vector<std::int32_t> kept(order.begin() + removed, order.end());
    std::sort(kept.begin(), kept.end());
    for (const std::int32_t v : kept) {
      place[static_cast<std::size_t>(v)] = next++;
      left.attributes.push_back(random.attributes[static_cast<std::size_t>(v)]);
    }
    std::vector<int> link_place(random.links.size(), -1);
    for (std::size_t l = 0; l < random.links.size(); ++l) {
      const int a = place[static_cast<std::size_t>(random.links[l].a)],
                b = place[static_cast<std::size_t>(random.links[l].b)];
      if (a < 0 || b < 0) continue;
      link_place[l] = static_cast<int>(left.links.size());
      left.links.push_back({a, b, random.links[l].cost_m});
    }
    for (const IntraPatchCost& c : random.intra) {
      const int a = link_place[static_cast<std::size_t>(c.link_a)], b = link_place[static_cast<std::size_t>(c.link_b)];
      if (a >= 0 && b >= 0) left.intra.push_back({place[static_cast<std::size_t>(c.patch)], a, b, c.cost_m});
    }
    return left;
  };
  for (std::size_t p = 0; p < curves[0].points.size(); ++p) {
    const RemovalPoint& point = curves[0].points[p];
    std::vector<double> largest, eca;
    for (int draw = 0; draw < 5; ++draw) {
      const auto order = random_order(n, 1, draw);
      largest.push_back(flood(graph, random.attributes, order, static_cast<std::size_t>(point.removed)).largest /
                        static_cast<double>(n));
      const RandomGraph left = left_after(order, point.removed);
      eca.push_back(equivalent_connected_area(network_of(left.attributes, left.links, left.intra), rule.dispersal));
    }
    const double mean = std::accumulate(largest.begin(), largest.end(), 0.0) / 5.0;
    double squares = 0.0;
    for (const double x : largest) squares += (x - mean) * (x - mean);
    CHECK(point.largest == doctest::Approx(mean));
    CHECK(point.largest_sd == doctest::Approx(std::sqrt(squares / 4.0)));
    CHECK(point.eca_ha == doctest::Approx(std::accumulate(eca.begin(), eca.end(), 0.0) / 5.0));
  }
  const auto by_area = order_by_score(random.attributes);
  const RandomGraph left = left_after(by_area, curves[1].points[1].removed);
  const LinkGraph rest = link_graph(network_of(left.attributes, left.links), infinity);
  CHECK(curves[1].points[1].efficiency == doctest::Approx(harary(rest) / (0.5 * n * (n - 1.0))));
}

TEST_CASE("robustness: no patch, one patch; the same bits on one thread and on two") {
  const auto attacks = {Attack::degree, Attack::degree_recalculated, Attack::betweenness,
                        Attack::betweenness_recalculated, Attack::random};
  for (const auto& attributes : {std::vector<double>{}, std::vector<double>{5.0}})
    for (const RobustnessCurve& curve : robustness(network_of(attributes, {}), rule_of(attacks), {})) {
      CHECK(curve.R == 0.0);
      CHECK(curve.points.back().largest_ha == 0.0);
      CHECK(curve.points.back().components == 0.0);
    }
  const RandomGraph random = random_graph(36, 60, false, false);
  RobustnessRule rule = rule_of(attacks);
  rule.eca = true;
  const auto with_threads = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return robustness(network_of(random.attributes, random.links), rule, {});
  };
  const auto one = with_threads(1), two = with_threads(2);
  for (std::size_t c = 0; c < one.size(); ++c) {
    CHECK(one[c].R == two[c].R);
    for (std::size_t p = 0; p < one[c].points.size(); ++p) {
      CHECK(one[c].points[p].efficiency == two[c].points[p].efficiency);
      CHECK(one[c].points[p].eca_ha == two[c].points[p].eca_ha);
      CHECK(one[c].points[p].largest_sd == two[c].points[p].largest_sd);
    }
  }
}
