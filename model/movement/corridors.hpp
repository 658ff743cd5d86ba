#pragma once
#include <limits>
#include <vector>

#include "model/movement/links.hpp"

namespace greenweave {

/// How much dearer than the least cost a detour may be and still belong to a link's corridor.
struct CorridorRule {
  static constexpr double none = std::numeric_limits<double>::infinity();
  double slack_m = none;      // in effective metres
  double slack_share = none;  // of the link's least cost; with both, the smaller slack holds
  double truncate_m = -1.0;   // how far the mosaic goes, in effective metres; below 0: as far as the slack

  /// Slack of a link, in effective metres.
  double slack_of(double least_cost_m) const;
};

/// The corridor of a link: cells x outside its two patches with d_a(x) + d_b(x) - least cost <= slack, the costs over
/// the link rule's ground.
struct Corridor {
  std::int64_t cells = 0;
  double area_ha = 0.0;
  double mean_width_m = 0.0;                 // area / length of the least-cost path
  double narrowest_m = 0.0;                  // least width square to the path, at its cells outside the patches
  std::vector<std::int64_t> cells_of_class;  // of the land cover, if it was given
};

struct Corridors {
  std::vector<Corridor> of_link;
  /// Normalised corridors d_a + d_b - least cost (Linkage Mapper's NLCC; McRae and Kavanagh 2011), the least over all
  /// links, in effective metres; infinity beyond the truncation and in no corridor.
  Raster<float> excess_m;
  Raster<std::int32_t> link;  // 1 + the link that gives it (of equal ones the first); 0: none
};

/// Corridors of all links and their mosaic. Three searches a patch or less, each bounded by the dearest corridor;
/// memory is linear in cells for each thread, whatever the number of links. Where costs differ there and back a cell
/// counts with the better direction. `cover` (may be null) is tallied by class, `classes` of them. A slack must be
/// given.
Corridors find_corridors(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches,
                         const LinkSet& links, const LinkRule& rule, const CorridorRule& corridor,
                         const RunContext& context, const Raster<ClassIndex>* cover = nullptr, std::size_t classes = 0);

}  // namespace greenweave
