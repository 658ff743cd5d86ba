#include "model/habitat/degradation.hpp"

#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "model/grid/convolution.hpp"
#include "model/run/error.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

double sum_of(const Raster<float>& raster) {
  double sum = 0.0;
  for (const float value : raster.values) sum += static_cast<double>(value);
  return sum;
}

Raster<float> random_threat(Dice& dice, const Shape& shape) {
  Raster<float> intensity(shape, 0.0F);
  intensity.valid.assign(intensity.values.size(), 1);
  for (std::size_t i = 0; i < intensity.values.size(); ++i) {
    if (dice.chance(0.1)) intensity.values[i] = static_cast<float>(dice.uniform());
    if (dice.chance(0.05)) intensity.valid[i] = 0;
  }
  return intensity;
}

}  // namespace

TEST_CASE("degradation: the published case of two threats, now and in the future") {
  // Rows of 100 x 100 cells of 1 m; roads grow from three to six columns, and the southern half loses its habitat.
  const Shape shape{100, 100};
  struct State {
    std::int32_t width;
    ClassIndex south;
    double degradation, quality;
  };
  const std::array<Threat, 2> threats{{{0.7, 40.0, ThreatDecay::linear}, {1.0, 70.0, ThreatDecay::exponential}}};
  const std::vector<double> habitat{1.0, 0.5, 0.0};
  const std::array<std::vector<double>, 2> sensitivity{{{1.0, 0.5, 0.3}, {1.0, 1.0, 1.0}}};
  for (const State& state : {State{3, 1, 1422.2422, 6961.4536}, State{6, 2, 1438.791, 4920.1206}}) {
    Raster<ClassIndex> cover(shape, 0);
    Raster<float> access(shape, 1.0F);
    for (std::int32_t r = 0; r < 100; ++r)
      for (std::int32_t c = 0; c < 100; ++c) {
        if (r < 50) access.at(r, c) = 0.2F;
        if (r >= 50) cover.at(r, c) = state.south;
      }
    std::vector<Raster<float>> levels;
    for (std::int32_t t = 0; t < 2; ++t) {
      Raster<float> intensity(shape, 0.0F);
      for (std::int32_t r = 20; r < 80; ++r)
        for (std::int32_t c = 5 * (t + 1); c < 5 * (t + 1) + state.width; ++c) intensity.at(r, c) = 1.0F;
      levels.push_back(threat_level(intensity, 1.0, threats[static_cast<std::size_t>(t)], ThreatMode::nearest));
    }
    const Raster<float> degraded = degradation(cover, threats, levels, sensitivity, &access);
    CHECK(std::abs(sum_of(degraded) - state.degradation) < 1e-3);
    CHECK(std::abs(sum_of(degraded_quality(cover, habitat, degraded, {0.5, 2.5})) - state.quality) < 1e-3);
  }
}

TEST_CASE("degradation: decay along a line in closed form, and nothing beyond the reach") {
  Raster<float> intensity(Shape{1, 8}, 0.0F);
  intensity[0] = 0.5F;
  const Threat linear{1.0, 50.0, ThreatDecay::linear}, exponential{1.0, 50.0, ThreatDecay::exponential};
  for (const ThreatMode mode : {ThreatMode::nearest, ThreatMode::summed})
    for (int c = 0; c < 8; ++c) {
      CAPTURE(c);
      CHECK(threat_level(intensity, 10.0, linear, mode)[c] == Approx(c <= 5 ? 0.5 * (1.0 - c / 5.0) : 0.0));
      CHECK(threat_level(intensity, 10.0, exponential, mode)[c] ==
            Approx(c <= 5 ? 0.5 * std::exp(-2.99 * c / 5.0) : 0.0));
      if (c > 5) CHECK(threat_level(intensity, 10.0, exponential, mode)[c] == 0.0F);
    }
  // Two cells that threaten: the nearer one counts, or both do.
  intensity[4] = 1.0F;
  CHECK(threat_level(intensity, 10.0, linear, ThreatMode::nearest)[1] == Approx(0.5 * 0.8));
  CHECK(threat_level(intensity, 10.0, linear, ThreatMode::summed)[1] == Approx(0.5 * 0.8 + 1.0 * 0.4));
}

TEST_CASE("degradation: both modes by brute force on random threats") {
  Dice dice(611);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Shape shape = random_shape(dice, 24);
    const Raster<float> intensity = random_threat(dice, shape);
    const double cell_m = dice.chance(0.5) ? 1.0 : 30.0;
    const Threat threat{1.0, cell_m * (0.5 + 12.0 * dice.uniform()),
                        dice.chance(0.5) ? ThreatDecay::linear : ThreatDecay::exponential};
    const Raster<float> nearest = threat_level(intensity, cell_m, threat, ThreatMode::nearest),
                        summed = threat_level(intensity, cell_m, threat, ThreatMode::summed);
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      double sum = 0.0, least = 1e30, of_nearest = 0.0;
      for (Cell other = 0; other < shape.cells(); ++other) {
        if (!intensity.is_valid(other) || intensity[other] == 0.0F) continue;
        const double d = cell_m * std::hypot(shape.row(cell) - shape.row(other), shape.col(cell) - shape.col(other));
        sum += static_cast<double>(intensity[other]) * decay_at(threat, d);
        if (d < least) {
          least = d;
          of_nearest = static_cast<double>(intensity[other]) * decay_at(threat, d);
        }
      }
      CHECK(summed[cell] == Approx(sum).epsilon(1e-6));
      CHECK(nearest[cell] == Approx(of_nearest).epsilon(1e-6));
      if (sum == 0.0) CHECK(summed[cell] == 0.0F);
    }
  }
}

TEST_CASE("degradation: classes and a raster as one threat, by brute force; a weak cell hides no strong one") {
  // c c W S: the weak class is nearest to the second cell, and the strong one behind it threatens more.
  Raster<ClassIndex> line(Shape{1, 4}, 0);
  line[2] = 1;
  line[3] = 2;
  const std::vector<double> two{0.0, 0.2, 1.0};
  const Threat to_40{1.0, 40.0, ThreatDecay::linear};
  CHECK(threat_level(line, two, nullptr, 10.0, to_40, ThreatMode::nearest)[1] == Approx(1.0 * 0.5));
  CHECK(threat_level(line, two, nullptr, 10.0, to_40, ThreatMode::summed)[1] == Approx(0.2 * 0.75 + 1.0 * 0.5));

  Dice dice(612);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const Shape shape = random_shape(dice, 20);
    Raster<ClassIndex> cover(shape, 0);
    cover.valid.assign(cover.values.size(), 1);
    for (std::size_t i = 0; i < cover.values.size(); ++i) {
      if (dice.chance(0.3)) cover.values[i] = static_cast<ClassIndex>(dice.below(4));
      if (dice.chance(0.05)) cover.valid[i] = 0;
    }
    const std::vector<double> intensity{0.0, 0.3, 1.0, 0.3};
    const Raster<float> stated = random_threat(dice, shape);
    const Raster<float>* raster = dice.chance(0.5) ? &stated : nullptr;
    const Threat threat{1.0, 30.0 * (0.5 + 8.0 * dice.uniform()),
                        dice.chance(0.5) ? ThreatDecay::linear : ThreatDecay::exponential};
    const Raster<float> nearest = threat_level(cover, intensity, raster, 30.0, threat, ThreatMode::nearest),
                        summed = threat_level(cover, intensity, raster, 30.0, threat, ThreatMode::summed);
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      double sum = 0.0, strongest = 0.0, least = 1e30, of_raster = 0.0;
      for (Cell other = 0; other < shape.cells(); ++other) {
        const double d = 30.0 * std::hypot(shape.row(cell) - shape.row(other), shape.col(cell) - shape.col(other));
        const double of_class = cover.is_valid(other) ? intensity[cover[other]] : 0.0;
        const double stated_here =
            raster != nullptr && stated.is_valid(other) ? static_cast<double>(stated[other]) : 0.0;
        sum += std::max(of_class, stated_here) * decay_at(threat, d);
        strongest = std::max(strongest, of_class * decay_at(threat, d));
        if (stated_here > 0.0 && d < least) {
          least = d;
          of_raster = stated_here * decay_at(threat, d);
        }
      }
      CHECK(summed[cell] == Approx(sum).epsilon(1e-6));
      CHECK(nearest[cell] == Approx(std::max(strongest, of_raster)).epsilon(1e-6));
    }
  }
}

TEST_CASE("degradation: the disc's sums do not depend on how far the transform is padded") {
  // One value in a corner: its weights come back, reach far beyond the grid or not.
  Raster<float> values(Shape{5, 9}, 0.0F);
  values[0] = 2.0F;
  for (const double reach : {3.0, 500.0}) {
    const Raster<double> sums = convolve_disc(values, reach, [](double d) { return 1.0 / (1.0 + d); });
    for (Cell cell = 0; cell < 45; ++cell) {
      const double d = std::hypot(cell / 9, cell % 9);
      CHECK(std::abs(sums[cell] - (d <= reach ? 2.0 / (1.0 + d) : 0.0)) < 1e-14);
    }
  }
}

TEST_CASE("degradation: half saturation, rarity, and more threat never makes better habitat") {
  Raster<float> degraded(Shape{1, 3}, 0.0F);
  degraded[1] = 0.3F;
  degraded[2] = 0.6F;
  const Raster<ClassIndex> cover(Shape{1, 3}, 0);
  CHECK(half_saturation_of(degraded) == Approx(0.3));
  const std::vector<double> habitat{0.8};
  const Raster<float> quality = degraded_quality(cover, habitat, degraded, {0.3, 2.5});
  CHECK(quality[0] == 0.8F);
  CHECK(quality[1] == Approx(0.4));  // half of it at k
  CHECK(quality[2] == Approx(0.8 / (1.0 + std::pow(2.0, 2.5))));
  const Raster<float> left = quality_left(degraded, {0.3, 2.5});
  for (Cell cell = 0; cell < 3; ++cell) CHECK(0.8F * left[cell] == Approx(quality[cell]).epsilon(1e-6));
  // Without degradation anywhere k is 0, and nothing is lost.
  CHECK(degraded_quality(cover, habitat, Raster<float>(Shape{1, 3}, 0.0F), {0.0, 2.5})[1] == 0.8F);

  Raster<ClassIndex> base(Shape{1, 4}, 0), now(Shape{1, 4}, 0);
  base.values = {0, 0, 0, 1};
  now.values = {0, 2, 2, 1};
  const std::vector<double> rarity = class_rarity(base, now, 4);
  CHECK(rarity[0] == Approx(0.75));  // one left of three
  CHECK(rarity[1] == Approx(0.5));   // as before
  CHECK(rarity[2] == 0.0);           // not in the base
  CHECK(rarity[3] == 0.0);

  Dice dice(7);
  const Shape shape{20, 20};
  const Raster<float> few = random_threat(dice, shape);
  Raster<float> more = few;
  for (float& value : more.values)
    if (dice.chance(0.1)) value = 1.0F;
  const std::array<Threat, 1> threat{{{1.0, 6.0, ThreatDecay::linear}}};
  const std::array<std::vector<double>, 1> sensitivity{{{1.0}}};
  const Raster<ClassIndex> all(shape, 0);
  const auto quality_under = [&](const Raster<float>& intensity) {
    const std::array<Raster<float>, 1> level{threat_level(intensity, 1.0, threat[0], ThreatMode::summed)};
    return degraded_quality(all, habitat, degradation(all, threat, level, sensitivity), {0.5, 2.5});
  };
  const Raster<float> before = quality_under(few), after = quality_under(more);
  for (Cell cell = 0; cell < shape.cells(); ++cell) CHECK(after[cell] <= before[cell] + 1e-6F);
}

TEST_CASE("degradation: what cannot be used is an error") {
  Raster<float> intensity(Shape{1, 2}, 0.0F);
  intensity[1] = 1.5F;
  CHECK_THROWS_AS(threat_level(intensity, 1.0, {}, ThreatMode::nearest), InputError);
  intensity[1] = 1.0F;
  CHECK_THROWS_AS(threat_level(intensity, 1.0, {1.0, 0.0, ThreatDecay::linear}, ThreatMode::nearest), InputError);
  const std::array<Threat, 1> none{{{0.0, 5.0, ThreatDecay::linear}}};
  const std::array<Raster<float>, 1> level{intensity};
  const std::array<std::vector<double>, 1> sensitivity{{{1.0}}};
  CHECK_THROWS_AS(degradation(Raster<ClassIndex>(Shape{1, 2}, 0), none, level, sensitivity), InputError);
}
