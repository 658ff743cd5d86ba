#include "app/circuit.hpp"

#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "io/raster_io.hpp"
#include "model/circuit/raster_circuit.hpp"
#include "model/circuit/solver.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

void solve_here(const CircuitRequest& request) {
  const fs::path out = request.out.string() + ".tif";
  require_new_file(out);
  Frame frame;
  const Raster<float> conductance = conductances_of(read_raster_as_is(request.resistance, &frame), request.resistance);
  const GridPosition from = position_of(request.from, frame, "--from"), to = position_of(request.to, frame, "--to");
  const RasterCircuit circuit = raster_circuit(conductance, {}, {});
  const std::int32_t source = circuit.node[frame.shape.cell(from.row, from.col)],
                     sink = circuit.node[frame.shape.cell(to.row, to.col)];
  const std::vector<std::int32_t> component = circuit_components(circuit.laplacian);
  if (source < 0 || sink < 0 || source == sink ||
      component[static_cast<std::size_t>(source)] != component[static_cast<std::size_t>(sink)])
    throw InputError(request.resistance.string(), "", "no path joins the two places",
                     "give two places on cells with a resistance that are joined");
  const Laplacian grounded = with_grounded(circuit.laplacian, {sink});
  CircuitSolver solver(grounded);
  SolverOptions options;
  options.tolerance = request.tolerance;
  options.most_iterations = request.most_iterations;
  const std::array<Injection, 1> injection{{{{source, 1.0}}}};
  std::array<std::vector<double>, 1> volts;
  const SolveReport report = solver.solve(injection, volts, options, RunContext{}).front();
  if (!report.converged)
    throw std::runtime_error(fmt::format("the solution did not converge: residual {:.1e}", report.residual));
  volts[0][static_cast<std::size_t>(sink)] = 0.0;
  NamedSurface current{"current", "A", "Current through each cell, 1 A from one place to the other",
                       Raster<double>(frame.shape)};
  node_currents(circuit, volts[0].data(), nullptr, 0.0, current.raster);
  write_geotiff(out, frame, std::move(current), false);
  fmt::print("resistance {:.12g} ohm, {} iterations, residual {:.1e}: {}\n", volts[0][static_cast<std::size_t>(source)],
             report.iterations, report.residual, out.string());
}

/// How many processes mpirun started, as Open MPI, MPICH or Slurm says; 1 without.
int ranks_started() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* value = std::getenv(name)) return std::atoi(value);
  return 1;
}

}  // namespace

GridPosition position_of(const std::vector<double>& place, const Frame& frame, const std::string& option) {
  const double col = std::floor((place.at(0) - frame.west) / frame.cell_m),
               row = std::floor((frame.north - place.at(1)) / frame.cell_m);
  if (!(row >= 0.0 && row < frame.shape.rows && col >= 0.0 && col < frame.shape.cols))
    throw InputError("", option, fmt::format("{:g}, {:g} lies outside the raster", place[0], place[1]),
                     fmt::format("it reaches from {:g}, {:g} to {:g}, {:g}", frame.west,
                                 frame.north - frame.cell_m * frame.shape.rows,
                                 frame.west + frame.cell_m * frame.shape.cols, frame.north));
  return {static_cast<std::int32_t>(row), static_cast<std::int32_t>(col)};
}

Raster<float> conductances_of(Raster<float> resistance, const fs::path& path) {
  for (std::size_t k = 0; k < resistance.values.size(); ++k) {
    float& value = resistance.values[k];
    if (!resistance.valid.empty() && resistance.valid[k] == 0)
      value = 0.0F;
    else if (!(value > 0.0F))
      throw InputError(path.string(), "", fmt::format("a resistance of {:g}; it must be above 0", value),
                       "give free movement 1, and NoData to what cannot be entered");
    else
      value = 1.0F / value;
  }
  resistance.valid.clear();
  return resistance;
}

void add_circuit_command(CLI::App& app, CircuitOverMpi over_mpi) {
  auto* command = app.add_subcommand("circuit",
                                     "Current through each cell of a resistance raster, 1 A from one place to another; "
                                     "under mpirun over many machines");
  auto request = std::make_shared<CircuitRequest>();
  command->add_option("resistance", request->resistance, "Raster of resistances above 0; NoData: cannot be entered")
      ->required();
  command->add_option("--from", request->from, "Where 1 A enters: x y in the raster's CRS")->required()->expected(2);
  command->add_option("--to", request->to, "Where it leaves")->required()->expected(2);
  command
      ->add_option("-o,--out", request->out,
                   "Name of the outputs: <name>.tif, or under mpirun <name>-<rank>.tif and <name>.vrt over them")
      ->required();
  command->add_option("--tolerance", request->tolerance, "Of the residual, relative; default 1e-10")
      ->check(CLI::PositiveNumber);
  command->add_option("--iterations", request->most_iterations, "Most iterations; default 500")
      ->check(CLI::PositiveNumber);
  command->add_option("--multigrid", request->multigrid, "Under mpirun: hypre (BoomerAMG, the default) or gamg")
      ->check(CLI::IsMember({"hypre", "gamg"}));
  command->callback([request, over_mpi] {
    const bool is_mpi = std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMI_SIZE") != nullptr;
    if (is_mpi && over_mpi != nullptr) {
      over_mpi(*request);
      return;
    }
    if (ranks_started() > 1)
      throw InputError("", "", "this build of greenweave cannot work over MPI, and each rank would do the same work",
                       "build it with -DGREENWEAVE_PETSC=ON (./dev build petsc), or run it without mpirun");
    solve_here(*request);
  });
}

}  // namespace greenweave
