#include "model/framework/framework.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "model/indices/connectivity.hpp"
#include "tests/support/drawn.hpp"

using namespace greenweave;
using greenweave::testing::drawn;
using greenweave::testing::frame_of;

namespace {

/// A landscape of forest (F), field (.) and wall (W, a barrier) with 10 m cells, and a guild of the forest.
struct Scene {
  Landscape landscape;
  Guild guild;
  HabitatSurface surface;
  PatchSet patches;
  LinkSet links;
  HabitatNetwork network;

  explicit Scene(std::initializer_list<std::string> rows) {
    auto classes = std::make_shared<ClassTable>();
    classes->classes = {{1, "forest"}, {2, "field"}, {3, "wall"}};
    landscape.classes = classes;
    landscape.cover = drawn<ClassIndex>(rows, {{'F', 0}, {'.', 1}, {'W', 2}});
    landscape.frame = frame_of(landscape.cover.shape, 10.0);
    guild.name = "forest";
    guild.quality = {1.0F, 0.0F, 0.0F};
    guild.resistance = {1.0F, 10.0F, impassable};
    guild.minimum_patch_ha = 0.0;
    guild.dispersal = {500.0, 0.5};
    surface = habitat_surface(landscape, guild, {});
    patches = find_patches(landscape.frame, surface, guild);
    links = find_links(landscape.frame, surface, patches, guild.links, {});
    network = build_network(patches, links);
  }

  FrameworkAssessment judge(const std::vector<Element>& elements) const {
    std::vector<Footprint> footprints;
    for (const Element& e : elements) footprints.push_back(footprint_of(landscape, e));
    return assess_framework(landscape.frame, footprints, elements_that_meet(landscape.frame.shape, footprints), surface,
                            patches, links, network, {});
  }
};

/// A line element along the middle of a row (from the north, 0-based), one cell wide.
Element along_row(const Scene& scene, int row, const char* name = "line") {
  const Frame& frame = scene.landscape.frame;
  const double y = frame.north - (row + 0.5) * frame.cell_m;
  Element element;
  element.name = name;
  element.width_m = frame.cell_m;
  element.geometry = {Geometry::Kind::lines, {{{frame.west + 0.1, y}, {frame.east() - 0.1, y}}}};
  return element;
}

}  // namespace

TEST_CASE("a line with habitat, two fields, habitat and an open end") {
  // The line runs along the middle row. Between the woods lie two cells of field; after the last wood, three more.
  const Scene scene({"..........",  //
                     "FFF..FF...",  //
                     ".........."});
  const FrameworkAssessment result = scene.judge({along_row(scene, 1)});
  REQUIRE(result.elements.size() == 1);
  const ElementAssessment& element = result.elements[0];
  CHECK(element.length_m == doctest::Approx(99.8));
  CHECK(element.area_ha == doctest::Approx(0.1));
  CHECK(element.habitat_share == doctest::Approx(0.5));
  CHECK(element.patches == 2);
  CHECK(element.patch_area_ha == doctest::Approx(0.05));
  CHECK(element.links == 1);
  CHECK(element.gaps == 2);
  CHECK(element.longest_gap_m == doctest::Approx(30.0));
  REQUIRE(result.gaps.size() == 2);
  CHECK_FALSE(result.gaps[0].open_end);
  CHECK(result.gaps[0].from_m == doctest::Approx(30.0));
  CHECK(result.gaps[0].length_m == doctest::Approx(20.0));
  // Three steps: forest to field 5.5, field to field 10, field to forest 5.5, in cells of 10 m.
  CHECK(result.gaps[0].bridge_cost_m == doctest::Approx(210.0));
  CHECK(result.gaps[0].middle.x == doctest::Approx(40.0));
  CHECK(result.gaps[1].open_end);
  CHECK(result.gaps[1].length_m == doctest::Approx(30.0));
  CHECK(std::isnan(result.gaps[1].bridge_cost_m));
  CHECK(element.bridge_cost_m == doctest::Approx(210.0));
}

TEST_CASE("a wall from edge to edge cannot be bridged") {
  const Scene scene({"FF..W..FF",  //
                     "FF..W..FF"});
  const FrameworkAssessment result = scene.judge({along_row(scene, 0)});
  CHECK(result.elements[0].gaps == 1);
  CHECK(result.elements[0].gaps_unbridgeable == 1);
  CHECK(std::isinf(result.gaps[0].bridge_cost_m));
  CHECK(result.elements[0].bridge_cost_m == 0.0);
}

TEST_CASE("an element without any habitat is one open gap") {
  const Scene scene({".....",  //
                     "FFFFF"});
  const FrameworkAssessment result = scene.judge({along_row(scene, 0)});
  CHECK(result.elements[0].habitat_share == 0.0);
  REQUIRE(result.gaps.size() == 1);
  CHECK(result.gaps[0].open_end);
  CHECK(result.gaps[0].length_m == doctest::Approx(50.0));
  CHECK(result.pairs.empty());
  CHECK(std::isnan(result.measures.back().value));  // no pair is joined: FW_join_cost is the mean of nothing
}

TEST_CASE("the gaps of a polygon follow its long axis") {
  // A park two cells high: wood in the west, a lawn of three columns, wood in the east.
  const Scene scene({"........",  //
                     "FF...FF.",  //
                     "FF...FF.",  //
                     "........"});
  Element park;
  park.name = "park";
  park.kind = Element::Kind::core;
  park.geometry = {Geometry::Kind::polygons, {{{0, 10}, {70, 10}, {70, 30}, {0, 30}, {0, 10}}}};
  const FrameworkAssessment result = scene.judge({park});
  CHECK(result.elements[0].length_m == doctest::Approx(70.0));
  CHECK(result.elements[0].habitat_share == doctest::Approx(8.0 / 14.0));
  REQUIRE(result.gaps.size() == 1);
  CHECK(result.gaps[0].length_m == doctest::Approx(30.0));
  CHECK(result.gaps[0].bridge_cost_m == doctest::Approx((5.5 + 10 + 10 + 5.5) * 10.0));
}

TEST_CASE("elements meet, and the network joins those that do not") {
  const Scene scene({"FF......",  //
                     "........",  //
                     "........",  //
                     "FF......"});
  Element column;
  column.name = "column";
  column.width_m = 10.0;
  column.geometry = {Geometry::Kind::lines, {{{5, 0.1}, {5, 39.9}}}};
  const FrameworkAssessment result = scene.judge({along_row(scene, 0, "north"), along_row(scene, 3, "south"), column});
  REQUIRE(result.pairs.size() == 3);
  CHECK_FALSE(result.pairs[0].meet);  // north and south
  CHECK(result.pairs[0].joined);
  CHECK(result.pairs[0].cost_m == doctest::Approx((5.5 + 10 + 5.5) * 10.0));
  CHECK(result.pairs[1].meet);  // north and column share a corner and a patch
  CHECK(result.pairs[1].cost_m == 0.0);
  CHECK(result.elements[2].meets == 2);
  auto measure = [&](const std::string& name) {
    for (const Measure& m : result.measures)
      if (name == m.spec->name) return m.value;
    return -1.0;
  };
  CHECK(measure("FW_components") == 1.0);
  CHECK(measure("FW_meetings") == 2.0);
  CHECK(measure("FW_joined_pairs") == 3.0);
}

TEST_CASE("an element reverts to its nearest surroundings, or to the class the plan names") {
  const Scene scene({".....",  //
                     "FFFFF",  //
                     "....."});
  Element element = along_row(scene, 1);
  const Footprint footprint = footprint_of(scene.landscape, element);
  const Landscape reverted = without_element(scene.landscape, element, footprint);
  for (Cell cell = 0; cell < 15; ++cell) CHECK(reverted.cover[cell] == 1);
  element.reverts_to = "wall";
  const Landscape walled = without_element(scene.landscape, element, footprint);
  for (Cell cell = 5; cell < 10; ++cell) CHECK(walled.cover[cell] == 2);
  CHECK(walled.cover[0] == 1);
}

TEST_CASE("each part of a line of several parts is walked on its own") {
  // Two parts on one row with a hole between: the habitat of one part is no bank for the gap of the other.
  const Scene scene({"F..F....F.F"});
  Element element;
  element.name = "two parts";
  element.width_m = 10.0;
  element.geometry = {Geometry::Kind::lines, {{{0.1, 5}, {39.9, 5}}, {{80.1, 5}, {109.9, 5}}}};
  const FrameworkAssessment result = scene.judge({element});
  REQUIRE(result.gaps.size() == 2);
  CHECK(result.gaps[0].length_m == doctest::Approx(20.0));
  CHECK_FALSE(result.gaps[0].open_end);
  CHECK(result.gaps[1].length_m == doctest::Approx(10.0));
  CHECK_FALSE(result.gaps[1].open_end);
}
