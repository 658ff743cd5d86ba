#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "model/circuit/raster_circuit.hpp"
#include "model/circuit/solver.hpp"

namespace greenweave {

/// Where 1 A enters or leaves together: nodes and what share of it each takes. Shares are > 0; they are scaled to sum
/// to 1. `key` tells a terminal again in another landscape.
struct Terminal {
  std::int64_t key = 0;
  std::vector<std::pair<std::int32_t, double>> shares;
};

/// Voltages that answer every question about currents between terminals. All N (N - 1) / 2 pairs follow from N - 1
/// solutions: 1 A from i to j has the voltages x_i - x_j.
struct TerminalVoltages {
  std::vector<Terminal> terminals;   // as given, without the nodes outside the main component
  std::vector<std::uint8_t> joined;  // whether anything is left of it there
  std::vector<std::vector<double>>
      x;                             // 1 A from terminal k to the first joined one; empty for that and those not joined
  std::vector<SolveReport> reports;  // of each x; converged and 0 iterations where there is none

  int count() const { return static_cast<int>(terminals.size()); }
  double at(int k, std::int32_t node) const {
    const auto& v = x[static_cast<std::size_t>(k)];
    return v.empty() ? 0.0 : v[static_cast<std::size_t>(node)];
  }
  /// Effective resistance between two terminals: (t_a - t_b)' (x_a - x_b), the power of 1 A. Infinity unless both are
  /// joined.
  double resistance(int a, int b) const;
};

/// Voltages of terminals by cell, known by their keys: where the solution for a similar landscape may start.
struct CellVoltages {
  std::vector<std::int64_t> keys;
  std::vector<Raster<float>> volts;
};

/// Solves for the terminals in the component that holds most of their shares (of equal ones the first). A terminal
/// whose solution does not converge is not joined, and its report says so; the others stand. `start` may hold the
/// voltages of a similar landscape; terminals are matched by their keys.
TerminalVoltages solve_terminals(const RasterCircuit& circuit, std::vector<Terminal> terminals,
                                 const SolverOptions& options, const RunContext& context,
                                 const CellVoltages* start = nullptr);
CellVoltages voltages_by_cell(const RasterCircuit& circuit, const TerminalVoltages& voltages);

/// Current through each cell, amperes, summed over all pairs of joined terminals with 1 A each: half of what its steps
/// and ties carry and of what enters or leaves there. (Which is the larger of inflow and outflow, as in Circuitscape.)
Raster<float> cumulative_current(const RasterCircuit& circuit, const TerminalVoltages& voltages);
/// The same for terminals of one node each in one component: voltages by node for 1 A from terminal k to one that all
/// share (null: 0 everywhere), and nodes.
Raster<double> cumulative_current(const RasterCircuit& circuit, const std::vector<const double*>& x,
                                  const std::vector<std::int32_t>& nodes);

/// How fast the sum of all pairs' effective resistances falls with the resistance of a cell: the sum over its steps of
/// half their length x current squared. That sum is concave in the resistances, so gradient x fall is a lower bound of
/// what a fall of any size gains. For average resistance, in which a step's resistance is the sum of what its two cells
/// give; ties, and so merged cells, count nothing.
Raster<float> resistance_gradient(const RasterCircuit& circuit, const TerminalVoltages& voltages);

}  // namespace greenweave
