#include "model/indices/deltas.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/random.hpp"
#include "tests/support/graphs.hpp"

using namespace greenweave;
using greenweave::testing::network_of;
using greenweave::testing::TestLink;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct DirectedLink {
  int a, b;
  double there, back;
};

HabitatNetwork directed_network(const std::vector<double>& attributes, const std::vector<DirectedLink>& links) {
  HabitatNetwork network{HabitatGraph(attributes.size()), {}, true};
  for (std::size_t i = 0; i < attributes.size(); ++i) network.graph[i].attribute = attributes[i];
  for (std::size_t l = 0; l < links.size(); ++l)
    boost::add_edge(static_cast<std::size_t>(links[l].a), static_cast<std::size_t>(links[l].b),
                    NetworkEdge{static_cast<int>(l), links[l].there, links[l].back}, network.graph);
  return network;
}

ConnectivityParameters parameters_of(double distance_m, double probability, double area_ha = 100.0) {
  ConnectivityParameters parameters;
  parameters.dispersal = {distance_m, probability};
  parameters.landscape_area_ha = area_ha;
  parameters.binary_threshold_m = distance_m;
  return parameters;
}

double measure(const Measures& measures, const std::string& name) {
  for (const Measure& m : measures)
    if (name == m.spec->name) return m.value;
  FAIL("no such measure: " << name);
  return 0.0;
}

using Matrix = std::vector<std::vector<double>>;

/// Floyd and Warshall over arcs that need not lead back; `cost` maps a link's cost (infinite: none).
Matrix all_distances(std::size_t n, const std::vector<DirectedLink>& links, int gone_patch, int gone_link,
                     const std::function<double(double)>& cost) {
  Matrix d(n, std::vector<double>(n, infinity));
  for (std::size_t i = 0; i < n; ++i) d[i][i] = 0.0;
  for (std::size_t l = 0; l < links.size(); ++l) {
    const auto& [a, b, there, back] = links[l];
    if (a == gone_patch || b == gone_patch || static_cast<int>(l) == gone_link) continue;
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    d[i][j] = std::min(d[i][j], cost(there));
    d[j][i] = std::min(d[j][i], cost(back));
  }
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
  return d;
}

/// Sum over ordered pairs of a_i a_j w(d_ij).
double pairs_of(const std::vector<double>& a, const Matrix& d, int gone, const std::function<double(double)>& weight) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j)
      if (static_cast<int>(i) != gone && static_cast<int>(j) != gone && d[i][j] < infinity)
        sum += a[i] * a[j] * weight(d[i][j]);
  return sum;
}

struct Random {
  std::vector<double> attributes;
  std::vector<DirectedLink> links;
};

/// `one_way`: some links lead one way only. Pairs may have two links.
Random random_graph(std::uint64_t seed, int most, bool ties, bool one_way, bool symmetric) {
  std::uint64_t draw = 0;
  const auto uniform = [&] { return random_uniform(seed, 11, ++draw); };
  Random graph;
  const int n = 2 + static_cast<int>(uniform() * (most - 1));
  for (int i = 0; i < n; ++i) graph.attributes.push_back(0.5 + 20.0 * uniform());
  const double density = 0.03 + 0.5 * uniform() * uniform();
  const auto cost = [&] {
    const double c = 100.0 + 900.0 * uniform();
    return ties ? std::ceil(c / 250.0) * 250.0 : c;
  };
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b)
      for (int twice = 0; twice < 2; ++twice) {
        if (uniform() > (twice == 0 ? density : 0.05 * density)) continue;
        DirectedLink link{a, b, cost(), cost()};
        if (symmetric) link.back = link.there;
        if (one_way && uniform() < 0.3) (uniform() < 0.5 ? link.there : link.back) = infinity;
        graph.links.push_back(link);
      }
  return graph;
}

HabitatNetwork undirected(const Random& graph) {
  std::vector<TestLink> links;
  for (const DirectedLink& link : graph.links) links.push_back({link.a, link.b, link.there});
  return network_of(graph.attributes, links);
}

const std::filesystem::path cases = std::filesystem::path(GREENWEAVE_CASES_DIR) / "graph";

}  // namespace

TEST_CASE("two patches with different costs there and back") {
  // p = 0.5 from 0 to 1 and 0.25 back.
  const auto result = connectivity(directed_network({3.0, 4.0}, {{0, 1, 600.0, 1200.0}}), parameters_of(600.0, 0.5));
  CHECK(result.pc_numerator == doctest::Approx(9 + 16 + 12 * 0.5 + 12 * 0.25));
  // Of the binary links only the one there is short enough.
  CHECK(result.iic_numerator == doctest::Approx(9 + 16 + 12 * 0.5));
  CHECK(measure(result.measures, "H") == doctest::Approx(0.5));
  CHECK(measure(result.measures, "directed") == 1.0);
  CHECK(result.patches[0].F == doctest::Approx(4 * 0.5));
  CHECK(result.patches[0].F_in == doctest::Approx(4 * 0.25));
  CHECK(result.patches[0].IF == doctest::Approx(9 + 6));
  CHECK(result.patches[0].dPC_flux == doctest::Approx(100.0 * 9.0 / result.pc_numerator));
}

TEST_CASE("a one-way ring leads all around") {
  constexpr int n = 5;
  std::vector<DirectedLink> links;
  for (int i = 0; i < n; ++i) links.push_back({i, (i + 1) % n, 600.0, infinity});
  const auto result = connectivity(directed_network(std::vector<double>(n, 1.0), links), parameters_of(600.0, 0.5));
  const double around = 0.5 + 0.25 + 0.125 + 0.0625;
  CHECK(result.pc_numerator == doctest::Approx(n * (1.0 + around)));
  // Without one patch a chain is left.
  double chain = 0.0;
  for (int i = 0; i < n - 1; ++i)
    for (int j = i; j < n - 1; ++j) chain += std::pow(0.5, j - i);
  for (const PatchImportance& p : result.patches)
    CHECK(p.dPC == doctest::Approx(100.0 * (result.pc_numerator - chain) / result.pc_numerator));
  CHECK(measure(result.measures, "NC") == 1.0);
}

TEST_CASE("directed: every delta equals removing the patch and computing anew, on random graphs") {
  int with_connectors = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const bool ties = seed % 3 == 1;
    const Random graph = random_graph(seed, 40, ties, seed % 2 == 0, false);
    const std::size_t n = graph.attributes.size();
    const auto parameters = parameters_of(500.0, 0.4, 5000.0);
    const auto result = connectivity(directed_network(graph.attributes, graph.links), parameters);
    const double alpha = parameters.dispersal.alpha();
    const auto p = [&](double d) { return std::exp(-alpha * d); };
    const auto inverse = [](double d) { return 1.0 / (1.0 + d); };
    const auto same = [](double c) { return c; };
    const auto hop = [](double c) { return c <= 500.0 ? 1.0 : infinity; };
    const Matrix d = all_distances(n, graph.links, -1, -1, same), hops = all_distances(n, graph.links, -1, -1, hop);
    const double pc = pairs_of(graph.attributes, d, -1, p), iic = pairs_of(graph.attributes, hops, -1, inverse);
    REQUIRE(result.pc_numerator == doctest::Approx(pc).epsilon(1e-12));
    REQUIRE(result.iic_numerator == doctest::Approx(iic).epsilon(1e-12));
    double harary = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (i != j) harary += 0.5 / hops[i][j];
    REQUIRE(measure(result.measures, "H") == doctest::Approx(harary).epsilon(1e-12));
    for (std::size_t k = 0; k < n; ++k) {
      const int gone = static_cast<int>(k);
      const PatchImportance& patch = result.patches[k];
      const double dpc =
          100.0 * (pc - pairs_of(graph.attributes, all_distances(n, graph.links, gone, -1, same), gone, p)) / pc;
      const double diic =
          100.0 * (iic - pairs_of(graph.attributes, all_distances(n, graph.links, gone, -1, hop), gone, inverse)) / iic;
      double out = 0.0, in = 0.0, through = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        if (j == k) continue;
        out += graph.attributes[j] * p(d[k][j]);
        in += graph.attributes[j] * p(d[j][k]);
        for (std::size_t i = 0; i < n; ++i)
          if (i != k && i != j && d[i][j] < infinity && std::abs(d[i][k] + d[k][j] - d[i][j]) < 1e-9)
            through += 0.5 * graph.attributes[i] * graph.attributes[j] * p(d[i][j]);
      }
      const double a = graph.attributes[k];
      REQUIRE(patch.dPC == doctest::Approx(dpc).epsilon(1e-11));
      REQUIRE(patch.dIIC == doctest::Approx(diic).epsilon(1e-11));
      REQUIRE(patch.F == doctest::Approx(out).epsilon(1e-12));
      REQUIRE(patch.F_in == doctest::Approx(in).epsilon(1e-12));
      REQUIRE(patch.IF == doctest::Approx(a * (a + out)).epsilon(1e-12));
      REQUIRE(patch.dPC_flux == doctest::Approx(100.0 * a * (in + out) / pc).epsilon(1e-12));
      if (!ties) REQUIRE(std::abs(patch.BC - through) <= 1e-11 * (1.0 + through));
      with_connectors += patch.dPC_connector > 0.0;
    }
  }
  CHECK(with_connectors > 500);
}

TEST_CASE("equal costs there and back: the directed indices are the undirected ones") {
  for (std::uint64_t seed = 300; seed < 330; ++seed) {
    const Random graph = random_graph(seed, 40, false, false, true);
    const auto one = connectivity(undirected(graph), parameters_of(500.0, 0.4));
    const auto two = connectivity(directed_network(graph.attributes, graph.links), parameters_of(500.0, 0.4));
    for (const Measure& m : one.measures)
      CHECK(measure(two.measures, m.spec->name) == doctest::Approx(m.value).epsilon(1e-12));
    for (std::size_t k = 0; k < one.patches.size(); ++k) {
      CHECK(two.patches[k].dPC == doctest::Approx(one.patches[k].dPC).epsilon(1e-12));
      CHECK(two.patches[k].dIIC == doctest::Approx(one.patches[k].dIIC).epsilon(1e-12));
      CHECK(two.patches[k].BC == doctest::Approx(one.patches[k].BC).epsilon(1e-11));
    }
  }
}

TEST_CASE("without each link: all indices as computed anew, PC and IIC by brute force, on random graphs") {
  int bridges = 0, costly = 0;
  for (std::uint64_t seed = 0; seed < 90; ++seed) {
    const bool directed = seed % 3 == 2;
    const Random graph = random_graph(seed, 30, seed % 2 == 1, directed, !directed);
    const std::size_t n = graph.attributes.size();
    auto parameters = parameters_of(500.0, 0.4, 5000.0);
    const HabitatNetwork network = directed ? directed_network(graph.attributes, graph.links) : undirected(graph);
    const RemovalDeltas deltas = link_removals(network, parameters);
    REQUIRE(deltas.without.size() == graph.links.size());
    const double alpha = parameters.dispersal.alpha();
    parameters.per_patch = false;
    for (std::size_t l = 0; l < graph.links.size(); ++l) {
      const int gone = static_cast<int>(l);
      const Measures anew = connectivity(without_link(network, gone), parameters).measures;
      for (std::size_t m = 0; m < deltas.whole.size(); ++m) {
        INFO("seed " << seed << ", link " << l << ", " << std::string(deltas.whole[m].spec->name));
        REQUIRE(deltas.without[l][m] == doctest::Approx(measure(anew, deltas.whole[m].spec->name)).epsilon(1e-11));
      }
      const double pc = pairs_of(graph.attributes, all_distances(n, graph.links, -1, gone, [](double c) { return c; }),
                                 -1, [&](double d) { return std::exp(-alpha * d); });
      const double iic =
          pairs_of(graph.attributes,
                   all_distances(n, graph.links, -1, gone, [](double c) { return c <= 500.0 ? 1.0 : infinity; }), -1,
                   [](double d) { return 1.0 / (1.0 + d); });
      REQUIRE(deltas.without[l][1] == doctest::Approx(pc / 25e6).epsilon(1e-11));
      REQUIRE(deltas.without[l][3] == doctest::Approx(iic / 25e6).epsilon(1e-11));
      bridges += deltas.without[l][5] > deltas.whole[5].value;
      costly += deltas.delta_percent(l, 1) > 1e-6;
    }
  }
  CHECK(bridges > 50);
  CHECK(costly > 500);
}

TEST_CASE("without each link, where crossing patches counts") {
  const Random graph = random_graph(5, 12, false, false, true);
  HabitatNetwork network = undirected(graph);
  for (int p = 0; p < static_cast<int>(graph.attributes.size()); ++p)
    for (int i = 0; i < static_cast<int>(graph.links.size()); ++i)
      for (int j = i + 1; j < static_cast<int>(graph.links.size()); ++j) {
        const auto touches = [&](int l) {
          const DirectedLink& link = graph.links[static_cast<std::size_t>(l)];
          return link.a == p || link.b == p;
        };
        if (touches(i) && touches(j)) network.intra.push_back({p, i, j, 10.0 * (i + j)});
      }
  REQUIRE(!network.intra.empty());
  const auto parameters = parameters_of(500.0, 0.4, 5000.0);
  const RemovalDeltas deltas = link_removals(network, parameters);
  for (std::size_t l = 0; l < graph.links.size(); ++l)
    CHECK(deltas.without[l][1] ==
          doctest::Approx(measure(connectivity(without_link(network, static_cast<int>(l)), parameters).measures, "PC"))
              .epsilon(1e-11));
}

TEST_CASE("a chain without its middle link, and without a group of patches") {
  const auto network = network_of({1.0, 1.0, 1.0, 1.0}, {{0, 1, 600.0}, {1, 2, 600.0}, {2, 3, 600.0}});
  const RemovalDeltas deltas = link_removals(network, parameters_of(600.0, 0.5));
  // 4 + 2 (3 x 0.5 + 2 x 0.25 + 0.125) = 8.25 as a whole; two pairs of 2 + 2 x 0.5 without the middle link.
  CHECK(deltas.delta_percent(1, 1) == doctest::Approx(100.0 * (8.25 - 6.0) / 8.25));
  const auto without = [&](const char* name) {
    for (std::size_t m = 0; m < deltas.whole.size(); ++m)
      if (std::string(name) == deltas.whole[m].spec->name) return deltas.without[1][m];
    return -1.0;
  };
  CHECK(without("NC") == 2.0);
  CHECK(without("MSC") == 2.0);
  CHECK(without("CCP") == doctest::Approx(0.5));
  CHECK(without("H") == doctest::Approx(2.0));
  CHECK(without("beta") == doctest::Approx(0.5));
  const RemovalDeltas groups = patch_removals(network, parameters_of(600.0, 0.5), {{1}, {0, 3}, {}});
  const auto at = [&](std::size_t g, const char* name) {
    for (std::size_t m = 0; m < groups.whole.size(); ++m)
      if (std::string(name) == groups.whole[m].spec->name) return groups.without[g][m];
    return -1.0;
  };
  CHECK(at(0, "NC") == 2.0);
  CHECK(at(0, "PC") * 1e4 == doctest::Approx(1.0 + 3.0));
  CHECK(at(1, "PC") * 1e4 == doctest::Approx(3.0));
  CHECK(at(1, "HA") == 2.0);
  CHECK(at(2, "PC") == measure(groups.whole, "PC"));
}

TEST_CASE("without each patch: the indices that the per-patch table has agree") {
  for (std::uint64_t seed = 40; seed < 60; ++seed) {
    const Random graph = random_graph(seed, 25, false, false, true);
    const auto network = undirected(graph);
    std::vector<std::vector<int>> groups;
    for (int k = 0; k < static_cast<int>(graph.attributes.size()); ++k) groups.push_back({k});
    const RemovalDeltas deltas = patch_removals(network, parameters_of(500.0, 0.4), groups);
    const auto result = connectivity(network, parameters_of(500.0, 0.4));
    for (std::size_t k = 0; k < groups.size(); ++k)
      for (std::size_t m = 0; m < deltas.whole.size(); ++m) {
        const std::string name = deltas.whole[m].spec->name;
        if (name == "PC") CHECK(deltas.delta_percent(k, m) == doctest::Approx(result.patches[k].dPC).epsilon(1e-9));
        if (name == "IIC") CHECK(deltas.delta_percent(k, m) == doctest::Approx(result.patches[k].dIIC).epsilon(1e-9));
      }
  }
}

TEST_CASE("connectors within a tolerance: no further from the exact ones than stated, and the rest the same") {
  // A long strip, so that much lies beyond what matters.
  std::vector<double> attributes;
  std::vector<TestLink> links;
  std::uint64_t draw = 0;
  const auto uniform = [&] { return random_uniform(8, 1, ++draw); };
  for (int i = 0; i < 400; ++i) {
    attributes.push_back(0.5 + 10.0 * uniform());
    for (const int step : {1, 4, 5})
      if (i >= step && (step != 1 || i % 4 != 0)) links.push_back({i - step, i, 200.0 + 1000.0 * uniform()});
  }
  const auto network = network_of(attributes, links);
  auto parameters = parameters_of(800.0, 0.5);
  parameters.connector_tolerance = 0.0;
  const auto exact = connectivity(network, parameters);
  CHECK(exact.connector_error_percent == 0.0);
  for (const double tolerance : {1e-14, 1e-8, 1e-6, 1e-4, 1e-2}) {
    parameters.connector_tolerance = tolerance;
    const auto found = connectivity(network, parameters);
    CHECK(found.connector_error_percent <= 100.0 * tolerance * (1.0 + 1e-9));
    if (tolerance >= 1e-8) CHECK(found.connector_error_percent > 0.0);
    double worst = 0.0;
    for (std::size_t k = 0; k < attributes.size(); ++k) {
      worst = std::max(worst, std::abs(found.patches[k].dPC_connector - exact.patches[k].dPC_connector));
      REQUIRE(found.patches[k].F == exact.patches[k].F);
      REQUIRE(found.patches[k].dPC_flux == exact.patches[k].dPC_flux);
      REQUIRE(found.patches[k].BC == doctest::Approx(exact.patches[k].BC).epsilon(1e-12));
    }
    CHECK(worst <= found.connector_error_percent + 1e-11);
    if (tolerance >= 1e-6) CHECK(worst > 0.0);
    CHECK(found.pc_numerator == exact.pc_numerator);
  }
}

TEST_CASE("components and places in the binary graph, drawn") {
  // A triangle with a tail, a pair, and one alone; the link from the tail to the pair is too long to count.
  const auto network =
      network_of({1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0},
                 {{0, 1, 100.0}, {1, 2, 200.0}, {0, 2, 250.0}, {2, 3, 300.0}, {4, 5, 500.0}, {3, 4, 900.0}});
  const auto parts = component_indices(network, parameters_of(600.0, 0.5));
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].patches == std::vector<int>{0, 1, 2, 3});
  CHECK(parts[1].patches == std::vector<int>{4, 5});
  CHECK(measure(parts[0].measures, "HA") == 10.0);
  CHECK(measure(parts[0].measures, "NL") == 4.0);
  CHECK(measure(parts[0].measures, "GD") == 550.0);
  CHECK(measure(parts[1].measures, "PC") * 1e4 == doctest::Approx(25 + 36 + 60 * std::pow(0.5, 500.0 / 600.0)));
  CHECK(measure(parts[2].measures, "ECA") == doctest::Approx(7.0));
  const auto places = local_metrics(network, 600.0);
  CHECK(places[2].degree == 3);
  CHECK(places[2].clustering == doctest::Approx(1.0 / 3.0));
  CHECK(places[0].clustering == 1.0);
  CHECK(places[3].clustering == 0.0);
  CHECK(places[2].correlation == doctest::Approx(9.0 / 5.0));
  CHECK(places[3].correlation == doctest::Approx(1.0 / 3.0));
  CHECK(places[0].closeness_m == doctest::Approx((100.0 + 250.0 + 550.0) / 3.0));
  CHECK(places[0].eccentricity_m == 550.0);
  CHECK(places[6].degree == 0);
  CHECK(places[6].closeness_m == 0.0);
  CHECK(places[6].correlation == 0.0);
}

TEST_CASE("deltas: the same bits with one thread and with two") {
  const Random graph = random_graph(77, 60, false, false, false);
  const auto network = directed_network(graph.attributes, graph.links);
  const auto with_threads = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return link_removals(network, parameters_of(500.0, 0.4));
  };
  CHECK(with_threads(1).without == with_threads(2).without);
}

TEST_CASE("404 patches: deltas of the binary indices as Conefor prints them") {
  if (!std::filesystem::exists(cases / "nodes404")) {
    MESSAGE("skipped: no folder " << (cases / "nodes404").string());
    return;
  }
  const auto read = [](const std::filesystem::path& path, char separator) {
    std::ifstream file(path);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) {
      rows.emplace_back();
      std::stringstream cells(line);
      for (std::string cell; std::getline(cells, cell, separator);) rows.back().push_back(cell);
    }
    return rows;
  };
  const auto nodes = read(cases / "nodes404" / "nodes.csv", ',');
  const auto expected = read(cases / "nodes404" / "conefor_node_importances.txt", '\t');
  std::vector<double> areas, x, y;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    areas.push_back(std::stod(nodes[i][1]));
    x.push_back(std::stod(nodes[i][2]));
    y.push_back(std::stod(nodes[i][3]));
  }
  std::vector<TestLink> links;
  for (std::size_t i = 0; i < areas.size(); ++i)
    for (std::size_t j = i + 1; j < areas.size(); ++j)
      if (const double d = std::hypot(x[i] - x[j], y[i] - y[j]); d <= 10000.0)
        links.push_back({static_cast<int>(i), static_cast<int>(j), d});
  // Every tenth patch: the indices are computed anew for each.
  std::vector<std::vector<int>> groups;
  for (int k = 0; k < static_cast<int>(areas.size()); k += 10) groups.push_back({k});
  const RemovalDeltas deltas = patch_removals(network_of(areas, links), parameters_of(10000.0, 0.5, 1e6), groups);
  std::map<std::string, std::size_t> column;
  for (std::size_t c = 0; c < expected[0].size(); ++c) column[expected[0][c]] = c;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& row = expected[static_cast<std::size_t>(groups[g][0]) + 1];
    for (std::size_t m = 0; m < deltas.whole.size(); ++m) {
      const std::string name = deltas.whole[m].spec->name;
      const std::string theirs = name == "HA" ? "dA" : "d" + name;
      if (name != "HA" && name != "NL" && name != "NC" && name != "H" && name != "CCP" && name != "LCP") continue;
      const double printed = std::stod(row[column.at(theirs)]);
      INFO(theirs << " without node " << row[0]);
      // Conefor works in single precision here: its differences of H are multiples of 2^-11, the spacing of single
      // numbers near H = 4302. A sum of 81,406 pairs, each rounded by up to half of that, errs by 0.04 (one standard
      // deviation), 0.001 % of H; three of them for a difference of two such sums are 0.004 %. The others are
      // differences of shares.
      const double rounding = name == "H" ? 4e-3 : name == "CCP" || name == "LCP" ? 5e-5 : 3e-7;
      CHECK(std::abs(deltas.delta_percent(g, m) - printed) <= 2e-5 * std::abs(printed) + rounding);
    }
  }
}
