#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "model/visitors/trail_network.hpp"

namespace greenweave {

// What standards ask of a greenway. The figures are a table that a study may edit: each with its standard, clause and
// edition, and whether it was checked there.

enum class StandardQuantity : std::uint8_t {
  trail_width_m,      // of the walked or ridden surface
  slope_percent,      // steepest
  station_spacing_m,  // along the network
  control_zone_m,     // whole width of the strip that the plan keeps for an element
  belt_side_m,        // green belt on each side
  load_share,         // of a capacity
  m2_per_person,      // of ground (or water)
  persons_per_ha      // of land, by what grows there
};
const char* name_of(StandardQuantity quantity);

/// What a trail is for.
enum class TrailUse : std::uint8_t { walking, cycling_one_way, cycling_two_way, combined };
const char* name_of(TrailUse use);

struct StandardFigure {
  std::string id;  // by which a study replaces it
  StandardQuantity quantity = StandardQuantity::trail_width_m;
  std::string of;  // to what it applies: a use or a class of station, with the greenway type; or a kind of ground
  double least = 0.0;
  double most = std::numeric_limits<double>::infinity();
  std::string standard, clause, edition;  // clause empty: not recorded
  bool is_checked = false;                // at its source; otherwise as remembered
};

/// The figures that come with the program.
std::vector<StandardFigure> default_standards();

/// The figure of that id; null if there is none.
const StandardFigure* figure_named(std::span<const StandardFigure> figures, const std::string& id);

/// Ids by which the checks below find their figures: `trail_width.walking.urban`, `slope.walking`,
/// `stations.class_3.urban`, `control_zone.ecological`, ...
std::string width_id(TrailUse use, GreenwayKind kind);
std::string station_id(int station_class, GreenwayKind kind);

/// What is asked of a network.
struct TrailDemands {
  TrailUse use = TrailUse::walking;
  int station_class = 3;  // spacing of which class stations have to keep: 1, 2 or 3; 0: not asked
};

/// A segment of a link that falls short of a figure.
struct TrailViolation {
  int link = -1;
  double from_m = 0.0, to_m = 0.0;  // along its line
  double is = 0.0;                  // what is there: width, slope, or twice the way to the nearest station
  std::size_t figure = 0;           // position in the table
};

/// Violations by link, then in the order width, slope, stations. Figures that the table does not have ask nothing. A
/// stretch keeps a spacing of stations if no point of it is farther than half of it from one, along the network; where
/// no station can be reached `is` is infinite. Steps may be as steep as they are. Widths and stations are asked of
/// links whose kind is stated.
std::vector<TrailViolation> trail_violations(const TrailNetwork& network, std::span<const StandardFigure> figures,
                                             const TrailDemands& demands);

/// Of each node the way along the network to the nearest station, m; infinity: none.
std::vector<double> way_to_station_m(const TrailNetwork& network);

}  // namespace greenweave
