#include "model/indices/conefor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/indices/connectivity.hpp"
#include "model/indices/link_graph.hpp"
#include "model/indices/routing.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

double measure(const ConnectivityResult& result, const char* name) {
  for (const Measure& m : result.measures)
    if (std::string_view(m.spec->name) == name) return m.value;
  return 0.0;
}

double ratio(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

/// What two parts leave of 100 per cent; what rounding leaves is nothing.
double rest_of(double whole, double one, double other) {
  const double rest = 100.0 - one - other;
  return whole > 0.0 && rest > 1e-11 ? rest : 0.0;
}

}  // namespace

ConeforIndices conefor_indices(const HabitatNetwork& network, const ConeforRule& rule) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  ConeforIndices result;
  ConeforOverall& all = result.overall;
  std::vector<double> a(n);
  for (std::size_t v = 0; v < n; ++v) {
    a[v] = graph[v].attribute;
    all.attribute += a[v];
  }
  ConnectivityParameters parameters;
  parameters.dispersal = rule.dispersal;
  parameters.binary_threshold_m = rule.most_cost;
  parameters.landscape_area_ha = rule.land_area;
  parameters.per_patch = rule.per_node;
  const ConnectivityResult connected = connectivity(network, parameters);

  const double alpha = rule.dispersal.alpha(), area = rule.land_area * rule.land_area;
  double intra = 0.0, direct_iic = 0.0, direct_pc = 0.0;
  std::vector<double> flux(n, 0.0), weighted_flux(n, 0.0);
  for (std::size_t v = 0; v < n; ++v) intra += a[v] * a[v];
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    const std::size_t u = boost::source(e, graph), v = boost::target(e, graph);
    const double p = std::exp(-alpha * graph[e].cost_m), weight = a[u] * a[v] * p;
    flux[u] += p, flux[v] += p;
    weighted_flux[u] += weight, weighted_flux[v] += weight;
    direct_pc += 2.0 * weight;
    if (graph[e].cost_m <= rule.most_cost) {
      all.NL += 1.0;
      direct_iic += a[u] * a[v];  // twice, each by half
    }
  }
  for (const double f : flux) all.F += f;
  all.AWF = direct_pc;
  all.NC = measure(connected, "NC");
  all.H = measure(connected, "H");
  all.CCP = measure(connected, "CCP");
  const double squares = all.CCP * all.attribute * all.attribute;
  all.LCP = ratio(squares, area);
  all.IICnum = connected.iic_numerator;
  all.PCnum = connected.pc_numerator;
  all.EC_IIC = std::sqrt(all.IICnum);
  all.EC_PC = std::sqrt(all.PCnum);
  all.IIC = ratio(all.IICnum, area);
  all.PC = ratio(all.PCnum, area);
  all.IICintra = 100.0 * ratio(intra, all.IICnum);
  all.IICdirect = 100.0 * ratio(direct_iic, all.IICnum);
  all.IICstep = rest_of(all.IICnum, all.IICintra, all.IICdirect);
  all.PCintra = 100.0 * ratio(intra, all.PCnum);
  all.PCdirect = 100.0 * ratio(direct_pc, all.PCnum);
  all.PCstep = rest_of(all.PCnum, all.PCintra, all.PCdirect);
  if (!rule.per_node) return result;

  const LinkGraph binary = link_graph(network, rule.most_cost);
  const std::vector<PatchLoss> losses = patch_losses(binary, a, rule.harary_per_node);
  std::vector<double> between(n, 0.0), between_iic(n, 0.0);
  if (rule.betweenness_per_node) {
    between = betweenness(binary);
    between_iic = betweenness(binary, &a);
  }
  const double pairs = 0.5 * (static_cast<double>(n) - 1.0) * (static_cast<double>(n) - 2.0);
  result.nodes.resize(n);
  for (std::size_t v = 0; v < n; ++v) {
    ConeforNode& node = result.nodes[v];
    const PatchImportance& importance = connected.patches[v];
    node.attribute = a[v];
    node.varNL = losses[v].links;
    node.varNC = losses[v].components;
    node.varH = losses[v].harary;
    node.varLCPnum = losses[v].component_squares;
    const double left = all.attribute - a[v];
    node.varCCP = all.CCP - ratio(squares - losses[v].component_squares, left * left);
    node.BC = pairs > 0.0 ? between[v] / pairs : 0.0;
    node.IICintra = importance.dIIC_intra * all.IICnum / 100.0;
    node.IICflux = importance.dIIC_flux * all.IICnum / 100.0;
    node.IICconnector = importance.dIIC_connector * all.IICnum / 100.0;
    node.varF = 2.0 * flux[v];
    node.varAWF = 2.0 * weighted_flux[v];
    node.PCintra = importance.dPC_intra * all.PCnum / 100.0;
    node.PCflux = importance.dPC_flux * all.PCnum / 100.0;
    node.PCconnector = importance.dPC_connector * all.PCnum / 100.0;
    node.BC_IIC = 2.0 * between_iic[v];
    node.BC_PC = 2.0 * importance.BC;
  }
  return result;
}

HabitatNetwork part_of(const HabitatNetwork& network, const std::vector<int>& nodes) {
  const HabitatGraph& graph = network.graph;
  std::vector<int> place(boost::num_vertices(graph), -1);
  HabitatNetwork part{HabitatGraph(nodes.size()), {}};
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const auto v = static_cast<std::size_t>(nodes[k]);
    place[v] = static_cast<int>(k);
    part.graph[k] = graph[v];
  }
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    const int u = place[boost::source(e, graph)], v = place[boost::target(e, graph)];
    if (u >= 0 && v >= 0)
      boost::add_edge(static_cast<std::size_t>(u), static_cast<std::size_t>(v), graph[e], part.graph);
  }
  return part;
}

std::vector<ConeforPair> largest_products(const HabitatNetwork& network, const Dispersal& dispersal) {
  const RoutingGraph routing = route(network, std::numeric_limits<double>::infinity(), false);
  const std::int32_t n = routing.patches();
  const double alpha = dispersal.alpha();
  std::vector<std::vector<ConeforPair>> of(static_cast<std::size_t>(n));
  tbb::enumerable_thread_specific<Routes> routes([&] { return Routes(routing); });
  parallel_for(n, [&](std::int64_t s) {
    Routes& from = routes.local();
    from.from(static_cast<std::int32_t>(s));
    const int a = routing.patch_of_rank[static_cast<std::size_t>(s)];
    for (std::int32_t t = 0; t < n; ++t) {
      const int b = routing.patch_of_rank[static_cast<std::size_t>(t)];
      if (b > a && std::isfinite(from.distance(t)))
        of[static_cast<std::size_t>(a)].push_back({a, b, std::exp(-alpha * from.distance(t))});
    }
    std::sort(of[static_cast<std::size_t>(a)].begin(), of[static_cast<std::size_t>(a)].end(),
              [](const ConeforPair& x, const ConeforPair& y) { return x.b < y.b; });
  });
  std::vector<ConeforPair> pairs;
  for (const auto& some : of) pairs.insert(pairs.end(), some.begin(), some.end());
  return pairs;
}

}  // namespace greenweave
