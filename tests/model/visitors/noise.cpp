#include "model/visitors/noise.hpp"

#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/drawn.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

TEST_CASE("noise: 3 dB less at twice the distance, and what the ground swallows") {
  const Frame frame = frame_of({1, 30}, 10.0);
  NoiseRule rule;
  rule.ground_db_100m = 0.0;
  const std::array<NoiseSource, 1> road{{{{0}, 70.0}}};
  const Raster<float> calm = noise_db(frame, road, rule);
  CHECK(calm[0] == Approx(70.0));
  CHECK(calm[1] == Approx(70.0));
  CHECK(calm[2] == Approx(70.0 - 10.0 * std::log10(2.0)));
  CHECK(calm[10] == Approx(60.0));
  rule.ground_db_100m = 2.0;
  CHECK(noise_db(frame, road, rule)[11] == Approx(70.0 - 10.0 * std::log10(11.0) - 2.0));
  CHECK(std::isinf(noise_db(frame, {}, rule)[3]));
  CHECK(noise_level(-std::numeric_limits<double>::infinity(), rule) == 0.0);
  CHECK(noise_level(42.0, rule) == 0.0);
  CHECK(noise_level(52.0, rule) == Approx(0.5));
  CHECK(noise_level(80.0, rule) == 1.0);
}

TEST_CASE("noise: random roads by brute force, two as loud as one are 3 dB louder") {
  Dice dice(99);
  for (int round = 0; round < 60; ++round) {
    const Frame frame = frame_of(random_shape(dice, 18), 20.0);
    std::vector<NoiseSource> sources;
    for (int k = 1 + dice.below(3); k > 0; --k)
      sources.push_back({random_cells(dice, frame.shape, 6), 60.0 + 20.0 * dice.uniform()});
    const NoiseRule rule;
    const Raster<float> db = noise_db(frame, sources, rule);
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
      double energy = 0.0;
      for (const NoiseSource& source : sources) {
        double least = 1e18;
        for (const Cell other : source.cells)
          least = std::min(least, 20.0 * std::hypot(frame.shape.row(cell) - frame.shape.row(other),
                                                    frame.shape.col(cell) - frame.shape.col(other)));
        least = std::max(least, 10.0);
        energy += std::pow(10.0, (source.level_db - 10.0 * std::log10(least / 10.0) - (least - 10.0) / 100.0) / 10.0);
      }
      REQUIRE(static_cast<double>(db[cell]) == Approx(10.0 * std::log10(energy)).epsilon(1e-5));
    }
  }
  const Frame frame = frame_of({1, 9}, 20.0);
  const std::array<NoiseSource, 2> two{{{{0}, 70.0}, {{0}, 70.0}}};
  CHECK(noise_db(frame, two, {})[5] - noise_db(frame, std::span(two).first(1), {})[5] ==
        Approx(10.0 * std::log10(2.0)).epsilon(1e-4));
}
