#include "model/indices/deltas.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/indices/routing.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int32_t piles = 64;  // sums of sources dealt out, joined in order

bool serves(const HabitatNetwork& network, const NetworkEdge& edge, double threshold) {
  return edge.cost_m <= threshold || (network.directed && edge.back_cost_m <= threshold);
}

/// A measure that link removals report, by name in the list of all.
const MeasureSpec* spec_of(const Measures& measures, const char* name) {
  for (const Measure& m : measures)
    if (std::strcmp(m.spec->name, name) == 0) return m.spec;
  return nullptr;
}

double value_of(const Measures& measures, const char* name) {
  for (const Measure& m : measures)
    if (std::strcmp(m.spec->name, name) == 0) return m.value;
  return 0.0;
}

/// Calls `visit(link, loss)` for the loss of sum a_s a_t w(d_st) over ordered pairs, source by source; sums by link.
/// `loss_beyond(routes, s, position)` gives the loss of the value of the source's targets beyond a link of its tree.
template <class Weigh, class Loss>
std::vector<std::vector<double>> lost_by_link(const RoutingGraph& graph, std::size_t links, std::size_t kinds,
                                              const Weigh& weigh, const Loss& loss) {
  const std::int32_t n = graph.patches();
  std::vector<std::vector<std::vector<double>>> of_pile(piles);
  struct Work {
    Routes routes;
    std::vector<double> value;
  };
  tbb::enumerable_thread_specific<Work> works([&] {
    Work work{Routes(graph), std::vector<double>(static_cast<std::size_t>(n))};
    work.routes.follow_links();
    return work;
  });
  parallel_for(std::min(piles, n), [&](std::int64_t p) {
    Work& work = works.local();
    auto& sums = of_pile[static_cast<std::size_t>(p)];
    sums.assign(kinds, std::vector<double>(links, 0.0));
    for (auto s = static_cast<std::int32_t>(p); s < n; s += piles) {
      work.routes.from(s);
      for (std::int32_t t = 0; t < n; ++t) {
        const double d = work.routes.distance(t);
        work.value[static_cast<std::size_t>(t)] =
            t != s && d < infinity ? graph.attribute[static_cast<std::size_t>(t)] * weigh(d) : 0.0;
      }
      if (!work.routes.lay_out_tree(work.value, Routes::Targets::above)) continue;
      work.routes.for_each_link([&](std::int32_t position, std::int32_t link) {
        loss(work.routes, s, position,
             [&](std::size_t kind, double lost) { sums[kind][static_cast<std::size_t>(link)] += lost; });
      });
    }
  });
  std::vector<std::vector<double>> total(kinds, std::vector<double>(links, 0.0));
  for (const auto& sums : of_pile)
    for (std::size_t kind = 0; kind < sums.size(); ++kind)
      for (std::size_t l = 0; l < links; ++l) total[kind][l] += sums[kind][l];
  return total;
}

/// What the loss of a link does to the components of the binary graph.
struct Split {
  bool is_link = false, is_bridge = false;
  double one_side = 0.0, component = 0.0;  // attributes
};

/// Bridges by the lowest vertex that a depth-first tree's branches turn back to (Tarjan 1974).
std::vector<Split> splits_by_link(const HabitatNetwork& network, std::size_t links, double threshold) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  std::vector<Split> splits(links);
  struct Arc {
    std::size_t head;
    int link;
  };
  std::vector<std::vector<Arc>> arcs(n);
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    if (!serves(network, graph[e], threshold)) continue;
    splits[static_cast<std::size_t>(graph[e].link)].is_link = true;
    arcs[boost::source(e, graph)].push_back({boost::target(e, graph), graph[e].link});
    arcs[boost::target(e, graph)].push_back({boost::source(e, graph), graph[e].link});
  }
  std::vector<int> entered(n, -1), low(n, 0), by_link(n, -1);
  std::vector<std::size_t> next(n, 0), stack, order;
  std::vector<double> below(n, 0.0);
  int clock = 0;
  for (std::size_t root = 0; root < n; ++root) {
    if (entered[root] >= 0) continue;
    std::vector<std::size_t> bridged;  // vertices whose link from their parent is a bridge
    const auto enter = [&](std::size_t v, int link) {
      entered[v] = low[v] = clock++;
      by_link[v] = link;
      below[v] = graph[v].attribute;
      stack.push_back(v);
    };
    enter(root, -1);
    while (!stack.empty()) {
      const std::size_t v = stack.back();
      if (next[v] < arcs[v].size()) {
        const Arc arc = arcs[v][next[v]++];
        if (arc.link == by_link[v]) continue;
        if (entered[arc.head] < 0)
          enter(arc.head, arc.link);
        else
          low[v] = std::min(low[v], entered[arc.head]);
        continue;
      }
      stack.pop_back();
      if (stack.empty()) break;
      const std::size_t parent = stack.back();
      low[parent] = std::min(low[parent], low[v]);
      below[parent] += below[v];
      if (low[v] > entered[parent]) bridged.push_back(v);
    }
    for (const std::size_t v : bridged) {
      Split& split = splits[static_cast<std::size_t>(by_link[v])];
      split.is_bridge = true;
      split.one_side = below[v];
      split.component = below[root];
    }
  }
  return splits;
}

}  // namespace

double RemovalDeltas::delta_percent(std::size_t removal, std::size_t measure) const {
  const double before = whole[measure].value;
  return before != 0.0 ? 100.0 * (before - without[removal][measure]) / before
                       : std::numeric_limits<double>::quiet_NaN();
}

HabitatNetwork without_patches(const HabitatNetwork& network, const std::vector<int>& gone) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  std::vector<int> place(n, 0);
  for (const int patch : gone) place[static_cast<std::size_t>(patch)] = -1;
  int kept = 0;
  for (int& p : place)
    if (p >= 0) p = kept++;
  HabitatNetwork rest{HabitatGraph(static_cast<std::size_t>(kept)), {}, network.directed};
  for (std::size_t v = 0; v < n; ++v)
    if (place[v] >= 0) rest.graph[static_cast<std::size_t>(place[v])] = graph[v];
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    const int u = place[boost::source(e, graph)], v = place[boost::target(e, graph)];
    if (u >= 0 && v >= 0)
      boost::add_edge(static_cast<std::size_t>(u), static_cast<std::size_t>(v), graph[e], rest.graph);
  }
  for (IntraPatchCost intra : network.intra)
    if ((intra.patch = place[static_cast<std::size_t>(intra.patch)]) >= 0) rest.intra.push_back(intra);
  return rest;
}

HabitatNetwork without_link(const HabitatNetwork& network, int link) {
  const HabitatGraph& graph = network.graph;
  HabitatNetwork rest{HabitatGraph(boost::num_vertices(graph)), {}, network.directed};
  for (std::size_t v = 0; v < boost::num_vertices(graph); ++v) rest.graph[v] = graph[v];
  for (const auto& e : boost::make_iterator_range(boost::edges(graph)))
    if (graph[e].link != link) boost::add_edge(boost::source(e, graph), boost::target(e, graph), graph[e], rest.graph);
  for (const IntraPatchCost& intra : network.intra)
    if (intra.link_a != link && intra.link_b != link) rest.intra.push_back(intra);
  return rest;
}

RemovalDeltas patch_removals(const HabitatNetwork& network, const ConnectivityParameters& parameters,
                             const std::vector<std::vector<int>>& groups) {
  ConnectivityParameters lean = parameters;
  lean.per_patch = false;
  RemovalDeltas deltas;
  deltas.whole = connectivity(network, lean).measures;
  deltas.without.resize(groups.size());
  parallel_for(static_cast<std::int64_t>(groups.size()), [&](std::int64_t k) {
    const auto g = static_cast<std::size_t>(k);
    for (const Measure& m : connectivity(without_patches(network, groups[g]), lean).measures)
      deltas.without[g].push_back(m.value);
  });
  return deltas;
}

RemovalDeltas link_removals(const HabitatNetwork& network, const ConnectivityParameters& parameters) {
  ConnectivityParameters lean = parameters;
  lean.per_patch = false;
  const ConnectivityResult whole = connectivity(network, lean);
  const std::size_t links = boost::num_edges(network.graph);
  const double area = parameters.landscape_area_ha, threshold = parameters.binary_threshold_m;
  const double alpha = parameters.dispersal.alpha();
  const auto n = static_cast<double>(boost::num_vertices(network.graph));

  // Pairs count twice where a source's targets are only the patches of a higher rank.
  const double per_pair = network.directed ? 1.0 : 2.0;
  std::vector<double> pc_lost(links, 0.0);
  if (network.intra.empty()) {
    const RoutingGraph by_cost = route(network, infinity, false);
    pc_lost = lost_by_link(
        by_cost, links, 1, [&](double d) { return std::exp(-alpha * d); },
        [&](Routes& routes, std::int32_t s, std::int32_t position, const auto& add) {
          add(0, per_pair * by_cost.attribute[static_cast<std::size_t>(s)] *
                     routes.lost_beyond(position, [&](double detour) { return -std::expm1(-alpha * detour); }));
        })[0];
  } else {
    parallel_for(static_cast<std::int64_t>(links), [&](std::int64_t l) {
      const double eca = equivalent_connected_area(without_link(network, static_cast<int>(l)), parameters.dispersal);
      pc_lost[static_cast<std::size_t>(l)] = whole.pc_numerator - eca * eca;
    });
  }
  RoutingGraph by_hops = route(network, threshold, true);
  by_hops.links_cost_1 = false;  // branches are searched as if each link had a cost, which is 1
  const auto by_hops_lost = lost_by_link(
      by_hops, links, 2, [](double) { return 1.0; },
      [&](Routes& routes, std::int32_t s, std::int32_t position, const auto& add) {
        double iic = 0.0, harary = 0.0;
        routes.without_link(position, [&](std::int32_t t, double detour) {
          const double d = routes.distance(t);
          iic += by_hops.attribute[static_cast<std::size_t>(t)] * (1.0 / (1.0 + d) - 1.0 / (1.0 + d + detour));
          harary += 1.0 / d - 1.0 / (d + detour);
        });
        add(0, per_pair * by_hops.attribute[static_cast<std::size_t>(s)] * iic);
        add(1, 0.5 * per_pair * harary);
      });
  const std::vector<Split> splits = splits_by_link(network, links, threshold);

  constexpr std::array names{"ECA", "PC",  "EC_IIC", "IIC", "NL",    "NC",   "MSC",
                             "ECS", "LCP", "CCP",    "H",   "alpha", "beta", "gamma"};
  RemovalDeltas deltas;
  for (const char* name : names)
    deltas.whole.push_back({spec_of(whole.measures, name), value_of(whole.measures, name)});
  const auto ratio = [](double a, double b) { return b > 0.0 ? a / b : 0.0; };
  const double habitat = value_of(whole.measures, "HA");
  const double squares = value_of(whole.measures, "ECS") * habitat, components = value_of(whole.measures, "NC");
  const auto joins = static_cast<double>(
      std::count_if(splits.begin(), splits.end(), [](const Split& split) { return split.is_link; }));
  for (std::size_t l = 0; l < links; ++l) {
    const Split& split = splits[l];
    const double pc = std::max(0.0, whole.pc_numerator - pc_lost[l]);
    const double iic = std::max(0.0, whole.iic_numerator - by_hops_lost[0][l]);
    const double other_side = split.component - split.one_side;
    const double nc = components + (split.is_bridge ? 1.0 : 0.0);
    const double split_squares = split.is_bridge ? squares - split.component * split.component +
                                                       split.one_side * split.one_side + other_side * other_side
                                                 : squares;
    const double m = joins - (split.is_link ? 1.0 : 0.0);
    deltas.without.push_back({std::sqrt(pc), ratio(pc, area * area), std::sqrt(iic), ratio(iic, area * area),
                              static_cast<double>(links) - 1.0, nc, ratio(habitat, nc), ratio(split_squares, habitat),
                              ratio(split_squares, area * area), ratio(split_squares, habitat * habitat),
                              value_of(whole.measures, "H") - by_hops_lost[1][l],
                              n > 2.0 ? std::max(0.0, (m - n + 1.0) / (2.0 * n - 5.0)) : 0.0, ratio(m, n),
                              n > 2.0 ? m / (3.0 * (n - 2.0)) : 0.0});
  }
  return deltas;
}

std::vector<ComponentIndices> component_indices(const HabitatNetwork& network,
                                                const ConnectivityParameters& parameters) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  HabitatNetwork binary{HabitatGraph(n), {}, network.directed};
  for (const auto& e : boost::make_iterator_range(boost::edges(graph)))
    if (serves(network, graph[e], parameters.binary_threshold_m))
      boost::add_edge(boost::source(e, graph), boost::target(e, graph), graph[e], binary.graph);
  int count = 0;
  const std::vector<int> component = network_components(binary, &count);
  ConnectivityParameters lean = parameters;
  lean.per_patch = false;
  std::vector<ComponentIndices> result(static_cast<std::size_t>(count));
  std::vector<std::vector<int>> others(static_cast<std::size_t>(count));
  for (std::size_t v = 0; v < n; ++v)
    result[static_cast<std::size_t>(component[v])].patches.push_back(static_cast<int>(v));
  parallel_for(count, [&](std::int64_t k) {
    const auto c = static_cast<std::size_t>(k);
    std::vector<int> gone;
    for (std::size_t v = 0; v < n; ++v)
      if (component[v] != static_cast<int>(k)) gone.push_back(static_cast<int>(v));
    result[c].measures = connectivity(without_patches(network, gone), lean).measures;
  });
  return result;
}

std::vector<LocalMetrics> local_metrics(const HabitatNetwork& network, double binary_threshold_m) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  std::vector<std::vector<std::size_t>> neighbours(n);
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    if (!serves(network, graph[e], binary_threshold_m)) continue;
    neighbours[boost::source(e, graph)].push_back(boost::target(e, graph));
    neighbours[boost::target(e, graph)].push_back(boost::source(e, graph));
  }
  for (auto& of : neighbours) {
    std::sort(of.begin(), of.end());
    of.erase(std::unique(of.begin(), of.end()), of.end());
  }
  const RoutingGraph by_cost = route(network, binary_threshold_m, false);
  std::vector<LocalMetrics> result(n);
  tbb::enumerable_thread_specific<Routes> routes([&] { return Routes(by_cost); });
  parallel_for(static_cast<std::int64_t>(n), [&](std::int64_t rank) {
    const auto v = static_cast<std::size_t>(by_cost.patch_of_rank[static_cast<std::size_t>(rank)]);
    const auto& near = neighbours[v];
    LocalMetrics& patch = result[v];
    patch.degree = static_cast<int>(near.size());
    std::size_t between = 0, degrees = 0;
    for (const std::size_t u : near) {
      degrees += neighbours[u].size();
      for (const std::size_t w : neighbours[u]) between += w > u && std::binary_search(near.begin(), near.end(), w);
    }
    const auto degree = static_cast<double>(near.size());
    if (near.size() > 1) patch.clustering = static_cast<double>(between) / (0.5 * degree * (degree - 1.0));
    if (!near.empty()) patch.correlation = degree * degree / static_cast<double>(degrees);
    Routes& from = routes.local();
    from.from(static_cast<std::int32_t>(rank));
    double sum = 0.0;
    int reached = 0;
    for (std::int32_t t = 0; t < by_cost.patches(); ++t) {
      const double d = from.distance(t);
      if (t == rank || d == infinity) continue;
      sum += d;
      ++reached;
      patch.eccentricity_m = std::max(patch.eccentricity_m, d);
    }
    if (reached > 0) patch.closeness_m = sum / reached;
  });
  return result;
}

}  // namespace greenweave
