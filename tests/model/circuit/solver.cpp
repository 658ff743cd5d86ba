#include "model/circuit/solver.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <Eigen/QR>
#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/circuit/raster_circuit.hpp"
#include "model/habitat/patches.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr auto average_resistance = StepConductance::average_resistance;
constexpr auto average_conductance = StepConductance::average_conductance;

Laplacian grid_laplacian(const Raster<float>& conductance, Neighbourhood neighbourhood, StepConductance step) {
  return raster_circuit(conductance, {}, {neighbourhood, step}).laplacian;
}

Raster<float> uniform(Shape shape) { return Raster<float>(shape, 1.0F); }

/// Conductances of a random surface, a share of the cells no nodes.
Raster<float> random_conductance(Dice& dice, Shape shape, Resistances kind, double holes) {
  Raster<float> g = random_resistance(dice, shape, kind, holes);
  for (float& v : g.values) v = std::isinf(v) ? 0.0F : 1.0F / v;
  return g;
}

/// Voltages of least norm by a dense orthogonal factorisation; as plain as can be.
std::vector<double> dense_voltages(const Laplacian& laplacian, const Injection& injection) {
  const auto n = static_cast<Eigen::Index>(laplacian.size());
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n, n);
  const auto join = [&](std::int64_t u, std::int64_t v, double g) {
    a(u, u) += g;
    a(v, v) += g;
    a(u, v) -= g;
    a(v, u) -= g;
  };
  for (std::int64_t i = 0; i < laplacian.cells(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (laplacian.east[k] > 0.0F) join(i, i + 1, static_cast<double>(laplacian.east[k]));
    if (laplacian.south[k] > 0.0F) join(i, i + laplacian.stride, static_cast<double>(laplacian.south[k]));
    if (laplacian.south_east[k] > 0.0F) join(i, i + laplacian.stride + 1, static_cast<double>(laplacian.south_east[k]));
    if (laplacian.south_west[k] > 0.0F) join(i, i + laplacian.stride - 1, static_cast<double>(laplacian.south_west[k]));
  }
  for (const Tie& tie : laplacian.ties) {
    if (tie.v == Laplacian::ground)
      a(tie.u, tie.u) += tie.conductance;
    else
      join(tie.u, tie.v, tie.conductance);
  }
  Eigen::VectorXd b = Eigen::VectorXd::Zero(n);
  for (const auto& [node, current] : injection) b[node] += current;
  const Eigen::VectorXd x = a.completeOrthogonalDecomposition().solve(b);
  return {x.data(), x.data() + n};
}

double resistance(CircuitSolver& solver, std::int32_t a, std::int32_t b, double tolerance = 1e-11) {
  const std::array<Injection, 1> injections{Injection{{a, 1.0}, {b, -1.0}}};
  std::array<std::vector<double>, 1> voltages;
  const auto reports = solver.solve(injections, voltages, {tolerance, 500, 0, 0}, RunContext{});
  CHECK(reports[0].converged);
  return voltages[0][static_cast<std::size_t>(a)] - voltages[0][static_cast<std::size_t>(b)];
}

/// A maze: cells on odd rows and columns are rooms, joined into a tree by a random walk; everything else is wall.
Raster<float> maze(Dice& dice, std::int32_t rooms) {
  const Shape shape{2 * rooms + 1, 2 * rooms + 1};
  Raster<float> g(shape);
  std::vector<std::pair<std::int32_t, std::int32_t>> way{{1, 1}};
  g.at(1, 1) = 1.0F;
  while (!way.empty()) {
    const auto [r, c] = way.back();
    std::vector<std::pair<std::int32_t, std::int32_t>> open;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto [dr, dc] = neighbour_steps[k];
      if (shape.holds(r + 2 * dr, c + 2 * dc) && g.at(r + 2 * dr, c + 2 * dc) == 0.0F) open.emplace_back(dr, dc);
    }
    if (open.empty()) {
      way.pop_back();
      continue;
    }
    const auto [dr, dc] = open[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(open.size())))];
    g.at(r + dr, c + dc) = g.at(r + 2 * dr, c + 2 * dc) = 1.0F;
    way.emplace_back(r + 2 * dr, c + 2 * dc);
  }
  return g;
}

/// Two cells of the largest component, far apart.
std::pair<Cell, Cell> far_apart(const Raster<float>& conductance) {
  Raster<std::uint8_t> mask(conductance.shape);
  for (std::size_t i = 0; i < mask.values.size(); ++i) mask.values[i] = conductance.values[i] > 0.0F;
  std::int32_t count = 0;
  const Raster<std::int32_t> label = label_components(mask, Neighbourhood::eight, &count);
  std::vector<int> size(static_cast<std::size_t>(count) + 1, 0);
  for (const std::int32_t l : label.values) ++size[static_cast<std::size_t>(l)];
  const auto largest = static_cast<std::int32_t>(std::max_element(size.begin() + 1, size.end()) - size.begin());
  Cell first = -1, last = -1;
  for (Cell cell = 0; cell < label.shape.cells(); ++cell)
    if (label[cell] == largest) {
      if (first < 0) first = cell;
      last = cell;
    }
  return {first, last};
}

}  // namespace

TEST_CASE("resistors in series add up, and in parallel their conductances do") {
  const Laplacian chain = grid_laplacian(uniform({1, 101}), Neighbourhood::eight, average_resistance);
  CircuitSolver solver(chain);
  CHECK(resistance(solver, chain.node(0), chain.node(100)) == doctest::Approx(100.0).epsilon(1e-9));
  CHECK(resistance(solver, chain.node(30), chain.node(31)) == doctest::Approx(1.0).epsilon(1e-9));
  // A square of four cells with its diagonals: between opposite corners sqrt 2 beside 1 + 1 twice.
  const Laplacian square = grid_laplacian(uniform({2, 2}), Neighbourhood::eight, average_resistance);
  CircuitSolver of_square(square);
  CHECK(resistance(of_square, square.node(0), square.node(3)) ==
        doctest::Approx(1.0 / (1.0 / std::numbers::sqrt2 + 1.0)).epsilon(1e-7));
}

TEST_CASE("a ladder ends in the golden section") {
  // 2 x n cells, 4 neighbours: far from its end the resistance across the first rung obeys x = (2 + x) / (3 + x).
  const Laplacian ladder = grid_laplacian(uniform({2, 200}), Neighbourhood::four, average_resistance);
  CircuitSolver solver(ladder);
  CHECK(resistance(solver, ladder.node(0), ladder.node(200)) == doctest::Approx(std::sqrt(3.0) - 1.0).epsilon(1e-9));
}

TEST_CASE("the infinite grid: 1/2 between neighbours, 2/pi across the diagonal, in the limit") {
  double before_straight = 1.0, before_diagonal = 1.0;
  for (const std::int32_t side : {51, 201, 801}) {
    const Laplacian grid = grid_laplacian(uniform({side, side}), Neighbourhood::four, average_resistance);
    CircuitSolver solver(grid);
    const Cell middle = grid.shape.cell(side / 2, side / 2);
    const double straight = std::abs(resistance(solver, grid.node(middle), grid.node(middle + 1)) - 0.5);
    const double diagonal =
        std::abs(resistance(solver, grid.node(middle), grid.node(middle + side + 1)) - 2.0 / std::numbers::pi);
    // The error falls with the square of the side.
    CHECK(straight < before_straight / 8.0);
    CHECK(diagonal < before_diagonal / 8.0);
    before_straight = straight;
    before_diagonal = diagonal;
  }
  CHECK(before_straight < 1e-5);
  CHECK(before_diagonal < 1e-5);
}

TEST_CASE("voltages equal those of a dense factorisation on random landscapes") {
  constexpr Resistances kinds[] = {Resistances::classes, Resistances::noise, Resistances::contrast};
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 14);
    const Raster<float> g = random_conductance(dice, shape, kinds[seed % 3], dice.chance(0.5) ? 0.3 : 0.0);
    Laplacian laplacian = grid_laplacian(g, dice.chance(0.5) ? Neighbourhood::four : Neighbourhood::eight,
                                         dice.chance(0.5) ? average_resistance : average_conductance);
    // Merged nodes with ties to cells, to each other and to ground.
    std::vector<std::int32_t> nodes;
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (g[cell] > 0.0F) nodes.push_back(laplacian.node(cell));
    if (nodes.empty()) continue;
    const auto any = [&] {
      return nodes[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(nodes.size())))];
    };
    laplacian.merged = dice.below(4);
    for (std::int32_t m = 0; m < laplacian.merged; ++m) {
      for (int k = dice.below(6); k >= 0; --k)
        laplacian.ties.push_back({laplacian.cells() + m, any(), 0.1 + dice.uniform()});
      if (m > 0 && dice.chance(0.5)) laplacian.ties.push_back({laplacian.cells() + m, laplacian.cells() + m - 1, 0.7});
    }
    if (dice.chance(0.5)) laplacian.ties.push_back({any(), Laplacian::ground, 0.3});

    // A pair that a path joins, found by the plain solution itself: the residual says whether there is one.
    const std::int32_t a = any(), b = dice.chance(0.3) && laplacian.merged > 0 ? laplacian.cells() : any();
    const Injection injection{{a, 1.0}, {b, -1.0}};
    const std::vector<double> expected = dense_voltages(laplacian, injection);
    std::vector<double> check(expected.size());
    multiply<1>(laplacian, expected.data(), check.data());
    for (const auto& [node, current] : injection) check[static_cast<std::size_t>(node)] -= current;
    double worst = 0.0;
    for (const double c : check) worst = std::max(worst, std::abs(c));
    if (worst > 1e-6) continue;  // not joined

    CircuitSolver solver(laplacian);
    const std::array<Injection, 1> injections{injection};
    std::array<std::vector<double>, 1> voltages;
    const auto reports = solver.solve(injections, voltages, {1e-12, 500, 0, 0}, RunContext{});
    CAPTURE(reports[0].residual);
    const double r = expected[static_cast<std::size_t>(a)] - expected[static_cast<std::size_t>(b)];
    const double found = voltages[0][static_cast<std::size_t>(a)] - voltages[0][static_cast<std::size_t>(b)];
    REQUIRE(found == doctest::Approx(r).epsilon(1e-8));
  }
}

TEST_CASE("what flows in flows out, on every node; lanes do not mix; the bits do not depend on threads") {
  Dice dice(4);
  const Shape shape{150, 130};
  const Raster<float> g = random_conductance(dice, shape, Resistances::noise, 0.2);
  const Laplacian laplacian = grid_laplacian(g, Neighbourhood::eight, average_resistance);
  const auto [a, b] = far_apart(g);
  std::vector<Injection> injections;
  for (double current : {1.0, -2.0, 1e-9, 1e9, 5.0, 1.0})
    injections.push_back({{laplacian.node(a), current}, {laplacian.node(b), -current}});
  const auto solve = [&](std::size_t threads, std::size_t count) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    CircuitSolver solver(laplacian);
    std::vector<std::vector<double>> voltages(count);
    const auto reports = solver.solve(std::span(injections).first(count), voltages, {1e-10, 300, 0, 0}, RunContext{});
    for (const SolveReport& report : reports) CHECK(report.converged);
    return voltages;
  };
  const auto voltages = solve(2, 6);
  for (std::size_t k = 0; k < voltages.size(); ++k) {
    std::vector<double> flow(voltages[k].size());
    multiply<1>(laplacian, voltages[k].data(), flow.data());
    const double current = injections[k][0].second;
    flow[static_cast<std::size_t>(laplacian.node(a))] -= current;
    flow[static_cast<std::size_t>(laplacian.node(b))] += current;
    for (const double f : flow) REQUIRE(std::abs(f) <= 1e-9 * std::abs(current));
  }
  CHECK(solve(1, 6) == voltages);
  CHECK(solve(1, 1) == solve(2, 1));
}

TEST_CASE("resistance is a distance: symmetric, and no detour is shorter; less conductance never lowers it") {
  Dice dice(8);
  for (int k = 0; k < 10; ++k) {
    const Shape shape{20 + dice.below(20), 20 + dice.below(20)};
    Raster<float> g = random_conductance(dice, shape, Resistances::noise, 0.0);
    const auto three =
        std::array<Cell, 3>{dice.below(shape.cells()), dice.below(shape.cells()), dice.below(shape.cells())};
    const auto matrix = [&] {
      const Laplacian laplacian = grid_laplacian(g, Neighbourhood::eight, average_resistance);
      CircuitSolver solver(laplacian);
      std::array<double, 9> r{};
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j)
          if (three[i] != three[j])
            r[3 * i + j] = resistance(solver, laplacian.node(three[i]), laplacian.node(three[j]));
      return r;
    };
    const auto r = matrix();
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        CHECK(r[3 * i + j] == doctest::Approx(r[3 * j + i]).epsilon(1e-9));
        for (std::size_t m = 0; m < 3; ++m) CHECK(r[3 * i + j] <= (r[3 * i + m] + r[3 * m + j]) * (1.0 + 1e-9));
      }
    for (float& v : g.values)
      if (dice.chance(0.1)) v *= 0.1F;
    const auto worse = matrix();
    for (std::size_t i = 0; i < 9; ++i) CHECK(worse[i] >= r[i] * (1.0 - 1e-9));
  }
}

TEST_CASE("hard ground: mazes, one-cell diagonals, percolation, white noise over ten powers of ten") {
  const auto iterations = [](const Raster<float>& g, double tolerance) {
    const Laplacian laplacian = grid_laplacian(g, Neighbourhood::eight, average_resistance);
    CircuitSolver solver(laplacian);
    const auto [a, b] = far_apart(g);
    const std::array<Injection, 1> injections{Injection{{laplacian.node(a), 1.0}, {laplacian.node(b), -1.0}}};
    std::array<std::vector<double>, 1> voltages;
    const auto report = solver.solve(injections, voltages, {tolerance, 500, 0, 0}, RunContext{})[0];
    CAPTURE(report.residual);
    CHECK(report.converged);
    return report.iterations;
  };
  Dice dice(2);
  SUBCASE("a maze of single cells, 40,000 of them in a tree") { CHECK(iterations(maze(dice, 100), 1e-6) < 60); }
  SUBCASE("a line of cells that touch at corners only") {
    Raster<float> g(Shape{400, 400});
    for (std::int32_t i = 0; i < 400; ++i) g.at(i, i) = 1.0F;
    CHECK(iterations(g, 1e-6) < 60);
  }
  SUBCASE("half of the cells gone") {
    CHECK(iterations(random_conductance(dice, {400, 400}, Resistances::noise, 0.5), 1e-6) < 60);
  }
  SUBCASE("white noise from 1e-4 to 1e6") {
    CHECK(iterations(random_conductance(dice, {400, 400}, Resistances::contrast, 0.2), 1e-6) < 120);
  }
}

TEST_CASE("nothing to solve: no node, one node, no current") {
  const Laplacian none = grid_laplacian(Raster<float>(Shape{3, 4}, 0.0F), Neighbourhood::eight, average_resistance);
  CircuitSolver solver(none);
  const std::array<Injection, 1> nothing{};
  std::array<std::vector<double>, 1> voltages;
  CHECK(solver.solve(nothing, voltages, {}, RunContext{})[0].converged);
  CHECK(*std::max_element(voltages[0].begin(), voltages[0].end()) == 0.0);
  const Laplacian one = grid_laplacian(uniform({1, 1}), Neighbourhood::eight, average_resistance);
  CircuitSolver of_one(one);
  CHECK(of_one.solve(nothing, voltages, {}, RunContext{})[0].converged);
}

TEST_CASE("factorisation and iteration agree to 1e-8, on maps and merged nodes alike") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> g =
        random_conductance(dice, {60 + dice.below(60), 60 + dice.below(60)}, Resistances::noise, 0.2);
    Raster<std::int32_t> group(g.shape, 0);
    for (std::int32_t r = 10; r < 20; ++r)
      for (std::int32_t c = 30; c < 50; ++c) group.at(r, c) = 1 + (c > 45);
    RasterCircuit circuit = raster_circuit(g, group, {});
    const auto [a, b] = far_apart(g);
    if (dice.chance(0.5)) circuit.laplacian.ties.push_back({circuit.node[a], Laplacian::ground, 0.2});
    CircuitSolver solver(circuit.laplacian);
    const std::array<Injection, 1> injections{Injection{{circuit.node[a], 1.0}, {circuit.node[b], -1.0}}};
    std::array<std::vector<double>, 1> iterated, factorised;
    CHECK(solver.solve(injections, iterated, {1e-12, 500, 0, 0}, RunContext{})[0].converged);
    const SolveReport report = solver.solve(injections, factorised, {1e-12, 500, 1 << 20}, RunContext{})[0];
    CHECK(report.direct);
    CHECK(report.converged);
    const auto drop = [&, &u = a, &v = b](const std::vector<double>& x) {
      return x[static_cast<std::size_t>(circuit.node[u])] - x[static_cast<std::size_t>(circuit.node[v])];
    };
    CHECK(drop(iterated[0]) == doctest::Approx(drop(factorised[0])).epsilon(1e-8));
    for (Cell cell = 0; cell < g.shape.cells(); cell += 7) {
      const std::int32_t node = circuit.node[cell];
      const auto to_b = [&, &v = b](const std::vector<double>& x) {
        return x[static_cast<std::size_t>(node)] - x[static_cast<std::size_t>(circuit.node[v])];
      };
      // Cells of other components float.
      if (node >= 0 && std::abs(to_b(factorised[0])) > 0.0 && std::abs(to_b(iterated[0])) > 0.0 &&
          circuit_components(circuit.laplacian)[static_cast<std::size_t>(node)] ==
              circuit_components(circuit.laplacian)[static_cast<std::size_t>(circuit.node[b])])
        REQUIRE(to_b(iterated[0]) ==
                doctest::Approx(to_b(factorised[0])).epsilon(1e-7).scale(std::abs(drop(factorised[0]))));
      if (cell > 700) break;
    }
  }
}

TEST_CASE("where the iteration is not given the time, the factorisation answers, and says so") {
  Dice dice(5);
  const Raster<float> g = maze(dice, 60);
  const Laplacian laplacian = grid_laplacian(g, Neighbourhood::four, average_resistance);
  CircuitSolver solver(laplacian);
  const auto [a, b] = far_apart(g);
  const std::array<Injection, 1> injections{Injection{{laplacian.node(a), 1.0}, {laplacian.node(b), -1.0}}};
  std::array<std::vector<double>, 1> voltages;
  const SolveReport without = solver.solve(injections, voltages, {1e-10, 2, 0, 0}, RunContext{})[0];
  CHECK_FALSE(without.converged);
  voltages[0].clear();
  const SolveReport with = solver.solve(injections, voltages, {1e-10, 2, 0}, RunContext{})[0];
  CHECK(with.converged);
  CHECK(with.direct);
  // A tree of unit resistors: the resistance is the number of steps between the two, a whole number.
  const double r = voltages[0][static_cast<std::size_t>(laplacian.node(a))] -
                   voltages[0][static_cast<std::size_t>(laplacian.node(b))];
  CHECK(r == doctest::Approx(std::round(r)).epsilon(1e-9));
}
