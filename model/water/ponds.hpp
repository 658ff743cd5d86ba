#pragma once
#include <span>
#include <vector>

namespace greenweave {

/// TR-55's factor on the peak flow for ponds and swamps that are spread over a catchment (table 4-2): 0 %: 1; 0.2 %:
/// 0.97; 1 %: 0.87; 3 %: 0.75; 5 % and more: 0.72; linear between. `share` of the area, 0..1.
double pond_factor(double share);

/// Storage over runoff volume of a detention basin from peak outflow over peak inflow, rainfall types II and III
/// (TR-55, figure 6-1): 0.682 - 1.43 r + 1.64 r^2 - 0.804 r^3.
double detention_ratio(double outflow_over_inflow);

/// One line of a pond's rating: how much it holds and lets go at a level. Levels and storages ascend.
struct PondStage {
  double level_m = 0.0;
  double storage_m3 = 0.0;
  double outflow_m3_s = 0.0;
};

/// Flow over a broad-crested weir, coefficient x width x head^1.5.
struct Weir {
  double crest_m = 0.0;
  double width_m = 1.0;
  double coefficient = 1.7;  // m^0.5/s; critical flow over a broad crest

  double outflow_m3_s(double level_m) const;
};

struct RoutedFlow {
  std::vector<double> outflow_m3_s;  // at the end of each step
  std::vector<double> level_m;
  double peak_inflow_m3_s = 0.0, peak_outflow_m3_s = 0.0;
  double unaccounted_m3 = 0.0;  // inflow - outflow - storage, by the trapezium rule
};

/// Level-pool routing (Puls 1928): the storage equation by the trapezium rule, the rating linear between its lines.
/// `inflow_m3_s` at the ends of equal steps, the first at the start. InputError: a rating that does not ascend, more
/// water than it knows.
RoutedFlow route_level_pool(std::span<const double> inflow_m3_s, double step_s, std::span<const PondStage> rating,
                            double first_level_m);

/// A wetland that removes a substance (Kadlec and Wallace 2009): tanks in series with a background concentration.
struct Removal {
  double rate_m_yr = 12.5;  // k; median for phosphorus in large wetlands (Kadlec 2016)
  double background = 0.0;  // C*, in the unit of the concentrations
  double tanks = 3.0;       // P; a customary value
  double theta = 1.0;       // k at T degrees is k x theta^(T - 20)
};

/// Concentration that leaves: C* + (Ci - C*) (1 + k / (P q))^-P, q the hydraulic load, m a year.
double outlet_concentration(double inlet, double load_m_yr, const Removal& removal, double temperature_c = 20.0);

}  // namespace greenweave
