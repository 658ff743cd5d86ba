#pragma once
#include <span>

#include "model/grid/raster.hpp"

namespace greenweave {

/// A cell with a disc around it: cells at most `reach_cells` away, centre to centre, are within reach. Below 0: none.
struct ReachingCell {
  Cell cell = 0;
  double reach_cells = 0.0;
};

/// Cells within reach of at least one of the given cells: 1, others 0. The union of discs of any radii in time linear
/// in cells: along columns the upper envelope of the discs, along rows the union of what is left of them. A cell may
/// come several times.
Raster<std::uint8_t> within_reach(const Shape& shape, std::span<const ReachingCell> from);

}  // namespace greenweave
