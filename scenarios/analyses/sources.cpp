#include "scenarios/analyses/sources.hpp"

#include <algorithm>

#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

struct Source {
  int patch = -1;
  double quality = 0.0, area_ha = 0.0, core_ha = 0.0, dPC = 0.0, score = 0.0;
};

}  // namespace

void add_sources(const GuildCase& guild_case, const SourceAnalysis& what, const RunContext& context,
                 GuildResult& result) {
  if (guild_case.indices_only) return;
  context.check();
  const Landscape& landscape = guild_case.landscape;
  const Assessment& a = guild_case.assessment;
  const double cell_ha = landscape.frame.cell_area_ha();
  Raster<std::uint8_t> habitat = habitat_mask(a.surface, guild_case.guild.quality_threshold);
  habitat.valid = landscape.cover.valid;
  const Mspa found = mspa(habitat, what.mspa);

  std::vector<Source> sources(a.patches.patches.size());
  for (Cell cell = 0; cell < habitat.shape.cells(); ++cell) {
    const std::int32_t label = a.patches.label[cell];
    if (label == 0) continue;
    Source& source = sources[static_cast<std::size_t>(label - 1)];
    source.quality += static_cast<double>(a.surface.quality[cell]);
    if (found.classes[cell] == static_cast<std::uint8_t>(MspaClass::core)) source.core_ha += cell_ha;
  }
  Source most;
  for (std::size_t p = 0; p < sources.size(); ++p) {
    Source& source = sources[p];
    source.patch = static_cast<int>(p);
    source.area_ha = a.patches.patches[p].area_ha;
    source.quality /= static_cast<double>(a.patches.patches[p].cells);
    source.dPC = a.connectivity.patches[p].dPC;
    most.quality = std::max(most.quality, source.quality);
    most.area_ha = std::max(most.area_ha, source.area_ha);
    most.core_ha = std::max(most.core_ha, source.core_ha);
    most.dPC = std::max(most.dPC, source.dPC);
  }
  const double weights = what.quality_weight + what.area_weight + what.core_weight + what.importance_weight;
  const auto share = [](double value, double greatest) { return greatest > 0.0 ? value / greatest : 0.0; };
  for (Source& source : sources)
    source.score = (what.quality_weight * share(source.quality, most.quality) +
                    what.area_weight * share(source.area_ha, most.area_ha) +
                    what.core_weight * share(source.core_ha, most.core_ha) +
                    what.importance_weight * share(source.dPC, most.dPC)) /
                   weights;
  std::stable_sort(sources.begin(), sources.end(), [](const Source& x, const Source& y) { return x.score > y.score; });
  if (what.top > 0 && sources.size() > static_cast<std::size_t>(what.top))
    sources.resize(static_cast<std::size_t>(what.top));

  std::vector<std::int32_t> rank(a.patches.patches.size() + 1, 0);
  for (std::size_t k = 0; k < sources.size(); ++k)
    rank[static_cast<std::size_t>(sources[k].patch) + 1] = static_cast<std::int32_t>(k) + 1;
  Raster<std::int32_t> ranks(habitat.shape);
  ranks.valid = landscape.cover.valid;
  for (Cell cell = 0; cell < ranks.shape.cells(); ++cell)
    ranks[cell] = rank[static_cast<std::size_t>(a.patches.label[cell])];
  std::int64_t next = 0;
  result.tables.push_back(
      TableOf("sources", sources)
          .integer("rank", "1", "Rank, 1 the best", [&](const Source&) { return ++next; })
          .integer("patch", "1", "Label of the patch", [](const Source& s) { return s.patch + 1; })
          .number("x", "m", "Centroid, easting",
                  [&](const Source& s) { return a.patches.patches[static_cast<std::size_t>(s.patch)].centroid.x; })
          .number("y", "m", "Centroid, northing",
                  [&](const Source& s) { return a.patches.patches[static_cast<std::size_t>(s.patch)].centroid.y; })
          .number("quality", "1", "Mean quality", [](const Source& s) { return s.quality; })
          .number("area_ha", "ha", "Area", [](const Source& s) { return s.area_ha; })
          .number("core_ha", "ha", "Area that is core (MSPA)", [](const Source& s) { return s.core_ha; })
          .number("dPC", "%", "PC lost without the patch", [](const Source& s) { return s.dPC; })
          .number("score", "1", "Weighted mean of the criteria, each over its greatest value",
                  [](const Source& s) { return s.score; })
          .take());
  result.rasters.push_back({"sources", "1", "Rank of the source, by row of the table; 0: none", std::move(ranks)});
}

}  // namespace greenweave
