#pragma once
#include <vector>

#include "model/habitat/patches.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// A least-cost connection of patches a < b (0-based).
struct Link {
  int a = -1, b = -1;
  double cost_m = 0.0;     // effective distance: least cost x cell size
  double length_m = 0.0;   // of the path on the ground, between cell centres
  std::vector<Cell> path;  // from a cell of a to a cell of b, both included
};

/// The cost of crossing patch `patch` between the ends of two of its links (positions in LinkSet::links).
struct IntraPatchCost {
  int patch = -1;
  int link_a = -1, link_b = -1;  // link_a < link_b
  double cost_m = 0.0;
};

/// Links ordered by (a, b). `intra` is filled when the rule asks for it: least cost within the patch's own cells.
struct LinkSet {
  std::vector<Link> links;
  std::vector<IntraPatchCost> intra;
};

/// Links between patches by the rule. Paths leave from any cell of a patch. One bounded search a patch, in parallel;
/// memory is linear in cells for each thread. Deterministic: of paths of equal cost the same one is always taken.
LinkSet find_links(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule,
                   const RunContext& context);

/// Pairs (a < b) of patches whose cells are neighbours (4-neighbourhood) in the Euclidean Voronoi diagram of the
/// patches, restricted to cells that are not masked out (passable). Sorted.
std::vector<std::pair<int, int>> voronoi_adjacency(const PatchSet& patches);

}  // namespace greenweave
