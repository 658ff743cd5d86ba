#include "model/indices/metapopulation.hpp"

#include <cmath>
#include <numeric>

#include <Eigen/Dense>
#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/random_networks.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

MetapopulationRule rule_of(double distance_m, double probability) {
  MetapopulationRule rule;
  rule.dispersal = {distance_m, probability};
  return rule;
}

}  // namespace

TEST_CASE("metapopulation capacity: two patches hold a b p, half each") {
  const auto result = metapopulation_capacity(network_of({3.0, 5.0}, {{0, 1, 600.0}}), rule_of(600.0, 0.5));
  CHECK(result.capacity == doctest::Approx(7.5).epsilon(1e-14));
  CHECK(result.share[0] == doctest::Approx(0.5));
  CHECK(result.share[1] == doctest::Approx(0.5));
  // With recolonisation of oneself: [[9, 7.5], [7.5, 25]].
  MetapopulationRule rule = rule_of(600.0, 0.5);
  rule.self_colonisation = true;
  const auto own = metapopulation_capacity(network_of({3.0, 5.0}, {{0, 1, 600.0}}), rule);
  CHECK(own.capacity == doctest::Approx(17.0 + std::sqrt(64.0 + 7.5 * 7.5)));
}

TEST_CASE("metapopulation capacity: a star in closed form") {
  constexpr int k = 7;
  std::vector<TestLink> links;
  for (int i = 1; i <= k; ++i) links.push_back({0, i, 600.0});
  const auto result = metapopulation_capacity(network_of(std::vector<double>(k + 1, 2.0), links), rule_of(600.0, 0.3));
  const double p = 0.3, side = (k - 1) * p * p;
  const double lambda = 0.5 * (side + std::sqrt(side * side + 4.0 * k * p * p));
  CHECK(result.capacity == doctest::Approx(4.0 * lambda).epsilon(1e-13));
  // lambda x = k p y for the centre x and the leaves y.
  const double x = k * p / lambda;
  CHECK(result.share[0] == doctest::Approx(x * x / (x * x + k)).epsilon(1e-12));
  CHECK(std::accumulate(result.share.begin(), result.share.end(), 0.0) == doctest::Approx(1.0).epsilon(1e-14));
}

TEST_CASE("metapopulation capacity: a ring of 500, found by iteration, has equal shares and its row sum") {
  constexpr int n = 500;
  std::vector<TestLink> links;
  for (int i = 0; i < n; ++i) links.push_back({std::min(i, (i + 1) % n), std::max(i, (i + 1) % n), 600.0});
  const auto result = metapopulation_capacity(network_of(std::vector<double>(n, 1.0), links), rule_of(600.0, 0.5));
  double row = std::pow(0.5, n / 2);
  for (int d = 1; d < n / 2; ++d) row += 2.0 * std::pow(0.5, d);
  CHECK(result.products > 0);
  CHECK(result.converged);
  CHECK(result.capacity == doctest::Approx(row).epsilon(1e-12));
  for (const double share : result.share) CHECK(share == doctest::Approx(1.0 / n).epsilon(1e-9));
}

TEST_CASE("metapopulation capacity: nothing, one patch, no links") {
  CHECK(metapopulation_capacity(network_of({}, {}), rule_of(600.0, 0.5)).capacity == 0.0);
  const auto apart = metapopulation_capacity(network_of({5.0, 7.0}, {}), rule_of(600.0, 0.5));
  CHECK(apart.capacity == 0.0);
  CHECK(apart.share == std::vector<double>{0.0, 0.0});
  MetapopulationRule rule = rule_of(600.0, 0.5);
  rule.self_colonisation = true;
  const auto own = metapopulation_capacity(network_of({5.0, 7.0}, {}), rule);
  CHECK(own.capacity == doctest::Approx(49.0));
  CHECK(own.share[1] == 1.0);
  CHECK(own.own[0] == doctest::Approx(25.0));
}

TEST_CASE("metapopulation capacity: the component with the greatest eigenvalue leads, the first of equals") {
  const std::vector<TestLink> links{{0, 1, 600.0}, {2, 3, 600.0}, {4, 5, 600.0}};
  const auto result = metapopulation_capacity(network_of({1, 1, 4, 4, 4, 4}, links), rule_of(600.0, 0.5));
  CHECK(result.capacity == doctest::Approx(8.0));
  CHECK(result.own[0] == doctest::Approx(0.5));
  CHECK(result.share[0] == 0.0);
  CHECK(result.share[2] == doctest::Approx(0.5));
  CHECK(result.share[4] == 0.0);
}

TEST_CASE("metapopulation capacity of random graphs: the matrix as it is written, dense and not symmetric") {
  int iterated = 0;
  for (std::uint64_t seed = 0; seed < 70; ++seed) {
    const bool is_large = seed >= 60;
    RandomGraph graph = random_graph(seed, is_large ? 420 : 50, seed % 3 == 0, false);
    MetapopulationRule rule = rule_of(500.0, 0.4);
    if (seed % 2 == 1) rule.receiving = 0.5, rule.sending = 1.3;
    rule.self_colonisation = seed % 4 == 2;
    const auto n = static_cast<Eigen::Index>(graph.attributes.size());
    const auto d = shortest_distances(graph.attributes.size(), graph.links);
    Eigen::MatrixXd m(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < n; ++j) {
        const auto r = static_cast<std::size_t>(i), c = static_cast<std::size_t>(j);
        m(i, j) = std::pow(graph.attributes[r], rule.receiving) * std::pow(graph.attributes[c], rule.sending) *
                  std::exp(-rule.dispersal.alpha() * d[r][c]);
        if (i == j && !rule.self_colonisation) m(i, j) = 0.0;
      }
    const auto result = metapopulation_capacity(network_of(graph.attributes, graph.links), rule);
    iterated += result.products > 0;
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(m);
    Eigen::Index leading = 0;
    solver.eigenvalues().real().maxCoeff(&leading);
    const double lambda = std::max(0.0, solver.eigenvalues()[leading].real());
    REQUIRE(result.capacity == doctest::Approx(lambda).epsilon(1e-11));
    REQUIRE(result.converged);
    if (lambda == 0.0) continue;
    // The share is the product of left and right eigenvector.
    const Eigen::EigenSolver<Eigen::MatrixXd> transposed(m.transpose());
    Eigen::Index leading_left = 0;
    transposed.eigenvalues().real().maxCoeff(&leading_left);
    Eigen::VectorXd product =
        solver.eigenvectors().col(leading).real().cwiseProduct(transposed.eigenvectors().col(leading_left).real());
    product /= product.sum();
    for (Eigen::Index i = 0; i < n; ++i)
      REQUIRE(std::abs(result.share[static_cast<std::size_t>(i)] - product[i]) < 1e-8);
  }
  CHECK(iterated >= 5);
}

TEST_CASE("metapopulation capacity: more habitat and cheaper links never lower it; the same bits on two threads") {
  for (std::uint64_t seed = 500; seed < 530; ++seed) {
    RandomGraph graph = random_graph(seed, 40, false, false);
    const auto capacity = [&] {
      return metapopulation_capacity(network_of(graph.attributes, graph.links), rule_of(500.0, 0.4)).capacity;
    };
    const double before = capacity();
    graph.attributes[0] += 3.0;
    const double larger = capacity();
    CHECK(larger >= before * (1.0 - 1e-13));
    for (TestLink& link : graph.links) link.cost_m *= 0.8;
    CHECK(capacity() >= larger * (1.0 - 1e-13));
  }
  const RandomGraph graph = random_graph(62, 420, false, false);
  const auto with_threads = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return metapopulation_capacity(network_of(graph.attributes, graph.links), rule_of(500.0, 0.4));
  };
  const auto one = with_threads(1), two = with_threads(2);
  CHECK(one.capacity == two.capacity);
  CHECK(one.share == two.share);
}
