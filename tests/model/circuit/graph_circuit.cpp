#include "model/circuit/graph_circuit.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <doctest/doctest.h>

#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

GraphCircuit random_graph(Dice& dice, std::int32_t nodes, int branches) {
  std::vector<GraphCircuit::Branch> list;
  for (int k = 0; k < branches; ++k) list.push_back({dice.below(nodes), dice.below(nodes), 0.1 + dice.uniform()});
  return graph_circuit(nodes, list);
}

/// Effective resistance from the pseudoinverse of the Laplacian.
Eigen::MatrixXd resistances(const GraphCircuit& graph) {
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(graph.nodes, graph.nodes);
  for (const auto& branch : graph.branches) {
    a(branch.a, branch.a) += branch.conductance;
    a(branch.b, branch.b) += branch.conductance;
    a(branch.a, branch.b) -= branch.conductance;
    a(branch.b, branch.a) -= branch.conductance;
  }
  const Eigen::MatrixXd inverse = a.completeOrthogonalDecomposition().pseudoInverse();
  Eigen::MatrixXd r(graph.nodes, graph.nodes);
  for (Eigen::Index i = 0; i < graph.nodes; ++i)
    for (Eigen::Index j = 0; j < graph.nodes; ++j) r(i, j) = inverse(i, i) + inverse(j, j) - 2.0 * inverse(i, j);
  return r;
}

}  // namespace

TEST_CASE("branches are put in order, parallel ones summed, loops and nothing left out") {
  const GraphCircuit graph = graph_circuit(4, {{2, 1, 1.0}, {0, 1, 2.0}, {1, 2, 0.5}, {3, 3, 9.0}, {0, 3, 0.0}});
  REQUIRE(graph.branches.size() == 2);
  CHECK(graph.branches[0].a == 0);
  CHECK(graph.branches[0].b == 1);
  CHECK(graph.branches[1].conductance == 1.5);
  CHECK(graph_components(graph) == std::vector<std::int32_t>{0, 0, 0, 1});
}

TEST_CASE("pairwise on graphs: resistances of the pseudoinverse, Kirchhoff's law, directly and by multigrid") {
  int solved = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const GraphCircuit graph = random_graph(dice, 3 + dice.below(12), 2 + dice.below(20));
    const Eigen::MatrixXd expected = resistances(graph);
    const std::vector<std::int32_t> component = graph_components(graph);
    std::vector<std::int32_t> focal;
    for (int k = 2 + dice.below(4); k > 0; --k) focal.push_back(dice.below(graph.nodes));
    for (const std::int32_t most : {1000, 0}) {
      GraphOptions options;
      options.solver = {1e-12, 200};
      options.most_for_direct = most;
      int runs = 0;
      graph_pairwise(graph, focal, options, RunContext{}, [&](const GraphRun& run) {
        ++runs;
        const auto a = static_cast<std::size_t>(focal[static_cast<std::size_t>(run.a)]);
        const auto b = static_cast<std::size_t>(focal[static_cast<std::size_t>(run.b)]);
        if (a == b) {
          CHECK(run.value == 0.0);
          return;
        }
        if (component[a] != component[b]) {
          CHECK(run.value == -1.0);
          return;
        }
        ++solved;
        CHECK(run.report.converged);
        REQUIRE(run.value ==
                doctest::Approx(expected(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b))).epsilon(1e-8));
        CHECK(run.voltage[a] == 0.0);
        CHECK(run.voltage[b] == doctest::Approx(run.value).epsilon(1e-9));
        const GraphCurrents currents = graph_currents(graph, run.voltage, {});
        CHECK(currents.node[a] == doctest::Approx(1.0).epsilon(1e-6));
        std::vector<double> net(static_cast<std::size_t>(graph.nodes), 0.0);
        for (std::size_t k = 0; k < graph.branches.size(); ++k) {
          net[static_cast<std::size_t>(graph.branches[k].a)] += currents.branch[k];
          net[static_cast<std::size_t>(graph.branches[k].b)] -= currents.branch[k];
        }
        net[b] -= 1.0;
        net[a] += 1.0;
        for (const double left : net) CHECK(std::abs(left) < 1e-6);
      });
      CHECK(runs == static_cast<int>(focal.size() * (focal.size() - 1) / 2));
    }
  }
  CHECK(solved > 100);
}

TEST_CASE("advanced on a chain: a source, finite and direct grounds, policies") {
  // 0 - 1 - 2, 1 ohm each.
  const GraphCircuit chain = graph_circuit(4, {{0, 1, 1.0}, {1, 2, 1.0}});
  const auto run = [&](std::map<std::int32_t, double> sources, std::map<std::int32_t, double> grounds,
                       ConflictPolicy policy = ConflictPolicy::keep_all) {
    return graph_advanced(chain, std::move(sources), grounds, policy, {}, RunContext{});
  };
  // 3 A at node 0, node 2 grounded: 6 V, 3 V, 0 V.
  CHECK(run({{0, 3.0}}, {{2, infinity}}).voltage == std::vector<double>{6.0, 3.0, 0.0, 0.0});
  // Through 2 ohms to ground.
  const GraphRun finite = run({{0, 3.0}}, {{2, 0.5}});
  CHECK(finite.voltage[2] == doctest::Approx(6.0));
  CHECK(graph_currents(chain, finite.voltage, {{2, 0.5}}).node[2] == doctest::Approx(3.0));
  // A direct ground on a source goes, unless the source went before it.
  CHECK_FALSE(run({{0, 3.0}}, {{0, infinity}}).is_solved);
  CHECK(run({{0, 3.0}, {1, 1.0}}, {{0, infinity}}, ConflictPolicy::remove_source).voltage[1] == doctest::Approx(1.0));
  CHECK_FALSE(run({{0, 3.0}}, {{0, 0.5}}, ConflictPolicy::remove_ground).is_solved);
  CHECK(run({{0, 3.0}}, {{0, 0.5}}).voltage[0] == doctest::Approx(6.0));
  // A source without a ground in its component, and sources that cancel.
  CHECK_FALSE(run({{3, 1.0}}, {{2, 0.5}}).is_solved);
  CHECK_FALSE(run({{0, 1.0}, {1, -1.0}}, {{2, 0.5}}).is_solved);
}
