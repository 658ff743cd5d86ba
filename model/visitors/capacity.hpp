#pragma once
#include <span>
#include <string>
#include <vector>

namespace greenweave {

// How many visitors a place holds: at once, on a day, in a year. Figures for space per person are in
// model/visitors/standards.

/// When a place is open, and how long a visit lasts. All three are choices to be replaced by the place's own.
struct OpeningTimes {
  double open_hours = 10.0;    // a day
  double visit_hours = 3.0;    // of one visitor
  double days_a_year = 300.0;  // open and fit to be visited
};

struct Capacity {
  double instant = 0.0;  // persons at once
  double daily = 0.0;    // visits a day
  double annual = 0.0;   // visits a year
};

/// How often the places are taken anew on a day: open hours over visit hours, or its whole part, Int(T / t), as LB/T
/// 034-2014 counts. InputError where a time is not above 0 (also in all that follows).
double turnover(const OpeningTimes& times);
double whole_turnover(const OpeningTimes& times);

/// Persons at once times turnover times days.
Capacity capacity_of(double instant, double turnover, double days_a_year);

/// Line and area method (GB/T 50298-2018, 3.3.1): ground over ground per person. The line method takes the trail's own
/// area, length x width. Turnover as a fraction.
Capacity ground_capacity(double ground_m2, double m2_per_person, const OpeningTimes& times);

/// A part of a site with its own space per person and visit: X_i, Y_i and t_i of LB/T 034-2014.
struct SitePart {
  double ground_m2 = 0.0;
  double m2_per_person = 0.0;
  double visit_hours = 0.0;
};
/// C1 = sum X_i / Y_i, C2 = sum X_i Int(T / t_i) / Y_i (LB/T 034-2014).
Capacity site_capacity(std::span<const SitePart> parts, double open_hours, double days_a_year);

/// Park of GB 51192-2016: C = A_land / A_m + C1, C1 = A_water / A_mw: persons at once.
double park_capacity(double land_m2, double m2_per_person, double water_m2 = 0.0, double water_m2_per_person = 200.0);

/// A way that persons walk one behind the other.
struct SpacedWay {
  double length_m = 0.0;
  double spacing_m = 1.0;     // of persons along it
  double walk_hours = 0.0;    // once along it
  double return_hours = 0.0;  // back the same way; 0: it leads on, or around
};
/// Length method for forest parks: visits a day M D / m, D the turnover by the walk; where all come back the same way,
/// M D / (m + m E / F), E the way back's time and F the whole walk's (as remembered of GB/T 18005-1999).
double spaced_way_capacity(const SpacedWay& way, double open_hours);

/// Bottleneck method: what the narrowest place lets through. GB/T 50298-2018, 3.3.1, has the rate measured there.
double bottleneck_capacity(double persons_per_hour, double open_hours);
/// In batches: persons a batch x (open time - time of the last tour) / interval (as remembered of planning practice).
double batch_capacity(double persons_a_batch, double open_minutes, double tour_minutes, double interval_minutes);

/// Share of a capacity from which on managers act (LB/T 034-2014, as remembered).
inline constexpr double alert_share = 0.8;

/// What limits visits: the limited quantity of the total (metres of slope of all metres, wet months of twelve, ...).
struct CorrectionFactor {
  std::string name;
  double limited = 0.0, total = 1.0;
};
/// Slopes after Cifuentes: metres of medium slope (10 to 20 %) count once, of steep (> 20 %) one and a half times. At
/// most the whole length.
CorrectionFactor slope_factor(double medium_m, double steep_m, double length_m);

/// Cifuentes' (1992) way from physical over real to effective capacity, visits a day.
struct CifuentesCapacity {
  double physical = 0.0, real = 0.0, effective = 0.0;
};
struct CifuentesRule {
  double person_m = 1.0;      // of trail that a person takes
  double group_size = 15.0;   // a choice
  double group_gap_m = 50.0;  // between groups
  OpeningTimes times;         // Rf = open hours / visit hours
  double management = 1.0;    // share of the management that is needed and there, 0..1
};
/// Metres of a trail on which persons stand when groups keep their distance: whole groups x their own length.
double occupied_m(double length_m, const CifuentesRule& rule);
/// PCC = (A / Ap) Rf on `ground` (metres of trail or m2) with `per_person` of it; RCC = PCC x product of (1 - limited /
/// total); ECC = RCC x management.
CifuentesCapacity cifuentes_capacity(double ground, double per_person, std::span<const CorrectionFactor> factors,
                                     const CifuentesRule& rule);

}  // namespace greenweave
