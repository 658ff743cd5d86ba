#include "model/visitors/service.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr std::array<ServiceLevel, 6> hcm_levels{
    {{'A', 16, 5.6}, {'B', 23, 3.7}, {'C', 33, 2.2}, {'D', 49, 1.4}, {'E', 75, 0.75}, {'F', infinity, 0}}};
constexpr std::array<ServiceLevel, 6> fruin_levels{
    {{'A', 23, 0}, {'B', 33, 0}, {'C', 49, 0}, {'D', 66, 0}, {'E', 82, 0}, {'F', infinity, 0}}};

constexpr double foot_m = 0.3048;
constexpr std::array<double, 7> widths_ft{8, 10, 12, 14, 16, 18, 20};
struct SharedPathRow {
  double one_way_per_hour;
  const char* letters;  // by width
};
constexpr std::array<SharedPathRow, 13> typical_split{{{25, "BBBBAAA"},
                                                       {50, "DCBBAAA"},
                                                       {75, "DCBBBAA"},
                                                       {100, "DDBBBAA"},
                                                       {150, "EDCCBBB"},
                                                       {200, "FEDCCBB"},
                                                       {250, "FFDDCCC"},
                                                       {300, "FFEEDCC"},
                                                       {400, "FFFFEEE"},
                                                       {500, "FFFFFFF"},
                                                       {600, "FFFFFFF"},
                                                       {800, "FFFFFFF"},
                                                       {1000, "FFFFFFF"}}};
constexpr std::array<SharedPathRow, 13> many_bicycles{{{25, "AAAAAAA"},
                                                       {50, "BBBBAAA"},
                                                       {75, "BBBBAAA"},
                                                       {100, "DCBBBAA"},
                                                       {150, "DCBBBAA"},
                                                       {200, "EDCBBBA"},
                                                       {250, "EDCCBBB"},
                                                       {300, "FECCBBB"},
                                                       {400, "FFDDCCB"},
                                                       {500, "FFEECCC"},
                                                       {600, "FFFFDDD"},
                                                       {800, "FFFFEEE"},
                                                       {1000, "FFFFFFF"}}};

char level_of_shared_path(const std::array<SharedPathRow, 13>& table, const PathUse& use) {
  std::size_t column = widths_ft.size();
  while (column > 0 && use.width_m < widths_ft[column - 1] * foot_m - 1e-9) --column;
  if (column == 0) return '-';
  // The table's flows are means of an hour with a factor of 0.85 in it.
  const double flow = use.in_busier_direction * 0.85 / std::max(use.peak_factor, 1e-9);
  for (const SharedPathRow& row : table)
    if (flow <= row.one_way_per_hour) return row.letters[column - 1];
  return 'F';
}

}  // namespace

const char* name_of(ServiceScale scale) {
  switch (scale) {
    case ServiceScale::hcm_walkway:
      return "hcm_walkway";
    case ServiceScale::fruin:
      return "fruin";
    case ServiceScale::shared_path:
      return "shared_path";
    case ServiceScale::shared_path_bicycles:
      return "shared_path_bicycles";
  }
  return "";
}

std::span<const ServiceLevel> levels_of(ServiceScale scale) {
  if (scale == ServiceScale::hcm_walkway) return hcm_levels;
  if (scale == ServiceScale::fruin) return fruin_levels;
  return {};
}

char level_of_service(ServiceScale scale, const PathUse& use) {
  if (!(use.width_m > 0.0)) return 'F';
  if (scale == ServiceScale::shared_path) return level_of_shared_path(typical_split, use);
  if (scale == ServiceScale::shared_path_bicycles) return level_of_shared_path(many_bicycles, use);
  const double per_min_m = use.persons_per_hour / 60.0 / use.width_m / std::max(use.peak_factor, 1e-9);
  const bool space_is_known = use.m2_per_person > 0.0;
  for (const ServiceLevel& level : levels_of(scale)) {
    const bool has_space =
        level.least_m2_per_person == 0.0 || !space_is_known || use.m2_per_person > level.least_m2_per_person;
    if (per_min_m <= level.most_per_min_m && has_space) return level.letter;
  }
  return 'F';
}

double walking_speed_m_s(double persons_per_m2) {
  if (!(persons_per_m2 > 0.0)) return 1.34;
  return std::max(0.0, 1.34 * (1.0 - std::exp(-1.913 * (1.0 / persons_per_m2 - 1.0 / 5.4))));
}

}  // namespace greenweave
