#pragma once
#include <limits>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Least accumulated cost from the nearest source to every cell, eight neighbours, in cell widths: a step costs the
/// mean of the two cells' resistances, times sqrt 2 on a diagonal. Resistances are > 0; `impassable` cells are never
/// entered. Unreached cells, and cells beyond `limit`, hold infinity. Equal to the last bit to the fixpoint of d(v) =
/// min over u of d(u) + w(u, v) in double arithmetic, which is what Dijkstra's algorithm gives.
Raster<double> cost_distance(const Raster<float>& resistance, std::span<const Cell> sources,
                             double limit = std::numeric_limits<double>::infinity());

/// The cells of a least-cost path from a source (first) to `target` (last), traced back through `cost`, which
/// `cost_distance` made from the same resistance. Of several equal predecessors the one with the smallest index is
/// taken. Empty if the target was not reached.
std::vector<Cell> least_cost_path(const Raster<float>& resistance, const Raster<double>& cost, Cell target);

}  // namespace greenweave
