#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include "model/framework/element.hpp"
#include "model/visitors/capacity.hpp"
#include "model/visitors/service.hpp"
#include "model/visitors/standards.hpp"
#include "model/visitors/trampling.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

/// A sight, by the name of its node in the trail network.
struct VisitedSite {
  std::string name;
  SitePart part{0.0, 100.0, 1.0};  // ordinary sights: 100 to 400 m2 a person (GB/T 50298-2018, 3.3.1)
};

/// How capacity, service and standards of a trail network are judged.
struct TrailServiceRule {
  ServiceScale scale = ServiceScale::hcm_walkway;
  double peak_factor = 0.85;  // mean of an hour over its busiest 15 minutes (a choice)
  /// Trail a person by GreenwayKind: both ends and the middle of what the line method takes (GB/T 50298-2018, 3.3.1).
  std::array<double, 3> m2_per_person{10.0, 7.5, 5.0};
  OpeningTimes times;
  double cifuentes_group = 15.0, group_gap_m = 50.0, management = 1.0;  // of CifuentesRule
  TrailDemands demands;
  std::vector<VisitedSite> sites;
  std::vector<StandardFigure> standards = default_standards();
  OffTrail off_trail;
  TramplingCurve trampling;
};

/// A trail network and its visitors, for the tables.
struct TrailsInUse {
  const TrailNetwork& network;
  const TrailLoad& load;                     // of the day that is judged, such as the busiest
  int first_hour = 0;                        // o'clock, of the load
  std::span<const double> persons_per_year;  // passages by link; may be empty
  std::span<const Element> elements;         // of the framework; may be empty
  std::span<const double> per_hour;          // persons an hour that each link takes in comfort; may be empty
};

/// What is asked of the framework's elements: the strip that the plan keeps for lines against the control zone.
struct ElementViolation {
  int element = -1;
  double is = 0.0;
  std::size_t figure = 0;
};
std::vector<ElementViolation> element_violations(std::span<const Element> elements,
                                                 std::span<const StandardFigure> figures);

/// The tables `trail_service` (a row a link), `trail_service_hours` (links in use, hour by hour), `element_service`,
/// `site_service`, `trail_violations` and `standards`. Links and hours are those of the tables of visitors.
std::vector<Table> trail_service_tables(const TrailsInUse& trails, const TrailServiceRule& rule);

}  // namespace greenweave
