#include <cmath>
#include <map>

#include <benchmark/benchmark.h>

#include "model/indices/connectivity.hpp"
#include "model/indices/deltas.hpp"
#include "model/run/random.hpp"
#include "tests/support/graphs.hpp"

namespace {

using namespace greenweave;
namespace testing = greenweave::testing;

/// Patches on a jittered square grid, each linked to its neighbours on the grid and along one diagonal, as in a
/// Delaunay triangulation: about 3 n links, costs that vary by a factor of ten.
HabitatNetwork planar_network(int rows, int columns) {
  std::vector<double> attributes;
  std::vector<testing::TestLink> links;
  std::uint64_t draw = 0;
  const auto uniform = [&] { return random_uniform(1, 2, ++draw); };
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      const int here = r * columns + c;
      attributes.push_back(1.0 + 100.0 * uniform() * uniform());
      const auto link = [&](int other) { links.push_back({here, other, 200.0 + 1800.0 * uniform()}); };
      if (c + 1 < columns) link(here + 1);
      if (r + 1 < rows) link(here + columns);
      if (c + 1 < columns && r + 1 < rows) link(here + columns + 1);
    }
  return testing::network_of(attributes, links);
}
HabitatNetwork planar_network(int side) { return planar_network(side, side); }

ConnectivityParameters parameters_of(double distance_m) {
  ConnectivityParameters parameters;
  parameters.dispersal = {distance_m, 0.5};
  parameters.binary_threshold_m = distance_m;
  parameters.landscape_area_ha = 1e6;
  return parameters;
}

/// dPC and dIIC with their fractions, BC, F, IF and all global indices, exact.
void importance_planar(benchmark::State& state) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  // Half of the dispersers cover five links: the probability spans the whole network, so nothing could be left out.
  for (auto _ : state) benchmark::DoNotOptimize(connectivity(network, parameters_of(5000.0)));
  state.counters["patches"] = static_cast<double>(boost::num_vertices(network.graph));
}
BENCHMARK(importance_planar)->Arg(22)->Arg(45)->Unit(benchmark::kMillisecond)->UseRealTime();

/// dPC with its fractions, BC, F and IF alone. Half of the dispersers cover the stated distance; links cost 1100 m on
/// average. The second argument is the tolerated error of a connector as a share of PC, 10^-x.
void pc_planar(benchmark::State& state) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  ConnectivityParameters parameters = parameters_of(static_cast<double>(state.range(1)));
  parameters.binary_threshold_m = 0.0;  // no IIC: no two patches are joined by a link that short
  parameters.per_patch_iic = false;
  parameters.connector_tolerance = std::pow(10.0, -static_cast<double>(state.range(2)));
  double error = 0.0;
  for (auto _ : state) error = connectivity(network, parameters).connector_error_percent;
  state.counters["patches"] = static_cast<double>(boost::num_vertices(network.graph));
  state.counters["error_percent"] = error;
}
BENCHMARK(pc_planar)
    ->ArgsProduct({{45, 100, 142}, {500, 1000, 5000}, {14, 6}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// The same exactly, for 2,000 patches.
void pc_planar_2000(benchmark::State& state) {
  const HabitatNetwork network = planar_network(40, 50);
  ConnectivityParameters parameters = parameters_of(static_cast<double>(state.range(0)));
  parameters.binary_threshold_m = 0.0;
  parameters.per_patch_iic = false;
  for (auto _ : state) benchmark::DoNotOptimize(connectivity(network, parameters));
}
BENCHMARK(pc_planar_2000)->Arg(1000)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Every index without each link.
void link_removals_planar(benchmark::State& state) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(link_removals(network, parameters_of(5000.0)));
  state.counters["links"] = static_cast<double>(boost::num_edges(network.graph));
}
BENCHMARK(link_removals_planar)->Arg(22)->Arg(45)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The complete graph of 404 patches that takes Conefor 87 s for PC and dPC alone.
void importance_complete_404(benchmark::State& state) {
  std::vector<double> attributes;
  std::vector<testing::TestLink> links;
  const auto coordinate = [](std::uint64_t axis, int i) {
    return 60000.0 * random_uniform(3, axis, static_cast<std::uint64_t>(i));
  };
  for (int i = 0; i < 404; ++i) {
    attributes.push_back(1.0 + 1000.0 * random_uniform(3, 9, static_cast<std::uint64_t>(i)));
    for (int j = i + 1; j < 404; ++j)
      links.push_back({i, j, std::hypot(coordinate(0, i) - coordinate(0, j), coordinate(1, i) - coordinate(1, j))});
  }
  const HabitatNetwork network = testing::network_of(attributes, links);
  for (auto _ : state) benchmark::DoNotOptimize(connectivity(network, parameters_of(10000.0)));
}
BENCHMARK(importance_complete_404)->Unit(benchmark::kMillisecond)->UseRealTime();

void eca_planar(benchmark::State& state) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(equivalent_connected_area(network, {5000.0, 0.5}));
}
BENCHMARK(eca_planar)->Arg(22)->Arg(45)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
