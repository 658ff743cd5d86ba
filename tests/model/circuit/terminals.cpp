#include "model/circuit/terminals.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/circuit/modes.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr SolverOptions tight{1e-11, 500};

Raster<float> random_conductance(Dice& dice, Shape shape, double holes) {
  Raster<float> g(shape);
  for (float& v : g.values) v = dice.chance(holes) ? 0.0F : static_cast<float>(1.0 / (1.0 + 9.0 * dice.uniform()));
  return g;
}

Terminal at_cell(const RasterCircuit& circuit, Cell cell) { return {cell, {{circuit.node[cell], 1.0}}}; }

double sum_of_resistances(const TerminalVoltages& voltages) {
  double sum = 0.0;
  for (int a = 0; a < voltages.count(); ++a)
    for (int b = a + 1; b < voltages.count(); ++b)
      if (voltages.joined[static_cast<std::size_t>(a)] != 0 && voltages.joined[static_cast<std::size_t>(b)] != 0)
        sum += voltages.resistance(a, b);
  return sum;
}

}  // namespace

TEST_CASE("current that spreads over a row of cells leaves it at half its resistance") {
  // 1 A enters evenly over three cells in series and leaves at the last one: it meets 2/3 + 1/3 squared each.
  const RasterCircuit circuit = raster_circuit(Raster<float>(Shape{1, 3}, 1.0F), {}, {});
  const TerminalVoltages voltages = solve_terminals(
      circuit, {{1, {{circuit.node[0], 2.0}, {circuit.node[1], 2.0}, {circuit.node[2], 2.0}}}, at_cell(circuit, 2)},
      tight, RunContext{});
  // From the left 1/3 A crosses the first step, 2/3 A the second: power 1/9 + 4/9.
  CHECK(voltages.resistance(0, 1) == doctest::Approx(5.0 / 9.0).epsilon(1e-9));
  const Raster<float> current = cumulative_current(circuit, voltages);
  CHECK(current[0] == doctest::Approx(1.0 / 3.0).epsilon(1e-6));
  CHECK(current[1] == doctest::Approx(2.0 / 3.0).epsilon(1e-6));
  CHECK(current[2] == doctest::Approx(2.0 / 3.0).epsilon(1e-6));
}

TEST_CASE("currents and resistances of all pairs are those of the pairs one by one, regions included") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{5 + dice.below(20), 5 + dice.below(20)};
    CircuitMap map{random_conductance(dice, shape, 0.2), {}, {}};
    if (dice.chance(0.5)) map.rule.neighbourhood = Neighbourhood::four;
    if (dice.chance(0.5)) {
      map.short_circuit = Raster<std::int32_t>(shape, 0);
      for (int k = 1; k <= 3; ++k) {
        const std::int32_t r = dice.below(shape.rows - 2), c = dice.below(shape.cols - 2);
        for (std::int32_t i = 0; i < 4; ++i) map.short_circuit.at(r + i / 2, c + i % 2) = k;
      }
    }
    const RasterCircuit circuit = raster_circuit(map.conductance, map.short_circuit, map.rule);
    std::vector<FocalNode> focal;
    std::vector<Terminal> terminals;
    for (int k = 0, many = 2 + dice.below(5); k < many; ++k) {
      const Cell cell = dice.below(shape.cells());
      // A pair is one of two points apart.
      const auto is_same_node = [&](const FocalNode& f) { return circuit.node[f.cells[0]] == circuit.node[cell]; };
      if (std::any_of(focal.begin(), focal.end(), is_same_node)) continue;
      focal.push_back({k, {cell}});
      terminals.push_back(at_cell(circuit, cell));
    }
    const TerminalVoltages voltages = solve_terminals(circuit, terminals, tight, RunContext{});
    Raster<double> expected(shape, 0.0);
    CircuitOptions options;
    options.solver = tight;
    pairwise(map, focal, options, RunContext{}, [&](const CircuitRun& run) {
      const auto a = static_cast<std::size_t>(run.a), b = static_cast<std::size_t>(run.b);
      if (voltages.joined[a] == 0 || voltages.joined[b] == 0) return;
      REQUIRE(run.is_solved);
      REQUIRE(std::abs(voltages.resistance(run.a, run.b) - run.value) < 1e-8 * (1.0 + run.value));
      for (std::size_t i = 0; i < expected.values.size(); ++i) expected.values[i] += run.current->values[i];
    });
    const Raster<float> current = cumulative_current(circuit, voltages);
    for (std::size_t i = 0; i < expected.values.size(); ++i)
      REQUIRE(static_cast<double>(current.values[i]) == doctest::Approx(expected.values[i]).epsilon(1e-5));
  }
}

TEST_CASE("many terminals, sorted, give what comparing all pairs gives") {
  // A chain: between terminals every current is 0 or 1 A, so a cell's sum counts the pairs that it parts.
  const int cells = 120;
  const RasterCircuit circuit = raster_circuit(Raster<float>(Shape{1, cells}, 1.0F), {}, {});
  std::vector<Terminal> terminals;
  for (Cell cell = 0; cell < cells; ++cell) terminals.push_back(at_cell(circuit, cell));
  const TerminalVoltages voltages = solve_terminals(circuit, terminals, tight, RunContext{});
  const Raster<float> current = cumulative_current(circuit, voltages);
  for (Cell cell = 0; cell < cells; ++cell) {
    const double left = cell, right = cells - 1 - cell;
    CHECK(static_cast<double>(current[cell]) == doctest::Approx(left * right + left + right).epsilon(1e-5));
  }
}

TEST_CASE("the gradient is that of the resistances, and what it promises is a lower bound") {
  Dice dice(3);
  const Shape shape{12, 15};
  Raster<float> g = random_conductance(dice, shape, 0.0);
  const std::vector<Cell> cells{3, 77, 150, 101};
  const auto solve = [&](const Raster<float>& conductance) {
    const RasterCircuit circuit = raster_circuit(conductance, {}, {});
    std::vector<Terminal> terminals;
    for (const Cell cell : cells) terminals.push_back(at_cell(circuit, cell));
    TerminalVoltages voltages = solve_terminals(circuit, terminals, {1e-13, 500}, RunContext{});
    return std::pair(sum_of_resistances(voltages), resistance_gradient(circuit, voltages));
  };
  const auto [sum, gradient] = solve(g);
  for (const Cell cell : {0, 40, 77, 90, 130}) {
    const auto with_fall = [&](double share) {
      Raster<float> changed = g;
      const double resistance = 1.0 / static_cast<double>(g[cell]);
      changed[cell] = static_cast<float>(1.0 / (resistance * (1.0 - share)));
      return std::pair(sum - solve(changed).first,
                       static_cast<double>(gradient[cell]) * (resistance - 1.0 / static_cast<double>(changed[cell])));
    };
    const auto [small, promised_small] = with_fall(1e-3);
    CHECK(small == doctest::Approx(promised_small).epsilon(5e-3));
    const auto [large, promised_large] = with_fall(0.8);
    CHECK(large > promised_large * (1.0 - 1e-6));
  }
}

TEST_CASE("a start from a similar landscape ends in the same numbers, sooner; threads change no bit") {
  Raster<float> before = fractal_conductance(200, 100.0);
  const auto solve = [&](const Raster<float>& conductance, const CellVoltages* start, std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    const RasterCircuit circuit = raster_circuit(conductance, {}, {});
    std::vector<Terminal> terminals;
    Dice dice(11);
    while (terminals.size() < 5) {
      const Cell cell = dice.below(conductance.shape.cells());
      if (conductance[cell] > 0.0F) terminals.push_back(at_cell(circuit, cell));
    }
    TerminalVoltages voltages = solve_terminals(circuit, terminals, {1e-8, 300}, RunContext{}, start);
    return std::tuple(voltages, cumulative_current(circuit, voltages), voltages_by_cell(circuit, voltages));
  };
  const auto [first, map, start] = solve(before, nullptr, 2);
  CHECK(std::get<1>(solve(before, nullptr, 1)).values == map.values);
  Raster<float> after = before;
  for (std::int32_t r = 90; r < 96; ++r)
    for (std::int32_t c = 80; c < 110; ++c) after.at(r, c) = 1.0F;
  const auto [cold, cold_map, unused] = solve(after, nullptr, 2);
  const auto [warm, warm_map, unused_too] = solve(after, &start, 2);
  for (int k = 1; k < warm.count(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    if (warm.joined[i] == 0) continue;
    CHECK(warm.reports[i].iterations < cold.reports[i].iterations);
    CHECK(warm.resistance(0, k) == doctest::Approx(cold.resistance(0, k)).epsilon(1e-7));
  }
  for (std::size_t i = 0; i < map.values.size(); ++i)
    REQUIRE(std::abs(warm_map.values[i] - cold_map.values[i]) < 1e-4F);
}

TEST_CASE("terminals apart from the others, or on no node, are not joined and change nothing") {
  Raster<float> g(Shape{3, 9}, 1.0F);
  for (std::int32_t r = 0; r < 3; ++r) g.at(r, 6) = 0.0F;
  const RasterCircuit circuit = raster_circuit(g, {}, {});
  const TerminalVoltages voltages = solve_terminals(
      circuit, {at_cell(circuit, 0), at_cell(circuit, 4), at_cell(circuit, 8), {99, {{-1, 1.0}}}}, tight, RunContext{});
  CHECK(voltages.joined == std::vector<std::uint8_t>{1, 1, 0, 0});
  CHECK(std::isinf(voltages.resistance(0, 2)));
  CHECK(cumulative_current(circuit, voltages)[8] == 0.0F);
  CHECK(solve_terminals(circuit, {}, tight, RunContext{}).count() == 0);
}
