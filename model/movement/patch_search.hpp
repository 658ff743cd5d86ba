#pragma once
// Searches that start from patches: what links, corridors and barriers share.
#include <vector>

#include "model/habitat/patches.hpp"
#include "model/movement/search.hpp"

namespace greenweave {

/// The cells of each patch, those on its rim (with a neighbour outside the patch) first.
struct PatchCells {
  std::vector<Cell> cells;
  std::vector<std::size_t> begin, rim_end;  // of each patch; begin has one more for the end

  explicit PatchCells(const PatchSet& patches);
};

/// What every search between the patches of one surface reads.
struct Ground {
  const Frame& frame;
  const LinkRule& rule;
  CostGrid grid;
  std::vector<std::int32_t> label;  // of each cell in the grid's padded order, 0 outside
  PatchCells cells;

  Ground(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule);

  /// Whether a search from patch a goes on from a cell: everywhere, or not through other patches.
  bool expands(int a, std::uint32_t padded) const {
    return rule.cross_patches || label[padded] == 0 || label[padded] == a + 1;
  }
};

/// Makes a patch a source of a search that has not begun.
void add_patch(int patch, const Ground& ground, CostSearch& search);
/// Makes a patch the one source of the next search.
void start_from(int patch, const Ground& ground, Heading heading, CostSearch& search);

/// Calls `visit(padded, cost)` for each cell that the search gave a cost, in no particular order.
template <class Visit>
void for_each_reached(const CostSearch& search, const Visit& visit) {
  const std::vector<double>& cost = search.padded_costs();
  if (!search.touched_all()) {
    for (const std::uint32_t at : search.touched()) visit(at, cost[at]);
    return;
  }
  for (std::size_t at = 0; at < cost.size(); ++at)
    if (cost[at] != std::numeric_limits<double>::infinity()) visit(static_cast<std::uint32_t>(at), cost[at]);
}

/// Length of a path of cells on the ground, between cell centres, metres.
double path_length_m(const Frame& frame, const std::vector<Cell>& path);

}  // namespace greenweave
