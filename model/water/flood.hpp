#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/water/drainage.hpp"
#include "model/water/runoff.hpp"

namespace greenweave {

/// A design storm.
struct Storm {
  enum class Shape { type_ii, even };
  double rain_mm = 100.0;
  double hours = 24.0;
  Shape shape = Shape::type_ii;  // the NRCS type II storm, most of it about its middle, or an even rain

  /// Rain fallen by then, mm. Type II by the formula of Haan, Barfield and Hayes (1994), stretched to the duration.
  double fallen_mm(double hour) const;
};

struct FloodOptions {
  double step_min = 10.0;
  double celerity_m_s = 1.0;      // of flood waves along streams, which only shifts them (a choice)
  double weir_width_m = 5.0;      // through which each pond lets its water go (a choice)
  double weir_coefficient = 1.7;  // m^0.5/s; broad crest
  double tail_h = 48.0;           // how long after the last runoff waves are followed
  RunoffRule runoff = {};
};

/// NRCS triangular unit hydrograph: shares of a step's runoff that pass in each step from then on; they add up to 1.
/// Time to peak = step / 2 + 0.6 Tc, base 2.67 times that (National Engineering Handbook 630, chapter 16).
std::vector<double> unit_hydrograph(double concentration_h, double step_h);

struct UnitFlood {
  double peak_in_m3_s = 0.0;  // of what comes, from upstream and from its own land
  double peak_m3_s = 0.0;     // of what goes on
  double peak_hour = 0.0;     // since the storm's beginning
  double volume_m3 = 0.0;     // that went on
  double most_held_m3 = 0.0;  // by a pond, above its weir
};

struct Flood {
  std::vector<UnitFlood> units;
  double rain_m3 = 0.0, runoff_m3 = 0.0;  // on all land of the units
  double left_m3 = 0.0;                   // at the units that flow out of the grid
  double held_m3 = 0.0;                   // on its way or in ponds when the waves are no longer followed
  double unaccounted_m3 = 0.0;            // runoff - left - held
};

/// A storm on the land of all units, ready to be routed with any of the ponds at work or not. The drainage must outlive
/// it.
class FloodModel {
 public:
  /// `without` and `with`: the units' land when their pond is not there and when it is; they may be the same.
  FloodModel(const Drainage& drainage, const std::vector<UnitLand>& without, const std::vector<UnitLand>& with,
             double cell_m, const Storm& storm, const FloodOptions& options = {});

  /// Curve-number runoff, unit hydrograph, waves shifted down the streams, level-pool routing through ponds that stand
  /// at their weir's crest when the storm begins. `at_work`: by pond label; labels that it lacks are not.
  Flood run(std::span<const std::uint8_t> at_work) const;

 private:
  struct Local {
    std::vector<double> flow_m3_s;
    double rain_m3 = 0.0, runoff_m3 = 0.0;
  };
  Local local_of(const UnitLand& land) const;

  const Drainage& drainage_;
  double cell_m2_;
  Storm storm_;
  FloodOptions options_;
  std::size_t steps_ = 0;
  std::vector<Local> without_, with_;
};

/// TR-55's graphical peak discharge for rainfall type II, m3/s: q_u A Q F_p, q_u from the time of concentration (0.1 to
/// 10 h) and Ia / P (0.1 to 0.5) by the coefficients of appendix F, linear between. A cross-check for one catchment.
double graphical_peak_m3_s(double area_km2, double concentration_h, double curve_number, double rain_mm,
                           double pond_share = 0.0);

}  // namespace greenweave
