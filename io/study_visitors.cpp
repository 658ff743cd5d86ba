#include "io/study_visitors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/presets.hpp"
#include "io/study_people.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

/// Arrivals by hour from six o'clock on: most in mid-morning, a second wave in the afternoon (a choice, for want of a
/// count).
const std::vector<double> usual_arrivals{2, 4, 7, 10, 12, 11, 8, 7, 9, 10, 8, 5, 3, 2, 1, 1};

const std::vector<std::string> kinds{"ecological", "suburban", "urban"};
const std::vector<std::string> surfaces{"paved", "gravel", "earth", "boardwalk", "steps"};

std::optional<std::size_t> position_of(const std::string& word, const std::vector<std::string>& words) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - words.begin()));
}

template <class Named>
std::vector<std::string> names_in(const std::vector<Named>& items) {
  std::vector<std::string> names;
  for (const Named& item : items) names.push_back(item.name);
  return names;
}

std::size_t known(const Section& section, const std::string& key, const std::string& what, const std::string& word,
                  const std::vector<std::string>& words) {
  const auto found = position_of(word, words);
  if (!found) section.fail(key, fmt::format("there is no {} \"{}\"", what, word), suggest(word, words));
  return *found;
}

/// Which of some named things a list means; none named: empty.
std::vector<bool> marks(Section& section, const std::string& key, const std::string& what,
                        const std::vector<std::string>& words) {
  if (!section.has(key)) return {};
  std::vector<bool> chosen(words.size(), false);
  for (const std::string& name : names_among(section, key, what, words)) chosen[*position_of(name, words)] = true;
  return chosen;
}

Trail read_trail(const Feature& feature, const fs::path& path, std::size_t number, const Study& study) {
  const std::string place =
      feature.name.empty() ? fmt::format("feature {}", number) : fmt::format("\"{}\"", feature.name);
  const auto text = [&](const char* key) {
    const auto found = feature.attributes.find(key);
    return found == feature.attributes.end() ? std::string() : found->second;
  };
  const auto word = [&](const char* key, const char* usual, const std::vector<std::string>& words) {
    const std::string value = text(key);
    const auto found = position_of(value.empty() ? usual : value, words);
    if (!found)
      throw InputError(path.string(), place, fmt::format("its {} \"{}\" is not known", key, value),
                       fmt::format("give one of {}", fmt::join(words, ", ")));
    return *found;
  };
  if (feature.geometry.kind != Geometry::Kind::lines)
    throw InputError(path.string(), place, "it is no line, and a trail is one", "give a layer of lines");
  Trail trail;
  trail.name = feature.name;
  trail.parts = feature.geometry.parts;
  trail.kind = static_cast<GreenwayKind>(word("kind", "suburban", kinds));
  trail.is_typed = !text("kind").empty();
  trail.surface = static_cast<TrailSurface>(word("surface", "paved", surfaces));
  trail.element = text("element");
  for (const GreenwayType& type : study.greenway_types)
    if (type.name == name_of(trail.kind)) trail.width_m = type.trail_width_m;
  if (const std::string width = text("width_m"); !width.empty()) {
    char* end = nullptr;
    trail.width_m = std::strtod(width.c_str(), &end);
    if (*end != '\0' || !(trail.width_m > 0.0))
      throw InputError(path.string(), place, fmt::format("its width_m is {}", width),
                       "give the width that people walk or ride on in metres, above 0");
  }
  return trail;
}

struct NamedPoint {
  std::string name;
  Point at;
};

/// The points of a place; of several each has a number after the name.
std::vector<NamedPoint> points_of(Section& item, const StudySoFar& so_far) {
  const std::string place = item.required_text("place");
  std::vector<std::string> names;
  std::vector<Point> points;
  for (const Feature& feature : so_far.places) {
    if (feature.geometry.kind != Geometry::Kind::points) continue;
    names.push_back(feature.name);
    if (feature.name == place)
      for (const auto& part : feature.geometry.parts) points.push_back(part.front());
  }
  if (points.empty())
    item.fail("place", fmt::format("no point feature is named \"{}\"", place),
              names.empty() ? "add points to inputs.places" : suggest(place, names));
  const std::string name = item.text("name", place);
  std::vector<NamedPoint> result;
  for (std::size_t i = 0; i < points.size(); ++i)
    result.push_back({points.size() == 1 ? name : fmt::format("{}_{}", name, i + 1), points[i]});
  return result;
}

void read_modes(Section& section, VisitorsAnalysis& what) {
  std::vector<Section> items = section.tables("mode");
  if (items.empty()) return;
  what.modes.clear();
  double shares = 0.0;
  for (Section& item : items) {
    AccessMode mode;
    mode.name = item.required_text("name");
    for (const AccessMode& usual : default_access_modes())
      if (usual.name == mode.name) mode = usual;
    mode.share = item.number("share", mode.share, 0.0, 1.0);
    mode.km_h = item.number("km_h", mode.km_h, 0.1, 1000.0);
    mode.fixed_minutes = item.number("fixed_minutes", mode.fixed_minutes, 0.0, 1e4);
    mode.most_minutes = item.number("most_minutes", mode.most_minutes, 0.0, 1e4);
    mode.rides_on = item.boolean("rides_on", mode.rides_on);
    item.done();
    shares += mode.share;
    what.modes.push_back(std::move(mode));
  }
  if (std::abs(shares - 1.0) > 1e-6)
    section.fail("mode", fmt::format("the shares of the modes add up to {:g}", shares), "make them add up to 1");
}

void read_stops(Section& section, const StudySoFar& so_far, VisitorsAnalysis& what) {
  const std::vector<std::string> modes = names_in(what.modes);
  std::set<std::string> seen;
  const auto require_new = [&](const Section& item, const std::string& name) {
    if (!seen.insert(name).second)
      item.fail("name", fmt::format("\"{}\" is there twice", name), "give it another name");
  };
  for (Section& item : section.tables("entrance")) {
    VisitorEntrance entrance;
    entrance.per_day = item.number("per_day", 0.0, 0.0, 1e9);
    entrance.serves = marks(item, "modes", "access mode", modes);
    if (entrance.serves.empty()) entrance.serves.assign(modes.size(), true);
    const std::vector<NamedPoint> points = points_of(item, so_far);
    entrance.per_day /= static_cast<double>(points.size());
    for (const NamedPoint& point : points) {
      require_new(item, point.name);
      entrance.name = point.name;
      entrance.at = point.at;
      what.entrances.push_back(entrance);
    }
    item.done();
  }
  for (Section& item : section.tables("attraction")) {
    VisitorSight sight;
    sight.pull = item.number("pull", sight.pull, 0.0, 1e9);
    sight.dwell_hours = item.number("dwell_hours", sight.dwell_hours, 0.0, 24.0);
    sight.most_at_once = item.number("most_at_once", 0.0, 0.0, 1e9);
    for (const NamedPoint& point : points_of(item, so_far)) {
      require_new(item, point.name);
      sight.name = point.name;
      sight.at = point.at;
      what.sights.push_back(sight);
    }
    item.done();
  }
  for (Section& item : section.tables("station")) {
    for (const NamedPoint& point : points_of(item, so_far)) {
      require_new(item, point.name);
      what.stations.push_back({point.name, point.at, TrailNodeKind::station});
    }
    item.done();
  }
  if (what.entrances.empty())
    section.fail("", "there is no [[visitors.entrance]]", "add at least one: the name of points in inputs.places");
  if (what.sights.empty())
    section.fail("", "there is no [[visitors.attraction]]", "add at least one: the name of points in inputs.places");
}

void read_calendar(Section& section, VisitorsAnalysis& what) {
  const auto read = [&](const char* key, auto& list, const auto& days_of) {
    std::vector<Section> items = section.tables(key);
    if (items.empty()) return;
    list.clear();
    double days = 0.0;
    for (Section& item : items) {
      auto& entry = list.emplace_back();
      entry.name = item.required_text("name");
      days_of(entry) = item.number("days", 0.0, 0.0, 366.0);
      days += days_of(entry);
      entry.factor = item.number("factor", 1.0, 0.0, 1e6);
      item.done();
    }
    if (std::abs(days - 365.0) > 1.0)
      section.fail(key, fmt::format("their days add up to {:g}", days), "make them add up to 365");
  };
  what.seasons.front().name = "year";
  what.days.front().name = "day";
  read("season", what.seasons, [](VisitorSeason& s) -> double& { return s.days; });
  read("day", what.days, [](VisitorDayType& d) -> double& { return d.days_a_year; });
  what.first_hour = static_cast<int>(section.number("first_hour", what.first_hour, 0, 23));
  what.arrivals = section.numbers("arrivals").value_or(usual_arrivals);
  double all = 0.0;
  for (const double share : what.arrivals) {
    if (!(share >= 0.0)) section.fail("arrivals", fmt::format("{:g} is no share", share), "give numbers of 0 or more");
    all += share;
  }
  if (!(all > 0.0)) section.fail("arrivals", "nobody ever comes", "give the share of each hour");
  if (what.first_hour + static_cast<int>(what.arrivals.size()) > 24)
    section.fail("arrivals",
                 fmt::format("{} hours from {} o'clock on run past midnight", what.arrivals.size(), what.first_hour),
                 "give fewer hours, or an earlier first_hour");
  for (double& share : what.arrivals) share /= all;
}

void read_guilds(Section& section, const StudySoFar& so_far, VisitorsAnalysis& what) {
  const std::vector<std::string> seasons = names_in(what.seasons), guilds = guild_names(so_far.study);
  for (const std::string& name : guilds) what.guilds.emplace_back().guild = name;
  std::vector<std::string> taxa;
  for (const TaxonThreshold& taxon : taxon_thresholds()) taxa.push_back(taxon.taxon);
  for (Section& item : section.tables("guild")) {
    GuildDisturbance& guild = what.guilds[known(item, "name", "guild", item.required_text("name"), guilds)];
    if (item.has("reach_m") && item.has("taxon"))
      item.fail("taxon", "`reach_m` says it already", "take one of them out");
    if (item.has("reach_m")) guild.zone = threshold_rule(item.number("reach_m", 100.0, 0.0, 1e5));
    if (item.has("taxon"))
      guild.zone =
          threshold_rule(taxon_thresholds()[known(item, "taxon", "taxon", item.required_text("taxon"), taxa)].reach_m);
    guild.zone.shape = static_cast<ZoneShape>(*position_of(
        item.choice("shape", "flat", {"flat", "linear", "exponential"}), {"flat", "linear", "exponential"}));
    guild.zone.least_groups_per_day = item.number("least_groups_per_day", guild.zone.least_groups_per_day, 0.0, 1e9);
    if (const auto hours = item.numbers("active")) {
      const auto is_hour = [](double hour) { return hour == std::floor(hour) && hour >= 0.0 && hour <= 24.0; };
      if (hours->size() != 2 || !is_hour((*hours)[0]) || !is_hour((*hours)[1]))
        item.fail("active", "it is no pair of hours", "give from and to o'clock, such as [5, 21]");
      guild.active = active_between(static_cast<int>((*hours)[0]) % 24, static_cast<int>((*hours)[1]) % 24);
    }
    guild.seasons = marks(item, "seasons", "season", seasons);
    guild.hears = item.boolean("noise", guild.hears);
    item.done();
  }
}

void read_noise(Section& section, const StudySoFar& so_far, VisitorsAnalysis& what) {
  what.noise.reference_m = section.number("reference_m", what.noise.reference_m, 0.1, 1e4);
  what.noise.ground_db_100m = section.number("ground_db_100m", what.noise.ground_db_100m, 0.0, 100.0);
  what.noise.silent_db = section.number("silent_db", what.noise.silent_db, 0.0, 200.0);
  what.noise.full_db = section.number("full_db", what.noise.full_db, 0.0, 200.0);
  if (!(what.noise.full_db > what.noise.silent_db))
    section.fail("full_db", fmt::format("it is no louder than silent_db, {:g} dB", what.noise.silent_db),
                 "give the loudness from which on noise disturbs fully");
  for (Section& item : section.tables("road")) {
    LoudClasses loud;
    loud.classes = classes_of(item, "classes", so_far);
    loud.level_db = item.number("level_db", loud.level_db, 0.0, 200.0);
    item.done();
    what.roads.push_back(std::move(loud));
  }
  if (what.roads.empty())
    section.fail("", "there is no [[visitors.noise.road]]", "add one: classes of land cover, and their level_db");
  section.done();
}

void read_trampling(Section& section, TrailServiceRule& service) {
  TramplingCurve& curve = service.trampling;
  curve.a = section.number("a", curve.a, 1e-6, 1.0);
  curve.b = section.number("b", curve.b, 0.0, 1.0);
  curve.c = section.number("c", curve.c, 0.0, 1.0);
  curve.lane_m = section.number("lane_m", curve.lane_m, 0.01, 10.0);
  OffTrail& off = service.off_trail;
  off.share = section.number("share", off.share, 0.0, 1.0);
  off.boardwalk_share = section.number("boardwalk_share", off.boardwalk_share, 0.0, 1.0);
  off.strip_m = section.number("strip_m", off.strip_m, 0.01, 100.0);
  section.done();
}

TrailPlace read_trail_place(Section& item, const Study& study, const std::function<std::optional<Geometry>()>& area) {
  TrailPlace place;
  place.area = area();
  place.element = item.text("element", "");
  if (!place.element.empty()) known(item, "element", "element", place.element, names_in(study.elements));
  if (!place.area && place.element.empty())
    item.fail("", "it has neither `place` nor `element`", "name an area in inputs.places, or an element");
  return place;
}

}  // namespace

VisitorsAnalysis read_visitors(Section& section, const StudySoFar& so_far) {
  VisitorsAnalysis what;
  Study& study = so_far.study;
  std::string drawn_in;
  if (const auto path = section.path("trails")) {
    drawn_in = path->string();
    const std::vector<Feature> features =
        read_features(*path, section.text("trails_layer", ""), study.landscape.frame, "trails");
    record_input(study, "trails", *path);
    for (std::size_t i = 0; i < features.size(); ++i)
      what.trails.push_back(read_trail(features[i], *path, i + 1, study));
  }
  what.elements_are_trails = section.boolean("elements_are_trails", what.elements_are_trails);
  what.element_width_m = section.number("element_width_m", what.element_width_m, 0.1, 100.0);
  what.repair.tolerance_m = section.number("tolerance_m", what.repair.tolerance_m, 0.0, 1e3);
  what.repair.reach_m = section.number("reach_m", what.repair.reach_m, 0.0, 1e5);
  what.pace.walking_km_h = section.number("walking_km_h", what.pace.walking_km_h, 0.1, 20.0);
  what.pace.cycling_km_h = section.number("cycling_km_h", what.pace.cycling_km_h, 0.1, 60.0);
  what.routes.most = static_cast<int>(section.number("routes", what.routes.most, 1, 50));
  what.routes.most_times_shortest = section.number("routes_within", what.routes.most_times_shortest, 1.0, 10.0);
  what.routes.most_shared = section.number("routes_share", what.routes.most_shared, 0.0, 1.0);
  what.choice.theta_per_min = section.number("theta_per_min", what.choice.theta_per_min, 0.0, 1e3);
  what.choice.path_size = section.boolean("path_size", what.choice.path_size);
  what.choice.most_iterations = static_cast<int>(section.number("iterations", what.choice.most_iterations, 1, 1e5));
  what.choice.least_gap = section.number("gap", what.choice.least_gap, 0.0, 1.0);
  if (auto capacity = section.table("capacity_per_min_m")) {
    for (std::size_t k = 0; k < kinds.size(); ++k)
      what.crowd.capacity_per_min_m[k] = capacity->number(kinds[k], what.crowd.capacity_per_min_m[k], 0.01, 1e3);
    capacity->done();
  }
  what.crowd.alpha = section.number("crowd_alpha", what.crowd.alpha, 0.0, 100.0);
  what.crowd.power = section.number("crowd_power", what.crowd.power, 0.1, 20.0);
  what.crowd.repels = section.number("crowd_repels", what.crowd.repels, 0.0, 100.0);
  what.crowd.cyclist_room = section.number("cyclist_room", what.crowd.cyclist_room, 0.0, 100.0);
  what.crowd.shade_gain = section.number("shade_gain", what.crowd.shade_gain, 0.0, 0.9);
  if (section.has("shade_classes")) {
    what.shade_classes = classes_of(section, "shade_classes", so_far);
  } else {
    const std::vector<std::string> forest = words_of_scheme(so_far.scheme).forest;
    for (const LandCoverClass& c : study.landscape.classes->classes)
      what.shade_classes.push_back(position_of(c.name, forest).has_value());
  }
  what.visit.mean_way_m = section.number("mean_way_m", what.visit.mean_way_m, 1.0, 1e6);
  what.visit.through_share = section.number("through_share", what.visit.through_share, 0.0, 1.0);
  what.huff.alpha = section.number("huff_alpha", what.huff.alpha, 0.0, 10.0);
  what.huff.beta = section.number("huff_beta", what.huff.beta, 0.0, 10.0);
  what.huff.detour = section.number("detour", what.huff.detour, 1.0, 10.0);
  what.visits_per_person_year = section.number("visits_per_person_year", 0.0, 0.0, 1e4);
  if (what.visits_per_person_year > 0.0 && study.landscape.population == nullptr)
    section.fail("visits_per_person_year", "there is nobody to pay visits",
                 "add population = \"...\" or people = \"...\" to [inputs]");
  what.block_m = section.number("block_m", what.block_m, 1.0, 1e5);
  what.base_year = study.years.front();
  if (const auto year = section.integer("base_year")) what.base_year = static_cast<int>(*year);
  what.growth_percent = section.number("growth_percent", what.growth_percent, -99.0, 1e3);
  what.group_size = section.number("group_size", what.group_size, 1.0, 1e3);
  what.service = read_trail_service(section);
  if (auto trampling = section.table("trampling")) {
    read_trampling(*trampling, what.service);
    what.trampling_counts = true;
  }
  if (auto noise = section.table("noise")) read_noise(*noise, so_far, what);
  read_modes(section, what);
  read_stops(section, so_far, what);
  read_calendar(section, what);
  read_guilds(section, so_far, what);
  what.quality_elasticity = section.number("quality_elasticity", 0.0, 0.0, 10.0);
  what.quality_guild = guild_names(study).front();
  if (section.has("quality_guild")) {
    what.quality_guild = section.required_text("quality_guild");
    known(section, "quality_guild", "guild", what.quality_guild, guild_names(study));
  }
  what.quality_reach_m = section.number("quality_reach_m", what.quality_reach_m, 1.0, 1e5);

  // The network is joined anew in each case; what is wrong with it is told now.
  try {
    study.analyses.visitors = what;
    trails_before_actions(study);
  } catch (const InputError& error) {
    section.fail("", (drawn_in.empty() ? "" : drawn_in + ": ") + error.place() + ": " + error.reason(), error.remedy());
  }
  return what;
}

void read_visitor_limit(Section& visitors, Study& study) {
  if (auto section = visitors.table("limit")) {
    VisitorLimitAnalysis what;
    what.guilds = names_among(*section, "guilds", "guild", guild_names(study));
    what.scenarios = names_among(*section, "scenarios", "scenario", names_in(study.scenarios));
    what.years = {study.years.back()};
    if (const auto years = section->numbers("years")) {
      what.years.clear();
      for (const double year : *years) {
        if (std::find(study.years.begin(), study.years.end(), year) == study.years.end())
          section->fail("years", fmt::format("the study has no year {:g}", year),
                        fmt::format("name some of {}", fmt::join(study.years, ", ")));
        what.years.push_back(static_cast<int>(year));
      }
      if (what.years.empty()) section->fail("years", "the list is empty", "name one, or leave the key out: the last");
    }
    what.eca_loss_percent = section->number("eca_loss_percent", what.eca_loss_percent, 0.0, 100.0);
    what.quality_loss_percent = section->number("quality_loss_percent", what.quality_loss_percent, 0.0, 100.0);
    what.rule.most = section->number("most", what.rule.most, 1e-3, 1e6);
    what.rule.tolerance = section->number("tolerance", what.rule.tolerance, 1e-6, 1e6);
    what.rule.most_evaluations = static_cast<int>(section->number("evaluations", what.rule.most_evaluations, 2, 1e5));
    if (const auto factors = section->numbers("factors")) {
      for (const double factor : *factors)
        if (!(factor >= 0.0 && factor <= 1e6))
          section->fail("factors", fmt::format("{:g} is out of range", factor),
                        "give multiples of the visitors from 0 up");
      what.factors = *factors;
    }
    section->done();
    study.analyses.visitor_limit = std::move(what);
  }
  visitors.done();
}

void read_visitor_action(const std::string& type, Section& item, const Study& study,
                         const std::function<std::optional<Geometry>()>& area, Action& action) {
  if (!study.analyses.visitors)
    item.fail("type", "there is no [visitors] for it to change", "add that table, with its entrances and attractions");
  const VisitorsAnalysis& what = *study.analyses.visitors;
  const std::vector<std::string> seasons = names_in(what.seasons), entrances = names_in(what.entrances);
  const auto entrance = [&](bool required) {
    const std::string name = required ? item.required_text("entrance") : item.text("entrance", "");
    if (!name.empty()) known(item, "entrance", "entrance", name, entrances);
    return name;
  };
  if (type == "visitors") {
    for (const char* key : {"element", "place", "mean_distance_m"})
      if (item.has(key))
        item.fail(key, "this study follows visitors along its trails", "name an `entrance`, or leave it out: all");
    ChangeVisitors change;
    change.entrance = entrance(false);
    change.groups_per_day = item.number("groups_per_day", 0.0, 0.0, 1e9);
    change.factor = item.number("factor", 1.0, 0.0, 1e6);
    if (!item.has("groups_per_day") && !item.has("factor"))
      item.fail("", "it changes nothing", "add `groups_per_day` on top, or a `factor`");
    action.what = std::move(change);
  } else if (type == "entrance_quota") {
    EntranceQuota quota;
    quota.entrance = entrance(false);
    if (!item.has("per_day")) item.fail("", "`per_day` is missing", "say how many persons a day may come in");
    quota.per_day = item.number("per_day", 0.0, 0.0, 1e9);
    quota.go_elsewhere = item.number("go_elsewhere", 0.0, 0.0, 1.0);
    action.what = std::move(quota);
  } else if (type == "close_entrance") {
    CloseEntrance closure;
    closure.entrance = entrance(true);
    if (const auto hours = item.numbers("hours")) {
      const auto is_hour = [](double hour) { return hour == std::floor(hour) && hour >= 0.0 && hour <= 24.0; };
      if (hours->size() != 2 || !is_hour((*hours)[0]) || !is_hour((*hours)[1]) || (*hours)[0] == (*hours)[1])
        item.fail("hours", "it is no pair of hours", "give from and to o'clock, such as [18, 8]");
      closure.from = static_cast<int>((*hours)[0]);
      closure.to = static_cast<int>((*hours)[1]);
    }
    closure.seasons = marks(item, "seasons", "season", seasons);
    action.what = std::move(closure);
  } else if (type == "close_trail") {
    CloseTrail closure;
    closure.place = read_trail_place(item, study, area);
    closure.seasons = marks(item, "seasons", "season", seasons);
    action.what = std::move(closure);
  } else if (type == "improve_trail") {
    ImproveTrail improved;
    improved.place = read_trail_place(item, study, area);
    if (item.has("width_m")) improved.width_m = item.number("width_m", 2.0, 0.1, 100.0);
    if (item.has("surface"))
      improved.surface = static_cast<TrailSurface>(*position_of(item.choice("surface", "paved", surfaces), surfaces));
    if (item.has("kind"))
      improved.kind = static_cast<GreenwayKind>(*position_of(item.choice("kind", "suburban", kinds), kinds));
    if (!improved.width_m && !improved.surface && !improved.kind)
      item.fail("", "it changes nothing", "add `width_m`, `surface` or `kind`");
    action.what = std::move(improved);
  } else {
    ScreenTrail screen;
    screen.place = read_trail_place(item, study, area);
    screen.effect = item.number("effect", screen.effect, 0.0, 1.0);
    action.what = std::move(screen);
  }
}

}  // namespace greenweave
