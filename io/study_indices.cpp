#include "io/study_indices.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "io/nearest_word.hpp"
#include "io/raster_io.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

MetapopulationAnalysis read_metapopulation(Section& section) {
  MetapopulationAnalysis what;
  what.receiving = section.number("receiving_exponent", what.receiving, 0.0, 10.0);
  what.sending = section.number("sending_exponent", what.sending, 0.0, 10.0);
  what.self_colonisation = section.boolean("self_colonisation", what.self_colonisation);
  section.done();
  return what;
}

GravityAnalysis read_gravity(Section& section, const Analyses& analyses) {
  GravityAnalysis what;
  what.sources = static_cast<int>(section.number("sources", what.sources, 2, 200));
  what.rank_by = section.choice("rank_by", "attribute", {"attribute", "dPC"}) == "dPC"
                     ? GravityAnalysis::Rank::dPC
                     : GravityAnalysis::Rank::attribute;
  if (what.rank_by == GravityAnalysis::Rank::dPC && !analyses.patch_importance)
    section.fail("rank_by", "dPC is not computed: patch_importance is false",
                 "set it to true, or rank_by = \"attribute\"");
  const std::string unit = section.choice("area_unit", "ha", {"ha", "km2", "m2"});
  what.hectares_of_unit = unit == "ha" ? 1.0 : unit == "km2" ? 100.0 : 1e-4;
  what.rule.graded_by =
      section.choice("variant", "product_of_logs", {"product_of_logs", "log_of_product"}) == "product_of_logs"
          ? GravityVariant::product_of_logs
          : GravityVariant::log_of_product;
  if (const auto breaks = section.numbers("breaks")) {
    for (const double at : *breaks)
      if (!(at > 0.0 && at < 1e300))
        section.fail("breaks", fmt::format("{:g} is out of range", at),
                     "give values of gravity above 0, such as [10, 1]");
    what.rule.breaks = *breaks;
  }
  what.rule.longest = section.number("longest_m", 0.0, 0.0, 1e12);
  section.done();
  return what;
}

ProtectionAnalysis read_protection(Section& section, const Study& study) {
  ProtectionAnalysis what;
  what.areas = study.protection;
  if (what.areas == nullptr)
    section.fail("", "there is no inputs.protection",
                 "add protection = \"...\" to [inputs]: protected areas as a vector layer or a raster");
  what.distance = section.choice("distance", "effective", {"effective", "straight"}) == "straight"
                      ? ProtectionAnalysis::Distance::straight
                      : ProtectionAnalysis::Distance::effective;
  if (section.has("dispersal_m") || section.has("dispersal_probability")) {
    if (!section.has("dispersal_m"))
      section.fail("dispersal_probability", "`dispersal_m` is missing",
                   "give both, or neither: the guild's then count");
    Dispersal dispersal;
    dispersal.distance_m = section.number("dispersal_m", dispersal.distance_m, 1e-3, 1e9);
    dispersal.probability = section.number("dispersal_probability", dispersal.probability, 1e-9, 1.0 - 1e-9);
    what.dispersal = dispersal;
  }
  what.max_cost_m = section.number("max_cost_m", 0.0, 0.0, 1e12);
  section.done();
  return what;
}

RobustnessAnalysis read_robustness(Section& section, const Analyses& analyses) {
  RobustnessAnalysis what;
  if (const auto attacks = section.texts("attacks")) {
    if (attacks->empty()) section.fail("attacks", "the list is empty", "name one or more, or leave the key out");
    for (const std::string& name : *attacks) {
      if (std::find(attack_names().begin(), attack_names().end(), name) == attack_names().end())
        section.fail("attacks", fmt::format("there is no attack \"{}\"", name), suggest(name, attack_names()));
      if (std::count(attacks->begin(), attacks->end(), name) > 1)
        section.fail("attacks", fmt::format("\"{}\" is there twice", name), "name each once");
      if ((name == "BC" || name == "dPC") && !analyses.patch_importance)
        section.fail("attacks", fmt::format("{} is not computed: patch_importance is false", name),
                     "set it to true, or take the attack out");
    }
    what.attacks = *attacks;
  }
  what.all_links = section.choice("links", "dispersal", {"dispersal", "all"}) == "all";
  what.points = static_cast<int>(section.number("points", what.points, 1, 10000));
  what.draws = static_cast<int>(section.number("draws", what.draws, 1, 100000));
  what.recalculate_every = static_cast<std::int32_t>(section.number("recalculate_every", 0, 0, 1e6));
  what.efficiency = section.boolean("efficiency", what.efficiency);
  what.eca = section.boolean("ECA", what.eca);
  section.done();
  return what;
}

}  // namespace

std::shared_ptr<const ProtectedAreas> read_protection_of(Section& inputs, Study& study) {
  const auto path = inputs.path("protection");
  const std::string layer = inputs.text("protection_layer", ""), field = inputs.text("protection_name", "name");
  if (!path) {
    for (const char* key : {"protection_layer", "protection_name"})
      if (inputs.has(key))
        inputs.fail(key, "it goes with inputs.protection, which is missing", "add protection = \"...\"");
    return nullptr;
  }
  const Frame& frame = study.landscape.frame;
  Raster<std::int32_t> feature(frame.shape);
  std::vector<std::string> names;
  if (is_raster(*path)) {
    const Raster<std::int32_t> codes = read_codes(*path, frame, "protection");
    std::map<std::int32_t, std::int32_t> number;
    for (Cell cell = 0; cell < codes.shape.cells(); ++cell) {
      if (!codes.is_valid(cell) || codes[cell] == 0) continue;
      if (codes[cell] < 0)
        throw InputError(
            path->string(),
            fmt::format("row {}, column {} of the study's frame", frame.shape.row(cell) + 1, frame.shape.col(cell) + 1),
            fmt::format("{} cannot number a protected area (protection)", codes[cell]),
            "use numbers above 0 for protected areas, 0 or NoData for all else");
      const auto [known, is_new] = number.try_emplace(codes[cell], static_cast<std::int32_t>(names.size()) + 1);
      if (is_new) names.push_back(std::to_string(codes[cell]));
      feature[cell] = known->second;
    }
  } else {
    const std::vector<Feature> features = read_features(*path, layer, frame, "protection", field);
    for (const Feature& f : features) {
      if (f.geometry.kind != Geometry::Kind::polygons)
        throw InputError(path->string(), fmt::format("feature \"{}\"", f.name), "it is no area (protection)",
                         "give polygons, or choose their layer with protection_layer");
      names.push_back(f.name.empty() ? std::to_string(names.size() + 1) : f.name);
      // Where areas overlap the first keeps the ground.
      for (const Cell cell : cells_inside(frame, f.geometry))
        if (feature[cell] == 0) feature[cell] = static_cast<std::int32_t>(names.size());
    }
  }
  record_input(study, "protection", *path);
  auto areas = std::make_shared<ProtectedAreas>(protected_areas(feature, names));
  if (areas->name.empty())
    throw InputError(path->string(), "", "no cell of the study's frame is protected",
                     "correct [frame] extent, choose smaller cells, or leave inputs.protection out");
  return areas;
}

void read_index_analyses(Section& section, const StudySoFar& so_far, Analyses& analyses) {
  if (auto topic = section.table("gravity")) analyses.gravity = read_gravity(*topic, analyses);
  if (auto topic = section.table("metapopulation")) analyses.metapopulation = read_metapopulation(*topic);
  if (auto topic = section.table("protection")) analyses.protection = read_protection(*topic, so_far.study);
  if (auto topic = section.table("robustness")) analyses.robustness = read_robustness(*topic, analyses);
}

}  // namespace greenweave
