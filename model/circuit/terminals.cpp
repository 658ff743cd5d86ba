#include "model/circuit/terminals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "model/run/parallel.hpp"
#include "model/run/simd.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t rows_a_piece = 8;
constexpr int step_kinds = 4;       // east, south west, south, south east
constexpr int sorted_from = 96;     // terminals from which sorting beats comparing all pairs
constexpr std::int64_t block = 64;  // cells that are worked on together

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Keeps of each terminal what lies in the component that holds most of all shares.
void keep_main_component(const std::vector<std::int32_t>& component, TerminalVoltages& result) {
  std::vector<double> held;
  const auto component_of = [&](std::int32_t node) { return node < 0 ? -1 : component[index(node)]; };
  for (Terminal& terminal : result.terminals) {
    double sum = 0.0;
    for (const auto& [node, share] : terminal.shares) sum += share;
    for (auto& [node, share] : terminal.shares) {
      share /= sum;
      const std::int32_t c = component_of(node);
      if (c < 0) continue;
      if (index(c) >= held.size()) held.resize(index(c) + 1, 0.0);
      held[index(c)] += share;
    }
  }
  const auto main = static_cast<std::int32_t>(std::max_element(held.begin(), held.end()) - held.begin());
  result.joined.assign(result.terminals.size(), 0);
  for (std::size_t k = 0; k < result.terminals.size(); ++k) {
    auto& shares = result.terminals[k].shares;
    std::erase_if(shares, [&](const auto& s) { return component_of(s.first) != main; });
    // Cells that are one node count together.
    std::sort(shares.begin(), shares.end());
    std::size_t kept = 0;
    for (const auto& [node, share] : shares) {
      if (kept > 0 && shares[kept - 1].first == node)
        shares[kept - 1].second += share;
      else
        shares[kept++] = {node, share};
    }
    shares.resize(kept);
    double sum = 0.0;
    for (const auto& [node, share] : shares) sum += share;
    for (auto& [node, share] : shares) share /= sum;
    result.joined[k] = !shares.empty();
  }
}

Injection from_to(const Terminal& a, const Terminal& b) {
  Injection injection;
  for (const auto& [node, share] : a.shares) injection.emplace_back(node, share);
  for (const auto& [node, share] : b.shares) injection.emplace_back(node, -share);
  std::sort(injection.begin(), injection.end());
  std::size_t kept = 0;
  for (const auto& [node, amperes] : injection) {
    if (kept > 0 && injection[kept - 1].first == node)
      injection[kept - 1].second += amperes;
    else
      injection[kept++] = {node, amperes};
  }
  injection.resize(kept);
  return injection;
}

/// Terminals with voltages that differ between the cells, the reference (all 0) among them.
std::vector<const double*> columns(const TerminalVoltages& voltages, std::vector<int>* terminals = nullptr) {
  std::vector<const double*> result;
  for (int k = 0; k < voltages.count(); ++k) {
    if (voltages.joined[index(k)] == 0) continue;
    const auto& x = voltages.x[index(k)];
    result.push_back(x.empty() ? nullptr : x.data());
    if (terminals != nullptr) terminals->push_back(k);
  }
  return result;
}

/// out[i] = sum over a < b of |d_a[i] - d_b[i]|, with d terminal by terminal, `block` apart.
GREENWEAVE_WIDE void sum_of_differences(const double* d, int count, double* out) {
  for (std::int64_t i = 0; i < block; ++i) out[i] = 0.0;
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b) {
      const double *const x = d + a * block, *const y = d + b * block;
      for (std::int64_t i = 0; i < block; ++i) out[i] += std::abs(x[i] - y[i]);
    }
}

/// The same by sorting: the k-th smallest of n counts 2k - n + 1 times.
void sum_of_differences_sorted(const double* d, int count, std::vector<double>& work, double* out) {
  work.resize(index(count));
  for (std::int64_t i = 0; i < block; ++i) {
    for (int k = 0; k < count; ++k) work[index(k)] = d[k * block + i];
    std::sort(work.begin(), work.end());
    double sum = 0.0;
    for (int k = 0; k < count; ++k) sum += (2.0 * k - count + 1.0) * work[index(k)];
    out[i] = sum;
  }
}

/// out[i] = sum over a < b of (d_a[i] - d_b[i])^2.
void sum_of_squares(const double* d, int count, double* out) {
  for (std::int64_t i = 0; i < block; ++i) {
    // About the mean, where nothing cancels.
    double mean = 0.0, sum = 0.0;
    for (int k = 0; k < count; ++k) mean += d[k * block + i];
    mean /= count;
    for (int k = 0; k < count; ++k) sum += (d[k * block + i] - mean) * (d[k * block + i] - mean);
    out[i] = sum * count;
  }
}

/// For every step of the grid: `total(d, out)` of the terminals' drops over it, then `give(kind, node, value)`.
/// Rows in parallel; a row's steps stay with it.
template <class Total, class Give>
void for_steps(const Laplacian& laplacian, const std::vector<const double*>& x, const Total& total, const Give& give) {
  const std::int64_t stride = laplacian.stride;
  const auto count = static_cast<std::int64_t>(x.size());
  const std::array<const std::vector<float>*, step_kinds> conductance{&laplacian.east, &laplacian.south_west,
                                                                      &laplacian.south, &laplacian.south_east};
  const std::array<std::int64_t, step_kinds> offset{1, stride - 1, stride, stride + 1};
  parallel_pieces(laplacian.shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> d(index(count * block)), out(index(block)), work;
    for (std::int64_t row = begin + 1; row <= end; ++row)
      for (std::int64_t c = 1; c < stride - 1; c += block) {
        const std::int64_t first = row * stride + c, cells = std::min(block, stride - 1 - c);
        for (std::size_t kind = 0; kind < step_kinds; ++kind) {
          const float* const g = conductance[kind]->data() + first;
          if (std::all_of(g, g + cells, [](float v) { return v == 0.0F; })) continue;
          for (std::int64_t k = 0; k < count; ++k) {
            double* const of = d.data() + k * block;
            const double* const v = x[index(k)];
            for (std::int64_t i = 0; i < block; ++i)
              of[i] = i < cells && v != nullptr ? v[first + i] - v[first + i + offset[kind]] : 0.0;
          }
          total(d.data(), static_cast<int>(count), work, out.data());
          for (std::int64_t i = 0; i < cells; ++i)
            if (g[i] > 0.0F) give(kind, first + i, static_cast<double>(g[i]), out[index(i)]);
        }
      }
  });
}

/// Currents of all pairs of terminals through each cell: `x` their voltages (null: 0), `entering` what enters where.
template <class Number>
Raster<Number> sum_over_pairs(const RasterCircuit& circuit, const std::vector<const double*>& x,
                              std::vector<std::pair<std::int32_t, double>> entering) {
  const Laplacian& laplacian = circuit.laplacian;
  const std::int64_t stride = laplacian.stride;
  const auto count = static_cast<int>(x.size());
  // Amperes of each step, summed over pairs; then every node takes half of what its own carry.
  std::array<std::vector<Number>, step_kinds> carried;
  for (auto& of_kind : carried) of_kind.assign(laplacian.east.size(), Number{0});
  if (count >= 2)
    for_steps(
        laplacian, x,
        [](const double* d, int n, std::vector<double>& work, double* out) {
          if (n < sorted_from)
            sum_of_differences(d, n, out);
          else
            sum_of_differences_sorted(d, n, work, out);
        },
        [&](std::size_t kind, std::int64_t node, double g, double sum) {
          carried[kind][index(node)] = static_cast<Number>(g * sum);
        });
  std::vector<double> merged(index(laplacian.merged), 0.0);
  std::vector<std::pair<std::int32_t, double>> extra;  // at cells: from ties and terminals
  const auto add = [&](std::int32_t node, double amperes) {
    if (node >= laplacian.cells())
      merged[index(node - laplacian.cells())] += amperes;
    else
      extra.emplace_back(node, amperes);
  };
  const auto over_pairs = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    double sum = 0.0;
    const auto n = static_cast<double>(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) sum += (2.0 * static_cast<double>(k) - n + 1.0) * values[k];
    return sum;
  };
  std::vector<double> drops(index(count));
  for (const Tie& tie : laplacian.ties) {
    if (tie.v == Laplacian::ground || count < 2) continue;
    for (int k = 0; k < count; ++k)
      drops[index(k)] = x[index(k)] == nullptr ? 0.0 : x[index(k)][tie.u] - x[index(k)][tie.v];
    const double amperes = tie.conductance * over_pairs(drops);
    add(tie.u, amperes);
    add(tie.v, amperes);
  }
  // What enters and leaves at a node over all pairs: terminals that meet there partly cancel.
  std::sort(entering.begin(), entering.end());
  for (std::size_t begin = 0, end = 0; begin < entering.size() && count >= 2; begin = end) {
    std::vector<double> shares(index(count), 0.0);
    for (end = begin; end < entering.size() && entering[end].first == entering[begin].first; ++end)
      shares[end - begin] = entering[end].second;
    add(entering[begin].first, over_pairs(shares));
  }

  Raster<Number> out(laplacian.shape, Number{0});
  parallel_pieces(laplacian.shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    const auto& [east, south_west, south, south_east] = carried;
    for (auto r = static_cast<std::int32_t>(begin); r < static_cast<std::int32_t>(end); ++r)
      for (std::int32_t c = 0; c < laplacian.shape.cols; ++c) {
        const std::int64_t i = (r + 1) * stride + c + 1;
        const double sum =
            ((static_cast<double>(east[index(i - 1)]) + static_cast<double>(east[index(i)])) +
             (static_cast<double>(south[index(i - stride)]) + static_cast<double>(south[index(i)]))) +
            ((static_cast<double>(south_east[index(i - stride - 1)]) + static_cast<double>(south_east[index(i)])) +
             (static_cast<double>(south_west[index(i - stride + 1)]) + static_cast<double>(south_west[index(i)])));
        out.at(r, c) = static_cast<Number>(sum / 2.0);
      }
  });
  for (const auto& [node, amperes] : extra) {
    Number& at = out[laplacian.cell(node)];
    at = static_cast<Number>(static_cast<double>(at) + amperes / 2.0);
  }
  if (laplacian.merged > 0)
    for (Cell cell = 0; cell < laplacian.shape.cells(); ++cell)
      if (const std::int32_t node = circuit.node[cell]; node >= laplacian.cells())
        out[cell] = static_cast<Number>(merged[index(node - laplacian.cells())] / 2.0);
  return out;
}

}  // namespace

double TerminalVoltages::resistance(int a, int b) const {
  if (joined[index(a)] == 0 || joined[index(b)] == 0) return std::numeric_limits<double>::infinity();
  double sum = 0.0;
  const auto difference = [&](std::int32_t node) { return at(a, node) - at(b, node); };
  for (const auto& [node, share] : terminals[index(a)].shares) sum += share * difference(node);
  for (const auto& [node, share] : terminals[index(b)].shares) sum -= share * difference(node);
  return sum;
}

TerminalVoltages solve_terminals(const RasterCircuit& circuit, std::vector<Terminal> terminals,
                                 const SolverOptions& options, const RunContext& context, const CellVoltages* start) {
  const Laplacian& laplacian = circuit.laplacian;
  TerminalVoltages result;
  result.terminals = std::move(terminals);
  result.x.resize(result.terminals.size());
  result.reports.assign(result.terminals.size(), {0, 0.0, true});
  const std::vector<std::int32_t> component = circuit_components(laplacian);
  keep_main_component(component, result);
  std::vector<int> solved;
  int reference = -1;
  for (int k = 0; k < result.count(); ++k) {
    if (result.joined[index(k)] == 0) continue;
    if (reference < 0)
      reference = k;
    else
      solved.push_back(k);
  }
  if (solved.empty()) return result;
  const std::int32_t main = component[index(result.terminals[index(reference)].shares.front().first)];

  const auto known = [&](int k) -> const Raster<float>* {
    if (start == nullptr) return nullptr;
    const auto found = std::find(start->keys.begin(), start->keys.end(), result.terminals[index(k)].key);
    return found == start->keys.end() ? nullptr : &start->volts[static_cast<std::size_t>(found - start->keys.begin())];
  };
  const Raster<float>* const zero = known(reference);
  std::vector<Injection> injections;
  std::vector<std::vector<double>> voltages(solved.size());
  for (std::size_t s = 0; s < solved.size(); ++s) {
    injections.push_back(from_to(result.terminals[index(solved[s])], result.terminals[index(reference)]));
    const Raster<float>* const from = known(solved[s]);
    if (from == nullptr || zero == nullptr) continue;
    voltages[s].assign(index(laplacian.size()), 0.0);
    for (Cell cell = 0; cell < laplacian.shape.cells(); ++cell) {
      const std::int32_t node = circuit.node[cell];
      if (node >= 0 && component[index(node)] == main)
        voltages[s][index(node)] = static_cast<double>((*from)[cell]) - static_cast<double>((*zero)[cell]);
    }
  }
  CircuitSolver solver(laplacian);
  const auto reports = solver.solve(injections, voltages, options, context);
  for (std::size_t s = 0; s < solved.size(); ++s) {
    result.reports[index(solved[s])] = reports[s];
    if (reports[s].converged)
      result.x[index(solved[s])] = std::move(voltages[s]);
    else
      result.joined[index(solved[s])] = 0;
  }
  return result;
}

CellVoltages voltages_by_cell(const RasterCircuit& circuit, const TerminalVoltages& voltages) {
  CellVoltages result;
  for (int k = 0; k < voltages.count(); ++k) {
    if (voltages.joined[index(k)] == 0) continue;
    result.keys.push_back(voltages.terminals[index(k)].key);
    Raster<float> volts(circuit.node.shape, 0.0F);
    parallel_pieces(volts.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell)
        if (const std::int32_t node = circuit.node[cell]; node >= 0)
          volts[cell] = static_cast<float>(voltages.at(k, node));
    });
    result.volts.push_back(std::move(volts));
  }
  return result;
}

Raster<float> cumulative_current(const RasterCircuit& circuit, const TerminalVoltages& voltages) {
  std::vector<int> joined;
  const std::vector<const double*> x = columns(voltages, &joined);
  std::vector<std::pair<std::int32_t, double>> entering;
  for (const int k : joined)
    for (const auto& share : voltages.terminals[index(k)].shares) entering.push_back(share);
  return sum_over_pairs<float>(circuit, x, std::move(entering));
}

Raster<double> cumulative_current(const RasterCircuit& circuit, const std::vector<const double*>& x,
                                  const std::vector<std::int32_t>& nodes) {
  std::vector<std::pair<std::int32_t, double>> entering;
  for (const std::int32_t node : nodes) entering.emplace_back(node, 1.0);
  return sum_over_pairs<double>(circuit, x, std::move(entering));
}

Raster<float> resistance_gradient(const RasterCircuit& circuit, const TerminalVoltages& voltages) {
  const Laplacian& laplacian = circuit.laplacian;
  const std::int64_t stride = laplacian.stride;
  const std::vector<const double*> x = columns(voltages);
  std::array<std::vector<float>, step_kinds> power;  // half length x current squared, summed over pairs
  for (auto& of_kind : power) of_kind.assign(laplacian.east.size(), 0.0F);
  const std::array<double, step_kinds> half_length{0.5, std::numbers::sqrt2 / 2.0, 0.5, std::numbers::sqrt2 / 2.0};
  if (x.size() >= 2)
    for_steps(
        laplacian, x, [](const double* d, int n, std::vector<double>&, double* out) { sum_of_squares(d, n, out); },
        [&](std::size_t kind, std::int64_t node, double g, double sum) {
          power[kind][index(node)] = static_cast<float>(half_length[kind] * g * g * sum);
        });
  Raster<float> out(laplacian.shape, 0.0F);
  parallel_pieces(laplacian.shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    const auto& [east, south_west, south, south_east] = power;
    for (auto r = static_cast<std::int32_t>(begin); r < static_cast<std::int32_t>(end); ++r)
      for (std::int32_t c = 0; c < laplacian.shape.cols; ++c) {
        const std::int64_t i = (r + 1) * stride + c + 1;
        out.at(r, c) = ((east[index(i - 1)] + east[index(i)]) + (south[index(i - stride)] + south[index(i)])) +
                       ((south_east[index(i - stride - 1)] + south_east[index(i)]) +
                        (south_west[index(i - stride + 1)] + south_west[index(i)]));
      }
  });
  return out;
}

}  // namespace greenweave
