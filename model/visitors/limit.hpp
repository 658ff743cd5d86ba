#pragma once
#include <functional>
#include <span>
#include <vector>

namespace greenweave {

/// Losses (in per cent, or whatever unit; one or several, such as one an element) at a number of visitors, as a
/// multiple of the stated one. A loss must not fall while visitors rise.
using LossesAt = std::function<std::vector<double>(double)>;

struct LimitRule {
  double most = 4.0;           // multiple of the stated visitors up to which the limit is sought
  double tolerance = 0.02;     // width of the bracket in that multiple; relative below 1
  int most_evaluations = 100;  // of the losses, all limits together
};

struct VisitorLimit {
  double factor = 0.0;       // the most visitors found whose loss is allowed
  double loss = 0.0;         // there
  double too_many = 0.0;     // the fewest found whose loss is not allowed; infinity: none up to `most`
  double loss_beyond = 0.0;  // there; NaN: none
  bool is_reached = false;   // false: even the most visitors are allowed, or (factor 0) none at all with a loss above
};

struct TradeoffPoint {
  double factor = 0.0;
  std::vector<double> losses;
};

struct VisitorLimits {
  std::vector<VisitorLimit> limits;   // one a loss
  std::vector<TradeoffPoint> points;  // every number of visitors that was judged, ascending
  bool is_monotone = true;            // no loss fell while visitors rose, among these points
};

/// The most visitors that each allowed loss permits, by bisection; what one search judges serves all others. Zones
/// widen in steps, so losses jump: the limit is bracketed, never interpolated. `allowed` has one entry a loss. Judged
/// in a fixed order. InputError: `most` or `tolerance` not above 0.
VisitorLimits most_visitors(const LossesAt& losses, std::span<const double> allowed, const LimitRule& rule = {});

/// Losses at the given multiples, ascending: the visitor-habitat trade-off curve.
std::vector<TradeoffPoint> tradeoff_curve(const LossesAt& losses, std::span<const double> factors);

}  // namespace greenweave
