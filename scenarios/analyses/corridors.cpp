#include "scenarios/analyses/corridors.hpp"

#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

Table tabulate_corridors(const CorridorAnalysis& what, const LinkSet& links, const Corridors& corridors,
                         const std::vector<LinkQuality>& quality) {
  TableOf table("corridors", links.links);
  const Link* first = links.links.data();
  const auto corridor = [&](const Link& l) -> const Corridor& {
    return corridors.of_link[static_cast<std::size_t>(&l - first)];
  };
  const auto of = [&](const Link& l) -> const LinkQuality& { return quality[static_cast<std::size_t>(&l - first)]; };
  table.integer("from", "1", "Label of one patch", [](const Link& l) { return l.a + 1; })
      .integer("to", "1", "Label of the other patch", [](const Link& l) { return l.b + 1; })
      .number("slack_m", "m", "How much dearer than the least cost a cell's detour may be, effective distance",
              [&](const Link& l) { return what.rule.slack_of(l.cost_m); })
      .number("area_ha", "ha", "Area of the corridor, without the two patches",
              [&](const Link& l) { return corridor(l).area_ha; })
      .number("mean_width_m", "m", "Area over the length of the least-cost path",
              [&](const Link& l) { return corridor(l).mean_width_m; })
      .number("narrowest_m", "m", "Least width square to the path",
              [&](const Link& l) { return corridor(l).narrowest_m; })
      .number("straight_m", "m", "Straight line between the patches' nearest cells",
              [&](const Link& l) { return of(l).straight_m; })
      .number("cost_per_length", "1", "Least cost over the path's length: mean resistance on the way",
              [&](const Link& l) { return of(l).cost_per_length; })
      .number("cost_per_straight", "1", "Least cost over the straight line",
              [&](const Link& l) { return of(l).cost_per_straight; });
  Table result = table.take();
  for (std::size_t k = 0; k < what.quality.crossed.size(); ++k) {
    std::vector<std::int64_t> crossings;
    for (const LinkQuality& q : quality) crossings.push_back(q.crossings[k]);
    const std::string& name = what.quality.crossed[k].name;
    result.columns.push_back({"crossings_" + name, "1", "Times that the path crosses " + name, std::move(crossings)});
  }
  return result;
}

/// Classes that a link's path, corridor or buffer has, link by link.
Table tabulate_cover(const Landscape& landscape, const Corridors& corridors, const std::vector<LinkQuality>& quality) {
  struct Row {
    std::size_t link, of_class;
  };
  std::vector<Row> rows;
  const auto buffer_ha = [&](const Row& r) {
    return quality[r.link].buffer_ha_of_class.empty() ? 0.0 : quality[r.link].buffer_ha_of_class[r.of_class];
  };
  for (std::size_t i = 0; i < quality.size(); ++i)
    for (std::size_t k = 0; k < landscape.classes->classes.size(); ++k)
      if (quality[i].path_m_of_class[k] > 0.0 || corridors.of_link[i].cells_of_class[k] > 0 || buffer_ha({i, k}) > 0.0)
        rows.push_back({i, k});
  return TableOf("corridor_cover", rows)
      .integer("corridor", "1", "Row of the link in corridors and links, from 1",
               [](const Row& r) { return r.link + 1; })
      .text("class", "Land-cover class", [&](const Row& r) { return landscape.classes->classes[r.of_class].name; })
      .number("path_m", "m", "Length of the path in it",
              [&](const Row& r) { return quality[r.link].path_m_of_class[r.of_class]; })
      .number("corridor_ha", "ha", "Area of the corridor in it",
              [&](const Row& r) {
                return static_cast<double>(corridors.of_link[r.link].cells_of_class[r.of_class]) *
                       landscape.frame.cell_area_ha();
              })
      .number("buffer_ha", "ha", "Area of the path's buffer in it, without the two patches", buffer_ha)
      .take();
}

}  // namespace

void add_corridors(const GuildCase& guild_case, const CorridorAnalysis& what, const RunContext& context,
                   GuildResult& result) {
  if (guild_case.indices_only) return;
  const Landscape& landscape = guild_case.landscape;
  const Assessment& a = guild_case.assessment;
  Corridors corridors = find_corridors(landscape.frame, a.surface, a.patches, a.links, guild_case.guild.links,
                                       what.rule, context, &landscape.cover, landscape.classes->classes.size());
  const std::vector<LinkQuality> quality = link_quality(landscape, a.patches, a.links, what.quality, context);
  result.tables.push_back(tabulate_corridors(what, a.links, corridors, quality));
  result.tables.push_back(tabulate_cover(landscape, corridors, quality));
  // What lies in no corridor has no excess.
  corridors.excess_m.valid.resize(corridors.excess_m.values.size());
  for (std::size_t i = 0; i < corridors.excess_m.values.size(); ++i)
    corridors.excess_m.valid[i] = corridors.link.values[i] != 0;
  corridors.link.valid = landscape.cover.valid;
  result.rasters.push_back({"corridor_excess", "m",
                            "Normalised corridors: least extra cost of a way through the cell, over all links",
                            std::move(corridors.excess_m)});
  result.rasters.push_back({"corridors", "1", "Link whose corridor a cell fits best, by row of the table; 0: none",
                            std::move(corridors.link)});
}

}  // namespace greenweave
