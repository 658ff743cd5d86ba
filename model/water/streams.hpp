#pragma once
#include <cstdint>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/water/flow.hpp"

namespace greenweave {

/// A stretch of stream from a head or a confluence to the next confluence, or to its end.
struct StreamLink {
  std::vector<Cell> cells;      // downstream; the last is the one before the confluence, or the end
  Cell flows_to = -1;           // the confluence's cell, first of the next link; -1: leaves the grid or ends in a pit
  std::int32_t downstream = 0;  // number of that link, counted from 1; 0: none
  std::int32_t strahler = 1;
  double length_m = 0.0;       // along cell centres, as far as the confluence
  double cells_drained = 0.0;  // accumulation at the last cell
};

struct StreamNetwork {
  Raster<std::int32_t> link;      // 1..links; 0: no stream
  Raster<std::int32_t> strahler;  // Strahler's (1957) order; 0: no stream
  std::vector<StreamLink> links;  // by first cell
};

/// Streams are the cells to which at least `threshold_cells` drain.
StreamNetwork stream_network(const D8Flow& flow, const Raster<double>& accumulated_cells, double threshold_cells,
                             double cell_m);

/// For each cell the first label at or below it along the flow; 0 if there is none. Labels are above 0; 0 is no label.
/// With `link` of a network, the catchment of each link.
Raster<std::int32_t> watersheds(const D8Flow& flow, const Raster<std::int32_t>& labels);

/// Cells that leave the grid at one place, or end in one pit, are one basin; numbered from 1 by that cell. Masked where
/// the flow is.
Raster<std::int32_t> basins(const D8Flow& flow, std::int32_t* count = nullptr);

/// Height above the nearest drainage (Renno and others 2008; Nobre and others 2011): above the first stream cell along
/// the flow. Masked where the flow meets none. Not below 0 on a conditioned surface.
Raster<float> height_above_drainage(const Raster<float>& elevation_m, const D8Flow& flow,
                                    const Raster<std::int32_t>& streams);

}  // namespace greenweave
