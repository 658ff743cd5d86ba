// Access to green space: two-step floating catchment over a million cells, 1 km of reach.
#include <random>

#include <benchmark/benchmark.h>

#include "model/visitors/access.hpp"

namespace {

using namespace greenweave;

void catchment(benchmark::State& state, AccessKernel kernel, int groups) {
  const Shape shape{1000, 1000};
  constexpr double cell_m = 10.0;
  std::mt19937 random(8);
  std::uniform_real_distribution<float> share(0.0F, 1.0F);
  Raster<float> green(shape, 0.0F), persons(shape, 0.0F);
  for (std::size_t i = 0; i < green.values.size(); ++i) {
    if (share(random) < 0.2F) green.values[i] = 100.0F;
    if (share(random) < 0.3F) persons.values[i] = 5.0F * share(random);
  }
  CatchmentRule rule;
  rule.kernel = kernel;
  rule.groups.clear();
  for (int g = 0; g < groups; ++g) rule.groups.push_back({"g", 1.0 / groups, g == 0 ? 1000.0 : 500.0});
  for (auto _ : state) {
    const Catchment found = two_step_catchment(green, persons, cell_m, rule);
    benchmark::DoNotOptimize(found.m2_per_person.values.data());
  }
  state.counters["cells"] = static_cast<double>(shape.cells());
}
BENCHMARK_CAPTURE(catchment, dichotomy, AccessKernel::dichotomy, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/catchment/dichotomy");
BENCHMARK_CAPTURE(catchment, gaussian, AccessKernel::gaussian, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/catchment/gaussian");
BENCHMARK_CAPTURE(catchment, two_groups, AccessKernel::gaussian, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/catchment/gaussian_two_groups");

}  // namespace
