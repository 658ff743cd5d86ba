#include "model/visitors/standards.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

TrailLink link_of(int from, int to, double length_m, GreenwayKind kind, double width_m) {
  TrailLink link;
  link.from = from;
  link.to = to;
  link.length_m = length_m;
  link.kind = kind;
  link.width_m = width_m;
  return link;
}

TrailNode node_of(TrailNodeKind kind) { return {{0, 0}, kind, ""}; }

}  // namespace

TEST_CASE("standards: the table's figures have a source, ids are their own, and the reference's numbers stand in it") {
  const std::vector<StandardFigure> figures = default_standards();
  std::set<std::string> ids;
  for (const StandardFigure& figure : figures) {
    CAPTURE(figure.id);
    CHECK(ids.insert(figure.id).second);
    CHECK_FALSE(figure.standard.empty());
    CHECK(figure.least <= figure.most);
  }
  const auto get = [&](const std::string& id) { return *figure_named(figures, id); };
  CHECK(get("trail_width.walking.urban").least == 2.0);
  CHECK(get("trail_width.walking.ecological").least == 1.2);
  CHECK(get("trail_width.combined.suburban").least == 3.0);
  CHECK(get("trail_width.cycling_two_way.urban").least == 3.5);
  CHECK(get("control_zone.suburban").least == 100.0);
  CHECK(get("stations.class_2.suburban").most == 10000.0);
  CHECK(get("space.trail").most == 10.0);
  CHECK(get("space.trail").clause == "3.3.1");
  CHECK_FALSE(get("stations.class_1.urban").is_checked);
  CHECK(figure_named(figures, "trail_width.combined.urban") == nullptr);
}

TEST_CASE("standards: widths, slopes and stations of a drawn line, segment by segment") {
  // station -- 600 m urban -- junction -- 1,500 m urban, narrow -- end; an island without stations.
  TrailNetwork network;
  network.nodes = {node_of(TrailNodeKind::station), node_of(TrailNodeKind::junction), node_of(TrailNodeKind::end),
                   node_of(TrailNodeKind::end), node_of(TrailNodeKind::end)};
  network.links = {link_of(0, 1, 600.0, GreenwayKind::urban, 2.0), link_of(1, 2, 1500.0, GreenwayKind::urban, 1.5),
                   link_of(3, 4, 50.0, GreenwayKind::urban, 2.5), link_of(1, 1, 100.0, GreenwayKind::ecological, 1.2)};
  network.links[0].steepest_percent = 13.0;
  network.links[1].steepest_percent = 30.0;
  network.links[1].surface = TrailSurface::steps;
  const std::vector<StandardFigure> figures = default_standards();
  const std::vector<TrailViolation> found = trail_violations(network, figures, {});
  REQUIRE(found.size() == 4);
  const auto id = [&](std::size_t k) { return figures[found[k].figure].id; };
  CHECK(id(0) == "slope.walking");
  CHECK(found[0].link == 0);
  CHECK(found[0].is == 13.0);
  CHECK(id(1) == "trail_width.walking.urban");
  CHECK(found[1].link == 1);
  CHECK(found[1].is == 1.5);
  CHECK(found[1].to_m == 1500.0);
  // Stations of class 3 every 2 km at most: from 400 m on it is more than 1 km to the only one.
  CHECK(id(2) == "stations.class_3.urban");
  CHECK(found[2].from_m == Approx(400.0));
  CHECK(found[2].to_m == Approx(1500.0));
  CHECK(found[2].is == Approx(2.0 * 2100.0));
  CHECK(found[3].link == 2);
  CHECK(found[3].from_m == 0.0);
  CHECK(found[3].to_m == Approx(50.0));
  CHECK(std::isinf(found[3].is));

  TrailDemands demands{TrailUse::cycling_two_way, 0};
  // All four are too narrow for bicycles both ways; one is too steep.
  CHECK(trail_violations(network, figures, demands).size() == 5);
  CHECK(trail_violations(network, {}, {}).empty());

  // Of trails whose type nobody stated only the slope is judged.
  for (TrailLink& link : network.links) link.is_typed = false;
  const std::vector<TrailViolation> untyped = trail_violations(network, figures, {});
  REQUIRE(untyped.size() == 1);
  CHECK(figures[untyped[0].figure].id == "slope.walking");
}

TEST_CASE("standards: stretches too far from stations, by walking random networks metre by metre") {
  Dice dice(606);
  const std::vector<StandardFigure> figures{
      {station_id(3, GreenwayKind::urban), StandardQuantity::station_spacing_m, "", 0.0, 600.0, "s", "", "", false}};
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    TrailNetwork network;
    const int nodes = 2 + dice.below(8);
    for (int n = 0; n < nodes; ++n)
      network.nodes.push_back(node_of(dice.chance(0.25) ? TrailNodeKind::station : TrailNodeKind::junction));
    for (int k = dice.below(12); k > 0; --k)
      network.links.push_back(
          link_of(dice.below(nodes), dice.below(nodes), 50.0 + 700.0 * dice.uniform(), GreenwayKind::urban, 9.0));
    // The nearest station by relaxing all links again and again.
    std::vector<double> way(network.nodes.size(), 1e18);
    for (std::size_t n = 0; n < way.size(); ++n)
      if (network.nodes[n].kind == TrailNodeKind::station) way[n] = 0.0;
    for (int again = 0; again < nodes; ++again)
      for (const TrailLink& link : network.links) {
        double &a = way[static_cast<std::size_t>(link.from)], &b = way[static_cast<std::size_t>(link.to)];
        a = std::min(a, b + link.length_m);
        b = std::min(b, a + link.length_m);
      }
    const std::vector<TrailViolation> found = trail_violations(network, figures, {TrailUse::walking, 3});
    for (std::size_t k = 0; k < network.links.size(); ++k) {
      const TrailLink& link = network.links[k];
      const auto own = std::find_if(found.begin(), found.end(),
                                    [&](const TrailViolation& v) { return v.link == static_cast<int>(k); });
      for (double s = 0.25; s < link.length_m; s += 1.0) {
        const double far = std::min(way[static_cast<std::size_t>(link.from)] + s,
                                    way[static_cast<std::size_t>(link.to)] + link.length_m - s);
        if (std::abs(far - 300.0) < 1e-6) continue;
        const bool is_told = own != found.end() && s >= own->from_m && s <= own->to_m;
        REQUIRE(is_told == (far > 300.0));
      }
    }
  }
}
