#pragma once
#include <string>
#include <vector>

#include "model/movement/links.hpp"

namespace greenweave {

/// Barriers of one kind (roads, railways) whose crossings are counted.
struct CrossedKind {
  std::string name;
  std::vector<bool> classes;  // of the land cover: whether a class is of this kind
};

struct LinkQualityRule {
  std::vector<CrossedKind> crossed;
  double buffer_m = 0.0;  // around the path, for the land cover beside it; 0: none
};

/// What a link's least-cost path runs through.
struct LinkQuality {
  double straight_m = 0.0;                 // between the nearest cell centres of the two patches
  double cost_per_length = 0.0;            // effective metres a metre of path
  double cost_per_straight = 0.0;          // effective metres a metre of straight line
  std::vector<double> path_m_of_class;     // metres of path in each class; half of a step belongs to each of its cells
  std::vector<double> buffer_ha_of_class;  // within the buffer, outside both patches; empty without a buffer
  std::vector<int> crossings;              // of each kind
};

/// Quality of all links. A crossing is a run of cells of the kind along the path that the path enters and leaves again;
/// a diagonal step between two cells that are not of the kind, past two that both are, is one too (a line of cells that
/// touch by corners is crossed without being entered). Cells without land cover count nowhere. Ratios are 0 where a
/// length is 0. For a link that can be walked only from b to a, that way counts.
std::vector<LinkQuality> link_quality(const Landscape& landscape, const PatchSet& patches, const LinkSet& links,
                                      const LinkQualityRule& rule, const RunContext& context);

}  // namespace greenweave
