#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "model/visitors/assignment.hpp"
#include "model/visitors/demand.hpp"
#include "model/visitors/disturbance.hpp"
#include "model/visitors/noise.hpp"
#include "model/visitors/routes.hpp"
#include "model/visitors/trail_network.hpp"
#include "scenarios/analyses/trail_service.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct Scenario;
struct Landscape;
struct FrameworkOnFrame;

/// Where visitors come in. Those stated come beside those whom Huff's model sends.
struct VisitorEntrance {
  std::string name;
  Point at;
  double per_day = 0.0;      // on the average day of the base year
  std::vector<bool> serves;  // by access mode
};

struct VisitorSight {
  std::string name;
  Point at;
  double pull = 1.0;
  double dwell_hours = 1.0;
  double most_at_once = 0.0;  // persons; 0: not known
};

/// A part of the year, and how busy its days are against the average day.
struct VisitorSeason {
  std::string name;
  double days = 365.0;
  double factor = 1.0;
};

/// A sort of day, such as weekday and weekend, spread over all seasons alike.
struct VisitorDayType {
  std::string name;
  double days_a_year = 365.0;
  double factor = 1.0;
};

/// How visitors disturb a guild.
struct GuildDisturbance {
  std::string guild;
  ZoneRule zone;
  ActiveHours active = active_between(0, 0);
  std::vector<bool> seasons;  // those whose days count, by season
  bool hears = true;          // the noise of roads disturbs it, too
};

/// Roads of one loudness: the classes of land cover that they are.
struct LoudClasses {
  std::vector<bool> classes;
  double level_db = 70.0;  // at the rule's reference
};

/// [visitors]: a network of trails, who comes, which way they take, and what that does to guilds.
struct VisitorsAnalysis {
  std::vector<Trail> trails;
  bool elements_are_trails = true;  // the lines of the framework's elements, too
  double element_width_m = 3.0;     // of those without a greenway type (a choice)
  std::vector<VisitorEntrance> entrances;
  std::vector<VisitorSight> sights;
  std::vector<TrailStop> stations;
  std::vector<bool> shade_classes;  // by land-cover class
  RepairRule repair;
  PaceRule pace;
  RouteRule routes;
  CrowdRule crowd;
  ChoiceRule choice;
  TrailServiceRule service;
  VisitRule visit;
  HuffRule huff;
  std::vector<AccessMode> modes = default_access_modes();
  double visits_per_person_year = 0.0;  // 0: nobody but those stated comes
  double block_m = 500.0;               // people within such blocks come from one place
  int base_year = 0;                    // of the numbers above
  double growth_percent = 0.0;          // a year
  std::vector<VisitorSeason> seasons{{}};
  std::vector<VisitorDayType> days{{}};
  int first_hour = 6;
  std::vector<double> arrivals;  // share by hour from the first hour on
  double group_size = 2.5;       // persons (a choice)
  std::vector<GuildDisturbance> guilds;
  std::vector<LoudClasses> roads;  // none: noise disturbs nobody
  NoiseRule noise;
  bool trampling_counts = false;  // what feet wear away beside the trails is no habitat any more
  /// A sight's pull is multiplied by (quality around it / quality before any action and visitor)^elasticity. 0: not.
  double quality_elasticity = 0.0;
  std::string quality_guild;
  double quality_reach_m = 300.0;
};

/// Which of a network's links an action means: those whose middle lies in an area, or that run in an element.
struct TrailPlace {
  std::optional<Geometry> area;
  std::string element;
};

// What a scenario does about visitors. `hours` and `seasons` by position; empty: all.

/// More or fewer visitors at an entrance (empty: at all).
struct ChangeVisitors {
  std::string entrance;
  double groups_per_day = 0.0;  // on top, on the average day
  double factor = 1.0;
};

/// No more than that many persons a day come in by an entrance.
struct EntranceQuota {
  std::string entrance;
  double per_day = 0.0;
  double go_elsewhere = 0.0;  // share of the others who try the other entrances; the rest stays home
};

/// Nobody comes in by an entrance in some hours or seasons.
struct CloseEntrance {
  std::string entrance;
  int from = 0, to = 24;  // o'clock
  std::vector<bool> seasons;
};

/// Nobody walks on some links in some seasons.
struct CloseTrail {
  TrailPlace place;
  std::vector<bool> seasons;
};

struct ImproveTrail {
  TrailPlace place;
  std::optional<double> width_m;
  std::optional<TrailSurface> surface;
  std::optional<GreenwayKind> kind;  // zoning: from then on standards and capacities of this kind
};

/// Hides and hedges: animals notice only a part of the groups behind them.
struct ScreenTrail {
  TrailPlace place;
  double effect = 0.5;  // share of the groups that goes unnoticed (a choice)
};

/// One day of a case: a day type in a season.
struct DayOfVisits {
  int season = 0, type = 0;
  double days = 0.0;                      // of the year
  std::vector<double> came, turned_away;  // persons by entrance
  Assignment assignment;                  // `at_node` filled
};

/// The visitors of one case.
struct CaseVisits {
  BuiltTrails trails;
  std::vector<bool> closed;  // links, in any season
  std::vector<DayOfVisits> days;
  std::size_t busiest = 0;                          // position in `days`
  std::vector<double> per_year, groups_per_day;     // by link: persons a year, groups on the mean day
  double stay_home_per_day = 0.0;                   // who finds no entrance within reach
  std::vector<double> pulls;                        // of the sights, in the end
  int rounds = 0;                                   // until sights and visitors agreed
  double pull_change = 0.0;                         // largest of the last round, relative
  std::map<std::string, std::vector<double>> felt;  // by guild: groups a day on each link that it notices
  std::map<std::string, std::shared_ptr<const Raster<float>>> disturbance;  // by guild; none where no cell is disturbed
  std::shared_ptr<const Raster<float>> trampled;                            // share of each cell; null: none
};

/// The network as it is before any action; its first nodes are the entrances, then the attractions. InputError: trails
/// or stops that make no network.
BuiltTrails trails_before_actions(const Study& study);

/// The visitors of a case, for any share of them: the trails are joined and the ways found once.
class VisitorModel {
 public:
  /// The study, the scenario, the landscape and the context must outlive it. InputError: trails, stops or numbers that
  /// make no network.
  VisitorModel(const Study& study, const Scenario& scenario, int year, const Landscape& landscape,
               const RunContext& context);
  ~VisitorModel();

  /// Who walks where, and whom they disturb. `share`: of all who would come.
  CaseVisits at(double share = 1.0) const;
  /// At how many groups a day on each link a guild's cells are disturbed how much: as `CaseVisits` has it. Null: no
  /// cell is.
  std::shared_ptr<const Raster<float>> disturbance(const GuildDisturbance& guild,
                                                   const std::vector<double>& felt) const;
  /// What feet wear away beside the trails by passages a year of each link; null: nothing.
  std::shared_ptr<const Raster<float>> trampled(const std::vector<double>& per_year) const;
  const TrailNetwork& network() const;

 private:
  class Impl;
  std::unique_ptr<const Impl> impl_;
};

/// The same, once.
CaseVisits visits_of(const Study& study, const Scenario& scenario, int year, const Landscape& landscape,
                     const RunContext& context, double share = 1.0);

/// Adds the visitors' indices to every guild's. For the stated values also its raster of disturbance, if it has one,
/// and the tables `trail_links` (with their lines), `trail_nodes`, `trail_hours`, `trail_repairs`, `visitor_days`,
/// `visitor_elements` and those of `trail_service_tables`.
void add_visits(const Study& study, const FrameworkOnFrame& framework, const CaseVisits& visits, bool stated,
                CaseResult& result);

std::vector<const MeasureSpec*> visitor_measures();

}  // namespace greenweave
