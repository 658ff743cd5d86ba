#pragma once
#include <limits>
#include <span>

#include "model/landscape/landscape.hpp"

namespace greenweave {

/// Least accumulated cost from the nearest source to every cell, eight neighbours, in cell widths: a step costs the
/// mean of the two cells' resistances, times sqrt 2 on a diagonal. Resistances are > 0; `impassable` cells are never
/// entered. Unreached cells, and cells beyond `limit`, hold infinity. Equal to the last bit to the fixpoint of d(v) =
/// min over u of d(u) + w(u, v) in double arithmetic, which is what Dijkstra's algorithm gives.
Raster<double> cost_distance(const Raster<float>& resistance, std::span<const Cell> sources,
                             double limit = std::numeric_limits<double>::infinity());

/// Cost-weighted distance to the nearest source (minimum cumulative resistance, MCR; Knaapen, Scheffer and Harms 1992)
/// and which one it is.
struct NearestSource {
  Raster<float> cost_m;         // effective metres; infinity where no source leads to
  Raster<std::int32_t> source;  // its number; 0 where there is none
};

/// Spreads from all cells whose `source` is above 0, with the surface's effects of direction if it has any. Where
/// several sources are equally near, the cell belongs to the one that the path over the smallest cell indices leads to.
NearestSource nearest_source(const Frame& frame, const HabitatSurface& surface, const Raster<std::int32_t>& source,
                             double limit_m = std::numeric_limits<double>::infinity());

}  // namespace greenweave
