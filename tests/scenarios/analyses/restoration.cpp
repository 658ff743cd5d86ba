// What restored wetlands do in the cases of a study, and which sites come first.
#include "scenarios/analyses/restoration.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "scenarios/analyses/restoration_order.hpp"
#include "scenarios/run_study.hpp"
#include "scenarios/tabulate.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::table_of;

namespace {

double index_of(const CaseResult& result, const char* name) { return result.guilds[0].indices.numbers(name).front(); }

/// A valley of fields that falls to the east: 1 m a cell along its middle, 2 m a cell from its sides. Twenty days of
/// 50 mm in a year, and evaporation of 2 mm a day.
Study valley(std::int32_t rows = 15, std::int32_t cols = 40) {
  Study study = drawn_study(
      std::vector<std::string>(static_cast<std::size_t>(rows), std::string(static_cast<std::size_t>(cols), 'c')));
  auto ground = std::make_shared<Raster<float>>(study.landscape.frame.shape);
  for (Cell cell = 0; cell < ground->shape.cells(); ++cell)
    (*ground)[cell] =
        static_cast<float>(200 - ground->shape.col(cell) + 2 * std::abs(ground->shape.row(cell) - rows / 2));
  study.landscape.elevation_m = ground;
  for (int day = 0; day < 365; ++day)
    study.weather.push_back({2025, 1 + std::min(11, day / 31), day % 18 == 0 ? 50.0 : 0.0, 2.0});
  WaterAnalysis water;
  for (const LandCoverClass& c : study.landscape.classes->classes) {
    const double number = c.name == "marsh" || c.name == "water" ? 100.0 : 80.0;
    water.curve_numbers.push_back({c.code, {number, number, number, number}, c.name, "a test"});
  }
  water.least_depth_m = water.least_area_ha = 0.0;
  water.guild = "forest";
  study.analyses.water = water;
  RestorationAnalysis what;
  for (const LandCoverClass& c : study.landscape.classes->classes)
    what.wetland_classes.push_back(c.name == "marsh" || c.name == "water");
  what.water.stream_ha = 2.0;
  what.outlet_ha = 1.0;
  what.cost_per_ha = 10.0;
  what.cost_per_m3 = 2.0;
  study.analyses.restoration = what;
  return study;
}

/// 3 x 4 cells of the valley's floor become marsh in 2026, dug 3 m.
Study restored_valley() {
  Study study = valley();
  RestoreHabitat marsh;
  marsh.place = rectangle(study.landscape.frame, 6, 20, 8, 23);
  marsh.to = "marsh";
  marsh.recovery = {1.0, 4.0};
  marsh.dig_m = 3.0;
  study.scenarios.push_back({"made", "Made", {{"floor marsh", 2026, marsh}}});
  return study;
}

}  // namespace

TEST_CASE("restoration: area, cost, recovery and debt of a drawn marsh") {
  const Study study = restored_valley();
  const CaseResult result = CaseRunner(study).run({"made", 2030, 0}, {});
  const Table& places = table_of(result, "restoration");
  REQUIRE(places.rows() == 1);
  const auto of = [&](const char* column) { return places.numbers(column)[0]; };
  CHECK(places.texts("action")[0] == "floor marsh");
  CHECK(places.integers("start")[0] == 2026);
  const double area_ha = 12 * 0.09;
  CHECK(of("area_ha") == Approx(area_ha));
  CHECK(of("cost") == Approx(10.0 * area_ha + 2.0 * 3.0 * 12 * 900).epsilon(1e-5));
  CHECK(of("animals") == Approx(1.0 - std::exp(-1.0)));  // four years at a tau of four
  CHECK(of("plants") == Approx(0.74 * (1.0 - std::exp(-4.0 / 12.0))));
  CHECK(of("soil_carbon_low") < of("soil_carbon"));
  CHECK(of("soil_carbon_high") > of("soil_carbon"));
  CHECK(of("animals_debt") == Approx(area_ha * 4.0 * (1.0 - std::exp(-1.0))));
  CHECK(of("open_water_ha") + of("marsh_ha") + of("wet_meadow_ha") + of("dry_ha") == Approx(area_ha));
  CHECK(of("dry_ha") < area_ha);  // the pit holds water
  CHECK(of("wet_days") > 10.0);
  CHECK(of("catchment_ha") > 10.0);
  CHECK(index_of(result, "RESTORATION_cost") == Approx(of("cost")));
  CHECK(index_of(result, "RECOVERED_area") ==
        Approx(area_ha * (of("animals") + of("plants") + of("soil_carbon")) / 3.0));
  CHECK(index_of(result, "RECOVERY_debt") ==
        Approx((of("animals_debt") + of("plants_debt") + of("soil_carbon_debt")) / 3.0));
  const std::vector<std::string> names = index_names(study.analyses);
  for (const char* name : {"FLOOD_peak", "FLOOD_volume", "NUTRIENTS_removed"})
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
}

TEST_CASE("restoration: the marsh takes the peak off, and removes what its water can") {
  const Study study = restored_valley();
  const CaseRunner runner(study);
  const CaseResult before = runner.run({"baseline", 2030, 0}, {}), after = runner.run({"made", 2030, 0}, {});
  CHECK(table_of(before, "restoration").rows() == 0);
  const Table& places = table_of(after, "restoration");
  CHECK(places.numbers("peak_out_m3_s")[0] < places.numbers("peak_in_m3_s")[0]);
  CHECK(places.numbers("most_held_m3")[0] > 0.0);
  // Runoff of the mean year: 21 days of 50 mm on the catchment, all of it on the marsh.
  const double dry_ha = places.numbers("catchment_ha")[0] - places.numbers("area_ha")[0];
  CHECK(places.numbers("inflow_m3")[0] ==
        Approx(21 * 10.0 * (runoff_mm(80.0, 50.0) * dry_ha + 50.0 * places.numbers("area_ha")[0])));
  CHECK(places.numbers("phosphorus_kg")[0] > 0.0);
  CHECK(places.numbers("nitrate_percent")[0] < 100.0);

  const Table &floods = table_of(after, "floods"), &floods_before = table_of(before, "floods");
  REQUIRE(floods.rows() == floods_before.rows());
  REQUIRE(floods.rows() >= 1);
  CHECK(floods.numbers("peak_before_m3_s")[0] == floods_before.numbers("peak_m3_s")[0]);
  CHECK(floods.numbers("peak_factor")[0] < 1.0);
  CHECK(floods.numbers("peak_m3_s")[0] < floods.numbers("peak_without_m3_s")[0]);
  CHECK(floods.numbers("wetland_percent")[0] > 0.0);
  CHECK(floods.numbers("TR55_factor")[0] < 1.0);
  CHECK(floods_before.numbers("peak_factor")[0] == 1.0);
  CHECK(index_of(after, "FLOOD_peak") < index_of(before, "FLOOD_peak"));
  CHECK(index_of(before, "NUTRIENTS_removed") == 0.0);
  CHECK(index_of(after, "NUTRIENTS_removed") > 0.0);
  CHECK(table_of(before, "recovery_paths").rows() == 3);
  CHECK(table_of(before, "nutrients").texts("nutrient")[1] == "nitrate");

  // Ground that is not dug holds no water on this slope: the table says so, and no nutrients are removed.
  Study dry = restored_valley();
  std::get<RestoreHabitat>(dry.scenarios[1].actions[0].what).dig_m = 0.0;
  const CaseResult undug = CaseRunner(dry).run({"made", 2030, 0}, {});
  CHECK(table_of(undug, "restoration").numbers("dry_ha")[0] == Approx(12 * 0.09));
  CHECK(index_of(undug, "NUTRIENTS_removed") == 0.0);
}

TEST_CASE("restoration: only wetlands that are still there count, and a later action takes its cells") {
  Study study = restored_valley();
  RestoreHabitat trees, pond;
  trees.place = rectangle(study.landscape.frame, 0, 0, 1, 1);
  trees.to = "tree";
  pond.place = rectangle(study.landscape.frame, 6, 22, 8, 25);
  pond.to = "water";
  study.scenarios[1].actions.push_back({"grove", 2026, trees});
  study.scenarios[1].actions.push_back({"pond", always, pond});
  const CaseResult result = CaseRunner(study).run({"made", 2030, 0}, {});
  const Table& places = table_of(result, "restoration");
  REQUIRE(places.rows() == 2);
  CHECK(places.numbers("area_ha")[0] == Approx(6 * 0.09));
  CHECK(places.numbers("area_ha")[1] == Approx(12 * 0.09));
  CHECK(places.numbers("animals")[1] == Approx(1.0));
  CHECK(places.numbers("plants_debt")[1] == 0.0);  // it has always been there
}

TEST_CASE("restored habitat: a guild that names wetland types feels the water and the recovery of its attributes") {
  Study study = restored_valley();
  const auto quality_of = [](const CaseResult& result) -> const Raster<float>& {
    for (const NamedRaster& raster : result.guilds[0].rasters)
      if (raster.name == "quality") return std::get<Raster<float>>(raster.raster);
    throw std::out_of_range("quality");
  };
  const auto habitat_of = [](const CaseResult& result) -> const Table& {
    for (const Table& table : result.guilds[0].tables)
      if (table.name == "restored_habitat") return table;
    throw std::out_of_range("restored_habitat");
  };
  Guild& guild = study.guilds[0];
  guild.quality_threshold = 0.3;
  const CaseResult plain = CaseRunner(study).run({"made", 2030, 0}, {});
  CHECK(habitat_of(plain).find("quality_low") == nullptr);

  guild.wetlands = WetlandResponse{0.9F, 0.8F, 0.6F, std::nullopt, {0, 1}};  // animals and plants
  const CaseResult felt = CaseRunner(study).run({"made", 2030, 0}, {});
  const Table& places = table_of(felt, "restoration");
  const double f = 0.5 * (places.numbers("animals")[0] + places.numbers("plants")[0]), crop = 0.1;
  const auto worth = [&](double fully) { return crop + f * (fully - crop); };
  const double cell_ha = 0.09;
  const double expected =
      (places.numbers("open_water_ha")[0] * worth(0.9) + places.numbers("marsh_ha")[0] * worth(0.8) +
       places.numbers("wet_meadow_ha")[0] * worth(0.6) + places.numbers("dry_ha")[0] * crop) /
      (12 * cell_ha);
  const Table& habitat = habitat_of(felt);
  REQUIRE(habitat.rows() == 1);
  CHECK(places.numbers("dry_ha")[0] < places.numbers("area_ha")[0]);
  CHECK(habitat.numbers("quality")[0] == Approx(expected).epsilon(1e-5));
  CHECK(habitat.numbers("quality_low")[0] < expected);
  CHECK(habitat.numbers("quality_high")[0] > expected);
  CHECK(index_of(felt, "ECA_low_recovery") <= index_of(felt, "ECA"));
  CHECK(index_of(felt, "ECA_high_recovery") >= index_of(felt, "ECA"));
  double sum = 0.0;
  for (std::int32_t r = 6; r <= 8; ++r)
    for (std::int32_t c = 20; c <= 23; ++c) sum += static_cast<double>(quality_of(felt).at(r, c));
  CHECK(sum / 12.0 == Approx(expected).epsilon(1e-5));
  CHECK(quality_of(felt).at(0, 0) == quality_of(plain).at(0, 0));

  // Ground that holds no water stays what it was to the guild, whatever its class.
  std::get<RestoreHabitat>(study.scenarios[1].actions[0].what).dig_m = 0.0;
  const CaseResult dry = CaseRunner(study).run({"made", 2030, 0}, {});
  CHECK(habitat_of(dry).numbers("quality")[0] == Approx(crop));
  CHECK(habitat_of(dry).numbers("ECA_gain_ha")[0] == 0.0);

  // Draws feel it too: slower recovery, lower quality.
  study.uncertainty.draws = 2;
  std::get<RestoreHabitat>(study.scenarios[1].actions[0].what).dig_m = 3.0;
  const CaseRunner runner(study);
  CHECK(index_of(runner.run({"made", 2030, 1}, {}), "ECA") != index_of(runner.run({"made", 2030, 2}, {}), "ECA"));

  const std::vector<std::string> names = index_names(study.analyses);
  CHECK(std::find(names.begin(), names.end(), "ECA_low_recovery") != names.end());
}

TEST_CASE("restored habitat: the gain of a site is that against the case without it") {
  Study study = valley();
  Guild& guild = study.guilds[0];
  guild.quality = {0.0F, 1.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F};
  for (const int col : {15, 16, 28, 29})
    for (const int row : {6, 7, 8}) study.landscape.cover.at(row, col) = 1;  // two groves
  study.elements = {Element{"way", "Way", Element::Kind::horizontal, "suburban", 60.0, {}, ""}};
  study.elements[0].geometry = {Geometry::Kind::lines, {{{15.5 * 30, 7.5 * 30}, {29.5 * 30, 7.5 * 30}}}};
  RestoreHabitat marsh;
  marsh.to = "marsh";
  marsh.place = rectangle(study.landscape.frame, 6, 17, 8, 27);  // all between the groves
  study.scenarios.push_back({"one", "One", {{"link", always, marsh}}});
  marsh.place = rectangle(study.landscape.frame, 6, 20, 8, 22);  // a stepping stone between
  study.scenarios.push_back({"stone", "Stone", {{"stone", always, marsh}}});
  CaseRunner runner(study);
  runner.prepare_baselines({});
  const CaseResult before = runner.run({"baseline", 2030, 0}, {});
  for (const auto& [name, gaps] : {std::pair{"one", 1}, {"stone", -1}}) {
    const CaseResult made = runner.run({name, 2030, 0}, {});
    const Table* habitat = nullptr;
    for (const Table& table : made.guilds[0].tables)
      if (table.name == "restored_habitat") habitat = &table;
    REQUIRE(habitat != nullptr);
    REQUIRE(habitat->rows() == 1);
    const double eca = index_of(made, "ECA"), eca_before = index_of(before, "ECA");
    CHECK(eca > eca_before);
    CHECK(habitat->numbers("ECA_gain_ha")[0] == Approx(eca - eca_before));
    CHECK(habitat->numbers("dPC_percent")[0] ==
          Approx(100.0 * (index_of(made, "PC") - index_of(before, "PC")) / index_of(made, "PC")));
    CHECK(habitat->integers("gaps_closed")[0] == gaps);
    CHECK(habitat->numbers("gap_closed_m")[0] ==
          Approx(index_of(before, "FW_gap_length") - index_of(made, "FW_gap_length")));
    CHECK(habitat->numbers("gap_closed_m")[0] > 0.0);
  }
}

namespace {

/// Hollows in a valley, as candidate sites: by hand, every cell of a hollow.
Study hollows(bool population) {
  Study study = valley(21, 60);
  auto ground = std::make_shared<Raster<float>>(*study.landscape.elevation_m);
  for (const auto& [row, col] : {std::pair{10, 10}, {10, 30}, {10, 50}, {4, 20}})
    for (int r = row - 1; r <= row + 1; ++r)
      for (int c = col - 1; c <= col + 1; ++c) ground->at(r, c) -= 5.0F;
  study.landscape.elevation_m = ground;
  if (population) {
    auto people = std::make_shared<Raster<float>>(ground->shape, 0.0F);
    people->at(4, 24) = 100.0F;  // near the hollow on the slope alone
    people->at(10, 20) = 50.0F;  // between two
    study.landscape.population = people;
  }
  WetlandSitesAnalysis sites;
  sites.rule.weights = {0, 0, 1, 0, 0, 0, 0};  // depressions
  for (const LandCoverClass& c : study.landscape.classes->classes) {
    sites.rule.cover_values.push_back(1.0);
    sites.rule.water_classes.push_back(c.name == "water");
    sites.rule.built_classes.push_back(c.name == "built");
  }
  sites.rule.low_ground = false;
  sites.rule.best_share = 1.0;
  sites.rule.least_ha = 0.1;
  sites.rule.stream_ha = 5.0;
  study.analyses.wetland_sites = sites;
  RestorationOrderAnalysis order;
  order.to = "marsh";
  order.water = study.analyses.restoration->water;
  order.walk_m = 300.0;
  order.people = population ? 1.0 : 0.0;
  order.first_year = 2030;
  study.analyses.restoration_order = order;
  study.guilds[0].quality = {0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F};  // lives in marshes
  study.guilds[0].dispersal = {300.0, 0.5};
  return study;
}

}  // namespace

TEST_CASE("wetland sites: whose land a site is") {
  Study study = hollows(false);
  const CaseResult unknown = CaseRunner(study).run({"baseline", 2030, 0}, {});
  CHECK(table_of(unknown, "wetland_sites").find("owner") == nullptr);
  // The state has all land west of column 30; the hollow about that column is its to a part, one further east nobody's.
  study.owners = {{"village", {}}, {"state", {}}};
  const Shape& shape = study.landscape.frame.shape;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (shape.col(cell) < 40) study.owners[shape.col(cell) < 30 ? 1 : 0].cells.push_back(cell);
  const CaseResult result = CaseRunner(study).run({"baseline", 2030, 0}, {});
  const Table& sites = table_of(result, "wetland_sites");
  REQUIRE(sites.rows() == 4);
  const auto& label = raster_of<std::int32_t>(result, "wetland_sites");
  const auto row_at = [&](int r, int c) { return static_cast<std::size_t>(label.at(r, c)) - 1; };
  CHECK(sites.texts("owner")[row_at(10, 10)] == "state");
  CHECK(sites.numbers("owner_percent")[row_at(10, 10)] == 100.0);
  CHECK(sites.texts("owner")[row_at(10, 50)].empty());
  CHECK(sites.numbers("owner_percent")[row_at(10, 50)] == 0.0);
  const std::size_t both = row_at(10, 30);
  std::map<bool, int> cells;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (label[cell] == static_cast<std::int32_t>(both) + 1) ++cells[shape.col(cell) < 30];
  REQUIRE(cells[true] + cells[false] > 0);
  CHECK(sites.texts("owner")[both] == (cells[true] > cells[false] ? "state" : "village"));
  CHECK(sites.numbers("owner_percent")[both] ==
        Approx(100.0 * std::max(cells[true], cells[false]) / (cells[true] + cells[false])));
}

TEST_CASE("order: hollows ranked for all aims, alone, together, over years") {
  Study study = hollows(true);
  const CaseResult result = CaseRunner(study).run({"baseline", 2030, 0}, {});
  const Table& order = table_of(result, "restoration_order");
  REQUIRE(order.rows() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(order.integers("rank")[k] == static_cast<std::int64_t>(k) + 1);
    // Water that ponds hold, and people, are never fewer with a site more.
    CHECK(order.numbers("people")[k] >= 0.0);
    CHECK(order.numbers("phosphorus_removed")[k] > 0.0);
    CHECK(order.numbers("ECA_forest_alone")[k] > 0.0);
    CHECK(order.integers("year")[k] == 2030);
  }
  // Connected area is worth more together than the sum of its parts alone.
  double alone = 0.0, together = 0.0, people = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    alone = std::max(alone, order.numbers("ECA_forest_alone")[k]);
    together += order.numbers("ECA_forest")[k];
    people += order.numbers("people")[k];
  }
  CHECK(together > alone);
  CHECK(people == Approx(150.0));  // each person once
  CHECK(order.numbers("spent")[3] == Approx(order.numbers("cost")[0] + order.numbers("cost")[1] +
                                            order.numbers("cost")[2] + order.numbers("cost")[3]));
  const Table& plans = table_of(result, "restoration_plans");
  CHECK(plans.integers("sites")[0] == 0);
  CHECK(plans.integers("sites")[plans.rows() - 1] == 4);
  CHECK(plans.texts("which")[plans.rows() - 1] == "1 2 3 4");
  CHECK(plans.numbers("people")[plans.rows() - 1] == Approx(150.0));
  CHECK(plans.numbers("ECA_forest")[plans.rows() - 1] == Approx(together));

  // Money for one site a year; and for two sites in all.
  study.analyses.restoration_order->budget_per_year = order.numbers("cost")[0] * 1.01;
  study.analyses.restoration_order->budget = order.numbers("spent")[1] * 1.01;
  const CaseResult staged = CaseRunner(study).run({"baseline", 2030, 0}, {});
  const Table& two = table_of(staged, "restoration_order");
  REQUIRE(two.rows() == 2);
  CHECK(two.integers("site")[0] == order.integers("site")[0]);
  CHECK(two.integers("year")[0] == 2030);
  CHECK(two.integers("year")[1] ==
        2030 +
            static_cast<int>(std::ceil(two.numbers("spent")[1] / study.analyses.restoration_order->budget_per_year)) -
            1);
  for (const double cost : table_of(staged, "restoration_plans").numbers("cost"))
    CHECK(cost <= study.analyses.restoration_order->budget);
}

TEST_CASE("order: the values are those of a scenario that makes the same sites") {
  Study study = hollows(false);
  study.analyses.restoration_order->flood = study.analyses.restoration_order->nutrients = 0.0;
  const CaseResult result = CaseRunner(study).run({"baseline", 2030, 0}, {});
  const Table& order = table_of(result, "restoration_order");
  REQUIRE(order.rows() >= 2);
  CHECK(order.find("people") == nullptr);
  CHECK(order.find("flood_held") == nullptr);
  const auto& ranks = [&]() -> const Raster<std::int32_t>& {
    for (const NamedRaster& raster : result.rasters)
      if (raster.name == "restoration_order") return std::get<Raster<std::int32_t>>(raster.raster);
    throw std::out_of_range("restoration_order");
  }();
  RestoreHabitat first_two;
  first_two.to = "marsh";
  for (Cell cell = 0; cell < ranks.shape.cells(); ++cell)
    if (ranks[cell] == 1 || ranks[cell] == 2) first_two.cells.push_back(cell);
  study.scenarios.push_back({"two", "Two", {{"sites", always, first_two}}});
  const CaseResult made = CaseRunner(study).run({"two", 2030, 0}, {});
  CHECK(index_of(made, "ECA") - index_of(result, "ECA") ==
        Approx(order.numbers("ECA_forest")[0] + order.numbers("ECA_forest")[1]));
  // The same with the baseline's searches at hand, with every set judged, and on one thread.
  study.analyses.restoration_order->every_set = true;
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CaseRunner runner(study);
  runner.prepare_baselines({});
  const CaseResult again = runner.run({"baseline", 2030, 0}, {});
  CHECK(table_of(again, "restoration_order").numbers("ECA_forest") == order.numbers("ECA_forest"));
  CHECK(table_of(again, "restoration_plans").rows() >= table_of(result, "restoration_plans").rows());
}

namespace {

const Raster<std::int32_t>& ranks_in(const CaseResult& result) {
  return raster_of<std::int32_t>(result, "restoration_order");
}

/// One action for each site of the order up to a rank, made as the order says.
Scenario scenario_of(const Raster<std::int32_t>& ranks, const RestorationOrderAnalysis& what, int last) {
  Scenario scenario{"made", "Made", {}};
  for (std::int32_t rank = 1; rank <= last; ++rank) {
    RestoreHabitat site;
    site.place.kind = Geometry::Kind::polygons;
    site.to = what.to;
    site.recovery = {what.recovery.ceiling, what.recovery.tau_years};
    site.dig_m = what.dig_m;
    site.basin = what.basin;
    for (Cell cell = 0; cell < ranks.shape.cells(); ++cell)
      if (ranks[cell] == rank) site.cells.push_back(cell);
    scenario.actions.push_back({"site " + std::to_string(rank), what.first_year, site});
  }
  return scenario;
}

/// Hollows whose water a guild feels. Near them is a marsh that has always been there.
Study felt_hollows() {
  Study study = hollows(false);
  study.years = {2030, 2036};
  for (const int row : {14, 15, 16})
    for (const int col : {28, 29, 30}) study.landscape.cover.at(row, col) = 4;
  RestorationOrderAnalysis& order = *study.analyses.restoration_order;
  order.flood = order.nutrients = 0.0;
  order.target_year = 2036;
  order.recovery = {0.0, 1.0, 4.0};
  Guild& guild = study.guilds[0];
  guild.quality_threshold = 0.2;
  guild.wetlands = WetlandResponse{0.9F, 0.8F, 0.6F, std::nullopt, {0, 1}};
  return study;
}

}  // namespace

TEST_CASE("order: a site is worth to a guild what its water makes of it, and a dry one nothing") {
  Study study = felt_hollows();
  // The hollow on the slope is 2 m deep, those on the valley's floor 4 m. Ground as shallow as the one is taken for
  // noise: no water stands in it.
  study.analyses.water->least_depth_m = 2.5;
  const auto judged = [&] { return CaseRunner(study).run({"baseline", 2030, 0}, {}); };
  const CaseResult felt = judged();
  const Table& order = table_of(felt, "restoration_order");
  REQUIRE(order.rows() == 3);  // the dry one brings nothing, and is not taken
  CHECK(ranks_in(felt).at(4, 20) == 0);
  CHECK(raster_of<std::int32_t>(felt, "wetland_sites").at(5, 21) > 0);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(order.numbers("wet_days")[k] > 30.0);
    CHECK(order.numbers("wetland_ha")[k] > 0.0);
    CHECK(order.numbers("ECA_forest_alone")[k] > 0.0);
  }
  // Made into a basin it holds water.
  study.analyses.restoration_order->basin = BasinShape{3.0, 6.0};
  const CaseResult dug = judged();
  REQUIRE(table_of(dug, "restoration_order").rows() == 4);
  const std::int32_t rank = ranks_in(dug).at(5, 21);
  REQUIRE(rank > 0);
  CHECK(table_of(dug, "restoration_order").numbers("wet_days")[static_cast<std::size_t>(rank) - 1] > 30.0);

  // A guild that does not look at the water takes the class for what it says, however sites are made.
  study.guilds[0].wetlands.reset();
  const CaseResult unfelt = judged();
  const Table& plain = table_of(unfelt, "restoration_order");
  REQUIRE(plain.rows() == 4);
  CHECK(plain.find("wet_days") == nullptr);
  study.analyses.restoration_order->basin.reset();
  study.analyses.restoration_order->target_year = 2099;
  CHECK(table_of(judged(), "restoration_order").numbers("ECA_forest") == plain.numbers("ECA_forest"));
}

TEST_CASE("order: to a guild that feels the water, gains are those of the case that makes the same sites") {
  Study study = felt_hollows();
  for (const bool basins : {false, true}) {
    CAPTURE(basins);
    RestorationOrderAnalysis& what = *study.analyses.restoration_order;
    if (basins) what.basin = BasinShape{};
    const CaseResult first = CaseRunner(study).run({"baseline", 2030, 0}, {});
    const Table& order = table_of(first, "restoration_order");
    REQUIRE(order.rows() == 4);
    double gain = 0.0;
    for (const int count : {1, 2, 3, 4}) {
      gain += order.numbers("ECA_forest")[static_cast<std::size_t>(count) - 1];
      study.scenarios = {study.scenarios[0], scenario_of(ranks_in(first), what, count)};
      CaseRunner runner(study);
      const CaseResult before = runner.run({"baseline", 2036, 0}, {}), made = runner.run({"made", 2036, 0}, {});
      CHECK(index_of(made, "ECA") - index_of(before, "ECA") == Approx(gain));
      CHECK(gain > 0.0);
    }
  }
}

TEST_CASE("restoration: what cases share of the water is the same whoever asks first") {
  Study study = restored_valley();
  study.scenarios.push_back({"more", "More", study.scenarios[1].actions});
  study.scenarios.back().actions[0].start_year = 2028;
  study.years = {2027, 2030};
  const auto together = greenweave::testing::results_of(study);
  REQUIRE(together.size() == 6);
  for (const auto& [id, result] : together) {
    const CaseResult alone = CaseRunner(study).run(id, {});
    for (const char* name : {"restoration", "floods", "depressions", "water_years"}) {
      const Table &a = table_of(result, name), &b = table_of(alone, name);
      REQUIRE(a.rows() == b.rows());
      REQUIRE(a.columns.size() == b.columns.size());
      for (std::size_t c = 0; c < a.columns.size(); ++c) CHECK(a.columns[c].values == b.columns[c].values);
    }
    for (const char* name : {"FLOOD_peak", "FLOOD_volume", "NUTRIENTS_removed", "WATER_area"})
      CHECK(index_of(result, name) == index_of(alone, name));
  }
}

TEST_CASE("restoration: what a wetland is worth counts the threats that its fields were") {
  // A wood beside the marsh; fields threaten it, and the marsh does not.
  Study study = restored_valley();
  for (std::int32_t r = 4; r < 11; ++r)
    for (std::int32_t c = 24; c < 34; ++c) study.landscape.cover.at(r, c) = 1;
  ThreatsAnalysis what;
  what.threats = {{"fields", {1.0, 120.0, ThreatDecay::linear}, {0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}}};
  what.guilds = {{"forest", {{1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0}}, 0.5}};
  study.analyses.threats = what;
  settle_threats(study);
  const CaseRunner runner(study);
  const CaseResult with = runner.run({"made", 2030, 0}, {}), before = runner.run({"baseline", 2030, 0}, {});
  const Table& sites = table_of(with.guilds[0], "restored_habitat");
  REQUIRE(sites.rows() == 1);
  // Marsh itself is no habitat: without the site the case is the baseline.
  CHECK(sites.numbers("habitat_ha")[0] == 0.0);
  CHECK(sites.numbers("ECA_gain_ha")[0] == index_of(with, "ECA") - index_of(before, "ECA"));
  CHECK(sites.numbers("ECA_gain_ha")[0] > 0.01);
}
