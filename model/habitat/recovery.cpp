#include "model/habitat/recovery.hpp"

#include <algorithm>
#include <cmath>

namespace greenweave {

double RecoveryPath::at(double years) const {
  if (!(years > 0.0)) return start;
  if (!(tau_years > 0.0)) return ceiling;
  return start + (ceiling - start) * (1.0 - std::exp(-years / tau_years));
}

double RecoveryPath::debt(double years) const {
  const double t = std::max(0.0, years);
  const double behind = tau_years > 0.0 ? tau_years * (1.0 - std::exp(-t / tau_years)) : 0.0;
  return (1.0 - ceiling) * t + (ceiling - start) * behind;
}

std::vector<AttributeRecovery> default_recoveries() {
  // The bands are choices: tau times and over 1.5, ceilings a tenth up and down where that is below 1.
  const auto with_band = [](const char* name, double ceiling, double tau_years, const char* source) {
    const double lower = ceiling < 1.0 ? ceiling - 0.1 : 0.9, upper = std::min(1.0, ceiling + 0.1);
    return AttributeRecovery{
        name, {0.0, ceiling, tau_years}, {0.0, lower, 1.5 * tau_years}, {0.0, upper, tau_years / 1.5}, source};
  };
  return {with_band("animals", 1.0, 4.0, "Moreno-Mateos and others 2012: as the reference in about a decade"),
          with_band("plants", 0.74, 12.0, "Moreno-Mateos and others 2012: structure 26 % below the reference"),
          with_band("soil_carbon", 0.77, 19.0,
                    "Moreno-Mateos and others 2012: biogeochemistry 23 % below; half of the reference at 20 years")};
}

}  // namespace greenweave
