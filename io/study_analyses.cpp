#include "io/study_analyses.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "io/nearest_word.hpp"
#include "io/presets.hpp"
#include "io/raster_io.hpp"
#include "io/sha256.hpp"
#include "io/study_indices.hpp"
#include "io/study_people.hpp"
#include "io/study_wetlands.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

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

namespace {

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

}  // namespace

RegionLevels read_levels(Section& section, const Study& study) {
  RegionLevels levels;
  if (!section.has("levels")) return levels;
  const std::vector<std::string> named = names_among(section, "levels", "level", {"frame", "elements", "zones"});
  const auto has = [&](const char* level) { return std::find(named.begin(), named.end(), level) != named.end(); };
  if (named.empty()) section.fail("levels", "the list is empty", "name frame, elements or zones");
  levels = {has("frame"), has("elements"), has("zones")};
  if (levels.elements && study.elements.empty())
    section.fail("levels", "the study has no elements", "add [[framework.element]], or leave \"elements\" out");
  if (levels.zones && study.zones.empty())
    section.fail("levels", "the study has no zones",
                 "add zones = \"...\" to [inputs]: a layer of polygons with a name, or leave \"zones\" out");
  return levels;
}

namespace {

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
  what.levels = read_levels(section, so_far.study);
  section.done();
  return what;
}

SourceAnalysis read_sources(Section& section, const Analyses& analyses) {
  SourceAnalysis what;
  if (!analyses.patch_importance)
    section.fail("", "it ranks by dPC, and patch_importance is off", "set [analysis] patch_importance = true");
  if (analyses.structure) what.mspa = analyses.structure->mspa;
  what.quality_weight = section.number("quality_weight", what.quality_weight, 0.0, 1e6);
  what.area_weight = section.number("area_weight", what.area_weight, 0.0, 1e6);
  what.core_weight = section.number("core_weight", what.core_weight, 0.0, 1e6);
  what.importance_weight = section.number("dPC_weight", what.importance_weight, 0.0, 1e6);
  if (!(what.quality_weight + what.area_weight + what.core_weight + what.importance_weight > 0.0))
    section.fail("", "all weights are 0", "give at least one weight above 0");
  what.top = static_cast<int>(section.number("top", what.top, 0, 1e9));
  section.done();
  return what;
}

/// Classes that are development: those named, or the built-up ones of a known scheme.
std::vector<bool> built_classes(Section& section, const StudySoFar& so_far) {
  if (section.has("built")) return classes_of(section, "built", so_far);
  const ClassTable& classes = *so_far.study.landscape.classes;
  std::vector<bool> built(classes.classes.size(), false);
  bool any = false;
  for (const char* name : {"built_up", "developed_low", "developed_medium", "developed_high"})
    if (const int c = classes.index_of_name(name); c >= 0) any = built[static_cast<std::size_t>(c)] = true;
  if (!any) section.fail("", "`built` is missing", "add built = [\"...\"]: the classes that count as development");
  return built;
}

/// A place or an element of the framework.
Geometry source_named(Section& section, const std::string& key, const std::string& name, const StudySoFar& so_far) {
  std::vector<std::string> known;
  Geometry found;
  for (const Feature& place : so_far.places) {
    known.push_back(place.name);
    if (place.name != name) continue;
    found.kind = place.geometry.kind;
    found.parts.insert(found.parts.end(), place.geometry.parts.begin(), place.geometry.parts.end());
  }
  for (const Element& element : so_far.study.elements) {
    known.push_back(element.name);
    if (element.name == name && found.empty()) found = element.geometry;
  }
  if (found.empty())
    section.fail(key, fmt::format("no feature of inputs.places and no element is named \"{}\"", name),
                 suggest(name, known));
  return found;
}

SecurityProcess read_process(Section& item, const StudySoFar& so_far) {
  const ClassTable& classes = *so_far.study.landscape.classes;
  SecurityProcess process;
  process.name = item.required_text("name");
  const bool is_plain = !process.name.empty() &&
                        process.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!is_plain || process.name == "all")
    item.fail("name", fmt::format("\"{}\" cannot name a process", process.name),
              "use small letters, digits and _, and not the word all, such as name = \"flood\"");
  process.source_classes.assign(classes.classes.size(), false);
  if (item.has("guild")) {
    const std::string name = item.required_text("guild");
    const std::vector<std::string> known = guild_names(so_far.study);
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) item.fail("guild", fmt::format("there is no guild \"{}\"", name), suggest(name, known));
    process.guild = static_cast<int>(found - known.begin());
    for (const char* key : {"sources", "source_classes", "resistance"})
      if (item.has(key)) item.fail(key, "a guild has its own sources and resistance", "leave this key out, or `guild`");
  } else {
    if (const auto names = item.texts("sources"))
      for (const std::string& name : *names) process.places.push_back(source_named(item, "sources", name, so_far));
    if (item.has("source_classes")) process.source_classes = classes_of(item, "source_classes", so_far);
    if (process.places.empty() && !item.has("source_classes"))
      item.fail("", "it has no source", "add `sources` (places or elements), `source_classes`, or `guild`");
    std::map<std::string, double> given{{"default", 1.0}};
    if (const auto values = item.values("resistance"))
      for (const auto& [name, value] : *values) {
        if (name != "default" && classes.index_of_name(name) < 0) {
          std::vector<std::string> known;
          for (const LandCoverClass& c : classes.classes) known.push_back(c.name);
          item.fail("resistance", fmt::format("there is no class \"{}\"", name), suggest(name, known));
        }
        const auto* word = std::get_if<std::string>(&value);
        const double number = word == nullptr      ? std::get<double>(value)
                              : *word == "barrier" ? static_cast<double>(impassable)
                                                   : -1.0;
        if (!(number > 0.0) || (word == nullptr && number > 1e9))
          item.fail("resistance", fmt::format("that of {} is no resistance", name),
                    "give a number above 0, up to 1e9, or \"barrier\"");
        given[name] = number;
      }
    for (const LandCoverClass& c : classes.classes)
      process.resistance.push_back(static_cast<float>(given.contains(c.name) ? given[c.name] : given["default"]));
  }
  process.breaks_are_percent = item.has("breaks_percent");
  const std::string key = process.breaks_are_percent ? "breaks_percent" : "breaks_m";
  if (process.breaks_are_percent && item.has("breaks_m"))
    item.fail("breaks_m", "breaks_percent is there too", "leave one of them out");
  const auto breaks = item.numbers(key);
  const double most = process.breaks_are_percent ? 100.0 : 1e12;
  if (!breaks || breaks->size() != 3 ||
      !((*breaks)[0] >= 0.0 && (*breaks)[0] <= (*breaks)[1] && (*breaks)[1] <= (*breaks)[2] && (*breaks)[2] <= most))
    item.fail(breaks ? key : "", "a process needs three breaks that rise: of baseline, satisfactory and ideal",
              "such as breaks_m = [500, 1500, 3000] in effective metres, or breaks_percent = [10, 25, 45] of the land");
  std::copy(breaks->begin(), breaks->end(), process.breaks.begin());
  item.done();
  return process;
}

SecurityAnalysis read_security(Section& section, const StudySoFar& so_far) {
  SecurityAnalysis what;
  what.built = built_classes(section, so_far);
  for (Section& item : section.tables("process")) {
    SecurityProcess process = read_process(item, so_far);
    for (const SecurityProcess& other : what.processes)
      if (other.name == process.name)
        item.fail("name", fmt::format("\"{}\" is there twice", process.name), "give each process its own name");
    what.processes.push_back(std::move(process));
  }
  if (what.processes.empty())
    section.fail("", "it has no process", "add [[analysis.security.process]] with name, sources and breaks_m");
  what.levels = read_levels(section, so_far.study);
  section.done();
  return what;
}

EncroachmentAnalysis read_encroachment(Section& section, const StudySoFar& so_far) {
  EncroachmentAnalysis what;
  Study& study = so_far.study;
  const Landscape& landscape = study.landscape;
  const ClassTable& classes = *landscape.classes;
  what.built = built_classes(section, so_far);
  auto later = std::make_shared<Raster<ClassIndex>>(landscape.frame.shape, EncroachmentAnalysis::not_built);
  const auto cover = section.path("later"), polygons = section.path("built_areas");
  if (cover.has_value() == polygons.has_value())
    section.fail(cover ? "later" : "", "it needs one of `later` and `built_areas`",
                 "give later = \"...\" (a land cover of a later date) or built_areas = \"...\" (polygons)");
  if (cover) {
    const Raster<std::int32_t> codes = read_codes(*cover, landscape.frame, "later");
    record_input(study, "encroachment_later", *cover);
    for (Cell cell = 0; cell < codes.shape.cells(); ++cell) {
      if (!codes.is_valid(cell)) {
        // Nothing is known there: it stays as it was.
        if (landscape.cover.is_valid(cell) && what.built[landscape.cover[cell]]) (*later)[cell] = landscape.cover[cell];
        continue;
      }
      const int c = classes.index_of_code(codes[cell]);
      if (c < 0)
        throw InputError(cover->string(), "", fmt::format("the class table lacks the code {} (later)", codes[cell]),
                         "use the codes of the study's land cover");
      if (what.built[static_cast<std::size_t>(c)]) (*later)[cell] = static_cast<ClassIndex>(c);
    }
    what.later_is_complete = true;
  } else {
    const auto first =
        static_cast<ClassIndex>(std::find(what.built.begin(), what.built.end(), true) - what.built.begin());
    for (const Feature& feature :
         read_features(*polygons, section.text("built_areas_layer", ""), landscape.frame, "built_areas"))
      for (const Cell cell : cells_inside(landscape.frame, feature.geometry)) (*later)[cell] = first;
    record_input(study, "encroachment_built_areas", *polygons);
  }
  what.later = std::move(later);
  if (const auto path = section.path("approvals")) {
    auto approved = std::make_shared<Raster<std::uint8_t>>(landscape.frame.shape);
    for (const Feature& feature :
         read_features(*path, section.text("approvals_layer", ""), landscape.frame, "approvals"))
      for (const Cell cell : cells_inside(landscape.frame, feature.geometry)) (*approved)[cell] = 1;
    record_input(study, "encroachment_approvals", *path);
    what.approved = std::move(approved);
  }
  what.cost_of_regions = section.boolean("cost_of_regions", true);
  what.levels = read_levels(section, study);
  section.done();
  return what;
}

/// Curve numbers of the study's classes: the scheme's, and those of [..curve_numbers], one for all soils or four.
std::vector<CurveNumbers> read_curve_numbers(Section& section, const StudySoFar& so_far) {
  const ClassTable& classes = *so_far.study.landscape.classes;
  std::vector<CurveNumbers> known;
  if (so_far.scheme == "worldcover") known = worldcover_curve_numbers();
  if (so_far.scheme == "nlcd") known = nlcd_curve_numbers();
  auto given = section.table("curve_numbers");
  std::vector<CurveNumbers> table;
  for (const LandCoverClass& c : classes.classes) {
    const auto row =
        std::find_if(known.begin(), known.end(), [&](const CurveNumbers& numbers) { return numbers.code == c.code; });
    const auto own_numbers = given ? given->numbers(c.name) : std::nullopt;
    if (own_numbers) {
      const std::vector<double>& numbers = *own_numbers;
      const bool in_range =
          std::all_of(numbers.begin(), numbers.end(), [](double n) { return n >= 0.0 && n <= 100.0; });
      if ((numbers.size() != 1 && numbers.size() != 4) || !in_range)
        given->fail(c.name, "these are no curve numbers",
                    "give four from 0 to 100, for the soil groups A, B, C and D, or one for all");
      CurveNumbers own{c.code, {}, c.name, "the study file"};
      for (std::size_t k = 0; k < 4; ++k) own.by_group[k] = numbers[numbers.size() == 1 ? 0 : k];
      table.push_back(own);
    } else if (row != known.end()) {
      table.push_back(*row);
    } else {
      section.fail(
          given ? "curve_numbers" : "", fmt::format("there is no curve number for {}", c.name),
          fmt::format("add curve_numbers = {{ {} = [98] }}: one for all soils, or four for A, B, C and D", c.name));
    }
  }
  if (given) given->done();
  return table;
}

}  // namespace

std::string guild_for_indices(Section& section, const Study& study) {
  const std::vector<std::string> known = guild_names(study);
  const std::string name = section.text("guild", known.front());
  if (std::find(known.begin(), known.end(), name) == known.end())
    section.fail("guild", fmt::format("there is no guild \"{}\"", name), suggest(name, known));
  return name;
}

namespace {

SoilGroup read_soil_group(Section& section) {
  const std::vector<std::string> groups{"A", "B", "C", "D"};
  const std::string group = section.choice("soil_group", "C", groups);
  return static_cast<SoilGroup>(1 + (std::find(groups.begin(), groups.end(), group) - groups.begin()));
}

void require_heights(const Section& section, const Study& study) {
  if (study.landscape.elevation_m == nullptr)
    section.fail("", "there are no heights", "add elevation = \"...\" to [inputs]");
}

WaterAnalysis read_water(Section& section, const StudySoFar& so_far) {
  WaterAnalysis what;
  require_heights(section, so_far.study);
  if (so_far.study.weather.empty())
    section.fail("", "there is no weather",
                 "add climate = \"...\" to [inputs]: a CSV file with date, rain_mm and et_mm, a line a day");
  BalanceOptions& balance = what.balance;
  balance.seepage_mm_per_day = section.number("seepage_mm_per_day", balance.seepage_mm_per_day, 0.0, 1e4);
  balance.evaporation_factor = section.number("evaporation_factor", balance.evaporation_factor, 0.0, 10.0);
  balance.first_fill = section.number("first_fill", balance.first_fill, 0.0, 1.0);
  if (const auto limits = section.numbers("depth_limits_m")) {
    if (limits->size() != 3 || !(0.0 < (*limits)[0] && (*limits)[0] < (*limits)[1] && (*limits)[1] < (*limits)[2]))
      section.fail("depth_limits_m", "they are no three depths that rise", "such as [0.1, 0.5, 2.0]");
    std::copy(limits->begin(), limits->end(), balance.depth_limits_m.begin());
  }
  what.least_depth_m = section.number("least_depth_m", what.least_depth_m, 0.0, 1e4);
  what.least_area_ha = section.number("least_area_ha", what.least_area_ha, 0.0, 1e9);
  what.breach_depth_m = section.number("breach_depth_m", what.breach_depth_m, 0.0, 1e4);
  what.breach_length_m = section.number("breach_length_m", what.breach_length_m, 0.0, 1e6);
  what.wetland_days = section.number("wetland_days", what.wetland_days, 0.0, 366.0);
  what.wetland_depth_m = section.number("wetland_depth_m", what.wetland_depth_m, 0.0, 1e4);
  what.soil_where_unknown = read_soil_group(section);
  what.curve_numbers = read_curve_numbers(section, so_far);
  what.guild = guild_for_indices(section, so_far.study);
  section.done();
  return what;
}

WetlandSitesAnalysis read_wetland_sites(Section& section, const StudySoFar& so_far) {
  require_heights(section, so_far.study);
  WetlandSitesAnalysis what;
  SiteRule& rule = what.rule;
  const ClassTable& classes = *so_far.study.landscape.classes;
  if (so_far.study.soil != nullptr) rule.weights.soil = 1.0;
  if (auto weights = section.table("weights")) {
    SiteWeights& w = rule.weights;
    const std::vector<std::pair<const char*, double*>> factors{
        {"wetness", &w.wetness}, {"drainage", &w.drainage}, {"depression", &w.depression},
        {"cover", &w.cover},     {"water", &w.water},       {"development", &w.development}};
    double total = 0.0;
    for (const auto& [name, weight] : factors) total += * weight = weights->number(name, *weight, 0.0, 1e6);
    if (weights->has("soil") && so_far.study.soil == nullptr)
      weights->fail("soil", "there is no soil to weigh", "add soil = \"...\" to [inputs], or take the key out");
    total += w.soil = weights->number("soil", w.soil, 0.0, 1e6);
    if (!(total > 0.0)) weights->fail("", "all weights are 0", "give at least one factor a weight above 0");
    weights->done();
  }
  const SchemeWords words = words_of_scheme(so_far.scheme);
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  rule.built_classes = built_classes(section, so_far);
  if (section.has("water_classes")) {
    rule.water_classes = classes_of(section, "water_classes", so_far);
  } else {
    for (const LandCoverClass& c : classes.classes) rule.water_classes.push_back(among(words.water, c.name));
  }
  // Trees are worth keeping; water and wetlands are there already; classes of one's own are roads and the like.
  auto cover = section.table("cover");
  const double usual = cover ? cover->number("default", 1.0, 0.0, 1.0) : 1.0;
  for (std::size_t k = 0; k < classes.classes.size(); ++k) {
    const std::string& name = classes.classes[k].name;
    const bool known = so_far.scheme == "none" || class_scheme(so_far.scheme).index_of_name(name) >= 0;
    double value = usual;
    if (rule.built_classes[k] || rule.water_classes[k] || among(words.wetlands, name) || !known) value = 0.0;
    if (among(words.forest, name)) value = std::min(value, 0.2);
    if (cover) value = cover->number(name, value, 0.0, 1.0);
    rule.cover_values.push_back(value);
  }
  if (cover) cover->done();
  rule.hand_low_m = section.number("hand_low_m", rule.hand_low_m, 0.0, 1e4);
  rule.hand_high_m = section.number("hand_high_m", std::max(rule.hand_high_m, rule.hand_low_m), rule.hand_low_m, 1e4);
  rule.least_depth_m = section.number("least_depth_m", rule.least_depth_m, 0.0, 1e4);
  rule.water_reach_m = section.number("water_reach_m", rule.water_reach_m, 0.0, 1e6);
  rule.development_clear_m = section.number("development_clear_m", rule.development_clear_m, 0.0, 1e6);
  rule.stream_ha = section.number("stream_ha", rule.stream_ha, 1e-6, 1e9);
  rule.low_ground = section.boolean("low_ground", rule.low_ground);
  rule.threshold = section.number("threshold", rule.threshold, 0.0, 1.0);
  rule.best_share = section.number("best_share", rule.best_share, 0.0, 1.0);
  rule.least_ha = section.number("least_ha", rule.least_ha, 0.0, 1e9);
  rule.largest_ha = section.number("largest_ha", std::max(rule.largest_ha, rule.least_ha), rule.least_ha, 1e9);
  rule.depth_m = section.number("depth_m", rule.depth_m, 0.0, 100.0);
  rule.cost_per_ha = section.number("cost_per_ha", rule.cost_per_ha, 0.0, 1e15);
  rule.cost_per_m3 = section.number("cost_per_m3", rule.cost_per_m3, 0.0, 1e15);
  rule.micro_ha = section.number("micro_ha", rule.micro_ha, 0.0, 1e9);
  rule.micro_distance_m = section.number("micro_distance_m", rule.micro_distance_m, 0.0, 1e6);
  section.done();
  return what;
}

DeltaAnalysis read_deltas(Section& section, const StudySoFar& so_far) {
  DeltaAnalysis what;
  what.links = section.boolean("links", what.links);
  what.patches = section.boolean("patches", what.patches);
  what.elements = section.boolean("elements", what.elements);
  what.classes = section.boolean("classes", what.classes);
  what.components = section.boolean("components", what.components);
  what.places = section.boolean("places", what.places);
  what.guilds = names_among(section, "guilds", "guild", guild_names(so_far.study));
  section.done();
  return what;
}

}  // namespace

Analyses read_analyses_of(Section& section, const StudySoFar& so_far) {
  Analyses analyses;
  analyses.patch_importance = section.boolean("patch_importance", true);
  analyses.elements = section.boolean("elements", true);
  analyses.element_contribution = section.boolean("element_contribution", true);
  if (section.has("dPC_tolerance")) analyses.connector_tolerance = section.number("dPC_tolerance", 0.0, 0.0, 0.01);
  if (auto circuit = section.table("circuit")) analyses.circuit = read_circuit(*circuit, so_far);
  if (auto topic = section.table("corridors")) analyses.corridors = read_corridors(*topic, so_far);
  if (auto topic = section.table("barriers")) analyses.barriers = read_barriers(*topic, so_far);
  if (auto topic = section.table("mcr")) analyses.nearest_source = read_nearest_source(*topic, so_far);
  if (auto topic = section.table("structure")) analyses.structure = read_structure(*topic, so_far);
  if (auto topic = section.table("sources")) analyses.sources = read_sources(*topic, analyses);
  if (auto topic = section.table("security")) analyses.security = read_security(*topic, so_far);
  if (auto topic = section.table("encroachment")) analyses.encroachment = read_encroachment(*topic, so_far);
  if (auto topic = section.table("wetland_sites")) analyses.wetland_sites = read_wetland_sites(*topic, so_far);
  if (auto topic = section.table("water")) analyses.water = read_water(*topic, so_far);
  if (auto topic = section.table("access")) analyses.access = read_access(*topic, so_far);
  if (auto topic = section.table("deltas")) analyses.deltas = read_deltas(*topic, so_far);
  read_index_analyses(section, so_far, analyses);
  read_restoration_analyses(section, so_far, analyses);
  section.done();
  return analyses;
}

}  // namespace greenweave
