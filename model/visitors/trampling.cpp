#include "model/visitors/trampling.hpp"

#include <algorithm>

namespace greenweave {

double cover_after(const TramplingCurve& curve, double passes) {
  double x = std::max(0.0, passes);
  if (curve.c > 0.0) x = std::min(x, curve.b / (2.0 * curve.c));
  return std::clamp(curve.a - curve.b * x + curve.c * x * x, 0.0, curve.a);
}

double off_trail_passes(double persons, double share, const OffTrail& rule, const TramplingCurve& curve) {
  return persons * share * curve.lane_m / std::max(2.0 * rule.strip_m, curve.lane_m);
}

}  // namespace greenweave
