// Where water stands in the cases of a study.
#include "scenarios/analyses/water.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "scenarios/run_study.hpp"
#include "scenarios/tabulate.hpp"
#include "tests/support/random_dems.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::Dice;
using greenweave::testing::drawn_study;
using greenweave::testing::random_dem;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::table_of;

namespace {

CaseResult baseline_of(const Study& study) { return CaseRunner(study).run({"baseline", 2030, 0}, RunContext{}); }

/// A year of days with that evaporation; rain on the first day.
std::vector<WeatherDay> one_rain(double rain_mm, double evaporation_mm) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::vector<WeatherDay> weather;
  for (int m = 0; m < 12; ++m)
    for (int d = 0; d < days[static_cast<std::size_t>(m)]; ++d) weather.push_back({2025, m + 1, 0.0, evaporation_mm});
  weather.front().rain_mm = rain_mm;
  return weather;
}

/// All rain runs off, whatever the class.
WaterAnalysis sealed(const Study& study) {
  WaterAnalysis what;
  for (const LandCoverClass& c : study.landscape.classes->classes)
    what.curve_numbers.push_back({c.code, {100, 100, 100, 100}, c.name, "a test"});
  what.least_depth_m = what.least_area_ha = 0.0;
  what.guild = "forest";
  return what;
}

/// Level ground with a shaft of one cell, a metre deep.
Study shaft() {
  Study study = drawn_study({"ccccc", "ccccc", "ccccc", "ccccc", "ccccc"});
  auto ground = std::make_shared<Raster<float>>(study.landscape.frame.shape, 10.0F);
  ground->at(2, 2) = 9.0F;
  study.landscape.elevation_m = ground;
  study.weather = one_rain(101.0, 9.0);
  study.analyses.water = sealed(study);
  return study;
}

}  // namespace

TEST_CASE("water: a shaft that one rain fills dries at ten millimetres a day") {
  const Study study = shaft();
  const CaseResult result = baseline_of(study);
  const Table& depressions = table_of(result.tables, "depressions");
  REQUIRE(depressions.rows() == 1);
  const double cell_ha = 0.09;
  CHECK(depressions.numbers("area_ha")[0] == Approx(cell_ha));
  CHECK(depressions.numbers("volume_m3")[0] == Approx(900.0));
  CHECK(depressions.numbers("depth_m")[0] == Approx(1.0));
  CHECK(depressions.numbers("catchment_ha")[0] == Approx(9 * cell_ha));  // the shaft and the cells around it
  // 9 x 101 mm stand 0.909 m deep in one cell and lose 10 mm a day: after 89 days 19 mm are left, a day later 9.
  CHECK(depressions.numbers("wet_days")[0] == 89.0);
  CHECK(depressions.integers("wettest_month")[0] == 1);
  CHECK(depressions.integers("driest_month")[0] == 4);  // the last water goes on the first of April
  CHECK(depressions.numbers("inflow_m3")[0] == Approx(0.909 * 900));
  CHECK(depressions.numbers("evaporated_m3")[0] == Approx(0.9 * 0.909 * 900));
  CHECK(depressions.numbers("seeped_m3")[0] == Approx(0.1 * 0.909 * 900));
  CHECK(depressions.numbers("spilled_m3")[0] == 0.0);
  CHECK(depressions.numbers("wetland_ha")[0] == Approx(cell_ha));
  CHECK(raster_of<std::int32_t>(result, "depressions").at(2, 2) == 1);
  CHECK(raster_of<std::int32_t>(result, "depressions").at(1, 1) == 0);
  CHECK(raster_of<float>(result, "water_days").at(2, 2) >= 89.0F);
  CHECK(raster_of<float>(result, "water_days").at(0, 0) == 0.0F);
  CHECK(raster_of<float>(result, "water_depth_most").at(2, 2) == Approx(0.899).epsilon(1e-5));

  const Table& months = table_of(result.tables, "water_months");
  REQUIRE(months.rows() == 12);
  CHECK(months.numbers("rain_mm")[0] == 101.0);
  CHECK(months.numbers("evaporation_mm")[1] == Approx(28 * 9.0));
  CHECK(months.numbers("inundated_ha")[0] == Approx(cell_ha));
  CHECK(months.numbers("inundated_ha")[5] == 0.0);

  const Table& years = table_of(result.tables, "water_years");
  REQUIRE(years.rows() == 1);
  CHECK(years.numbers("rain_m3")[0] == Approx(25 * 900 * 0.101));
  CHECK(years.numbers("left_m3")[0] == Approx(16 * 900 * 0.101));
  CHECK(std::abs(years.numbers("unaccounted_m3")[0]) < 1e-9);

  const auto index = [&](const char* name) { return result.guilds[0].indices.numbers(name).front(); };
  CHECK(index("WETLAND_area") == Approx(cell_ha));
  CHECK(index("WATER_most") == Approx(cell_ha));
  CHECK(index("WATER_kept") == Approx(36.0));
  const std::vector<std::string> names = index_names(study.analyses);
  CHECK(std::find(names.begin(), names.end(), "WETLAND_area") != names.end());
}

TEST_CASE("water: what counts as wetland, as noise and as drained can be set") {
  Study study = shaft();
  study.analyses.water->wetland_days = 120.0;  // it is dry by then
  CHECK(table_of(baseline_of(study).tables, "depressions").numbers("wetland_ha")[0] == 0.0);
  study.analyses.water->wetland_days = 30.0;
  study.analyses.water->wetland_depth_m = 0.2;  // it is deeper
  CHECK(table_of(baseline_of(study).tables, "depressions").numbers("wetland_ha")[0] == 0.0);

  Study noise = shaft();
  noise.analyses.water->least_area_ha = 0.2;  // more than two cells
  CHECK(table_of(baseline_of(noise).tables, "depressions").rows() == 0);
  Study ditch = shaft();
  ditch.analyses.water->breach_depth_m = 1.5;
  CHECK(table_of(baseline_of(ditch).tables, "depressions").rows() == 0);
  ditch.analyses.water->breach_depth_m = 0.5;  // too shallow a ditch for a shaft of a metre
  CHECK(table_of(baseline_of(ditch).tables, "depressions").rows() == 1);
}

TEST_CASE("water: a scenario that digs holds water where the baseline does not, and its heights are written") {
  Study study = drawn_study({"ccccc", "ccccc", "ccccc", "ccccc", "ccccc"});
  const Frame& frame = study.landscape.frame;
  study.landscape.elevation_m = std::make_shared<Raster<float>>(frame.shape, 10.0F);
  study.weather = one_rain(101.0, 9.0);
  study.analyses.water = sealed(study);
  study.scenarios.push_back(
      {"dug", "Dug", {{"pond", 2020, Regrade{rectangle(frame, 2, 2, 2, 2), -1.0, std::nullopt}}}});
  const CaseRunner runner(study);
  const CaseResult before = runner.run({"baseline", 2030, 0}, {}), after = runner.run({"dug", 2030, 0}, {});
  CHECK(table_of(before.tables, "depressions").rows() == 0);
  CHECK(before.guilds[0].indices.numbers("WETLAND_area").front() == 0.0);
  CHECK(table_of(after.tables, "depressions").numbers("wet_days").at(0) == 89.0);
  CHECK(after.guilds[0].indices.numbers("WETLAND_area").front() == Approx(0.09));
  CHECK(raster_of<float>(after, "elevation").at(2, 2) == 9.0F);
}

TEST_CASE("water: curve numbers by soil, and a given raster where no action changed the class") {
  Study study = drawn_study({"ccc"});
  WaterAnalysis what;
  what.curve_numbers = {{'c', {67, 78, 85, 89}, "crop", "a test"}, {'t', {30, 55, 70, 77}, "tree", "a test"}};
  CHECK(case_curve_numbers(study, study.landscape, what)[0] == 85.0F);
  auto soil = std::make_shared<Raster<std::uint8_t>>(Shape{1, 3}, 1);
  soil->valid = {1, 1, 0};
  study.soil = soil;
  what.soil_where_unknown = SoilGroup::d;
  CHECK(case_curve_numbers(study, study.landscape, what).values == std::vector<float>{67, 67, 89});
  study.curve_number = std::make_shared<Raster<float>>(Shape{1, 3}, 50.0F);
  Landscape planted = study.landscape;
  planted.cover[1] = 1;
  CHECK(case_curve_numbers(study, planted, what).values == std::vector<float>{50, 30, 50});
}

TEST_CASE("water: on random ground nothing is lost, months add up, and threads change nothing") {
  Dice dice(404);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    Study study = drawn_study(std::vector<std::string>(20, std::string(25, 'c')));
    study.landscape.elevation_m = std::make_shared<Raster<float>>(random_dem(dice, study.landscape.frame.shape));
    study.weather = one_rain(0.0, 3.0);
    for (WeatherDay& day : study.weather) day.rain_mm = dice.chance(0.3) ? 20.0 * dice.uniform() : 0.0;
    study.analyses.water = sealed(study);
    study.analyses.water->least_depth_m = dice.chance(0.5) ? 0.5 : 0.0;
    const CaseResult result = baseline_of(study);
    const Table& years = table_of(result.tables, "water_years");
    CHECK(std::abs(years.numbers("unaccounted_m3")[0]) < 1e-9 * (1.0 + years.numbers("rain_m3")[0]));
    // Areas of depressions in the table and on the map are the same cells, and a catchment holds its depression.
    const Table& depressions = table_of(result.tables, "depressions");
    const Raster<std::int32_t>& label = raster_of<std::int32_t>(result, "depressions");
    std::vector<double> area(depressions.rows() + 1, 0.0);
    for (Cell cell = 0; cell < label.shape.cells(); ++cell)
      if (label.is_valid(cell)) area[static_cast<std::size_t>(label[cell])] += 0.09;
    for (std::size_t k = 0; k < depressions.rows(); ++k) {
      CHECK(depressions.numbers("area_ha")[k] == Approx(area[k + 1]));
      CHECK(depressions.numbers("catchment_ha")[k] >= area[k + 1] - 1e-9);
    }
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    const CaseResult again = baseline_of(study);
    CHECK(raster_of<float>(again, "water_days").values == raster_of<float>(result, "water_days").values);
    CHECK(table_of(again.tables, "depressions").numbers("inflow_m3") == depressions.numbers("inflow_m3"));
  }
}
