#include "scenarios/analyses/nearest_source.hpp"

#include <limits>

#include "model/movement/cost_distance.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

void add_nearest_source(const GuildCase& guild_case, const NearestSourceAnalysis& what, const RunContext& context,
                        GuildResult& result) {
  if (guild_case.indices_only) return;
  context.check();
  const Landscape& landscape = guild_case.landscape;
  const Frame& frame = landscape.frame;
  Raster<std::int32_t> places;
  if (!what.sources.empty()) {
    places = Raster<std::int32_t>(frame.shape);
    for (std::size_t k = 0; k < what.sources.size(); ++k)
      for (const Cell cell : cells_within(frame, what.sources[k].geometry, 0.0))
        places[cell] = static_cast<std::int32_t>(k) + 1;
  }
  NearestSource found = nearest_source(
      frame, guild_case.assessment.surface, what.sources.empty() ? guild_case.assessment.patches.label : places,
      what.max_cost_m > 0.0 ? what.max_cost_m : std::numeric_limits<double>::infinity());
  found.cost_m.valid.resize(found.source.values.size());
  for (std::size_t i = 0; i < found.source.values.size(); ++i) found.cost_m.valid[i] = found.source.values[i] != 0;
  found.source.valid = landscape.cover.valid;
  result.rasters.push_back(
      {"mcr", "m", "Least accumulated cost from the nearest source (MCR)", std::move(found.cost_m)});
  result.rasters.push_back({"mcr_source", "1",
                            what.sources.empty() ? "Patch that is nearest by cost; 0: none"
                                                 : "Source that is nearest by cost, by row of the table; 0: none",
                            std::move(found.source)});
  if (!what.sources.empty())
    result.tables.push_back(TableOf("mcr_source", what.sources)
                                .text("source", "Name of the place", [](const Feature& f) { return f.name; })
                                .take());
}

}  // namespace greenweave
