#pragma once
#include <string>
#include <vector>

#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "model/structure/metrics.hpp"
#include "model/structure/mspa.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;
struct Study;
struct FrameworkOnFrame;
struct Landscape;

/// A zone by which landscapes are reported: a district, a town, a community.
struct Zone {
  std::string name;
  std::vector<Cell> cells;  // centre inside the zone, ascending, within the landscape's mask
};

/// [analysis.structure]: the pattern of habitat, and metrics of habitat and land cover.
struct StructureAnalysis {
  MspaRule mspa;
  MetricRule metrics;  // of the land cover; habitat has the guild's own neighbourhood of patches
  bool frame = true, elements = true, zones = true;  // which landscapes are measured
  std::vector<std::string> guilds;                   // whose habitat; empty: every guild's
};

/// Adds the raster `mspa` (and `mspa_interior`), the tables `mspa_area` and `habitat_metrics`, and the headline figures
/// of the whole frame as indices. For draws the indices alone.
void add_structure(const GuildCase& guild_case, const StructureAnalysis& what, const RunContext& context,
                   GuildResult& result);

/// What no guild changes: the tables `landscape_metrics` and `class_metrics` of the land cover.
std::vector<Table> land_cover_structure(const Study& study, const FrameworkOnFrame& framework,
                                        const Landscape& landscape, const StructureAnalysis& what,
                                        const RunContext& context);

std::vector<const MeasureSpec*> structure_measures();

}  // namespace greenweave
