#include "model/indices/link_graph.hpp"

#include <cmath>
#include <limits>
#include <tuple>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/random_networks.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

/// Links and numbers of shortest paths between all pairs, by growing path lengths one link at a time.
struct AllPairs {
  std::vector<std::vector<int>> links;
  std::vector<std::vector<double>> paths;

  AllPairs(const LinkGraph& graph, const Lost& lost) {
    const auto n = static_cast<std::size_t>(graph.patches());
    links.assign(n, std::vector<int>(n, -1));
    paths.assign(n, std::vector<double>(n, 0.0));
    const auto gone = [&](std::size_t v) { return !lost.empty() && lost[v] != 0; };
    for (std::size_t s = 0; s < n; ++s) {
      if (gone(s)) continue;
      links[s][s] = 0, paths[s][s] = 1.0;
      for (int length = 0; length < static_cast<int>(n); ++length)
        for (std::size_t v = 0; v < n; ++v)
          if (links[s][v] == length)
            for (const std::int32_t neighbour : graph.of(static_cast<std::int32_t>(v))) {
              const auto w = static_cast<std::size_t>(neighbour);
              if (gone(w) || (links[s][w] >= 0 && links[s][w] <= length)) continue;
              links[s][w] = length + 1;
              paths[s][w] += paths[s][v];
            }
    }
  }
};

}  // namespace

TEST_CASE("link graph: neighbours in order, each pair once, costs up to the threshold") {
  const LinkGraph graph =
      link_graph(network_of({1, 1, 1, 1}, {{2, 0, 5.0}, {0, 1, 9.0}, {0, 2, 7.0}, {1, 3, 9.5}}), 9.0);
  CHECK(graph.patches() == 4);
  CHECK(graph.links() == 2);
  CHECK(std::vector<std::int32_t>(graph.of(0).begin(), graph.of(0).end()) == std::vector<std::int32_t>{1, 2});
  CHECK(graph.degree(3) == 0);
}

TEST_CASE("betweenness of a chain and a star in closed form") {
  const LinkGraph chain = link_graph(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  const auto of_chain = betweenness(chain);
  for (int i = 0; i < 5; ++i) CHECK(of_chain[static_cast<std::size_t>(i)] == i * (4 - i));
  const LinkGraph star = link_graph(6, {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}});
  CHECK(betweenness(star)[0] == 10.0);
  // A square: two ways round, each carries half of the opposite pair.
  for (const double b : betweenness(link_graph(4, {{0, 1}, {1, 2}, {2, 3}, {0, 3}}))) CHECK(b == 0.5);
  CHECK(harary(chain) == doctest::Approx(4 + 3 / 2.0 + 2 / 3.0 + 1 / 4.0));
}

TEST_CASE("betweenness, Harary and losses of random graphs against all pairs of paths") {
  int with_ties = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    // More than 64 patches now and then, so that searches go in several batches.
    const RandomGraph random = random_graph(seed, seed % 5 == 0 ? 150 : 40, true, false);
    const LinkGraph graph = link_graph(network_of(random.attributes, random.links), 800.0);
    const auto n = static_cast<std::size_t>(graph.patches());
    Lost lost;
    if (seed % 3 == 1)
      for (std::size_t v = 0; v < n; ++v) lost.push_back(random_uniform(seed, 9, v) < 0.2);
    const AllPairs all(graph, lost);
    double inverses = 0.0;
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t t = s + 1; t < n; ++t)
        if (all.links[s][t] > 0) {
          inverses += 1.0 / all.links[s][t];
          with_ties += all.paths[s][t] > 1.0;
        }
    REQUIRE(harary(graph, lost) == doctest::Approx(inverses).epsilon(1e-13));
    const auto plain = betweenness(graph, nullptr, lost), weighted = betweenness(graph, &random.attributes, lost);
    for (std::size_t v = 0; v < n; ++v) {
      double through = 0.0, through_weighted = 0.0;
      for (std::size_t s = 0; s < n; ++s)
        for (std::size_t t = s + 1; t < n; ++t) {
          if (s == v || t == v || all.links[s][t] < 0 || all.links[s][v] < 0 || all.links[v][t] < 0) continue;
          if (all.links[s][v] + all.links[v][t] != all.links[s][t]) continue;
          const double share = all.paths[s][v] * all.paths[v][t] / all.paths[s][t];
          through += share;
          through_weighted += share * random.attributes[s] * random.attributes[t] / (1.0 + all.links[s][t]);
        }
      REQUIRE(std::abs(plain[v] - through) <= 1e-11 * (1.0 + through));
      REQUIRE(std::abs(weighted[v] - through_weighted) <= 1e-11 * (1.0 + through_weighted));
    }
  }
  CHECK(with_ties > 1000);
}

TEST_CASE("what a patch takes with it equals the index with it minus the index without it") {
  for (std::uint64_t seed = 300; seed < 360; ++seed) {
    const RandomGraph random = random_graph(seed, 45, true, false);
    const LinkGraph graph = link_graph(network_of(random.attributes, random.links), 800.0);
    const auto losses = patch_losses(graph, random.attributes);
    const auto n = static_cast<std::size_t>(graph.patches());
    struct Whole {
      int components = 0;
      double harary = 0.0, squares = 0.0;
    };
    const auto judge = [&](const Lost& lost) {
      const AllPairs all(graph, lost);
      Whole whole;
      std::vector<bool> seen(n, false);
      for (std::size_t s = 0; s < n; ++s) {
        double size = 0.0;
        for (std::size_t t = 0; t < n; ++t) {
          if (all.links[s][t] < 0) continue;
          if (t > s) whole.harary += 1.0 / all.links[s][t];
          size += random.attributes[t];
        }
        if (seen[s] || all.links[s][s] < 0) continue;
        for (std::size_t t = 0; t < n; ++t)
          if (all.links[s][t] >= 0) seen[t] = true;
        ++whole.components;
        whole.squares += size * size;
      }
      return whole;
    };
    const Whole with = judge({});
    for (std::size_t k = 0; k < n; ++k) {
      Lost lost(n, 0);
      lost[k] = 1;
      const Whole rest = judge(lost);
      REQUIRE(losses[k].components == with.components - rest.components);
      REQUIRE(std::abs(losses[k].harary - (with.harary - rest.harary)) < 1e-10);
      REQUIRE(losses[k].component_squares == doctest::Approx(with.squares - rest.squares).epsilon(1e-10));
      REQUIRE(losses[k].links == graph.degree(static_cast<std::int32_t>(k)));
    }
  }
}

TEST_CASE("betweenness and losses have the same bits with one thread and with two") {
  const RandomGraph random = random_graph(5, 150, true, false);
  const LinkGraph graph = link_graph(network_of(random.attributes, random.links), 800.0);
  const auto with_threads = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return std::make_tuple(betweenness(graph), betweenness(graph, &random.attributes));
  };
  CHECK(with_threads(1) == with_threads(2));
}
