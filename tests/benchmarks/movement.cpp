#include <cmath>

#include <benchmark/benchmark.h>

#include "model/habitat/patches.hpp"
#include "model/movement/cost_distance.hpp"
#include "model/movement/links.hpp"
#include "model/run/random.hpp"

namespace {

using namespace greenweave;

/// Land cover in plots of 20 x 20 cells, each of one of ten classes with resistances from 1 to 100.
Raster<float> plots(std::int32_t side) {
  constexpr float resistance_of_class[10] = {1, 2, 3, 5, 8, 10, 20, 30, 50, 100};
  Raster<float> resistance(Shape{side, side});
  for (std::int32_t r = 0; r < side; ++r)
    for (std::int32_t c = 0; c < side; ++c) {
      const auto plot = static_cast<std::uint64_t>(r / 20 * 100003 + c / 20);
      resistance.at(r, c) = resistance_of_class[static_cast<std::size_t>(10.0 * random_uniform(1, 1, plot))];
    }
  return resistance;
}

/// Every cell its own resistance, anything between 1 and 100: the worst case for a queue of buckets.
Raster<float> noise(std::int32_t side) {
  Raster<float> resistance(Shape{side, side});
  for (std::size_t i = 0; i < resistance.values.size(); ++i)
    resistance.values[i] = static_cast<float>(1.0 + 99.0 * random_uniform(2, 1, i));
  return resistance;
}

std::vector<Cell> scattered(const Shape& shape, int count) {
  std::vector<Cell> cells;
  for (int k = 0; k < count; ++k)
    cells.push_back(
        static_cast<Cell>(random_uniform(3, 1, static_cast<std::uint64_t>(k)) * static_cast<double>(shape.cells())));
  return cells;
}

void run_cost_distance(benchmark::State& state, const Raster<float>& resistance) {
  const std::vector<Cell> sources = scattered(resistance.shape, static_cast<int>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(cost_distance(resistance, sources));
  state.SetItemsProcessed(state.iterations() * resistance.shape.cells());
}

void cost_distance_plots(benchmark::State& state) {
  run_cost_distance(state, plots(static_cast<std::int32_t>(state.range(0))));
}
BENCHMARK(cost_distance_plots)->ArgsProduct({{2000, 4000}, {1, 50}})->Unit(benchmark::kMillisecond)->UseRealTime();

void cost_distance_noise(benchmark::State& state) {
  run_cost_distance(state, noise(static_cast<std::int32_t>(state.range(0))));
}
BENCHMARK(cost_distance_noise)->ArgsProduct({{2000, 4000}, {1, 50}})->Unit(benchmark::kMillisecond)->UseRealTime();

/// Discs of habitat of different sizes in a landscape of plots.
Raster<std::uint8_t> discs(const Shape& shape, int count) {
  Raster<std::uint8_t> habitat(shape);
  for (int k = 0; k < count; ++k) {
    const auto uniform = [&](std::uint64_t what) { return random_uniform(4, what, static_cast<std::uint64_t>(k)); };
    const double radius = 2.0 + 14.0 * uniform(0), row = uniform(1) * shape.rows, col = uniform(2) * shape.cols;
    for (auto r = static_cast<std::int32_t>(row - radius); r <= static_cast<std::int32_t>(row + radius); ++r)
      for (auto c = static_cast<std::int32_t>(col - radius); c <= static_cast<std::int32_t>(col + radius); ++c)
        if (shape.holds(r, c) && std::hypot(r - row, c - col) <= radius) habitat.at(r, c) = 1;
  }
  return habitat;
}

void links_150_patches(benchmark::State& state) {
  const Frame frame{{1000, 1000}, 30.0, 0.0, 30000.0, ""};
  HabitatSurface surface;
  surface.resistance = plots(1000);
  surface.quality = Raster<float>(frame.shape);
  const Raster<std::uint8_t> habitat = discs(frame.shape, 158);
  for (std::size_t i = 0; i < habitat.values.size(); ++i) {
    surface.quality.values[i] = static_cast<float>(habitat.values[i]);
    if (habitat.values[i] != 0) surface.resistance.values[i] = 1.0F;
  }
  Guild guild;
  guild.minimum_patch_ha = 0.0;
  const PatchSet patches = find_patches(frame, surface, guild);
  LinkRule rule;
  rule.topology = state.range(0) == 0 ? LinkRule::Topology::planar : LinkRule::Topology::complete;
  for (auto _ : state) benchmark::DoNotOptimize(find_links(frame, surface, patches, rule, RunContext{}));
  state.counters["patches"] = patches.count();
}
BENCHMARK(links_150_patches)->Arg(0)->Arg(1)->ArgName("complete")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
