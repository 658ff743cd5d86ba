#pragma once
// Least-cost search written for plainness: the yardstick for the fast one.
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <queue>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave::testing {

/// Cost of a step between two neighbouring cells.
inline double plain_step(const Raster<float>& resistance, Cell u, Cell v, bool is_diagonal) {
  return (static_cast<double>(resistance[u]) + static_cast<double>(resistance[v])) * 0.5 *
         (is_diagonal ? std::numbers::sqrt2 : 1.0);
}

/// Dijkstra's algorithm with a heap. Cells for which `expands` is false get a cost but lead no further. `step(u, v)` is
/// the cost of going on from u to its neighbour v; cells that `is_open` denies are no sources.
inline std::vector<double> plain_costs_by_step(const Shape& shape, std::span<const Cell> sources,
                                               const std::function<double(Cell, Cell)>& step,
                                               const std::function<bool(Cell)>& is_open,
                                               const std::function<bool(Cell)>& expands) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> cost(static_cast<std::size_t>(shape.cells()), infinity);
  using Entry = std::pair<double, Cell>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (const Cell cell : sources) {
    if (!is_open(cell)) continue;
    cost[static_cast<std::size_t>(cell)] = 0.0;
    queue.emplace(0.0, cell);
  }
  while (!queue.empty()) {
    const auto [d, u] = queue.top();
    queue.pop();
    if (d > cost[static_cast<std::size_t>(u)] || !expands(u)) continue;
    for_each_neighbour(shape, u, Neighbourhood::eight, [&, d = d, u = u](Cell v, bool) {
      const double dv = d + step(u, v);
      if (dv >= cost[static_cast<std::size_t>(v)]) return;
      cost[static_cast<std::size_t>(v)] = dv;
      queue.emplace(dv, v);
    });
  }
  return cost;
}

/// The same on resistances, whose steps cost the same in every direction.
inline std::vector<double> plain_costs(
    const Raster<float>& resistance, std::span<const Cell> sources,
    const std::function<bool(Cell)>& expands = [](Cell) { return true; }) {
  const Shape shape = resistance.shape;
  return plain_costs_by_step(
      shape, sources,
      [&](Cell u, Cell v) {
        return plain_step(resistance, u, v, shape.row(u) != shape.row(v) && shape.col(u) != shape.col(v));
      },
      [&](Cell cell) { return !std::isinf(resistance[cell]); }, expands);
}

/// The cost of walking a path, added up from its first cell; infinity where two cells in a row are no neighbours.
inline double cost_along(const Raster<float>& resistance, const std::vector<Cell>& path) {
  double cost = 0.0;
  for (std::size_t i = 1; i < path.size(); ++i) {
    double step = std::numeric_limits<double>::infinity();
    for_each_neighbour(resistance.shape, path[i - 1], Neighbourhood::eight, [&](Cell v, bool is_diagonal) {
      if (v == path[i]) step = plain_step(resistance, path[i - 1], v, is_diagonal);
    });
    cost += step;
  }
  return cost;
}

}  // namespace greenweave::testing
