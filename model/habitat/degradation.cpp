#include "model/habitat/degradation.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "model/grid/convolution.hpp"
#include "model/grid/distance.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// 1 - D^z / (D^z + k^z).
class ShareLeft {
 public:
  explicit ShareLeft(const DegradationRule& rule)
      : scaling_(rule.scaling), half_(std::pow(rule.half_saturation, rule.scaling)) {}

  double operator()(float degradation) const {
    if (!(degradation > 0.0F)) return 1.0;
    const double d = std::pow(static_cast<double>(degradation), scaling_);
    return d > 0.0 ? 1.0 - d / (d + half_) : 1.0;
  }

 private:
  double scaling_, half_;
};

}  // namespace

double decay_at(const Threat& threat, double distance_m) {
  if (distance_m > threat.reach_m) return 0.0;
  const double share = distance_m / threat.reach_m;
  return threat.decay == ThreatDecay::linear ? 1.0 - share : std::exp(-2.99 * share);
}

Raster<float> threat_level(const Raster<float>& intensity, double cell_m, const Threat& threat, ThreatMode mode) {
  if (!(threat.reach_m > 0.0))
    throw InputError("", "threat", fmt::format("a reach of {:g} m", threat.reach_m), "give a distance above 0");
  const Shape& shape = intensity.shape;
  std::vector<Cell> sources;
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!intensity.is_valid(cell)) continue;
    if (!(intensity[cell] >= 0.0F && intensity[cell] <= 1.0F))
      throw InputError("", fmt::format("threat, row {}, column {}", shape.row(cell) + 1, shape.col(cell) + 1),
                       fmt::format("an intensity of {:g}", intensity[cell]), "give numbers from 0 to 1");
    if (intensity[cell] > 0.0F) sources.push_back(cell);
  }
  Raster<float> level(shape, 0.0F);
  if (sources.empty()) return level;
  const NearestCell nearest = nearest_cell(shape, sources);
  Raster<double> sums;
  if (mode == ThreatMode::summed)
    sums = convolve_disc(intensity, threat.reach_m / cell_m,
                         [&](double cells) { return decay_at(threat, cells * cell_m); });
  parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      // Worked out anew: the transform's distance is rounded to a float, which the reach's edge would feel.
      const Cell source = nearest.nearest[cell];
      const double distance =
          cell_m * std::hypot(shape.row(cell) - shape.row(source), shape.col(cell) - shape.col(source));
      if (distance > threat.reach_m) continue;
      const double felt = mode == ThreatMode::nearest
                              ? static_cast<double>(intensity[source]) * decay_at(threat, distance)
                              : std::max(0.0, sums[cell]);
      level[cell] = static_cast<float>(felt);
    }
  });
  return level;
}

Raster<float> threat_level(const Raster<ClassIndex>& cover, std::span<const double> intensity,
                           const Raster<float>* raster, double cell_m, const Threat& threat, ThreatMode mode) {
  const auto filled = [&](const auto& intensity_of) {
    Raster<float> cells(cover.shape, 0.0F);
    parallel_pieces(cover.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto cell = static_cast<Cell>(i);
        cells[cell] = intensity_of(cell);
      }
    });
    return cells;
  };
  const auto of_class = [&](Cell cell) { return cover.is_valid(cell) ? intensity[cover[cell]] : 0.0; };
  if (mode == ThreatMode::summed) {
    const auto greater = [&](Cell cell) {
      const auto own = static_cast<float>(of_class(cell));
      return raster != nullptr && raster->is_valid(cell) ? std::max(own, (*raster)[cell]) : own;
    };
    return threat_level(filled(greater), cell_m, threat, mode);
  }
  Raster<float> strongest = raster != nullptr ? threat_level(*raster, cell_m, threat, mode) : Raster<float>();
  std::vector<double> steps(intensity.begin(), intensity.end());
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  for (const double step : steps) {
    if (step == 0.0) continue;
    const auto value = static_cast<float>(step);
    Raster<float> level =
        threat_level(filled([&](Cell cell) { return of_class(cell) == step ? value : 0.0F; }), cell_m, threat, mode);
    if (strongest.empty()) {
      strongest = std::move(level);
      continue;
    }
    for (std::size_t i = 0; i < level.values.size(); ++i)
      strongest.values[i] = std::max(strongest.values[i], level.values[i]);
  }
  return strongest.empty() ? Raster<float>(cover.shape, 0.0F) : strongest;
}

Raster<float> degradation(const Raster<ClassIndex>& cover, std::span<const Threat> threats,
                          std::span<const Raster<float>> levels, std::span<const std::vector<double>> sensitivity,
                          const Raster<float>* access) {
  assert(levels.size() == threats.size() && sensitivity.size() == threats.size());
  double total = 0.0;
  for (const Threat& threat : threats) {
    if (!(threat.weight >= 0.0))
      throw InputError("", "threat", fmt::format("a weight of {:g}", threat.weight), "give a number of 0 or more");
    total += threat.weight;
  }
  if (!(total > 0.0)) throw InputError("", "threats", "all weights are 0", "give at least one weight above 0");
  Raster<float> result(cover.shape, 0.0F);
  result.valid = cover.valid;
  parallel_pieces(cover.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (!cover.is_valid(cell)) continue;
      double sum = 0.0;
      for (std::size_t t = 0; t < threats.size(); ++t)
        if (!levels[t].empty())
          sum += threats[t].weight / total * static_cast<double>(levels[t][cell]) * sensitivity[t][cover[cell]];
      if (access != nullptr && access->is_valid(cell)) sum *= static_cast<double>((*access)[cell]);
      result[cell] = static_cast<float>(sum);
    }
  });
  return result;
}

Raster<float> quality_left(const Raster<float>& degradation, const DegradationRule& rule) {
  Raster<float> left(degradation.shape, 1.0F);
  left.valid = degradation.valid;
  const ShareLeft share(rule);
  parallel_pieces(left.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (left.is_valid(cell)) left[cell] = static_cast<float>(share(degradation[cell]));
    }
  });
  return left;
}

Raster<float> degraded_quality(const Raster<ClassIndex>& cover, std::span<const double> habitat,
                               const Raster<float>& degradation, const DegradationRule& rule) {
  Raster<float> quality(cover.shape, 0.0F);
  quality.valid = degradation.valid;
  const ShareLeft share(rule);
  parallel_pieces(cover.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (!quality.is_valid(cell)) continue;
      quality[cell] = static_cast<float>(habitat[cover[cell]] * share(degradation[cell]));
    }
  });
  return quality;
}

double half_saturation_of(const Raster<float>& degradation) {
  float most = 0.0F;
  for (Cell cell = 0; cell < degradation.shape.cells(); ++cell)
    if (degradation.is_valid(cell)) most = std::max(most, degradation[cell]);
  return 0.5 * static_cast<double>(most);
}

std::vector<double> class_rarity(const Raster<ClassIndex>& base, const Raster<ClassIndex>& now, std::size_t classes) {
  const auto count = [&](const Raster<ClassIndex>& cover) {
    std::vector<std::int64_t> cells(classes, 0);
    for (Cell cell = 0; cell < cover.shape.cells(); ++cell)
      if (cover.is_valid(cell)) ++cells[cover[cell]];
    return cells;
  };
  const std::vector<std::int64_t> before = count(base), after = count(now);
  std::vector<double> rarity(classes, 0.0);
  for (std::size_t k = 0; k < classes; ++k)
    if (before[k] > 0) rarity[k] = 1.0 - static_cast<double>(after[k]) / static_cast<double>(before[k] + after[k]);
  return rarity;
}

}  // namespace greenweave
