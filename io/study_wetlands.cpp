#include "io/study_wetlands.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "io/presets.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A name that can be a column's.
std::string read_name(Section& item, std::set<std::string>& taken) {
  const std::string name = item.required_text("name");
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!plain)
    item.fail("name", fmt::format("\"{}\" cannot name a column", name), "use letters, digits and underscores");
  if (!taken.insert(name).second)
    item.fail("name", fmt::format("\"{}\" is there twice", name), "give each its own name");
  return name;
}

void read_nutrients(Section& section, std::vector<Nutrient>& nutrients) {
  std::vector<Section> items = section.tables("nutrient");
  if (items.empty()) return;
  const std::vector<Nutrient> known = default_nutrients();
  nutrients.clear();
  std::set<std::string> names;
  for (Section& item : items) {
    Nutrient nutrient;
    nutrient.name = read_name(item, names);
    const auto preset =
        std::find_if(known.begin(), known.end(), [&](const Nutrient& n) { return n.name == nutrient.name; });
    if (preset != known.end()) {
      nutrient = *preset;
    } else {
      for (const char* key : {"runoff_mg_l", "k_m_yr"})
        if (!item.has(key))
          item.fail("", fmt::format("`{}` is missing", key),
                    "only phosphorus and nitrate have numbers of their own; give runoff_mg_l and k_m_yr");
    }
    Removal& removal = nutrient.removal;
    nutrient.runoff_mg_l = item.number("runoff_mg_l", nutrient.runoff_mg_l, 0.0, 1e6);
    removal.rate_m_yr = item.number("k_m_yr", removal.rate_m_yr, 0.0, 1e6);
    removal.background = item.number("background_mg_l", removal.background, 0.0, 1e6);
    removal.tanks = item.number("tanks", removal.tanks, 0.1, 1e6);
    removal.theta = item.number("theta", removal.theta, 0.5, 2.0);
    nutrient.source = item.text("source", nutrient.source);
    item.done();
    nutrients.push_back(std::move(nutrient));
  }
}

WetlandWater read_wetland_water(Section& section, WetlandWater water) {
  water.storm.rain_mm = section.number("storm_mm", water.storm.rain_mm, 0.0, 1e5);
  water.storm.hours = section.number("storm_hours", water.storm.hours, 0.1, 1000.0);
  const bool even = water.storm.shape == Storm::Shape::even;
  water.storm.shape = section.choice("storm_shape", even ? "even" : "type_ii", {"type_ii", "even"}) == "even"
                          ? Storm::Shape::even
                          : Storm::Shape::type_ii;
  water.stream_ha = section.number("stream_ha", water.stream_ha, 1e-6, 1e9);
  water.flood.celerity_m_s = section.number("celerity_m_s", water.flood.celerity_m_s, 0.01, 100.0);
  water.flood.weir_width_m = section.number("weir_width_m", water.flood.weir_width_m, 0.01, 1e5);
  water.temperature_c = section.number("temperature_c", water.temperature_c, -5.0, 50.0);
  read_nutrients(section, water.nutrients);
  return water;
}

void read_attributes(Section& section, std::vector<AttributeRecovery>& attributes) {
  std::vector<Section> items = section.tables("attribute");
  if (items.empty()) return;
  const std::vector<AttributeRecovery> known = default_recoveries();
  attributes.clear();
  std::set<std::string> names;
  for (Section& item : items) {
    AttributeRecovery attribute;
    attribute.name = read_name(item, names);
    const auto preset =
        std::find_if(known.begin(), known.end(), [&](const auto& a) { return a.name == attribute.name; });
    if (preset != known.end()) {
      attribute = *preset;
    } else {
      for (const char* key : {"ceiling", "tau_years"})
        if (!item.has(key))
          item.fail("", fmt::format("`{}` is missing", key),
                    "only animals, plants and soil_carbon have numbers of their own; give ceiling and tau_years");
    }
    RecoveryPath &mid = attribute.expected, &low = attribute.low, &high = attribute.high;
    const bool own = item.has("start") || item.has("ceiling") || item.has("tau_years");
    mid.start = item.number("start", mid.start, 0.0, 1.0);
    mid.ceiling = item.number("ceiling", mid.ceiling, 0.0, 1.0);
    mid.tau_years = item.number("tau_years", mid.tau_years, 0.0, 1e4);
    if (own) low = high = mid;  // no band is stated for them
    const auto end = [&](const char* key, double RecoveryPath::*what, double most) {
      if (const auto range = item.numbers(key)) {
        const double expected = mid.*what;
        if (range->size() != 2 ||
            !((*range)[0] >= 0.0 && (*range)[0] <= expected && expected <= (*range)[1] && (*range)[1] <= most))
          item.fail(key, fmt::format("it is no range around {:g}", expected),
                    fmt::format("give the lower and the upper end, from 0 to {:g}", most));
        return *range;
      }
      return std::vector<double>{};
    };
    if (const auto range = end("ceiling_range", &RecoveryPath::ceiling, 1.0); !range.empty()) {
      low.ceiling = range[0];
      high.ceiling = range[1];
    }
    if (const auto range = end("tau_range", &RecoveryPath::tau_years, 1e4); !range.empty()) {
      high.tau_years = range[0];
      low.tau_years = range[1];
    }
    attribute.source = item.text("source", own ? "the study file" : attribute.source);
    item.done();
    attributes.push_back(std::move(attribute));
  }
}

RestorationAnalysis read_restoration(Section& section, const StudySoFar& so_far, const Analyses& analyses) {
  RestorationAnalysis what;
  if (!analyses.water)
    section.fail("", "there is no [analysis.water]", "add it: what wetlands do depends on the water in them");
  if (section.has("wetland_classes")) {
    what.wetland_classes = classes_of(section, "wetland_classes", so_far);
  } else {
    const SchemeWords words = words_of_scheme(so_far.scheme);
    for (const LandCoverClass& c : so_far.study.landscape.classes->classes)
      what.wetland_classes.push_back(std::find(words.wetlands.begin(), words.wetlands.end(), c.name) !=
                                         words.wetlands.end() ||
                                     std::find(words.water.begin(), words.water.end(), c.name) != words.water.end());
  }
  what.water = read_wetland_water(section, what.water);
  what.outlet_ha = section.number("outlet_ha", what.outlet_ha, 0.0, 1e9);
  what.open_water_days = section.number("open_water_days", what.open_water_days, 0.0, 366.0);
  what.open_water_depth_m = section.number("open_water_depth_m", what.open_water_depth_m, 0.0, 1e3);
  what.marsh_days = section.number("marsh_days", what.marsh_days, 0.0, 366.0);
  what.meadow_days = section.number("meadow_days", std::min(what.meadow_days, what.marsh_days), 0.0, what.marsh_days);
  read_attributes(section, what.attributes);
  what.cost_per_ha = section.number("cost_per_ha", what.cost_per_ha, 0.0, 1e15);
  what.cost_per_m3 = section.number("cost_per_m3", what.cost_per_m3, 0.0, 1e15);
  section.done();
  return what;
}

RestorationOrderAnalysis read_order(Section& section, const StudySoFar& so_far, const Analyses& analyses) {
  RestorationOrderAnalysis what;
  const Study& study = so_far.study;
  if (!analyses.wetland_sites)
    section.fail("", "there is no [analysis.wetland_sites]", "add it: its sites are the candidates");
  what.candidates = static_cast<int>(section.number("candidates", what.candidates, 1, 200));
  what.budget = section.number("budget", what.budget, 0.0, infinity);
  if (!analyses.water) what.flood = what.nutrients = 0.0;
  if (study.landscape.population == nullptr) what.people = 0.0;
  if (auto weights = section.table("weights")) {
    what.ECA = weights->number("ECA", what.ECA, 0.0, 1e6);
    for (const auto& [name, weight] : {std::pair{"flood", &what.flood}, std::pair{"nutrients", &what.nutrients}}) {
      *weight = weights->number(name, *weight, 0.0, 1e6);
      if (*weight > 0.0 && !analyses.water)
        weights->fail(name, "there is no [analysis.water]", "add it, or take the key out");
    }
    what.people = weights->number("people", what.people, 0.0, 1e6);
    if (what.people > 0.0 && study.landscape.population == nullptr)
      weights->fail("people", "there is no population",
                    "add population = \"...\" or people = \"...\" to [inputs], or take the key out");
    if (!(what.ECA + what.flood + what.nutrients + what.people > 0.0))
      weights->fail("", "all weights are 0", "give at least one aim a weight above 0");
    weights->done();
  }
  what.guilds = names_among(section, "guilds", "guild", guild_names(study));
  std::vector<std::string> classes;
  for (const LandCoverClass& c : study.landscape.classes->classes) classes.push_back(c.name);
  what.to = section.choice("to", words_of_scheme(so_far.scheme).wetland, classes);
  what.walk_m = section.number("walk_m", what.walk_m, 0.0, 1e5);
  if (analyses.restoration) what.water = analyses.restoration->water;
  what.every_set = section.boolean("every_set", what.every_set);
  if (what.every_set && what.candidates > 12)
    section.fail("every_set",
                 fmt::format("{} candidates have {} sets", what.candidates, 1LL << std::min(what.candidates, 60)),
                 "take at most 12 candidates");
  what.first_year = study.years.empty() ? 0 : study.years.front();
  if (const auto year = section.integer("first_year")) what.first_year = static_cast<int>(*year);
  what.budget_per_year = section.number("budget_per_year", what.budget_per_year, 1e-9, infinity);
  what.target_year = std::max(what.first_year, study.years.empty() ? 0 : study.years.back());
  if (const auto year = section.integer("target_year")) what.target_year = static_cast<int>(*year);
  if (what.target_year < what.first_year)
    section.fail("target_year", fmt::format("sites are made in {}, later", what.first_year),
                 "give that year or a later one");
  what.dig_m = section.number("dig_m", what.dig_m, 0.0, 100.0);
  what.basin = read_basin(section, study);
  if (what.basin && section.has("dig_m"))
    section.fail("dig_m", "the ground is made into basins (`basin_m`) already", "take one of them out");
  // Unless told otherwise, the depth that the sites' cost pays for.
  const double depth_m = analyses.wetland_sites->rule.depth_m;
  if (!what.basin && !section.has("dig_m") && depth_m > 0.0)
    what.basin = BasinShape{depth_m, std::max(BasinShape{}.terrace_m, 2.0 * depth_m)};
  const RecoveryCurve recovery = read_recovery(section, "animals");
  what.recovery.ceiling = recovery.ceiling;
  what.recovery.tau_years = recovery.tau_years;
  section.done();
  return what;
}

}  // namespace

void require_heights(const Section& item, const Study& study, const std::string& key) {
  if (study.landscape.elevation_m == nullptr)
    item.fail(key, "there are no heights to change", "add elevation = \"...\" to [inputs]");
}

std::optional<BasinShape> read_basin(Section& item, const Study& study) {
  if (!item.has("basin_m")) {
    if (item.has("terrace_m")) item.fail("terrace_m", "it goes with `basin_m`, which is missing", "add basin_m = 0.5");
    return std::nullopt;
  }
  require_heights(item, study, "basin_m");
  BasinShape basin;
  basin.depth_m = item.number("basin_m", basin.depth_m, 0.01, 100.0);
  basin.terrace_m = item.number("terrace_m", std::max(basin.terrace_m, 2.0 * basin.depth_m), 0.01, 1e4);
  if (basin.terrace_m < 2.0 * basin.depth_m)
    item.fail("terrace_m", fmt::format("{:g} is less than twice the depth of the basins", basin.terrace_m),
              fmt::format("give at least {:g}", 2.0 * basin.depth_m));
  return basin;
}

RecoveryCurve read_recovery(Section& action, const std::string& usual) {
  RecoveryCurve curve;
  if (!action.has("recovery") || action.is_text("recovery")) {
    const std::string name = action.choice("recovery", usual, {"animals", "plants", "soil_carbon", "none"});
    return *recovery_preset(name);
  }
  auto section = action.table("recovery");
  curve.ceiling = section->number("ceiling", curve.ceiling, 0.0, 1.0);
  curve.tau_years = section->number("tau_years", curve.tau_years, 0.0, 1e4);
  section->done();
  return curve;
}

void read_restoration_analyses(Section& section, const StudySoFar& so_far, Analyses& analyses) {
  if (auto topic = section.table("restoration")) analyses.restoration = read_restoration(*topic, so_far, analyses);
  if (auto topic = section.table("restoration_order"))
    analyses.restoration_order = read_order(*topic, so_far, analyses);
}

}  // namespace greenweave
