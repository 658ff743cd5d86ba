#include "model/visitors/noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/grid/distance.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

Raster<float> noise_db(const Frame& frame, std::span<const NoiseSource> sources, const NoiseRule& rule) {
  if (!(rule.reference_m > 0.0))
    throw InputError("", "noise", fmt::format("a reference of {:g} m", rule.reference_m), "give a distance above 0");
  const Shape& shape = frame.shape;
  Raster<double> energy(shape, 0.0);
  for (const NoiseSource& source : sources) {
    if (source.cells.empty()) continue;
    const Raster<float> distance = nearest_cell(shape, source.cells).distance_cells;
    parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        const double d = std::max(rule.reference_m, static_cast<double>(distance.values[i]) * frame.cell_m);
        const double db = source.level_db - 10.0 * std::log10(d / rule.reference_m) -
                          rule.ground_db_100m * (d - rule.reference_m) / 100.0;
        energy.values[i] += std::pow(10.0, db / 10.0);
      }
    });
  }
  Raster<float> level(shape, -std::numeric_limits<float>::infinity());
  parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      if (energy.values[i] > 0.0) level.values[i] = static_cast<float>(10.0 * std::log10(energy.values[i]));
  });
  return level;
}

double noise_level(double db, const NoiseRule& rule) {
  if (!(db > rule.silent_db)) return 0.0;
  return db >= rule.full_db ? 1.0 : (db - rule.silent_db) / (rule.full_db - rule.silent_db);
}

}  // namespace greenweave
