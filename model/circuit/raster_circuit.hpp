#pragma once
#include <vector>

#include "model/circuit/laplacian.hpp"

namespace greenweave {

/// How the conductance of a step follows from two cells; the diagonal's is divided by sqrt 2 (McRae and others 2008).
enum class StepConductance {
  average_resistance,   // 2 / (R1 + R2)
  average_conductance,  // (G1 + G2) / 2
};

/// How a raster becomes a circuit.
struct CircuitRule {
  Neighbourhood neighbourhood = Neighbourhood::eight;
  StepConductance step = StepConductance::average_resistance;
};

/// A raster as a circuit, and where its cells are found in it.
struct RasterCircuit {
  Laplacian laplacian;
  Raster<std::int32_t> node;  // of each cell; -1: none
};

/// The circuit of a raster of conductances (> 0; 0: no node). Cells of one group (a short-circuit region; 0: none) are
/// one node if any of them has a conductance; cells without one belong to it too, and step to their neighbours as the
/// rule says: not at all under average resistance, by half the neighbour's conductance under average conductance.
/// `group` may be empty.
RasterCircuit raster_circuit(const Raster<float>& conductance, const Raster<std::int32_t>& group,
                             const CircuitRule& rule);

/// The same circuit with the given nodes held at 0 volts: they are taken out, and what led to them leads to ground.
Laplacian with_grounded(const Laplacian& laplacian, const std::vector<std::int32_t>& nodes);

/// Components of a circuit: a number for each node, from 0; -1 for cells that are no node.
std::vector<std::int32_t> circuit_components(const Laplacian& laplacian);

/// Current through each cell, amperes: the larger of what flows in and what flows out over steps and ties, for voltages
/// `v`, or `v - minus` if `minus` is given. Currents of a branch below `least` count as none. Cells of one node all
/// show its current; cells that are no node, 0. `out` has the raster's shape.
void node_currents(const RasterCircuit& circuit, const double* v, const double* minus, double least,
                   Raster<double>& out);

}  // namespace greenweave
