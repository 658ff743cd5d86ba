#include "model/indices/robustness.hpp"

#include <limits>
#include <vector>

#include <benchmark/benchmark.h>

#include "model/indices/metapopulation.hpp"
#include "model/run/random.hpp"
#include "tests/support/graphs.hpp"

namespace {

using namespace greenweave;
namespace testing = greenweave::testing;

/// Patches on a square grid with links along one diagonal too: about 3 n links.
HabitatNetwork planar_network(int side) {
  std::vector<double> attributes;
  std::vector<testing::TestLink> links;
  std::uint64_t draw = 0;
  const auto uniform = [&] { return random_uniform(1, 2, ++draw); };
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < side; ++c) {
      const int here = r * side + c;
      attributes.push_back(1.0 + 100.0 * uniform() * uniform());
      const auto link = [&](int other) { links.push_back({here, other, 200.0 + 1800.0 * uniform()}); };
      if (c + 1 < side) link(here + 1);
      if (r + 1 < side) link(here + side);
      if (c + 1 < side && r + 1 < side) link(here + side + 1);
    }
  return testing::network_of(attributes, links);
}

void decay(benchmark::State& state, Attack attack, bool efficiency, int draws) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  RobustnessRule rule;
  rule.attacks = {attack};
  rule.most_cost_m = std::numeric_limits<double>::infinity();
  rule.efficiency = efficiency;
  rule.draws = draws;
  for (auto _ : state) benchmark::DoNotOptimize(robustness(network, rule, {}));
}

/// Components alone, at every loss.
void decay_by_degree(benchmark::State& state) { decay(state, Attack::degree_recalculated, false, 1); }
BENCHMARK(decay_by_degree)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();
void decay_at_random(benchmark::State& state) { decay(state, Attack::random, false, 100); }
BENCHMARK(decay_at_random)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();
void decay_by_betweenness(benchmark::State& state) { decay(state, Attack::betweenness, false, 1); }
BENCHMARK(decay_by_betweenness)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();
/// All pairs at 21 points of a curve.
void efficiency_of_decay(benchmark::State& state) { decay(state, Attack::degree, true, 1); }
BENCHMARK(efficiency_of_decay)->Arg(45)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();

void metapopulation(benchmark::State& state) {
  const HabitatNetwork network = planar_network(static_cast<int>(state.range(0)));
  MetapopulationRule rule;
  rule.dispersal = {5000.0, 0.5};
  for (auto _ : state) benchmark::DoNotOptimize(metapopulation_capacity(network, rule));
}
BENCHMARK(metapopulation)->Arg(45)->Arg(70)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
