#include "model/landscape/landscape.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace greenweave;

namespace {

/// Two cells of class 0, two of class 1 (a barrier), one outside the studied area.
struct Scene {
  Landscape landscape;
  Guild guild;

  Scene() {
    auto classes = std::make_shared<ClassTable>();
    classes->classes = {{10, "forest", 0}, {50, "built", 0}};
    landscape.classes = classes;
    landscape.frame = {{1, 5}, 100.0, 0.0, 100.0, ""};
    landscape.cover = Raster<ClassIndex>(landscape.frame.shape);
    landscape.cover.values = {0, 0, 1, 1, 0};
    landscape.cover.valid = {1, 1, 1, 1, 0};
    guild.quality = {0.8F, 0.1F};
    guild.resistance = {2.0F, 50.0F};
  }

  HabitatSurface surface(const DisturbanceRule& rule = {}) const { return habitat_surface(landscape, guild, rule); }
};

}  // namespace

TEST_CASE("classes are found by code and by name") {
  const Scene scene;
  CHECK(scene.landscape.classes->index_of_code(50) == 1);
  CHECK(scene.landscape.classes->index_of_code(51) == -1);
  CHECK(scene.landscape.classes->index_of_name("forest") == 0);
  CHECK(scene.landscape.classes->index_of_name("Forest") == -1);
}

TEST_CASE("dispersal: half of them at the stated distance") {
  const Dispersal dispersal{500.0, 0.5};
  CHECK(std::exp(-dispersal.alpha() * 500.0) == doctest::Approx(0.5));
  CHECK(Dispersal{500.0, 0.05}.alpha() == doctest::Approx(2.995732273553991 / 500.0));
}

TEST_CASE("a surface takes quality and resistance from the class, and nothing from outside the area") {
  const Scene scene;
  const HabitatSurface surface = scene.surface();
  CHECK(surface.quality.values == std::vector<float>{0.8F, 0.8F, 0.1F, 0.1F, 0.0F});
  CHECK(surface.resistance.values == std::vector<float>{2.0F, 2.0F, 50.0F, 50.0F, impassable});
  CHECK(scene.landscape.area_ha() == 4.0);
}

TEST_CASE("a recovering cell: quality half-way on the line, resistance half-way on the ratio") {
  Scene scene;
  scene.landscape.begin_recovery();
  scene.landscape.former_cover.values = {1, 0, 1, 1, 0};
  scene.landscape.recovery.values = {0.5F, 0.5F, 1.0F, 1.0F, 1.0F};
  const HabitatSurface surface = scene.surface();
  CHECK(surface.quality[0] == doctest::Approx(0.45));
  CHECK(surface.resistance[0] == doctest::Approx(10.0));
  CHECK(surface.quality[1] == 0.8F);  // its class did not change
  CHECK(surface.resistance[1] == 2.0F);
  SUBCASE("a barrier stands until the new class is fully there") {
    scene.guild.resistance[1] = impassable;
    CHECK(scene.surface().resistance[0] == impassable);
    scene.landscape.recovery[0] = 1.0F;
    CHECK(scene.surface().resistance[0] == 2.0F);
  }
}

TEST_CASE("disturbance takes the stated share at full sensitivity, its power in between, nothing at none") {
  Scene scene;
  scene.landscape.disturbed = Raster<std::uint8_t>(scene.landscape.frame.shape);
  scene.landscape.disturbed[1] = 1;
  const DisturbanceRule rule{0.5, 4.0};
  CHECK(scene.surface(rule).quality[1] == doctest::Approx(0.4));
  CHECK(scene.surface(rule).resistance[1] == doctest::Approx(8.0));
  CHECK(scene.surface(rule).quality[0] == 0.8F);
  scene.guild.disturbance_sensitivity = 0.5;
  CHECK(scene.surface(rule).quality[1] == doctest::Approx(0.6));
  CHECK(scene.surface(rule).resistance[1] == doctest::Approx(4.0));
  scene.guild.disturbance_sensitivity = 0.0;
  CHECK(scene.surface(rule).quality[1] == 0.8F);
  CHECK(scene.surface(rule).resistance[1] == 2.0F);
}

TEST_CASE("a guild's own level of disturbance weakens both effects; level 1 is the mask bit for bit, level 0 nothing") {
  Scene scene;
  const DisturbanceRule rule{0.5, 4.0};
  const Shape shape = scene.landscape.frame.shape;
  scene.guild.name = "birds";
  scene.guild.disturbance_sensitivity = 0.8;
  const HabitatSurface calm = scene.surface(rule);
  const auto set = [&](const char* guild, float value) {
    auto level = std::make_shared<Raster<float>>(shape, 0.0F);
    (*level)[1] = value;
    scene.landscape.disturbance[guild] = level;
  };
  set("birds", 0.5F);
  CHECK(scene.surface(rule).quality[1] == doctest::Approx(0.8 * (1.0 - 0.5 * 0.8 * 0.5)));
  CHECK(scene.surface(rule).resistance[1] == doctest::Approx(2.0 * std::pow(4.0, 0.8 * 0.5)));
  CHECK(scene.surface(rule).quality[0] == calm.quality[0]);
  set("birds", 0.0F);
  set("frogs", 1.0F);  // another guild's
  CHECK(scene.surface(rule).quality.values == calm.quality.values);
  CHECK(scene.surface(rule).resistance.values == calm.resistance.values);
  set("birds", 1.0F);
  const HabitatSurface full = scene.surface(rule);
  scene.landscape.disturbance.clear();
  scene.landscape.disturbed = Raster<std::uint8_t>(shape);
  scene.landscape.disturbed[1] = 1;
  CHECK(scene.surface(rule).quality.values == full.quality.values);
  CHECK(scene.surface(rule).resistance.values == full.resistance.values);
}

TEST_CASE("a ready resistance raster replaces the classes', except where an action changed the class") {
  Scene scene;
  auto given = std::make_shared<Raster<float>>(scene.landscape.frame.shape, 7.0F);
  given->valid = {1, 1, 1, 0, 1};
  scene.landscape.given_resistance = given;
  CHECK(scene.surface().resistance.values == std::vector<float>{7.0F, 7.0F, 7.0F, impassable, impassable});
  scene.landscape.begin_recovery();
  scene.landscape.former_cover[0] = 1;
  CHECK(scene.surface().resistance[0] == 2.0F);
  scene.landscape.recovery[0] = 0.5F;
  CHECK(scene.surface().resistance[0] == doctest::Approx(std::sqrt(14.0)));
}
