#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace greenweave {

// Level of service of a path, from A (free) to F (broken down). The letters of different scales do not mean the same:
// a level always goes with its scale's name.

enum class ServiceScale : std::uint8_t {
  hcm_walkway,          // Highway Capacity Manual, walkways: persons a minute and metre, and m2 a person
  fruin,                // Fruin 1971, walkways: persons a minute and metre
  shared_path,          // FHWA-HRT-05-138 (2006), table 12: 20 % walkers, 60 % bicycles, the rest runners and skaters
  shared_path_bicycles  // the same, table 13: 80 % bicycles
};
const char* name_of(ServiceScale scale);

/// One level of a walkway scale: it holds up to this flow, and from this space on.
struct ServiceLevel {
  char letter;
  double most_per_min_m;       // persons
  double least_m2_per_person;  // 0: the scale does not ask
};
/// The levels of a walkway scale, best first; empty for shared paths, which have a table by width.
std::span<const ServiceLevel> levels_of(ServiceScale scale);

/// What a path carries.
struct PathUse {
  double persons_per_hour = 0.0;  // both directions
  double in_busier_direction = 0.0;
  double width_m = 0.0;
  double m2_per_person = 0.0;  // of those present; infinity: nobody; 0: not known
  double peak_factor = 1.0;    // the hour's mean over its busiest 15 minutes (peak hour factor), 0..1
};

/// Walkways: the worse of the levels by flow and by space. Shared paths: by width and flow in one direction, from the
/// next narrower width and the next larger flow of the table, which is cautious; '-' below its 8 feet. The table has a
/// peak hour factor of 0.85 in it. A path without width has F.
char level_of_service(ServiceScale scale, const PathUse& use);

/// Speed of walkers by density, persons / m2 (Weidmann 1993): 1.34 (1 - exp(-1.913 (1 / rho - 1 / 5.4))) m/s; 0 from
/// 5.4 on.
double walking_speed_m_s(double persons_per_m2);

}  // namespace greenweave
