#include "io/study_analyses.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "io/nearest_word.hpp"
#include "io/sha256.hpp"

namespace greenweave {

namespace {

/// Names that must be among those known.
std::vector<std::string> names_among(Section& section, const std::string& key, const std::string& what,
                                     const std::vector<std::string>& known) {
  const std::vector<std::string> names = section.texts(key).value_or(std::vector<std::string>{});
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      section.fail(key, fmt::format("there is no {} \"{}\"", what, name), suggest(name, known));
  return names;
}

std::vector<std::string> guild_names(const Study& study) {
  std::vector<std::string> names;
  for (const Guild& guild : study.guilds) names.push_back(guild.name);
  return names;
}

CircuitAnalysis read_circuit(Section& section, const StudySoFar& so_far) {
  using Focal = CircuitAnalysis::Focal;
  CircuitAnalysis what;
  const std::string focal = section.choice("between", "elements", {"elements", "patches", "points"});
  what.focal = focal == "elements" ? Focal::elements : focal == "patches" ? Focal::patches : Focal::points;
  if (what.focal == Focal::elements && so_far.study.elements.size() < 2)
    section.fail("between", "the framework has fewer than two elements",
                 "add [[framework.element]], or set between to \"patches\" or \"points\"");
  std::vector<std::string> places;
  for (const Feature& feature : so_far.places)
    if (feature.geometry.kind == Geometry::Kind::points) places.push_back(feature.name);
  const std::vector<std::string> chosen = names_among(section, "points", "point feature", places);
  if (what.focal == Focal::points) {
    for (const Feature& feature : so_far.places)
      if (feature.geometry.kind == Geometry::Kind::points &&
          (chosen.empty() || std::find(chosen.begin(), chosen.end(), feature.name) != chosen.end()))
        what.points.push_back(feature);
    if (what.points.size() < 2)
      section.fail("points", "there are fewer than two point features in inputs.places",
                   "name two or more, or set between to \"elements\" or \"patches\"");
  } else if (section.has("points")) {
    section.fail("points", fmt::format("current runs between {}, not points", focal),
                 "set between = \"points\", or leave the key out");
  }
  what.most_patches = static_cast<int>(section.number("most_patches", what.most_patches, 2, 10000));
  what.guilds = names_among(section, "guilds", "guild", guild_names(so_far.study));
  what.rule.neighbourhood = section.number("neighbours", 8, 4, 8) < 8 ? Neighbourhood::four : Neighbourhood::eight;
  what.rule.step = section.choice("average", "resistance", {"resistance", "conductance"}) == "resistance"
                       ? StepConductance::average_resistance
                       : StepConductance::average_conductance;
  what.tolerance = section.number("tolerance", what.tolerance, 1e-12, 1e-2);
  what.corridor_slack_share = section.number("corridor_slack", what.corridor_slack_share, 0.0, 100.0);
  what.pinch_quantile = section.number("pinch_quantile", what.pinch_quantile, 0.0, 1.0);
  what.barrier_radius_m = section.number("barrier_radius_m", what.barrier_radius_m, 0.0, 1e5);
  what.restored_resistance = section.number("restored_resistance", what.restored_resistance, 1e-6, 1e6);
  what.barrier_places = static_cast<int>(section.number("barrier_places", what.barrier_places, 0, 1000));
  what.exact_places = static_cast<int>(section.number("exact_places", what.exact_places, 0, 1000));
  section.done();
  return what;
}

}  // namespace

void record_input(Study& study, const std::string& role, const std::filesystem::path& path) {
  for (const Provenance& known : study.inputs)
    if (known.role == role && known.path == path.string()) return;
  study.inputs.push_back({role, path.string(), sha256_of_file(path)});
}

namespace {

/// Which classes a list of names means.
std::vector<bool> classes_of(Section& section, const std::string& key, const StudySoFar& so_far) {
  const ClassTable& classes = *so_far.study.landscape.classes;
  std::vector<bool> chosen(classes.classes.size(), false);
  std::vector<std::string> known;
  for (const LandCoverClass& c : classes.classes) known.push_back(c.name);
  const std::vector<std::string> names = names_among(section, key, "class", known);
  if (names.empty())
    section.fail("", fmt::format("`{}` is missing", key), fmt::format("add {} = [\"...\"]: land-cover classes", key));
  for (const std::string& name : names) chosen[static_cast<std::size_t>(classes.index_of_name(name))] = true;
  return chosen;
}

CorridorAnalysis read_corridors(Section& section, const StudySoFar& so_far) {
  CorridorAnalysis what;
  CorridorRule& rule = what.rule;
  if (section.has("slack_m")) rule.slack_m = section.number("slack_m", 0.0, 0.0, 1e12);
  if (section.has("slack_percent")) rule.slack_share = section.number("slack_percent", 0.0, 0.0, 1e6) / 100.0;
  if (rule.slack_of(1.0) == CorridorRule::none)
    section.fail("", "it has neither `slack_m` nor `slack_percent`",
                 "say how much dearer than the least cost a corridor's ways may be, such as slack_percent = 10");
  if (section.has("truncate_m")) rule.truncate_m = section.number("truncate_m", 0.0, 0.0, 1e12);
  what.quality.buffer_m = section.number("buffer_m", 0.0, 0.0, 1e5);
  for (Section& item : section.tables("crossing")) {
    CrossedKind kind{item.required_text("name"), classes_of(item, "classes", so_far)};
    for (const CrossedKind& other : what.quality.crossed)
      if (other.name == kind.name)
        item.fail("name", fmt::format("\"{}\" is there twice", kind.name), "give each kind its own name");
    item.done();
    what.quality.crossed.push_back(std::move(kind));
  }
  section.done();
  return what;
}

BarrierAnalysis read_barriers(Section& section, const StudySoFar& so_far) {
  BarrierAnalysis what;
  const Frame& frame = so_far.study.landscape.frame;
  what.rule.radii_m = {3.0 * frame.cell_m};
  if (const auto radii = section.numbers("radii_m")) {
    for (const double radius : *radii)
      if (!(radius > 0.0 && radius <= 1000.0 * frame.cell_m))
        section.fail("radii_m", fmt::format("{:g} is out of range", radius),
                     fmt::format("give radii above 0, up to 1000 cells ({:g} m)", 1000.0 * frame.cell_m));
    if (radii->empty()) section.fail("radii_m", "the list is empty", "give at least one radius, or leave the key out");
    what.rule.radii_m = *radii;
    std::sort(what.rule.radii_m.begin(), what.rule.radii_m.end());
    what.rule.radii_m.erase(std::unique(what.rule.radii_m.begin(), what.rule.radii_m.end()), what.rule.radii_m.end());
  }
  what.rule.restored_resistance = section.number("restored_resistance", what.rule.restored_resistance, 1e-6, 1e9);
  what.rule.places = static_cast<int>(section.number("places", what.rule.places, 1, 10000));
  what.rule.score = section.choice("rank_by", "sum", {"sum", "maximum"}) == "sum" ? BarrierRule::Score::sum
                                                                                  : BarrierRule::Score::maximum;
  section.done();
  return what;
}

NearestSourceAnalysis read_nearest_source(Section& section, const StudySoFar& so_far) {
  NearestSourceAnalysis what;
  what.max_cost_m = section.number("max_cost_m", 0.0, 0.0, 1e12);
  if (const auto names = section.texts("sources"))
    for (const std::string& name : *names) {
      std::vector<std::string> known;
      Feature source{name, {}};
      for (const Feature& place : so_far.places) {
        known.push_back(place.name);
        if (place.name != name) continue;
        source.geometry.kind = place.geometry.kind;
        source.geometry.parts.insert(source.geometry.parts.end(), place.geometry.parts.begin(),
                                     place.geometry.parts.end());
      }
      if (source.geometry.empty())
        section.fail("sources", fmt::format("no feature of inputs.places is named \"{}\"", name), suggest(name, known));
      what.sources.push_back(std::move(source));
    }
  section.done();
  return what;
}

StructureAnalysis read_structure(Section& section, const StudySoFar& so_far) {
  StructureAnalysis what;
  const auto neighbours = [&](const char* key) {
    const double given = section.number(key, 8, 4, 8);
    if (given != 4 && given != 8) section.fail(key, "it is neither 4 nor 8", "give 4 or 8");
    return given == 4 ? Neighbourhood::four : Neighbourhood::eight;
  };
  const double width = section.number("edge_width_cells", what.mspa.edge_width_cells, 1, 100);
  if (width != std::floor(width))
    section.fail("edge_width_cells", fmt::format("{:g} is no number of cells", width), "give a whole number");
  what.mspa.edge_width_cells = what.metrics.edge_depth_cells = static_cast<int>(width);
  what.mspa.foreground = neighbours("neighbours");
  what.metrics.patches = neighbours("patch_neighbours");
  what.mspa.transition = section.boolean("transition", what.mspa.transition);
  what.mspa.interior = section.boolean("intext", what.mspa.interior);
  what.guilds = names_among(section, "guilds", "guild", guild_names(so_far.study));
  const Study& study = so_far.study;
  if (section.has("levels")) {
    const std::vector<std::string> levels = names_among(section, "levels", "level", {"frame", "elements", "zones"});
    const auto has = [&](const char* level) { return std::find(levels.begin(), levels.end(), level) != levels.end(); };
    if (levels.empty()) section.fail("levels", "the list is empty", "name frame, elements or zones");
    what.frame = has("frame");
    what.elements = has("elements");
    what.zones = has("zones");
    if (what.elements && study.elements.empty())
      section.fail("levels", "the study has no elements", "add [[framework.element]], or leave \"elements\" out");
    if (what.zones && study.zones.empty())
      section.fail("levels", "the study has no zones",
                   "add zones = \"...\" to [inputs]: a layer of polygons with a name, or leave \"zones\" out");
  }
  section.done();
  return what;
}

}  // namespace

Analyses read_analyses_of(Section& section, const StudySoFar& so_far) {
  Analyses analyses;
  analyses.patch_importance = section.boolean("patch_importance", true);
  analyses.elements = section.boolean("elements", true);
  analyses.element_contribution = section.boolean("element_contribution", true);
  if (auto circuit = section.table("circuit")) analyses.circuit = read_circuit(*circuit, so_far);
  if (auto topic = section.table("corridors")) analyses.corridors = read_corridors(*topic, so_far);
  if (auto topic = section.table("barriers")) analyses.barriers = read_barriers(*topic, so_far);
  if (auto topic = section.table("mcr")) analyses.nearest_source = read_nearest_source(*topic, so_far);
  if (auto topic = section.table("structure")) analyses.structure = read_structure(*topic, so_far);
  section.done();
  return analyses;
}

}  // namespace greenweave
