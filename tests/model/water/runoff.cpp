#include "model/water/runoff.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "model/run/error.hpp"
#include "model/water/ponds.hpp"

using namespace greenweave;

TEST_CASE("curve numbers: retention and the runoff table of TR-55") {
  CHECK(retention_mm(100.0) == doctest::Approx(0.0).epsilon(1e-12));
  CHECK(retention_mm(90.0) == doctest::Approx(28.222).epsilon(1e-4));
  CHECK(retention_mm(65.0) == doctest::Approx(136.769).epsilon(1e-5));
  CHECK(retention_mm(30.0) == doctest::Approx(592.667).epsilon(1e-5));
  // Table 2-1, inches to two decimals.
  struct Entry {
    double rain, number, runoff;
  };
  for (const Entry& e : {Entry{1.0, 80, 0.08}, Entry{1.0, 98, 0.79}, Entry{2.0, 70, 0.24}, Entry{3.0, 65, 0.51},
                         Entry{4.0, 90, 2.92}, Entry{5.0, 70, 2.04}, Entry{5.0, 80, 2.89}, Entry{6.0, 60, 1.92}}) {
    CAPTURE(e.rain);
    CAPTURE(e.number);
    CHECK(std::abs(runoff_mm(e.number, e.rain * 25.4) / 25.4 - e.runoff) <= 0.0051);
  }
  CHECK(runoff_mm(70.0, 0.2 * retention_mm(70.0)) == 0.0);
  CHECK(runoff_mm(100.0, 37.0) == 37.0);
  CHECK(runoff_mm(0.0, 1000.0) == 0.0);
}

TEST_CASE("curve numbers: TR-55's examples 2-1 and 2-2") {
  // 250 acres in Tennessee, 6 inches; 70 % of the soil in group C, 30 % in B.
  const auto weighted = [](std::initializer_list<std::pair<double, double>> parts) {
    double sum = 0.0, area = 0.0;
    for (const auto& [acres, number] : parts) sum += acres * number, area += acres;
    return std::round(sum / area);
  };
  const double pasture = weighted({{75, 61}, {175, 74}});
  CHECK(pasture == 70.0);
  CHECK(std::abs(runoff_mm(pasture, 6.0 * 25.4) / 25.4 - 2.81) < 0.005);
  const double built = weighted({{75, 70}, {100, 80}, {75, 74}});
  CHECK(built == 75.0);
  CHECK(std::abs(runoff_mm(built, 6.0 * 25.4) / 25.4 - 3.28) < 0.005);
}

TEST_CASE("curve numbers for ground that is dry or wet") {
  // Published conversions of 80: I 62 or 63, III 90 to 91.
  CHECK(dry_curve_number(80.0) == doctest::Approx(62.687).epsilon(1e-4));
  CHECK(wet_curve_number(80.0) == doctest::Approx(90.196).epsilon(1e-4));
  CHECK(dry_curve_number(100.0) == doctest::Approx(100.0).epsilon(1e-12));
  CHECK(wet_curve_number(100.0) == doctest::Approx(100.0).epsilon(1e-12));
}

TEST_CASE("curve numbers from cover and soil; an event's sums") {
  ClassTable classes;
  classes.classes = {{10, "trees", 0}, {40, "crops", 0}, {77, "something else", 0}};
  Raster<ClassIndex> cover(Shape{1, 4});
  cover.values = {0, 1, 1, 0};
  cover.valid = {1, 1, 1, 0};
  Raster<std::uint8_t> soil(Shape{1, 4});
  soil.values = {2, 1, 4, 1};
  soil.valid = {1, 1, 0, 1};
  const auto table = worldcover_curve_numbers();
  const Raster<float> numbers = curve_numbers(cover, classes, soil, table);
  CHECK(numbers[0] == 55.0F);
  CHECK(numbers[1] == 67.0F);
  CHECK(numbers[2] == 85.0F);  // unknown soil counts as C
  CHECK_FALSE(numbers.is_valid(3));

  const EventRunoff event = event_runoff(numbers, 10.0, 100.0);
  const double expected = (runoff_mm(55, 100) + runoff_mm(67, 100) + runoff_mm(85, 100)) / 1000.0 * 100.0;
  CHECK(event.rain_m3 == doctest::Approx(30.0).epsilon(1e-12));
  CHECK(event.runoff_m3 == doctest::Approx(expected).epsilon(1e-12));
  CHECK(event.retained_m3 == doctest::Approx(30.0 - expected).epsilon(1e-12));
  CHECK(event.retention == doctest::Approx(1.0 - expected / 30.0).epsilon(1e-12));
  CHECK_FALSE(event.runoff_mm.is_valid(3));

  soil[0] = 5;
  CHECK_THROWS_AS(curve_numbers(cover, classes, soil, table), InputError);
  soil[0] = 1;
  cover[1] = 2;
  CHECK_THROWS_AS(curve_numbers(cover, classes, soil, table), InputError);
  CHECK_THROWS_AS(event_runoff(numbers, 10.0, -1.0), InputError);
  CHECK_THROWS_AS(event_runoff(Raster<float>(Shape{1, 1}, 101.0F), 10.0, 1.0), InputError);
}

TEST_CASE("ponds: TR-55's factors") {
  CHECK(pond_factor(0.0) == 1.0);
  CHECK(pond_factor(0.002) == doctest::Approx(0.97));
  CHECK(pond_factor(0.01) == doctest::Approx(0.87));
  CHECK(pond_factor(0.02) == doctest::Approx(0.81));
  CHECK(pond_factor(0.05) == 0.72);
  CHECK(pond_factor(0.4) == 0.72);
  // TR-55 example 6-1: outflow 180, inflow 360 cubic feet a second: storage 0.28 of the runoff.
  CHECK(detention_ratio(0.5) == doctest::Approx(0.28).epsilon(0.02));
}

TEST_CASE("level-pool routing: a linear reservoir in closed form, water conserved, a weir lowers the peak") {
  // Outflow = storage / k. The trapezium rule empties it by (2k - dt) / (2k + dt) a step.
  const double k = 7200.0, step = 600.0;
  const std::vector<PondStage> linear{{0.0, 0.0, 0.0}, {4.0, 4.0e4, 4.0e4 / k}};
  const std::vector<double> nothing(50, 0.0);
  const RoutedFlow empties = route_level_pool(nothing, step, linear, 2.0);
  for (std::size_t i = 0; i < nothing.size(); ++i)
    REQUIRE(
        empties.outflow_m3_s[i] ==
        doctest::Approx(2.0e4 / k * std::pow((2 * k - step) / (2 * k + step), static_cast<double>(i))).epsilon(1e-9));
  CHECK(std::abs(empties.unaccounted_m3) < 1e-8);

  const Weir weir{.crest_m = 1.0, .width_m = 2.0, .coefficient = 1.7};
  CHECK(weir.outflow_m3_s(0.5) == 0.0);
  CHECK(weir.outflow_m3_s(5.0) == doctest::Approx(1.7 * 2.0 * 8.0));
  std::vector<PondStage> rating;
  for (int i = 0; i <= 100; ++i) rating.push_back({0.05 * i, 500.0 * i, weir.outflow_m3_s(0.05 * i)});
  std::vector<double> wave;
  for (int i = 0; i < 200; ++i) wave.push_back(i < 20 ? 0.5 * i : std::max(0.0, 10.0 - 0.25 * (i - 20)));
  const RoutedFlow routed = route_level_pool(wave, step, rating, 1.0);
  CHECK(routed.peak_inflow_m3_s == 10.0);
  CHECK(routed.peak_outflow_m3_s < 9.5);
  CHECK(routed.peak_outflow_m3_s > 3.0);
  CHECK(std::abs(routed.unaccounted_m3) < 1e-6);
  CHECK_THROWS_AS(route_level_pool(std::vector<double>(99, 500.0), step, rating, 1.0), InputError);
  CHECK_THROWS_AS(route_level_pool(wave, step, std::vector<PondStage>{{0, 0, 0}, {1, 0, 0}}, 0.5), InputError);
}

TEST_CASE("removal: one tank, many tanks, temperature") {
  CHECK(outlet_concentration(1.0, 10.0, {.rate_m_yr = 10.0, .tanks = 1.0}) == doctest::Approx(0.5));
  CHECK(outlet_concentration(1.1, 10.0, {.rate_m_yr = 10.0, .background = 0.1, .tanks = 1.0}) == doctest::Approx(0.6));
  CHECK(outlet_concentration(1.0, 10.0, {.rate_m_yr = 20.0, .tanks = 1e7}) ==
        doctest::Approx(std::exp(-2.0)).epsilon(1e-5));
  const double cold = outlet_concentration(1.0, 10.0, {.rate_m_yr = 10.0, .tanks = 1.0, .theta = 1.1}, 10.0);
  CHECK(cold == doctest::Approx(1.0 / (1.0 + std::pow(1.1, -10.0))));
}
