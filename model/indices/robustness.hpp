#pragma once
#include <cstdint>
#include <vector>

#include "model/indices/link_graph.hpp"
#include "model/landscape/landscape.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// The order in which a network loses its patches.
enum class Attack {
  degree,                    // most links first
  degree_recalculated,       // ... of the links that are left
  betweenness,               // greatest betweenness by numbers of links first (Freeman 1977)
  betweenness_recalculated,  // ... of what is left
  given,                     // by a score of one's own: BC, dPC, area
  random,
};
const char* name_of(Attack attack);

struct RobustnessRule {
  std::vector<Attack> attacks{Attack::degree, Attack::betweenness_recalculated, Attack::random};
  double most_cost_m = 0.0;  // links with a greater cost do not count; infinity: all do
  int points = 20;           // of each curve, evenly spaced, beside its beginning
  int draws = 100;           // of random attacks
  std::uint64_t seed = 1;
  std::int32_t recalculate_every = 1;  // patches lost before betweenness is found anew; 1 is exact
  bool efficiency = true;              // all pairs at each point
  bool eca = false;                    // all pairs by cost at each point
  Dispersal dispersal;                 // for ECA
  std::vector<double> score;           // of each patch, for `given`
};

/// What is left of the network when `removed` patches are lost. Means over draws, and their standard deviations (0 for
/// attacks that are no draws).
struct RemovalPoint {
  std::int32_t removed = 0;
  double largest = 0.0, largest_sd = 0.0;        // patches of the largest component over all patches there were
  double largest_ha = 0.0, largest_ha_sd = 0.0;  // habitat of the component that has most
  double components = 0.0, components_sd = 0.0;
  double efficiency = 0.0, efficiency_sd = 0.0;  // NaN: not asked for
  double eca_ha = 0.0, eca_ha_sd = 0.0;          // NaN: not asked for
};

struct RobustnessCurve {
  Attack attack = Attack::random;
  std::vector<RemovalPoint> points;
  double R = 0.0, R_sd = 0.0;        // mean over 1..n patches lost of the largest component's share
  double half = 0.0, half_sd = 0.0;  // share of patches lost when the largest component falls below half of what it was
};

/// Curves of a network's decay. Components are found for every number of patches lost, backwards from none, in time
/// linear in links (union-find). Efficiency is that of Latora and Marchiori (2001) by numbers of links, over the pairs
/// of all patches there were. R: Schneider and others (2011). Ties go to the patch with the smaller number. Parallel
/// and deterministic.
std::vector<RobustnessCurve> robustness(const HabitatNetwork& network, const RobustnessRule& rule,
                                        const RunContext& context);

/// Orders of loss, all patches in each.
std::vector<std::int32_t> order_by_score(const std::vector<double>& score);
std::vector<std::int32_t> order_by_degree(const LinkGraph& graph, bool recalculated);
/// `recalculate_every` 0: never.
std::vector<std::int32_t> order_by_betweenness(const LinkGraph& graph, std::int32_t recalculate_every,
                                               const RunContext& context);
std::vector<std::int32_t> random_order(std::int32_t patches, std::uint64_t seed, int draw);

/// Components when the first k patches of an order are lost, k = 0 .. all.
struct ComponentCurve {
  std::vector<std::int32_t> largest;  // patches of the largest component
  std::vector<double> largest_ha;     // habitat of the component that has most
  std::vector<std::int32_t> components;
};
ComponentCurve component_curve(const LinkGraph& graph, const std::vector<double>& attribute,
                               const std::vector<std::int32_t>& order);

}  // namespace greenweave
