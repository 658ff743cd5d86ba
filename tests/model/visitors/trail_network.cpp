#include "model/visitors/trail_network.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "model/run/error.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using greenweave::testing::trail;

namespace {

using What = TrailRepair::What;

double total_m(const TrailNetwork& network) {
  double sum = 0.0;
  for (const TrailLink& link : network.links) sum += link.length_m;
  return sum;
}

std::vector<TrailRepair> of_kind(const BuiltTrails& built, What what) {
  std::vector<TrailRepair> found;
  for (const TrailRepair& repair : built.repairs)
    if (repair.what == what) found.push_back(repair);
  return found;
}

int nodes_of(const TrailNetwork& network, TrailNodeKind kind) {
  return static_cast<int>(
      std::count_if(network.nodes.begin(), network.nodes.end(), [&](const TrailNode& n) { return n.kind == kind; }));
}

int parts_of(const TrailNetwork& network) {
  const std::vector<int> part = connected_parts(network);
  return part.empty() ? 0 : *std::max_element(part.begin(), part.end()) + 1;
}

}  // namespace

TEST_CASE("trails that cross meet at a junction; their ends stay loose and are named") {
  const std::vector<Trail> trails{trail("east", {{0, 0}, {100, 0}}), trail("north", {{50, -50}, {50, 50}})};
  const BuiltTrails built = build_trail_network(trails, {});
  CHECK(built.network.nodes.size() == 5);
  CHECK(built.network.links.size() == 4);
  CHECK(nodes_of(built.network, TrailNodeKind::junction) == 1);
  CHECK(total_m(built.network) == doctest::Approx(200.0));
  CHECK(of_kind(built, What::loose_end).size() == 4);
  CHECK(built.repairs.size() == 4);
}

TEST_CASE("an end that misses another end is joined to it within the tolerance, and not beyond") {
  for (const double gap : {4.0, 30.0}) {
    const std::vector<Trail> trails{trail("a", {{0, 0}, {100, 0}}), trail("b", {{100 + gap, 0}, {200, 0}})};
    const BuiltTrails built = build_trail_network(trails, {}, {10.0, 100.0});
    const std::vector<TrailRepair> missed = of_kind(built, What::near_miss);
    if (gap < 10.0) {
      REQUIRE(missed.size() == 1);
      CHECK(missed[0].metres == doctest::Approx(gap));
      CHECK(missed[0].trail == "b");
      CHECK(missed[0].other == "a");
      // Alike on both sides: one link, no node between.
      CHECK(built.network.links.size() == 1);
      CHECK(total_m(built.network) == doctest::Approx(200.0));
    } else {
      CHECK(missed.empty());
      CHECK(parts_of(built.network) == 2);
    }
  }
}

TEST_CASE("an end that stops short of a trail, or runs a little over it, meets it once") {
  for (const double end : {-6.0, 0.0, 6.0}) {
    CAPTURE(end);
    const std::vector<Trail> trails{trail("main", {{0, 0}, {200, 0}}), trail("side", {{100, 80}, {100, end}})};
    const BuiltTrails built = build_trail_network(trails, {}, {10.0, 100.0});
    CHECK(nodes_of(built.network, TrailNodeKind::junction) == 1);
    CHECK(built.network.links.size() == 3);
    CHECK(of_kind(built, What::near_miss).size() == (end == 0.0 ? 0U : 1U));
    CHECK(parts_of(built.network) == 1);
  }
}

TEST_CASE("a stretch drawn twice becomes one, of the wider trail") {
  // The second runs 3 m beside the middle half of the first.
  const std::vector<Trail> trails{trail("narrow", {{0, 0}, {400, 0}}, 1.5),
                                  trail("wide", {{100, 100}, {100, 3}, {200, 3}, {300, 3}, {300, 100}}, 3.0)};
  const BuiltTrails built = build_trail_network(trails, {}, {10.0, 100.0});
  const std::vector<TrailRepair> twice = of_kind(built, What::overlap);
  REQUIRE(twice.size() == 1);
  CHECK(twice[0].metres == doctest::Approx(200.0).epsilon(0.01));
  double wide = 0.0;
  for (const TrailLink& link : built.network.links)
    if (link.width_m == 3.0) wide += link.length_m;
  CHECK(wide == doctest::Approx(200.0 + 2 * 97.0).epsilon(0.01));
  CHECK(total_m(built.network) == doctest::Approx(400.0 + 2 * 97.0).epsilon(0.01));
  CHECK(parts_of(built.network) == 1);
}

TEST_CASE("a ring that all but closes is closed, and a lone ring has one node") {
  const BuiltTrails built =
      build_trail_network(std::vector<Trail>{trail("ring", {{0, 0}, {100, 0}, {100, 100}, {0, 100}, {0, 5}})}, {});
  REQUIRE(built.network.links.size() == 1);
  CHECK(built.network.links[0].from == built.network.links[0].to);
  CHECK(built.network.nodes.size() == 1);
  CHECK(built.network.links[0].length_m == doctest::Approx(400.0));
}

TEST_CASE("a trail's properties change at a node") {
  std::vector<Trail> trails{trail("a", {{0, 0}, {100, 0}}), trail("b", {{100, 0}, {200, 0}})};
  CHECK(build_trail_network(trails, {}).network.links.size() == 1);
  trails[1].surface = TrailSurface::boardwalk;
  const BuiltTrails built = build_trail_network(trails, {});
  CHECK(built.network.links.size() == 2);
  CHECK(built.network.links[1].surface == TrailSurface::boardwalk);
}

TEST_CASE("stops are the first nodes; two at one place are joined by a spur") {
  const std::vector<Trail> trails{trail("way", {{0, 0}, {1000, 0}})};
  const std::vector<TrailStop> stops{{"gate", {-20, 0}, TrailNodeKind::entrance},
                                     {"kiosk", {400, 30}, TrailNodeKind::station},
                                     {"pond", {400, 30}, TrailNodeKind::attraction}};
  const BuiltTrails built = build_trail_network(trails, stops);
  const std::vector<TrailNode>& nodes = built.network.nodes;
  REQUIRE(nodes.size() == 4);
  CHECK(nodes[0].name == "gate");
  CHECK(nodes[0].at == Point{0, 0});
  CHECK(nodes[1].at.x == doctest::Approx(400.0));
  CHECK(nodes[1].at.y == doctest::Approx(0.0));
  CHECK(nodes[2].kind == TrailNodeKind::attraction);
  CHECK(nodes[2].at == Point{400, 30});
  CHECK(total_m(built.network) == doctest::Approx(1030.0));
  CHECK(of_kind(built, What::stop_moved).size() == 3);
  require_connected(built.network);
}

TEST_CASE("bad networks say what is wrong") {
  const auto reason = [](const auto& run) {
    try {
      run();
    } catch (const InputError& error) {
      return error.place() + ": " + error.reason();
    }
    return std::string();
  };
  const std::vector<Trail> two{trail("a", {{0, 0}, {100, 0}}), trail("b", {{0, 500}, {100, 500}})};
  CHECK(reason([&] {
          build_trail_network(two, std::vector<TrailStop>{{"tower", {50, 250}, TrailNodeKind::attraction}});
        }) == "attraction \"tower\": it lies 250 m from the nearest trail, \"a\", and 200 m are the most");
  CHECK(reason([&] {
          build_trail_network(std::vector<Trail>{trail("thin", {{0, 0}, {1, 0}}, 0.0)}, {});
        }) == "trail \"thin\": a width of 0 m");
  CHECK(reason([&] {
          require_connected(
              build_trail_network(two, std::vector<TrailStop>{{"south", {0, 0}},
                                                              {"north", {0, 500}},
                                                              {"pond", {100, 500}, TrailNodeKind::attraction}})
                  .network);
        }) == "entrance \"south\": it is disconnected: no trail leads from it to an attraction");
  CHECK_THROWS_AS(build_trail_network({}, {}), InputError);
}

TEST_CASE("a grid drawn with errors is the grid drawn right") {
  // 6 x 6 nodes 100 m apart, each side a trail of its own with ends up to 4 m off, in any order and direction.
  std::mt19937 random(7);
  std::uniform_real_distribution<double> off(-2.8, 2.8);
  for (int round = 0; round < 5; ++round) {
    std::vector<Trail> trails;
    const auto near = [&](int c, int r) { return Point{100.0 * c + off(random), 100.0 * r + off(random)}; };
    for (int r = 0; r < 6; ++r)
      for (int c = 0; c < 6; ++c) {
        if (c < 5) trails.push_back(trail("e", {near(c, r), near(c + 1, r)}));
        if (r < 5) trails.push_back(trail("n", {near(c, r + 1), near(c, r)}));
      }
    std::shuffle(trails.begin(), trails.end(), random);
    const BuiltTrails built = build_trail_network(trails, {}, {10.0, 100.0});
    CHECK(nodes_of(built.network, TrailNodeKind::end) == 0);
    CHECK(built.network.nodes.size() == 32);  // the corners are bends
    CHECK(built.network.links.size() == 60 - 4);
    CHECK(total_m(built.network) == doctest::Approx(6000.0).epsilon(0.02));
    CHECK(parts_of(built.network) == 1);
  }
}

TEST_CASE("slopes along links, up and down alike") {
  const Frame frame{{20, 20}, 10.0, 0.0, 200.0, ""};
  Raster<float> heights(frame.shape);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)  // a ridge at x = 100: 10 % up, 10 % down
    heights[cell] = static_cast<float>(10.0 - std::abs(frame.centre(cell).x - 100.0) / 10.0);
  TrailNetwork network =
      build_trail_network(
          std::vector<Trail>{trail("over", {{25, 100}, {175, 100}}), trail("level", {{25, 20}, {25, 60}})}, {})
          .network;
  measure_slopes(network, frame, heights);
  for (const TrailLink& link : network.links) {
    const bool over = link.line.front().y == link.line.back().y;
    CHECK(link.mean_slope_percent == doctest::Approx(over ? 9.3333 : 0.0).epsilon(0.01));
    CHECK(link.steepest_percent == doctest::Approx(over ? 10.0 : 0.0));
  }
}
