#include "model/indices/robustness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "model/indices/connectivity.hpp"
#include "model/run/parallel.hpp"
#include "model/run/random.hpp"

namespace greenweave {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::size_t at(std::int32_t i) { return static_cast<std::size_t>(i); }

/// One attack: the curve of components, and the costly measures at the points.
struct Decay {
  ComponentCurve components;
  std::vector<double> efficiency, eca_ha;  // at the points
};

std::vector<std::int32_t> points_of(std::int32_t patches, int points) {
  std::vector<std::int32_t> removed{0};
  for (int k = 1; k <= points; ++k) {
    const auto here = static_cast<std::int32_t>(std::llround(static_cast<double>(patches) * k / points));
    if (here > removed.back()) removed.push_back(here);
  }
  return removed;
}

/// The network without some patches: they keep their place and lose attribute and links.
HabitatNetwork without(const HabitatNetwork& network, const Lost& lost) {
  const HabitatGraph& graph = network.graph;
  HabitatNetwork rest{HabitatGraph(boost::num_vertices(graph)), {}};
  for (std::size_t v = 0; v < lost.size(); ++v) rest.graph[v].attribute = lost[v] != 0 ? 0.0 : graph[v].attribute;
  std::set<int> lost_links;
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    const auto u = boost::source(e, graph), v = boost::target(e, graph);
    if (lost[u] != 0 || lost[v] != 0)
      lost_links.insert(graph[e].link);
    else
      boost::add_edge(u, v, graph[e], rest.graph);
  }
  for (const IntraPatchCost& across : network.intra)
    if (!lost_links.contains(across.link_a) && !lost_links.contains(across.link_b)) rest.intra.push_back(across);
  return rest;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of a sample; 0 for a single value.
double deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0.0;
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

template <class Get>
void average(const std::vector<Decay>& decays, const Get& get, double& mean, double& deviation) {
  std::vector<double> values;
  for (const Decay& decay : decays) values.push_back(get(decay));
  mean = mean_of(values);
  deviation = deviation_of(values);
}

double index_of(const ComponentCurve& curve) {
  const auto n = static_cast<double>(curve.largest.size() - 1);
  double sum = 0.0;
  for (std::size_t k = 1; k < curve.largest.size(); ++k) sum += curve.largest[k];
  return n > 0.0 ? sum / (n * n) : 0.0;
}

double half_of(const ComponentCurve& curve) {
  std::size_t k = 0;
  while (k + 1 < curve.largest.size() && 2 * curve.largest[k] >= curve.largest.front()) ++k;
  return curve.largest.size() > 1 ? static_cast<double>(k) / static_cast<double>(curve.largest.size() - 1) : 0.0;
}

}  // namespace

const char* name_of(Attack attack) {
  switch (attack) {
    case Attack::degree:
      return "degree";
    case Attack::degree_recalculated:
      return "degree_recalculated";
    case Attack::betweenness:
      return "betweenness";
    case Attack::betweenness_recalculated:
      return "betweenness_recalculated";
    case Attack::given:
      return "given";
    case Attack::random:
      return "random";
  }
  return "";
}

std::vector<std::int32_t> order_by_score(const std::vector<double>& score) {
  std::vector<std::int32_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return score[at(a)] > score[at(b)]; });
  return order;
}

std::vector<std::int32_t> order_by_degree(const LinkGraph& graph, bool recalculated) {
  const std::int32_t n = graph.patches();
  std::vector<double> degree(at(n));
  for (std::int32_t v = 0; v < n; ++v) degree[at(v)] = graph.degree(v);
  if (!recalculated) return order_by_score(degree);
  // Most links first, then the smaller number.
  std::set<std::pair<std::int32_t, std::int32_t>> queue;
  for (std::int32_t v = 0; v < n; ++v) queue.emplace(-graph.degree(v), v);
  std::vector<std::int32_t> left(at(n)), order;
  for (std::int32_t v = 0; v < n; ++v) left[at(v)] = graph.degree(v);
  while (!queue.empty()) {
    const std::int32_t v = queue.begin()->second;
    queue.erase(queue.begin());
    left[at(v)] = -1;
    order.push_back(v);
    for (const std::int32_t w : graph.of(v)) {
      if (left[at(w)] < 0) continue;
      queue.erase({-left[at(w)], w});
      queue.emplace(-(--left[at(w)]), w);
    }
  }
  return order;
}

std::vector<std::int32_t> order_by_betweenness(const LinkGraph& graph, std::int32_t recalculate_every,
                                               const RunContext& context) {
  // Sums of many shares: what differs by rounding alone is a tie.
  const auto tidy = [](std::vector<double> score) {
    for (double& s : score) s = static_cast<double>(static_cast<float>(s));
    return score;
  };
  if (recalculate_every <= 0) return order_by_score(tidy(betweenness(graph)));
  Lost lost(at(graph.patches()), 0);
  std::vector<std::int32_t> order;
  while (order.size() < lost.size()) {
    context.check();
    const std::vector<double> score = tidy(betweenness(graph, nullptr, lost));
    const std::vector<std::int32_t> ranked = order_by_score(score);
    // When nothing lies between others any more, nothing will: the rest goes by its number.
    const bool is_over = score[at(ranked.front())] == 0.0;
    std::int32_t taken = 0;
    for (const std::int32_t v : ranked) {
      if (lost[at(v)] != 0) continue;
      if (!is_over && taken == recalculate_every) break;
      lost[at(v)] = 1;
      order.push_back(v);
      ++taken;
    }
  }
  return order;
}

std::vector<std::int32_t> random_order(std::int32_t patches, std::uint64_t seed, int draw) {
  const std::uint64_t stream = stream_of("random attack") + static_cast<std::uint64_t>(draw);
  std::vector<std::int32_t> order(at(patches));
  std::iota(order.begin(), order.end(), 0);
  // Fisher and Yates.
  for (std::int32_t k = patches - 1; k > 0; --k) {
    const auto other =
        static_cast<std::int32_t>(random_uniform(seed, stream, static_cast<std::uint64_t>(k)) * (k + 1.0));
    std::swap(order[at(k)], order[at(other)]);
  }
  return order;
}

ComponentCurve component_curve(const LinkGraph& graph, const std::vector<double>& attribute,
                               const std::vector<std::int32_t>& order) {
  const std::int32_t n = graph.patches();
  ComponentCurve curve{std::vector<std::int32_t>(at(n) + 1, 0), std::vector<double>(at(n) + 1, 0.0),
                       std::vector<std::int32_t>(at(n) + 1, 0)};
  std::vector<std::int32_t> parent(at(n), -1), size(at(n), 1);
  std::vector<double> habitat = attribute;
  const auto root = [&](std::int32_t v) {
    while (parent[at(v)] != v) {
      parent[at(v)] = parent[at(parent[at(v)])];
      v = parent[at(v)];
    }
    return v;
  };
  // Patches come back in the reverse of their order; components only grow together.
  std::int32_t largest = 0, components = 0;
  double largest_ha = 0.0;
  for (std::int32_t k = n; k-- > 0;) {
    const std::int32_t v = order[at(k)];
    parent[at(v)] = v;
    ++components;
    std::int32_t here = v;
    for (const std::int32_t w : graph.of(v)) {
      if (parent[at(w)] < 0) continue;
      std::int32_t other = root(w);
      if (other == here) continue;
      if (size[at(other)] > size[at(here)]) std::swap(other, here);
      parent[at(other)] = here;
      size[at(here)] += size[at(other)];
      habitat[at(here)] += habitat[at(other)];
      --components;
    }
    largest = std::max(largest, size[at(here)]);
    largest_ha = std::max(largest_ha, habitat[at(here)]);
    curve.largest[at(k)] = largest;
    curve.largest_ha[at(k)] = largest_ha;
    curve.components[at(k)] = components;
  }
  return curve;
}

std::vector<RobustnessCurve> robustness(const HabitatNetwork& network, const RobustnessRule& rule,
                                        const RunContext& context) {
  const LinkGraph graph = link_graph(network, rule.most_cost_m);
  const std::int32_t n = graph.patches();
  std::vector<double> attribute(at(n));
  for (std::size_t v = 0; v < attribute.size(); ++v) attribute[v] = network.graph[v].attribute;
  const std::vector<std::int32_t> removed = points_of(n, rule.points);

  std::vector<RobustnessCurve> result;
  for (const Attack attack : rule.attacks) {
    std::vector<std::vector<std::int32_t>> orders;
    switch (attack) {
      case Attack::degree:
      case Attack::degree_recalculated:
        orders.push_back(order_by_degree(graph, attack == Attack::degree_recalculated));
        break;
      case Attack::betweenness:
      case Attack::betweenness_recalculated:
        orders.push_back(order_by_betweenness(
            graph, attack == Attack::betweenness ? 0 : std::max(1, rule.recalculate_every), context));
        break;
      case Attack::given:
        orders.push_back(order_by_score(rule.score));
        break;
      case Attack::random:
        for (int draw = 0; draw < rule.draws; ++draw) orders.push_back(random_order(n, rule.seed, draw));
        break;
    }
    std::vector<Decay> decays(orders.size());
    parallel_for(static_cast<std::int64_t>(orders.size()), [&](std::int64_t d) {
      const auto i = static_cast<std::size_t>(d);
      decays[i].components = component_curve(graph, attribute, orders[i]);
      decays[i].efficiency.assign(removed.size(), nan);
      decays[i].eca_ha.assign(removed.size(), nan);
    });
    const std::int64_t evaluations = static_cast<std::int64_t>(orders.size() * removed.size());
    if (rule.efficiency || rule.eca)
      parallel_for(evaluations, [&](std::int64_t e) {
        context.check();
        const std::size_t i = static_cast<std::size_t>(e) / removed.size(),
                          p = static_cast<std::size_t>(e) % removed.size();
        Lost lost(at(n), 0);
        for (std::int32_t k = 0; k < removed[p]; ++k) lost[at(orders[i][at(k)])] = 1;
        const double pairs = 0.5 * n * (n - 1.0);
        if (rule.efficiency) decays[i].efficiency[p] = pairs > 0.0 ? harary(graph, lost) / pairs : 0.0;
        if (rule.eca) decays[i].eca_ha[p] = equivalent_connected_area(without(network, lost), rule.dispersal);
      });

    RobustnessCurve curve;
    curve.attack = attack;
    average(
        decays, [](const Decay& d) { return index_of(d.components); }, curve.R, curve.R_sd);
    average(
        decays, [](const Decay& d) { return half_of(d.components); }, curve.half, curve.half_sd);
    for (std::size_t p = 0; p < removed.size(); ++p) {
      RemovalPoint point;
      point.removed = removed[p];
      const std::size_t k = at(removed[p]);
      const double all = std::max(1.0, static_cast<double>(n));
      average(
          decays, [&](const Decay& d) { return d.components.largest[k] / all; }, point.largest, point.largest_sd);
      average(
          decays, [&](const Decay& d) { return d.components.largest_ha[k]; }, point.largest_ha, point.largest_ha_sd);
      average(
          decays, [&](const Decay& d) { return static_cast<double>(d.components.components[k]); }, point.components,
          point.components_sd);
      average(
          decays, [&](const Decay& d) { return d.efficiency[p]; }, point.efficiency, point.efficiency_sd);
      average(
          decays, [&](const Decay& d) { return d.eca_ha[p]; }, point.eca_ha, point.eca_ha_sd);
      curve.points.push_back(point);
    }
    result.push_back(std::move(curve));
  }
  return result;
}

}  // namespace greenweave
