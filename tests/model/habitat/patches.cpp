#include "model/habitat/patches.hpp"

#include <doctest/doctest.h>

#include "tests/support/drawn.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

HabitatSurface surface_of(Raster<float> quality) {
  Raster<float> resistance(quality.shape, 1.0F);
  return {std::move(quality), std::move(resistance)};
}

}  // namespace

TEST_CASE("patches: attribute, area, centroid, number, and no patch below the minimum") {
  const Raster<float> quality = drawn<float>(
      {
          "aa..b",
          "a...b",
          "....b",
          "c....",
      },
      {{'a', 1.0F}, {'b', 0.5F}, {'c', 1.0F}, {'.', 0.2F}});
  Frame frame = frame_of(quality.shape, 100.0);  // a cell is a hectare
  frame.west = 1000.0;
  Guild guild;
  guild.quality_threshold = 0.5;
  guild.minimum_patch_ha = 2.0;
  const PatchSet set = find_patches(frame, surface_of(quality), guild);
  REQUIRE(set.count() == 2);
  CHECK(set.patches[0].cells == 3);
  CHECK(set.patches[0].area_ha == 3.0);
  CHECK(set.patches[0].attribute == 3.0);
  CHECK(set.patches[0].first == 0);
  CHECK(set.patches[0].centroid.x == doctest::Approx(1000.0 + 100.0 * (0.5 + 1.5 + 0.5) / 3.0));
  CHECK(set.patches[0].centroid.y == doctest::Approx(400.0 - 100.0 * (0.5 + 0.5 + 1.5) / 3.0));
  CHECK(set.patches[1].area_ha == 3.0);
  CHECK(set.patches[1].attribute == 1.5);
  CHECK(set.patches[1].first == 4);
  CHECK(set.label.values == std::vector<std::int32_t>{1, 1, 0, 0, 2, 1, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0});
  SUBCASE("by area alone") {
    guild.quality_weighted_area = false;
    CHECK(find_patches(frame, surface_of(quality), guild).patches[1].attribute == 3.0);
  }
  SUBCASE("a minimum of nothing keeps single cells; numbers follow first cells") {
    guild.minimum_patch_ha = 0.0;
    const PatchSet all = find_patches(frame, surface_of(quality), guild);
    REQUIRE(all.count() == 3);
    CHECK(all.patches[2].first == quality.shape.cell(3, 0));
  }
  SUBCASE("a threshold of nothing does not make habitat of what has no quality at all") {
    guild.quality_threshold = 0.0;
    CHECK(find_patches(frame, surface_of(Raster<float>(quality.shape, 0.0F)), guild).count() == 0);
  }
}
