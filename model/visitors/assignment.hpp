#pragma once
#include <array>
#include <span>
#include <vector>

#include "model/run/context.hpp"
#include "model/visitors/routes.hpp"
#include "model/visitors/trail_network.hpp"

namespace greenweave {

/// How fast visitors are where nobody is in their way.
struct PaceRule {
  double walking_km_h = 4.0;  // strolling; 4.8 (1.34 m/s) is the free speed of Weidmann 1993 (from memory)
  double cycling_km_h = 15.0;
  // Factors on minutes by TrailSurface: paved, gravel, earth, boardwalk, steps (choices). Cyclists push on steps.
  std::array<double, 5> surface{1.0, 1.05, 1.15, 1.0, 1.6};
};

/// Minutes on each empty link. Up and down slopes count alike, as the mean of Tobler's (1993) hiking function both
/// ways.
std::vector<double> walking_minutes(const TrailNetwork& network, const PaceRule& rule = {});
/// A cyclist is never slower than a walker.
std::vector<double> cycling_minutes(const TrailNetwork& network, const PaceRule& rule = {});

/// How crowds slow visitors and repel them.
struct CrowdRule {
  /// Comfortable flow by GreenwayKind, persons a minute and metre of width: the upper ends of levels of service A, B
  /// and C of the Highway Capacity Manual's walkways.
  std::array<double, 3> capacity_per_min_m{16.0, 23.0, 33.0};
  double alpha = 0.15, power = 4.0;  // minutes x (1 + alpha (volume / capacity)^power): Bureau of Public Roads 1964
  double repels = 0.25;              // beside the time lost, a minute at capacity feels like 1 + this (a choice)
  double cyclist_room = 2.0;         // walkers that a cyclist takes the room of (a choice)
  double shade_gain = 0.1;           // a shaded minute feels like 1 - this (a choice)
};

/// Persons an hour that a link takes in comfort, both directions together.
double capacity_per_hour(const TrailLink& link, const CrowdRule& rule);

/// Which way visitors take of those they consider.
struct ChoiceRule {
  double theta_per_min = 0.3;  // of the logit: a way a minute longer is taken exp(-theta) times as often (a choice)
  bool path_size = true;       // ways that share links count less: path-size logit
  int most_iterations = 30;
  double least_gap = 1e-4;  // stops where the volumes that follow from the costs differ less from those assumed
};

/// Who walks out from an entrance to an attraction, and who back, by the hour they set out: hour x pairs + pair.
struct Legs {
  std::vector<double> out, back;
};

/// Legs of an hour's walkers and cyclists. Either may be empty: none.
struct TrailDemand {
  int hours = 0;
  Legs walkers, cyclists;
};

/// How an hour's search for the equilibrium went.
struct HourOfAssignment {
  std::vector<double> gaps;  // of each iteration: sum |volume by the costs - volume assumed| / sum of volumes assumed
  double person_minutes = 0.0;
};

struct Assignment {
  TrailLoad load;                // persons of both sorts; `at_node` is left to who knows how long they stay
  std::vector<double> cyclists;  // of them, both directions; link x hours + hour
  std::vector<double> minutes;   // of a walker in the crowd; link x hours + hour
  std::vector<HourOfAssignment> hours;

  double worst_gap() const;  // the last of the hour that has the largest
};

/// Stochastic user equilibrium hour by hour (Daganzo and Sheffi 1977) by the method of successive averages, its steps
/// regulated by the gap: everyone takes a way by its perceived minutes, which depend on everyone. A leg is on its links
/// within the hour that it sets out in. Cyclists lose time to walkers in the way: the share volume / capacity of a
/// link, up to all of it, they ride at walking pace. In parallel over hours. InputError: demand for a pair that nothing
/// joins.
Assignment assign(const TrailNetwork& network, const RouteSet& routes, std::span<const double> walking_minutes,
                  std::span<const double> cycling_minutes, const TrailDemand& demand, const CrowdRule& crowd,
                  const ChoiceRule& choice, const RunContext& context);

}  // namespace greenweave
