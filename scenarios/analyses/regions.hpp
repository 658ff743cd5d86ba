#pragma once
#include <string>
#include <vector>

#include "scenarios/assess.hpp"

namespace greenweave {

/// A part of the frame that tables report by: the whole frame where there are no cells.
struct Region {
  const char* level;  // frame, element or zone
  std::string name;
  const std::vector<Cell>* cells = nullptr;
};

/// The frame, then the elements, then the zones, as far as they are asked for. They point into the arguments.
std::vector<Region> regions_of(const Study& study, const FrameworkOnFrame& framework, const RegionLevels& levels);

/// Calls `visit(cell)` for the cells of a region within the landscape's mask.
template <class Visit>
void for_cells_of(const Region& region, const Landscape& landscape, const Visit& visit) {
  if (region.cells != nullptr) {
    for (const Cell cell : *region.cells) visit(cell);
    return;
  }
  for (Cell cell = 0; cell < landscape.frame.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell)) visit(cell);
}

}  // namespace greenweave
