#pragma once
// Random networks for tests, and their shortest distances by a method of its own.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/run/random.hpp"
#include "tests/support/graphs.hpp"

namespace greenweave::testing {

struct RandomGraph {
  std::vector<double> attributes;
  std::vector<TestLink> links;
  std::vector<IntraPatchCost> intra;
};

/// Up to `most` patches; with few links the graph falls apart. `ties`: costs are small whole numbers.
inline RandomGraph random_graph(std::uint64_t seed, int most, bool ties, bool crossings) {
  const auto uniform = [&](std::uint64_t stream, std::uint64_t i) { return random_uniform(seed, stream, i); };
  RandomGraph graph;
  const int n = 1 + static_cast<int>(uniform(0, 0) * most);
  for (int i = 0; i < n; ++i) graph.attributes.push_back(0.5 + 20.0 * uniform(1, static_cast<std::uint64_t>(i)));
  const double density = 0.02 + 0.5 * uniform(2, 0) * uniform(2, 1);
  std::uint64_t draw = 0;
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b) {
      if (uniform(3, ++draw) > density) continue;
      const double cost = 100.0 + 900.0 * uniform(4, draw);
      graph.links.push_back({a, b, ties ? std::ceil(cost / 250.0) * 250.0 : cost});
    }
  if (crossings)
    for (int p = 0; p < n; ++p)
      for (std::size_t i = 0; i < graph.links.size(); ++i)
        for (std::size_t j = i + 1; j < graph.links.size(); ++j) {
          const auto touches = [&](std::size_t l) { return graph.links[l].a == p || graph.links[l].b == p; };
          if (touches(i) && touches(j))
            graph.intra.push_back({p, static_cast<int>(i), static_cast<int>(j), 300.0 * uniform(5, ++draw)});
        }
  return graph;
}

/// All shortest distances by Floyd and Warshall.
inline std::vector<std::vector<double>> shortest_distances(std::size_t n, const std::vector<TestLink>& links) {
  std::vector<std::vector<double>> d(n, std::vector<double>(n, std::numeric_limits<double>::infinity()));
  for (std::size_t i = 0; i < n; ++i) d[i][i] = 0.0;
  for (const auto& [a, b, cost] : links) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    d[i][j] = d[j][i] = std::min(d[i][j], cost);
  }
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
  return d;
}

}  // namespace greenweave::testing
