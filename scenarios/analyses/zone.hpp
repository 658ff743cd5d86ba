#pragma once
#include <string>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// A zone by which landscapes are reported: a district, a town, a community.
struct Zone {
  std::string name;
  std::vector<Cell> cells;  // centre inside the zone, ascending, within the landscape's mask
};

/// Which parts of the frame a table reports by.
struct RegionLevels {
  bool frame = true, elements = true, zones = true;
};

}  // namespace greenweave
