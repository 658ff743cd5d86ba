#include "io/study_people.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "io/presets.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace {

/// Green classes of a scheme, where a study does not say: what grows wild or is wet.
std::vector<bool> usual_green(const StudySoFar& so_far, const Section& section) {
  const std::vector<LandCoverClass>& classes = so_far.study.landscape.classes->classes;
  static const std::vector<std::string> green{
      "tree_cover",       "shrubland",    "grassland",   "herbaceous_wetland", "mangroves",       "deciduous_forest",
      "evergreen_forest", "mixed_forest", "shrub_scrub", "woody_wetlands",     "emergent_wetland"};
  std::vector<bool> chosen;
  for (const LandCoverClass& c : classes)
    chosen.push_back(std::find(green.begin(), green.end(), c.name) != green.end());
  if (std::find(chosen.begin(), chosen.end(), true) == chosen.end())
    section.fail("", "`green` is missing", "add green = [\"...\"]: classes that people may go to");
  return chosen;
}

CatchmentRule read_catchment(Section& section) {
  CatchmentRule rule;
  const std::vector<std::string> kernels{"dichotomy", "exponential", "gaussian", "density"};
  const std::string kernel = section.choice("kernel", "dichotomy", kernels);
  rule.kernel = static_cast<AccessKernel>(std::find(kernels.begin(), kernels.end(), kernel) - kernels.begin());
  const double reach_m = section.number("reach_m", rule.groups.front().reach_m, 1.0, 1e5);
  rule.groups.front().reach_m = reach_m;
  std::vector<Section> items = section.tables("group");
  if (items.empty()) return rule;
  rule.groups.clear();
  double shares = 0.0;
  std::set<std::string> names;
  for (Section& item : items) {
    PeopleGroup group;
    group.name = item.required_text("name");
    const bool is_plain = !group.name.empty() && std::all_of(group.name.begin(), group.name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!is_plain)
      item.fail("name", fmt::format("\"{}\" cannot name a column", group.name), "use letters, digits and underscores");
    if (!names.insert(group.name).second)
      item.fail("name", fmt::format("\"{}\" is there twice", group.name), "give each its own name");
    if (!item.has("share")) item.fail("", "`share` is missing", "add the group's share of all persons, 0 to 1");
    group.share = item.number("share", 0.0, 0.0, 1.0);
    group.reach_m = item.number("reach_m", reach_m, 1.0, 1e5);
    shares += group.share;
    item.done();
    rule.groups.push_back(group);
  }
  if (std::abs(shares - 1.0) > 1e-6)
    section.fail("group", fmt::format("the groups' shares sum to {:g}", shares), "let them sum to 1");
  return rule;
}

}  // namespace

void read_people(Section& inputs, Study& study) {
  const auto path = inputs.path("people");
  for (const char* key : {"people_layer", "people_field"})
    if (!path && inputs.has(key))
      inputs.fail(key, "it goes with inputs.people, which is missing", "add people = \"...\"");
  if (!path) return;
  const Frame& frame = study.landscape.frame;
  const std::string field = inputs.text("people_field", "persons");
  const std::vector<Feature> features = read_features(*path, inputs.text("people_layer", ""), frame, "people");
  std::vector<double> persons(static_cast<std::size_t>(frame.shape.cells()), 0.0);
  for (std::size_t k = 0; k < features.size(); ++k) {
    const Feature& feature = features[k];
    const auto found = feature.attributes.find(field);
    const std::string text = found == feature.attributes.end() ? "" : found->second;
    char* end = nullptr;
    const double count = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(count >= 0.0) || std::isinf(count))
      throw InputError(path->string(),
                       fmt::format("feature {}{}", k + 1, feature.name.empty() ? "" : " \"" + feature.name + "\""),
                       found == feature.attributes.end() ? fmt::format("it has no attribute \"{}\" (people)", field)
                                                         : fmt::format("its {} is \"{}\"", field, text),
                       "give the number of persons there, or name the attribute that holds it: people_field = \"...\"");
    std::vector<Cell> cells;
    if (feature.geometry.kind == Geometry::Kind::polygons) cells = cells_inside(frame, feature.geometry);
    if (cells.empty()) cells = cells_along(frame, feature.geometry);  // also of an area too small to hold a centre
    for (const Cell cell : cells) persons[static_cast<std::size_t>(cell)] += count / static_cast<double>(cells.size());
  }
  const Raster<float>* raster = study.landscape.population.get();
  Raster<float> all(frame.shape, 0.0F);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    const double others = raster != nullptr && raster->is_valid(cell) ? static_cast<double>((*raster)[cell]) : 0.0;
    all[cell] = static_cast<float>(others + persons[static_cast<std::size_t>(cell)]);
  }
  study.landscape.population = std::make_shared<const Raster<float>>(std::move(all));
  record_input(study, "people", *path);
}

AccessAnalysis read_access(Section& section, const StudySoFar& so_far) {
  AccessAnalysis what;
  if (so_far.study.landscape.population == nullptr)
    section.fail("", "there are no people",
                 "add population = \"...\" to [inputs], a raster of persons per cell, or people = \"...\", features "
                 "with persons");
  what.green = section.has("green") ? classes_of(section, "green", so_far) : usual_green(so_far, section);
  what.elements_only = section.choice("where", "everywhere", {"everywhere", "elements"}) == "elements";
  if (section.has("places")) {
    if (!what.elements_only)
      section.fail("places", "green space counts everywhere", "set where = \"elements\", or leave the key out");
    std::vector<std::string> known;
    for (const Feature& feature : so_far.places)
      if (feature.geometry.kind == Geometry::Kind::polygons) known.push_back(feature.name);
    for (const std::string& name : names_among(section, "places", "polygon in inputs.places", known))
      for (const Feature& feature : so_far.places)
        if (feature.name == name && feature.geometry.kind == Geometry::Kind::polygons)
          what.places.push_back(feature.geometry);
  }
  if (what.elements_only && so_far.study.elements.empty() && what.places.empty())
    section.fail("where", "the study has neither elements nor places for it",
                 "add [[framework.element]] or places, or set where = \"everywhere\"");
  what.catchment = read_catchment(section);
  what.needed_m2 = section.number("needed_m2", what.needed_m2, 0.0, 1e6);
  what.walk.minutes = section.number("minutes", what.walk.minutes, 0.1, 1e4);
  what.walk.speed_m_s = section.number("speed_m_s", what.walk.speed_m_s, 0.05, 50.0);
  what.walk.detour = section.number("detour", what.walk.detour, 1.0, 10.0);
  what.walk.least_green_ha = section.number("least_green_ha", what.walk.least_green_ha, 0.0, 1e6);
  if (section.has("impassable")) what.impassable = classes_of(section, "impassable", so_far);
  what.gap_persons = section.number("gap_persons", what.gap_persons, 0.0, 1e9);
  what.levels = read_levels(section, so_far.study);
  what.guild = guild_for_indices(section, so_far.study);
  section.done();
  return what;
}

TrailServiceRule read_trail_service(Section& section) {
  TrailServiceRule rule;
  const std::vector<std::string> scales{"hcm_walkway", "fruin", "shared_path", "shared_path_bicycles"};
  const std::string scale = section.choice("service_scale", name_of(rule.scale), scales);
  rule.scale = static_cast<ServiceScale>(std::find(scales.begin(), scales.end(), scale) - scales.begin());
  rule.peak_factor = section.number("peak_factor", rule.peak_factor, 0.1, 1.0);
  if (const auto spaces = section.numbers("m2_per_person")) {
    if (spaces->size() != 3 || !std::all_of(spaces->begin(), spaces->end(), [](double m2) { return m2 > 0.0; }))
      section.fail("m2_per_person", "they are no three numbers above 0",
                   "give square metres of trail a person for ecological, suburban and urban greenways");
    std::copy(spaces->begin(), spaces->end(), rule.m2_per_person.begin());
  }
  rule.times.open_hours = section.number("open_hours", rule.times.open_hours, 0.1, 24.0);
  rule.times.visit_hours = section.number("visit_hours", rule.times.visit_hours, 0.01, 24.0);
  rule.times.days_a_year = section.number("open_days", rule.times.days_a_year, 0.0, 366.0);
  rule.cifuentes_group = section.number("cifuentes_group", rule.cifuentes_group, 1.0, 1e4);
  rule.group_gap_m = section.number("group_gap_m", rule.group_gap_m, 0.0, 1e4);
  rule.management = section.number("management", rule.management, 0.0, 1.0);
  const std::vector<std::string> uses{"walking", "cycling_one_way", "cycling_two_way", "combined"};
  const std::string use = section.choice("trail_use", "walking", uses);
  rule.demands.use = static_cast<TrailUse>(std::find(uses.begin(), uses.end(), use) - uses.begin());
  rule.demands.station_class = static_cast<int>(section.number("station_class", rule.demands.station_class, 0, 3));
  for (Section& item : section.tables("site")) {
    VisitedSite site;
    site.name = item.required_text("name");
    if (!item.has("ground_m2")) item.fail("", "`ground_m2` is missing", "add the area that visitors may use, m2");
    site.part.ground_m2 = item.number("ground_m2", 0.0, 0.0, 1e12);
    site.part.m2_per_person = item.number("m2_per_person", site.part.m2_per_person, 0.01, 1e6);
    site.part.visit_hours = item.number("visit_hours", rule.times.visit_hours, 0.01, 24.0);
    item.done();
    rule.sites.push_back(std::move(site));
  }
  for (Section& item : section.tables("standard")) {
    const std::string id = item.required_text("id");
    const StandardFigure* const known = figure_named(rule.standards, id);
    if (known == nullptr) {
      std::vector<std::string> ids;
      for (const StandardFigure& figure : rule.standards) ids.push_back(figure.id);
      item.fail("id", fmt::format("no figure has the id \"{}\"", id), suggest(id, ids));
    }
    StandardFigure& figure = rule.standards[static_cast<std::size_t>(known - rule.standards.data())];
    if (!item.has("least") && !item.has("most"))
      item.fail("", "it has neither `least` nor `most`", "say what the standard asks");
    figure.least = item.number("least", 0.0, 0.0, 1e9);
    figure.most = item.has("most") ? item.number("most", figure.least, figure.least, 1e9)
                                   : std::numeric_limits<double>::infinity();
    figure.standard = item.text("standard", "the study file");
    figure.clause = item.text("clause", "");
    figure.edition = item.text("edition", "");
    figure.is_checked = item.boolean("checked", false);
    item.done();
  }
  return rule;
}

}  // namespace greenweave
