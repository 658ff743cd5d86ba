#include "io/study_analyses.hpp"

#include <algorithm>

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

Analyses read_analyses_of(Section& section, const StudySoFar& so_far) {
  Analyses analyses;
  analyses.patch_importance = section.boolean("patch_importance", true);
  analyses.elements = section.boolean("elements", true);
  analyses.element_contribution = section.boolean("element_contribution", true);
  if (auto circuit = section.table("circuit")) analyses.circuit = read_circuit(*circuit, so_far);
  section.done();
  return analyses;
}

}  // namespace greenweave
