#pragma once

namespace greenweave {

/// Vegetation left after X passes along a lane (Cole 1995): cover = a - b X + c X^2, fitted for 0 to 500 passes. Beyond
/// the parabola's lowest point, where it would grow again, it stays there.
struct TramplingCurve {
  double a = 1.0;       // share of the ground covered before
  double b = 3.2e-3;    // the default loses four fifths in 500 passes, and never regrows: a choice. Coefficients differ
  double c = 3.2e-6;    // tenfold between vegetation types: take the type's own from Cole's tables
  double lane_m = 0.5;  // width that one pass treads, as in the experiments (from memory)
};

/// Share of the ground still covered, 0 .. a.
double cover_after(const TramplingCurve& curve, double passes);

/// Who leaves the trail: a share of those who pass, anywhere in a strip on each side.
struct OffTrail {
  double share = 0.02;           // of the persons: a choice
  double boardwalk_share = 0.0;  // on boardwalks, and where a rail keeps them
  double strip_m = 2.0;          // width on each side: a choice
};

/// Passes a lane of the strips beside a trail that `persons` use.
double off_trail_passes(double persons, double share, const OffTrail& rule, const TramplingCurve& curve);

}  // namespace greenweave
