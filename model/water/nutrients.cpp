#include "model/water/nutrients.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<Nutrient> default_nutrients() {
  return {{"phosphorus",
           0.3,
           {.rate_m_yr = 12.5, .background = 0.02, .tanks = 3.0, .theta = 1.0},
           "k, C*: large wetlands, Kadlec 2016; concentration of runoff and P: choices"},
          {"nitrate",
           3.0,
           {.rate_m_yr = 16.4, .background = 0.0, .tanks = 3.0, .theta = 1.1},
           "k 4.5 cm/d and theta within published ranges; concentration of runoff and P: choices"}};
}

std::vector<double> yearly_runoff_m3(const std::vector<UnitLand>& lands, double cell_m,
                                     std::span<const WeatherDay> weather, const RunoffRule& rule) {
  std::set<int> years;
  for (const WeatherDay& day : weather) years.insert(day.year);
  std::map<double, double> depth_mm;  // by curve number
  for (const UnitLand& land : lands)
    for (const auto& [number, cells] : land.cells_by_number) depth_mm.emplace(number, 0.0);
  for (auto& [number, depth] : depth_mm) {
    for (const WeatherDay& day : weather) depth += runoff_mm(number, day.rain_mm, rule);
    depth /= std::max<double>(1.0, static_cast<double>(years.size()));
  }
  std::vector<double> runoff;
  for (const UnitLand& land : lands) {
    double sum = 0.0;
    for (const auto& [number, cells] : land.cells_by_number)
      sum += static_cast<double>(cells) * depth_mm.at(number) * cell_m * cell_m / 1000.0;
    runoff.push_back(sum);
  }
  return runoff;
}

std::vector<PondLoad> nutrient_loads(const Drainage& drainage, std::span<const double> runoff_m3,
                                     const Nutrient& nutrient, double temperature_c, std::span<const double> wet_m2) {
  std::vector<PondLoad> loads(drainage.units.size());
  std::vector<double> water(drainage.units.size(), 0.0), mass_g(drainage.units.size(), 0.0);
  for (std::size_t k = 0; k < drainage.units.size(); ++k) {
    const DrainageUnit& unit = drainage.units[k];
    water[k] += runoff_m3[k];
    mass_g[k] += runoff_m3[k] * nutrient.runoff_mg_l;
    PondLoad& load = loads[k];
    if (unit.pond > 0) {
      load.inflow_m3 = water[k];
      load.came_kg = mass_g[k] / 1000.0;
    }
    const double area_m2 = unit.pond > 0 && at(unit.pond) < wet_m2.size() ? wet_m2[at(unit.pond)] : 0.0;
    if (area_m2 > 0.0 && water[k] > 0.0) {
      load.load_m_yr = water[k] / area_m2;
      const double inlet = mass_g[k] / water[k];
      // Cleaner water than the background is not made dirtier.
      const double outlet =
          std::min(inlet, outlet_concentration(inlet, load.load_m_yr, nutrient.removal, temperature_c));
      load.removed_kg = (inlet - outlet) * water[k] / 1000.0;
      mass_g[k] = outlet * water[k];
    }
    if (unit.downstream >= 0) {
      water[at(unit.downstream)] += water[k];
      mass_g[at(unit.downstream)] += mass_g[k];
    }
  }
  return loads;
}

}  // namespace greenweave
