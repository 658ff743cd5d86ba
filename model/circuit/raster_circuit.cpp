#include "model/circuit/raster_circuit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t rows_a_piece = 16;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

double step_conductance(StepConductance rule, float a, float b, bool is_diagonal) {
  const auto ga = static_cast<double>(a), gb = static_cast<double>(b);
  double g = 0.0;
  if (rule == StepConductance::average_conductance)
    g = (ga + gb) / 2.0;
  else if (a > 0.0F && b > 0.0F)
    g = 2.0 / (1.0 / ga + 1.0 / gb);
  return is_diagonal ? g / std::numbers::sqrt2 : g;
}

/// Sums ties between the same two nodes.
void join_parallel(std::vector<Tie>& ties) {
  for (Tie& tie : ties)
    if (tie.v != Laplacian::ground && tie.u < tie.v) std::swap(tie.u, tie.v);
  std::stable_sort(ties.begin(), ties.end(),
                   [](const Tie& x, const Tie& y) { return x.u != y.u ? x.u < y.u : x.v < y.v; });
  std::size_t kept = 0;
  for (const Tie& tie : ties) {
    if (kept > 0 && ties[kept - 1].u == tie.u && ties[kept - 1].v == tie.v)
      ties[kept - 1].conductance += tie.conductance;
    else
      ties[kept++] = tie;
  }
  ties.resize(kept);
}

/// Calls `visit(array, position, other)` for the steps of a cell's node: the conductance stands in array[position].
template <class L, class Visit>
void for_each_step(L& laplacian, std::int32_t node, const Visit& visit) {
  const std::int32_t stride = laplacian.stride;
  visit(laplacian.east, node - 1, node - 1);
  visit(laplacian.east, node, node + 1);
  visit(laplacian.south, node - stride, node - stride);
  visit(laplacian.south, node, node + stride);
  visit(laplacian.south_east, node - stride - 1, node - stride - 1);
  visit(laplacian.south_east, node, node + stride + 1);
  visit(laplacian.south_west, node - stride + 1, node - stride + 1);
  visit(laplacian.south_west, node, node + stride - 1);
}

}  // namespace

RasterCircuit raster_circuit(const Raster<float>& conductance, const Raster<std::int32_t>& group,
                             const CircuitRule& rule) {
  const Shape shape = conductance.shape;
  RasterCircuit circuit{Laplacian(shape), Raster<std::int32_t>(shape, -1)};
  Laplacian& laplacian = circuit.laplacian;

  std::unordered_map<std::int32_t, std::int32_t> merged;  // group -> merged node
  if (!group.empty())
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (group[cell] != 0 && conductance[cell] > 0.0F &&
          merged.emplace(group[cell], laplacian.cells() + laplacian.merged).second)
        ++laplacian.merged;
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin * shape.cols); cell < end * shape.cols; ++cell) {
      if (!merged.empty() && group[cell] != 0) {
        const auto found = merged.find(group[cell]);
        if (found != merged.end()) circuit.node[cell] = found->second;
      } else if (conductance[cell] > 0.0F) {
        circuit.node[cell] = laplacian.node(cell);
      }
    }
  });

  const std::int64_t pieces = (shape.rows + rows_a_piece - 1) / rows_a_piece;
  std::vector<std::vector<Tie>> ties(index(pieces));
  const bool eight = rule.neighbourhood == Neighbourhood::eight;
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Tie>& own = ties[index(begin / rows_a_piece)];
    for (auto r = static_cast<std::int32_t>(begin); r < static_cast<std::int32_t>(end); ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        const Cell cell = shape.cell(r, c);
        const std::int32_t u = circuit.node[cell];
        if (u < 0) continue;
        const auto step = [&](std::int32_t dr, std::int32_t dc, std::vector<float>& to) {
          if (!shape.holds(r + dr, c + dc)) return;
          const Cell other = shape.cell(r + dr, c + dc);
          const std::int32_t v = circuit.node[other];
          if (v < 0 || u == v) return;
          const double g = step_conductance(rule.step, conductance[cell], conductance[other], dr != 0 && dc != 0);
          if (g <= 0.0) return;
          if (u < laplacian.cells() && v < laplacian.cells())
            to[index(u)] = static_cast<float>(g);
          else
            own.push_back({u, v, g});
        };
        step(0, 1, laplacian.east);
        step(1, 0, laplacian.south);
        if (!eight) continue;
        step(1, -1, laplacian.south_west);
        step(1, 1, laplacian.south_east);
      }
  });
  for (const auto& own : ties) laplacian.ties.insert(laplacian.ties.end(), own.begin(), own.end());
  join_parallel(laplacian.ties);
  return circuit;
}

Laplacian with_grounded(const Laplacian& laplacian, const std::vector<std::int32_t>& nodes) {
  Laplacian grounded = laplacian;
  std::vector<std::int32_t> sorted = nodes;
  std::sort(sorted.begin(), sorted.end());
  const auto is_grounded = [&](std::int32_t node) { return std::binary_search(sorted.begin(), sorted.end(), node); };
  for (Tie& tie : grounded.ties) {
    const bool u = is_grounded(tie.u), v = tie.v != Laplacian::ground && is_grounded(tie.v);
    if (u && (v || tie.v == Laplacian::ground))
      tie.conductance = 0.0;
    else if (u)
      tie = {tie.v, Laplacian::ground, tie.conductance};
    else if (v)
      tie.v = Laplacian::ground;
  }
  std::erase_if(grounded.ties, [](const Tie& tie) { return tie.conductance == 0.0; });
  for (const std::int32_t node : sorted) {
    if (node >= laplacian.cells()) continue;
    for_each_step(grounded, node, [&](std::vector<float>& g, std::int32_t at, std::int32_t other) {
      float& conductance = g[index(at)];
      if (conductance > 0.0F && !is_grounded(other))
        grounded.ties.push_back({other, Laplacian::ground, static_cast<double>(conductance)});
      conductance = 0.0F;
    });
  }
  join_parallel(grounded.ties);
  return grounded;
}

std::vector<std::int32_t> circuit_components(const Laplacian& laplacian) {
  std::vector<std::int32_t> parent(index(laplacian.size()));
  for (std::int32_t i = 0; i < laplacian.size(); ++i) parent[index(i)] = i;
  const auto find = [&](std::int32_t i) {
    while (parent[index(i)] != i) i = parent[index(i)] = parent[index(parent[index(i)])];
    return i;
  };
  const auto unite = [&](std::int32_t a, std::int32_t b) {
    a = find(a);
    b = find(b);
    if (a != b) parent[index(std::max(a, b))] = std::min(a, b);
  };
  std::vector<std::uint8_t> is_node(parent.size(), 0);
  const std::int32_t stride = laplacian.stride;
  for (std::int32_t i = 0; i < laplacian.cells() - stride - 1; ++i) {
    const auto step = [&](float g, std::int32_t j) {
      if (g <= 0.0F) return;
      is_node[index(i)] = is_node[index(j)] = 1;
      unite(i, j);
    };
    step(laplacian.east[index(i)], i + 1);
    step(laplacian.south[index(i)], i + stride);
    step(laplacian.south_east[index(i)], i + stride + 1);
    step(laplacian.south_west[index(i)], i + stride - 1);
  }
  for (std::int32_t m = laplacian.cells(); m < laplacian.size(); ++m) is_node[index(m)] = 1;
  for (const Tie& tie : laplacian.ties) {
    is_node[index(tie.u)] = 1;
    if (tie.v == Laplacian::ground) continue;
    is_node[index(tie.v)] = 1;
    unite(tie.u, tie.v);
  }
  std::vector<std::int32_t> component(parent.size(), -1);
  std::int32_t count = 0;
  for (std::int32_t i = 0; i < laplacian.size(); ++i) {
    if (is_node[index(i)] == 0) continue;
    const std::int32_t root = find(i);
    if (component[index(root)] < 0) component[index(root)] = count++;
    component[index(i)] = component[index(root)];
  }
  return component;
}

void node_currents(const RasterCircuit& circuit, const double* v, const double* minus, double least,
                   Raster<double>& out) {
  const Laplacian& laplacian = circuit.laplacian;
  const Shape shape = laplacian.shape;
  const std::int64_t stride = laplacian.stride;
  const auto at = [&](std::int64_t i) { return minus == nullptr ? v[i] : v[i] - minus[i]; };
  struct Flow {
    double in = 0.0, out = 0.0;
    void add(double current, double limit) {
      if (std::abs(current) < limit) return;
      (current > 0.0 ? out : in) += std::abs(current);
    }
    double through() const { return std::max(in, out); }
  };
  const auto flow_of_cell = [&](std::int64_t i) {
    Flow flow;
    const double here = at(i);
    const auto branch = [&](float g, std::int64_t j) { flow.add(static_cast<double>(g) * (here - at(j)), least); };
    branch(laplacian.east[index(i - 1)], i - 1);
    branch(laplacian.east[index(i)], i + 1);
    branch(laplacian.south[index(i - stride)], i - stride);
    branch(laplacian.south[index(i)], i + stride);
    branch(laplacian.south_east[index(i - stride - 1)], i - stride - 1);
    branch(laplacian.south_east[index(i)], i + stride + 1);
    branch(laplacian.south_west[index(i - stride + 1)], i - stride + 1);
    branch(laplacian.south_west[index(i)], i + stride - 1);
    return flow;
  };
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for (auto r = static_cast<std::int32_t>(begin); r < static_cast<std::int32_t>(end); ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        const std::int64_t i = (r + 1) * stride + c + 1;
        const Cell cell = shape.cell(r, c);
        out[cell] = circuit.node[cell] == i ? flow_of_cell(i).through() : 0.0;
      }
  });
  if (laplacian.ties.empty()) return;
  // Nodes with ties are few: theirs anew, with both.
  std::unordered_map<std::int32_t, Flow> tied;
  const auto flow_of = [&](std::int32_t node) -> Flow& {
    const auto [found, is_new] = tied.try_emplace(node);
    if (is_new && node < laplacian.cells()) found->second = flow_of_cell(node);
    return found->second;
  };
  for (const Tie& tie : laplacian.ties) {
    if (tie.v == Laplacian::ground) {
      flow_of(tie.u).add(tie.conductance * at(tie.u), 0.0);
      continue;
    }
    const double current = tie.conductance * (at(tie.u) - at(tie.v));
    flow_of(tie.u).add(current, least);
    flow_of(tie.v).add(-current, least);
  }
  for (const auto& [node, flow] : tied)
    if (node < laplacian.cells()) out[laplacian.cell(node)] = flow.through();
  if (laplacian.merged > 0)
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (circuit.node[cell] >= laplacian.cells()) {
        const auto found = tied.find(circuit.node[cell]);
        out[cell] = found == tied.end() ? 0.0 : found->second.through();
      }
}

}  // namespace greenweave
