#pragma once
#include <functional>
#include <string>
#include <vector>

#include "model/circuit/conflicts.hpp"
#include "model/circuit/raster_circuit.hpp"
#include "model/circuit/solver.hpp"

namespace greenweave {

/// A raster to send currents through.
struct CircuitMap {
  Raster<float> conductance;           // > 0; 0: no node
  Raster<std::int32_t> short_circuit;  // region of cells without resistance between them; 0: none; may be empty
  CircuitRule rule;
};

/// Where current enters or leaves: one cell, or a region, which is one node while it is at work.
struct FocalNode {
  int id = 0;
  std::vector<Cell> cells;
};

/// One run of a mode: a pair, or one focal node against all others.
struct CircuitRun {
  int a = -1, b = -1;                       // positions of the focal nodes; b = -1 in one-to-all and all-to-one
  double value = -1.0;                      // as the mode says
  bool is_solved = false;                   // current flowed
  SolveReport report;                       // the worst of the solves it rests on
  const Raster<double>* current = nullptr;  // amperes; null unless asked for
  const Raster<double>* voltage = nullptr;
  const RasterCircuit* circuit = nullptr;  // which cells are one node
};

struct CircuitOptions {
  bool currents = true;
  bool voltages = false;
  /// Pairwise, if not null: the currents of all pairs with an acceptable solution are added here. Without `currents`
  /// that takes one pass over the raster for all points together, and branches with next to no current count too.
  Raster<double>* cumulative = nullptr;
  SolverOptions solver;
  /// Whether a run may pair two focal nodes (positions); empty: all. Symmetric for pairwise.
  std::function<bool(int, int)> is_included;
  /// Amperes of a source by position, in one-to-all and all-to-one; empty: 1.
  std::function<double(int)> strength;
  /// Runs to leave out, because an earlier run has made them: positions, b = -1 in one-to-all and all-to-one.
  std::function<bool(int, int)> is_done;
  /// Told now and then how many of the present circuit's solutions are found.
  std::function<void(std::size_t, std::size_t)> on_solved;
};

using RunVisitor = std::function<void(const CircuitRun&)>;

/// Pairwise: 1 A from b to a for each pair a < b, all else floating; `value` is the effective resistance, -1 where no
/// path joins the two or one of them is no node, 0 where they are the same node. Voltages are 0 at a. In the voltage
/// and current maps of a pair only its own regions are short-circuited. N single cells take N - 1 solves for all pairs
/// (superposition). Visited in order of (a, b).
void pairwise(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
              const RunContext& context, const RunVisitor& visit);

/// One-to-all: each focal node in turn is a source of 1 A (or its strength), all others are grounds; `value` is the
/// source's voltage over its current, -1 where it reaches no ground. All regions are short-circuited.
void one_to_all(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
                const RunContext& context, const RunVisitor& visit);

/// All-to-one: each focal node in turn is the ground of the currents of all others, each entering at its first cell;
/// `value` is 0 where current flows, -1 where no source reaches it or no other is included. Focal nodes that are not
/// included with the ground send 1 A all the same, as in Circuitscape; only their regions are not short-circuited.
void all_to_one(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
                const RunContext& context, const RunVisitor& visit);

/// Sources (amperes, by cell; 0: none) and grounds (conductance, by cell; infinity: direct; 0: none) at once. A
/// component takes part if the sum of its sources and that of its grounds are both other than 0. The run's `value` is 0
/// if any component did.
void advanced(const CircuitMap& map, const Raster<double>& source, const Raster<double>& ground, ConflictPolicy policy,
              const CircuitOptions& options, const RunContext& context, const RunVisitor& visit);

}  // namespace greenweave
