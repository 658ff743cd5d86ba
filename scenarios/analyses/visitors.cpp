#include "scenarios/analyses/visitors.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>

#include "model/grid/distance.hpp"
#include "model/run/parallel.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/study.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec visitors_spec{"VISITORS", "a-1", "Visitors who come in, a year", 0};
constexpr MeasureSpec turned_spec{"VISITORS_turned", "a-1", "Visitors whom quotas and closures turn away, a year", 0};
constexpr MeasureSpec crowding_spec{"CROWDING", "1", "Greatest volume over comfortable capacity, of any trail and hour",
                                    -1};
constexpr MeasureSpec disturbed_spec{"DISTURBED_area", "ha",
                                     "Land that visitors and roads' noise disturb, times the level there", -1};

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int most_rounds = 8;        // until sights and visitors agree
constexpr double pulls_agree = 1e-3;  // relative

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

GreenwayKind kind_of(const std::string& greenway_type) {
  if (greenway_type == "ecological") return GreenwayKind::ecological;
  if (greenway_type == "urban") return GreenwayKind::urban;
  return GreenwayKind::suburban;
}

const GreenwayType* type_named(const Study& study, const std::string& name) {
  const auto found = std::find_if(study.greenway_types.begin(), study.greenway_types.end(),
                                  [&](const GreenwayType& type) { return type.name == name; });
  return found == study.greenway_types.end() ? nullptr : &*found;
}

bool inside(const Geometry& area, Point point) { return distance_m(area, point) == 0.0; }

Point middle_of(const TrailLink& link) { return point_along(link.line, line_length_m(link.line) / 2.0); }

/// The trails of a study and of the greenways that actions build, as one network whose first nodes are the entrances,
/// then the attractions.
BuiltTrails lay_trails_of(const Study& study, const std::vector<const Action*>& actions) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  std::vector<Trail> trails = what.trails;
  const auto add = [&](const std::string& name, const Geometry& line, const std::string& greenway,
                       const std::string& element) {
    const GreenwayType* type = type_named(study, greenway);
    Trail trail;
    trail.name = name;
    trail.parts = line.parts;
    trail.kind = kind_of(greenway);
    trail.is_typed = !greenway.empty();
    trail.width_m = type != nullptr ? type->trail_width_m : what.element_width_m;
    trail.element = element;
    trails.push_back(std::move(trail));
  };
  if (what.elements_are_trails)
    for (const Element& element : study.elements)
      if (element.geometry.kind == Geometry::Kind::lines)
        add(element.name, element.geometry, element.greenway_type, element.name);
  for (const Action* action : actions)
    if (const auto* built = std::get_if<BuildGreenway>(&action->what)) add(action->name, built->line, built->type, "");
  std::vector<TrailStop> stops;
  for (const VisitorEntrance& entrance : what.entrances)
    stops.push_back({entrance.name, entrance.at, TrailNodeKind::entrance});
  for (const VisitorSight& sight : what.sights) stops.push_back({sight.name, sight.at, TrailNodeKind::attraction});
  stops.insert(stops.end(), what.stations.begin(), what.stations.end());
  BuiltTrails built = build_trail_network(trails, stops, what.repair);
  require_connected(built.network);
  return built;
}

/// What the visitors of a case find, however many they are.
struct Ground {
  /// The ways of a season: those of another where the same links are closed.
  struct Ways {
    RouteSet routes;
    std::vector<double> walk_minutes, ride_minutes, way_m;  // by pair
  };

  BuiltTrails trails;
  std::vector<bool> closed;            // links, in any season
  double growth = 1.0;                 // since the base year
  std::vector<const Action*> actions;  // begun, in order
  std::vector<Origin> origins;
  std::vector<double> walking, cycling;      // minutes of each link
  std::vector<double> noticed;               // share of each link's groups
  std::vector<std::vector<bool>> closed_in;  // links by season
  std::vector<std::size_t> ways_of;          // position in `ways` of each season
  std::vector<Ways> ways;
  Raster<float> noise;                 // level of disturbance by roads; empty: none
  std::vector<double> quality_before;  // around the sights; empty: visitors do not look
};

/// Calls `visit(action)` for each action of a type, in order.
template <class What, class Visit>
void for_each(const std::vector<const Action*>& actions, const Visit& visit) {
  for (const Action* action : actions)
    if (const auto* found = std::get_if<What>(&action->what)) visit(*found);
}

bool counts(const std::vector<bool>& seasons, std::size_t season) { return seasons.empty() || seasons[season]; }

/// The mean quality around each sight for the guild by which visitors choose, with what visitors leave there.
std::vector<double> quality_around_sights(const Study& study, Landscape landscape,
                                          std::map<std::string, std::shared_ptr<const Raster<float>>> disturbance,
                                          std::shared_ptr<const Raster<float>> trampled) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  landscape.disturbance = std::move(disturbance);
  landscape.trampled = std::move(trampled);
  const auto guild = std::find_if(study.guilds.begin(), study.guilds.end(),
                                  [&](const Guild& g) { return g.name == what.quality_guild; });
  assert(guild != study.guilds.end());
  const HabitatSurface surface = habitat_surface(landscape, *guild, study.disturbance);
  std::vector<double> quality;
  for (const VisitorSight& sight : what.sights) {
    double sum = 0.0, cells = 0.0;
    for (const Cell cell :
         cells_within(landscape.frame, {Geometry::Kind::points, {{sight.at}}}, what.quality_reach_m)) {
      if (!landscape.cover.is_valid(cell)) continue;
      sum += static_cast<double>(surface.quality[cell]);
      cells += 1.0;
    }
    quality.push_back(cells > 0.0 ? sum / cells : 0.0);
  }
  return quality;
}

/// The level at which the noise of roads disturbs; empty where it disturbs nothing.
Raster<float> noise_in(const Landscape& landscape, const VisitorsAnalysis& what) {
  const Shape& shape = landscape.frame.shape;
  std::vector<NoiseSource> sources;
  for (const LoudClasses& loud : what.roads) {
    sources.push_back({{}, loud.level_db});
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (landscape.cover.is_valid(cell) && loud.classes[landscape.cover[cell]]) sources.back().cells.push_back(cell);
  }
  if (std::all_of(sources.begin(), sources.end(), [](const NoiseSource& source) { return source.cells.empty(); }))
    return {};
  Raster<float> level = noise_db(landscape.frame, sources, what.noise);
  parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::size_t i = at(begin); i < at(end); ++i)
      level.values[i] = static_cast<float>(noise_level(static_cast<double>(level.values[i]), what.noise));
  });
  if (std::all_of(level.values.begin(), level.values.end(), [](float value) { return !(value > 0.0F); })) return {};
  return level;
}

/// Lays the trails of one case.
class GroundOfCase {
 public:
  GroundOfCase(const Study& study, const Scenario& scenario, int year, const Landscape& landscape,
               const RunContext& context)
      : study_(study), what_(*study.analyses.visitors), landscape_(landscape), context_(context) {
    for (const Action& action : scenario.actions)
      if (action.start_year <= year) ground_.actions.push_back(&action);
    ground_.growth = std::pow(1.0 + what_.growth_percent / 100.0, year - what_.base_year);
  }

  Ground lay() {
    lay_trails();
    change_trails();
    find_ways();
    if (landscape_.population != nullptr && what_.visits_per_person_year > 0.0)
      ground_.origins = origins_of(landscape_.frame, *landscape_.population, what_.block_m);
    if (what_.quality_elasticity != 0.0)
      ground_.quality_before = quality_around_sights(study_, study_.landscape, roads_before(), nullptr);
    ground_.noise = noise_in(landscape_, what_);
    return std::move(ground_);
  }

 private:
  void lay_trails() {
    ground_.trails = lay_trails_of(study_, ground_.actions);
    if (landscape_.elevation_m != nullptr) measure_slopes(network(), landscape_.frame, *landscape_.elevation_m);
    for (TrailLink& link : network().links) {
      link.shade = shade_along(link);
      if (link.element.empty()) link.element = element_at(middle_of(link));
    }
  }

  /// The area that a point lies in, for trails that no element brought.
  std::string element_at(Point point) const {
    for (const Element& element : study_.elements)
      if (element.geometry.kind == Geometry::Kind::polygons && inside(element.geometry, point)) return element.name;
    return "";
  }

  double shade_along(const TrailLink& link) const {
    if (what_.shade_classes.empty()) return 0.0;
    const Frame& frame = landscape_.frame;
    double shaded = 0.0, all = 0.0;
    for (const Point station : stations_along(link.line, frame.cell_m)) {
      const std::int64_t row = frame.row_at(station.y), col = frame.col_at(station.x);
      if (!frame.shape.holds(row, col)) continue;
      const Cell cell = frame.shape.cell(static_cast<std::int32_t>(row), static_cast<std::int32_t>(col));
      if (!landscape_.cover.is_valid(cell)) continue;
      all += 1.0;
      if (what_.shade_classes[landscape_.cover[cell]]) shaded += 1.0;
    }
    return all > 0.0 ? shaded / all : 0.0;
  }

  std::vector<std::size_t> links_of(const TrailPlace& place) const {
    std::vector<std::size_t> links;
    for (std::size_t l = 0; l < ground_.trails.network.links.size(); ++l) {
      const TrailLink& link = ground_.trails.network.links[l];
      if ((!place.element.empty() && link.element == place.element) ||
          (place.area && inside(*place.area, middle_of(link))))
        links.push_back(l);
    }
    return links;
  }

  void change_trails() {
    for_each<ImproveTrail>(ground_.actions, [&](const ImproveTrail& improved) {
      for (const std::size_t l : links_of(improved.place)) {
        TrailLink& link = network().links[l];
        if (improved.width_m) link.width_m = *improved.width_m;
        if (improved.surface) link.surface = *improved.surface;
        if (improved.kind) {
          link.kind = *improved.kind;
          link.is_typed = true;
        }
      }
    });
    ground_.noticed.assign(network().links.size(), 1.0);
    for_each<ScreenTrail>(ground_.actions, [&](const ScreenTrail& screen) {
      for (const std::size_t l : links_of(screen.place)) ground_.noticed[l] *= 1.0 - screen.effect;
    });
    ground_.closed.assign(network().links.size(), false);
    ground_.closed_in.assign(what_.seasons.size(), std::vector<bool>(network().links.size(), false));
    for_each<CloseTrail>(ground_.actions, [&](const CloseTrail& closure) {
      for (const std::size_t l : links_of(closure.place))
        for (std::size_t s = 0; s < what_.seasons.size(); ++s)
          if (counts(closure.seasons, s)) ground_.closed[l] = ground_.closed_in[s][l] = true;
    });
  }

  void find_ways() {
    ground_.walking = walking_minutes(network(), what_.pace);
    ground_.cycling = cycling_minutes(network(), what_.pace);
    std::vector<int> entrances, sights;
    for (std::size_t e = 0; e < what_.entrances.size(); ++e) entrances.push_back(static_cast<int>(e));
    for (std::size_t k = 0; k < what_.sights.size(); ++k)
      sights.push_back(static_cast<int>(what_.entrances.size() + k));
    for (std::size_t s = 0; s < what_.seasons.size(); ++s) {
      std::size_t same = 0;
      while (ground_.closed_in[same] != ground_.closed_in[s]) ++same;
      ground_.ways_of.push_back(same);
      ground_.ways.emplace_back();
      if (same != s) continue;
      std::vector<double> open = ground_.walking;
      for (std::size_t l = 0; l < open.size(); ++l)
        if (ground_.closed_in[s][l]) open[l] = infinity;
      Ground::Ways& ways = ground_.ways.back();
      ways.routes = find_routes(network(), open, entrances, sights, what_.routes, context_);
      ways.walk_minutes = shortest_minutes(ways.routes, ground_.walking);
      ways.ride_minutes = shortest_minutes(ways.routes, ground_.cycling);
      for (const double minutes : ways.walk_minutes)
        ways.way_m.push_back(minutes * what_.pace.walking_km_h * 1000.0 / 60.0);  // on level ground
    }
  }

  /// Disturbance before any action and visitor: the roads' for the guild by which visitors choose.
  std::map<std::string, std::shared_ptr<const Raster<float>>> roads_before() const {
    for (const GuildDisturbance& guild : what_.guilds)
      if (guild.guild == what_.quality_guild && guild.hears)
        return {{guild.guild, std::make_shared<const Raster<float>>(noise_in(study_.landscape, what_))}};
    return {};
  }

  TrailNetwork& network() { return ground_.trails.network; }

  const Study& study_;
  const VisitorsAnalysis& what_;
  const Landscape& landscape_;
  const RunContext& context_;
  Ground ground_;
};

}  // namespace

class VisitorModel::Impl {
 public:
  Impl(const Study& s, const Scenario& scenario, int year, const Landscape& l, const RunContext& c)
      : study(s), landscape(l), context(c), ground(GroundOfCase(s, scenario, year, l, c).lay()) {}

  const Study& study;
  const Landscape& landscape;
  const RunContext& context;
  const Ground ground;
};

namespace {

/// Works out the visits of some share of all visitors.
class Visits {
 public:
  Visits(const VisitorModel& model, const Study& study, const Landscape& landscape, const RunContext& context,
         const Ground& ground, double share)
      : model_(model),
        study_(study),
        what_(*study.analyses.visitors),
        landscape_(landscape),
        context_(context),
        ground_(ground),
        share_(share),
        growth_(share * ground.growth) {}

  CaseVisits work_out() {
    result_.trails = ground_.trails;
    result_.closed = ground_.closed;
    for (const VisitorSight& sight : what_.sights) result_.pulls.push_back(sight.pull);
    const std::vector<double>& before = ground_.quality_before;
    for (result_.rounds = 1;; ++result_.rounds) {
      walk_all_days();
      disturb();
      if (before.empty()) break;
      const std::vector<double> now = quality_around_sights(study_, landscape_, result_.disturbance, result_.trampled);
      result_.pull_change = 0.0;
      for (std::size_t k = 0; k < now.size(); ++k) {
        const double ratio = before[k] > 0.0 ? now[k] / before[k] : 1.0;
        // Half-way each round: pulls and disturbance else swing.
        const double wanted = what_.sights[k].pull * std::pow(ratio, what_.quality_elasticity);
        const double next = 0.5 * (result_.pulls[k] + wanted);
        if (result_.pulls[k] > 0.0)
          result_.pull_change = std::max(result_.pull_change, std::abs(wanted / result_.pulls[k] - 1.0));
        if (result_.rounds < most_rounds) result_.pulls[k] = next;
      }
      if (result_.pull_change <= pulls_agree || result_.rounds == most_rounds) break;
    }
    return std::move(result_);
  }

 private:
  /// Who comes on the average day: entrance x modes + mode, and in an extra last place those of no known mode.
  std::vector<double> average_day(std::size_t season, const std::vector<Sight>& sights) {
    const Ground::Ways& ways = ground_.ways[ground_.ways_of[season]];
    const std::size_t modes = what_.modes.size(), row = modes + 1, entrances = what_.entrances.size();
    std::vector<double> visits(entrances * row, 0.0);
    if (!ground_.origins.empty()) {
      const std::vector<double> worth = entrance_attractiveness(ways.routes, ways.way_m, sights, what_.visit);
      std::vector<Gate> gates;
      for (std::size_t e = 0; e < entrances; ++e)
        gates.push_back({what_.entrances[e].at, worth[e], what_.entrances[e].serves});
      const GateVisits found =
          huff_visits(ground_.origins, gates, what_.modes, what_.visits_per_person_year / 365.0, what_.huff);
      for (std::size_t e = 0; e < entrances; ++e)
        for (std::size_t m = 0; m < modes; ++m) visits[e * row + m] = found.per_day[e * modes + m] * growth_;
      result_.stay_home_per_day = found.stay_home_per_day * growth_;
    }
    for (std::size_t e = 0; e < entrances; ++e) visits[e * row + modes] += what_.entrances[e].per_day * growth_;
    for_each<ChangeVisitors>(ground_.actions, [&](const ChangeVisitors& change) {
      for (std::size_t e = 0; e < entrances; ++e) {
        if (!change.entrance.empty() && what_.entrances[e].name != change.entrance) continue;
        for (std::size_t m = 0; m < row; ++m) visits[e * row + m] *= change.factor;
        visits[e * row + modes] += share_ * change.groups_per_day * what_.group_size * share_of(change, entrances);
      }
    });
    return visits;
  }

  /// Groups for all entrances spread over them alike.
  static double share_of(const ChangeVisitors& change, std::size_t entrances) {
    return change.entrance.empty() ? 1.0 / static_cast<double>(entrances) : 1.0;
  }

  /// When an entrance's visitors come in, by hour; all 0 if it is shut all day.
  std::vector<double> arrivals_at(std::size_t entrance, std::size_t season) const {
    std::vector<double> arrivals = what_.arrivals;
    for_each<CloseEntrance>(ground_.actions, [&](const CloseEntrance& closure) {
      if (closure.entrance != what_.entrances[entrance].name || !counts(closure.seasons, season)) return;
      for (std::size_t h = 0; h < arrivals.size(); ++h) {
        const int clock = what_.first_hour + static_cast<int>(h);
        const bool shut = closure.from < closure.to ? clock >= closure.from && clock < closure.to
                                                    : clock >= closure.from || clock < closure.to;
        if (shut) arrivals[h] = 0.0;
      }
    });
    return arrivals;
  }

  void walk_all_days() {
    result_.days.clear();
    std::vector<Sight> sights;
    for (std::size_t k = 0; k < what_.sights.size(); ++k)
      sights.push_back({result_.pulls[k], what_.sights[k].dwell_hours});
    for (std::size_t s = 0; s < what_.seasons.size(); ++s) {
      const std::vector<double> average = average_day(s, sights);
      for (std::size_t t = 0; t < what_.days.size(); ++t) {
        context_.check();
        walk_day(s, t, average, sights);
      }
    }
    const std::size_t links = ground_.trails.network.links.size(), hours = what_.arrivals.size();
    result_.per_year.assign(links, 0.0);
    result_.groups_per_day.assign(links, 0.0);
    double most = -1.0;
    for (std::size_t d = 0; d < result_.days.size(); ++d) {
      const DayOfVisits& day = result_.days[d];
      double came = 0.0;
      for (const double persons : day.came) came += persons;
      if (came > most) {
        most = came;
        result_.busiest = d;
      }
      for (std::size_t l = 0; l < links; ++l)
        for (std::size_t h = 0; h < hours; ++h)
          result_.per_year[l] +=
              day.days * (day.assignment.load.along[l * hours + h] + day.assignment.load.against[l * hours + h]);
    }
    for (std::size_t l = 0; l < links; ++l) result_.groups_per_day[l] = result_.per_year[l] / 365.0 / what_.group_size;
  }

  void walk_day(std::size_t season, std::size_t type, const std::vector<double>& average,
                const std::vector<Sight>& sights) {
    const Ground::Ways& ways = ground_.ways[ground_.ways_of[season]];
    const std::size_t modes = what_.modes.size(), row = modes + 1, entrances = what_.entrances.size(),
                      hours = what_.arrivals.size(), pairs = ways.routes.pairs();
    DayOfVisits day;
    day.season = static_cast<int>(season);
    day.type = static_cast<int>(type);
    day.days = what_.seasons[season].days * what_.days[type].days_a_year / 365.0;
    const double factor = what_.seasons[season].factor * what_.days[type].factor;
    const std::vector<double> worth = entrance_attractiveness(ways.routes, ways.way_m, sights, what_.visit);
    std::vector<double> wanted(entrances, 0.0), riding(entrances, 0.0), most(entrances, infinity);
    for (std::size_t e = 0; e < entrances; ++e) {
      double cyclists = 0.0;
      for (std::size_t m = 0; m < row; ++m) {
        wanted[e] += average[e * row + m] * factor;
        if (m < modes && what_.modes[m].rides_on) cyclists += average[e * row + m] * factor;
      }
      riding[e] = wanted[e] > 0.0 ? cyclists / wanted[e] : 0.0;
    }
    std::vector<double> elsewhere(entrances, 0.0);
    for_each<EntranceQuota>(ground_.actions, [&](const EntranceQuota& quota) {
      for (std::size_t e = 0; e < entrances; ++e)
        if (quota.entrance.empty() || what_.entrances[e].name == quota.entrance) {
          most[e] = std::min(most[e], quota.per_day);
          elsewhere[e] = quota.go_elsewhere;
        }
    });
    std::vector<std::vector<double>> arrivals;
    for (std::size_t e = 0; e < entrances; ++e) {
      arrivals.push_back(arrivals_at(e, season));
      double open = 0.0;
      for (const double share : arrivals.back()) open += share;
      // An entrance that leads nowhere today is as good as shut.
      const bool all_day = open >= 1.0 - 1e-12;  // shares add up to 1 but for rounding
      most[e] = std::min(most[e], worth[e] > 0.0 ? (all_day ? 1.0 : open) * wanted[e] : 0.0);
      for (double& share : arrivals.back()) share = open > 0.0 ? share / open : 0.0;
    }
    admit(wanted, most, elsewhere, worth, day);
    for (std::size_t e = 0; e < entrances; ++e) arrivals[e].resize(hours, 0.0);

    TrailDemand demand;
    demand.hours = static_cast<int>(hours);
    std::vector<double> present(sights.size() * hours, 0.0);
    const auto spread = [&](bool cyclists, const std::vector<double>& minutes, Legs& legs) {
      for (std::size_t e = 0; e < entrances; ++e) {
        std::vector<double> visitors(entrances, 0.0);
        visitors[e] = day.came[e] * (cyclists ? riding[e] : 1.0 - riding[e]);
        if (!(visitors[e] > 0.0)) continue;
        const VisitDay part = visit_day(ways.routes, minutes, ways.way_m, visitors, sights, arrivals[e], what_.visit);
        if (legs.out.empty()) {
          legs.out.assign(hours * pairs, 0.0);
          legs.back.assign(hours * pairs, 0.0);
        }
        for (std::size_t i = 0; i < hours * pairs; ++i) {
          legs.out[i] += part.legs.out[i];
          legs.back[i] += part.legs.back[i];
        }
        for (std::size_t i = 0; i < present.size(); ++i) present[i] += part.present[i];
      }
    };
    spread(false, ways.walk_minutes, demand.walkers);
    spread(true, ways.ride_minutes, demand.cyclists);
    day.assignment = assign(ground_.trails.network, ways.routes, ground_.walking, ground_.cycling, demand, what_.crowd,
                            what_.choice, context_);
    std::vector<double>& at_node = day.assignment.load.at_node;
    at_node.assign(ground_.trails.network.nodes.size() * hours, 0.0);
    std::copy(present.begin(), present.end(),
              at_node.begin() + static_cast<std::ptrdiff_t>(what_.entrances.size() * hours));
    result_.days.push_back(std::move(day));
  }

  /// Lets in as many as may come; some of the others try the other entrances, by what those are worth, once.
  void admit(const std::vector<double>& wanted, const std::vector<double>& most, const std::vector<double>& elsewhere,
             const std::vector<double>& worth, DayOfVisits& day) const {
    const std::size_t entrances = wanted.size();
    day.came.assign(entrances, 0.0);
    day.turned_away.assign(entrances, 0.0);
    std::vector<double> room(entrances, 0.0);
    double moving = 0.0, all_worth = 0.0;
    for (std::size_t e = 0; e < entrances; ++e) {
      day.came[e] = std::min(wanted[e], most[e]);
      day.turned_away[e] = wanted[e] - day.came[e];
      room[e] = day.turned_away[e] > 0.0 || most[e] < wanted[e] ? 0.0 : worth[e];
      all_worth += room[e];
    }
    if (!(all_worth > 0.0)) return;
    for (std::size_t e = 0; e < entrances; ++e) {
      const double go = elsewhere[e] * day.turned_away[e];
      day.turned_away[e] -= go;
      moving += go;
    }
    // A quota holds for those who come second, too.
    for (std::size_t e = 0; e < entrances; ++e) {
      if (!(room[e] > 0.0)) continue;
      const double more = moving * room[e] / all_worth, quota = quota_of(e);
      const double let_in = std::min(more, std::max(0.0, quota - day.came[e]));
      day.came[e] += let_in;
      day.turned_away[e] += more - let_in;
    }
  }

  double quota_of(std::size_t entrance) const {
    double most = infinity;
    for_each<EntranceQuota>(ground_.actions, [&](const EntranceQuota& quota) {
      if (quota.entrance.empty() || what_.entrances[entrance].name == quota.entrance)
        most = std::min(most, quota.per_day);
    });
    return most;
  }

  void disturb() {
    const std::size_t links = ground_.trails.network.links.size(), hours = what_.arrivals.size();
    result_.felt.clear();
    result_.disturbance.clear();
    for (const GuildDisturbance& guild : what_.guilds) {
      // The mean day of the seasons that count.
      TrailLoad mean;
      mean.hours = static_cast<int>(hours);
      mean.along.assign(links * hours, 0.0);
      mean.against.assign(links * hours, 0.0);
      double days = 0.0;
      for (const DayOfVisits& day : result_.days) {
        if (!counts(guild.seasons, at(day.season))) continue;
        days += day.days;
        for (std::size_t i = 0; i < links * hours; ++i) {
          mean.along[i] += day.days * day.assignment.load.along[i];
          mean.against[i] += day.days * day.assignment.load.against[i];
        }
      }
      std::vector<double>& felt = result_.felt[guild.guild];
      felt.assign(links, 0.0);
      if (days > 0.0) {
        for (std::vector<double>* way : {&mean.along, &mean.against})
          for (double& persons : *way) persons /= days;
        felt = groups_felt(mean, what_.first_hour, what_.group_size, guild.active);
        for (std::size_t l = 0; l < links; ++l) felt[l] *= ground_.noticed[l];
      }
      if (auto level = model_.disturbance(guild, felt)) result_.disturbance[guild.guild] = std::move(level);
    }
    result_.trampled = model_.trampled(result_.per_year);
  }

  const VisitorModel& model_;
  const Study& study_;
  const VisitorsAnalysis& what_;
  const Landscape& landscape_;
  const RunContext& context_;
  const Ground& ground_;
  double share_ = 1.0;   // of all visitors
  double growth_ = 1.0;  // of their numbers in the base year, the share included
  CaseVisits result_;
};

/// What a table says of a link.
struct LinkRow {
  const TrailLink* link = nullptr;
  std::size_t number = 0;
  bool closed = false;
  double per_year = 0.0, groups = 0.0, peak = 0.0, peak_present = 0.0, peak_cyclists = 0.0, capacity = 0.0;
  int peak_hour = 0;
};

std::vector<LinkRow> link_rows(const Study& study, const CaseVisits& visits) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  const Assignment& busiest = visits.days[visits.busiest].assignment;
  const auto hours = at(busiest.load.hours);
  std::vector<LinkRow> rows;
  for (std::size_t l = 0; l < visits.trails.network.links.size(); ++l) {
    LinkRow row;
    row.link = &visits.trails.network.links[l];
    row.number = l;
    row.closed = visits.closed[l];
    row.per_year = visits.per_year[l];
    row.groups = visits.groups_per_day[l];
    row.capacity = capacity_per_hour(*row.link, what.crowd);
    row.peak_hour = what.first_hour;
    for (std::size_t h = 0; h < hours; ++h) {
      const std::size_t i = l * hours + h;
      const double volume = busiest.load.along[i] + busiest.load.against[i];
      row.peak_present = std::max(row.peak_present, busiest.load.present[i]);
      if (volume > row.peak) {
        row.peak = volume;
        row.peak_cyclists = busiest.cyclists[i];
        row.peak_hour = what.first_hour + static_cast<int>(h);
      }
    }
    rows.push_back(row);
  }
  return rows;
}

Table tabulate_links(const std::vector<LinkRow>& rows) {
  using R = LinkRow;
  return TableOf("trail_links", rows)
      .integer("link", "1", "Number, from 1", [](const R& r) { return r.number + 1; })
      .integer("from", "1", "Node at which its line begins: row of trail_nodes, from 1",
               [](const R& r) { return r.link->from + 1; })
      .integer("to", "1", "Node at which it ends", [](const R& r) { return r.link->to + 1; })
      .text("element", "Element of the framework that it runs in", [](const R& r) { return r.link->element; })
      .text("kind", "ecological, suburban or urban", [](const R& r) { return name_of(r.link->kind); })
      .integer("typed", "1", "1: its kind is stated; 0: taken as suburban, and not judged by the standards of a kind",
               [](const R& r) { return r.link->is_typed; })
      .text("surface", "paved, gravel, earth, boardwalk or steps", [](const R& r) { return name_of(r.link->surface); })
      .number("length_m", "m", "Length", [](const R& r) { return r.link->length_m; })
      .number("width_m", "m", "Width", [](const R& r) { return r.link->width_m; })
      .number("slope_percent", "%", "Mean slope, up and down alike",
              [](const R& r) { return r.link->mean_slope_percent; })
      .number("steepest_percent", "%", "Steepest slope", [](const R& r) { return r.link->steepest_percent; })
      .number("shade", "1", "Share of its length under trees", [](const R& r) { return r.link->shade; })
      .integer("closed", "1", "1: closed in some season", [](const R& r) { return r.closed; })
      .number("visitors_per_year", "a-1", "Passages of persons a year", [](const R& r) { return r.per_year; })
      .number("groups_per_day", "d-1", "Passages of groups on the mean day", [](const R& r) { return r.groups; })
      .number("peak_per_hour", "h-1", "Persons in the busiest hour of the busiest day, both ways",
              [](const R& r) { return r.peak; })
      .integer("peak_hour", "1", "When that hour begins, o'clock", [](const R& r) { return r.peak_hour; })
      .number("cyclists_per_hour", "h-1", "Cyclists among them", [](const R& r) { return r.peak_cyclists; })
      .number("peak_present", "1", "Most persons on it at once, mean over an hour",
              [](const R& r) { return r.peak_present; })
      .number("capacity_per_hour", "h-1", "Persons an hour that it takes in comfort",
              [](const R& r) { return r.capacity; })
      .number("load", "1", "Persons in the busiest hour over that capacity",
              [](const R& r) { return r.peak / r.capacity; })
      .take();
}

struct NodeRow {
  const TrailNode* node = nullptr;
  double came = 0.0, turned_away = 0.0, pull = 0.0, peak_present = 0.0, most_at_once = 0.0;
  int peak_hour = 0;
};

Table tabulate_nodes(const Study& study, const CaseVisits& visits) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  const TrailLoad& load = visits.days[visits.busiest].assignment.load;
  const auto hours = at(load.hours);
  std::vector<NodeRow> rows;
  const std::vector<TrailNode>& nodes = visits.trails.network.nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    NodeRow row;
    row.node = &nodes[n];
    row.peak_hour = what.first_hour;
    if (n < what.entrances.size()) {
      for (const DayOfVisits& day : visits.days) {
        row.came += day.days * day.came[n];
        row.turned_away += day.days * day.turned_away[n];
      }
    } else if (n < what.entrances.size() + what.sights.size()) {
      row.pull = visits.pulls[n - what.entrances.size()];
      row.most_at_once = what.sights[n - what.entrances.size()].most_at_once;
    }
    for (std::size_t h = 0; h < hours; ++h)
      if (load.at_node[n * hours + h] > row.peak_present) {
        row.peak_present = load.at_node[n * hours + h];
        row.peak_hour = what.first_hour + static_cast<int>(h);
      }
    rows.push_back(row);
  }
  using R = NodeRow;
  return TableOf("trail_nodes", rows)
      .text("name", "Name of an entrance, attraction or station", [](const R& r) { return r.node->name; })
      .text("kind", "entrance, attraction, station, junction or end", [](const R& r) { return name_of(r.node->kind); })
      .number("x", "m", "Easting", [](const R& r) { return r.node->at.x; })
      .number("y", "m", "Northing", [](const R& r) { return r.node->at.y; })
      .number("visitors_per_year", "a-1", "Who come in here", [](const R& r) { return r.came; })
      .number("turned_away_per_year", "a-1", "Who would and may not", [](const R& r) { return r.turned_away; })
      .number("pull", "1", "Of an attraction, in the end", [](const R& r) { return r.pull; })
      .number("peak_present", "1", "Most persons staying at an attraction, mean over an hour of the busiest day",
              [](const R& r) { return r.peak_present; })
      .integer("peak_hour", "1", "When that hour begins, o'clock", [](const R& r) { return r.peak_hour; })
      .number("load", "1", "Most persons over the most that the attraction holds; NaN: not known",
              [](const R& r) { return r.most_at_once > 0.0 ? r.peak_present / r.most_at_once : std::nan(""); })
      .take();
}

struct HourRow {
  std::size_t link = 0, hour = 0;
};

/// The busiest day, hour by hour, of the links that have visitors.
Table tabulate_hours(const Study& study, const CaseVisits& visits) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  const Assignment& busiest = visits.days[visits.busiest].assignment;
  const auto hours = at(busiest.load.hours);
  std::vector<HourRow> rows;
  for (std::size_t l = 0; l < visits.trails.network.links.size(); ++l)
    for (std::size_t h = 0; h < hours; ++h)
      if (busiest.load.present[l * hours + h] > 0.0) rows.push_back({l, h});
  using R = HourRow;
  const auto i = [hours](const R& r) { return r.link * hours + r.hour; };
  return TableOf("trail_hours", rows)
      .integer("link", "1", "Row of trail_links, from 1", [](const R& r) { return r.link + 1; })
      .integer("hour", "1", "When the hour begins, o'clock", [&](const R& r) { return at(what.first_hour) + r.hour; })
      .number("along_per_hour", "h-1", "Persons along its line", [&](const R& r) { return busiest.load.along[i(r)]; })
      .number("against_per_hour", "h-1", "Persons against it", [&](const R& r) { return busiest.load.against[i(r)]; })
      .number("cyclists_per_hour", "h-1", "Cyclists among both", [&](const R& r) { return busiest.cyclists[i(r)]; })
      .number("present", "1", "Persons on it, mean over the hour",
              [&](const R& r) { return busiest.load.present[i(r)]; })
      .number("minutes", "min", "That a walker takes", [&](const R& r) { return busiest.minutes[i(r)]; })
      .number("load", "1", "Persons over comfortable capacity",
              [&](const R& r) {
                return (busiest.load.along[i(r)] + busiest.load.against[i(r)]) /
                       capacity_per_hour(visits.trails.network.links[r.link], what.crowd);
              })
      .take();
}

Table tabulate_repairs(const std::vector<TrailRepair>& repairs) {
  using R = TrailRepair;
  return TableOf("trail_repairs", repairs)
      .text("what", "near_miss, overlap, stop_moved or loose_end", [](const R& r) { return name_of(r.what); })
      .text("trail", "Trail or stop", [](const R& r) { return r.trail; })
      .text("other", "Trail that it was joined to", [](const R& r) { return r.other; })
      .number("metres", "m", "Missed or moved by, or length drawn twice", [](const R& r) { return r.metres; })
      .number("x", "m", "Easting", [](const R& r) { return r.at.x; })
      .number("y", "m", "Northing", [](const R& r) { return r.at.y; })
      .take();
}

double sum(const std::vector<double>& values) {
  double total = 0.0;
  for (const double value : values) total += value;
  return total;
}

Table tabulate_days(const Study& study, const CaseVisits& visits) {
  const VisitorsAnalysis& what = *study.analyses.visitors;
  using D = DayOfVisits;
  const auto iterations = [](const D& day) {
    std::size_t most = 0;
    for (const HourOfAssignment& hour : day.assignment.hours) most = std::max(most, hour.gaps.size());
    return most;
  };
  const auto most_present = [](const D& day) {
    const auto hours = at(day.assignment.load.hours);
    double most = 0.0;
    for (std::size_t h = 0; h < hours; ++h) {
      double present = 0.0;
      for (std::size_t i = h; i < day.assignment.load.present.size(); i += hours)
        present += day.assignment.load.present[i];
      for (std::size_t i = h; i < day.assignment.load.at_node.size(); i += hours)
        present += day.assignment.load.at_node[i];
      most = std::max(most, present);
    }
    return most;
  };
  const auto person_hours = [](const D& day) {
    double minutes = 0.0;
    for (const HourOfAssignment& hour : day.assignment.hours) minutes += hour.person_minutes;
    return minutes / 60.0;
  };
  return TableOf("visitor_days", visits.days)
      .text("season", "Season", [&](const D& d) { return what.seasons[at(d.season)].name; })
      .text("day", "Sort of day", [&](const D& d) { return what.days[at(d.type)].name; })
      .number("days", "d", "Such days a year", [](const D& d) { return d.days; })
      .number("visitors", "d-1", "Who come in", [](const D& d) { return sum(d.came); })
      .number("turned_away", "d-1", "Whom quotas and closures turn away", [](const D& d) { return sum(d.turned_away); })
      .number("most_present", "1", "Most persons on trails and at attractions at once, mean over an hour", most_present)
      .number("person_hours", "h d-1", "Time on the trails", person_hours)
      .integer("iterations", "1", "Of the hour that took most", iterations)
      .number("gap", "1", "Relative gap of the equilibrium, of the worst hour",
              [](const D& d) { return d.assignment.worst_gap(); })
      .take();
}

struct ElementRow {
  std::string element;
  double length_m = 0.0, person_km = 0.0, load = 0.0, present = 0.0;
  std::vector<double> disturbed_ha;  // by guild
};

Table tabulate_elements(const Study& study, const FrameworkOnFrame& framework, const CaseVisits& visits,
                        const std::vector<LinkRow>& links) {
  std::vector<ElementRow> rows;
  for (std::size_t e = 0; e < study.elements.size(); ++e) {
    const Element& element = study.elements[e];
    ElementRow row;
    row.element = element.name;
    for (const LinkRow& link : links) {
      if (link.link->element != element.name) continue;
      row.length_m += link.link->length_m;
      row.person_km += link.per_year * link.link->length_m / 1000.0;
      row.load = std::max(row.load, link.peak / link.capacity);
      row.present += link.peak_present;
    }
    const std::vector<Cell>& cells = framework.footprints[e].cells;
    for (const Guild& guild : study.guilds) {
      const auto level = visits.disturbance.find(guild.name);
      double area = 0.0;
      if (level != visits.disturbance.end())
        for (const Cell cell : cells) area += static_cast<double>((*level->second)[cell]);
      row.disturbed_ha.push_back(area * study.landscape.frame.cell_area_ha());
    }
    rows.push_back(std::move(row));
  }
  using R = ElementRow;
  TableOf table("visitor_elements", rows);
  table.text("element", "Element", [](const R& r) { return r.element; })
      .number("trails_m", "m", "Length of trails in it", [](const R& r) { return r.length_m; })
      .number("person_km_per_year", "km a-1", "Way that visitors make in it", [](const R& r) { return r.person_km; })
      .number("load", "1", "Greatest load of its trails", [](const R& r) { return r.load; })
      .number("peak_present", "1", "Sum over its trails of the most persons at once",
              [](const R& r) { return r.present; });
  for (std::size_t g = 0; g < study.guilds.size(); ++g)
    table.number("disturbed_ha_" + study.guilds[g].name, "ha", "Land disturbed for the guild, times the level there",
                 [g](const R& r) { return r.disturbed_ha[g]; });
  return table.take();
}

}  // namespace

BuiltTrails trails_before_actions(const Study& study) { return lay_trails_of(study, {}); }

VisitorModel::VisitorModel(const Study& study, const Scenario& scenario, int year, const Landscape& landscape,
                           const RunContext& context)
    : impl_(std::make_unique<Impl>(study, scenario, year, landscape, context)) {}
VisitorModel::~VisitorModel() = default;

const TrailNetwork& VisitorModel::network() const { return impl_->ground.trails.network; }

CaseVisits VisitorModel::at(double share) const {
  return Visits(*this, impl_->study, impl_->landscape, impl_->context, impl_->ground, share).work_out();
}

std::shared_ptr<const Raster<float>> VisitorModel::disturbance(const GuildDisturbance& guild,
                                                               const std::vector<double>& felt) const {
  const Frame& frame = impl_->landscape.frame;
  Raster<float> level = disturbance_level(frame, used_cells(frame, network(), felt), guild.zone);
  const Raster<float>& noise = impl_->ground.noise;
  if (guild.hears && !noise.empty()) {
    if (level.empty()) level = Raster<float>(frame.shape, 0.0F);
    for (std::size_t i = 0; i < level.values.size(); ++i) level.values[i] = std::max(level.values[i], noise.values[i]);
  }
  if (level.empty()) return nullptr;
  return std::make_shared<const Raster<float>>(std::move(level));
}

std::shared_ptr<const Raster<float>> VisitorModel::trampled(const std::vector<double>& per_year) const {
  const VisitorsAnalysis& what = *impl_->study.analyses.visitors;
  if (!what.trampling_counts) return nullptr;
  Raster<float> worn =
      trampled_share(impl_->landscape.frame, network(), per_year, what.service.off_trail, what.service.trampling);
  if (worn.empty()) return nullptr;
  return std::make_shared<const Raster<float>>(std::move(worn));
}

CaseVisits visits_of(const Study& study, const Scenario& scenario, int year, const Landscape& landscape,
                     const RunContext& context, double share) {
  return VisitorModel(study, scenario, year, landscape, context).at(share);
}

namespace {

void add_visitor_indices(const Study& study, const CaseVisits& visits, const std::vector<LinkRow>& links,
                         bool with_raster, CaseResult& result) {
  double came = 0.0, turned_away = 0.0, crowding = 0.0;
  for (const DayOfVisits& day : visits.days) {
    came += day.days * sum(day.came);
    turned_away += day.days * sum(day.turned_away);
  }
  for (const LinkRow& link : links) crowding = std::max(crowding, link.peak / link.capacity);
  for (GuildResult& guild : result.guilds) {
    const auto found = visits.disturbance.find(guild.guild);
    double area = 0.0;
    if (found != visits.disturbance.end()) {
      Raster<float> level = *found->second;
      level.valid = study.landscape.cover.valid;
      for (Cell cell = 0; cell < level.shape.cells(); ++cell)
        if (level.is_valid(cell)) area += static_cast<double>(level[cell]);
      if (with_raster)
        guild.rasters.push_back({"disturbance", "1", "Level at which visitors disturb the guild", std::move(level)});
    }
    add_index(guild, {&visitors_spec, came});
    add_index(guild, {&turned_spec, turned_away});
    add_index(guild, {&crowding_spec, crowding});
    add_index(guild, {&disturbed_spec, area * study.landscape.frame.cell_area_ha()});
  }
}

}  // namespace

void add_visits(const Study& study, const FrameworkOnFrame& framework, const CaseVisits& visits, bool stated,
                CaseResult& result) {
  const std::vector<LinkRow> links = link_rows(study, visits);
  add_visitor_indices(study, visits, links, stated, result);
  if (!stated) return;
  result.tables.push_back(tabulate_links(links));
  result.tables.push_back(tabulate_nodes(study, visits));
  result.tables.push_back(tabulate_hours(study, visits));
  result.tables.push_back(tabulate_repairs(visits.trails.repairs));
  result.tables.push_back(tabulate_days(study, visits));
  if (!study.elements.empty()) result.tables.push_back(tabulate_elements(study, framework, visits, links));
  const VisitorsAnalysis& what = *study.analyses.visitors;
  std::vector<double> per_hour;
  for (const TrailLink& link : visits.trails.network.links) per_hour.push_back(capacity_per_hour(link, what.crowd));
  const TrailsInUse in_use{visits.trails.network, visits.days[visits.busiest].assignment.load,
                           what.first_hour,       visits.per_year,
                           study.elements,        per_hour};
  for (Table& table : trail_service_tables(in_use, what.service)) result.tables.push_back(std::move(table));
  NamedLines lines{"trail_links", "Lines of the trails", {}};
  for (const TrailLink& link : visits.trails.network.links) lines.lines.push_back(link.line);
  result.lines.push_back(std::move(lines));
}

std::vector<const MeasureSpec*> visitor_measures() {
  return {&visitors_spec, &turned_spec, &crowding_spec, &disturbed_spec};
}

}  // namespace greenweave
