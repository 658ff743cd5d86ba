#include "model/habitat/patches.hpp"

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/drawn.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

/// Flood fill from each unlabelled cell in row-major order.
Raster<std::int32_t> plain_components(const Raster<std::uint8_t>& mask, Neighbourhood neighbourhood,
                                      std::int32_t& count) {
  Raster<std::int32_t> label(mask.shape);
  count = 0;
  for (Cell first = 0; first < mask.shape.cells(); ++first) {
    if (mask[first] == 0 || label[first] != 0) continue;
    label[first] = ++count;
    std::vector<Cell> open{first};
    while (!open.empty()) {
      const Cell cell = open.back();
      open.pop_back();
      for_each_neighbour(mask.shape, cell, neighbourhood, [&](Cell next, bool) {
        if (mask[next] == 0 || label[next] != 0) return;
        label[next] = count;
        open.push_back(next);
      });
    }
  }
  return label;
}

void check_against_flood_fill(const Raster<std::uint8_t>& mask) {
  for (const Neighbourhood n : {Neighbourhood::four, Neighbourhood::eight}) {
    std::int32_t expected_count = 0, count = -1;
    const Raster<std::int32_t> expected = plain_components(mask, n, expected_count);
    REQUIRE(label_components(mask, n, &count).values == expected.values);
    REQUIRE(count == expected_count);
  }
}

Raster<std::uint8_t> random_mask(Dice& dice, const Shape& shape, double share) {
  Raster<std::uint8_t> mask(shape);
  for (auto& m : mask.values) m = dice.chance(share);
  return mask;
}

HabitatSurface surface_of(Raster<float> quality) {
  Raster<float> resistance(quality.shape, 1.0F);
  return {std::move(quality), std::move(resistance)};
}

}  // namespace

TEST_CASE("components: diagonal neighbours join at eight, not at four") {
  const Raster<std::uint8_t> mask = drawn<std::uint8_t>({"x.x", ".x.", "x.x"}, {{'x', 1}, {'.', 0}});
  std::int32_t count = 0;
  label_components(mask, Neighbourhood::eight, &count);
  CHECK(count == 1);
  CHECK(label_components(mask, Neighbourhood::four, &count).values ==
        std::vector<std::int32_t>{1, 0, 2, 0, 3, 0, 4, 0, 5});
  CHECK(count == 5);
}

TEST_CASE("components: equal to flood fill, numbers included") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = random_shape(dice, 30);
    check_against_flood_fill(random_mask(dice, shape, dice.uniform()));
  }
}

TEST_CASE("components: joined across the strips in which they are labelled") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{150 + dice.below(120), 1 + dice.below(25)};
    check_against_flood_fill(random_mask(dice, shape, 0.3 + 0.5 * dice.uniform()));
  }
  SUBCASE("one comb whose teeth meet only in the last row") {
    Raster<std::uint8_t> mask(Shape{200, 41});
    for (std::int32_t r = 0; r < 200; ++r)
      for (std::int32_t c = 0; c < 41; ++c) mask.at(r, c) = c % 2 == 0 || r == 199;
    check_against_flood_fill(mask);
    std::int32_t count = 0;
    label_components(mask, Neighbourhood::four, &count);
    CHECK(count == 1);
  }
  SUBCASE("the same at any thread count") {
    Dice dice(1);
    const Raster<std::uint8_t> mask = random_mask(dice, {400, 90}, 0.5);
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    check_against_flood_fill(mask);
  }
}

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
