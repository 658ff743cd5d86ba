#include "model/grid/components.hpp"

#include <vector>

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

/// Each value on its own, then numbered together by first cell.
Raster<std::int32_t> plain_classes(const Raster<std::uint8_t>& classes, Neighbourhood neighbourhood,
                                   std::int32_t& count) {
  Raster<std::int32_t> label(classes.shape);
  count = 0;
  for (Cell first = 0; first < classes.shape.cells(); ++first) {
    if (classes[first] == no_class || !classes.is_valid(first) || label[first] != 0) continue;
    label[first] = ++count;
    std::vector<Cell> open{first};
    while (!open.empty()) {
      const Cell cell = open.back();
      open.pop_back();
      for_each_neighbour(classes.shape, cell, neighbourhood, [&](Cell next, bool) {
        if (classes[next] != classes[first] || !classes.is_valid(next) || label[next] != 0) return;
        label[next] = count;
        open.push_back(next);
      });
    }
  }
  return label;
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

TEST_CASE("components of classes: only equal neighbours join, and corners count at eight") {
  const Raster<std::uint8_t> classes =
      drawn<std::uint8_t>({"aab", "bba", "-aa"}, {{'a', 0}, {'b', 1}, {'-', no_class}});
  std::int32_t count = 0;
  CHECK(label_classes(classes, Neighbourhood::four, &count).values ==
        std::vector<std::int32_t>{1, 1, 2, 3, 3, 4, 0, 4, 4});
  CHECK(count == 4);
  CHECK(label_classes(classes, Neighbourhood::eight, &count).values ==
        std::vector<std::int32_t>{1, 1, 2, 2, 2, 1, 0, 1, 1});
  CHECK(count == 2);
}

TEST_CASE("components of classes: equal to flood fill, with cells that are not valid") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = seed % 5 == 0 ? Shape{140 + dice.below(70), 1 + dice.below(20)} : random_shape(dice, 25);
    Raster<std::uint8_t> classes(shape);
    const std::int32_t values = 1 + dice.below(4);
    for (auto& v : classes.values) v = dice.chance(0.1) ? no_class : static_cast<std::uint8_t>(dice.below(values));
    if (dice.chance(0.5)) {
      classes.valid.resize(classes.values.size());
      for (auto& v : classes.valid) v = dice.chance(0.9);
    }
    for (const Neighbourhood n : {Neighbourhood::four, Neighbourhood::eight}) {
      std::int32_t expected_count = 0, count = -1;
      const Raster<std::int32_t> expected = plain_classes(classes, n, expected_count);
      REQUIRE(label_classes(classes, n, &count).values == expected.values);
      REQUIRE(count == expected_count);
    }
  }
}
