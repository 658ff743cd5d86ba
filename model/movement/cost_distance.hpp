#pragma once
#include <limits>
#include <span>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Least accumulated cost from the nearest source to every cell, eight neighbours, in cell widths: a step costs the
/// mean of the two cells' resistances, times sqrt 2 on a diagonal. Resistances are > 0; `impassable` cells are never
/// entered. Unreached cells, and cells beyond `limit`, hold infinity. Equal to the last bit to the fixpoint of d(v) =
/// min over u of d(u) + w(u, v) in double arithmetic, which is what Dijkstra's algorithm gives.
Raster<double> cost_distance(const Raster<float>& resistance, std::span<const Cell> sources,
                             double limit = std::numeric_limits<double>::infinity());

}  // namespace greenweave
