#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "model/circuit/modes.hpp"
#include "model/circuit/raster_circuit.hpp"
#include "model/circuit/solver.hpp"
#include "model/circuit/terminals.hpp"
#include "model/run/parallel.hpp"
#include "tests/support/fractal.hpp"

namespace {

using namespace greenweave;
using namespace greenweave::testing;

/// Cells with a node, scattered, all in one component.
std::vector<Cell> focal_cells(const RasterCircuit& circuit, int count) {
  const std::vector<std::int32_t> component = circuit_components(circuit.laplacian);
  std::vector<std::int64_t> size;
  for (const std::int32_t c : component) {
    if (c < 0) continue;
    if (static_cast<std::size_t>(c) >= size.size()) size.resize(static_cast<std::size_t>(c) + 1);
    ++size[static_cast<std::size_t>(c)];
  }
  const auto largest = static_cast<std::int32_t>(std::max_element(size.begin(), size.end()) - size.begin());
  std::vector<Cell> cells;
  const auto all = static_cast<double>(circuit.laplacian.shape.cells());
  for (std::uint64_t k = 0; static_cast<int>(cells.size()) < count; ++k) {
    const auto cell = static_cast<Cell>(random_uniform(5, 1, k) * all);
    if (circuit.node[cell] >= 0 && component[static_cast<std::size_t>(circuit.node[cell])] == largest)
      cells.push_back(cell);
  }
  return cells;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/// Effective resistances of all pairs and the cumulative current map, from the raster on, as a study does it: the map
/// follows from the N - 1 solutions at once.
void all_pairs(benchmark::State& state) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const Raster<float> conductance = fractal_conductance(side, static_cast<double>(state.range(2)));
  const std::vector<Cell> cells = focal_cells(raster_circuit(conductance, {}, {}), static_cast<int>(state.range(1)));
  int iterations = 0;
  for (auto _ : state) {
    const RasterCircuit circuit = raster_circuit(conductance, {}, {});
    std::vector<Terminal> terminals;
    for (const Cell cell : cells) terminals.push_back({cell, {{circuit.node[cell], 1.0}}});
    const TerminalVoltages voltages = solve_terminals(circuit, terminals, {1e-6, 300}, RunContext{});
    benchmark::DoNotOptimize(cumulative_current(circuit, voltages).values.data());
    for (const SolveReport& report : voltages.reports) iterations = std::max(iterations, report.iterations);
  }
  state.counters["iterations"] = iterations;
  state.counters["peak_MiB"] = peak_mib();
}
BENCHMARK(all_pairs)
    ->Args({500, 5, 100})
    ->Args({1000, 5, 100})
    ->Args({1000, 5, 1000})
    ->Args({1000, 50, 100})
    ->Args({2000, 5, 100})
    ->Args({4000, 5, 100})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// One per cent of the cells restored to resistance 1, in square blots of the given side: iterations from nothing and
/// from the voltages before. Scattered blots change the currents everywhere, one place only around it.
void restored(benchmark::State& state) {
  const auto side = static_cast<std::int32_t>(state.range(0)), blot = static_cast<std::int32_t>(state.range(1));
  const Raster<float> before = fractal_conductance(side, 100.0);
  Raster<float> after = before;
  std::int64_t changed = 0;
  for (std::uint64_t k = 0; changed * 100 < before.shape.cells(); ++k) {
    const auto r0 = static_cast<std::int32_t>(random_uniform(9, 1, k) * (side - blot)),
               c0 = static_cast<std::int32_t>(random_uniform(9, 2, k) * (side - blot));
    for (std::int32_t r = r0; r < r0 + blot; ++r)
      for (std::int32_t c = c0; c < c0 + blot; ++c)
        if (after.at(r, c) > 0.0F && after.at(r, c) < 1.0F) {
          after.at(r, c) = 1.0F;
          ++changed;
        }
  }
  const RasterCircuit was = raster_circuit(before, {}, {}), is = raster_circuit(after, {}, {});
  std::vector<Terminal> terminals;
  for (const Cell cell : focal_cells(was, 5)) terminals.push_back({cell, {{was.node[cell], 1.0}}});
  const SolverOptions options{1e-6, 300};
  const CellVoltages start = voltages_by_cell(was, solve_terminals(was, terminals, options, RunContext{}));
  const auto most = [](const TerminalVoltages& voltages) {
    int iterations = 0;
    for (const SolveReport& report : voltages.reports) iterations = std::max(iterations, report.iterations);
    return iterations;
  };
  // The residual that the baseline's voltages leave, as a share of the injection: what is left to gain a digit at a
  // time.
  SolverOptions none = options;
  none.most_iterations = 0;
  none.most_for_fallback = 0;
  const TerminalVoltages untouched = solve_terminals(is, terminals, none, RunContext{}, &start);
  double residual = 0.0;
  for (const SolveReport& report : untouched.reports) residual = std::max(residual, report.residual);
  state.counters["start"] = residual;
  for (auto _ : state) state.counters["warm"] = most(solve_terminals(is, terminals, options, RunContext{}, &start));
  state.counters["cold"] = most(solve_terminals(is, terminals, options, RunContext{}));
}
BENCHMARK(restored)
    ->Args({1000, 20})
    ->Args({1000, 50})
    ->Args({1000, 100})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

/// The same as Circuitscape's jobs ask for it: a map of each pair.
void pairwise_with_map(benchmark::State& state) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const CircuitMap map{fractal_conductance(side, static_cast<double>(state.range(2))), {}, {}};
  std::vector<FocalNode> focal;
  for (const Cell cell : focal_cells(raster_circuit(map.conductance, {}, map.rule), static_cast<int>(state.range(1))))
    focal.push_back({static_cast<int>(focal.size()) + 1, {cell}});
  CircuitOptions options;
  options.solver.tolerance = 1e-6;
  int iterations = 0;
  for (auto _ : state) {
    Raster<double> sum(map.conductance.shape);
    pairwise(map, focal, options, RunContext{}, [&](const CircuitRun& run) {
      iterations = std::max(iterations, run.report.iterations);
      for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += run.current->values[i];
    });
    benchmark::DoNotOptimize(sum.values.data());
  }
  state.counters["iterations"] = iterations;
  state.counters["peak_MiB"] = peak_mib();
}
BENCHMARK(pairwise_with_map)
    ->Args({1000, 5, 100})
    ->Args({1000, 50, 100})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

/// One right-hand side, the hierarchy given.
void one_solve(benchmark::State& state) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const RasterCircuit circuit = raster_circuit(fractal_conductance(side, static_cast<double>(state.range(1))), {}, {});
  const std::vector<Cell> cells = focal_cells(circuit, 2);
  const Injection injection{{circuit.node[cells[0]], 1.0}, {circuit.node[cells[1]], -1.0}};
  CircuitSolver solver(circuit.laplacian);
  SolveReport report;
  for (auto _ : state) {
    std::vector<std::vector<double>> voltages(1);
    report = solver.solve(std::span(&injection, 1), voltages, {1e-6, 300}, RunContext{})[0];
  }
  state.counters["iterations"] = report.iterations;
  state.counters["complexity"] = solver.hierarchy().operator_complexity();
  state.counters["peak_MiB"] = peak_mib();
  state.counters["ns_a_cell"] =
      benchmark::Counter(static_cast<double>(circuit.laplacian.shape.cells()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(one_solve)
    ->ArgsProduct({{500, 1000, 2000, 4000}, {100, 1000}})
    ->Args({10000, 100})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// What the memory gives to all threads, to hold the solver's bytes against: a = b + s c over arrays beyond any cache.
void memory_bandwidth(benchmark::State& state) {
  constexpr std::int64_t count = 1 << 24;
  std::vector<double> a(count), b(count, 1.0), c(count, 2.0);
  for (auto _ : state) {
    parallel_pieces(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) a[i] = b[i] + 3.0 * c[i];
    });
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * count * 24);
}
BENCHMARK(memory_bandwidth)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Four right-hand sides at once, the hierarchy given: time a cell and iteration.
void four_at_once(benchmark::State& state) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const RasterCircuit circuit = raster_circuit(fractal_conductance(side, 100.0), {}, {});
  const std::vector<Cell> cells = focal_cells(circuit, 5);
  std::vector<Injection> injections;
  for (std::size_t k = 1; k < cells.size(); ++k)
    injections.push_back({{circuit.node[cells[k]], 1.0}, {circuit.node[cells[0]], -1.0}});
  CircuitSolver solver(circuit.laplacian);
  int iterations = 0;
  for (auto _ : state) {
    std::vector<std::vector<double>> voltages(injections.size());
    for (const SolveReport& report : solver.solve(injections, voltages, {1e-6, 300}, RunContext{}))
      iterations = std::max(iterations, report.iterations);
  }
  state.counters["iterations"] = iterations;
  state.counters["ns_a_cell_and_iteration"] =
      benchmark::Counter(static_cast<double>(circuit.laplacian.shape.cells()) * iterations * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(four_at_once)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Circuit, aggregates and coarse operators.
void set_up(benchmark::State& state) {
  const Raster<float> conductance = fractal_conductance(static_cast<std::int32_t>(state.range(0)), 100.0);
  for (auto _ : state) {
    const RasterCircuit circuit = raster_circuit(conductance, {}, {});
    const Hierarchy hierarchy(circuit.laplacian);
    benchmark::DoNotOptimize(hierarchy.bytes());
  }
}
BENCHMARK(set_up)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
