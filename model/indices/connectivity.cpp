#include "model/indices/connectivity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/graph/connected_components.hpp>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/indices/routing.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

// Indices that the loss of a patch can raise (mean size) or lower (components) are neither better nor worse.
constexpr MeasureSpec kNP{"NP", "1", "Number of patches", 0};
constexpr MeasureSpec kHA{"HA", "ha", "Habitat: sum of the patches' attributes", 1};
constexpr MeasureSpec kNL{"NL", "1", "Number of links", 0};
constexpr MeasureSpec kNC{"NC", "1", "Number of components of the binary graph", 0};
constexpr MeasureSpec kMSC{"MSC", "ha", "Mean size of the components", 0};
constexpr MeasureSpec kECS{"ECS", "ha", "Expected size of the component of a point of habitat", 1};
constexpr MeasureSpec kLCP{"LCP", "1", "Landscape coincidence probability", 1};
constexpr MeasureSpec kCCP{"CCP", "1", "Class coincidence probability", 0};
constexpr MeasureSpec kMESH{"MESH", "ha", "Effective mesh size of the patches", 1};
constexpr MeasureSpec kPC{"PC", "1", "Probability of connectivity", 1};
constexpr MeasureSpec kECA{"ECA", "ha", "Equivalent connected area: EC(PC)", 1};
constexpr MeasureSpec kIIC{"IIC", "1", "Integral index of connectivity", 1};
constexpr MeasureSpec kECIIC{"EC_IIC", "ha", "Equivalent connected area of IIC", 1};
constexpr MeasureSpec kH{"H", "1", "Harary index of the binary graph", 1};
constexpr MeasureSpec kGD{"GD", "m", "Graph diameter: longest of the shortest paths", 0};
constexpr MeasureSpec kAlpha{"alpha", "1", "Loops of the binary graph over the most a planar one can have", 0};
constexpr MeasureSpec kBeta{"beta", "1", "Links of the binary graph per patch", 0};
constexpr MeasureSpec kGamma{"gamma", "1", "Links of the binary graph over the most a planar one can have", 0};

constexpr MeasureSpec kDirected{
    "directed", "1", "Costs differ by direction: pairs count once each way (1; otherwise there is no such index)", 0};

// Sources are dealt out to this many piles, each summed on its own and joined in order: the bits do not depend on
// threads.
constexpr std::int32_t piles = 64;

/// What one pass over all sources yields for one way of weighing a distance. Everything by rank.
struct Pass {
  double numerator = 0.0;
  double longest = 0.0;              // of the finite distances
  double sum_inverse = 0.0;          // over pairs i < j of 1 / distance, of both ways the mean
  double left_out = 0.0;             // bound on what any one connector lacks or has too much
  std::vector<double> reach;         // sum over j != i of a_j w(d_ij)
  std::vector<double> reached_from;  // sum over j != i of a_j w(d_ji); empty where that is the same
  std::vector<double> connector;     // 2 x sum over pairs of a_i a_j (w(d_ij) - w(d_ij without k))
  std::vector<double> betweenness;   // sum over pairs through k of a_i a_j w(d_ij)
};

/// Weight of a pair of patches by their effective distance: the probability of dispersal.
struct DispersalWeight {
  static constexpr bool loses_by_share = true;
  double alpha;

  double operator()(double distance) const { return std::exp(-alpha * distance); }
  /// What of a weight is lost when its distance grows by a detour, as a share: the same for every distance.
  double lost_share(double detour) const { return -std::expm1(-alpha * detour); }
  double loss(double w, double /*distance*/, double detour) const { return w * lost_share(detour); }
};

/// Weight of a pair by the number of links between them, as IIC has it.
struct LinkCountWeight {
  static constexpr bool loses_by_share = false;

  double operator()(double links) const { return 1.0 / (1.0 + links); }
  double loss(double w, double links, double detour) const {
    if (detour == 0.0) return 0.0;
    return w - 1.0 / (1.0 + links + detour);
  }
};

/// How many of the nearest vertices to lay out, and a bound on what the connectors from this source then lack (the
/// value of what lies beyond) or have too much (what lies within, whose new way would have led beyond).
struct Prefix {
  std::int32_t count = 0;
  double left_out = 0.0;
};

/// The least prefix whose bound is at most `budget`. Patches are vertices. A way to t that leads beyond a radius r is
/// at least r long, and where ways cost the same there and back, 2 r - d(t): its weight is at most w(r)^2 / w(t).
/// `inverse` is working memory.
Prefix nearest_that_matter(const Routes& routes, bool directed, const std::vector<double>& w,
                           const std::vector<double>& value, const std::vector<double>& attribute, double budget,
                           std::vector<double>& inverse) {
  const auto reached = static_cast<std::size_t>(routes.reached());
  inverse.resize(reached);
  double within = 0.0, sum = 0.0;
  for (std::size_t i = 1; i < reached; ++i) {
    const auto t = static_cast<std::size_t>(routes.patch_reached(static_cast<std::int32_t>(i)));
    within += attribute[t];
    inverse[i] = sum += attribute[t] / w[t];
  }
  inverse[0] = 0.0;
  double beyond = 0.0, greatest = 0.0;
  Prefix prefix{routes.reached(), 0.0};
  while (prefix.count > 1) {
    const auto last = static_cast<std::size_t>(prefix.count - 1);
    const auto t = static_cast<std::size_t>(routes.patch_reached(prefix.count - 1));
    beyond += value[t];
    within -= attribute[t];
    greatest = std::max(greatest, w[t]);
    double back_in = std::max(0.0, within) * greatest;
    if (!directed && greatest > 0.0) back_in = std::min(back_in, greatest * greatest * inverse[last - 1]);
    if (beyond + back_in > budget) break;
    prefix = {prefix.count - 1, beyond + back_in};
  }
  return prefix;
}

/// `tolerance`: share of the numerator that a connector may be wrong by.
template <class Weight>
Pass pass_over_sources(const RoutingGraph& graph, bool per_patch, const Weight& weight_of_pair,
                       double tolerance = 0.0) {
  const bool directed = graph.directed;
  // Undirected, each pair is met once, from its lower rank, and counts twice.
  const double per_pair = directed ? 1.0 : 2.0;
  const std::int32_t n = graph.patches();
  const auto size = static_cast<std::size_t>(n);
  struct Pile {
    double numerator = 0.0, longest = 0.0, sum_inverse = 0.0, left_out = 0.0;
    std::vector<double> connector, betweenness, reached_from;
  };
  std::vector<Pile> of_pile(piles);
  Pass pass;
  pass.reach.assign(size, 0.0);
  struct Work {
    Routes routes;
    std::vector<double> w, value;  // of a pair with the source, by rank: weight; attribute x weight
    std::vector<double> through;   // by rank: value of all that is reached through it
    std::vector<double> inverse;
  };
  tbb::enumerable_thread_specific<Work> works([&] {
    return Work{Routes(graph), std::vector<double>(size), std::vector<double>(size), std::vector<double>(size), {}};
  });
  const double* a = graph.attribute.data();
  parallel_for(std::min(piles, n), [&](std::int64_t p) {
    Work& work = works.local();
    Pile& pile = of_pile[static_cast<std::size_t>(p)];
    if (per_patch) {
      pile.connector.assign(size, 0.0);
      pile.betweenness.assign(size, 0.0);
      if (directed) pile.reached_from.assign(size, 0.0);
    }
    for (auto s = static_cast<std::int32_t>(p); s < n; s += piles) {
      work.routes.from(s);
      double reach = 0.0;
      for (std::int32_t t = 0; t < n; ++t) {
        const double d = work.routes.distance(t);
        double& w = work.w[static_cast<std::size_t>(t)];
        w = t != s && d < std::numeric_limits<double>::infinity() ? weight_of_pair(d) : 0.0;
        work.value[static_cast<std::size_t>(t)] = a[t] * w;
        reach += a[t] * w;
        if (directed && per_patch) pile.reached_from[static_cast<std::size_t>(t)] += a[s] * w;
        if ((directed ? t != s : t > s) && d < std::numeric_limits<double>::infinity()) {
          pile.longest = std::max(pile.longest, d);
          pile.sum_inverse += 1.0 / d;
        }
      }
      pass.reach[static_cast<std::size_t>(s)] = reach;
      pile.numerator += a[s] * (a[s] + reach);
      if (!per_patch) continue;
      // Sums to the tolerated share of the numerator over all sources.
      const double tolerance_here = tolerance * (a[s] + reach) / per_pair;
      if constexpr (Weight::loses_by_share)
        if (work.routes.can_lose_by_share()) {
          work.routes.sum_through_all(work.value, work.through);
          for (std::size_t k = 0; k < size; ++k)
            pile.betweenness[k] += k == static_cast<std::size_t>(s) ? 0.0 : a[s] * work.through[k];
          Prefix near{work.routes.reached(), 0.0};
          if (tolerance > 0.0)
            near = nearest_that_matter(work.routes, directed, work.w, work.value, graph.attribute, 0.5 * tolerance_here,
                                       work.inverse);
          pile.left_out += per_pair * a[s] * near.left_out;
          if (!work.routes.lay_out_tree(work.value, Routes::Targets::all, near.count)) continue;
          // What is not asked for, and what is left open of what is, may be this much; the bound takes it for all.
          const double open = 0.5 * tolerance_here;
          pile.left_out += per_pair * a[s] * open;
          work.routes.for_each_between(open, [&](std::int32_t k) {
            pile.connector[static_cast<std::size_t>(k)] +=
                per_pair * a[s] *
                work.routes.lost_through(
                    k, [&](double detour) { return weight_of_pair.lost_share(detour); }, open);
          });
          continue;
        }
      if (!work.routes.lay_out_tree(work.value, Routes::Targets::above)) continue;
      work.routes.for_each_inner([&](std::int32_t k) {
        double lost = 0.0;
        work.routes.without(k, [&](std::int32_t t, double detour) {
          lost += a[t] * weight_of_pair.loss(work.w[static_cast<std::size_t>(t)], work.routes.distance(t), detour);
        });
        pile.connector[static_cast<std::size_t>(k)] += per_pair * a[s] * lost;
        if constexpr (Weight::loses_by_share)
          pile.betweenness[static_cast<std::size_t>(k)] += a[s] * work.routes.sum_through(k);
      });
    }
  });
  if (per_patch) {
    pass.connector.assign(size, 0.0);
    pass.betweenness.assign(size, 0.0);
    if (directed) pass.reached_from.assign(size, 0.0);
  }
  for (const Pile& pile : of_pile) {
    pass.numerator += pile.numerator;
    pass.longest = std::max(pass.longest, pile.longest);
    pass.sum_inverse += pile.sum_inverse;
    pass.left_out += pile.left_out;
    for (std::size_t k = 0; k < pile.connector.size(); ++k) {
      pass.connector[k] += pile.connector[k];
      pass.betweenness[k] += pile.betweenness[k];
    }
    for (std::size_t k = 0; k < pile.reached_from.size(); ++k) pass.reached_from[k] += pile.reached_from[k];
  }
  if (directed) {
    pass.sum_inverse *= 0.5;
    for (double& between : pass.betweenness) between *= 0.5;
  }
  return pass;
}

/// The graph of links with a cost up to a threshold, on which the binary indices stand.
struct BinaryGraph {
  std::vector<int> component, degree;
  std::vector<double> component_size;  // sum of attributes
  std::int64_t links = 0;

  BinaryGraph(const HabitatNetwork& network, double threshold) {
    const HabitatGraph& graph = network.graph;
    const auto n = boost::num_vertices(graph);
    HabitatGraph binary(n);
    // In a directed network a link counts if it serves either way: components are the weak ones.
    degree.assign(n, 0);
    for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
      if (!(graph[e].cost_m <= threshold || (network.directed && graph[e].back_cost_m <= threshold))) continue;
      const auto u = boost::source(e, graph), v = boost::target(e, graph);
      boost::add_edge(u, v, graph[e], binary);
      ++degree[u];
      ++degree[v];
      ++links;
    }
    component.assign(n, 0);
    const int count = boost::connected_components(
        binary, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, binary)));
    component_size.assign(static_cast<std::size_t>(count), 0.0);
    for (std::size_t v = 0; v < n; ++v) component_size[static_cast<std::size_t>(component[v])] += graph[v].attribute;
  }
};

double ratio(double numerator, double denominator) { return denominator > 0.0 ? numerator / denominator : 0.0; }

}  // namespace

ConnectivityResult connectivity(const HabitatNetwork& network, const ConnectivityParameters& parameters) {
  const HabitatGraph& graph = network.graph;
  const auto n = boost::num_vertices(graph);
  const double alpha = parameters.dispersal.alpha();
  const double area = parameters.landscape_area_ha;
  const RoutingGraph by_cost = route(network, std::numeric_limits<double>::infinity(), false);
  const RoutingGraph by_hops = route(network, parameters.binary_threshold_m, true);
  const Pass pc =
      pass_over_sources(by_cost, parameters.per_patch, DispersalWeight{alpha}, parameters.connector_tolerance);
  const bool per_patch_iic = parameters.per_patch && parameters.per_patch_iic;
  const Pass iic = pass_over_sources(by_hops, per_patch_iic, LinkCountWeight{});
  const BinaryGraph binary(network, parameters.binary_threshold_m);

  double habitat = 0.0, squares = 0.0, component_squares = 0.0;
  for (std::size_t v = 0; v < n; ++v) {
    habitat += graph[v].attribute;
    squares += graph[v].attribute * graph[v].attribute;
  }
  for (const double size : binary.component_size) component_squares += size * size;
  const auto patches = static_cast<double>(n), links = static_cast<double>(binary.links);
  const auto components = static_cast<double>(binary.component_size.size());

  ConnectivityResult result;
  result.pc_numerator = pc.numerator;
  result.iic_numerator = iic.numerator;
  result.measures = {
      {&kECA, std::sqrt(pc.numerator)},
      {&kPC, ratio(pc.numerator, area * area)},
      {&kECIIC, std::sqrt(iic.numerator)},
      {&kIIC, ratio(iic.numerator, area * area)},
      {&kHA, habitat},
      {&kNP, patches},
      {&kNL, static_cast<double>(boost::num_edges(graph))},
      {&kNC, components},
      {&kMSC, ratio(habitat, components)},
      {&kECS, ratio(component_squares, habitat)},
      {&kLCP, ratio(component_squares, area * area)},
      {&kCCP, ratio(component_squares, habitat * habitat)},
      {&kMESH, ratio(squares, area)},
      {&kH, iic.sum_inverse},
      {&kGD, pc.longest},
      {&kAlpha, patches > 2.0 ? std::max(0.0, (links - patches + 1.0) / (2.0 * patches - 5.0)) : 0.0},
      {&kBeta, ratio(links, patches)},
      {&kGamma, patches > 2.0 ? links / (3.0 * (patches - 2.0)) : 0.0},
  };
  if (network.directed) result.measures.push_back({&kDirected, 1.0});
  if (!parameters.per_patch) return result;
  result.patches.resize(n);
  result.connector_error_percent = pc.numerator > 0.0 ? 100.0 * pc.left_out / pc.numerator : 0.0;
  const auto share = [](double part, double whole) { return whole > 0.0 ? 100.0 * part / whole : 0.0; };
  const auto flux = [&](const Pass& pass, std::size_t r) {
    return network.directed ? by_cost.attribute[r] * (pass.reach[r] + pass.reached_from[r])
                            : 2.0 * by_cost.attribute[r] * pass.reach[r];
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t r = 0; r < n; ++r) {
    // Both layouts rank the patches in the same order, breadth first over all links.
    const auto patch = static_cast<std::size_t>(by_cost.patch_of_rank[r]);
    const double a = by_cost.attribute[r];
    PatchImportance& p = result.patches[patch];
    p.dPC_intra = share(a * a, pc.numerator);
    p.dPC_flux = share(flux(pc, r), pc.numerator);
    p.dPC_connector = share(pc.connector[r], pc.numerator);
    p.dPC = p.dPC_intra + p.dPC_flux + p.dPC_connector;
    p.F_in = network.directed ? pc.reached_from[r] : pc.reach[r];
    p.dIIC_intra = share(a * a, iic.numerator);
    p.dIIC_flux = per_patch_iic ? share(flux(iic, r), iic.numerator) : nan;
    p.dIIC_connector = per_patch_iic ? share(iic.connector[r], iic.numerator) : nan;
    p.dIIC = p.dIIC_intra + p.dIIC_flux + p.dIIC_connector;
    p.BC = pc.betweenness[r];
    p.F = pc.reach[r];
    p.IF = a * (a + pc.reach[r]);
    p.degree = binary.degree[patch];
    p.component = binary.component[patch];
  }
  return result;
}

double equivalent_connected_area(const HabitatNetwork& network, const Dispersal& dispersal) {
  const double alpha = dispersal.alpha();
  const RoutingGraph graph = route(network, std::numeric_limits<double>::infinity(), false);
  return std::sqrt(pass_over_sources(graph, false, DispersalWeight{alpha}).numerator);
}

}  // namespace greenweave
