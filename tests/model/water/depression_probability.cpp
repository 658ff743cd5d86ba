#include "model/water/depression_probability.hpp"

#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "model/water/conditioning.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

TEST_CASE("elevation error: its spread and how it fades with distance") {
  const Shape shape{500, 500};
  for (const double length_m : {0.0, 40.0}) {
    CAPTURE(length_m);
    const Raster<float> field = elevation_error(shape, 10.0, {.sigma_m = 2.0, .correlation_m = length_m}, 5, 3);
    const auto covariance = [&](std::int32_t rows, std::int32_t cols) {
      double sum = 0.0;
      for (std::int32_t r = 0; r + rows < shape.rows; ++r)
        for (std::int32_t c = 0; c + cols < shape.cols; ++c)
          sum += static_cast<double>(field.at(r, c)) * static_cast<double>(field.at(r + rows, c + cols));
      return sum / ((shape.rows - rows) * (shape.cols - cols));
    };
    // Some 4,000 independent patches of the longer error, and 250,000 of the other: 3 % and more would be a mistake.
    CHECK(covariance(0, 0) == doctest::Approx(4.0).epsilon(0.05));
    const double faded = length_m == 0.0 ? 0.0 : 4.0 / std::exp(1.0);
    CHECK(std::abs(covariance(4, 0) - faded) < 0.15);
    CHECK(std::abs(covariance(0, 4) - faded) < 0.15);
    CHECK(std::abs(covariance(3, 3) - (length_m == 0.0 ? 0.0 : 4.0 * std::exp(-18.0 / 16.0))) < 0.15);
    CHECK(std::abs(covariance(0, 12)) < 0.15);
  }
  CHECK_THROWS_AS(elevation_error(shape, 10.0, {.sigma_m = -1.0}, 1, 1), InputError);
  CHECK_THROWS_AS(elevation_error(shape, 10.0, {.correlation_m = 1e6}, 1, 1), InputError);
}

TEST_CASE("depression probability: without error it is what filling raises") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 20));
    const Raster<float> filled = plain_fill(dem);
    const Raster<float> p = depression_probability(dem, 1.0, {.sigma_m = 0.0}, {.draws = 2}, 1);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell)) REQUIRE(p[cell] == (filled[cell] > dem[cell] ? 1.0F : 0.0F));
  }
}

TEST_CASE("depression probability: the middle of nine cells is lowest in one draw of nine") {
  const Raster<float> p =
      depression_probability(Raster<float>(Shape{3, 3}, 10.0F), 1.0, {.sigma_m = 1.0}, {.draws = 20000}, 7);
  CHECK(std::abs(static_cast<double>(p.at(1, 1)) - 1.0 / 9.0) < 0.007);  // three standard errors
  CHECK(p.at(0, 0) == 0.0F);
}

TEST_CASE("depression probability: the same numbers at any thread count; a least depth takes some away") {
  Dice dice(1);
  Raster<float> dem(Shape{60, 70});
  for (float& z : dem.values) z = static_cast<float>(5.0 * dice.uniform());
  const ElevationError error{.sigma_m = 1.0, .correlation_m = 3.0};
  const Raster<float> p = depression_probability(dem, 1.0, error, {.draws = 21}, 9);
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    CHECK(depression_probability(dem, 1.0, error, {.draws = 21}, 9).values == p.values);
  }
  CHECK(depression_probability(dem, 1.0, error, {.draws = 21}, 10).values != p.values);
  const Raster<float> deep = depression_probability(dem, 1.0, error, {.draws = 21, .least_depth_m = 1.0}, 9);
  std::int64_t less = 0;
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
    CHECK(deep[cell] <= p[cell]);
    less += deep[cell] < p[cell];
  }
  CHECK(less > 100);
}
