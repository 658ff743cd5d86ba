#include "scenarios/tabulate.hpp"

#include <cmath>
#include <utility>

#include "scenarios/analyses/analyses.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

Table tabulate_patches(const PatchSet& patches, const ConnectivityResult& connectivity, bool directed,
                       bool with_error) {
  const std::vector<PatchImportance>& importance = connectivity.patches;
  TableOf table("patches", patches.patches);
  const Patch* first = patches.patches.data();
  table.integer("id", "1", "Label of the patch in the patches raster", [&](const Patch& p) { return &p - first + 1; })
      .number("x", "m", "Centroid, easting", [](const Patch& p) { return p.centroid.x; })
      .number("y", "m", "Centroid, northing", [](const Patch& p) { return p.centroid.y; })
      .integer("cells", "1", "Cells", [](const Patch& p) { return p.cells; })
      .number("area_ha", "ha", "Area", [](const Patch& p) { return p.area_ha; })
      .number("attribute_ha", "ha", "Attribute a_i of the indices", [](const Patch& p) { return p.attribute; });
  if (!importance.empty()) {
    auto column = [&](const char* name, const char* unit, const char* meaning, auto member) {
      table.number(name, unit, meaning,
                   [&](const Patch& p) { return importance[static_cast<std::size_t>(&p - first)].*member; });
    };
    auto count = [&](const char* name, const char* meaning, auto member) {
      table.integer(name, "1", meaning,
                    [&](const Patch& p) { return importance[static_cast<std::size_t>(&p - first)].*member; });
    };
    count("degree", "Links of the patch", &PatchImportance::degree);
    count("component", "Component of the network, from 0", &PatchImportance::component);
    column("dPC", "%", "Fall of PC if the patch is lost", &PatchImportance::dPC);
    column("dPC_intra", "%", "Part of dPC by habitat within the patch", &PatchImportance::dPC_intra);
    column("dPC_flux", "%", "Part of dPC by movements from and to the patch", &PatchImportance::dPC_flux);
    column("dPC_connector", "%", "Part of dPC by movements through the patch", &PatchImportance::dPC_connector);
    if (with_error)
      table.number("dPC_connector_error", "%", "Bound on the error of dPC_connector and dPC, the same for all",
                   [&](const Patch&) { return connectivity.connector_error_percent; });
    column("dIIC", "%", "Fall of IIC if the patch is lost", &PatchImportance::dIIC);
    column("dIIC_intra", "%", "Part of dIIC by habitat within the patch", &PatchImportance::dIIC_intra);
    column("dIIC_flux", "%", "Part of dIIC by connections from and to the patch", &PatchImportance::dIIC_flux);
    column("dIIC_connector", "%", "Part of dIIC by connections through the patch", &PatchImportance::dIIC_connector);
    column("BC", "ha2", "Betweenness weighted by areas and dispersal probability", &PatchImportance::BC);
    column("F", "ha", "Flux: area of other patches weighted by dispersal probability", &PatchImportance::F);
    if (directed) column("F_in", "ha", "Flux towards the patch, F being that away from it", &PatchImportance::F_in);
    column("IF", "ha2", "Interaction flux: area times reachable area", &PatchImportance::IF);
  }
  return table.take();
}

/// What each class is to the guild, with the area it has in this landscape.
Table tabulate_resistances(const Landscape& landscape, const Guild& guild) {
  struct Row {
    const LandCoverClass* of;
    double quality, resistance;
    std::int64_t cells;
  };
  std::vector<Row> rows;
  const std::vector<LandCoverClass>& classes = landscape.classes->classes;
  for (std::size_t c = 0; c < classes.size(); ++c)
    rows.push_back({&classes[c], static_cast<double>(guild.quality[c]), static_cast<double>(guild.resistance[c]), 0});
  for (Cell cell = 0; cell < landscape.cover.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell)) ++rows[landscape.cover[cell]].cells;
  return TableOf("resistances", rows)
      .text("class", "Land-cover class", [](const Row& r) { return r.of->name; })
      .integer("code", "1", "Its code", [](const Row& r) { return r.of->code; })
      .number("quality", "1", "Quality as habitat, undisturbed", [](const Row& r) { return r.quality; })
      .number("resistance", "1", "Resistance to movement, undisturbed; infinity: a barrier",
              [](const Row& r) { return r.resistance; })
      .number("area_ha", "ha", "Area",
              [&](const Row& r) { return static_cast<double>(r.cells) * landscape.frame.cell_area_ha(); })
      .take();
}

Table tabulate_links(const LinkSet& links, const Guild& guild) {
  const double alpha = guild.dispersal.alpha();
  TableOf table("links", links.links);
  table.integer("from", "1", "Label of one patch", [](const Link& l) { return l.a + 1; })
      .integer("to", "1", "Label of the other patch", [](const Link& l) { return l.b + 1; })
      .number("cost_m", "m", "Effective distance: least accumulated cost", [](const Link& l) { return l.cost_m; })
      .number("length_m", "m", "Length of the least-cost path", [](const Link& l) { return l.length_m; })
      .number("probability", "1", "Dispersal probability over the link",
              [&](const Link& l) { return std::exp(-alpha * l.cost_m); });
  if (links.directed)
    table
        .number("back_cost_m", "m", "Effective distance the other way; infinity: none",
                [](const Link& l) { return l.back_cost_m; })
        .number("back_length_m", "m", "Length of the least-cost path the other way",
                [](const Link& l) { return l.back_length_m; })
        .number("back_probability", "1", "Dispersal probability the other way",
                [&](const Link& l) { return std::exp(-alpha * l.back_cost_m); });
  return table.take();
}

Table tabulate_elements(const Study& study, const std::vector<ElementAssessment>& elements) {
  TableOf table("elements", elements);
  auto of = [&, first = elements.data()](const ElementAssessment& e) -> const Element& {
    return study.elements[static_cast<std::size_t>(&e - first)];
  };
  using E = ElementAssessment;
  return table.text("element", "Name", [&](const E& e) { return of(e).name; })
      .text("title", "Title", [&](const E& e) { return of(e).title; })
      .text("kind", "belt, core, vertical or horizontal", [&](const E& e) { return name_of(of(e).kind); })
      .text("greenway", "Greenway type", [&](const E& e) { return of(e).greenway_type; })
      .number("length_m", "m", "Length along its axis", [](const E& e) { return e.length_m; })
      .number("area_ha", "ha", "Area within the frame", [](const E& e) { return e.area_ha; })
      .number("habitat_share", "1", "Share of its area in patches", [](const E& e) { return e.habitat_share; })
      .integer("gaps", "1", "Stretches of its axis without habitat beside them", [](const E& e) { return e.gaps; })
      .number("longest_gap_m", "m", "Longest of them", [](const E& e) { return e.longest_gap_m; })
      .number("bridge_cost_m", "m", "Sum over the gaps of the least effective distance across",
              [](const E& e) { return e.bridge_cost_m; })
      .integer("gaps_unbridgeable", "1", "Gaps with habitat on both sides that no path joins",
               [](const E& e) { return e.gaps_unbridgeable; })
      .integer("patches", "1", "Patches with a cell in it", [](const E& e) { return e.patches; })
      .number("patch_area_ha", "ha", "Area of patches inside it", [](const E& e) { return e.patch_area_ha; })
      .integer("links", "1", "Links that run in it for at least half of their way between patches",
               [](const E& e) { return e.links; })
      .integer("meets", "1", "Other elements that it touches", [](const E& e) { return e.meets; })
      .number("ECA_without_ha", "ha", "ECA if it reverted to its surroundings",
              [](const E& e) { return e.ECA_without_ha; })
      .number("dECA_percent", "%", "Share of ECA that is lost if it reverts to its surroundings",
              [](const E& e) { return e.dECA_percent; })
      .take();
}

Table tabulate_pairs(const Study& study, const Guild& guild, const std::vector<ElementPair>& pairs) {
  const double alpha = guild.dispersal.alpha();
  auto name = [&](int element) { return study.elements[static_cast<std::size_t>(element)].name; };
  return TableOf("element_pairs", pairs)
      .text("a", "One element", [&](const ElementPair& p) { return name(p.a); })
      .text("b", "The other element", [&](const ElementPair& p) { return name(p.b); })
      .integer("meet", "1", "1: they touch or overlap", [](const ElementPair& p) { return p.meet; })
      .integer("joined", "1", "1: the network joins their patches", [](const ElementPair& p) { return p.joined; })
      .number("cost_m", "m", "Least effective distance between their patches over the network",
              [](const ElementPair& p) { return p.cost_m; })
      .number("probability", "1", "Dispersal probability over that distance",
              [&](const ElementPair& p) { return std::exp(-alpha * p.cost_m); })
      .take();
}

Table tabulate_gaps(const Study& study, const std::vector<Gap>& gaps) {
  return TableOf("gaps", gaps)
      .text("element", "Element",
            [&](const Gap& g) { return study.elements[static_cast<std::size_t>(g.element)].name; })
      .number("from_m", "m", "Where it begins along the element's axis", [](const Gap& g) { return g.from_m; })
      .number("length_m", "m", "Length along the axis", [](const Gap& g) { return g.length_m; })
      .integer("open_end", "1", "1: no habitat beyond it within the element", [](const Gap& g) { return g.open_end; })
      .number("bridge_cost_m", "m", "Least effective distance across; infinity: no path; NaN: open end",
              [](const Gap& g) { return g.bridge_cost_m; })
      .number("x", "m", "Middle, easting", [](const Gap& g) { return g.middle.x; })
      .number("y", "m", "Middle, northing", [](const Gap& g) { return g.middle.y; })
      .take();
}

NamedLines link_paths(const Frame& frame, const LinkSet& links) {
  NamedLines lines{"links", "Least-cost paths of the links, cell centre by cell centre", {}};
  lines.lines.reserve(links.links.size());
  for (const Link& link : links.links) {
    std::vector<Point> line;
    const std::vector<Cell>& path = link.path.empty() ? link.back_path : link.path;
    // A straight run of cells needs its ends only.
    for (std::size_t i = 0; i < path.size(); ++i) {
      const bool inner = i > 0 && i + 1 < path.size();
      if (inner && path[i] - path[i - 1] == path[i + 1] - path[i]) continue;
      line.push_back(frame.centre(path[i]));
    }
    lines.lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

void tabulate(const GuildCase& guild_case, GuildResult& result) {
  const Study& study = guild_case.study;
  const Guild& guild = guild_case.guild;
  const Assessment& assessment = guild_case.assessment;
  result.guild = guild.name;
  result.indices.name = "indices";
  for (const Measures* measures : {&assessment.connectivity.measures, &assessment.framework.measures})
    for (const Measure& measure : *measures) add_index(result, measure);
  if (guild_case.indices_only) return;
  result.tables.push_back(tabulate_resistances(guild_case.landscape, guild_case.guild));
  result.tables.push_back(tabulate_patches(assessment.patches, assessment.connectivity, assessment.links.directed,
                                           study.analyses.connector_tolerance.has_value()));
  result.tables.push_back(tabulate_links(assessment.links, guild));
  if (!assessment.framework.elements.empty()) {
    result.tables.push_back(tabulate_elements(study, assessment.framework.elements));
    result.tables.push_back(tabulate_pairs(study, guild, assessment.framework.pairs));
    result.tables.push_back(tabulate_gaps(study, assessment.framework.gaps));
  }
  result.lines.push_back(link_paths(guild_case.landscape.frame, assessment.links));
}

void add_rasters(const Landscape& landscape, Assessment assessment, GuildResult& result) {
  auto masked = [&](auto raster) {
    raster.valid = landscape.cover.valid;
    return raster;
  };
  result.rasters.push_back({"quality", "1", "Habitat quality", masked(std::move(assessment.surface.quality))});
  result.rasters.push_back({"resistance", "1", "Resistance to movement; infinity: a barrier",
                            masked(std::move(assessment.surface.resistance))});
  result.rasters.push_back(
      {"patches", "1", "Habitat patches by id; 0: none", masked(std::move(assessment.patches.label))});
}

std::vector<std::string> index_names(const Analyses& analyses) {
  // The names come from where the indices are computed: judge a landscape of one bare cell.
  const Shape shape{1, 1};
  const Frame frame{shape, 1.0, 0.0, 1.0, ""};
  const HabitatSurface surface{Raster<float>(shape, 0.0F), Raster<float>(shape, 1.0F)};
  PatchSet patches;
  patches.label = Raster<std::int32_t>(shape, 0);
  const LinkSet links;
  const HabitatNetwork network = build_network(patches, links);
  std::vector<std::string> names;
  for (const Measures& measures : {connectivity(network, {Dispersal{}, 1.0, 1.0, false}).measures,
                                   assess_framework(frame, {}, {}, surface, patches, links, network, {}).measures})
    for (const Measure& measure : measures) names.emplace_back(measure.spec->name);
  for (const MeasureSpec* spec : analysis_measures(analyses)) names.emplace_back(spec->name);
  return names;
}

Table tabulate_land_cover(const Landscape& landscape) {
  const auto& classes = landscape.classes->classes;
  std::vector<std::int64_t> cells(classes.size(), 0);
  for (Cell cell = 0; cell < landscape.cover.shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell)) ++cells[landscape.cover[cell]];
  TableOf table("land_cover_area", classes);
  const LandCoverClass* first = classes.data();
  return table.integer("code", "1", "Code of the class", [](const LandCoverClass& c) { return c.code; })
      .text("class", "Name of the class", [](const LandCoverClass& c) { return c.name; })
      .number("area_ha", "ha", "Area",
              [&](const LandCoverClass& c) {
                return static_cast<double>(cells[static_cast<std::size_t>(&c - first)]) *
                       landscape.frame.cell_area_ha();
              })
      .take();
}

}  // namespace greenweave
