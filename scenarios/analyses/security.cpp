#include "scenarios/analyses/security.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/movement/cost_distance.hpp"
#include "model/run/parallel.hpp"
#include "scenarios/analyses/regions.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr std::array levels_kept{SecurityLevel::baseline, SecurityLevel::satisfactory, SecurityLevel::ideal};

std::size_t index(SecurityLevel level) { return static_cast<std::size_t>(level); }

Raster<float> cost_of(const Study& study, const SecurityProcess& process) {
  const Landscape& landscape = study.landscape;
  const Frame& frame = landscape.frame;
  if (process.guild >= 0) {
    const Guild& guild = study.guilds[static_cast<std::size_t>(process.guild)];
    const HabitatSurface surface = habitat_surface(landscape, guild, study.disturbance);
    return nearest_source(frame, surface, find_patches(frame, surface, guild).label).cost_m;
  }
  HabitatSurface surface;
  surface.resistance = Raster<float>(frame.shape, impassable);
  Raster<std::int32_t> source(frame.shape);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    if (!landscape.cover.is_valid(cell)) continue;
    surface.resistance[cell] = process.resistance[landscape.cover[cell]];
    source[cell] = process.source_classes[landscape.cover[cell]] ? 1 : 0;
  }
  for (const Geometry& place : process.places)
    for (const Cell cell : cells_within(frame, place, 0.0))
      if (landscape.cover.is_valid(cell)) source[cell] = 1;
  return nearest_source(frame, surface, source).cost_m;
}

}  // namespace

const char* name_of(SecurityLevel level) {
  constexpr std::array names{"none", "baseline", "satisfactory", "ideal"};
  return names[index(level)];
}

Raster<std::uint8_t> security_levels(const Raster<float>& cost_m, const std::vector<std::uint8_t>& valid,
                                     const std::array<double, 3>& breaks, bool breaks_are_percent) {
  const auto is_valid = [&](std::size_t i) { return valid.empty() || valid[i] != 0; };
  std::array<double, 3> most = breaks;
  if (breaks_are_percent) {
    std::vector<float> reached;
    std::size_t land = 0;
    for (std::size_t i = 0; i < cost_m.values.size(); ++i) {
      if (!is_valid(i)) continue;
      ++land;
      if (std::isfinite(cost_m.values[i])) reached.push_back(cost_m.values[i]);
    }
    std::sort(reached.begin(), reached.end());
    for (std::size_t k = 0; k < most.size(); ++k) {
      const auto cells = static_cast<std::size_t>(std::llround(breaks[k] / 100.0 * static_cast<double>(land)));
      most[k] =
          cells == 0 || reached.empty() ? -1.0 : static_cast<double>(reached[std::min(cells, reached.size()) - 1]);
    }
  }
  Raster<std::uint8_t> level(cost_m.shape);
  level.valid = valid;
  for (std::size_t i = 0; i < cost_m.values.size(); ++i) {
    const auto cost = static_cast<double>(cost_m.values[i]);
    if (!is_valid(i) || !std::isfinite(cost)) continue;
    for (std::size_t k = 0; k < most.size() && level.values[i] == 0; ++k)
      if (cost <= most[k]) level.values[i] = static_cast<std::uint8_t>(k + 1);
  }
  return level;
}

SecurityPattern security_pattern(const Study& study, const SecurityAnalysis& what, const RunContext& context) {
  const Landscape& landscape = study.landscape;
  SecurityPattern pattern;
  pattern.of_process.resize(what.processes.size());
  parallel_for(static_cast<std::int64_t>(what.processes.size()), [&](std::int64_t k) {
    context.check();
    const SecurityProcess& process = what.processes[static_cast<std::size_t>(k)];
    pattern.of_process[static_cast<std::size_t>(k)] =
        security_levels(cost_of(study, process), landscape.cover.valid, process.breaks, process.breaks_are_percent);
  });
  pattern.all = Raster<std::uint8_t>(landscape.frame.shape);
  pattern.all.valid = landscape.cover.valid;
  for (const Raster<std::uint8_t>& level : pattern.of_process)
    for (std::size_t i = 0; i < level.values.size(); ++i)
      if (level.values[i] != 0 && (pattern.all.values[i] == 0 || level.values[i] < pattern.all.values[i]))
        pattern.all.values[i] = level.values[i];
  return pattern;
}

void add_security(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape, bool is_baseline,
                  const SecurityAnalysis& what, const RunContext& context, CaseResult& result) {
  SecurityPattern pattern = security_pattern(study, what, context);
  struct Row {
    const Region* region;
    std::string process;
    SecurityLevel level;
    double area_ha, built_ha, lost_ha;
  };
  const double cell_ha = landscape.frame.cell_area_ha();
  const std::vector<Region> regions = regions_of(study, framework, what.levels);
  std::vector<Row> rows;
  for (const Region& region : regions)
    for (std::size_t p = 0; p <= what.processes.size(); ++p) {
      const Raster<std::uint8_t>& level = p == 0 ? pattern.all : pattern.of_process[p - 1];
      std::array<std::int64_t, 4> cells{}, built{}, lost{};
      for_cells_of(region, landscape, [&](Cell cell) {
        const bool was = what.built[study.landscape.cover[cell]];
        ++cells[level[cell]];
        built[level[cell]] += was ? 1 : 0;
        lost[level[cell]] += !was && what.built[landscape.cover[cell]] ? 1 : 0;
      });
      for (const SecurityLevel kept : levels_kept) {
        const auto hectares = [&](const std::array<std::int64_t, 4>& of) {
          return static_cast<double>(of[index(kept)]) * cell_ha;
        };
        rows.push_back({&region, p == 0 ? "all" : what.processes[p - 1].name, kept, hectares(cells), hectares(built),
                        hectares(lost)});
      }
    }
  result.tables.push_back(
      TableOf("security_loss", rows)
          .text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
          .text("region", "Its name", [](const Row& r) { return r.region->name; })
          .text("process", "Process; all: the strictest level of any", [](const Row& r) { return r.process; })
          .text("security", "Level of security", [](const Row& r) { return name_of(r.level); })
          .number("area_ha", "ha", "Land of that level", [](const Row& r) { return r.area_ha; })
          .number("built_ha", "ha", "Of it built before any action", [](const Row& r) { return r.built_ha; })
          .number("lost_ha", "ha", "Of it built by the case", [](const Row& r) { return r.lost_ha; })
          .number(
              "lost_percent", "%", "Share of what was not built before",
              [](const Row& r) { return r.area_ha > r.built_ha ? 100.0 * r.lost_ha / (r.area_ha - r.built_ha) : 0.0; })
          .take());
  if (!is_baseline) return;
  const char* const meaning = "1 baseline, 2 satisfactory, 3 ideal, 0 none";
  for (std::size_t p = 0; p < what.processes.size(); ++p)
    result.rasters.push_back({"security_" + what.processes[p].name, "1",
                              "Security pattern of one process: " + std::string(meaning),
                              std::move(pattern.of_process[p])});
  result.rasters.push_back({"security", "1",
                            "Security pattern, the strictest of all processes: " + std::string(meaning),
                            std::move(pattern.all)});
}

}  // namespace greenweave
