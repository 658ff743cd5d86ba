#pragma once
#include <string>
#include <vector>

namespace greenweave {

/// How an attribute of a restored place approaches that of a reference place, as a share of it:
/// q(t) = start + (ceiling - start) (1 - exp(-t / tau)).
struct RecoveryPath {
  double start = 0.0;
  double ceiling = 1.0;
  double tau_years = 4.0;  // 0: at once

  /// Share reached after so many years; `start` before they begin.
  double at(double years) const;
  /// Recovery debt (Moreno-Mateos and others 2017): integral of 1 - q from 0 to `years`, in years of the reference.
  double debt(double years) const;
};

/// An attribute with what is expected and with both ends of its uncertainty band.
struct AttributeRecovery {
  std::string name;
  RecoveryPath expected, low, high;
  std::string source;
};

/// Starting values: animals, plants, soil carbon. To be replaced by what is known of the place.
std::vector<AttributeRecovery> default_recoveries();

}  // namespace greenweave
