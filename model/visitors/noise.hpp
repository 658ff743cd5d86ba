#pragma once
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Cells of roads of one loudness.
struct NoiseSource {
  std::vector<Cell> cells;
  double level_db = 70.0;  // at `NoiseRule::reference_m`
};

/// Noise of roads falls as that of long lines: 10 log10(d / d0) (3 dB for each doubling), and by what the ground
/// swallows. No screens, no terrain.
struct NoiseRule {
  double reference_m = 10.0;    // nearer than this it stays as loud
  double ground_db_100m = 1.0;  // lost for each 100 m over soft ground: a choice
  double silent_db = 42.0;      // from here on birds of woodland thin out (Reijnen and others 1995, as remembered)
  double full_db = 62.0;        // from here on the level of disturbance is 1: a choice
};

/// Loudness at each cell, dB: of each source its nearest cell, sources added up as energies. Minus infinity without
/// sources.
Raster<float> noise_db(const Frame& frame, std::span<const NoiseSource> sources, const NoiseRule& rule);

/// Level of disturbance of a loudness: 0 up to `silent_db`, in a line to 1 at `full_db`.
double noise_level(double db, const NoiseRule& rule);

}  // namespace greenweave
