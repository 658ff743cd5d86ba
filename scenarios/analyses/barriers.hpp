#pragma once
#include "model/movement/barriers.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.barriers]: where restoring a window would shorten links most.
struct BarrierAnalysis {
  BarrierRule rule;
};

/// Adds for each radius the gains as rasters and the best windows as a table with their labels, all named by the
/// radius. Nothing for draws.
void add_barriers(const GuildCase& guild_case, const BarrierAnalysis& what, const RunContext& context,
                  GuildResult& result);

}  // namespace greenweave
