#pragma once
#include "model/grid/raster.hpp"

namespace greenweave {

struct SlopeAspect {
  Raster<float> slope;       // rise over run, tan of the angle
  Raster<float> aspect_deg;  // which way the ground falls, degrees clockwise from north; masked where it is level
};

/// Slope and aspect by the third-order differences of Horn (1981). A neighbour that does not exist is taken from the
/// plane through those that do, so that planes come out right at the rim. InputError: a height that is not finite.
SlopeAspect slope_aspect(const Raster<float>& elevation_m, double cell_m);

/// How wetness and power indices treat level ground.
struct WetnessOptions {
  double least_slope = 0.001;  // rise over run that stands for less; a choice, level ground would be infinitely wet
};

/// Topographic wetness index ln(a / tan beta) (Beven and Kirkby 1979): a the catchment per metre of contour, that is
/// accumulated cells x cell size; m. Masked where either input is.
Raster<float> wetness_index(const Raster<double>& accumulated_cells, const Raster<float>& slope, double cell_m,
                            const WetnessOptions& options = {});

/// Stream power index a x tan beta (Moore, Grayson, Ladson 1991), m.
Raster<float> stream_power_index(const Raster<double>& accumulated_cells, const Raster<float>& slope, double cell_m);

}  // namespace greenweave
