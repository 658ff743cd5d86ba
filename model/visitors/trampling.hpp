#pragma once
#include <span>

#include "model/grid/raster.hpp"
#include "model/visitors/trail_network.hpp"

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

/// The same for a link, by its surface.
double off_trail_passes(const TrailLink& link, double persons, const OffTrail& rule, const TramplingCurve& curve);

/// Share of each cell whose plants are worn away in the strips beside the trails, by passages a year of each link: the
/// strips' area in the cell over that of the cell (at most all of it) times what the curve takes. The strips of a trail
/// count in the cells that it runs through, so cells should be wider than them. Empty where nothing is worn.
Raster<float> trampled_share(const Frame& frame, const TrailNetwork& network, std::span<const double> persons_per_year,
                             const OffTrail& rule, const TramplingCurve& curve);

}  // namespace greenweave
