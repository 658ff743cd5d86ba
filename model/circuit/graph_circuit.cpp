#include "model/circuit/graph_circuit.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>
#include <optional>
#include <span>

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>

namespace greenweave {

namespace {

constexpr double least_share = 1e-8;  // branches with less of the largest current than this count as none

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A graph with some nodes held at 0 volts and some with a way to ground, solved for one set of currents after the
/// other. Only nodes that are active are unknowns; the others must have no branch to them.
class GroundedGraph {
 public:
  GroundedGraph(const GraphCircuit& graph, const std::vector<std::uint8_t>& is_active,
                const std::vector<std::uint8_t>& is_held, const std::map<std::int32_t, double>& grounds,
                const GraphOptions& options)
      : options_(options), unknown_(index(graph.nodes), -1) {
    std::int32_t count = 0;
    for (std::int32_t n = 0; n < graph.nodes; ++n)
      if (is_active[index(n)] != 0 && is_held[index(n)] == 0) unknown_[index(n)] = count++;
    std::vector<Tie> ties;
    for (const auto& branch : graph.branches) {
      const std::int32_t u = unknown_[index(branch.a)], v = unknown_[index(branch.b)];
      if (u >= 0 || v >= 0)
        ties.push_back({std::max(u, v), std::min(u, v) < 0 ? Laplacian::ground : std::min(u, v), branch.conductance});
    }
    for (const auto& [node, conductance] : grounds)
      if (unknown_[index(node)] >= 0) ties.push_back({unknown_[index(node)], Laplacian::ground, conductance});
    if (count <= options.most_for_direct)
      factorise(count, ties);
    else
      coarsen(count, std::move(ties));
  }

  /// Voltages of all nodes for currents (amperes) by node.
  std::vector<double> solve(const Injection& injection, SolveReport* report, const RunContext& context) {
    std::vector<double> voltage(unknown_.size(), 0.0);
    if (matrix_.rows() > 0) {
      Eigen::VectorXd b = Eigen::VectorXd::Zero(matrix_.rows());
      for (const auto& [node, amperes] : injection)
        if (unknown_[index(node)] >= 0) b[unknown_[index(node)]] += amperes;
      const double norm = b.norm();
      Eigen::VectorXd x = factor_.solve(b);
      Eigen::VectorXd r = b - matrix_.selfadjointView<Eigen::Lower>() * x;
      x += factor_.solve(r);  // one step of refinement
      r = b - matrix_.selfadjointView<Eigen::Lower>() * x;
      report->residual = norm > 0.0 ? r.norm() / norm : 0.0;
      report->converged = factor_.info() == Eigen::Success && report->residual <= options_.solver.tolerance;
      for (std::size_t n = 0; n < unknown_.size(); ++n)
        if (unknown_[n] >= 0) voltage[n] = x[unknown_[n]];
    } else if (iterative_ != nullptr) {
      Injection local;
      for (const auto& [node, amperes] : injection)
        if (unknown_[index(node)] >= 0) local.emplace_back(laplacian_->cells() + unknown_[index(node)], amperes);
      std::vector<std::vector<double>> x(1);
      *report = iterative_->solve(std::span(&local, 1), x, options_.solver, context)[0];
      for (std::size_t n = 0; n < unknown_.size(); ++n)
        if (unknown_[n] >= 0) voltage[n] = x[0][index(laplacian_->cells() + unknown_[n])];
    } else {
      report->converged = true;
    }
    return voltage;
  }

 private:
  void factorise(std::int32_t count, const std::vector<Tie>& ties) {
    std::vector<Eigen::Triplet<double>> entries;
    entries.reserve(3 * ties.size());
    for (const Tie& tie : ties) {
      entries.emplace_back(tie.u, tie.u, tie.conductance);
      if (tie.v == Laplacian::ground) continue;
      entries.emplace_back(tie.v, tie.v, tie.conductance);
      entries.emplace_back(tie.u, tie.v, -tie.conductance);  // u > v: the lower half
    }
    matrix_.resize(count, count);
    matrix_.setFromTriplets(entries.begin(), entries.end());
    if (count > 0) factor_.compute(matrix_);
  }

  /// The nodes as merged nodes of a grid without cells, so that the grid's multigrid serves them too.
  void coarsen(std::int32_t count, std::vector<Tie> ties) {
    laplacian_ = std::make_unique<Laplacian>(Shape{1, 1});
    laplacian_->merged = count;
    for (Tie& tie : ties) {
      tie.u += laplacian_->cells();
      if (tie.v != Laplacian::ground) tie.v += laplacian_->cells();
    }
    laplacian_->ties = std::move(ties);
    iterative_ = std::make_unique<CircuitSolver>(*laplacian_);
  }

  const GraphOptions& options_;
  std::vector<std::int32_t> unknown_;  // of each node; -1: none
  Eigen::SparseMatrix<double> matrix_;
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> factor_;
  std::unique_ptr<Laplacian> laplacian_;
  std::unique_ptr<CircuitSolver> iterative_;
};

}  // namespace

GraphCircuit graph_circuit(std::int32_t nodes, std::vector<GraphCircuit::Branch> branches) {
  GraphCircuit graph{nodes, {}};
  for (auto& branch : branches) {
    assert(branch.a >= 0 && branch.b >= 0 && branch.a < nodes && branch.b < nodes);
    if (branch.a > branch.b) std::swap(branch.a, branch.b);
  }
  std::stable_sort(branches.begin(), branches.end(),
                   [](const auto& x, const auto& y) { return x.a != y.a ? x.a < y.a : x.b < y.b; });
  for (const auto& branch : branches) {
    if (branch.a == branch.b || branch.conductance == 0.0) continue;
    if (!graph.branches.empty() && graph.branches.back().a == branch.a && graph.branches.back().b == branch.b)
      graph.branches.back().conductance += branch.conductance;
    else
      graph.branches.push_back(branch);
  }
  return graph;
}

std::vector<std::int32_t> graph_components(const GraphCircuit& graph) {
  std::vector<std::int32_t> parent(index(graph.nodes));
  for (std::int32_t n = 0; n < graph.nodes; ++n) parent[index(n)] = n;
  const auto find = [&](std::int32_t n) {
    while (parent[index(n)] != n) n = parent[index(n)] = parent[index(parent[index(n)])];
    return n;
  };
  for (const auto& branch : graph.branches) {
    const std::int32_t a = find(branch.a), b = find(branch.b);
    parent[index(std::max(a, b))] = std::min(a, b);
  }
  std::vector<std::int32_t> component(parent.size());
  std::int32_t count = 0;
  for (std::int32_t n = 0; n < graph.nodes; ++n)
    component[index(n)] = find(n) == n ? count++ : component[index(find(n))];
  return component;
}

void graph_pairwise(const GraphCircuit& graph, const std::vector<std::int32_t>& focal, const GraphOptions& options,
                    const RunContext& context, const GraphVisitor& visit) {
  const std::vector<std::int32_t> component = graph_components(graph);
  const auto count = static_cast<int>(focal.size());
  // The first focal node of each component is at 0 volts; solutions are for 1 A into each other one.
  std::map<std::int32_t, std::int32_t> reference;  // component -> node
  std::map<std::int32_t, std::vector<double>> solution;
  std::map<std::int32_t, SolveReport> report;
  for (const std::int32_t node : focal) {
    const bool is_first = reference.emplace(component[index(node)], node).second;
    if (!is_first && node != reference.at(component[index(node)])) solution.try_emplace(node);
  }
  std::vector<std::uint8_t> is_active(index(graph.nodes), 0), is_held(index(graph.nodes), 0);
  std::vector<std::uint8_t> is_needed(index(graph.nodes), 0);  // by component
  for (const auto& [node, empty] : solution) is_needed[index(component[index(node)])] = 1;
  for (std::int32_t n = 0; n < graph.nodes; ++n) is_active[index(n)] = is_needed[index(component[index(n)])];
  for (const auto& [of, node] : reference) is_held[index(node)] = 1;
  if (!solution.empty()) {
    GroundedGraph grounded(graph, is_active, is_held, {}, options);
    for (auto& [node, voltage] : solution) {
      context.check();
      voltage = grounded.solve({{node, 1.0}}, &report[node], context);
    }
  }
  const auto at = [&](std::int32_t node, std::int32_t where) {
    const auto found = solution.find(node);
    return found == solution.end() ? 0.0 : found->second[index(where)];
  };
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b) {
      if ((options.is_included && !options.is_included(a, b)) || (options.is_done && options.is_done(a, b))) continue;
      context.check();
      GraphRun run;
      run.a = a;
      run.b = b;
      run.report.converged = true;
      const std::int32_t u = focal[index(a)], v = focal[index(b)];
      run.voltage.assign(index(graph.nodes), 0.0);
      if (u == v) {
        run.value = 0.0;
      } else if (component[index(u)] == component[index(v)]) {
        for (const std::int32_t node : {u, v})
          if (const auto found = report.find(node); found != report.end())
            run.report = worse(run.report, found->second);
        run.is_solved = true;
        run.value = (at(v, v) - at(u, v)) - (at(v, u) - at(u, u));
        const double zero = at(v, u) - at(u, u);
        for (std::int32_t n = 0; n < graph.nodes; ++n)
          if (component[index(n)] == component[index(u)]) run.voltage[index(n)] = at(v, n) - at(u, n) - zero;
      }
      visit(run);
    }
}

GraphRun graph_advanced(const GraphCircuit& graph, std::map<std::int32_t, double> sources,
                        std::map<std::int32_t, double>& grounds, ConflictPolicy policy, const GraphOptions& options,
                        const RunContext& context) {
  const std::vector<std::int32_t> component = graph_components(graph);
  resolve_conflicts(sources, grounds, policy);
  std::map<std::int32_t, std::pair<double, double>> sums;  // of sources and grounds, by component
  for (const auto& [node, amperes] : sources) sums[component[index(node)]].first += amperes;
  for (const auto& [node, conductance] : grounds) sums[component[index(node)]].second += conductance;
  std::vector<std::uint8_t> is_active(index(graph.nodes), 0), is_held(index(graph.nodes), 0);
  for (std::int32_t n = 0; n < graph.nodes; ++n)
    if (const auto sum = sums.find(component[index(n)]); sum != sums.end())
      is_active[index(n)] = sum->second.first != 0.0 && sum->second.second != 0.0;
  std::map<std::int32_t, double> finite;
  for (const auto& [node, conductance] : grounds) {
    if (std::isinf(conductance))
      is_held[index(node)] = 1;
    else
      finite.emplace(node, conductance);
  }
  Injection injection;
  for (const auto& [node, amperes] : sources)
    if (is_active[index(node)] != 0 && is_held[index(node)] == 0 && amperes != 0.0)
      injection.emplace_back(node, amperes);
  GraphRun run;
  run.voltage.assign(index(graph.nodes), 0.0);
  run.report.converged = true;
  if (injection.empty()) return run;
  GroundedGraph grounded(graph, is_active, is_held, finite, options);
  run.voltage = grounded.solve(injection, &run.report, context);
  run.is_solved = true;
  run.value = 0.0;
  return run;
}

GraphCurrents graph_currents(const GraphCircuit& graph, const std::vector<double>& voltage,
                             const std::map<std::int32_t, double>& grounds) {
  GraphCurrents currents{std::vector<double>(index(graph.nodes)), std::vector<double>(graph.branches.size())};
  double largest = 0.0;
  for (std::size_t k = 0; k < graph.branches.size(); ++k) {
    const auto& branch = graph.branches[k];
    currents.branch[k] = branch.conductance * (voltage[index(branch.a)] - voltage[index(branch.b)]);
    largest = std::max(largest, std::abs(currents.branch[k]));
  }
  std::vector<double> in(currents.node.size(), 0.0), out(currents.node.size(), 0.0);
  for (std::size_t k = 0; k < graph.branches.size(); ++k) {
    double& current = currents.branch[k];
    if (std::abs(current) < least_share * largest) current = 0.0;
    const std::size_t from = index(current > 0.0 ? graph.branches[k].a : graph.branches[k].b);
    const std::size_t to = index(current > 0.0 ? graph.branches[k].b : graph.branches[k].a);
    out[from] += std::abs(current);
    in[to] += std::abs(current);
  }
  for (const auto& [node, conductance] : grounds) {
    if (std::isinf(conductance)) continue;
    const double current = conductance * voltage[index(node)];
    (current > 0.0 ? out : in)[index(node)] += std::abs(current);
  }
  for (std::size_t n = 0; n < currents.node.size(); ++n) currents.node[n] = std::max(in[n], out[n]);
  return currents;
}

}  // namespace greenweave
