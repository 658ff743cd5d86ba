// Zones of disturbance over 10 million cells and 5,000 links, from the groups on each link to the level of each cell.
#include <cmath>
#include <random>

#include <benchmark/benchmark.h>

#include "model/visitors/disturbance.hpp"

namespace {

using namespace greenweave;

/// 3,200 x 3,200 cells of 10 m; 50 x 51 nodes about 600 m apart, links that waver; up to 200 groups a day, most links
/// with few.
struct District {
  Frame frame{{3200, 3200}, 10.0, 0.0, 32000.0, ""};
  TrailNetwork network;
  std::vector<double> groups;

  District() {
    constexpr int rows = 51, cols = 50;
    std::mt19937 random(6);
    std::uniform_real_distribution<double> off(-120.0, 120.0), share(0.0, 1.0);
    std::vector<Point> nodes;
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c)
        nodes.push_back({1000.0 + 600.0 * c + off(random), 1000.0 + 590.0 * r + off(random)});
    const auto join = [&](int from, int to) {
      TrailLink link;
      const Point a = nodes[static_cast<std::size_t>(from)], b = nodes[static_cast<std::size_t>(to)];
      link.line = {a, {0.5 * (a.x + b.x) + off(random) / 4.0, 0.5 * (a.y + b.y) + off(random) / 4.0}, b};
      network.links.push_back(link);
      groups.push_back(200.0 * std::pow(share(random), 4.0));
    };
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c) {
        if (c + 1 < cols) join(cols * r + c, cols * r + c + 1);
        if (r + 1 < rows) join(cols * r + c, cols * (r + 1) + c);
      }
  }
};

void zones(benchmark::State& state, ZoneRule rule, ZoneShape shape) {
  const District district;
  rule.shape = shape;
  double disturbed = 0.0;
  for (auto _ : state) {
    const std::vector<UsedCell> used = used_cells(district.frame, district.network, district.groups);
    const Raster<float> level = disturbance_level(district.frame, used, rule);
    benchmark::DoNotOptimize(level.values.data());
    state.PauseTiming();
    disturbed = 0.0;
    for (const float value : level.values) disturbed += static_cast<double>(value > 0.0F);
    state.ResumeTiming();
  }
  state.counters["links"] = static_cast<double>(district.network.links.size());
  state.counters["cells"] = static_cast<double>(district.frame.shape.cells());
  state.counters["disturbed_share"] = disturbed / static_cast<double>(district.frame.shape.cells());
}
BENCHMARK_CAPTURE(zones, step_table, ZoneRule{}, ZoneShape::flat)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/zones/step_table");
BENCHMARK_CAPTURE(zones, exponential, ZoneRule{}, ZoneShape::exponential)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/zones/step_table_exponential");
BENCHMARK_CAPTURE(zones, threshold, threshold_rule(100.0), ZoneShape::linear)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Name("visitors/zones/threshold_linear");

}  // namespace
