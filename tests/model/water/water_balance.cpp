#include "model/water/water_balance.hpp"

#include <cmath>
#include <numeric>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "model/water/runoff.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

std::vector<WeatherDay> dry_year(int year = 2001, double evaporation_mm = 10.0) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::vector<WeatherDay> weather;
  for (int month = 1; month <= 12; ++month)
    for (int day = 0; day < days[static_cast<std::size_t>(month) - 1]; ++day)
      weather.push_back({year, month, 0.0, evaporation_mm});
  return weather;
}

std::vector<WeatherDay> random_weather(Dice& dice, int years) {
  std::vector<WeatherDay> weather;
  for (int year = 2001; year < 2001 + years; ++year)
    for (WeatherDay day : dry_year(year)) {
      day.rain_mm = dice.chance(0.3) ? 60.0 * dice.uniform() : 0.0;
      day.evaporation_mm = 8.0 * dice.uniform();
      weather.push_back(day);
    }
  return weather;
}

Raster<float> random_numbers(Dice& dice, const Raster<float>& dem) {
  Raster<float> numbers(dem.shape);
  for (float& n : numbers.values) n = static_cast<float>(40 + dice.below(61));
  return numbers;
}

}  // namespace

TEST_CASE("water balance: a shaft of one cell fills in a day and dries in nine weeks") {
  // The pit of 1 takes all nine cells' rain: 100 mm make 0.9 m. 14 mm a day go until less than 10 mm are left.
  const Raster<float> dem = drawn_heights({"555", "515", "555"});
  const DepressionHierarchy h = depression_hierarchy(dem);
  std::vector<WeatherDay> weather = dry_year();
  weather[0].rain_mm = 100.0;
  const WaterBalance balance =
      water_balance(dem, 10.0, h, Raster<float>(dem.shape, 100.0F), weather, {.seepage_mm_per_day = 4.0});
  REQUIRE(balance.years.size() == 1);
  REQUIRE(balance.depressions.size() == 1);
  const DepressionYear& pond = balance.depressions[0];
  CHECK(pond.wet_days == 63);
  CHECK(pond.greatest_area_m2 == 100.0);
  CHECK(pond.greatest_volume_m3 == doctest::Approx(88.6));
  CHECK(pond.inflow_m3 == doctest::Approx(90.0));
  CHECK(pond.evaporated_m3 == doctest::Approx(90.0 * 10.0 / 14.0));
  CHECK(pond.seeped_m3 == doctest::Approx(90.0 * 4.0 / 14.0));
  CHECK(pond.spilled_m3 == 0.0);
  CHECK(pond.monthly_area_m2[0] == 100.0);
  CHECK(pond.monthly_area_m2[1] == 100.0);
  CHECK(pond.monthly_area_m2[2] == doctest::Approx(100.0 * 5.0 / 31.0));  // water stands on the 64th evening too
  CHECK(pond.monthly_area_m2[3] == 0.0);
  CHECK(balance.wet_days.at(1, 1) == 64.0F);
  CHECK(balance.wet_days.at(0, 0) == 0.0F);
  CHECK(balance.most_depth_m.at(1, 1) == doctest::Approx(0.886));
  // 0.886, 0.872, ... 0.004: above 0.5 m on 28 days, down to 0.1 m on 29 more, below on 7.
  CHECK(pond.area_by_depth_m2[3] == 0.0);
  CHECK(pond.area_by_depth_m2[2] == doctest::Approx(100.0 * 28.0 / 365.0));
  CHECK(pond.area_by_depth_m2[1] == doctest::Approx(100.0 * 29.0 / 365.0));
  CHECK(pond.area_by_depth_m2[0] == doctest::Approx(100.0 * 7.0 / 365.0));
  CHECK(std::abs(balance.years[0].unaccounted_m3) < 1e-10);
}

TEST_CASE("water balance: rain that falls on the pond makes no runoff, what is too much spills") {
  // A shaft that holds 4 m over one cell; curve number 0: only the rain on standing water counts.
  const Raster<float> dem = drawn_heights({"555", "515", "555"});
  const DepressionHierarchy h = depression_hierarchy(dem);
  std::vector<WeatherDay> weather = dry_year(2001, 0.0);
  for (WeatherDay& day : weather) day.rain_mm = 20.0;
  const WaterBalance balance = water_balance(dem, 1.0, h, Raster<float>(dem.shape, 0.0F), weather,
                                             {.seepage_mm_per_day = 0.0, .first_fill = 0.5});
  // 2 m stand there at first; 20 mm come each day for 100 days until it is full, then they spill.
  CHECK(balance.years[0].stored_m3 == doctest::Approx(2.0));
  CHECK(balance.depressions[0].spilled_m3 == doctest::Approx(265 * 0.02));
  CHECK(balance.years[0].left_m3 == doctest::Approx(265 * 0.02));
  CHECK(balance.years[0].rain_m3 == doctest::Approx(9 * 7.3));
  CHECK(balance.years[0].retained_m3 == doctest::Approx(8 * 7.3));
}

TEST_CASE("water balance: one wet day on sealed ground is fill, spill, merge") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 16));
    const DepressionHierarchy h = depression_hierarchy(dem);
    const double rain = 3.0 * dice.uniform();
    const Inundation flood = fill_spill_merge(dem, h, Raster<double>(dem.shape, rain));
    const std::vector<WeatherDay> day{{2001, 6, 1000.0 * rain, 0.0}};
    const WaterBalance balance =
        water_balance(dem, 2.0, h, Raster<float>(dem.shape, 100.0F), day, {.seepage_mm_per_day = 0.0});
    CHECK(balance.years[0].stored_m3 == doctest::Approx(4.0 * flood.standing_m).epsilon(1e-9));
    CHECK(balance.years[0].left_m3 == doctest::Approx(4.0 * flood.left_m).epsilon(1e-9));
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell))
        REQUIRE(static_cast<double>(balance.most_depth_m[cell]) == doctest::Approx(flood.depth_m[cell]).epsilon(1e-5));
  }
}

TEST_CASE("water balance: nothing is lost, maps and tables tell the same") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 20));
    const DepressionHierarchy h = depression_hierarchy(dem);
    const Raster<float> numbers = random_numbers(dice, dem);
    const double cell_m = 5.0, cell_m2 = 25.0;
    const WaterBalance balance =
        water_balance(dem, cell_m, h, numbers, random_weather(dice, 2), {.seepage_mm_per_day = 5.0 * dice.uniform()});
    REQUIRE(balance.years.size() == 2);
    double cell_days = 0.0, depth_days = 0.0, area_days = 0.0, volume_days = 0.0;
    for (const BalanceYear& year : balance.years) {
      REQUIRE(std::abs(year.unaccounted_m3) <= 1e-10 * (1.0 + year.rain_m3));
      REQUIRE(year.retained_m3 >= 0.0);
      double evaporated = 0.0, seeped = 0.0;
      for (const DepressionYear& unit : balance.depressions) {
        if (unit.year != year.year) continue;
        evaporated += unit.evaporated_m3;
        seeped += unit.seeped_m3;
        area_days += unit.mean_area_m2 * year.days;
        volume_days += unit.mean_volume_m3 * year.days;
        REQUIRE(unit.greatest_volume_m3 <=
                cell_m2 * h.nodes[static_cast<std::size_t>(unit.root)].capacity_m * (1.0 + 1e-9));
        REQUIRE(std::accumulate(unit.area_by_depth_m2.begin(), unit.area_by_depth_m2.end(), 0.0) ==
                doctest::Approx(unit.mean_area_m2).epsilon(1e-9));
      }
      REQUIRE(evaporated == doctest::Approx(year.evaporated_m3).epsilon(1e-9));
      REQUIRE(seeped == doctest::Approx(year.seeped_m3).epsilon(1e-9));
    }
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) continue;
      const double days = 2.0 * static_cast<double>(balance.wet_days[cell]);
      cell_days += days;
      depth_days += days * static_cast<double>(balance.mean_depth_m[cell]);
      REQUIRE(balance.mean_depth_m[cell] <= balance.most_depth_m[cell] * 1.0001F + 1e-5F);
    }
    REQUIRE(cell_days * cell_m2 == doctest::Approx(area_days).epsilon(1e-6));
    REQUIRE(depth_days * cell_m2 == doctest::Approx(volume_days).epsilon(1e-4));
  }
}

TEST_CASE("water balance: at any thread count the same, more rain in flood years, less in drought") {
  const Shape shape{150, 160};
  Raster<float> dem(shape);
  dem.values = fractal(shape, 2);
  for (float& z : dem.values) z *= 40.0F;
  const DepressionHierarchy h = depression_hierarchy(dem);
  Dice dice(3);
  const Raster<float> numbers = random_numbers(dice, dem);
  const std::vector<WeatherDay> weather = random_weather(dice, 1);
  std::vector<WaterBalance> results;
  for (const std::size_t threads : {1U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    results.push_back(water_balance(dem, 10.0, h, numbers, weather));
  }
  CHECK(results[0].wet_days.values == results[1].wet_days.values);
  CHECK(results[0].mean_depth_m.values == results[1].mean_depth_m.values);
  CHECK(results[0].years[0].evaporated_m3 == results[1].years[0].evaporated_m3);
  const auto inundated = [&](double rain_factor) {
    const WaterBalance b = water_balance(dem, 10.0, h, numbers, scaled_weather(weather, rain_factor));
    return std::accumulate(b.years[0].inundated_m2.begin(), b.years[0].inundated_m2.end(), 0.0);
  };
  CHECK(inundated(0.5) < inundated(1.0));
  CHECK(inundated(1.0) < inundated(1.5));
}

TEST_CASE("years by their rain") {
  using enum YearKind;
  const std::vector<double> rain{900, 500, 700, 800, 1000};
  CHECK(kinds_of_years(rain) == std::vector{flood, drought, drought, ordinary, flood});
  CHECK(kinds_of_years(std::vector<double>{5, 5, 5}) == std::vector{ordinary, ordinary, ordinary});
  CHECK(kinds_of_years({}).empty());
}

TEST_CASE("water balance: what cannot be is refused") {
  const Raster<float> dem = drawn_heights({"555", "515", "555"});
  const DepressionHierarchy h = depression_hierarchy(dem);
  const Raster<float> numbers(dem.shape, 80.0F);
  CHECK_THROWS_AS(water_balance(dem, 1.0, h, numbers, {}), InputError);
  CHECK_THROWS_AS(water_balance(dem, 1.0, h, numbers, std::vector<WeatherDay>{{2001, 13, 0, 0}}), InputError);
  CHECK_THROWS_AS(water_balance(dem, 1.0, h, numbers, std::vector<WeatherDay>{{2001, 1, -1, 0}}), InputError);
  CHECK_THROWS_AS(
      water_balance(dem, 1.0, h, Raster<float>(dem.shape, 120.0F), std::vector<WeatherDay>{{2001, 1, 1, 0}}),
      InputError);
}
