#include "model/indices/connectivity.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
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

ConnectivityParameters parameters_of(double distance_m, double probability, double area_ha = 100.0) {
  ConnectivityParameters parameters;
  parameters.dispersal = {distance_m, probability};
  parameters.landscape_area_ha = area_ha;
  parameters.binary_threshold_m = distance_m;
  return parameters;
}

double measure(const ConnectivityResult& result, const std::string& name) {
  for (const Measure& m : result.measures)
    if (name == m.spec->name) return m.value;
  FAIL("no such measure: " << name);
  return 0.0;
}

using Matrix = std::vector<std::vector<double>>;

/// All shortest distances by Floyd and Warshall, without the patches named in `gone`.
Matrix all_distances(std::size_t n, const std::vector<TestLink>& links, int gone) {
  Matrix d(n, std::vector<double>(n, infinity));
  for (std::size_t i = 0; i < n; ++i) d[i][i] = 0.0;
  for (const auto& [a, b, cost] : links) {
    if (a == gone || b == gone) continue;
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    d[i][j] = d[j][i] = std::min(d[i][j], cost);
  }
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
  return d;
}

/// The same where crossing a patch from link to link costs something: shortest walks over ends of links. The path
/// leaves the first patch and enters the last one at no cost.
Matrix all_distances_with_crossings(std::size_t n, const std::vector<TestLink>& links,
                                    const std::vector<IntraPatchCost>& intra, int gone) {
  std::vector<int> patch;  // of each end: link l has ends 2 l and 2 l + 1
  std::vector<TestLink> steps;
  for (std::size_t l = 0; l < links.size(); ++l) {
    patch.push_back(links[l].a);
    patch.push_back(links[l].b);
    if (links[l].a != gone && links[l].b != gone)
      steps.push_back({static_cast<int>(2 * l), static_cast<int>(2 * l + 1), links[l].cost_m});
  }
  const auto end_at = [&](int link, int p) {
    return links[static_cast<std::size_t>(link)].a == p ? 2 * link : 2 * link + 1;
  };
  for (const IntraPatchCost& c : intra)
    if (c.patch != gone) steps.push_back({end_at(c.link_a, c.patch), end_at(c.link_b, c.patch), c.cost_m});
  const Matrix ends = all_distances(patch.size(), steps, -1);
  Matrix d(n, std::vector<double>(n, infinity));
  for (std::size_t i = 0; i < n; ++i) d[i][i] = 0.0;
  for (std::size_t x = 0; x < patch.size(); ++x)
    for (std::size_t y = 0; y < patch.size(); ++y) {
      if (patch[x] == gone || patch[y] == gone) continue;
      double& shortest = d[static_cast<std::size_t>(patch[x])][static_cast<std::size_t>(patch[y])];
      shortest = std::min(shortest, ends[x][y]);
    }
  return d;
}

template <class Weight>
double numerator_of(const std::vector<double>& a, const Matrix& d, int gone, const Weight& weight) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j) {
      if (static_cast<int>(i) == gone || static_cast<int>(j) == gone || d[i][j] == infinity) continue;
      sum += a[i] * a[j] * weight(d[i][j]);
    }
  return sum;
}

struct RandomGraph {
  std::vector<double> attributes;
  std::vector<TestLink> links;
  std::vector<IntraPatchCost> intra;
};

/// Up to `most` patches; with few links the graph falls apart. `ties`: costs are small whole numbers.
RandomGraph random_graph(std::uint64_t seed, int most, bool ties, bool crossings) {
  const auto uniform = [&](std::uint64_t stream, std::uint64_t i) { return random_uniform(seed, stream, i); };
  RandomGraph graph;
  const int n = 1 + static_cast<int>(uniform(0, 0) * most);
  for (int i = 0; i < n; ++i) graph.attributes.push_back(0.5 + 20.0 * uniform(1, static_cast<std::uint64_t>(i)));
  const double density = 0.02 + 0.5 * uniform(2, 0) * uniform(2, 1);
  std::uint64_t draw = 0;
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b) {
      if (uniform(3, ++draw) > density) continue;
      const double cost = 100.0 + 900.0 * uniform(4, draw);
      graph.links.push_back({a, b, ties ? std::ceil(cost / 250.0) * 250.0 : cost});
    }
  if (crossings) {
    for (int p = 0; p < n; ++p)
      for (std::size_t i = 0; i < graph.links.size(); ++i)
        for (std::size_t j = i + 1; j < graph.links.size(); ++j) {
          const auto touches = [&](std::size_t l) { return graph.links[l].a == p || graph.links[l].b == p; };
          if (touches(i) && touches(j))
            graph.intra.push_back({p, static_cast<int>(i), static_cast<int>(j), 300.0 * uniform(5, ++draw)});
        }
  }
  return graph;
}

std::vector<std::vector<std::string>> read_table(const std::filesystem::path& path, char separator) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> row;
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, separator);) {
      std::erase(cell, '"');
      std::erase(cell, '\r');
      row.push_back(cell);
    }
    if (!row.empty()) rows.push_back(row);
  }
  return rows;
}

const std::filesystem::path cases = std::filesystem::path(GREENWEAVE_CASES_DIR) / "graph";

}  // namespace

TEST_CASE("two patches: the numerator is a2 + b2 + 2abp") {
  const auto result = connectivity(network_of({3.0, 4.0}, {{0, 1, 600.0}}), parameters_of(600.0, 0.5));
  CHECK(result.pc_numerator == doctest::Approx(9 + 16 + 2 * 3 * 4 * 0.5));
  CHECK(result.iic_numerator == doctest::Approx(9 + 16 + 2 * 3 * 4 * 0.5));
  CHECK(measure(result, "ECA") == doctest::Approx(std::sqrt(37.0)));
  CHECK(measure(result, "PC") == doctest::Approx(37.0 / 1e4));
  CHECK(result.patches[0].dPC == doctest::Approx(100.0 * (37.0 - 16.0) / 37.0));
  CHECK(result.patches[0].dPC_intra == doctest::Approx(100.0 * 9.0 / 37.0));
  CHECK(result.patches[0].dPC_flux == doctest::Approx(100.0 * 12.0 / 37.0));
  CHECK(result.patches[0].dPC_connector == 0.0);
  CHECK(result.patches[0].F == doctest::Approx(2.0));
  CHECK(result.patches[0].IF == doctest::Approx(9.0 + 6.0));
}

TEST_CASE("no patch, one patch, no links: numbers, not NaN") {
  for (const auto& attributes : {std::vector<double>{}, std::vector<double>{5.0}, std::vector<double>{5.0, 7.0, 9.0}}) {
    const auto result = connectivity(network_of(attributes, {}), parameters_of(600.0, 0.5));
    for (const Measure& m : result.measures) CHECK(std::isfinite(m.value));
    double squares = 0.0;
    for (const double a : attributes) squares += a * a;
    CHECK(result.pc_numerator == doctest::Approx(squares));
    CHECK(measure(result, "NC") == static_cast<double>(attributes.size()));
    CHECK(measure(result, "MESH") == doctest::Approx(squares / 100.0));
  }
}

TEST_CASE("a chain: the middle patch is all connector, and the closed forms hold") {
  // 1 ha patches in a row, one dispersal distance apart, so p = 0.5 a step.
  constexpr int n = 9;
  std::vector<TestLink> links;
  for (int i = 0; i + 1 < n; ++i) links.push_back({i, i + 1, 600.0});
  const auto result = connectivity(network_of(std::vector<double>(n, 1.0), links), parameters_of(600.0, 0.5));
  double pc = 0.0, iic = 0.0, harary = 0.0;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      pc += std::pow(0.5, std::abs(i - j));
      iic += 1.0 / (1.0 + std::abs(i - j));
      if (i < j) harary += 1.0 / (j - i);
    }
  CHECK(result.pc_numerator == doctest::Approx(pc));
  CHECK(result.iic_numerator == doctest::Approx(iic));
  CHECK(measure(result, "H") == doctest::Approx(harary));
  CHECK(measure(result, "GD") == doctest::Approx((n - 1) * 600.0));
  double through_middle = 0.0;
  for (int i = 0; i < n / 2; ++i)
    for (int j = n / 2 + 1; j < n; ++j) through_middle += std::pow(0.5, j - i);
  CHECK(result.patches[n / 2].BC == doctest::Approx(through_middle));
  CHECK(result.patches[n / 2].dPC_connector == doctest::Approx(100.0 * 2.0 * through_middle / pc));
  CHECK(result.patches[0].BC == 0.0);
}

TEST_CASE("a star and a ring") {
  std::vector<TestLink> star, ring;
  for (int i = 1; i <= 5; ++i) star.push_back({0, i, 600.0});
  for (int i = 0; i < 6; ++i) ring.push_back({std::min(i, (i + 1) % 6), std::max(i, (i + 1) % 6), 600.0});
  const std::vector<double> ones(6, 1.0);
  const auto of_star = connectivity(network_of(ones, star), parameters_of(600.0, 0.5));
  CHECK(of_star.pc_numerator == doctest::Approx(6 + 2 * 5 * 0.5 + 20 * 0.25));
  CHECK(of_star.patches[0].dPC_connector == doctest::Approx(100.0 * 20 * 0.25 / of_star.pc_numerator));
  CHECK(measure(of_star, "alpha") == 0.0);
  CHECK(measure(of_star, "beta") == doctest::Approx(5.0 / 6.0));
  CHECK(measure(of_star, "gamma") == doctest::Approx(5.0 / 12.0));
  const auto of_ring = connectivity(network_of(ones, ring), parameters_of(600.0, 0.5));
  CHECK(of_ring.pc_numerator == doctest::Approx(6 + 12 * 0.5 + 12 * 0.25 + 6 * 0.125));
  CHECK(measure(of_ring, "alpha") == doctest::Approx(1.0 / 7.0));
  // Without one of the ring's patches the other five form a chain.
  double chain = 0.0;
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) chain += std::pow(0.5, std::abs(i - j));
  for (const PatchImportance& p : of_ring.patches)
    CHECK(p.dPC == doctest::Approx(100.0 * (of_ring.pc_numerator - chain) / of_ring.pc_numerator));
}

TEST_CASE("every delta equals removing the patch and computing anew, on random graphs") {
  int with_connectors = 0;
  for (std::uint64_t seed = 0; seed < 240; ++seed) {
    const bool ties = seed % 3 == 1, crossings = seed % 4 == 3;
    const RandomGraph graph = random_graph(seed, crossings ? 24 : 60, ties, crossings);
    const std::size_t n = graph.attributes.size();
    const auto parameters = parameters_of(500.0, 0.4, 5000.0);
    const auto result = connectivity(network_of(graph.attributes, graph.links, graph.intra), parameters);
    const double alpha = parameters.dispersal.alpha();
    const auto p = [&](double d) { return std::exp(-alpha * d); };
    const auto inverse = [](double hops) { return 1.0 / (1.0 + hops); };
    std::vector<TestLink> binary;
    for (TestLink link : graph.links)
      if (link.cost_m <= parameters.binary_threshold_m) {
        link.cost_m = 1.0;
        binary.push_back(link);
      }
    const auto distances = [&](int gone) {
      return graph.intra.empty() ? all_distances(n, graph.links, gone)
                                 : all_distances_with_crossings(n, graph.links, graph.intra, gone);
    };
    const Matrix d = distances(-1);
    const double pc = numerator_of(graph.attributes, d, -1, p);
    const double iic = numerator_of(graph.attributes, all_distances(n, binary, -1), -1, inverse);
    REQUIRE(result.pc_numerator == doctest::Approx(pc).epsilon(1e-12));
    REQUIRE(result.iic_numerator == doctest::Approx(iic).epsilon(1e-12));
    for (std::size_t k = 0; k < n; ++k) {
      const PatchImportance& patch = result.patches[k];
      const int gone = static_cast<int>(k);
      const Matrix dk = distances(gone);
      const double dpc = 100.0 * (pc - numerator_of(graph.attributes, dk, gone, p)) / pc;
      const double diic =
          100.0 * (iic - numerator_of(graph.attributes, all_distances(n, binary, gone), gone, inverse)) / iic;
      double flux = 0.0, interaction = 0.0, lost = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        if (d[k][j] == infinity) continue;
        interaction += graph.attributes[j] * p(d[k][j]);
        if (j != k) flux += graph.attributes[j] * p(d[k][j]);
      }
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          if (i != k && j != k && i != j && d[i][j] < infinity)
            lost +=
                graph.attributes[i] * graph.attributes[j] * (p(d[i][j]) - (dk[i][j] < infinity ? p(dk[i][j]) : 0.0));
      const double a = graph.attributes[k];
      REQUIRE(patch.dPC == doctest::Approx(dpc).epsilon(1e-11));
      REQUIRE(patch.dPC_intra == doctest::Approx(100.0 * a * a / pc).epsilon(1e-12));
      REQUIRE(patch.dPC_flux == doctest::Approx(100.0 * 2.0 * a * flux / pc).epsilon(1e-12));
      REQUIRE(std::abs(patch.dPC_connector - 100.0 * lost / pc) < 1e-11);
      REQUIRE(patch.dIIC == doctest::Approx(diic).epsilon(1e-11));
      REQUIRE(patch.F == doctest::Approx(flux).epsilon(1e-12));
      REQUIRE(patch.IF == doctest::Approx(a * interaction).epsilon(1e-12));
      with_connectors += patch.dPC_connector > 0.0;
      if (!ties && !crossings) {
        // Without ties there is one shortest path a pair, and it runs through k where the distances add up.
        double through = 0.0;
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = i + 1; j < n; ++j)
            if (i != k && j != k && d[i][j] < infinity && std::abs(d[i][k] + d[k][j] - d[i][j]) < 1e-9)
              through += graph.attributes[i] * graph.attributes[j] * p(d[i][j]);
        REQUIRE(std::abs(patch.BC - through) <= 1e-11 * (1.0 + through));
      }
    }
  }
  CHECK(with_connectors > 1000);
}

TEST_CASE("in a tree every pair through a patch is lost with it, half-way ones too, however their costs round") {
  // Costs of tenths, which no binary number holds: 0.1 + 0.2 is not 0.3, so the ends of a way may not agree where its
  // middle is.
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::uint64_t draw = 0;
    const auto uniform = [&] { return random_uniform(17, seed, ++draw); };
    std::vector<double> attributes{1.0};
    std::vector<TestLink> links;
    for (int v = 1; v < 60; ++v) {
      attributes.push_back(1.0 + std::floor(5.0 * uniform()));
      links.push_back({static_cast<int>(uniform() * v), v, 0.1 * (1.0 + std::floor(3.0 * uniform()))});
    }
    const auto result = connectivity(network_of(attributes, links), parameters_of(1.0, 0.6));
    for (const PatchImportance& patch : result.patches)
      REQUIRE(patch.dPC_connector == doctest::Approx(100.0 * 2.0 * patch.BC / result.pc_numerator).epsilon(1e-12));
  }
}

TEST_CASE("more habitat, a new link or a cheaper one never lowers ECA") {
  for (std::uint64_t seed = 500; seed < 560; ++seed) {
    const RandomGraph graph = random_graph(seed, 40, false, false);
    const Dispersal dispersal{500.0, 0.4};
    const auto eca = [&](const RandomGraph& g) {
      return equivalent_connected_area(network_of(g.attributes, g.links), dispersal);
    };
    const double before = eca(graph);
    RandomGraph larger = graph;
    larger.attributes[0] += 3.0;
    CHECK(eca(larger) > before);
    if (graph.links.empty()) continue;
    RandomGraph cheaper = graph;
    cheaper.links[graph.links.size() / 2].cost_m *= 0.5;
    CHECK(eca(cheaper) >= before * (1.0 - 1e-14));
    RandomGraph linked = graph;
    linked.links.push_back({0, static_cast<int>(graph.attributes.size()) - 1, 50.0});
    if (graph.attributes.size() > 1) CHECK(eca(linked) >= before * (1.0 - 1e-14));
  }
}

TEST_CASE("the same bits with one thread and with two") {
  const RandomGraph graph = random_graph(77, 60, false, true);
  const HabitatNetwork network = network_of(graph.attributes, graph.links, graph.intra);
  const auto with_threads = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return connectivity(network, parameters_of(500.0, 0.4));
  };
  const auto one = with_threads(1), two = with_threads(2);
  for (std::size_t i = 0; i < one.measures.size(); ++i) CHECK(one.measures[i].value == two.measures[i].value);
  for (std::size_t k = 0; k < one.patches.size(); ++k) {
    CHECK(one.patches[k].dPC == two.patches[k].dPC);
    CHECK(one.patches[k].dIIC == two.patches[k].dIIC);
    CHECK(one.patches[k].BC == two.patches[k].BC);
  }
}

TEST_CASE("ten patches of a published case: PC and F as Graphab gives them") {
  if (!std::filesystem::exists(cases / "graph4lg10")) {
    MESSAGE("skipped: no folder " << (cases / "graph4lg10").string());
    return;
  }
  const auto patches = read_table(cases / "graph4lg10" / "patches.csv", ',');
  const auto links = read_table(cases / "graph4lg10" / "lkst1-links.csv", ',');
  std::vector<double> areas, fluxes;
  for (std::size_t i = 1; i < patches.size(); ++i) {
    areas.push_back(std::stod(patches[i][1]) / 1e4);
    fluxes.push_back(std::stod(patches[i][4]) / 1e4);
  }
  std::vector<TestLink> test_links;
  for (std::size_t i = 1; i < links.size(); ++i)
    test_links.push_back({std::stoi(links[i][0]) - 1, std::stoi(links[i][1]) - 1, std::stod(links[i][2])});
  const auto result = connectivity(network_of(areas, test_links), parameters_of(600.0, 0.5, 3.6e5));
  CHECK(measure(result, "PC") == doctest::Approx(2.480545943431007e-10).epsilon(1e-12));
  for (std::size_t i = 0; i < fluxes.size(); ++i)
    CHECK(result.patches[i].F == doctest::Approx(fluxes[i]).epsilon(1e-12));
}

TEST_CASE("404 patches: every delta as Conefor prints it") {
  if (!std::filesystem::exists(cases / "nodes404")) {
    MESSAGE("skipped: no folder " << (cases / "nodes404").string());
    return;
  }
  const auto nodes = read_table(cases / "nodes404" / "nodes.csv", ',');
  const auto expected = read_table(cases / "nodes404" / "conefor_node_importances.txt", '\t');
  std::vector<double> areas, x, y;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    areas.push_back(std::stod(nodes[i][1]));
    x.push_back(std::stod(nodes[i][2]));
    y.push_back(std::stod(nodes[i][3]));
  }
  std::vector<TestLink> links;
  for (std::size_t i = 0; i < areas.size(); ++i)
    for (std::size_t j = i + 1; j < areas.size(); ++j)
      links.push_back({static_cast<int>(i), static_cast<int>(j), std::hypot(x[i] - x[j], y[i] - y[j])});
  const auto result = connectivity(network_of(areas, links), parameters_of(10000.0, 0.5, 1e6));
  CHECK(result.pc_numerator == doctest::Approx(2.136028e11).epsilon(1e-6));
  CHECK(measure(result, "ECA") == doctest::Approx(4.621718e5).epsilon(1e-6));
  CHECK(result.iic_numerator == doctest::Approx(2.04199e11).epsilon(1e-5));
  std::map<std::string, std::size_t> column;
  for (std::size_t c = 0; c < expected[0].size(); ++c) column[expected[0][c]] = c;
  REQUIRE(expected.size() == areas.size() + 1);
  for (std::size_t i = 1; i < expected.size(); ++i) {
    const PatchImportance& patch = result.patches[static_cast<std::size_t>(std::stoi(expected[i][0]) - 1)];
    // Conefor prints six digits; a value far below the others carries the rounding of their difference.
    const auto as_printed = [&](const std::string& name, double value, double rounding = 2e-8) {
      const double printed = std::stod(expected[i][column.at(name)]);
      INFO(name << " of node " << expected[i][0]);
      CHECK(std::abs(value - printed) <= 2e-5 * std::abs(printed) + rounding);
    };
    as_printed("dPC", patch.dPC);
    as_printed("dPCintra", patch.dPC_intra);
    as_printed("dPCflux", patch.dPC_flux);
    as_printed("dPCconnector", patch.dPC_connector);
    as_printed("dIIC", patch.dIIC);
    as_printed("dIICintra", patch.dIIC_intra);
    // It prints 2.8e-7 as connector also of nodes that connect nothing, and the flux of two isolated nodes is off by
    // as much: what is left of a difference of large numbers.
    as_printed("dIICflux", patch.dIIC_flux, 3e-7);
    as_printed("dIICconnector", patch.dIIC_connector, 3e-7);
  }
}
