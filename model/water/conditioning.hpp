#pragma once
#include <cstdint>
#include <limits>
#include <span>

#include "model/grid/raster.hpp"

namespace greenweave {

// Conditioning makes every cell drain. Water leaves the grid at its rim and at every cell beside NoData: both are
// outlets, and a hole of NoData inside the grid takes what reaches it.

struct FillOptions {
  /// Side of the tiles that are flooded in parallel, cells. The result does not depend on it; a side as long as the
  /// grid's makes it the serial algorithm.
  std::int32_t tile_cells = 256;
};

/// Raises each cell to the lowest level over which its water can leave: the smallest maximum of heights along any path
/// to an outlet, eight neighbours. Flooding by priority (Barnes, Lehman, Mulla 2014) with upslope cells traced outside
/// the queue (Zhou, Sun, Fu 2016), in tiles joined by a graph of spillovers (Barnes 2016).
/// InputError: a height that is not finite.
Raster<float> fill_depressions(const Raster<float>& elevation_m, const FillOptions& options = {});

/// The same with a gradient: each raised cell lies at least `rise_m`, and at least one float, above the next one on its
/// way out, so that no flat is left. The least surface of that kind: w(v) = max(z(v), min over neighbours of w + rise).
/// Serial. InputError: a rise below 0, a height that is not finite.
Raster<float> fill_with_gradient(const Raster<float>& elevation_m, double rise_m = 0.0);

/// What digging a trench through a barrier may cost.
struct BreachOptions {
  double max_depth_m = std::numeric_limits<double>::infinity();   // deepest cut in one cell
  double max_dug_m = std::numeric_limits<double>::infinity();     // sum of all cuts of one trench (x cell area: m3)
  double max_length_m = std::numeric_limits<double>::infinity();  // of one trench
};

struct Breached {
  Raster<float> elevation_m;   // lowered along trenches; depressions out of reach are still there
  std::int64_t pits = 0;       // minima that had no way out
  std::int64_t left = 0;       // of them, those that no trench within the limits reaches
  std::int64_t trenches = 0;   // dug
  std::int64_t cells_dug = 0;  // lowered
  double dug_m3 = 0.0;         // earth taken out
};

/// Least-cost breaching (after Lindsay and Dhun 2015): from each pit, the highest first, a trench at the pit's level to
/// the nearest lower ground or outlet, along which the least earth is moved; of equal ones the shorter. Fill what
/// remains. InputError: a height that is not finite.
Breached breach_depressions(const Raster<float>& elevation_m, double cell_m, const BreachOptions& options = {});

/// Lowers the given cells by `depth_m`, so that mapped streams carry the flow. Masked cells stay as they are.
Raster<float> burn_streams(const Raster<float>& elevation_m, std::span<const Cell> streams, double depth_m);

}  // namespace greenweave
