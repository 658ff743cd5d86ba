#include <map>

#include <benchmark/benchmark.h>

#include "model/water/conditioning.hpp"
#include "model/water/depressions.hpp"
#include "model/water/flood.hpp"
#include "model/water/flow.hpp"
#include "model/water/terrain.hpp"
#include "model/water/water_balance.hpp"
#include "tests/support/fractal.hpp"

namespace {

using namespace greenweave;

/// Fractal hills, 300 m from the lowest to the highest, on a slope of 1 in 1000, 30 m cells.
const Raster<float>& hills(std::int32_t side) {
  static std::map<std::int32_t, Raster<float>> made;
  Raster<float>& dem = made[side];
  if (dem.empty()) {
    dem = Raster<float>(Shape{side, side});
    const std::vector<float> field = testing::fractal(dem.shape, 7);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      dem[cell] = 300.0F * field[static_cast<std::size_t>(cell)] + 0.03F * static_cast<float>(dem.shape.row(cell));
  }
  return dem;
}

void fill(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fill_depressions(dem));
}
BENCHMARK(fill)->Arg(1000)->Arg(4000)->Unit(benchmark::kMillisecond)->UseRealTime();

void fill_serial(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fill_depressions(dem, {.tile_cells = 1 << 20}));
}
BENCHMARK(fill_serial)->Arg(4000)->Unit(benchmark::kMillisecond)->UseRealTime();

void breach(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(breach_depressions(dem, 30.0));
}
BENCHMARK(breach)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void directions(benchmark::State& state) {
  const Raster<float> filled = fill_depressions(hills(static_cast<std::int32_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(d8_flow(filled));
}
BENCHMARK(directions)->Arg(4000)->Unit(benchmark::kMillisecond)->UseRealTime();

void accumulation(benchmark::State& state) {
  const Raster<float> filled = fill_depressions(hills(static_cast<std::int32_t>(state.range(0))));
  const D8Flow flow = d8_flow(filled);
  for (auto _ : state) benchmark::DoNotOptimize(accumulate(flow));
}
BENCHMARK(accumulation)->Arg(4000)->Unit(benchmark::kMillisecond)->UseRealTime();

void accumulation_spread(benchmark::State& state) {
  const Raster<float> filled = fill_depressions(hills(static_cast<std::int32_t>(state.range(0))));
  const D8Flow flow = d8_flow(filled);
  for (auto _ : state) benchmark::DoNotOptimize(accumulate_spread(filled, flow));
}
BENCHMARK(accumulation_spread)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void hierarchy(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(depression_hierarchy(dem));
}
BENCHMARK(hierarchy)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Hierarchy included; 20 mm everywhere.
void fill_spill_merging(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  const Raster<double> water(dem.shape, 0.02);
  for (auto _ : state) benchmark::DoNotOptimize(fill_spill_merge(dem, depression_hierarchy(dem), water));
}
BENCHMARK(fill_spill_merging)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// 365 days, rain on every third, over the depressions of a million cells that are at least 2 m deep and 10 cells wide.
void a_year_of_balance(benchmark::State& state) {
  Raster<float> dem = hills(static_cast<std::int32_t>(state.range(0)));
  dem = fill_small_depressions(dem, depression_hierarchy(dem), {.depth_m = 2.0, .cells = 10});
  const DepressionHierarchy found = depression_hierarchy(dem);
  const Raster<float> numbers(dem.shape, 80.0F);
  std::vector<WeatherDay> weather;
  for (int day = 0; day < 365; ++day)
    weather.push_back({2001, 1 + day / 31, day % 3 == 0 ? 20.0 + day % 40 : 0.0, 3.0});
  for (auto _ : state) benchmark::DoNotOptimize(water_balance(dem, 30.0, found, numbers, weather));
  state.counters["depressions"] = static_cast<double>(found.leaves);
}
BENCHMARK(a_year_of_balance)->Arg(1000)->Arg(1340)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// A storm routed down the streams of the hills (50 ha at 30 m), with ponds of 5 x 5 cells every 100 cells at work.
void storm_through_ponds(benchmark::State& state) {
  const Raster<float>& dem = hills(static_cast<std::int32_t>(state.range(0)));
  const D8Flow flow = d8_flow(fill_depressions(dem));
  const Raster<double> drained = accumulate(flow);
  Raster<std::int32_t> ponds(dem.shape, 0);
  std::int32_t count = 0;
  for (std::int32_t r = 50; r + 5 < dem.shape.rows; r += 100)
    for (std::int32_t c = 50; c + 5 < dem.shape.cols; c += 100) {
      ++count;
      for (std::int32_t k = 0; k < 25; ++k) ponds.at(r + k / 5, c + k % 5) = count;
    }
  const Drainage drainage = drainage_units(flow, drained, stream_network(flow, drained, 556, 30.0), ponds, 30.0);
  const std::vector<UnitLand> land =
      unit_lands(drainage, flow, Raster<float>(dem.shape, 80.0F), slope_aspect(dem, 30.0).slope, 30.0);
  const FloodModel model(drainage, land, land, 30.0, {150.0});
  const std::vector<std::uint8_t> at_work(static_cast<std::size_t>(count) + 1, 1);
  for (auto _ : state) benchmark::DoNotOptimize(model.run(at_work));
  state.counters["units"] = static_cast<double>(drainage.units.size());
}
BENCHMARK(storm_through_ponds)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
