#include <algorithm>
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

#include "model/habitat/degradation.hpp"
#include "tests/support/fractal.hpp"

namespace {

using namespace greenweave;

/// Fields, a tenth of them houses, a third trees, in clumps; cells of 30 m.
const Raster<ClassIndex>& country(std::int32_t side) {
  static std::map<std::int32_t, Raster<ClassIndex>> made;
  Raster<ClassIndex>& cover = made[side];
  if (cover.empty()) {
    cover = Raster<ClassIndex>(Shape{side, side});
    const std::vector<float> field = testing::fractal(cover.shape, 11);
    std::vector<float> sorted = field;
    std::sort(sorted.begin(), sorted.end());
    const float tenth = sorted[sorted.size() / 10], third = sorted[sorted.size() * 2 / 3];
    for (Cell cell = 0; cell < cover.shape.cells(); ++cell) {
      const float value = field[static_cast<std::size_t>(cell)];
      cover[cell] = value < tenth ? 2 : value > third ? 1 : 0;
    }
  }
  return cover;
}

/// One threat of one class, felt up to 2 km.
void threat(benchmark::State& state, ThreatMode mode) {
  const Raster<ClassIndex>& cover = country(static_cast<std::int32_t>(state.range(0)));
  const std::vector<double> intensity{0.0, 0.0, 1.0};
  const Threat rule{1.0, 2000.0, ThreatDecay::exponential};
  for (auto _ : state) benchmark::DoNotOptimize(threat_level(cover, intensity, nullptr, 30.0, rule, mode));
}
BENCHMARK_CAPTURE(threat, nearest, ThreatMode::nearest)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(threat, summed, ThreatMode::summed)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// From the levels of two threats to what they leave of one guild's quality.
void quality_under_threats(benchmark::State& state) {
  const Raster<ClassIndex>& cover = country(static_cast<std::int32_t>(state.range(0)));
  const std::vector<Threat> rules{{1.0, 2000.0, ThreatDecay::exponential}, {0.5, 500.0, ThreatDecay::linear}};
  const std::vector<std::vector<double>> intensity{{0.0, 0.0, 1.0}, {0.4, 0.0, 0.0}}, sensitivity(2, {0.5, 1.0, 0.0});
  std::vector<Raster<float>> levels;
  for (std::size_t t = 0; t < 2; ++t)
    levels.push_back(threat_level(cover, intensity[t], nullptr, 30.0, rules[t], ThreatMode::nearest));
  for (auto _ : state)
    benchmark::DoNotOptimize(quality_left(degradation(cover, rules, levels, sensitivity), {0.2, 2.5}));
}
BENCHMARK(quality_under_threats)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
