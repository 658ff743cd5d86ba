// `greenweave circuit` under mpirun: each rank reads its block of the raster, makes its rows of the matrix with the
// project's own conductances, and writes its block of the currents. PETSc's conjugate gradients, algebraic multigrid.
#include "app/circuit.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <petscdmda.h>
#include <petscksp.h>
#include <sys/resource.h>

#include "io/raster_io.hpp"
#include "model/circuit/raster_circuit.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

void check(PetscErrorCode code) {
  if (code != 0) throw std::runtime_error(fmt::format("PETSc: error {}", static_cast<int>(code)));
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The part of the raster that a rank holds: its own cells, and a ring of its neighbours' around them.
struct Block {
  PetscInt col = 0, row = 0, cols = 0, rows = 0;  // its own
  Window window;                                  // with the ring, as far as the raster goes
  RasterCircuit circuit;                          // of the window
  std::vector<std::uint8_t> joined;               // cells of the window that current can reach

  Cell cell(PetscInt r, PetscInt c) const {
    return window.shape.cell(static_cast<std::int32_t>(r) - window.row, static_cast<std::int32_t>(c) - window.col);
  }
  bool is_own(const GridPosition& p) const {
    return p.row >= row && p.row < row + rows && p.col >= col && p.col < col + cols;
  }
};

struct Step {
  int down = 0, right = 0;
  double conductance = 0.0;
};

/// The steps from a node of the grid, in the order of rows and columns.
std::array<Step, 8> steps_of(const Laplacian& laplacian, std::int32_t node) {
  const auto at = [](const std::vector<float>& values, std::int32_t i) {
    return static_cast<double>(values[static_cast<std::size_t>(i)]);
  };
  const std::int32_t stride = laplacian.stride;
  return {{{-1, -1, at(laplacian.south_east, node - stride - 1)},
           {-1, 0, at(laplacian.south, node - stride)},
           {-1, 1, at(laplacian.south_west, node - stride + 1)},
           {0, -1, at(laplacian.east, node - 1)},
           {0, 1, at(laplacian.east, node)},
           {1, -1, at(laplacian.south_west, node)},
           {1, 0, at(laplacian.south, node)},
           {1, 1, at(laplacian.south_east, node)}}};
}

Block read_block(DM grid, const Frame& frame, const fs::path& path) {
  Block block;
  check(DMDAGetCorners(grid, &block.col, &block.row, nullptr, &block.cols, &block.rows, nullptr));
  const auto first_row = std::max<PetscInt>(0, block.row - 1), first_col = std::max<PetscInt>(0, block.col - 1);
  const auto end_row = std::min<PetscInt>(frame.shape.rows, block.row + block.rows + 1),
             end_col = std::min<PetscInt>(frame.shape.cols, block.col + block.cols + 1);
  block.window = {first_row, first_col, {end_row - first_row, end_col - first_col}};
  block.circuit = raster_circuit(conductances_of(read_window_as_is(path, block.window), path), {}, {});
  return block;
}

/// Visits the cells of a rank's window in a vector with a ring.
template <class Visit>
void over_window(DM grid, Vec with_ring, const Block& block, const Visit& visit) {
  PetscScalar** values = nullptr;
  check(DMDAVecGetArray(grid, with_ring, &values));
  for (PetscInt r = block.window.row; r < block.window.row + block.window.shape.rows; ++r)
    for (PetscInt c = block.window.col; c < block.window.col + block.window.shape.cols; ++c)
      visit(block.cell(r, c), values[r][c]);
  check(DMDAVecRestoreArray(grid, with_ring, &values));
}

/// Finds the cells that are joined to the sink: what a rank reaches it reaches at once, and then tells its neighbours,
/// until nobody learns anything new. Other cells have no current, and would make the matrix singular.
void find_joined(DM grid, Block& block, const GridPosition& sink) {
  const std::vector<std::int32_t> component = circuit_components(block.circuit.laplacian);
  const std::int64_t cells = block.window.shape.cells();
  const auto component_of = [&](Cell cell) {
    const std::int32_t node = block.circuit.node[cell];
    return node < 0 ? -1 : component[static_cast<std::size_t>(node)];
  };
  std::int32_t count = 0;
  for (const std::int32_t c : component) count = std::max(count, c + 1);
  std::vector<std::uint8_t> reached(static_cast<std::size_t>(count), 0);
  if (block.is_own(sink))
    if (const std::int32_t c = component_of(block.cell(sink.row, sink.col)); c >= 0)
      reached[static_cast<std::size_t>(c)] = 1;
  Vec mine = nullptr, ring = nullptr;
  check(DMCreateGlobalVector(grid, &mine));
  check(DMCreateLocalVector(grid, &ring));
  for (;;) {
    PetscScalar** values = nullptr;
    check(DMDAVecGetArray(grid, mine, &values));
    for (PetscInt r = block.row; r < block.row + block.rows; ++r)
      for (PetscInt c = block.col; c < block.col + block.cols; ++c) {
        const std::int32_t k = component_of(block.cell(r, c));
        values[r][c] = k >= 0 && reached[static_cast<std::size_t>(k)] != 0 ? 1.0 : 0.0;
      }
    check(DMDAVecRestoreArray(grid, mine, &values));
    check(DMGlobalToLocalBegin(grid, mine, INSERT_VALUES, ring));
    check(DMGlobalToLocalEnd(grid, mine, INSERT_VALUES, ring));
    int news = 0;
    over_window(grid, ring, block, [&](Cell cell, PetscScalar& value) {
      const std::int32_t k = component_of(cell);
      if (value == 0.0 || k < 0 || reached[static_cast<std::size_t>(k)] != 0) return;
      reached[static_cast<std::size_t>(k)] = 1;
      news = 1;
    });
    int any = 0;
    MPI_Allreduce(&news, &any, 1, MPI_INT, MPI_MAX, PETSC_COMM_WORLD);
    if (any == 0) break;
  }
  check(VecDestroy(&mine));
  check(VecDestroy(&ring));
  block.joined.resize(static_cast<std::size_t>(cells));
  for (Cell cell = 0; cell < cells; ++cell) {
    const std::int32_t k = component_of(cell);
    block.joined[static_cast<std::size_t>(cell)] = k >= 0 && reached[static_cast<std::size_t>(k)] != 0;
  }
}

/// The Laplacian with the sink held at 0 volts. Cells without current and the sink have a row of their own alone.
Mat matrix_of(DM grid, const Block& block, const GridPosition& sink) {
  Mat matrix = nullptr;
  check(DMSetMatType(grid, MATAIJ));
  check(DMCreateMatrix(grid, &matrix));
  const auto is_sink = [&](PetscInt r, PetscInt c) { return r == sink.row && c == sink.col; };
  for (PetscInt r = block.row; r < block.row + block.rows; ++r)
    for (PetscInt c = block.col; c < block.col + block.cols; ++c) {
      const Cell cell = block.cell(r, c);
      MatStencil row{};
      row.j = r;
      row.i = c;
      std::array<MatStencil, 9> columns{};
      std::array<PetscScalar, 9> values{};
      PetscInt count = 0;
      double diagonal = 0.0;
      if (block.joined[static_cast<std::size_t>(cell)] != 0 && !is_sink(r, c))
        for (const Step& step : steps_of(block.circuit.laplacian, block.circuit.node[cell])) {
          if (step.conductance == 0.0) continue;
          diagonal += step.conductance;
          if (is_sink(r + step.down, c + step.right)) continue;
          const auto k = static_cast<std::size_t>(count++);
          columns[k].j = r + step.down;
          columns[k].i = c + step.right;
          values[k] = -step.conductance;
        }
      const auto k = static_cast<std::size_t>(count++);
      columns[k] = row;
      values[k] = diagonal > 0.0 ? diagonal : 1.0;
      check(MatSetValuesStencil(matrix, 1, &row, count, columns.data(), values.data(), INSERT_VALUES));
    }
  check(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
  check(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
  return matrix;
}

fs::path tile_of(const CircuitRequest& request, int rank) {
  return fmt::format("{}-{}.tif", request.out.string(), rank);
}

/// A raster over the ranks' files, so that they open as one.
void write_mosaic(const CircuitRequest& request, const Frame& frame, const std::vector<PetscInt>& places) {
  std::string crs;
  for (const char c : frame.crs) crs += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  std::string text = fmt::format(
      "<VRTDataset rasterXSize=\"{}\" rasterYSize=\"{}\">\n<SRS>{}</SRS>\n<GeoTransform>{:.17g}, {:.17g}, 0, {:.17g}, "
      "0, "
      "{:.17g}</GeoTransform>\n<VRTRasterBand dataType=\"Float64\" band=\"1\">\n",
      frame.shape.cols, frame.shape.rows, crs, frame.west, frame.cell_m, frame.north, -frame.cell_m);
  for (std::size_t k = 0; 4 * k < places.size(); ++k) {
    const PetscInt* p = &places[4 * k];
    text += fmt::format(
        "<SimpleSource><SourceFilename relativeToVRT=\"1\">{}</SourceFilename><SourceBand>1</SourceBand>"
        "<SrcRect xOff=\"0\" yOff=\"0\" xSize=\"{}\" ySize=\"{}\"/><DstRect xOff=\"{}\" yOff=\"{}\" xSize=\"{}\" "
        "ySize=\"{}\"/></SimpleSource>\n",
        tile_of(request, static_cast<int>(k)).filename().string(), p[2], p[3], p[0], p[1], p[2], p[3]);
  }
  text += "</VRTRasterBand>\n</VRTDataset>\n";
  const fs::path path = request.out.string() + ".vrt";
  std::ofstream file(path, std::ios::trunc);
  file << text;
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written", "is the disk full?");
}

void solve(const CircuitRequest& request, int rank, int ranks) {
  require_new_file(request.out.string() + ".vrt");
  require_new_file(tile_of(request, rank));
  MPI_Barrier(PETSC_COMM_WORLD);
  const double begin = seconds_now();
  const Frame frame = frame_of_raster(request.resistance);
  const GridPosition from = position_of(request.from, frame, "--from"), to = position_of(request.to, frame, "--to");
  DM grid = nullptr;
  check(DMDACreate2d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_BOX, frame.shape.cols,
                     frame.shape.rows, PETSC_DECIDE, PETSC_DECIDE, 1, 1, nullptr, nullptr, &grid));
  check(DMSetUp(grid));
  Block block = read_block(grid, frame, request.resistance);
  find_joined(grid, block, to);
  int path = 0, any_path = 0;
  if (block.is_own(from)) path = block.joined[static_cast<std::size_t>(block.cell(from.row, from.col))];
  MPI_Allreduce(&path, &any_path, 1, MPI_INT, MPI_MAX, PETSC_COMM_WORLD);
  if (any_path == 0 || (from.row == to.row && from.col == to.col))
    throw InputError(request.resistance.string(), "", "no path joins the two places",
                     "give two places on cells with a resistance that are joined");
  const double read = seconds_now();
  Mat matrix = matrix_of(grid, block, to);
  Vec volts = nullptr, injection = nullptr, ring = nullptr;
  check(DMCreateGlobalVector(grid, &volts));
  check(VecDuplicate(volts, &injection));
  if (block.is_own(from)) {
    PetscScalar** values = nullptr;
    check(DMDAVecGetArray(grid, injection, &values));
    values[from.row][from.col] = 1.0;
    check(DMDAVecRestoreArray(grid, injection, &values));
  }
  KSP solver = nullptr;
  PC multigrid = nullptr;
  check(KSPCreate(PETSC_COMM_WORLD, &solver));
  check(KSPSetOperators(solver, matrix, matrix));
  check(KSPSetType(solver, KSPCG));
  check(KSPSetNormType(solver, KSP_NORM_UNPRECONDITIONED));
  check(KSPGetPC(solver, &multigrid));
  check(PCSetType(multigrid, request.multigrid == "gamg" ? PCGAMG : PCHYPRE));
  if (request.multigrid == "hypre") check(PCHYPRESetType(multigrid, "boomeramg"));
  check(KSPSetTolerances(solver, request.tolerance, 1e-300, 1e10, request.most_iterations));
  check(KSPSetFromOptions(solver));
  check(KSPSetUp(solver));
  const double set_up = seconds_now();
  check(KSPSolve(solver, injection, volts));
  PetscInt iterations = 0;
  check(KSPGetIterationNumber(solver, &iterations));
  // What the iteration believes may drift from what is so: the residual anew.
  Vec rest = nullptr;
  check(VecDuplicate(volts, &rest));
  check(MatMult(matrix, volts, rest));
  check(VecAYPX(rest, -1.0, injection));
  PetscReal residual = 0.0;
  check(VecNorm(rest, NORM_2, &residual));
  if (!(residual <= 10.0 * request.tolerance))
    throw std::runtime_error(
        fmt::format("the solution did not converge: residual {:.1e} after {} iterations", residual, iterations));
  const double solved = seconds_now();

  check(DMCreateLocalVector(grid, &ring));
  check(DMGlobalToLocalBegin(grid, volts, INSERT_VALUES, ring));
  check(DMGlobalToLocalEnd(grid, volts, INSERT_VALUES, ring));
  std::vector<double> by_node(static_cast<std::size_t>(block.circuit.laplacian.size()), 0.0);
  over_window(grid, ring, block, [&](Cell cell, PetscScalar& value) {
    if (block.circuit.node[cell] >= 0) by_node[static_cast<std::size_t>(block.circuit.node[cell])] = value;
  });
  // A cell's current is whole where all its steps lie in the window: so it is for the rank's own.
  Raster<double> currents(block.window.shape);
  node_currents(block.circuit, by_node.data(), nullptr, 0.0, currents);
  const Shape own{block.rows, block.cols};
  NamedSurface current{"current", "A", "Current through each cell, 1 A from one place to the other",
                       Raster<double>(own)};
  for (std::int32_t r = 0; r < own.rows; ++r)
    for (std::int32_t c = 0; c < own.cols; ++c)
      current.raster.at(r, c) = currents[block.cell(block.row + r, block.col + c)];
  Frame tile = frame;
  tile.shape = own;
  tile.west += frame.cell_m * block.col;
  tile.north -= frame.cell_m * block.row;
  write_geotiff(tile_of(request, rank), tile, std::move(current), false);

  std::vector<PetscInt> place{block.col, block.row, block.cols, block.rows},
      places(static_cast<std::size_t>(4 * ranks));
  MPI_Gather(place.data(), 4, MPIU_INT, places.data(), 4, MPIU_INT, 0, PETSC_COMM_WORLD);
  double resistance = block.is_own(from)
                          ? by_node[static_cast<std::size_t>(block.circuit.node[block.cell(from.row, from.col)])]
                          : 0.0,
         sum = 0.0;
  MPI_Reduce(&resistance, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, PETSC_COMM_WORLD);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  double peak = 1024.0 * static_cast<double>(usage.ru_maxrss), most = 0.0;
  MPI_Reduce(&peak, &most, 1, MPI_DOUBLE, MPI_MAX, 0, PETSC_COMM_WORLD);
  if (rank == 0) {
    write_mosaic(request, frame, places);
    const double cells_a_rank = static_cast<double>(frame.shape.rows) * frame.shape.cols / ranks;
    fmt::print("resistance {:.12g} ohm, {} iterations, residual {:.1e}: {}.vrt\n", sum, iterations, residual,
               request.out.string());
    fmt::print(
        "{} ranks of {:.3g} cells: read {:.2f} s, matrix and multigrid {:.2f} s, solve {:.2f} s; at most {:.2f} "
        "GiB a rank, {:.0f} bytes a cell\n",
        ranks, cells_a_rank, read - begin, set_up - read, solved - set_up, most / (1024.0 * 1024.0 * 1024.0),
        most / cells_a_rank);
  }
  check(VecDestroy(&rest));
  check(VecDestroy(&ring));
  check(VecDestroy(&volts));
  check(VecDestroy(&injection));
  check(KSPDestroy(&solver));
  check(MatDestroy(&matrix));
  check(DMDestroy(&grid));
}

}  // namespace

void solve_distributed(const CircuitRequest& request) {
  check(PetscInitializeNoArguments());
  int rank = 0, ranks = 1;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  try {
    solve(request, rank, ranks);
  } catch (const std::exception& error) {
    // The other ranks wait for this one: they must end too.
    std::fprintf(stderr, "greenweave: rank %d: %s\n", rank, error.what());
    std::fflush(stderr);
    MPI_Abort(PETSC_COMM_WORLD, dynamic_cast<const InputError*>(&error) != nullptr ? 2 : 1);
  }
  check(PetscFinalize());
}

}  // namespace greenweave
