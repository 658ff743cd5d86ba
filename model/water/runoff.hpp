#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/landscape/landscape.hpp"

namespace greenweave {

/// Hydrological soil groups, from quick to slow infiltration.
enum class SoilGroup : std::uint8_t { a = 1, b = 2, c = 3, d = 4 };

/// Curve numbers of one land-cover class on the four soil groups, average antecedent moisture.
struct CurveNumbers {
  int code = 0;  // of the class, as in the land-cover raster
  std::array<double, 4> by_group{};
  std::string cover;   // what the numbers were made for
  std::string source;  // where they come from
};

/// Starting values for ESA WorldCover and for NLCD, after TR-55 (USDA 1986, table 2-2); classes that it does not know
/// say so in `source`. To be replaced by what is known of the place.
std::vector<CurveNumbers> worldcover_curve_numbers();
std::vector<CurveNumbers> nlcd_curve_numbers();

/// Curve numbers per cell. `soil`: SoilGroup as a number; masked cells take `where_unknown`. Masked where the cover is.
/// InputError: a class without a row, a number outside [0, 100], a soil group that is none.
Raster<float> curve_numbers(const Raster<ClassIndex>& cover, const ClassTable& classes,
                            const Raster<std::uint8_t>& soil, const std::vector<CurveNumbers>& table,
                            SoilGroup where_unknown = SoilGroup::c);

/// The curve number for dry (I) or wet (III) ground from that for average ground (II): 4.2 CN / (10 - 0.058 CN), 23 CN
/// / (10 + 0.13 CN) (Chow, Maidment, Mays 1988).
double dry_curve_number(double curve_number);
double wet_curve_number(double curve_number);

/// What the curve-number method keeps fixed.
struct RunoffRule {
  double initial_abstraction = 0.2;  // share of the retention that is lost before runoff begins (TR-55)
};

/// Greatest retention S = 25400 / CN - 254, mm; infinite for CN 0.
double retention_mm(double curve_number);

/// Runoff (P - Ia)^2 / (P - Ia + S) of a rainfall, mm; 0 up to Ia = 0.2 S.
double runoff_mm(double curve_number, double rain_mm, const RunoffRule& rule = {});

/// What one event brings.
struct EventRunoff {
  Raster<float> runoff_mm;  // masked as the curve numbers
  double rain_m3 = 0.0;
  double runoff_m3 = 0.0;
  double retained_m3 = 0.0;
  double retention = 0.0;  // 1 - runoff / rain
};

/// InputError: rain below 0, a curve number outside [0, 100].
EventRunoff event_runoff(const Raster<float>& curve_number, double cell_m, double rain_mm, const RunoffRule& rule = {});

}  // namespace greenweave
