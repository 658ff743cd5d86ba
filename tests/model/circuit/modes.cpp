#include "model/circuit/modes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/drawn.hpp"
#include "tests/support/plain_circuit.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A small job of any kind: holes, short-circuit regions over holes and cells, focal points and regions on anything.
struct Case {
  CircuitMap map;
  std::vector<FocalNode> focal;
  std::vector<std::vector<bool>> included;
  std::vector<double> strength;
};

Case random_case(Dice& dice) {
  Case c;
  const Shape shape{2 + dice.below(6), 2 + dice.below(6)};
  c.map.conductance = random_resistance(dice, shape, Resistances::noise, dice.chance(0.7) ? 0.35 : 0.0);
  for (float& g : c.map.conductance.values) g = std::isinf(g) ? 0.0F : 1.0F / g;
  c.map.rule = {dice.chance(0.5) ? Neighbourhood::four : Neighbourhood::eight,
                dice.chance(0.5) ? StepConductance::average_resistance : StepConductance::average_conductance};
  if (dice.chance(0.6)) {
    c.map.short_circuit = Raster<std::int32_t>(shape, 0);
    for (int k = 1 + dice.below(3); k > 0; --k)
      for (const Cell cell : random_cells(dice, shape, 5)) c.map.short_circuit[cell] = 10 * k;
  }
  const bool has_regions = dice.chance(0.5);
  std::vector<Cell> free(static_cast<std::size_t>(shape.cells()));
  for (Cell cell = 0; cell < shape.cells(); ++cell) free[static_cast<std::size_t>(cell)] = cell;
  const int count = 2 + dice.below(4);
  for (int k = 0; k < count && !free.empty(); ++k) {
    FocalNode node{k + 1, {}};
    for (int left = has_regions ? 1 + dice.below(3) : 1; left > 0 && !free.empty(); --left) {
      const auto which = free.begin() + dice.below(static_cast<std::int64_t>(free.size()));
      node.cells.push_back(*which);
      free.erase(which);
    }
    c.focal.push_back(std::move(node));
  }
  const auto n = c.focal.size();
  const bool all = dice.chance(0.5);
  c.included.assign(n, std::vector<bool>(n, true));
  for (auto& row : c.included)
    for (std::size_t k = 0; k < n; ++k) row[k] = all || dice.chance(0.6);
  for (std::size_t k = 0; k < n; ++k) c.strength.push_back(dice.chance(0.1) ? 0.0 : 0.2 + dice.uniform());
  return c;
}

std::vector<std::vector<Cell>> regions_of(const Case& c, const std::vector<int>& active) {
  std::vector<std::vector<Cell>> regions;
  for (const int k : active) regions.push_back(c.focal[static_cast<std::size_t>(k)].cells);
  return regions;
}

void require_equal(const Raster<double>& found, const Raster<double>& expected) {
  double scale = 1.0;
  for (const double v : expected.values) scale = std::max(scale, std::abs(v));
  for (Cell cell = 0; cell < expected.shape.cells(); ++cell) {
    CAPTURE(cell);
    REQUIRE(found[cell] == doctest::Approx(expected[cell]).epsilon(1e-6).scale(scale));
  }
}

CircuitOptions options_of(const Case& c, bool symmetric) {
  CircuitOptions options;
  options.voltages = true;
  options.solver = {1e-12, 500, symmetric ? 0 : 1000};
  options.is_included = [&c, symmetric](int a, int b) {
    const auto u = static_cast<std::size_t>(a), v = static_cast<std::size_t>(b);
    return c.included[u][v] || (symmetric && c.included[v][u]);
  };
  options.strength = [&c](int k) { return c.strength[static_cast<std::size_t>(k)]; };
  return options;
}

}  // namespace

TEST_CASE("pairwise: every pair equals a plain solution of its own") {
  int solved = 0, apart = 0, same = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Dice dice(seed + 1000);
    const Case c = random_case(dice);
    const CircuitOptions options = options_of(c, true);
    std::vector<std::pair<int, int>> visited;
    pairwise(c.map, c.focal, options, RunContext{}, [&](const CircuitRun& run) {
      visited.emplace_back(run.a, run.b);
      CAPTURE(run.a);
      CAPTURE(run.b);
      const PlainCircuit plain(c.map, regions_of(c, {run.a, run.b}));
      const int a = plain.node(c.focal[static_cast<std::size_t>(run.a)].cells.front());
      const int b = plain.node(c.focal[static_cast<std::size_t>(run.b)].cells.front());
      Raster<double> current(c.map.conductance.shape, 0.0), voltage = current;
      if (a < 0 || b < 0 || (a != b && !plain.component(a).contains(b))) {
        CHECK(run.value == -1.0);
        CHECK_FALSE(run.is_solved);
        ++apart;
      } else if (a == b) {
        CHECK(run.value == 0.0);
        CHECK_FALSE(run.is_solved);
        ++same;
      } else {
        REQUIRE(run.is_solved);
        const auto v = plain.voltages(plain.component(a), {{b, 1.0}}, {a}, {});
        REQUIRE(run.value == doctest::Approx(v.at(b)).epsilon(1e-7));
        plain.show(v, {}, current, voltage);
        ++solved;
      }
      require_equal(*run.current, current);
      require_equal(*run.voltage, voltage);
    });
    std::vector<std::pair<int, int>> expected;
    for (int a = 0; a < static_cast<int>(c.focal.size()); ++a)
      for (int b = a + 1; b < static_cast<int>(c.focal.size()); ++b)
        if (options.is_included(a, b)) expected.emplace_back(a, b);
    REQUIRE(visited == expected);
  }
  CHECK(solved > 200);
  CHECK(apart > 50);
  CHECK(same > 3);
}

TEST_CASE("the sum of all pairs at once is that of the pairs' maps") {
  int at_once = 0, with_regions = 0, some = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Dice dice(seed + 2000);
    const Case c = random_case(dice);
    CircuitOptions each = options_of(c, true), sum = each;
    Raster<double> expected(c.map.conductance.shape, 0.0), cumulative = expected, beside = expected;
    std::vector<double> values;
    bool any = false;
    pairwise(c.map, c.focal, each, RunContext{}, [&](const CircuitRun& run) {
      values.push_back(run.value);
      any = any || run.is_solved;
      if (run.is_solved)
        for (std::size_t i = 0; i < expected.values.size(); ++i) expected.values[i] += run.current->values[i];
    });
    sum.currents = false;
    sum.cumulative = &cumulative;
    std::size_t visited = 0;
    pairwise(c.map, c.focal, sum, RunContext{}, [&](const CircuitRun& run) {
      REQUIRE(visited < values.size());
      CHECK(run.value == values[visited++]);
      CHECK(run.current == nullptr);
      CHECK(run.voltage != nullptr);
    });
    CHECK(visited == values.size());
    require_equal(cumulative, expected);
    // Maps of the pairs and their sum can be had together.
    each.cumulative = &beside;
    pairwise(c.map, c.focal, each, RunContext{}, [](const CircuitRun& run) { CHECK(run.current != nullptr); });
    require_equal(beside, expected);
    const bool all_points =
        std::all_of(c.focal.begin(), c.focal.end(), [](const FocalNode& f) { return f.cells.size() == 1; });
    const bool all_pairs = values.size() == c.focal.size() * (c.focal.size() - 1) / 2;
    at_once += any && all_points && all_pairs && c.focal.size() > 2;
    with_regions += any && !all_points;
    some += any && !all_pairs;
  }
  CHECK(at_once > 10);
  CHECK(with_regions > 30);
  CHECK(some > 20);
}

TEST_CASE("one-to-all and all-to-one: every focal node equals a plain solution of its own") {
  int solved = 0, unsolved = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Dice dice(seed + 5000);
    const Case c = random_case(dice);
    const CircuitOptions options = options_of(c, false);
    const auto count = static_cast<int>(c.focal.size());
    for (const bool is_source : {true, false}) {
      CAPTURE(is_source);
      std::vector<int> visited;
      const auto visit = [&](const CircuitRun& run) {
        const int n = run.a;
        CAPTURE(n);
        visited.push_back(n);
        std::vector<int> active{n};
        for (int k = 0; k < count; ++k)
          if (k != n && options.is_included(n, k)) active.push_back(k);
        const PlainCircuit plain(c.map, regions_of(c, active));
        const auto node = [&](int k) { return plain.node(c.focal[static_cast<std::size_t>(k)].cells.front()); };
        const int own = node(n);
        Raster<double> current(c.map.conductance.shape, 0.0), voltage = current;
        const std::set<int> reach = own < 0 ? std::set<int>{} : plain.component(own);
        std::map<int, double> in;
        std::set<int> held;
        double sum = 0.0;
        if (is_source) {
          in[own] = sum = options.strength(n);
          for (const int k : active)
            if (node(k) != own && reach.contains(node(k))) held.insert(node(k));
        } else {
          held.insert(own);
          for (int k = 0; k < count; ++k) {
            if (node(k) == own || !reach.contains(node(k))) continue;
            const bool is_active = std::find(active.begin(), active.end(), k) != active.end();
            in[node(k)] += is_active ? options.strength(k) : 1.0;
            sum += is_active ? options.strength(k) : 1.0;
          }
        }
        if (sum == 0.0 || held.empty() || active.size() == 1 || own < 0) {
          CHECK(run.value == -1.0);
          CHECK_FALSE(run.is_solved);
          ++unsolved;
        } else {
          REQUIRE(run.is_solved);
          const auto v = plain.voltages(reach, in, held, {});
          REQUIRE(run.value == doctest::Approx(is_source ? v.at(own) / sum : 0.0).epsilon(1e-7));
          plain.show(v, {}, current, voltage);
          ++solved;
        }
        require_equal(*run.current, current);
        require_equal(*run.voltage, voltage);
      };
      (is_source ? one_to_all : all_to_one)(c.map, c.focal, options, RunContext{}, visit);
      std::sort(visited.begin(), visited.end());
      std::vector<int> all(static_cast<std::size_t>(count));
      std::iota(all.begin(), all.end(), 0);
      REQUIRE(visited == all);
    }
  }
  CHECK(solved > 300);
  CHECK(unsolved > 50);
}

TEST_CASE("advanced: sources, grounds, four policies, components without either") {
  int solved = 0, unsolved = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed + 9000);
    const Case c = random_case(dice);
    const Shape shape = c.map.conductance.shape;
    Raster<double> source(shape, 0.0), ground(shape, 0.0);
    for (const Cell cell : random_cells(dice, shape, 4)) source[cell] = dice.chance(0.2) ? -0.5 : 0.5 + dice.uniform();
    for (const Cell cell : random_cells(dice, shape, 4)) ground[cell] = dice.chance(0.4) ? infinity : dice.uniform();
    const auto policy = static_cast<ConflictPolicy>(dice.below(4));

    const PlainCircuit plain(c.map, {});
    std::map<int, double> sources, grounds;
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      if (plain.node(cell) < 0) continue;
      if (source[cell] != 0.0) sources[plain.node(cell)] += source[cell];
      if (ground[cell] != 0.0) grounds[plain.node(cell)] += ground[cell];
    }
    for (int n = 0; n < plain.size(); ++n) {
      if (!sources.contains(n) || sources.at(n) == 0.0 || !grounds.contains(n)) continue;
      if (policy == ConflictPolicy::remove_ground || policy == ConflictPolicy::remove_both) grounds.erase(n);
      if (policy == ConflictPolicy::remove_source || policy == ConflictPolicy::remove_both)
        sources.erase(n);
      else if (sources.at(n) > 0.0 && grounds.contains(n) && std::isinf(grounds.at(n)))
        grounds.erase(n);
    }
    Raster<double> current(shape, 0.0), voltage(shape, 0.0);
    std::set<int> seen;
    bool any = false;
    for (int n = 0; n < plain.size(); ++n) {
      if (seen.contains(n)) continue;
      const std::set<int> component = plain.component(n);
      seen.insert(component.begin(), component.end());
      double amperes = 0.0, conductance = 0.0;
      std::set<int> held;
      std::map<int, double> finite;
      bool any_source = false;
      for (const int m : component) {
        if (sources.contains(m)) amperes += sources.at(m);
        if (!grounds.contains(m)) continue;
        conductance += grounds.at(m);
        if (std::isinf(grounds.at(m)))
          held.insert(m);
        else
          finite.emplace(m, grounds.at(m));
      }
      for (const int m : component) any_source = any_source || (sources.contains(m) && !held.contains(m));
      if (amperes == 0.0 || conductance == 0.0 || !any_source) continue;
      any = true;
      plain.show(plain.voltages(component, sources, held, finite), finite, current, voltage);
    }
    CircuitOptions options;
    options.voltages = true;
    options.solver = {1e-12, 500, 0};
    int runs = 0;
    advanced(c.map, source, ground, policy, options, RunContext{}, [&](const CircuitRun& run) {
      ++runs;
      CHECK(run.is_solved == any);
      CHECK(run.value == (any ? 0.0 : -1.0));
      require_equal(*run.current, current);
      require_equal(*run.voltage, voltage);
    });
    CHECK(runs == 1);
    (any ? solved : unsolved) += 1;
  }
  CHECK(solved > 80);
  CHECK(unsolved > 20);
}

TEST_CASE("runs that are done are left out, and the same bits come at any thread count") {
  Dice dice(3);
  CircuitMap map;
  map.conductance = random_resistance(dice, {60, 50}, Resistances::noise, 0.2);
  for (float& g : map.conductance.values) g = std::isinf(g) ? 0.0F : 1.0F / g;
  std::vector<FocalNode> focal;
  for (int k = 0; k < 5; ++k) focal.push_back({k, {k * 611, k * 611 + 1}});
  focal.push_back({5, {33}});
  focal.push_back({6, {2999}});
  const auto run = [&](std::size_t threads, bool skip) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    CircuitOptions options;
    options.voltages = true;
    if (skip) options.is_done = [](int a, int b) { return (a + b) % 2 == 0; };
    std::map<std::pair<int, int>, std::pair<double, std::vector<double>>> found;
    pairwise(map, focal, options, RunContext{}, [&](const CircuitRun& r) {
      found[{r.a, r.b}] = {r.value, r.current->values};
    });
    return found;
  };
  const auto all = run(2, false);
  CHECK(all.size() == 21);
  CHECK(run(1, false) == all);
  const auto rest = run(2, true);
  CHECK(rest.size() == 12);
  for (const auto& [pair, result] : rest) CHECK(result == all.at(pair));
}
