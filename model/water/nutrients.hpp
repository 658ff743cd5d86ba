#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/water/drainage.hpp"
#include "model/water/ponds.hpp"
#include "model/water/runoff.hpp"
#include "model/water/water_balance.hpp"

namespace greenweave {

/// A substance in runoff, and how wetlands remove it.
struct Nutrient {
  std::string name;
  double runoff_mg_l = 1.0;  // concentration in what runs off the land
  Removal removal;           // background in mg/l
  std::string source;
};

/// Starting values: total phosphorus and nitrate. To be replaced by what is known of the place.
std::vector<Nutrient> default_nutrients();

/// What a pond gets and removes in a year.
struct PondLoad {
  double inflow_m3 = 0.0;
  double load_m_yr = 0.0;  // hydraulic load: inflow over the area under water
  double came_kg = 0.0, removed_kg = 0.0;
};

/// Runoff of each unit's land in the mean year of the weather, m3.
std::vector<double> yearly_runoff_m3(const std::vector<UnitLand>& lands, double cell_m,
                                     std::span<const WeatherDay> weather, const RunoffRule& rule = {});

/// Loads down the drainage: what one pond removes does not come to the next. `wet_m2` is the area of each pond that is
/// under water, by label; ponds that it lacks, or that are dry, remove nothing. By unit; 0 for streams.
std::vector<PondLoad> nutrient_loads(const Drainage& drainage, std::span<const double> runoff_m3,
                                     const Nutrient& nutrient, double temperature_c, std::span<const double> wet_m2);

}  // namespace greenweave
