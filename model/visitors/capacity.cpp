#include "model/visitors/capacity.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

double positive(double value, const char* what) {
  if (!(value > 0.0 && std::isfinite(value)))
    throw InputError("", "capacity", fmt::format("{} of {:g}", what, value), "give a number above 0");
  return value;
}

}  // namespace

double turnover(const OpeningTimes& times) {
  return positive(times.open_hours, "open hours") / positive(times.visit_hours, "a visit");
}

double whole_turnover(const OpeningTimes& times) {
  // 9.6 / 1.2 must be 8, whatever its last bit.
  return std::floor(turnover(times) * (1.0 + 1e-12));
}

Capacity capacity_of(double instant, double turnover, double days_a_year) {
  return {instant, instant * turnover, instant * turnover * days_a_year};
}

Capacity ground_capacity(double ground_m2, double m2_per_person, const OpeningTimes& times) {
  return capacity_of(ground_m2 / positive(m2_per_person, "space per person"), turnover(times), times.days_a_year);
}

Capacity site_capacity(std::span<const SitePart> parts, double open_hours, double days_a_year) {
  Capacity capacity;
  for (const SitePart& part : parts) {
    const double instant = part.ground_m2 / positive(part.m2_per_person, "space per person");
    capacity.instant += instant;
    capacity.daily += instant * whole_turnover({open_hours, part.visit_hours, days_a_year});
  }
  capacity.annual = capacity.daily * days_a_year;
  return capacity;
}

double park_capacity(double land_m2, double m2_per_person, double water_m2, double water_m2_per_person) {
  const double on_water = water_m2 > 0.0 ? water_m2 / positive(water_m2_per_person, "water per person") : 0.0;
  return land_m2 / positive(m2_per_person, "space per person") + on_water;
}

double spaced_way_capacity(const SpacedWay& way, double open_hours) {
  const double walk = positive(way.walk_hours, "a walk");
  const double turns = positive(open_hours, "open hours") / (walk + way.return_hours);
  const double spacing = positive(way.spacing_m, "a spacing");
  return way.length_m * turns / (spacing + spacing * way.return_hours / (walk + way.return_hours));
}

double bottleneck_capacity(double persons_per_hour, double open_hours) {
  return persons_per_hour * positive(open_hours, "open hours");
}

double batch_capacity(double persons_a_batch, double open_minutes, double tour_minutes, double interval_minutes) {
  return persons_a_batch * std::max(0.0, positive(open_minutes, "open minutes") - tour_minutes) /
         positive(interval_minutes, "an interval");
}

CorrectionFactor slope_factor(double medium_m, double steep_m, double length_m) {
  return {"slope", std::min(length_m, medium_m + 1.5 * steep_m), length_m};
}

double occupied_m(double length_m, const CifuentesRule& rule) {
  const double group_m = positive(rule.group_size, "a group") * positive(rule.person_m, "metres per person");
  return std::floor(length_m / (group_m + rule.group_gap_m)) * group_m;
}

CifuentesCapacity cifuentes_capacity(double ground, double per_person, std::span<const CorrectionFactor> factors,
                                     const CifuentesRule& rule) {
  CifuentesCapacity capacity;
  capacity.physical = ground / positive(per_person, "space per person") * turnover(rule.times);
  capacity.real = capacity.physical;
  for (const CorrectionFactor& factor : factors) {
    const double share = factor.limited / positive(factor.total, factor.name.c_str());
    if (!(share >= 0.0 && share <= 1.0))
      throw InputError("", "capacity", fmt::format("{} limits {:g} of it", factor.name, share),
                       "let what is limited lie between 0 and the total");
    capacity.real *= 1.0 - share;
  }
  if (!(rule.management >= 0.0 && rule.management <= 1.0))
    throw InputError("", "capacity", fmt::format("a management capacity of {:g}", rule.management),
                     "give a share from 0 to 1");
  capacity.effective = capacity.real * rule.management;
  return capacity;
}

}  // namespace greenweave
