#pragma once
#include "model/run/context.hpp"
#include "model/structure/mspa.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.sources]: ecological sources, the patches ranked by several criteria at once.
struct SourceAnalysis {
  double quality_weight = 1.0, area_weight = 1.0, core_weight = 1.0, importance_weight = 1.0;
  int top = 0;    // patches in the table; 0: all
  MspaRule mspa;  // what core is
};

/// Adds the table `sources`, best first, and the raster `sources` with each one's rank. A criterion's score is its
/// value over the greatest of all patches; a patch's score is the weighted mean of its criteria. Nothing for draws.
void add_sources(const GuildCase& guild_case, const SourceAnalysis& what, const RunContext& context,
                 GuildResult& result);

}  // namespace greenweave
