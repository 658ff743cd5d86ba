#include "scenarios/analyses/access.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/grid/distance.hpp"
#include "model/movement/cost_distance.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/regions.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec served_spec{"ACCESS_served", "%", "Persons with green space within the walk", 1};
constexpr MeasureSpec m2_spec{"ACCESS_m2", "m2", "Green space a person by two-step floating catchment, mean", 1};
constexpr MeasureSpec short_spec{"ACCESS_short", "%", "Persons who have less green space than they need", -1};

/// Green ground that people may go to, m2 a cell.
Raster<float> green_of(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                       const AccessAnalysis& what) {
  const Frame& frame = landscape.frame;
  Raster<std::uint8_t> open(frame.shape, what.elements_only ? 0 : 1);
  if (what.elements_only) {
    for (const Footprint& footprint : framework.footprints)
      for (const Cell cell : footprint.cells) open[cell] = 1;
    for (const Geometry& place : what.places)
      for (const Cell cell : cells_inside(frame, place)) open[cell] = 1;
  }
  Raster<float> green(frame.shape, 0.0F);
  green.valid = study.landscape.cover.valid;
  const auto cell_m2 = static_cast<float>(frame.cell_m * frame.cell_m);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell) && open[cell] != 0 && what.green[landscape.cover[cell]]) green[cell] = cell_m2;
  return green;
}

/// People within the landscape's mask.
Raster<float> persons_of(const Landscape& landscape) {
  Raster<float> persons = *landscape.population;
  if (persons.valid.empty()) persons.valid.assign(persons.values.size(), 1);
  for (Cell cell = 0; cell < persons.shape.cells(); ++cell)
    if (!landscape.cover.is_valid(cell)) persons.valid[static_cast<std::size_t>(cell)] = 0;
  return persons;
}

/// Way from each cell to the nearest goal, m: as the crow flies, or over ground around what cannot be passed.
Raster<float> way_m(const Landscape& landscape, const std::vector<Cell>& goals, const AccessAnalysis& what) {
  const Frame& frame = landscape.frame;
  if (what.impassable.empty()) {
    Raster<float> way = nearest_cell(frame.shape, goals).distance_cells;
    for (float& metres : way.values) metres *= static_cast<float>(frame.cell_m);
    return way;
  }
  Raster<float> ground(frame.shape, impassable);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell) && !what.impassable[landscape.cover[cell]]) ground[cell] = 1.0F;
  for (const Cell goal : goals) ground[goal] = 1.0F;
  Raster<float> way(frame.shape, std::numeric_limits<float>::infinity());
  if (goals.empty()) return way;
  const Raster<double> cells = cost_distance(ground, goals);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) way[cell] = static_cast<float>(cells[cell] * frame.cell_m);
  return way;
}

double percent(double part, double whole) { return whole > 0.0 ? 100.0 * part / whole : 0.0; }

}  // namespace

std::vector<const MeasureSpec*> access_measures() { return {&served_spec, &m2_spec, &short_spec}; }

CaseAccess access_of(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                     const AccessAnalysis& what) {
  const Raster<float> green = green_of(study, framework, landscape, what), persons = persons_of(landscape);
  return {two_step_catchment(green, persons, landscape.frame.cell_m, what.catchment),
          walk_access(way_m(landscape, worth_a_walk(green, what.walk.least_green_ha), what), persons, what.walk)};
}

void add_access(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                const AccessAnalysis& what, const RunContext& context, CaseResult& result) {
  context.check();
  CaseAccess access = access_of(study, framework, landscape, what);
  const Raster<float> persons = persons_of(landscape);
  const Frame& frame = landscape.frame;
  struct Row {
    const Region* region;
    AccessSummary sum;
    std::vector<double> m2_of_group;
  };
  RegionLevels levels = what.levels;
  levels.frame = true;  // the indices are its
  const std::vector<Region> regions = regions_of(study, framework, levels);
  std::vector<Row> rows;
  for (const Region& region : regions) {
    Row row{&region, {}, std::vector<double>(what.catchment.groups.size(), 0.0)};
    for_cells_of(region, landscape, [&](Cell cell) {
      if (!persons.is_valid(cell)) return;
      const double here = static_cast<double>(persons[cell]);
      row.sum.add(here, access.walk.served[cell] != 0, static_cast<double>(access.catchment.m2_per_person[cell]),
                  what.needed_m2);
      for (std::size_t g = 0; g < row.m2_of_group.size(); ++g)
        row.m2_of_group[g] += here * static_cast<double>(access.catchment.m2_of_group[g][cell]);
    });
    for (double& m2 : row.m2_of_group) m2 = row.sum.persons > 0.0 ? m2 / row.sum.persons : 0.0;
    rows.push_back(std::move(row));
  }
  const AccessSummary all = rows.front().sum;
  if (!what.levels.frame) rows.erase(rows.begin());
  TableOf table("access", rows);
  table.text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
      .text("region", "Its name", [](const Row& r) { return r.region->name; })
      .number("persons", "1", "Persons who live there", [](const Row& r) { return r.sum.persons; })
      .number("served", "1", "Of them with green space within the walk", [](const Row& r) { return r.sum.served; })
      .number("served_percent", "%", "Their share", [](const Row& r) { return percent(r.sum.served, r.sum.persons); })
      .number("m2_per_person", "m2", "Green space a person by two-step floating catchment, mean over persons",
              [](const Row& r) { return r.sum.m2_per_person; })
      .number("balance_m2", "m2", "That less what a person needs",
              [&](const Row& r) { return r.sum.persons > 0.0 ? r.sum.m2_per_person - what.needed_m2 : 0.0; })
      .number("short_persons", "1", "Persons who have less than they need",
              [](const Row& r) { return r.sum.short_persons; })
      .number("short_percent", "%", "Their share",
              [](const Row& r) { return percent(r.sum.short_persons, r.sum.persons); })
      .number("missing_ha", "ha", "What these lack, all together", [](const Row& r) { return r.sum.missing_m2 / 1e4; });
  if (what.catchment.groups.size() > 1)
    for (std::size_t g = 0; g < what.catchment.groups.size(); ++g)
      table.number("m2_" + what.catchment.groups[g].name, "m2", "Green space a person of that group",
                   [g](const Row& r) { return r.m2_of_group[g]; });
  result.tables.push_back(table.take());

  // Gaps come with most people first.
  std::vector<AccessGap>& gaps = access.walk.gaps;
  gaps.erase(std::find_if(gaps.begin(), gaps.end(), [&](const AccessGap& g) { return g.persons < what.gap_persons; }),
             gaps.end());
  const AccessGap* const first = gaps.data();
  result.tables.push_back(
      TableOf("access_gaps", gaps)
          .integer("gap", "1", "Inhabited area without green space within the walk; most persons first",
                   [&](const AccessGap& g) { return &g - first + 1; })
          .number("persons", "1", "Persons who live there", [](const AccessGap& g) { return g.persons; })
          .number("area_ha", "ha", "Inhabited cells",
                  [&](const AccessGap& g) { return static_cast<double>(g.cells) * frame.cell_area_ha(); })
          .number("farthest_m", "m", "Longest way to green space, before the detour; infinity: there is none",
                  [](const AccessGap& g) { return g.farthest_m; })
          .number("x", "m", "Its cell of most persons, easting",
                  [&](const AccessGap& g) { return frame.centre(g.most_people).x; })
          .number("y", "m", "Its cell of most persons, northing",
                  [&](const AccessGap& g) { return frame.centre(g.most_people).y; })
          .take());

  Raster<std::uint8_t> walk(frame.shape, 0);
  walk.valid = persons.valid;
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (persons.is_valid(cell) && persons[cell] > 0.0F) walk[cell] = access.walk.served[cell] != 0 ? 1 : 2;
  result.rasters.push_back(
      {"walk", "1", "1: green space within the walk, 2: none, 0: nobody lives there", std::move(walk)});
  result.rasters.push_back({"green_per_person", "m2", "Green space a person by two-step floating catchment",
                            std::move(access.catchment.m2_per_person)});
  for (GuildResult& guild : result.guilds) {
    if (guild.guild != what.guild) continue;
    add_index(guild, {&served_spec, percent(all.served, all.persons)});
    add_index(guild, {&m2_spec, all.m2_per_person});
    add_index(guild, {&short_spec, percent(all.short_persons, all.persons)});
  }
}

}  // namespace greenweave
