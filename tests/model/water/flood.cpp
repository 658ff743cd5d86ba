#include "model/water/flood.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/water/conditioning.hpp"
#include "model/water/nutrients.hpp"
#include "model/water/ponds.hpp"
#include "model/water/terrain.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

/// A channel along the middle row, falling to the east by 1 m a cell; the sides fall to it by 2 m a cell.
Raster<float> valley(std::int32_t rows, std::int32_t cols) {
  Raster<float> ground(Shape{rows, cols});
  for (Cell cell = 0; cell < ground.shape.cells(); ++cell)
    ground[cell] = static_cast<float>(100 - ground.shape.col(cell) + 2 * std::abs(ground.shape.row(cell) - rows / 2));
  return ground;
}

struct Basin {
  D8Flow flow;
  Raster<double> drained;
  StreamNetwork streams;
  Drainage drainage;

  Basin(const Raster<float>& ground, const Raster<std::int32_t>& ponds, double threshold_cells, double cell_m)
      : flow(d8_flow(fill_depressions(ground))),
        drained(accumulate(flow)),
        streams(stream_network(flow, drained, threshold_cells, cell_m)),
        drainage(drainage_units(flow, drained, streams, ponds, cell_m)) {}
};

}  // namespace

TEST_CASE("drainage: a pond cuts a stream in two, and takes what drains to it first") {
  const Raster<float> ground = valley(5, 9);
  Raster<std::int32_t> ponds(ground.shape, 0);
  ponds.at(2, 4) = ponds.at(2, 5) = 7;
  const Basin basin(ground, ponds, 5.0, 10.0);
  const std::vector<DrainageUnit>& units = basin.drainage.units;
  REQUIRE(units.size() == 3);  // above, the pond, below
  CHECK(units[0].pond == 0);
  CHECK(units[0].downstream == 1);
  CHECK(units[1].pond == 7);
  CHECK(units[1].outlet == ground.shape.cell(2, 5));
  CHECK(units[1].pond_cells == 2);
  CHECK(units[1].downstream == 2);
  CHECK(units[2].downstream == -1);
  CHECK(units[2].cells_drained == 45.0);
  // Sides run down diagonally, so the stream begins at the channel's third cell, two cells above the pond.
  CHECK(units[0].length_m == Approx(20.0));
  CHECK(units[2].length_m == Approx(20.0));
  CHECK(basin.drainage.unit.at(2, 4) == 2);
  CHECK(basin.drainage.unit.at(2, 8) == 3);
  CHECK(basin.drainage.unit.at(2, 0) == 1);
  // Without ponds the stream is one unit.
  CHECK(Basin(ground, Raster<std::int32_t>(ground.shape, 0), 5.0, 10.0).drainage.units.size() == 1);
}

TEST_CASE("time of concentration: the lag equation in its own units") {
  // 2,000 feet, curve number 80 (S = 2.5 inches), 4 %.
  const double lag = std::pow(2000.0, 0.8) * std::pow(3.5, 0.7) / (1900.0 * 2.0);
  CHECK(concentration_time_h(2000.0 * 0.3048, 80.0, 0.04) == Approx(lag / 0.6));
  CHECK(concentration_time_h(1.0, 100.0, 0.5) == 0.1);
  CHECK(concentration_time_h(500.0, 80.0, 0.0) == concentration_time_h(500.0, 80.0, 0.001));
}

TEST_CASE("unit hydrograph: a triangle whose shares add up and whose peak is where it should be") {
  for (const double concentration : {0.1, 1.0, 7.3}) {
    const std::vector<double> shares = unit_hydrograph(concentration, 0.1);
    CHECK(std::accumulate(shares.begin(), shares.end(), 0.0) == Approx(1.0));
    const auto peak = static_cast<double>(std::max_element(shares.begin(), shares.end()) - shares.begin());
    CHECK(0.1 * (peak + 0.5) == Approx(0.05 + 0.6 * concentration).epsilon(0.2));
    // Peak rate 0.75 / time to peak, by the triangle; NRCS writes 484 A Q / Tp in its units.
    if (concentration >= 1.0)
      CHECK(*std::max_element(shares.begin(), shares.end()) / 0.1 ==
            Approx(2.0 / 2.67 / (0.05 + 0.6 * concentration)).epsilon(0.05));
  }
}

TEST_CASE("storms: type II at the hours of its table, and stretched") {
  const Storm storm{100.0, 24.0, Storm::Shape::type_ii};
  CHECK(storm.fallen_mm(0.0) == 0.0);
  CHECK(storm.fallen_mm(30.0) == 100.0);
  // TR-55's type II: 0.048 at 4 h, 0.120 at 8 h, 0.283 at 11.5 h, 0.735 at 12.5 h, 0.880 at 16 h, 0.952 at 20 h.
  const std::map<double, double> table{{4, 4.8}, {8, 12.0}, {11.5, 28.3}, {12.5, 73.5}, {16, 88.0}, {20, 95.2}};
  for (const auto& [hour, fallen] : table) CHECK(std::abs(storm.fallen_mm(hour) - fallen) < 2.0);
  CHECK(Storm{100.0, 6.0, Storm::Shape::type_ii}.fallen_mm(2.0) == Approx(storm.fallen_mm(8.0)));
  CHECK(Storm{60.0, 6.0, Storm::Shape::even}.fallen_mm(2.0) == Approx(20.0));
}

TEST_CASE("flood: TR-55's example 4-1, and our own hydrograph of the same catchment") {
  // 250 acres, curve number 75, Tc 1.53 h, 6 inches: 345 cubic feet a second.
  const double acre_km2 = 0.00404685642;
  const double peak = graphical_peak_m3_s(250 * acre_km2, 1.53, 75.0, 6.0 * 25.4);
  CHECK(peak / 0.0283168466 == Approx(345.0).epsilon(0.01));
  CHECK(graphical_peak_m3_s(250 * acre_km2, 1.53, 75.0, 6.0 * 25.4, 0.01) == Approx(0.87 * peak));

  Drainage drainage;
  drainage.units.push_back({.outlet = 0, .cells_drained = 1.0});
  const double cell_m = std::sqrt(250 * acre_km2 * 1e6 / 100.0);
  const std::vector<UnitLand> land{{{{75.0, 100}}, 1.53}};
  const FloodModel model(drainage, land, land, cell_m, {6.0 * 25.4, 24.0, Storm::Shape::type_ii});
  const Flood flood = model.run({});
  CHECK(flood.runoff_m3 == Approx(3.28 * 0.0254 * 250 * acre_km2 * 1e6).epsilon(2e-3));
  CHECK(flood.left_m3 == Approx(flood.runoff_m3));
  CHECK(std::abs(flood.unaccounted_m3) < 1e-6);
  // Two methods of one handbook; the graphical one was itself fitted to hydrographs.
  CHECK(flood.units[0].peak_m3_s == Approx(peak).epsilon(0.15));
}

TEST_CASE("flood: a pond takes the peak off, a wave is shifted, and water is kept") {
  const Raster<float> ground = valley(41, 60);
  Raster<std::int32_t> ponds(ground.shape, 0);
  for (std::int32_t c = 40; c < 48; ++c)
    for (std::int32_t r = 18; r < 23; ++r) ponds.at(r, c) = 1;
  const double cell_m = 30.0;
  const Basin basin(ground, ponds, 200.0, cell_m);
  const Raster<float> numbers(ground.shape, 80.0F);
  const Raster<float> slope = slope_aspect(ground, cell_m).slope;
  const std::vector<UnitLand> land = unit_lands(basin.drainage, basin.flow, numbers, slope, cell_m);
  std::int64_t cells = 0;
  for (const UnitLand& unit : land)
    for (const auto& [number, count] : unit.cells_by_number) {
      CHECK(number == Approx(80.0));
      cells += count;
    }
  CHECK(cells == ground.shape.cells());
  const Storm storm{120.0, 24.0, Storm::Shape::type_ii};
  const FloodModel model(basin.drainage, land, land, cell_m, storm);
  const std::vector<std::uint8_t> off{0, 0}, on{0, 1};
  const Flood before = model.run(off), after = model.run(on);
  CHECK(before.runoff_m3 == Approx(runoff_mm(80.0, 120.0) * 41 * 60 * 0.9).epsilon(1e-9));
  CHECK(before.left_m3 == Approx(before.runoff_m3));
  for (const Flood* flood : {&before, &after}) CHECK(std::abs(flood->unaccounted_m3) < 1e-9 * flood->runoff_m3);
  const auto pond = static_cast<std::size_t>(
      std::find_if(basin.drainage.units.begin(), basin.drainage.units.end(), [](auto& u) { return u.pond == 1; }) -
      basin.drainage.units.begin());
  CHECK(before.units[pond].peak_m3_s == before.units[pond].peak_in_m3_s);
  CHECK(after.units[pond].peak_in_m3_s == before.units[pond].peak_in_m3_s);
  CHECK(after.units[pond].peak_m3_s < 0.9 * after.units[pond].peak_in_m3_s);
  CHECK(after.units[pond].most_held_m3 > 0.0);
  CHECK(after.units.back().peak_m3_s < before.units.back().peak_m3_s);
  CHECK(after.units[pond].peak_hour > before.units[pond].peak_hour);

  // A slower wave passes later at the outlet and no higher.
  FloodOptions slow;
  slow.celerity_m_s = 0.05;
  const Flood late = FloodModel(basin.drainage, land, land, cell_m, storm, slow).run(off);
  CHECK(late.units.back().peak_hour > before.units.back().peak_hour);
  CHECK(late.left_m3 == Approx(late.runoff_m3));
}

TEST_CASE("flood and nutrients: on random ground nothing is lost, trees lead downstream, threads change nothing") {
  Dice dice(77);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Shape shape{8 + dice.below(18), 8 + dice.below(18)};
    const Raster<float> ground = random_dem(dice, shape);
    Raster<std::int32_t> ponds(shape, 0);
    const std::int32_t labels = 1 + dice.below(4);
    for (std::int32_t label = 1; label <= labels; ++label) {  // rectangles, that may part and interlock
      const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols);
      for (std::int32_t r = r0; r < std::min(shape.rows, r0 + 4); ++r)
        for (std::int32_t c = c0; c < std::min(shape.cols, c0 + 4); ++c) ponds.at(r, c) = label;
    }
    const Basin basin(ground, ponds, 1.0 + dice.below(20), 30.0);
    const Drainage& drainage = basin.drainage;
    for (std::size_t k = 0; k < drainage.units.size(); ++k) {
      const DrainageUnit& unit = drainage.units[k];
      CHECK((unit.downstream < 0 || unit.downstream > static_cast<std::int32_t>(k)));
      CHECK(drainage.unit[unit.outlet] == static_cast<std::int32_t>(k) + 1);
      if (unit.pond > 0) CHECK(ponds[unit.outlet] == unit.pond);
    }
    Raster<float> numbers(shape, 0.0F);
    for (float& n : numbers.values) n = static_cast<float>(40 + dice.below(61));
    const std::vector<UnitLand> land =
        unit_lands(drainage, basin.flow, numbers, slope_aspect(ground, 30.0).slope, 30.0);
    const FloodModel model(drainage, land, land, 30.0, {100.0, 24.0, Storm::Shape::even});
    std::vector<std::uint8_t> on(static_cast<std::size_t>(labels) + 1, 0);
    for (std::uint8_t& o : on) o = dice.chance(0.6) ? 1 : 0;
    const Flood flood = model.run(on);
    CHECK(std::abs(flood.unaccounted_m3) < 1e-9 * (1.0 + flood.runoff_m3));
    double direct = 0.0;
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (drainage.unit.is_valid(cell) && drainage.unit[cell] > 0)
        direct += runoff_mm(static_cast<double>(numbers[cell]), 100.0) * 0.9;
    CHECK(flood.runoff_m3 == Approx(direct).epsilon(1e-9));

    // What comes to a pond is what the land above it gives, less what ponds above it remove.
    const std::vector<double> runoff = yearly_runoff_m3(land, 30.0, std::vector<WeatherDay>{{2000, 1, 80.0, 0.0}});
    const Nutrient nutrient{"n", 2.0, {.rate_m_yr = 10.0, .tanks = 2.0}, ""};
    std::vector<double> wet;
    for (const std::uint8_t o : on) wet.push_back(o != 0 ? 1000.0 : 0.0);
    const std::vector<PondLoad> loads = nutrient_loads(drainage, runoff, nutrient, 20.0, wet);
    std::vector<double> above(drainage.units.size(), 0.0), removed(drainage.units.size(), 0.0);
    for (std::size_t k = 0; k < drainage.units.size(); ++k) {
      above[k] += runoff[k];
      const DrainageUnit& unit = drainage.units[k];
      const bool works = unit.pond > 0 && on[static_cast<std::size_t>(unit.pond)] != 0 && above[k] > 0.0;
      if (works) {
        CHECK(loads[k].inflow_m3 == Approx(above[k]));
        CHECK(loads[k].came_kg == Approx(2.0 * above[k] / 1000.0 - removed[k]));
        CHECK(loads[k].removed_kg >= 0.0);
        CHECK(loads[k].removed_kg <= loads[k].came_kg * (1.0 + 1e-12));
        removed[k] += loads[k].removed_kg;
      } else {
        CHECK(loads[k].removed_kg == 0.0);
      }
      if (unit.downstream >= 0) {
        above[static_cast<std::size_t>(unit.downstream)] += above[k];
        removed[static_cast<std::size_t>(unit.downstream)] += removed[k];
      }
    }
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    const Flood again = FloodModel(drainage, land, land, 30.0, {100.0, 24.0, Storm::Shape::even}).run(on);
    CHECK(again.left_m3 == flood.left_m3);
  }
}

TEST_CASE("nutrients: one pond in closed form") {
  const Raster<float> ground = valley(5, 9);
  Raster<std::int32_t> ponds(ground.shape, 0);
  ponds.at(2, 8) = 1;
  const Basin basin(ground, ponds, 5.0, 100.0);
  REQUIRE(basin.drainage.units.back().pond == 1);
  const std::vector<double> runoff(basin.drainage.units.size(), 30000.0);
  const double inflow = 30000.0 * static_cast<double>(runoff.size());
  const Nutrient nutrient{"n", 2.0, {.rate_m_yr = 6.0, .background = 0.5, .tanks = 1.0, .theta = 1.0}, ""};
  const PondLoad load = nutrient_loads(basin.drainage, runoff, nutrient, 20.0, std::vector<double>{0.0, 1e4}).back();
  const double q = inflow / 1e4;
  CHECK(load.load_m_yr == Approx(q));
  CHECK(load.came_kg == Approx(2.0 * inflow / 1000.0));
  CHECK(load.removed_kg == Approx((1.5 - 1.5 / (1.0 + 6.0 / q)) * inflow / 1000.0));
  // A dry pond removes nothing, and water cleaner than the background is not made dirtier.
  CHECK(nutrient_loads(basin.drainage, runoff, nutrient, 20.0, {}).back().removed_kg == 0.0);
  const Nutrient clean{"n", 0.2, nutrient.removal, ""};
  CHECK(nutrient_loads(basin.drainage, runoff, clean, 20.0, std::vector<double>{0.0, 1e4}).back().removed_kg == 0.0);
}
