#include "model/movement/link_quality.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "model/movement/cost_distance.hpp"
#include "model/movement/search.hpp"
#include "tests/support/least_cost.hpp"
#include "tests/support/places.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The drawn place's cover: A..Z forest 0, 1 crop 1, 5 road 2, 6 rail 3.
Landscape landscape_of(const Place& place, std::initializer_list<std::string> rows) {
  Landscape landscape;
  landscape.frame = place.frame;
  auto classes = std::make_shared<ClassTable>();
  for (const char* name : {"forest", "crop", "road", "rail"})
    classes->classes.push_back({static_cast<int>(classes->classes.size()), name, 0});
  landscape.classes = classes;
  std::map<char, ClassIndex> legend{{'1', 1}, {'5', 2}, {'6', 3}};
  for (char c = 'A'; c <= 'Z'; ++c) legend[c] = 0;
  landscape.cover = drawn<ClassIndex>(rows, legend);
  return landscape;
}

std::vector<LinkQuality> quality_of(std::initializer_list<std::string> rows, double buffer_m) {
  const Place place = drawn_place(rows, 10.0);
  const LinkSet links = find_links(place.frame, place.surface, place.patches, LinkRule{}, RunContext{});
  LinkQualityRule rule;
  rule.crossed = {{"road", {false, false, true, false}}, {"rail", {false, false, false, true}}};
  rule.buffer_m = buffer_m;
  return link_quality(landscape_of(place, rows), place.patches, links, rule, RunContext{});
}

}  // namespace

TEST_CASE("quality of a link: land cover, crossings, lengths and ratios of a drawn path") {
  // Over two roads, one of them two cells wide, and a railway.
  const std::vector<LinkQuality> found = quality_of({"A15155161B"}, 0.0);
  REQUIRE(found.size() == 1);
  const LinkQuality& q = found[0];
  CHECK(q.straight_m == 90.0);
  CHECK(q.path_m_of_class == std::vector<double>{10.0, 40.0, 30.0, 10.0});
  CHECK(q.crossings == std::vector<int>{2, 1});
  const double cost = 10.0 * (0.5 + 1 + 5 + 1 + 5 + 5 + 1 + 6 + 1 + 0.5);
  CHECK(q.cost_per_length == doctest::Approx(cost / 90.0));
  CHECK(q.cost_per_straight == doctest::Approx(cost / 90.0));
  CHECK(q.buffer_ha_of_class.empty());
}

TEST_CASE("quality of a link: a road of cells that touch by corners is crossed between them") {
  const std::vector<LinkQuality> found = quality_of({"A15", "151", "51B"}, 0.0);
  REQUIRE(found.size() == 1);
  // Along the diagonal the middle cell is road: entered and left.
  CHECK(found[0].crossings[0] == 1);
  const std::vector<LinkQuality> slipped = quality_of({"A151", "1511", "511B"}, 0.0);
  REQUIRE(slipped.size() == 1);
  CHECK(slipped[0].crossings[0] == 1);
  CHECK(slipped[0].path_m_of_class[2] >= 0.0);
  // No crossing: the path leaves a road that its patch lies on.
  CHECK(quality_of({"A11B"}, 0.0)[0].crossings[0] == 0);
}

TEST_CASE("quality of a link: land cover beside the path, without the patches") {
  const std::vector<LinkQuality> found = quality_of({"1551", "A11B", "1661", "1111"}, 10.0);
  REQUIRE(found.size() == 1);
  // One cell on each side of the path's four cells: 2 + 2 crop beside the patches, two road, two rail, two crop
  // between.
  CHECK(found[0].buffer_ha_of_class == std::vector<double>{0.0, 0.06, 0.02, 0.02});
}

TEST_CASE("quality of a link: the straight line joins the nearest cells of the two patches") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = random_place(dice, 24);
    Landscape landscape;
    landscape.frame = place.frame;
    landscape.classes = std::make_shared<ClassTable>(ClassTable{{{1, "all", 0}}});
    landscape.cover = Raster<ClassIndex>(place.frame.shape);
    LinkRule rule;
    rule.topology = LinkRule::Topology::complete;
    const LinkSet links = find_links(place.frame, place.surface, place.patches, rule, RunContext{});
    const std::vector<LinkQuality> found =
        link_quality(landscape, place.patches, links, LinkQualityRule{}, RunContext{});
    for (std::size_t i = 0; i < found.size(); ++i) {
      double nearest = infinity;
      for (const Cell x : cells_of_patch(place.patches, links.links[i].a))
        for (const Cell y : cells_of_patch(place.patches, links.links[i].b)) {
          const Point p = place.frame.centre(x), q = place.frame.centre(y);
          nearest = std::min(nearest, std::hypot(p.x - q.x, p.y - q.y));
        }
      REQUIRE(found[i].straight_m == doctest::Approx(nearest).epsilon(1e-12));
      REQUIRE(found[i].path_m_of_class[0] == doctest::Approx(links.links[i].length_m).epsilon(1e-12));
    }
  }
}

TEST_CASE("nearest source: drawn, and on random landscapes the source whose own cost is the least") {
  const Place drawn = drawn_place({"A1131B"}, 10.0);
  const NearestSource mcr = nearest_source(drawn.frame, drawn.surface, drawn.patches.label);
  CHECK(mcr.cost_m.values == std::vector<float>{0.0F, 10.0F, 20.0F, 30.0F, 10.0F, 0.0F});
  CHECK(mcr.source.values == std::vector<std::int32_t>{1, 1, 1, 2, 2, 2});
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Place place = random_place(dice, 22);
    if (dice.chance(0.3)) place.surface.steps = random_effects(dice, place.frame, true, dice.chance(0.5));
    const double limit = dice.chance(0.3) ? 20.0 * place.frame.cell_m : infinity;
    const NearestSource found = nearest_source(place.frame, place.surface, place.patches.label, limit);
    const CostGrid grid(place.surface);
    CostSearch search(grid);
    std::vector<std::vector<double>> own;
    for (int p = 0; p < place.patches.count(); ++p) {
      search.reset();
      for (const Cell cell : cells_of_patch(place.patches, p)) search.add_source(cell);
      search.run(
          infinity, [](std::uint32_t, double) { return true; }, [](double) { return false; });
      own.emplace_back();
      for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell) own.back().push_back(search.cost(cell));
    }
    for (Cell cell = 0; cell < place.frame.shape.cells(); ++cell) {
      double least = infinity;
      for (const auto& cost : own) least = std::min(least, cost[static_cast<std::size_t>(cell)]);
      if (least > limit / place.frame.cell_m) least = infinity;
      REQUIRE(found.cost_m[cell] == static_cast<float>(least * place.frame.cell_m));
      REQUIRE((found.source[cell] == 0) == (least == infinity));
      if (least != infinity)
        REQUIRE(own[static_cast<std::size_t>(found.source[cell] - 1)][static_cast<std::size_t>(cell)] == least);
    }
  }
}
