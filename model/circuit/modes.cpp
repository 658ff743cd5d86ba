#include "model/circuit/modes.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

#include <Eigen/Dense>

#include "model/circuit/terminals.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double least_share = 1e-8;  // branches with less of the current than this count as none
constexpr std::size_t solved_at_once = 4;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Short-circuit regions with focal regions added; regions that share a cell become one.
Raster<std::int32_t> with_regions(const CircuitMap& map, const std::vector<const FocalNode*>& regions) {
  if (regions.empty()) return map.short_circuit;
  Raster<std::int32_t> group =
      map.short_circuit.empty() ? Raster<std::int32_t>(map.conductance.shape, 0) : map.short_circuit;
  std::int32_t next = 0;
  for (const std::int32_t g : group.values) next = std::max(next, g);
  std::unordered_map<std::int32_t, std::int32_t> becomes;  // group -> the one it has become part of
  const auto find = [&](std::int32_t g) {
    for (auto found = becomes.find(g); found != becomes.end(); found = becomes.find(g)) g = found->second;
    return g;
  };
  for (const FocalNode* region : regions) {
    const std::int32_t own = ++next;
    for (const Cell cell : region->cells) {
      const std::int32_t before = group[cell] == 0 ? own : find(group[cell]);
      if (before != own) becomes.emplace(before, own);
      group[cell] = own;
    }
  }
  if (!becomes.empty())
    for (std::int32_t& g : group.values)
      if (g != 0) g = find(g);
  return group;
}

/// Voltages of a circuit for 1 A from each of some nodes to the first of its component; every other solution follows by
/// superposition.
class Superposition {
 public:
  Superposition(const RasterCircuit& circuit, std::vector<std::int32_t> nodes, const CircuitOptions& options,
                const RunContext& context)
      : circuit_(circuit), component_(circuit_components(circuit.laplacian)) {
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    std::map<std::int32_t, std::int32_t> reference;  // component -> node
    std::vector<Injection> injections;
    std::vector<std::int32_t> solved;
    for (const std::int32_t node : nodes) {
      if (node < 0 || component(node) < 0) continue;
      const auto [first, is_first] = reference.emplace(component(node), node);
      if (is_first) {
        voltages_.emplace(node, Basis{});
        continue;
      }
      injections.push_back({{node, 1.0}, {first->second, -1.0}});
      solved.push_back(node);
    }
    if (injections.empty()) return;
    CircuitSolver solver(circuit.laplacian);
    std::vector<std::vector<double>> voltages(injections.size());
    for (std::size_t begin = 0; begin < injections.size(); begin += solved_at_once) {
      const std::size_t count = std::min(solved_at_once, injections.size() - begin);
      const auto reports = solver.solve(std::span(injections).subspan(begin, count),
                                        std::span(voltages).subspan(begin, count), options.solver, context);
      for (std::size_t k = 0; k < count; ++k)
        voltages_.emplace(solved[begin + k], Basis{std::move(voltages[begin + k]), reports[k]});
      if (options.on_solved) options.on_solved(begin + count, injections.size());
    }
  }

  std::int32_t component(std::int32_t node) const { return component_[index(node)]; }
  bool are_joined(std::int32_t a, std::int32_t b) const {
    return a >= 0 && b >= 0 && component(a) >= 0 && component(a) == component(b);
  }
  /// Voltage at `at` for 1 A from `node` to its component's reference.
  double voltage(std::int32_t node, std::int32_t at) const {
    const auto& x = voltages_.at(node).x;
    return x.empty() ? 0.0 : x[index(at)];
  }
  /// All voltages; null at the reference, where they are 0.
  const double* voltages(std::int32_t node) const {
    const auto& x = voltages_.at(node).x;
    return x.empty() ? nullptr : x.data();
  }
  const SolveReport& report(std::int32_t node) const { return voltages_.at(node).report; }
  double resistance(std::int32_t a, std::int32_t b) const {
    return (voltage(a, a) - voltage(b, a)) - (voltage(a, b) - voltage(b, b));
  }
  const RasterCircuit& circuit() const { return circuit_; }

 private:
  struct Basis {
    std::vector<double> x;
    SolveReport report{0, 0.0, true};
  };
  const RasterCircuit& circuit_;
  std::vector<std::int32_t> component_;
  std::unordered_map<std::int32_t, Basis> voltages_;
};

/// Rasters that are filled for one run after another.
struct Maps {
  std::optional<Raster<double>> current, voltage;

  Maps(const Shape& shape, const CircuitOptions& options) {
    if (options.currents) current.emplace(shape, 0.0);
    if (options.voltages) voltage.emplace(shape, 0.0);
  }
  void attach(CircuitRun& run) {
    if (current) run.current = &*current;
    if (voltage) run.voltage = &*voltage;
  }
  void clear() {
    if (current) std::fill(current->values.begin(), current->values.end(), 0.0);
    if (voltage) std::fill(voltage->values.begin(), voltage->values.end(), 0.0);
  }
};

/// Voltages by cell: `value(node)` for the nodes of one component, 0 elsewhere.
template <class Value>
void voltage_map(const RasterCircuit& circuit, const Value& value, Raster<double>& out) {
  parallel_pieces(out.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell) {
      const std::int32_t node = circuit.node[cell];
      out[cell] = node < 0 ? 0.0 : value(node);
    }
  });
}

/// Runs one pair whose nodes are in a superposition.
void run_pair(const Superposition& basis, std::int32_t node_a, std::int32_t node_b, const CircuitOptions& options,
              CircuitRun& run, Maps& maps) {
  if (node_a == node_b && node_a >= 0) run.value = 0.0;
  if (node_a == node_b || !basis.are_joined(node_a, node_b)) return maps.clear();
  run.report = worse(basis.report(node_a), basis.report(node_b));
  run.is_solved = true;
  run.value = basis.resistance(node_a, node_b);
  // 1 A from b to a.
  const double *const xa = basis.voltages(node_a), *const xb = basis.voltages(node_b);
  const RasterCircuit& circuit = basis.circuit();
  if (options.currents)
    node_currents(circuit, xb != nullptr ? xb : xa, xb != nullptr ? xa : nullptr, least_share, *maps.current);
  if (options.voltages) {
    const double zero = basis.voltage(node_b, node_a) - basis.voltage(node_a, node_a);
    const std::int32_t component = basis.component(node_a);
    voltage_map(
        circuit,
        [&](std::int32_t node) {
          if (basis.component(node) != component) return 0.0;
          return (xb != nullptr ? xb[node] : 0.0) - (xa != nullptr ? xa[node] : 0.0) - zero;
        },
        *maps.voltage);
  }
}

/// Adds the currents of all pairs among some nodes, component by component. A node that stands twice counts twice.
void add_all_pairs(const Superposition& basis, const std::vector<std::int32_t>& nodes, const CircuitOptions& options) {
  std::map<std::int32_t, std::vector<std::int32_t>> of_component;
  for (const std::int32_t node : nodes)
    if (node >= 0 && basis.component(node) >= 0 && is_acceptable(basis.report(node)))
      of_component[basis.component(node)].push_back(node);
  for (const auto& [component, members] : of_component) {
    if (members.size() < 2) continue;
    std::vector<const double*> x;
    for (const std::int32_t node : members) x.push_back(basis.voltages(node));
    const Raster<double> current = cumulative_current(basis.circuit(), x, members);
    for (std::size_t i = 0; i < current.values.size(); ++i) options.cumulative->values[i] += current.values[i];
  }
}

std::int32_t node_of(const RasterCircuit& circuit, const FocalNode& focal) {
  return focal.cells.empty() ? -1 : circuit.node[focal.cells.front()];
}

/// Whether a focal node's cells are one node already.
bool is_one_node(const RasterCircuit& circuit, const FocalNode& focal) {
  return std::all_of(focal.cells.begin(), focal.cells.end(),
                     [&](Cell cell) { return circuit.node[cell] == circuit.node[focal.cells.front()]; }) &&
         (focal.cells.size() == 1 || (!focal.cells.empty() && circuit.node[focal.cells.front()] >= 0));
}

/// The sum of basis voltages with the given weights, shifted by `constant`, for one component; 0 elsewhere.
std::vector<double> combine(const Superposition& basis, std::int32_t component,
                            const std::vector<std::pair<std::int32_t, double>>& weights, double constant) {
  std::vector<double> v(index(basis.circuit().laplacian.size()), 0.0);
  parallel_pieces(static_cast<std::int64_t>(v.size()), 1 << 13, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      if (basis.component(static_cast<std::int32_t>(i)) == component) v[index(i)] = constant;
    for (const auto& [node, weight] : weights)
      if (const double* x = basis.voltages(node))
        for (std::int64_t i = begin; i < end; ++i)
          if (basis.component(static_cast<std::int32_t>(i)) == component) v[index(i)] += weight * x[i];
  });
  return v;
}

void show(const RasterCircuit& circuit, const std::vector<double>& v, double current, const CircuitOptions& options,
          Maps& maps) {
  if (options.currents) node_currents(circuit, v.data(), nullptr, least_share * current, *maps.current);
  if (options.voltages)
    voltage_map(
        circuit, [&](std::int32_t node) { return v[index(node)]; }, *maps.voltage);
}

/// One focal node against the others, as a source or as the ground.
void one_against_all(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
                     const RunContext& context, const RunVisitor& visit, bool is_source) {
  const auto count = static_cast<int>(focal.size());
  const auto takes_part = [&](int n, int k) { return k == n || !options.is_included || options.is_included(n, k); };
  Maps maps(map.conductance.shape, options);
  // Regions that take part are one node each; where the same ones do, the circuit is the same.
  std::map<std::vector<int>, std::vector<int>> runs_with;
  for (int n = 0; n < count; ++n) {
    if (options.is_done && options.is_done(n, -1)) continue;
    std::vector<int> regions;
    for (int k = 0; k < count; ++k)
      if (focal[index(k)].cells.size() > 1 && takes_part(n, k)) regions.push_back(k);
    runs_with[regions].push_back(n);
  }
  for (const auto& [regions, runs] : runs_with) {
    std::vector<const FocalNode*> merged;
    for (const int k : regions) merged.push_back(&focal[index(k)]);
    const RasterCircuit circuit = raster_circuit(map.conductance, with_regions(map, merged), map.rule);
    std::vector<std::int32_t> nodes;
    for (const FocalNode& f : focal) nodes.push_back(node_of(circuit, f));
    const Superposition basis(circuit, nodes, options, context);
    for (const int n : runs) {
      context.check();
      CircuitRun run;
      run.a = n;
      run.circuit = &circuit;
      const std::int32_t own = nodes[index(n)];
      const auto is_partner = [&](int k) { return k != n && takes_part(n, k); };
      const auto strength = [&](int k) { return options.strength ? options.strength(k) : 1.0; };
      // The nodes at the other end, and what each sends: as grounds, nothing yet.
      std::vector<std::int32_t> others;
      std::vector<double> sent;
      bool any_partner = false;
      for (int k = 0; k < count; ++k) {
        any_partner = any_partner || is_partner(k);
        if (k == n || nodes[index(k)] == own || !basis.are_joined(own, nodes[index(k)])) continue;
        if (is_source && !is_partner(k)) continue;
        others.push_back(nodes[index(k)]);
        sent.push_back(is_partner(k) ? strength(k) : 1.0);
      }
      if (is_source) {
        std::sort(others.begin(), others.end());
        others.erase(std::unique(others.begin(), others.end()), others.end());
      }
      const double current = is_source ? strength(n) : std::accumulate(sent.begin(), sent.end(), 0.0);
      if (!any_partner || others.empty() || current == 0.0) {
        maps.clear();
        maps.attach(run);
        visit(run);
        continue;
      }
      run.is_solved = true;
      run.report = basis.report(own);
      for (const std::int32_t other : others) run.report = worse(run.report, basis.report(other));
      std::vector<std::pair<std::int32_t, double>> weights;
      double constant = 0.0;
      if (is_source) {
        // What each ground draws, so that all of them are at 0 volts: a small system of its own.
        const auto m = static_cast<Eigen::Index>(others.size());
        Eigen::MatrixXd a(m + 1, m + 1);
        Eigen::VectorXd b(m + 1);
        for (Eigen::Index row = 0; row < m; ++row) {
          for (Eigen::Index col = 0; col < m; ++col)
            a(row, col) = basis.voltage(others[index(col)], others[index(row)]);
          a(row, m) = 1.0;
          b[row] = -current * basis.voltage(own, others[index(row)]);
        }
        a.row(m).setOnes();
        a(m, m) = 0.0;
        b[m] = -current;
        const Eigen::VectorXd x = a.partialPivLu().solve(b);
        weights.emplace_back(own, current);
        for (Eigen::Index k = 0; k < m; ++k) weights.emplace_back(others[index(k)], x[k]);
        constant = x[m];
        run.value = constant;
        for (const auto& [node, weight] : weights) run.value += weight * basis.voltage(node, own);
        run.value /= current;
      } else {
        weights.emplace_back(own, -current);
        for (std::size_t k = 0; k < others.size(); ++k) weights.emplace_back(others[k], sent[k]);
        for (const auto& [node, weight] : weights) constant -= weight * basis.voltage(node, own);
        run.value = 0.0;
      }
      double most = std::abs(current);
      for (const auto& [node, weight] : weights) most = std::max(most, std::abs(weight));
      show(circuit, combine(basis, basis.component(own), weights, constant), most, options, maps);
      maps.attach(run);
      visit(run);
    }
  }
}

}  // namespace

void pairwise(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
              const RunContext& context, const RunVisitor& visit) {
  const auto count = static_cast<int>(focal.size());
  const auto is_included = [&](int a, int b) { return !options.is_included || options.is_included(a, b); };
  Maps maps(map.conductance.shape, options);
  const RasterCircuit plain = raster_circuit(map.conductance, map.short_circuit, map.rule);
  std::vector<std::uint8_t> is_region(index(count));
  std::vector<std::int32_t> points;
  for (int k = 0; k < count; ++k) {
    is_region[index(k)] = !is_one_node(plain, focal[index(k)]);
    if (is_region[index(k)] == 0) points.push_back(node_of(plain, focal[index(k)]));
  }
  const auto are_points = [&](int a, int b) { return is_region[index(a)] == 0 && is_region[index(b)] == 0; };
  const auto is_asked = [&](int a, int b) { return is_included(a, b) && !(options.is_done && options.is_done(a, b)); };
  // The sum of all pairs of points comes at once if each of them is in it.
  bool points_at_once = options.cumulative != nullptr && !options.currents;
  for (int a = 0; a < count && points_at_once; ++a)
    for (int b = a + 1; b < count && points_at_once; ++b) points_at_once = !are_points(a, b) || is_asked(a, b);
  CircuitOptions with_currents = options;
  with_currents.currents = options.currents || options.cumulative != nullptr;
  std::optional<Maps> summed;  // of a pair whose map only the sum wants
  std::optional<Superposition> among_points;
  const auto solve = [&](int a, int b, const RasterCircuit& circuit, const Superposition& basis) {
    CircuitRun run;
    run.a = a;
    run.b = b;
    const std::int32_t node_a = node_of(circuit, focal[index(a)]), node_b = node_of(circuit, focal[index(b)]);
    const bool is_summed = options.cumulative != nullptr && !(points_at_once && are_points(a, b));
    if (is_summed && !options.currents) {
      if (!summed) summed.emplace(map.conductance.shape, with_currents);
      run_pair(basis, node_a, node_b, with_currents, run, *summed);
      if (options.voltages) run.voltage = &*summed->voltage;
    } else {
      run_pair(basis, node_a, node_b, options, run, maps);
      maps.attach(run);
    }
    if (is_summed && run.is_solved && is_acceptable(run.report)) {
      const Raster<double>& current = options.currents ? *maps.current : *summed->current;
      parallel_pieces(current.shape.cells(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = index(begin); i < index(end); ++i) options.cumulative->values[i] += current.values[i];
      });
    }
    run.circuit = &circuit;
    visit(run);
  };
  for (int a = 0; a < count; ++a) {
    // A region and all points are one circuit; so are the points alone.
    std::optional<RasterCircuit> own;
    std::optional<Superposition> of_own;
    for (int b = a + 1; b < count; ++b) {
      if (!is_asked(a, b)) continue;
      context.check();
      if (are_points(a, b)) {
        if (!among_points) among_points.emplace(plain, points, options, context);
        solve(a, b, plain, *among_points);
        continue;
      }
      std::vector<const FocalNode*> merged;
      for (const int k : {a, b})
        if (is_region[index(k)] != 0) merged.push_back(&focal[index(k)]);
      if (is_region[index(a)] != 0 && is_region[index(b)] == 0) {
        if (!own) {
          own.emplace(raster_circuit(map.conductance, with_regions(map, merged), map.rule));
          std::vector<std::int32_t> nodes{node_of(*own, focal[index(a)])};
          for (int k = a + 1; k < count; ++k)
            if (is_region[index(k)] == 0 && is_included(a, k)) nodes.push_back(node_of(*own, focal[index(k)]));
          of_own.emplace(*own, nodes, options, context);
        }
        solve(a, b, *own, *of_own);
        continue;
      }
      const RasterCircuit circuit = raster_circuit(map.conductance, with_regions(map, merged), map.rule);
      const Superposition basis(circuit, {node_of(circuit, focal[index(a)]), node_of(circuit, focal[index(b)])},
                                options, context);
      solve(a, b, circuit, basis);
    }
  }
  if (points_at_once && among_points) add_all_pairs(*among_points, points, options);
}

void one_to_all(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
                const RunContext& context, const RunVisitor& visit) {
  one_against_all(map, focal, options, context, visit, true);
}

void all_to_one(const CircuitMap& map, const std::vector<FocalNode>& focal, const CircuitOptions& options,
                const RunContext& context, const RunVisitor& visit) {
  one_against_all(map, focal, options, context, visit, false);
}

void advanced(const CircuitMap& map, const Raster<double>& source, const Raster<double>& ground, ConflictPolicy policy,
              const CircuitOptions& options, const RunContext& context, const RunVisitor& visit) {
  RasterCircuit circuit = raster_circuit(map.conductance, map.short_circuit, map.rule);
  const std::vector<std::int32_t> component = circuit_components(circuit.laplacian);
  std::map<std::int32_t, double> sources, grounds;  // by node
  for (Cell cell = 0; cell < source.shape.cells(); ++cell) {
    const std::int32_t node = circuit.node[cell];
    if (node < 0) continue;
    if (source[cell] != 0.0) sources[node] += source[cell];
    if (ground[cell] != 0.0) grounds[node] += ground[cell];
  }
  resolve_conflicts(sources, grounds, policy);
  // A cell without neighbours is a component of its own: its source may have no way but through its own ground.
  const auto component_of = [&](std::int32_t node) {
    return component[index(node)] >= 0 ? component[index(node)] : -2 - node;
  };
  std::map<std::int32_t, std::pair<double, double>> sums;  // of sources and grounds, by component
  for (const auto& [node, amperes] : sources) sums[component_of(node)].first += amperes;
  for (const auto& [node, siemens] : grounds) sums[component_of(node)].second += siemens;
  const auto takes_part = [&](std::int32_t node) {
    const auto found = sums.find(component_of(node));
    return found != sums.end() && found->second.first != 0.0 && found->second.second != 0.0;
  };

  std::vector<std::int32_t> direct;
  double total = 0.0;
  for (const auto& [node, siemens] : grounds) {
    if (!takes_part(node)) continue;
    if (std::isinf(siemens))
      direct.push_back(node);
    else
      circuit.laplacian.ties.push_back({node, Laplacian::ground, siemens});
  }
  Injection injection;
  for (const auto& [node, amperes] : sources)
    if (takes_part(node) && !std::binary_search(direct.begin(), direct.end(), node)) {
      injection.emplace_back(node, amperes);
      total += std::abs(amperes);
    }
  CircuitRun run;
  run.circuit = &circuit;
  Maps maps(map.conductance.shape, options);
  if (!injection.empty()) {
    const Laplacian grounded = with_grounded(circuit.laplacian, direct);
    CircuitSolver solver(grounded);
    std::vector<std::vector<double>> voltages(1);
    run.report = solver.solve(std::span(&injection, 1), voltages, options.solver, context)[0];
    run.is_solved = true;
    run.value = 0.0;
    show(circuit, voltages[0], total, options, maps);
  }
  maps.attach(run);
  visit(run);
}

}  // namespace greenweave
