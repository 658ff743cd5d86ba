#include "scenarios/analyses/encroachment.hpp"

#include "model/grid/distance.hpp"
#include "model/run/parallel.hpp"
#include "scenarios/analyses/regions.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

/// Values of the raster.
enum Kind : std::uint8_t { nothing, stock, increment, approved_increment, demolished };

/// ECA of a guild; link searches that the changes against `before` cannot touch are taken from it.
double eca_of(const Study& study, const Landscape& landscape, const Guild& guild, const RunContext& context,
              const LinkMemory* before, LinkMemory* after) {
  const HabitatSurface surface = habitat_surface(landscape, guild, study.disturbance);
  const PatchSet patches = find_patches(landscape.frame, surface, guild);
  const LinkSet links = find_links(landscape.frame, surface, patches, guild.links, context, before, after);
  return equivalent_connected_area(build_network(patches, links), guild.dispersal);
}

Raster<std::uint8_t> kinds_of(const Landscape& landscape, const EncroachmentAnalysis& what) {
  Raster<std::uint8_t> kind(landscape.frame.shape);
  kind.valid = landscape.cover.valid;
  for (Cell cell = 0; cell < kind.shape.cells(); ++cell) {
    if (!landscape.cover.is_valid(cell)) continue;
    const bool was = what.built[landscape.cover[cell]];
    const bool is = (*what.later)[cell] != EncroachmentAnalysis::not_built;
    const bool approved = what.approved != nullptr && (*what.approved)[cell] != 0;
    if (was && !is && what.later_is_complete)
      kind[cell] = demolished;
    else if (was)
      kind[cell] = approved ? nothing : stock;
    else if (is)
      kind[cell] = approved ? approved_increment : increment;
  }
  return kind;
}

struct Cost {
  const Region* region;
  const Guild* guild;
  double eca_ha = 0.0, without_stock_ha = 0.0, with_increment_ha = 0.0;
};

}  // namespace

void add_encroachment(const Study& study, const FrameworkOnFrame& framework, const EncroachmentAnalysis& what,
                      const RunContext& context, CaseResult& result) {
  context.check();
  const Landscape& landscape = study.landscape;
  const Raster<std::uint8_t> kind = kinds_of(landscape, what);
  const std::vector<Region> regions = regions_of(study, framework, what.levels);

  struct Row {
    const Region* region;
    std::int64_t land = 0, built = 0;
    std::array<std::int64_t, 5> cells{};
  };
  std::vector<Row> rows;
  for (const Region& region : regions) {
    Row row{&region};
    for_cells_of(region, landscape, [&](Cell cell) {
      ++row.land;
      row.built += what.built[landscape.cover[cell]] ? 1 : 0;
      ++row.cells[kind[cell]];
    });
    rows.push_back(row);
  }
  const double cell_ha = landscape.frame.cell_area_ha();
  const auto hectares = [&](std::int64_t cells) { return static_cast<double>(cells) * cell_ha; };
  result.tables.push_back(
      TableOf("encroachment", rows)
          .text("level", "What is measured: frame, element or zone", [](const Row& r) { return r.region->level; })
          .text("region", "Its name", [](const Row& r) { return r.region->name; })
          .number("land_ha", "ha", "Land", [&](const Row& r) { return hectares(r.land); })
          .number("built_ha", "ha", "Built in the study's land cover", [&](const Row& r) { return hectares(r.built); })
          .number("stock_ha", "ha", "Of it without approval: the stock",
                  [&](const Row& r) { return hectares(r.cells[stock]); })
          .number("increment_ha", "ha", "Built since, without approval: the increment",
                  [&](const Row& r) { return hectares(r.cells[increment]); })
          .number("approved_ha", "ha", "Built since, with approval",
                  [&](const Row& r) { return hectares(r.cells[approved_increment]); })
          .number("demolished_ha", "ha", "No longer built at the later date",
                  [&](const Row& r) { return hectares(r.cells[demolished]); })
          .number("unapproved_percent", "%", "Stock and increment, share of the land",
                  [](const Row& r) {
                    return r.land == 0 ? 0.0
                                       : 100.0 * static_cast<double>(r.cells[stock] + r.cells[increment]) /
                                             static_cast<double>(r.land);
                  })
          .take());

  // Cells that are not stock, nearest to each: what the stock stands on.
  std::vector<Cell> ground;
  for (Cell cell = 0; cell < kind.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell) && kind[cell] != stock && !what.built[landscape.cover[cell]])
      ground.push_back(cell);
  NearestCell nearest;
  if (!ground.empty()) nearest = nearest_cell(landscape.frame.shape, ground);

  std::vector<double> eca(study.guilds.size());
  std::vector<LinkMemory> memory(study.guilds.size());
  parallel_for(static_cast<std::int64_t>(study.guilds.size()), [&](std::int64_t k) {
    const auto g = static_cast<std::size_t>(k);
    eca[g] = eca_of(study, landscape, study.guilds[g], context, nullptr, &memory[g]);
  });
  const std::size_t judged = what.cost_of_regions ? regions.size() : what.levels.frame ? 1 : 0;
  std::vector<Cost> costs;
  for (std::size_t r = 0; r < judged; ++r)
    for (std::size_t g = 0; g < study.guilds.size(); ++g)
      costs.push_back({&regions[r], &study.guilds[g], eca[g], eca[g], eca[g]});
  parallel_for(static_cast<std::int64_t>(costs.size()), [&](std::int64_t k) {
    Cost& cost = costs[static_cast<std::size_t>(k)];
    const Row& row = rows[static_cast<std::size_t>(k) / study.guilds.size()];
    const LinkMemory& searches = memory[static_cast<std::size_t>(k) % study.guilds.size()];
    if (row.cells[stock] > 0 && !ground.empty()) {
      context.check();
      Landscape changed = landscape;
      for_cells_of(*cost.region, landscape, [&](Cell cell) {
        if (kind[cell] == stock) changed.cover[cell] = landscape.cover[nearest.nearest[cell]];
      });
      follow_threats(study, changed, *cost.guild);
      cost.without_stock_ha = eca_of(study, changed, *cost.guild, context, &searches, nullptr);
    }
    if (row.cells[increment] > 0) {
      context.check();
      Landscape changed = landscape;
      for_cells_of(*cost.region, landscape, [&](Cell cell) {
        if (kind[cell] == increment) changed.cover[cell] = (*what.later)[cell];
      });
      follow_threats(study, changed, *cost.guild);
      cost.with_increment_ha = eca_of(study, changed, *cost.guild, context, &searches, nullptr);
    }
  });
  const auto percent = [](double lost, const Cost& c) { return c.eca_ha > 0.0 ? 100.0 * lost / c.eca_ha : 0.0; };
  result.tables.push_back(
      TableOf("encroachment_cost", costs)
          .text("level", "What is measured: frame, element or zone", [](const Cost& c) { return c.region->level; })
          .text("region", "Its name", [](const Cost& c) { return c.region->name; })
          .text("guild", "Guild", [](const Cost& c) { return c.guild->name; })
          .number("ECA_ha", "ha", "Equivalent connected area of the study's land cover",
                  [](const Cost& c) { return c.eca_ha; })
          .number("ECA_without_stock_ha", "ha", "The same without the region's stock",
                  [](const Cost& c) { return c.without_stock_ha; })
          .number("ECA_with_increment_ha", "ha", "The same with the region's increment",
                  [](const Cost& c) { return c.with_increment_ha; })
          .number("stock_cost_percent", "%", "What the stock keeps from ECA",
                  [&](const Cost& c) { return percent(c.without_stock_ha - c.eca_ha, c); })
          .number("increment_cost_percent", "%", "What the increment takes from ECA",
                  [&](const Cost& c) { return percent(c.eca_ha - c.with_increment_ha, c); })
          .take());
  result.rasters.push_back({"encroachment", "1",
                            "Built ground: 1 stock and 2 increment without approval, 3 increment with approval, "
                            "4 demolished, 0 none of these",
                            kind});
}

}  // namespace greenweave
