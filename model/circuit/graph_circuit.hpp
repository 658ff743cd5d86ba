#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "model/circuit/conflicts.hpp"
#include "model/circuit/solver.hpp"

namespace greenweave {

/// A circuit given as a graph: nodes 0 to `nodes` - 1, and conductances between them.
struct GraphCircuit {
  struct Branch {
    std::int32_t a = 0, b = 0;
    double conductance = 0.0;
  };
  std::int32_t nodes = 0;
  std::vector<Branch> branches;  // a < b, in order, no two alike
};

/// Puts branches in order and sums parallel ones; leaves out those without conductance and from a node to itself.
GraphCircuit graph_circuit(std::int32_t nodes, std::vector<GraphCircuit::Branch> branches);

/// Components of a graph: a number for each node, from 0.
std::vector<std::int32_t> graph_components(const GraphCircuit& graph);

/// One solution on a graph.
struct GraphRun {
  int a = -1, b = -1;  // positions of the focal nodes; -1 in advanced mode
  double value = -1.0;
  bool is_solved = false;
  SolveReport report;
  std::vector<double> voltage;  // of each node; 0 where none flows
};

struct GraphOptions {
  SolverOptions solver;
  /// More unknowns than this are left to the multigrid; up to it a sparse factorisation is as quick and exact.
  std::int32_t most_for_direct = 200'000;
  std::function<bool(int, int)> is_included;  // by position; empty: all. Symmetric
  std::function<bool(int, int)> is_done;      // runs to leave out
};

using GraphVisitor = std::function<void(const GraphRun&)>;

/// 1 A from b to a for each pair of focal nodes: `value` is the effective resistance, 0 for one node twice, -1 without
/// a path. Voltages are 0 at a. N focal nodes of one component take N - 1 solutions (superposition). In order of
/// (a, b).
void graph_pairwise(const GraphCircuit& graph, const std::vector<std::int32_t>& focal, const GraphOptions& options,
                    const RunContext& context, const GraphVisitor& visit);

/// Sources (amperes) and grounds (conductance; infinity: direct) by node, as in the raster's `advanced`. `grounds` ends
/// as what the conflicts left of it.
GraphRun graph_advanced(const GraphCircuit& graph, std::map<std::int32_t, double> sources,
                        std::map<std::int32_t, double>& grounds, ConflictPolicy policy, const GraphOptions& options,
                        const RunContext& context);

struct GraphCurrents {
  std::vector<double> node;    // the larger of what flows in and what flows out, finite grounds included
  std::vector<double> branch;  // from a to b; negative: from b to a
};

/// Currents for voltages. Those below 1e-8 of the largest branch's count as none.
GraphCurrents graph_currents(const GraphCircuit& graph, const std::vector<double>& voltage,
                             const std::map<std::int32_t, double>& grounds);

}  // namespace greenweave
