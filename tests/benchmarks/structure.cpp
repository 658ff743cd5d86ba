// Labelling, morphology and metrics of a fractal map of 16 million cells.
#include <algorithm>

#include <benchmark/benchmark.h>

#include "model/grid/components.hpp"
#include "model/run/random.hpp"
#include "model/structure/metrics.hpp"
#include "model/structure/mspa.hpp"
#include "tests/support/fractal.hpp"

namespace {

using namespace greenweave;

constexpr Shape big{4000, 4000};

const std::vector<float>& heights() {
  static const std::vector<float> field = testing::fractal(big, 1);
  return field;
}

/// `classes` classes of about equal area, by the field's quantiles.
Raster<std::uint8_t> mapped(int classes) {
  std::vector<float> sample;
  for (std::size_t i = 0; i < heights().size(); i += 97) sample.push_back(heights()[i]);
  std::sort(sample.begin(), sample.end());
  Raster<std::uint8_t> map(big);
  for (int k = 1; k < classes; ++k) {
    const float from = sample[sample.size() * static_cast<std::size_t>(k) / static_cast<std::size_t>(classes)];
    for (std::size_t i = 0; i < map.values.size(); ++i)
      map.values[i] = static_cast<std::uint8_t>(map.values[i] + (heights()[i] >= from ? 1 : 0));
  }
  return map;
}

void cells_a_second(benchmark::State& state) {
  state.counters["cells/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * big.cells()), benchmark::Counter::kIsRate);
}

void label_components(benchmark::State& state) {
  const Raster<std::uint8_t> map = mapped(2);
  const auto neighbours = static_cast<Neighbourhood>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(greenweave::label_components(map, neighbours, nullptr));
  cells_a_second(state);
}
BENCHMARK(label_components)->Arg(4)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Noise near the threshold of percolation, where runs are short and components long and winding.
void label_noise(benchmark::State& state) {
  Raster<std::uint8_t> map(big);
  for (std::size_t i = 0; i < map.values.size(); ++i) map.values[i] = random_uniform(5, 1, i) < 0.55;
  for (auto _ : state) benchmark::DoNotOptimize(greenweave::label_components(map, Neighbourhood::eight, nullptr));
  cells_a_second(state);
}
BENCHMARK(label_noise)->Unit(benchmark::kMillisecond)->UseRealTime();

void label_classes(benchmark::State& state) {
  const Raster<std::uint8_t> map = mapped(8);
  for (auto _ : state) benchmark::DoNotOptimize(greenweave::label_classes(map, Neighbourhood::eight, nullptr));
  cells_a_second(state);
}
BENCHMARK(label_classes)->Unit(benchmark::kMillisecond)->UseRealTime();

void pattern_analysis(benchmark::State& state) {
  const Raster<std::uint8_t> map = mapped(2);
  MspaRule rule;
  rule.edge_width_cells = static_cast<int>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(mspa(map, rule));
  cells_a_second(state);
}
BENCHMARK(pattern_analysis)->Arg(1)->Arg(3)->Unit(benchmark::kMillisecond)->UseRealTime();

/// All metrics, ENN among them, of a landscape of eight classes.
void metrics(benchmark::State& state) {
  const Raster<std::uint8_t> map = mapped(8);
  LandscapeMetrics found;
  for (auto _ : state) benchmark::DoNotOptimize(found = landscape_metrics(map, 30.0));
  cells_a_second(state);
  state.counters["patches"] = static_cast<double>(found.landscape.patches);
}
BENCHMARK(metrics)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
