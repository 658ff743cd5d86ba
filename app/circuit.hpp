#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "model/grid/geometry.hpp"
#include "model/grid/raster.hpp"

namespace greenweave {

/// 1 A from one place of a raster of resistances to another.
struct CircuitRequest {
  std::filesystem::path resistance;
  std::filesystem::path out;        // name of the outputs, without an extension
  std::vector<double> from, to;     // x, y in the raster's CRS
  double tolerance = 1e-10;         // of the true residual, relative to the injection
  int most_iterations = 500;        // of conjugate gradients
  std::string multigrid = "hypre";  // over MPI: hypre (BoomerAMG) or gamg
};

/// Where a place lies in a raster that may have more cells than a Cell counts.
struct GridPosition {
  std::int32_t row = 0, col = 0;
};
/// InputError: outside the frame.
GridPosition position_of(const std::vector<double>& place, const Frame& frame, const std::string& option);

/// Resistances as conductances: NoData conducts nothing. InputError: a resistance that is not above 0.
Raster<float> conductances_of(Raster<float> resistance, const std::filesystem::path& path);

using CircuitOverMpi = void (*)(const CircuitRequest&);
/// Solves it over the ranks of MPI (PETSc); in folder distributed/, where the build has it.
void solve_distributed(const CircuitRequest& request);

/// `over_mpi`: how several ranks solve it; null: this build cannot.
void add_circuit_command(CLI::App& app, CircuitOverMpi over_mpi);

}  // namespace greenweave
