#include "scenarios/analyses/deltas.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "model/indices/deltas.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

/// Appends a column d... for each index that the removals can change, and the number of components that is left.
void add_delta_columns(const RemovalDeltas& deltas, Table& table) {
  for (std::size_t m = 0; m < deltas.whole.size(); ++m) {
    const std::string name = deltas.whole[m].spec->name;
    if (name == "directed") continue;
    std::vector<double> fall;
    for (std::size_t r = 0; r < deltas.without.size(); ++r) fall.push_back(deltas.delta_percent(r, m));
    table.columns.push_back({"d" + name, "%", "Fall of " + name + " if it is lost; below 0: a rise", std::move(fall)});
  }
  for (std::size_t m = 0; m < deltas.whole.size(); ++m) {
    if (std::strcmp(deltas.whole[m].spec->name, "NC") != 0) continue;
    std::vector<std::int64_t> left;
    for (const auto& without : deltas.without) left.push_back(static_cast<std::int64_t>(without[m]));
    table.columns.push_back({"NC_without", "1", "Number of components if it is lost", std::move(left)});
  }
}

/// How many cells of each patch lie in the given ones.
std::vector<std::int64_t> cells_inside(const PatchSet& patches, const std::vector<Cell>& cells) {
  std::vector<std::int64_t> inside(patches.patches.size(), 0);
  for (const Cell cell : cells)
    if (const std::int32_t label = patches.label[cell]; label > 0) ++inside[static_cast<std::size_t>(label - 1)];
  return inside;
}

/// The land-cover class that most cells of each patch have; of equally common ones the first.
std::vector<std::size_t> main_classes(const PatchSet& patches, const Landscape& landscape) {
  const std::size_t classes = landscape.classes->classes.size();
  std::vector<std::int64_t> cells(patches.patches.size() * classes, 0);
  for (Cell cell = 0; cell < patches.label.shape.cells(); ++cell)
    if (const std::int32_t label = patches.label[cell]; label > 0)
      ++cells[static_cast<std::size_t>(label - 1) * classes + landscape.cover[cell]];
  std::vector<std::size_t> main;
  for (std::size_t p = 0; p < patches.patches.size(); ++p) {
    const auto first = cells.begin() + static_cast<std::ptrdiff_t>(p * classes);
    main.push_back(
        static_cast<std::size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first));
  }
  return main;
}

struct Group {
  std::string name;
  std::vector<int> patches;
  double attribute_ha = 0.0;
};

Table table_of_groups(const char* table_name, const char* column, const char* meaning, const std::vector<Group>& groups,
                      const HabitatNetwork& network, const ConnectivityParameters& parameters) {
  std::vector<std::vector<int>> patches;
  for (const Group& group : groups) patches.push_back(group.patches);
  Table table =
      TableOf(table_name, groups)
          .text(column, meaning, [](const Group& g) { return g.name; })
          .integer("patches", "1", "Patches that are lost with it", [](const Group& g) { return g.patches.size(); })
          .number("attribute_ha", "ha", "Their attributes", [](const Group& g) { return g.attribute_ha; })
          .take();
  add_delta_columns(patch_removals(network, parameters, patches), table);
  return table;
}

void add_to(Group& group, const PatchSet& patches, std::size_t patch) {
  group.patches.push_back(static_cast<int>(patch));
  group.attribute_ha += patches.patches[patch].attribute;
}

}  // namespace

void add_deltas(const GuildCase& guild_case, const DeltaAnalysis& what, const RunContext& context,
                GuildResult& result) {
  if (guild_case.indices_only) return;
  if (!is_asked_for(what.guilds, guild_case.guild)) return;
  const Assessment& assessment = guild_case.assessment;
  const PatchSet& patches = assessment.patches;
  const HabitatNetwork network = build_network(patches, assessment.links);
  const ConnectivityParameters parameters =
      connectivity_parameters(guild_case.landscape, guild_case.guild, guild_case.study.analyses);
  const std::size_t n = patches.patches.size();
  const auto add = [&](Table table) {
    context.check();
    result.tables.push_back(std::move(table));
  };

  if (what.links) {
    Table table = TableOf("link_deltas", assessment.links.links)
                      .integer("from", "1", "Label of one patch", [](const Link& l) { return l.a + 1; })
                      .integer("to", "1", "Label of the other patch", [](const Link& l) { return l.b + 1; })
                      .take();
    add_delta_columns(link_removals(network, parameters), table);
    add(std::move(table));
  }
  if (what.patches) {
    std::vector<Group> groups(n);
    for (std::size_t p = 0; p < n; ++p) add_to(groups[p], patches, p);
    std::vector<std::vector<int>> each;
    for (const Group& group : groups) each.push_back(group.patches);
    Table table = TableOf("patch_deltas", groups)
                      .integer("id", "1", "Label of the patch", [](const Group& g) { return g.patches.front() + 1; })
                      .take();
    add_delta_columns(patch_removals(network, parameters, each), table);
    add(std::move(table));
  }
  if (what.elements && !guild_case.study.elements.empty()) {
    std::vector<Group> groups;
    for (std::size_t e = 0; e < guild_case.study.elements.size(); ++e) {
      groups.push_back({guild_case.study.elements[e].name, {}, 0.0});
      const auto inside = cells_inside(patches, guild_case.framework.footprints[e].cells);
      for (std::size_t p = 0; p < n; ++p)
        if (2 * inside[p] >= patches.patches[p].cells) add_to(groups.back(), patches, p);
    }
    add(table_of_groups("element_deltas", "element", "Element of the framework", groups, network, parameters));
  }
  if (what.classes) {
    const std::vector<std::size_t> main = main_classes(patches, guild_case.landscape);
    std::vector<Group> groups;
    for (std::size_t c = 0; c < guild_case.landscape.classes->classes.size(); ++c) {
      Group group{guild_case.landscape.classes->classes[c].name, {}, 0.0};
      for (std::size_t p = 0; p < n; ++p)
        if (main[p] == c) add_to(group, patches, p);
      if (!group.patches.empty()) groups.push_back(std::move(group));
    }
    add(table_of_groups("class_deltas", "class", "Land-cover class that most of a patch's cells have", groups, network,
                        parameters));
  }
  if (what.components) {
    const std::vector<ComponentIndices> components = component_indices(network, parameters);
    const ComponentIndices* first = components.data();
    Table table = TableOf("component_indices", components)
                      .integer("component", "1", "Component of the network, from 0",
                               [&](const ComponentIndices& c) { return &c - first; })
                      .take();
    for (std::size_t m = 0; !components.empty() && m < components.front().measures.size(); ++m) {
      const MeasureSpec& spec = *components.front().measures[m].spec;
      std::vector<double> values;
      for (const ComponentIndices& c : components) values.push_back(c.measures[m].value);
      table.columns.push_back({spec.name, spec.unit, spec.meaning, std::move(values)});
    }
    add(std::move(table));
  }
  if (what.places) {
    const std::vector<LocalMetrics> places = local_metrics(network, parameters.binary_threshold_m);
    const LocalMetrics* first = places.data();
    add(TableOf("patch_places", places)
            .integer("id", "1", "Label of the patch", [&](const LocalMetrics& p) { return &p - first + 1; })
            .integer("Dg", "1", "Degree: patches joined to it in the binary graph",
                     [](const LocalMetrics& p) { return p.degree; })
            .number("CC", "1", "Clustering: links between its neighbours over the most there can be",
                    [](const LocalMetrics& p) { return p.clustering; })
            .number("CCe", "m", "Closeness: mean distance to the other patches of its component",
                    [](const LocalMetrics& p) { return p.closeness_m; })
            .number("Ec", "m", "Eccentricity: greatest distance to a patch of its component",
                    [](const LocalMetrics& p) { return p.eccentricity_m; })
            .number("CCor", "1", "Correlation: degree squared over the sum of its neighbours' degrees",
                    [](const LocalMetrics& p) { return p.correlation; })
            .take());
  }
}

}  // namespace greenweave
