#pragma once
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "model/habitat/patches.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// A least-cost connection of patches a < b (0-based). Where the cost of a step depends on its direction up or down,
/// the way back is a path of its own, and either cost may be infinite (its path is then empty).
struct Link {
  int a = -1, b = -1;
  double cost_m = 0.0;          // effective distance from a to b: least cost x cell size
  double length_m = 0.0;        // of the path on the ground, between cell centres
  std::vector<Cell> path;       // from a cell of a to a cell of b, both included
  double back_cost_m = 0.0;     // from b to a; the same number where steps cost the same there and back
  double back_length_m = 0.0;   // of the way back
  std::vector<Cell> back_path;  // from a cell of b to a cell of a; empty where it is `path` reversed
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
  bool directed = false;  // costs there and back may differ
};

/// The links of one landscape and what they stood on, so that on a similar one only those have to be searched that the
/// differences can touch. Filled and used by `find_links`; opaque to others.
struct LinkMemory {
  struct Search {
    std::vector<int> wanted;  // patches it had to find, ascending
    std::vector<Link> found;  // by b
  };
  /// Neighbouring cells of a row, or of one row and the next, that are alike: those before `end` from the last run's.
  struct Run {
    Cell end;
    float resistance;
    std::int32_t label;  // of the patch, 0: none
  };
  Shape shape;
  double cell_m = 0.0;
  LinkRule rule;
  std::shared_ptr<const StepEffects> steps;
  std::vector<Run> ground;
  std::vector<Search> searches;  // one a patch
  std::int64_t known = 0;        // pairs of patches that this landscape took from the one before
};

/// How searches between patches go about it. It makes no difference to what they find.
struct LinkSearch {
  // Cells that a search expands before one from the patches that it misses begins to narrow it. Measured on a district
  // of a million cells: small searches are best left alone.
  std::int64_t look_back_after = 16384;
};

/// Links between patches by the rule. Paths leave from any cell of a patch. One bounded search a patch, in parallel,
/// and one back from the patches that are hard to reach; memory is linear in cells for each thread. Deterministic: of
/// paths of equal cost the same one is always taken, from the target cell with the smallest index back over
/// predecessors with the smallest index. Where the surface tells uphill from downhill a second search a patch gives the
/// costs back. `nearest` needs one more search a patch, which is not taken from `before`. The rule's `intra_patch` is
/// for surfaces that cost the same there and back. With `before`, links that the differences between that landscape and
/// this one cannot touch are taken from it; the result is the same bit for bit. `after` receives what the next
/// landscape may take from this one; it must not be `before`.
LinkSet find_links(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule,
                   const RunContext& context, const LinkMemory* before = nullptr, LinkMemory* after = nullptr,
                   const LinkSearch& how = {});

/// Pairs (a < b) of patches with cells next to each other (four neighbours) in the Euclidean Voronoi diagram of the
/// patches' cells over the whole frame. Sorted.
std::vector<std::pair<int, int>> voronoi_adjacency(const PatchSet& patches);

}  // namespace greenweave
