#include "model/indices/protconn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support/random_networks.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

const Dispersal half_at_600{600.0, 0.5};

}  // namespace

TEST_CASE("ProtConn: two areas apart, in closed form") {
  const auto r = protected_connected({{30.0}, {40.0}}, {{0, 1, 600.0}}, half_at_600, 1000.0);
  CHECK(r.Prot == doctest::Approx(7.0));
  CHECK(r.ProtConn == doctest::Approx(std::sqrt(900 + 1600 + 2 * 1200 * 0.5) / 10.0));
  CHECK(r.ProtUnconn == doctest::Approx(r.Prot - r.ProtConn));
  CHECK(r.RelConn == doctest::Approx(100.0 * r.ProtConn / 7.0));
  CHECK(r.ProtConn_Within == doctest::Approx(5.0));
  CHECK(r.ProtConn_Prot == doctest::Approx(5.0));
  CHECK(r.ProtConn_Contig == doctest::Approx(0.0));
  CHECK(r.ProtConn_Trans == doctest::Approx(0.0));
  CHECK(r.ProtConn_Unprot == doctest::Approx(r.ProtConn - 5.0));
  // One land mass: nothing is forgiven.
  CHECK(r.ProtConn_Bound == doctest::Approx(r.ProtConn));
  CHECK(r.ProtUnconn_Design == doctest::Approx(r.ProtUnconn));
  CHECK(r.dPC[0] == doctest::Approx(100.0 * (3700.0 - 1600.0) / 3700.0));
}

TEST_CASE("ProtConn: areas that touch are one; beyond the border an area carries movement and counts for nothing") {
  // 0 and 1 touch; 2 lies 1200 m off, reached over 3 beyond the border in two steps of 300 m.
  const std::vector<ProtectedArea> areas{{10.0}, {20.0}, {40.0}, {0.0, 0, true}};
  const std::vector<ProtectedLink> links{{0, 1, 0.0}, {1, 2, 1200.0}, {1, 3, 300.0}, {2, 3, 300.0}};
  const auto r = protected_connected(areas, links, half_at_600, 1000.0);
  CHECK(r.group == std::vector<int>{0, 0, 1, 2});
  CHECK(r.ProtConn_Within == doctest::Approx(std::sqrt(100 + 400 + 1600) / 10.0));
  CHECK(r.ProtConn_Prot == doctest::Approx(5.0));
  CHECK(r.ProtConn_Contig == doctest::Approx(5.0 - std::sqrt(2100.0) / 10.0));
  const double with = std::sqrt(900 + 1600 + 2 * 1200 * 0.5) / 10.0;
  const double inside = std::sqrt(900 + 1600 + 2 * 1200 * 0.25) / 10.0;
  CHECK(r.ProtConn == doctest::Approx(with));
  CHECK(r.ProtConn_Trans == doctest::Approx(with - inside));
  CHECK(r.ProtConn_Unprot == doctest::Approx(inside - 5.0));
}

TEST_CASE("ProtConn: what the sea divides is no fault of the design") {
  // Two islands, two areas on each; nothing crosses the sea.
  const std::vector<ProtectedArea> areas{{10.0, 1}, {20.0, 1}, {30.0, 2}, {40.0, 2}};
  const auto r = protected_connected(areas, {{0, 1, 600.0}, {2, 3, 600.0}}, half_at_600, 1000.0);
  const double bound = std::sqrt(30.0 * 30.0 + 70.0 * 70.0) / 10.0;
  CHECK(r.ProtConn_Bound == doctest::Approx(r.ProtConn + 10.0 - bound));
  CHECK(r.ProtUnconn_Design == doctest::Approx(bound - r.ProtConn));
}

TEST_CASE("ProtConn: no area, one area") {
  const auto none = protected_connected({}, {}, half_at_600, 1000.0);
  CHECK(none.Prot == 0.0);
  CHECK(none.ProtConn == 0.0);
  CHECK(none.RelConn == 0.0);
  const auto one = protected_connected({{50.0}}, {}, half_at_600, 1000.0);
  CHECK(one.ProtConn == doctest::Approx(5.0));
  CHECK(one.RelConn == doctest::Approx(100.0));
}

TEST_CASE("ProtConn of random areas against all pairs over single areas, touching ones at distance 0") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const RandomGraph random = random_graph(seed, 40, false, false);
    const auto n = random.attributes.size();
    std::vector<ProtectedArea> areas;
    for (std::size_t i = 0; i < n; ++i) {
      const bool outside = random_uniform(seed, 20, i) < 0.2;
      areas.push_back(
          {outside ? 0.0 : random.attributes[i], static_cast<int>(3.0 * random_uniform(seed, 21, i)), outside});
    }
    std::vector<TestLink> test_links = random.links;
    std::vector<ProtectedLink> links;
    for (std::size_t l = 0; l < test_links.size(); ++l) {
      if (random_uniform(seed, 22, l) < 0.15) test_links[l].cost_m = 0.0;
      links.push_back({test_links[l].a, test_links[l].b, test_links[l].cost_m});
    }
    const auto eca = [&](auto keep, bool by_land) {
      std::vector<TestLink> kept;
      for (const TestLink& link : test_links)
        if (keep(link)) kept.push_back(link);
      if (by_land)
        for (int i = 0; i < static_cast<int>(n); ++i)
          for (int j = i + 1; j < static_cast<int>(n); ++j)
            if (areas[static_cast<std::size_t>(i)].land == areas[static_cast<std::size_t>(j)].land)
              kept.push_back({i, j, 0.0});
      const auto d = shortest_distances(n, kept);
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          sum += areas[i].area_ha * areas[j].area_ha * std::exp(-half_at_600.alpha() * d[i][j]);
      return std::sqrt(sum);
    };
    const auto inside = [&](const TestLink& l) {
      return !areas[static_cast<std::size_t>(l.a)].is_outside && !areas[static_cast<std::size_t>(l.b)].is_outside;
    };
    double total = 0.0;
    for (const ProtectedArea& area : areas) total += area.area_ha;
    const auto r = protected_connected(areas, links, half_at_600, 2000.0);
    const double all = eca([](const TestLink&) { return true; }, false) / 20.0;
    REQUIRE(r.ProtConn == doctest::Approx(all).epsilon(1e-11));
    REQUIRE(std::abs(r.ProtConn_Trans - (all - eca(inside, false) / 20.0)) < 1e-10);
    const double over_protected = eca([&](const TestLink& l) { return inside(l) && l.cost_m == 0.0; }, false) / 20.0;
    REQUIRE(r.ProtConn_Prot == doctest::Approx(over_protected).epsilon(1e-11));
    REQUIRE(std::abs(r.ProtConn_Prot + r.ProtConn_Trans + r.ProtConn_Unprot - r.ProtConn) < 1e-10);
    REQUIRE(std::abs(r.ProtConn_Within + r.ProtConn_Contig - r.ProtConn_Prot) < 1e-10);
    const double bound = eca([](const TestLink&) { return true; }, true) / 20.0;
    REQUIRE(r.ProtConn_Bound == doctest::Approx(all + total / 20.0 - bound).epsilon(1e-10));
    REQUIRE(r.ProtConn <= r.Prot * (1.0 + 1e-12));
    REQUIRE(r.ProtUnconn_Design > -1e-9);
  }
}
