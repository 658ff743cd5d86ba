#pragma once
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// How ground is made to hold water: level floors behind bunds, in terraces where it slopes.
struct BasinShape {
  double depth_m = 0.5;    // of the water when a basin is full; > 0
  double terrace_m = 2.0;  // a new terrace at most every so many metres of fall; at least twice the depth, so that each
                           // terrace spills onto the one below and not back
};

/// Heights that level basins give to the cells of a place (ascending, with known heights), in their order. Each part of
/// the place (eight neighbours) is cut into bands of equal fall. A band's floor is level: half-way up the band, so that
/// about as much is dug as is filled, or deeper where the fall is less than twice the depth, so that water from above
/// still comes in. Where water would leave the band below its level, the cell becomes a bund as high as that level, one
/// cell wide and inside the place; higher ground stays. A cell beside no floor is no bund: it is left as it is.
/// InputError: a depth that is not above 0, terraces lower than twice the depth.
std::vector<float> level_basins(const Raster<float>& ground_m, std::span<const Cell> cells, const BasinShape& shape);

}  // namespace greenweave
