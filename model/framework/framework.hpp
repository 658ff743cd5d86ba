#pragma once
#include <vector>

#include "model/framework/element.hpp"
#include "model/indices/measure.hpp"
#include "model/network/network.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// A stretch of an element's axis beside which none of the element's cells belongs to a patch of the guild.
struct Gap {
  int element = -1;
  double from_m = 0.0;  // position along the axis
  double length_m = 0.0;
  bool open_end = false;  // no habitat beyond it within the element: nothing to bridge to
  double bridge_cost_m =
      0.0;  // least effective distance between the element's patch cells on both sides, infinity if none
  Point middle;
};

struct ElementAssessment {
  double length_m = 0.0;
  double area_ha = 0.0;
  double habitat_share = 0.0;  // of its cells that belong to patches
  int gaps = 0;                // all, open ends included
  double longest_gap_m = 0.0;
  double bridge_cost_m = 0.0;   // sum over the gaps that can be bridged
  int gaps_unbridgeable = 0;    // both sides have habitat, but no path joins them
  int patches = 0;              // patches with a cell in it
  double patch_area_ha = 0.0;   // of their cells inside it
  int links = 0;                // links at least half of whose path outside patches runs in it
  int meets = 0;                // other elements that it touches or overlaps
  double ECA_without_ha = 0.0;  // when it reverts to its surroundings; NaN if not asked for
  double dECA_percent = 0.0;    // 100 (ECA - ECA without it) / ECA; NaN if not asked for
};

struct ElementPair {
  int a = -1, b = -1;
  bool meet = false;    // footprints overlap or touch
  bool joined = false;  // their patches are joined by the network
  double cost_m = 0.0;  // least effective distance over the network between a patch of a and one of b; infinity if none
};

/// The framework as a graph, judged for one guild: elements are nodes, pairs that meet are edges.
struct FrameworkAssessment {
  std::vector<ElementAssessment> elements;
  std::vector<ElementPair> pairs;  // a < b, all pairs
  std::vector<Gap> gaps;           // by element, then along its axis
  Measures measures;
};

/// Pairs of elements whose footprints overlap or touch (eight neighbours): meet[a][b].
std::vector<std::vector<bool>> elements_that_meet(const Shape& shape, const std::vector<Footprint>& footprints);

/// Gaps along all elements, open ends included.
struct GapTally {
  int gaps = 0;
  double length_m = 0.0;
};
GapTally tally_gaps(const std::vector<Footprint>& footprints, const PatchSet& patches);

/// Everything of the framework's table but the contributions, which need assessments of changed landscapes.
FrameworkAssessment assess_framework(const Frame& frame, const std::vector<Footprint>& footprints,
                                     const std::vector<std::vector<bool>>& meet, const HabitatSurface& surface,
                                     const PatchSet& patches, const LinkSet& links, const HabitatNetwork& network,
                                     const RunContext& context);

}  // namespace greenweave
