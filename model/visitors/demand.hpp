#pragma once
#include <span>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/visitors/assignment.hpp"
#include "model/visitors/routes.hpp"

namespace greenweave {

/// Where people live.
struct Origin {
  Point at;
  double persons = 0.0;
};

/// People of a raster (persons a cell) by square blocks, each at the middle of its people. Blocks without any are left
/// out.
std::vector<Origin> origins_of(const Frame& frame, const Raster<float>& population, double block_m);

/// A way to come to an entrance.
struct AccessMode {
  std::string name;
  double share = 1.0;          // of all visits; shares of all modes add up to 1
  double km_h = 4.0;           // door to door, while under way
  double fixed_minutes = 0.0;  // waiting, parking
  double most_minutes = 60.0;  // nobody comes from further
  bool rides_on = false;       // they go on by bicycle in the greenways
};
/// Foot, bicycle, metro and car with speeds and shares (from memory, round numbers; to be replaced by a survey's).
std::vector<AccessMode> default_access_modes();

struct HuffRule {
  double alpha = 1.0;   // of attractiveness (Huff 1963)
  double beta = 2.0;    // of minutes
  double detour = 1.3;  // way on the ground / straight line (from memory)
};

/// A gate as those see it who choose one.
struct Gate {
  Point at;
  double attractiveness = 1.0;
  std::vector<bool> serves;  // by mode
};

/// Visits a day at each gate, by mode: gate x modes + mode; and those who find no gate within reach.
struct GateVisits {
  std::vector<double> per_day;
  double stay_home_per_day = 0.0;
};
/// P_ij = A_j^alpha t_ij^-beta / sum over k, of gates that the mode serves within its most minutes; less than a minute
/// counts as one. In parallel over origins. InputError: shares that do not add up to 1.
GateVisits huff_visits(std::span<const Origin> origins, std::span<const Gate> gates, std::span<const AccessMode> modes,
                       double visits_per_person_day, const HuffRule& rule = {});

/// What attracts visitors on the network.
struct Sight {
  double pull = 1.0;
  double dwell_hours = 1.0;
};

/// How visitors spend their time.
struct VisitRule {
  double mean_way_m = 1303.0;   // an attraction's pull falls as exp(-way / mean): 90 % within 3 km (MASOOR-SCAN)
  double through_share = 0.15;  // leave by another entrance, chosen by its way alike (a choice)
};

/// What the sights are worth to who enters at each entrance: sum over them of pull x exp(-way / mean way). `way_m` by
/// pair; infinity: none.
std::vector<double> entrance_attractiveness(const RouteSet& routes, std::span<const double> way_m,
                                            std::span<const Sight> sights, const VisitRule& rule);

/// Where visitors of a day are: their legs, and how many are at each attraction, hour by hour (mean over the hour).
struct VisitDay {
  Legs legs;
  std::vector<double> present;  // attraction x hours + hour
};

/// Spreads a day's visitors. `visitors`: at each entrance. `arrivals`: share of them by hour, adding up to 1. They
/// arrive evenly over an hour, walk the pair's `minutes`, stay, and set out on the way back; those who would after the
/// last hour do so in it. InputError: an entrance with visitors that leads to no sight with a pull.
VisitDay visit_day(const RouteSet& routes, std::span<const double> minutes, std::span<const double> way_m,
                   std::span<const double> visitors, std::span<const Sight> sights, std::span<const double> arrivals,
                   const VisitRule& rule = {});

}  // namespace greenweave
