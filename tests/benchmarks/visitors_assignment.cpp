// Visitors on a district's network: 5,000 links, 40 entrances, 200 attractions, 16 hours, 30 iterations.
#include <cmath>
#include <random>

#include <benchmark/benchmark.h>

#include "model/visitors/assignment.hpp"
#include "model/visitors/demand.hpp"

namespace {

using namespace greenweave;

/// 50 x 51 nodes about 150 m apart, wavering, 50 links left out: 5,000 - 1 links.
struct District {
  TrailNetwork network;
  std::vector<double> walking, cycling, way_m;
  std::vector<int> entrances, attractions;
  std::vector<Sight> sights;
  std::vector<double> visitors, arrivals;

  District() {
    constexpr int rows = 51, cols = 50;
    std::mt19937 random(20);
    std::uniform_real_distribution<double> off(-40.0, 40.0), share(0.0, 1.0);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c)
        network.nodes.push_back({{150.0 * c + off(random), 150.0 * r + off(random)}, TrailNodeKind::junction, ""});
    const auto join = [&](int from, int to) {
      TrailLink link;
      link.from = from;
      link.to = to;
      const Point a = network.nodes[static_cast<std::size_t>(from)].at,
                  b = network.nodes[static_cast<std::size_t>(to)].at;
      link.line = {a, b};
      link.length_m = std::hypot(a.x - b.x, a.y - b.y);
      link.width_m = 1.5 + 2.0 * share(random);
      network.links.push_back(link);
    };
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c) {
        if (c + 1 < cols) join(cols * r + c, cols * r + c + 1);
        if (r + 1 < rows) join(cols * r + c, cols * (r + 1) + c);
      }
    std::vector<int> nodes;
    for (int n = 0; n < rows * cols; ++n) nodes.push_back(n);
    std::shuffle(nodes.begin(), nodes.end(), random);
    entrances.assign(nodes.begin(), nodes.begin() + 40);
    attractions.assign(nodes.begin() + 40, nodes.begin() + 240);
    for (int k = 0; k < 200; ++k) sights.push_back({0.2 + share(random), 0.3 + 1.5 * share(random)});
    for (int e = 0; e < 40; ++e) visitors.push_back(500.0 + 3000.0 * share(random));
    arrivals.assign(16, 1.0 / 16.0);
    walking = walking_minutes(network);
    cycling = cycling_minutes(network);
  }
};

void find_ways(benchmark::State& state) {
  const District district;
  for (auto _ : state) {
    const RouteSet routes =
        find_routes(district.network, district.walking, district.entrances, district.attractions, {}, {});
    benchmark::DoNotOptimize(routes.steps.data());
    state.counters["ways"] = static_cast<double>(routes.path_size.size());
    state.counters["steps"] = static_cast<double>(routes.steps.size());
  }
  state.counters["links"] = static_cast<double>(district.network.links.size());
}
BENCHMARK(find_ways)->Unit(benchmark::kMillisecond)->UseRealTime()->Name("visitors/ways");

/// Everything from the network on: ways, legs, assignment. With walkers alone, and with a fifth of cyclists.
void assign_day(benchmark::State& state) {
  const District district;
  const double riding = static_cast<double>(state.range(0)) / 100.0;
  double gap = 0.0;
  for (auto _ : state) {
    const RouteSet routes =
        find_routes(district.network, district.walking, district.entrances, district.attractions, {}, {});
    const std::vector<double> minutes = shortest_minutes(routes, district.walking);
    std::vector<double> way_m;
    for (const double m : minutes) way_m.push_back(m * 4000.0 / 60.0);
    TrailDemand demand;
    demand.hours = 16;
    demand.walkers = visit_day(routes, minutes, way_m, district.visitors, district.sights, district.arrivals, {}).legs;
    if (riding > 0.0) {
      demand.cyclists = demand.walkers;
      for (auto* legs : {&demand.cyclists.out, &demand.cyclists.back})
        for (double& persons : *legs) persons *= riding;
    }
    ChoiceRule choice;
    choice.most_iterations = 30;
    choice.least_gap = 0.0;
    const Assignment result =
        assign(district.network, routes, district.walking, district.cycling, demand, {}, choice, {});
    gap = result.worst_gap();
    benchmark::DoNotOptimize(result.load.along.data());
  }
  state.counters["gap"] = gap;
}
BENCHMARK(assign_day)->Arg(0)->Arg(20)->Unit(benchmark::kMillisecond)->UseRealTime()->Name("visitors/assignment");

}  // namespace
