#include "model/indices/conefor.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/random_networks.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

ConeforRule rule_of(double distance, double probability, double most_cost, double area = 0.0) {
  ConeforRule rule;
  rule.dispersal = {distance, probability};
  rule.most_cost = most_cost;
  rule.land_area = area;
  return rule;
}

}  // namespace

TEST_CASE("conefor: three nodes by hand") {
  // p = 0.5 and 0.25; the second link is too long to count as one.
  const auto r = conefor_indices(network_of({1, 2, 3}, {{0, 1, 600}, {1, 2, 1200}}), rule_of(600, 0.5, 1000, 10));
  const ConeforOverall& all = r.overall;
  CHECK(all.NL == 1);
  CHECK(all.NC == 2);
  CHECK(all.H == 1);
  CHECK(all.CCP == doctest::Approx((9.0 + 9.0) / 36.0));
  CHECK(all.LCP == doctest::Approx(18.0 / 100.0));
  CHECK(all.IICnum == doctest::Approx(14 + 2));
  CHECK(all.IIC == doctest::Approx(0.16));
  CHECK(all.IICintra == doctest::Approx(100.0 * 14 / 16));
  CHECK(all.IICdirect == doctest::Approx(100.0 * 2 / 16));
  CHECK(all.IICstep == 0.0);
  CHECK(all.F == doctest::Approx(2 * 0.75));
  CHECK(all.AWF == doctest::Approx(2 * (2 * 0.5 + 6 * 0.25)));
  const double pc = 14 + 2 * (2 * 0.5 + 6 * 0.25 + 3 * 0.125);
  CHECK(all.PCnum == doctest::Approx(pc));
  CHECK(all.EC_PC == doctest::Approx(std::sqrt(pc)));
  CHECK(all.PCdirect == doctest::Approx(100.0 * 5 / pc));
  CHECK(all.PCstep == doctest::Approx(100.0 * 0.75 / pc));
  CHECK(r.nodes[1].varNL == 1);
  CHECK(r.nodes[1].varNC == 0);
  CHECK(r.nodes[2].varNC == 1);
  CHECK(r.nodes[1].PCconnector == doctest::Approx(0.75));
  CHECK(r.nodes[1].BC_PC == doctest::Approx(0.75));
  CHECK(r.nodes[1].BC == 0.0);
  CHECK(r.nodes[0].varF == doctest::Approx(1.0));
  CHECK(r.nodes[0].varCCP == doctest::Approx(0.5 - (4.0 + 9.0) / 25.0));
}

TEST_CASE("conefor: every node's share equals taking it out and computing anew, links of p = 1 included") {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    RandomGraph graph = random_graph(seed, 30, seed % 2 == 0, false);
    if (seed % 4 >= 2)
      for (std::size_t l = 0; l < graph.links.size(); l += 5) graph.links[l].cost_m = 0.0;
    const HabitatNetwork network = network_of(graph.attributes, graph.links);
    const ConeforRule rule = rule_of(500, 0.4, 600, 3000);
    const ConeforIndices whole = conefor_indices(network, rule);
    const auto d = shortest_distances(graph.attributes.size(), graph.links);
    double pc = 0.0;
    for (std::size_t i = 0; i < d.size(); ++i)
      for (std::size_t j = 0; j < d.size(); ++j)
        pc += graph.attributes[i] * graph.attributes[j] * std::exp(-rule.dispersal.alpha() * d[i][j]);
    REQUIRE(whole.overall.PCnum == doctest::Approx(pc).epsilon(1e-12));
    const auto near = [](double x, double y, double scale) { return std::abs(x - y) <= 1e-11 * (1.0 + scale); };
    for (int k = 0; k < static_cast<int>(graph.attributes.size()); ++k) {
      std::vector<int> others;
      for (int v = 0; v < static_cast<int>(graph.attributes.size()); ++v)
        if (v != k) others.push_back(v);
      const ConeforOverall rest = conefor_indices(part_of(network, others), rule).overall, &all = whole.overall;
      const ConeforNode& node = whole.nodes[static_cast<std::size_t>(k)];
      REQUIRE(node.varNL == all.NL - rest.NL);
      REQUIRE(node.varNC == all.NC - rest.NC);
      REQUIRE(near(node.varH, all.H - rest.H, all.H));
      REQUIRE(near(node.varCCP, all.CCP - rest.CCP, 1.0));
      REQUIRE(near(node.varLCPnum / 9e6, all.LCP - rest.LCP, 1.0));
      REQUIRE(near(node.varF, all.F - rest.F, all.F));
      REQUIRE(near(node.varAWF, all.AWF - rest.AWF, all.AWF));
      REQUIRE(near(node.IICintra + node.IICflux + node.IICconnector, all.IICnum - rest.IICnum, all.IICnum));
      REQUIRE(near(node.PCintra + node.PCflux + node.PCconnector, all.PCnum - rest.PCnum, all.PCnum));
    }
  }
}

TEST_CASE("conefor: largest products are those of the shortest paths") {
  const RandomGraph graph = random_graph(11, 40, false, false);
  const HabitatNetwork network = network_of(graph.attributes, graph.links);
  const Dispersal dispersal{500.0, 0.4};
  const auto d = shortest_distances(graph.attributes.size(), graph.links);
  std::size_t joined = 0;
  for (std::size_t i = 0; i < d.size(); ++i)
    for (std::size_t j = i + 1; j < d.size(); ++j) joined += std::isfinite(d[i][j]);
  const auto pairs = largest_products(network, dispersal);
  CHECK(pairs.size() == joined);
  for (const ConeforPair& pair : pairs) {
    CHECK(pair.a < pair.b);
    CHECK(pair.probability ==
          doctest::Approx(
              std::exp(-dispersal.alpha() * d[static_cast<std::size_t>(pair.a)][static_cast<std::size_t>(pair.b)])));
  }
}

TEST_CASE("404 nodes: every column of Conefor's node importances") {
  const auto folder = std::filesystem::path(GREENWEAVE_CASES_DIR) / "graph" / "nodes404";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: no folder " << folder.string());
    return;
  }
  const auto read = [](const std::filesystem::path& path, char separator) {
    std::ifstream file(path);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) {
      std::vector<std::string> row;
      std::stringstream cells(line);
      for (std::string cell; std::getline(cells, cell, separator);) row.push_back(cell);
      rows.push_back(row);
    }
    return rows;
  };
  const auto nodes = read(folder / "nodes.csv", ','), expected = read(folder / "conefor_node_importances.txt", '\t');
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
  const auto result = conefor_indices(network_of(areas, links), rule_of(10000, 0.5, 10000));
  const ConeforOverall& all = result.overall;
  std::map<std::string, std::size_t> column;
  for (std::size_t c = 0; c < expected[0].size(); ++c) column[expected[0][c]] = c;
  REQUIRE(expected.size() == areas.size() + 1);
  for (std::size_t i = 1; i < expected.size(); ++i) {
    const ConeforNode& node = result.nodes[static_cast<std::size_t>(std::stoi(expected[i][0]) - 1)];
    const auto check = [&](const char* name, double value, double relative, double absolute) {
      const double printed = std::stod(expected[i][column.at(name)]);
      INFO(name << " of node " << expected[i][0]);
      CHECK(std::abs(value - printed) <= relative * std::abs(printed) + absolute);
    };
    check("varA", node.attribute, 1e-5, 0.0);
    check("varNL", node.varNL, 0.0, 0.0);
    check("dNL", 100.0 * node.varNL / all.NL, 1e-5, 0.0);
    check("varNC", node.varNC, 0.0, 0.0);
    check("BC", node.BC, 1e-5, 0.0);
    check("varBC_IIC", node.BC_IIC, 1e-5, 0.0);
    check("dBC_IIC", 100.0 * node.BC_IIC / all.IICnum, 1e-5, 0.0);
    check("dIIC", 100.0 * (node.IICintra + node.IICflux + node.IICconnector) / all.IICnum, 1e-5, 0.0);
    check("dPC", 100.0 * (node.PCintra + node.PCflux + node.PCconnector) / all.PCnum, 1e-5, 0.0);
    // Conefor sums these in single precision: a difference of large sums has lost as much.
    check("varH", node.varH, 1.3e-3, 0.0);
    check("varF", node.varF, 1.5e-3, 0.0);
    check("varAWF", node.varAWF, 1.5e-3, 6e-6 * all.AWF);
    check("varCCP", node.varCCP, 1e-5, 1.6e-7);
    check("dLCP", 100.0 * node.varLCPnum / (all.CCP * all.attribute * all.attribute), 1e-5, 5e-5);
  }
}
