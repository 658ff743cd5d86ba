#pragma once
#include <vector>

#include "model/grid/components.hpp"
#include "model/landscape/landscape.hpp"

namespace greenweave {

struct Patch {
  std::int64_t cells = 0;
  double area_ha = 0.0;
  double attribute = 0.0;  // a_i of the indices, ha: area, or quality-weighted area
  Point centroid;          // mean of the cell centres; may lie outside a bent patch
  Cell first = -1;         // its first cell in row-major order
};

/// Habitat patches of one surface. Patch i (0-based) carries label i + 1; patches are numbered by their first cell.
struct PatchSet {
  Raster<std::int32_t> label;  // 0: no patch
  std::vector<Patch> patches;

  int count() const { return static_cast<int>(patches.size()); }
};

/// Which cells are habitat: quality >= threshold.
Raster<std::uint8_t> habitat_mask(const HabitatSurface& surface, double quality_threshold);

/// Patches of habitat at least `guild.minimum_patch_ha` large. Smaller ones are no patch (label 0).
PatchSet find_patches(const Frame& frame, const HabitatSurface& surface, const Guild& guild);

}  // namespace greenweave
