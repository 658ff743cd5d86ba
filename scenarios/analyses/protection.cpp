#include "scenarios/analyses/protection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "model/grid/components.hpp"
#include "model/grid/distance.hpp"
#include "model/indices/protconn.hpp"
#include "model/run/parallel.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec prot_spec{"Prot", "%", "Protected land", 1};
constexpr MeasureSpec conn_spec{"ProtConn", "%", "Protected and connected land", 1};
constexpr MeasureSpec unconn_spec{"ProtUnconn", "%", "Protected land that is not connected: Prot - ProtConn", -1};
constexpr MeasureSpec rel_spec{"RelConn", "%", "Share of protected land that is connected: ProtConn / Prot", 1};
constexpr MeasureSpec over_spec{"ProtConn_Prot", "%", "Of ProtConn: by movement over protected land alone", 0};
constexpr MeasureSpec within_spec{"ProtConn_Within", "%", "Of that: within single protected areas", 0};
constexpr MeasureSpec contig_spec{"ProtConn_Contig", "%", "Of that: between areas that touch", 0};
constexpr MeasureSpec unprot_spec{"ProtConn_Unprot", "%", "Of ProtConn: by movement over unprotected land", 0};
constexpr MeasureSpec trans_spec{"ProtConn_Trans", "%", "Of ProtConn: over protected areas outside the study's land",
                                 0};
constexpr MeasureSpec bound_spec{"ProtConn_Bound", "%", "ProtConn, forgiving what ground that none can cross divides",
                                 1};
constexpr MeasureSpec design_spec{"ProtUnconn_Design", "%", "Protected land that a better design could connect", -1};
constexpr MeasureSpec habitat_spec{"ProtHabitat", "%", "Share of the patches' habitat that is protected", 1};

/// Cells of each area, ascending.
std::vector<std::vector<Cell>> cells_of_areas(const ProtectedAreas& areas) {
  std::vector<std::vector<Cell>> cells(areas.name.size());
  for (Cell cell = 0; cell < areas.label.shape.cells(); ++cell)
    if (areas.label[cell] > 0) cells[static_cast<std::size_t>(areas.label[cell] - 1)].push_back(cell);
  return cells;
}

/// Pairs of areas with cells next to each other, eight neighbours.
std::set<std::pair<int, int>> touching(const Raster<std::int32_t>& label) {
  std::set<std::pair<int, int>> pairs;
  const Shape& shape = label.shape;
  for (std::int32_t r = 0; r < shape.rows; ++r)
    for (std::int32_t c = 0; c < shape.cols; ++c) {
      const std::int32_t here = label.at(r, c);
      if (here == 0) continue;
      for (const auto& [dr, dc] : {std::pair{0, 1}, {1, -1}, {1, 0}, {1, 1}}) {
        if (!shape.holds(r + dr, c + dc)) continue;
        const std::int32_t there = label.at(r + dr, c + dc);
        if (there > 0 && there != here) pairs.emplace(std::min(here, there) - 1, std::max(here, there) - 1);
      }
    }
  return pairs;
}

/// Which ground each area lies on: parts of the surface that can be crossed, joined by areas that lie on several.
std::vector<int> grounds_of(const Raster<float>& resistance, const std::vector<std::vector<Cell>>& cells) {
  Raster<std::uint8_t> open(resistance.shape);
  for (Cell cell = 0; cell < open.shape.cells(); ++cell) open[cell] = std::isfinite(resistance[cell]);
  std::int32_t count = 0;
  const Raster<std::int32_t> part = label_components(open, Neighbourhood::eight, &count);
  std::vector<int> parent(static_cast<std::size_t>(count) + 1 + cells.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int k) {
    while (parent[static_cast<std::size_t>(k)] != k) k = parent[static_cast<std::size_t>(k)];
    return k;
  };
  const auto own = [&](std::size_t area) { return count + 1 + static_cast<int>(area); };
  for (std::size_t a = 0; a < cells.size(); ++a) {
    std::int32_t last = 0;
    for (const Cell cell : cells[a]) {
      if (part[cell] == 0 || part[cell] == last) continue;
      last = part[cell];
      const int x = root(own(a)), y = root(last);
      parent[static_cast<std::size_t>(std::max(x, y))] = std::min(x, y);
    }
  }
  std::vector<int> grounds;
  for (std::size_t a = 0; a < cells.size(); ++a) grounds.push_back(root(own(a)));
  return grounds;
}

std::vector<ProtectedLink> straight_links(const Frame& frame, const std::vector<std::vector<Cell>>& cells, double max_m,
                                          const RunContext& context) {
  std::vector<std::vector<ProtectedLink>> from(cells.size());
  parallel_for(static_cast<std::int64_t>(cells.size()), [&](std::int64_t k) {
    context.check();
    const auto a = static_cast<std::size_t>(k);
    if (cells[a].empty() || a + 1 == cells.size()) return;
    const NearestCell nearest = nearest_cell(frame.shape, cells[a]);
    for (std::size_t b = a + 1; b < cells.size(); ++b) {
      float least = std::numeric_limits<float>::infinity();
      for (const Cell cell : cells[b]) least = std::min(least, nearest.distance_cells[cell]);
      const double metres = static_cast<double>(least) * frame.cell_m;
      if (metres <= max_m) from[a].push_back({static_cast<int>(a), static_cast<int>(b), metres});
    }
  });
  std::vector<ProtectedLink> links;
  for (const auto& some : from) links.insert(links.end(), some.begin(), some.end());
  return links;
}

std::vector<ProtectedLink> effective_links(const GuildCase& c, const ProtectedAreas& areas,
                                           const std::vector<std::vector<Cell>>& cells, double max_m,
                                           const RunContext& context) {
  PatchSet patches;
  patches.label = areas.label;
  for (const std::vector<Cell>& of : cells) {
    Patch patch;
    patch.cells = static_cast<std::int64_t>(of.size());
    patch.first = of.front();
    patches.patches.push_back(patch);
  }
  LinkRule rule;
  rule.topology = LinkRule::Topology::complete;
  rule.max_cost_m = max_m;
  const LinkSet found = find_links(c.landscape.frame, c.assessment.surface, patches, rule, context);
  std::vector<ProtectedLink> links;
  for (const Link& link : found.links)
    links.push_back({link.a, link.b, found.directed ? 0.5 * (link.cost_m + link.back_cost_m) : link.cost_m});
  return links;
}

}  // namespace

ProtectedAreas protected_areas(const Raster<std::int32_t>& feature, const std::vector<std::string>& names) {
  const Shape& shape = feature.shape;
  ProtectedAreas areas{Raster<std::int32_t>(shape), {}};
  std::vector<Cell> stack;
  for (Cell first = 0; first < shape.cells(); ++first) {
    if (feature[first] <= 0 || areas.label[first] != 0) continue;
    areas.name.push_back(names[static_cast<std::size_t>(feature[first] - 1)]);
    const auto label = static_cast<std::int32_t>(areas.name.size());
    areas.label[first] = label;
    stack.assign(1, first);
    while (!stack.empty()) {
      const Cell cell = stack.back();
      stack.pop_back();
      for (std::int32_t dr = -1; dr <= 1; ++dr)
        for (std::int32_t dc = -1; dc <= 1; ++dc) {
          const std::int32_t r = shape.row(cell) + dr, c = shape.col(cell) + dc;
          if (!shape.holds(r, c)) continue;
          const Cell next = shape.cell(r, c);
          if (feature[next] != feature[first] || areas.label[next] != 0) continue;
          areas.label[next] = label;
          stack.push_back(next);
        }
    }
  }
  return areas;
}

std::vector<const MeasureSpec*> protection_measures() {
  return {&prot_spec,   &conn_spec,   &unconn_spec, &rel_spec,   &over_spec,   &within_spec,
          &contig_spec, &unprot_spec, &trans_spec,  &bound_spec, &design_spec, &habitat_spec};
}

void add_protection(const GuildCase& guild_case, const ProtectionAnalysis& what, const RunContext& context,
                    GuildResult& result) {
  context.check();
  const Landscape& landscape = guild_case.landscape;
  const Frame& frame = landscape.frame;
  const ProtectedAreas& areas = *what.areas;
  const std::vector<std::vector<Cell>> cells = cells_of_areas(areas);
  const std::vector<int> grounds = grounds_of(guild_case.assessment.surface.resistance, cells);
  std::vector<ProtectedArea> nodes;
  for (std::size_t a = 0; a < cells.size(); ++a) {
    const auto inside =
        std::count_if(cells[a].begin(), cells[a].end(), [&](Cell c) { return landscape.cover.is_valid(c); });
    nodes.push_back({static_cast<double>(inside) * frame.cell_area_ha(), grounds[a], inside == 0});
  }
  const double max_m = what.max_cost_m > 0.0 ? what.max_cost_m : std::numeric_limits<double>::infinity();
  std::vector<ProtectedLink> links = what.distance == ProtectionAnalysis::Distance::straight
                                         ? straight_links(frame, cells, max_m, context)
                                         : effective_links(guild_case, areas, cells, max_m, context);
  for (const auto& [a, b] : touching(areas.label)) links.push_back({a, b, 0.0});
  const ProtConn found =
      protected_connected(nodes, links, what.dispersal.value_or(guild_case.guild.dispersal), landscape.area_ha());

  double habitat = 0.0, protected_habitat = 0.0;
  const Assessment& a = guild_case.assessment;
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    if (a.patches.label[cell] == 0) continue;
    const double quality = guild_case.guild.quality_weighted_area ? static_cast<double>(a.surface.quality[cell]) : 1.0;
    habitat += quality;
    if (areas.label[cell] > 0) protected_habitat += quality;
  }
  for (const Measure& measure : Measures{{&prot_spec, found.Prot},
                                         {&conn_spec, found.ProtConn},
                                         {&unconn_spec, found.ProtUnconn},
                                         {&rel_spec, found.RelConn},
                                         {&over_spec, found.ProtConn_Prot},
                                         {&within_spec, found.ProtConn_Within},
                                         {&contig_spec, found.ProtConn_Contig},
                                         {&unprot_spec, found.ProtConn_Unprot},
                                         {&trans_spec, found.ProtConn_Trans},
                                         {&bound_spec, found.ProtConn_Bound},
                                         {&design_spec, found.ProtUnconn_Design},
                                         {&habitat_spec, habitat > 0.0 ? 100.0 * protected_habitat / habitat : 0.0}})
    add_index(result, measure);
  if (guild_case.indices_only) return;
  const ProtectedArea* first = nodes.data();
  const auto at = [&](const ProtectedArea& area) { return static_cast<std::size_t>(&area - first); };
  result.tables.push_back(
      TableOf("protected_areas", nodes)
          .integer("id", "1", "Label in the raster", [&](const ProtectedArea& p) { return at(p) + 1; })
          .text("name", "Name of its feature", [&](const ProtectedArea& p) { return areas.name[at(p)]; })
          .number("area_ha", "ha", "Area within the study's land", [](const ProtectedArea& p) { return p.area_ha; })
          .integer("outside", "1", "1: it lies outside the study's land",
                   [](const ProtectedArea& p) { return p.is_outside; })
          .integer("group", "1", "Areas that touch have one number",
                   [&](const ProtectedArea& p) { return found.group[at(p)] + 1; })
          .number("dPC", "%", "Fall of PC of the protected areas if its group is lost",
                  [&](const ProtectedArea& p) { return found.dPC[at(p)]; })
          .take());
  result.rasters.push_back({"protected_areas", "1", "Protected areas by id; 0: none", areas.label});
}

}  // namespace greenweave
