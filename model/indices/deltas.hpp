#pragma once
#include <vector>

#include "model/indices/connectivity.hpp"

namespace greenweave {

/// Indices of a network, and what they become without some part of it.
struct RemovalDeltas {
  Measures whole;
  std::vector<std::vector<double>> without;  // by removal, then as in `whole`

  /// 100 (I - I without) / I; NaN where I is 0.
  double delta_percent(std::size_t removal, std::size_t measure) const;
};

/// The network without some patches (ascending numbers) and their links; the others move up. Links keep their numbers.
HabitatNetwork without_patches(const HabitatNetwork& network, const std::vector<int>& gone);
/// The network without one link.
HabitatNetwork without_link(const HabitatNetwork& network, int link);

/// Every global index without each of the groups of patches (ascending numbers within a group), computed anew for each:
/// a patch, the patches of a framework element, those of a habitat class. Landscape area and threshold stay.
RemovalDeltas patch_removals(const HabitatNetwork& network, const ConnectivityParameters& parameters,
                             const std::vector<std::vector<int>>& groups);

/// Every global index that a link can change, but GD, without each link, in the order of the list that the network was
/// built from. PC, IIC and H in one pass over all shortest-path trees: only the branch beyond a link is searched anew.
/// Components by bridges. Exact. Where crossing patches counts, PC is computed anew for each link.
RemovalDeltas link_removals(const HabitatNetwork& network, const ConnectivityParameters& parameters);

/// The global indices of one component of the binary graph as if it were the whole network. The landscape's area stays.
struct ComponentIndices {
  std::vector<int> patches;  // ascending
  Measures measures;
};

/// By component, numbered as in PatchImportance.
std::vector<ComponentIndices> component_indices(const HabitatNetwork& network,
                                                const ConnectivityParameters& parameters);

/// A patch's place in the binary graph (after Foltete, Clauzel and Vuidel 2012).
struct LocalMetrics {
  int degree = 0;             // Dg: neighbours
  double clustering = 0;      // CC: links between its neighbours over the most there can be; 0 with fewer than two
  double closeness_m = 0;     // CCe: mean distance to the other patches of its component; 0 if it is alone
  double eccentricity_m = 0;  // Ec: greatest of these distances
  double correlation = 0;     // CCor: degree^2 over the sum of its neighbours' degrees; 0 if it has none
};

/// Neighbours are patches joined by a link up to the threshold, in a directed network either way; distances are least
/// costs over such links, in a directed network away from the patch to those that can be reached.
std::vector<LocalMetrics> local_metrics(const HabitatNetwork& network, double binary_threshold_m);

}  // namespace greenweave
