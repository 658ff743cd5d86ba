#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/network/network.hpp"

namespace greenweave {

/// Patches and the links that count, without their costs: the neighbours of each patch in ascending order, in
/// compressed rows.
struct LinkGraph {
  std::vector<std::int32_t> begin{0};  // of each patch's neighbours; one more at the end
  std::vector<std::int32_t> neighbours;

  std::int32_t patches() const { return static_cast<std::int32_t>(begin.size()) - 1; }
  std::int64_t links() const { return static_cast<std::int64_t>(neighbours.size()) / 2; }
  std::span<const std::int32_t> of(std::int32_t patch) const {
    const auto first = static_cast<std::size_t>(begin[static_cast<std::size_t>(patch)]);
    const auto last = static_cast<std::size_t>(begin[static_cast<std::size_t>(patch) + 1]);
    return {neighbours.data() + first, last - first};
  }
  std::int32_t degree(std::int32_t patch) const { return static_cast<std::int32_t>(of(patch).size()); }
};

/// The links of a network with a cost up to `most_cost_m`. Several links of one pair count as one.
LinkGraph link_graph(const HabitatNetwork& network, double most_cost_m);

/// The same from pairs of patches.
LinkGraph link_graph(std::int32_t patches, const std::vector<std::pair<std::int32_t, std::int32_t>>& links);

/// Which patches are lost, by patch; empty: none.
using Lost = std::vector<std::uint8_t>;

/// Betweenness by numbers of links (Freeman 1977; algorithm of Brandes 2001): sum over pairs of other patches of the
/// share of their shortest paths that runs through the patch. With `attribute` a pair counts a_i a_j / (1 + nl_ij), as
/// IIC weighs it (Bodin and Saura 2010), otherwise 1. Lost patches have 0. Deterministic, in parallel.
std::vector<double> betweenness(const LinkGraph& graph, const std::vector<double>* attribute = nullptr,
                                const Lost& lost = {});

/// Sum over pairs of patches of 1 / (links on the shortest path): the Harary index. Exact counts of pairs at each
/// distance, found 64 sources at a time. Sequential.
double harary(const LinkGraph& graph, const Lost& lost = {});

/// What the binary graph loses with each patch: the index as it is, minus the index without the patch.
struct PatchLoss {
  std::int32_t links = 0;          // NL
  std::int32_t components = 0;     // NC; negative where it falls apart
  double harary = 0.0;             // H
  double component_squares = 0.0;  // sum of c^2, ha2: what LCP and CCP are made of
  double attribute = 0.0;          // ha
};

/// In parallel over patches; one search of the patch's component each and, if asked for, all pairs of it for H.
std::vector<PatchLoss> patch_losses(const LinkGraph& graph, const std::vector<double>& attribute,
                                    bool with_harary = true);

}  // namespace greenweave
