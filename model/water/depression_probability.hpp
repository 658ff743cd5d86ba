#pragma once
#include <cstdint>

#include "model/grid/raster.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// How far heights may be off: normal, alike at places close to each other.
struct ElevationError {
  double sigma_m = 0.5;        // standard deviation; lidar 0.1 to 0.3, photogrammetry 1, SRTM and its kin 3 to 6
  double correlation_m = 0.0;  // distance at which the correlation has fallen to 1/e; 0: every cell for itself
};

/// One draw of the error, m. White noise under a Gaussian window of standard deviation correlation_m / 2, so that the
/// correlation at distance h is exp(-(h / correlation_m)^2); beyond the rim the noise goes on. A value depends on seed,
/// draw and cell only. InputError: a negative number, a correlation longer than the grid.
Raster<float> elevation_error(const Shape& shape, double cell_m, const ElevationError& error, std::uint64_t seed,
                              std::uint64_t draw);

struct ProbabilityOptions {
  int draws = 100;
  double least_depth_m = 0.0;  // below the spillway, for a cell to count as one of a depression
};

/// Share of draws in which a cell lies in a depression (Lindsay and Creed 2006): error added, depressions filled, cells
/// counted that were raised by more than `least_depth_m`. Masked as the elevation. Several draws at a time on small
/// grids, one by one on large ones: the same numbers at any thread count.
Raster<float> depression_probability(const Raster<float>& elevation_m, double cell_m, const ElevationError& error,
                                     const ProbabilityOptions& options, std::uint64_t seed,
                                     const RunContext& context = {});

}  // namespace greenweave
