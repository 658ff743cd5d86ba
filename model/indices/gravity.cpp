#include "model/indices/gravity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace greenweave {

double rate_by_gravity(const std::vector<GravitySource>& sources, const GravityRule& rule,
                       std::vector<GravityPair>& pairs) {
  double longest = rule.longest;
  if (!(longest > 0.0))
    for (const GravityPair& pair : pairs)
      if (std::isfinite(pair.cost)) longest = std::max(longest, pair.cost);
  std::vector<double> breaks = rule.breaks;
  std::sort(breaks.begin(), breaks.end(), std::greater<>());
  for (GravityPair& pair : pairs) {
    pair.product_of_logs = pair.log_of_product = 0.0;
    pair.grade = 0;
    if (!std::isfinite(pair.cost)) continue;
    const GravitySource &a = sources[static_cast<std::size_t>(pair.a)], &b = sources[static_cast<std::size_t>(pair.b)];
    const double pull = longest * longest / (pair.cost * pair.cost * a.resistance * b.resistance);
    const bool have_mass = a.area > 1.0 && b.area > 1.0;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    pair.product_of_logs = have_mass ? pull * std::log(a.area) * std::log(b.area) : nan;
    pair.log_of_product = have_mass ? pull * (std::log(a.area) + std::log(b.area)) : nan;
    if (!have_mass) continue;
    const double judged =
        rule.graded_by == GravityVariant::product_of_logs ? pair.product_of_logs : pair.log_of_product;
    pair.grade = 1;
    for (const double at_least : breaks) pair.grade += judged < at_least;
  }
  return longest;
}

}  // namespace greenweave
