#pragma once
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.mcr]: minimum cumulative resistance from the guild's patches, or from places.
struct NearestSourceAnalysis {
  std::vector<Feature> sources;  // empty: the patches
  double max_cost_m = 0.0;       // 0: no limit
};

/// Adds the rasters `mcr` (cost to the nearest source) and `mcr_source` (which one), and with places of the study's own
/// the table `mcr_source` with their names. Nothing for draws.
void add_nearest_source(const GuildCase& guild_case, const NearestSourceAnalysis& what, const RunContext& context,
                        GuildResult& result);

}  // namespace greenweave
