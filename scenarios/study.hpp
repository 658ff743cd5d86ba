#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/framework/element.hpp"
#include "model/grid/geometry.hpp"
#include "model/landscape/landscape.hpp"
#include "model/water/basins.hpp"
#include "scenarios/analyses/access.hpp"
#include "scenarios/analyses/barriers.hpp"
#include "scenarios/analyses/circuit.hpp"
#include "scenarios/analyses/corridors.hpp"
#include "scenarios/analyses/deltas.hpp"
#include "scenarios/analyses/encroachment.hpp"
#include "scenarios/analyses/gravity.hpp"
#include "scenarios/analyses/metapopulation.hpp"
#include "scenarios/analyses/nearest_source.hpp"
#include "scenarios/analyses/protection.hpp"
#include "scenarios/analyses/restoration.hpp"
#include "scenarios/analyses/restoration_order.hpp"
#include "scenarios/analyses/robustness.hpp"
#include "scenarios/analyses/security.hpp"
#include "scenarios/analyses/sources.hpp"
#include "scenarios/analyses/structure.hpp"
#include "scenarios/analyses/threats.hpp"
#include "scenarios/analyses/visitor_limit.hpp"
#include "scenarios/analyses/visitors.hpp"
#include "scenarios/analyses/water.hpp"
#include "scenarios/analyses/wetland_sites.hpp"

namespace greenweave {

/// What a type of greenway is: widths and the footing of its belt. Defaults in docs/methods.md with their sources.
struct GreenwayType {
  std::string name;                  // ecological, suburban, urban
  double control_width_m = 0.0;      // whole width of the zone that the plan keeps for it: the strip of an element
  double belt_width_m = 0.0;         // whole width of the belt that building it plants
  double trail_width_m = 0.0;        // of the trail inside it
  std::string belt_class;            // land-cover class the belt becomes
  double disturbance_width_m = 0.0;  // zone on each side of the trail that its ordinary use disturbs
};

/// How a restored attribute recovers: fraction of the reference reached t years after the start is
/// ceiling x (1 - exp(-t / tau)).
struct RecoveryCurve {
  double ceiling = 1.0;
  double tau_years = 4.0;
  double at(double years) const;
};

/// Turns the cells of a place into a class (a wetland, a forest, ...), which then recovers along a curve.
struct RestoreHabitat {
  Geometry place;                 // polygons
  std::string to;                 // class name
  std::vector<std::string> from;  // only cells of these classes; empty: every cell
  RecoveryCurve recovery;
  std::vector<Cell> cells = {};                    // beside those of the place: sites found by suitability
  double dig_m = 0.0;                              // how far its ground is lowered
  std::optional<BasinShape> basin = std::nullopt;  // or made into level basins behind bunds
};

/// Moves earth: the ground of a place goes up or down by an amount, to a level, or becomes level basins behind bunds.
struct Regrade {
  Geometry place;  // polygons
  std::optional<double> by_m, to_m;
  std::optional<BasinShape> basin = std::nullopt;
};

/// Takes a weir or dam away: its ground goes down to the lowest ground beside it, or to a level.
struct RemoveWeir {
  Geometry place;  // points, lines or polygons
  double width_m = 0.0;
  std::optional<double> to_m;
  std::string to;  // class that its cells become; empty: they stay what they are
};

/// Plants a greenway of a type along a line.
struct BuildGreenway {
  Geometry line;
  std::string type;
  std::optional<double> belt_width_m;  // instead of the type's
  std::vector<std::string> spare;      // classes left as they are (water, forest, ...)
  RecoveryCurve recovery;
};

/// Opens a crossing over a road or railway: cells of the barrier within `width_m` / 2 of the place become passable.
struct OpenCrossing {
  Geometry place;  // points or lines
  double width_m = 60.0;
  std::string to;                   // class of the crossing's deck
  std::vector<std::string> across;  // classes that are bridged
};

/// Development: the polygon, or growth outward from a class until the area is met, sparing what the plan protects.
struct Develop {
  std::optional<Geometry> place;
  std::string to;
  std::string grow_from;  // class that grows; used when there is no place
  double area_ha = 0.0;
  std::vector<std::string> on;  // classes that may be built on; empty: all but `to` and water-like spares
  bool spare_elements = true;   // negative planning: no cell of a framework element is built on
  double max_slope_percent = 100.0;
};

/// Visitors entering at an element or at points; they spread along the greenways. For studies without [visitors].
struct Visitors {
  std::string element;  // they enter all along its line; or
  Geometry entrances;   // they enter at these points
  double groups_per_day = 0.0;
  double mean_distance_m = 1303.0;  // of the negative exponential: 90 % stay within 3 km
};

/// Start of an action that applies in every year, its restorations fully developed.
inline constexpr int always = -9999;

struct Action {
  std::string name;
  int start_year = always;
  std::variant<RestoreHabitat, BuildGreenway, OpenCrossing, Develop, Visitors, Regrade, RemoveWeir, ChangeVisitors,
               EntranceQuota, CloseEntrance, CloseTrail, ImproveTrail, ScreenTrail>
      what;
};

struct Scenario {
  std::string name;
  std::string title;
  std::vector<Action> actions;  // in order; those begun by a case's year apply
};

/// A demand on an index: `at_least` / `at_most` an absolute value, or relative to the baseline of the same year in per
/// cent.
struct Target {
  std::string name;
  std::string index;
  std::string guild;     // empty: every guild
  std::string scenario;  // empty: every scenario but the baseline
  int year = 0;          // 0: every year
  std::optional<double> at_least, at_most;
  std::optional<double> min_change_percent;
};

/// Spread of the uncertain parameters for draws > 0: coefficients of variation of log-normal factors.
struct Uncertainty {
  int draws = 0;
  double resistance_cv = 0.3;
  double dispersal_cv = 0.3;
  double recovery_cv = 0.3;
};

/// What a run computes for each guild.
struct Analyses {
  bool patch_importance = true;
  bool elements = true;
  bool element_contribution = true;
  std::optional<double> connector_tolerance = std::nullopt;  // share of PC that a dPC_connector may be wrong by
  std::optional<CircuitAnalysis> circuit = std::nullopt;
  std::optional<CorridorAnalysis> corridors = std::nullopt;
  std::optional<BarrierAnalysis> barriers = std::nullopt;
  std::optional<NearestSourceAnalysis> nearest_source = std::nullopt;
  std::optional<StructureAnalysis> structure = std::nullopt;
  std::optional<SourceAnalysis> sources = std::nullopt;
  std::optional<SecurityAnalysis> security = std::nullopt;
  std::optional<EncroachmentAnalysis> encroachment = std::nullopt;
  std::optional<WaterAnalysis> water = std::nullopt;
  std::optional<WetlandSitesAnalysis> wetland_sites = std::nullopt;
  std::optional<RestorationAnalysis> restoration = std::nullopt;             // asks for `water`
  std::optional<RestorationOrderAnalysis> restoration_order = std::nullopt;  // asks for `wetland_sites`
  std::optional<DeltaAnalysis> deltas = std::nullopt;
  std::optional<GravityAnalysis> gravity = std::nullopt;
  std::optional<MetapopulationAnalysis> metapopulation = std::nullopt;
  std::optional<ProtectionAnalysis> protection = std::nullopt;
  std::optional<RobustnessAnalysis> robustness = std::nullopt;
  std::optional<ThreatsAnalysis> threats = std::nullopt;
  std::optional<VisitorsAnalysis> visitors = std::nullopt;
  std::optional<VisitorLimitAnalysis> visitor_limit = std::nullopt;  // asks for `visitors`
  std::optional<AccessAnalysis> access = std::nullopt;               // asks for population
};

/// What a batch asks a cluster for. Nothing in it changes a number.
struct Cluster {
  std::string account, partition;    // empty: the cluster's default
  int threads = 4;                   // of each task
  int cases_per_task = 0;            // 0: as many as take about twenty minutes
  int tasks_at_once = 50;            // of one batch in the queue's running state
  double time_minutes = 0.0;         // a task's limit; 0: from what cases take
  double memory_gib = 0.0;           // a task's; 0: from what cases take
  std::vector<std::string> modules;  // to load first
  std::vector<std::string> lines;    // further lines of the script, such as #SBATCH --qos=long
  std::string program;               // path of greenweave there; empty: this one
};

/// An input file as the results record it.
struct Provenance {
  std::string role;  // land_cover, elevation, framework, ...
  std::string path;
  std::string sha256;
};

/// A study with everything read and checked: values only.
struct Study {
  std::string name;
  std::string title;
  std::string notice;                                 // shown wherever results show, e.g. that the data are synthetic
  Landscape landscape;                                // as it is before any action
  std::vector<WeatherDay> weather;                    // day by day; may be none
  std::shared_ptr<const Raster<std::uint8_t>> soil;   // SoilGroup as a number; may be null
  std::shared_ptr<const Raster<float>> curve_number;  // before any action; may be null
  std::vector<GreenwayType> greenway_types;
  std::vector<Element> elements;
  std::shared_ptr<const ProtectedAreas> protection;  // may be null
  std::vector<Zone> zones;                           // by which landscapes are reported too; may be none
  std::vector<Zone> owners;                          // classes of ownership and their land; may be none
  std::vector<Guild> guilds;
  DisturbanceRule disturbance;
  std::vector<Scenario> scenarios;  // the first is "baseline"
  std::vector<int> years;
  Uncertainty uncertainty;
  std::vector<Target> targets;
  Analyses analyses;
  Cluster cluster;
  std::uint64_t seed = 1;
  std::string text;              // the study file(s) as read
  std::filesystem::path output;  // where its results go by default
  std::vector<Provenance> inputs;
};

}  // namespace greenweave
