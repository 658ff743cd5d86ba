#include "scenarios/analyses/structure.hpp"

#include <numeric>

#include "model/run/parallel.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/regions.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec core_spec{"MSPA_core", "ha", "Habitat that is core (MSPA)", 1};
constexpr MeasureSpec core_share_spec{"MSPA_core_share", "%", "Share of the habitat that is core (MSPA)", 1};
constexpr MeasureSpec islet_spec{"MSPA_islet", "ha", "Habitat in islets, too small for a core (MSPA)", 0};
constexpr MeasureSpec bridge_spec{"MSPA_bridge", "ha", "Habitat that joins different cores (MSPA)", 0};
constexpr MeasureSpec lpi_spec{"LPI", "%", "Share of the landscape in the largest patch of habitat", 1};
constexpr MeasureSpec ed_spec{"ED", "m/ha", "Density of the edge between habitat and the rest", 0};
constexpr MeasureSpec nearest_spec{"ENN_MN", "m", "Mean distance to the nearest other patch of habitat", -1};
constexpr MeasureSpec cohesion_spec{"COHESION", "%", "Cohesion of the habitat's patches", 1};
constexpr MeasureSpec split_spec{"SPLIT", "1", "Splitting index of the habitat", -1};
constexpr MeasureSpec aggregation_spec{"AI", "%", "Aggregation index of the habitat", 1};

std::vector<LandscapeMetrics> measure(const Raster<std::uint8_t>& classes, double cell_m,
                                      const std::vector<Region>& regions, const MetricRule& rule,
                                      const RunContext& context) {
  std::vector<LandscapeMetrics> found(regions.size());
  parallel_for(static_cast<std::int64_t>(regions.size()), [&](std::int64_t k) {
    context.check();
    const Region& region = regions[static_cast<std::size_t>(k)];
    found[static_cast<std::size_t>(k)] = region.cells == nullptr
                                             ? landscape_metrics(classes, cell_m, rule)
                                             : landscape_metrics(part_of(classes, *region.cells), cell_m, rule);
  });
  return found;
}

/// The columns that every landscape and every class has, by FRAGSTATS' names.
template <class Row, class Get>
void add_metrics(TableOf<Row>& table, const Get& of) {
  table.number("area_ha", "ha", "Area (CA, of the landscape TA)", [&](const Row& r) { return of(r).area_ha; })
      .number("PLAND", "%", "Share of the landscape", [&](const Row& r) { return of(r).share_percent; })
      .integer("NP", "1", "Number of patches", [&](const Row& r) { return of(r).patches; })
      .number("PD", "1", "Patches in 100 ha of the landscape", [&](const Row& r) { return of(r).patch_density; })
      .number("LPI", "%", "Share of the landscape in the largest patch",
              [&](const Row& r) { return of(r).largest_percent; })
      .number("TE", "m", "Edge towards other classes, without the landscape's boundary",
              [&](const Row& r) { return of(r).edge_m; })
      .number("ED", "m/ha", "Edge density", [&](const Row& r) { return of(r).edge_density; });
  const auto spread = [&](const char* mean, const char* sd, const char* weighted, const char* unit, const char* meaning,
                          Spread Metrics::*figure) {
    table
        .number(mean, unit, (std::string(meaning) + ": mean of the patches").c_str(),
                [&](const Row& r) { return (of(r).*figure).mean; })
        .number(sd, unit, (std::string(meaning) + ": standard deviation").c_str(),
                [&](const Row& r) { return (of(r).*figure).sd; })
        .number(weighted, unit, (std::string(meaning) + ": mean weighted by area").c_str(),
                [&](const Row& r) { return (of(r).*figure).weighted; });
  };
  spread("AREA_MN", "AREA_SD", "AREA_AM", "ha", "Area of patches", &Metrics::area_hectares);
  spread("GYRATE_MN", "GYRATE_SD", "GYRATE_AM", "m", "Radius of gyration", &Metrics::gyration_m);
  spread("SHAPE_MN", "SHAPE_SD", "SHAPE_AM", "1", "Shape index", &Metrics::shape);
  table.number("TCA", "ha", "Core area", [&](const Row& r) { return of(r).total_core_ha; });
  spread("CORE_MN", "CORE_SD", "CORE_AM", "ha", "Core area of patches", &Metrics::core_ha);
  spread("ENN_MN", "ENN_SD", "ENN_AM", "m", "Distance to the nearest patch of the class", &Metrics::nearest_m);
  table.number("COHESION", "%", "Patch cohesion", [&](const Row& r) { return of(r).cohesion; })
      .number("DIVISION", "1", "Landscape division", [&](const Row& r) { return of(r).division; })
      .number("MESH", "ha", "Effective mesh size", [&](const Row& r) { return of(r).mesh_ha; })
      .number("SPLIT", "1", "Splitting index", [&](const Row& r) { return of(r).split; })
      .number("AI", "%", "Aggregation index", [&](const Row& r) { return of(r).aggregation; });
}

struct HabitatRow {
  const Region* region;
  Metrics metrics;
};

Table tabulate_habitat(const std::vector<HabitatRow>& rows) {
  TableOf table("habitat_metrics", rows);
  table.text("level", "What is measured: frame, element or zone", [](const HabitatRow& r) { return r.region->level; })
      .text("region", "Its name", [](const HabitatRow& r) { return r.region->name; });
  add_metrics(table, [](const HabitatRow& r) -> const Metrics& { return r.metrics; });
  return table.take();
}

/// Hectares of each class of MSPA in each region; the classes are those of the whole frame.
Table tabulate_mspa(const Mspa& found, double cell_ha, const std::vector<Region>& regions) {
  struct Row {
    const Region* region;
    MspaClass kind;
    std::int64_t cells, habitat, all;
  };
  std::vector<Row> rows;
  for (const Region& region : regions) {
    std::array<std::int64_t, mspa_classes> cells{};
    if (region.cells == nullptr)
      cells = found.cells;
    else
      for (const Cell cell : *region.cells)
        if (found.classes.is_valid(cell)) ++cells[found.classes[cell]];
    const std::int64_t all = std::accumulate(cells.begin(), cells.end(), std::int64_t{0});
    for (std::size_t k = 1; k < mspa_classes; ++k)
      rows.push_back({&region, static_cast<MspaClass>(k), cells[k], all - cells[0], all});
  }
  const auto percent = [](std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  return TableOf("mspa_area", rows)
      .text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
      .text("region", "Its name", [](const Row& r) { return r.region->name; })
      .text("class", "Class of MSPA", [](const Row& r) { return name_of(r.kind); })
      .integer("code", "1", "Its value in the raster", [](const Row& r) { return static_cast<int>(r.kind); })
      .number("area_ha", "ha", "Area", [&](const Row& r) { return static_cast<double>(r.cells) * cell_ha; })
      .number("habitat_percent", "%", "Share of the habitat", [&](const Row& r) { return percent(r.cells, r.habitat); })
      .number("land_percent", "%", "Share of the land", [&](const Row& r) { return percent(r.cells, r.all); })
      .take();
}

}  // namespace

void add_structure(const GuildCase& guild_case, const StructureAnalysis& what, const RunContext& context,
                   GuildResult& result) {
  const Guild& guild = guild_case.guild;
  if (!is_asked_for(what.guilds, guild)) return;
  context.check();
  const Frame& frame = guild_case.landscape.frame;
  Raster<std::uint8_t> habitat = habitat_mask(guild_case.assessment.surface, guild.quality_threshold);
  habitat.valid = guild_case.landscape.cover.valid;
  Mspa found = mspa(habitat, what.mspa);
  MetricRule rule = what.metrics;
  rule.patches = guild.patch_neighbourhood;

  // Draws need the indices alone, which are those of the whole frame.
  const Region whole{"frame", guild_case.study.name, nullptr};
  std::vector<Region> regions;
  if (!guild_case.indices_only) regions = regions_of(guild_case.study, guild_case.framework, what.levels);
  const bool measured = !regions.empty() && regions.front().cells == nullptr;
  if (!measured) regions.insert(regions.begin(), whole);
  const std::vector<LandscapeMetrics> metrics = measure(habitat, frame.cell_m, regions, rule, context);
  std::vector<HabitatRow> rows;
  for (std::size_t k = 0; k < regions.size(); ++k) rows.push_back({&regions[k], metrics_of(metrics[k], 1)});

  const auto hectares = [&](MspaClass kind) {
    return static_cast<double>(found.cells[static_cast<std::size_t>(kind)]) * frame.cell_area_ha();
  };
  const Metrics& all = rows.front().metrics;
  add_index(result, {&core_spec, hectares(MspaClass::core)});
  add_index(result, {&core_share_spec, all.area_ha > 0.0 ? 100.0 * hectares(MspaClass::core) / all.area_ha : 0.0});
  add_index(result, {&islet_spec, hectares(MspaClass::islet)});
  add_index(result, {&bridge_spec, hectares(MspaClass::bridge)});
  add_index(result, {&lpi_spec, all.largest_percent});
  add_index(result, {&ed_spec, all.edge_density});
  add_index(result, {&nearest_spec, all.nearest_m.mean});
  add_index(result, {&cohesion_spec, all.cohesion});
  add_index(result, {&split_spec, all.split});
  add_index(result, {&aggregation_spec, all.aggregation});
  if (guild_case.indices_only) return;

  if (!measured) {
    rows.erase(rows.begin());
    regions.erase(regions.begin());
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k].region = &regions[k];
  }
  result.tables.push_back(tabulate_habitat(rows));
  result.tables.push_back(tabulate_mspa(found, frame.cell_area_ha(), regions));
  result.rasters.push_back({"mspa", "1",
                            "Class of MSPA: 0 background, 1 core, 2 islet, 3 perforation, 4 edge, 5 loop, 6 bridge, "
                            "7 branch",
                            std::move(found.classes)});
  if (what.mspa.interior)
    result.rasters.push_back({"mspa_interior", "1", "1: within a hole of a core", std::move(found.interior)});
}

std::vector<Table> land_cover_structure(const Study& study, const FrameworkOnFrame& framework,
                                        const Landscape& landscape, const StructureAnalysis& what,
                                        const RunContext& context) {
  const std::vector<Region> regions = regions_of(study, framework, what.levels);
  const std::vector<LandscapeMetrics> metrics =
      measure(landscape.cover, landscape.frame.cell_m, regions, what.metrics, context);
  struct Row {
    const Region* region;
    const LandscapeMetrics* metrics;
    const ClassMetrics* of_class;
  };
  std::vector<Row> landscapes, classes;
  for (std::size_t k = 0; k < regions.size(); ++k) {
    landscapes.push_back({&regions[k], &metrics[k], nullptr});
    for (const ClassMetrics& m : metrics[k].classes) classes.push_back({&regions[k], &metrics[k], &m});
  }
  std::vector<Table> tables;
  {
    TableOf table("landscape_metrics", landscapes);
    table.text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
        .text("region", "Its name", [](const Row& r) { return r.region->name; })
        .integer("PR", "1", "Classes that are there", [](const Row& r) { return r.metrics->classes.size(); });
    add_metrics(table, [](const Row& r) -> const Metrics& { return r.metrics->landscape; });
    table.number("CONTAG", "%", "Contagion", [](const Row& r) { return r.metrics->contagion; })
        .number("SHDI", "1", "Shannon's diversity of classes", [](const Row& r) { return r.metrics->diversity; });
    tables.push_back(table.take());
  }
  {
    TableOf table("class_metrics", classes);
    table.text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
        .text("region", "Its name", [](const Row& r) { return r.region->name; })
        .text("class", "Land-cover class",
              [&](const Row& r) { return landscape.classes->classes[r.of_class->class_index].name; })
        .integer("code", "1", "Its code",
                 [&](const Row& r) { return landscape.classes->classes[r.of_class->class_index].code; });
    add_metrics(table, [](const Row& r) -> const Metrics& { return *r.of_class; });
    tables.push_back(table.take());
  }
  return tables;
}

std::vector<const MeasureSpec*> structure_measures() {
  return {&core_spec, &core_share_spec, &islet_spec,    &bridge_spec, &lpi_spec,
          &ed_spec,   &nearest_spec,    &cohesion_spec, &split_spec,  &aggregation_spec};
}

}  // namespace greenweave
