#include "model/water/flow.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/water/conditioning.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr std::string_view arrows = "84627913";  // the digits of a keypad point the way

std::vector<std::string> drawn_flow(const D8Flow& flow) {
  std::vector<std::string> rows;
  for (std::int32_t r = 0; r < flow.shape().rows; ++r) {
    std::string row;
    for (std::int32_t c = 0; c < flow.shape().cols; ++c) {
      const std::uint8_t k = flow.to.at(r, c);
      row += k < 8 ? arrows[k] : k == D8Flow::out ? 'o' : k == D8Flow::pit ? 'x' : '.';
    }
    rows.push_back(row);
  }
  return rows;
}

/// Follows each cell's weight down to its end, cell by cell.
Raster<double> plain_accumulation(const D8Flow& flow, const Raster<double>& weights) {
  Raster<double> sum(flow.shape(), 0.0);
  for (Cell cell = 0; cell < flow.shape().cells(); ++cell) {
    if (flow.to[cell] == D8Flow::none) continue;
    std::int64_t steps = 0;
    for (Cell at = cell; at >= 0; at = flow.receiver(at)) {
      sum[at] += weights[cell];
      REQUIRE(++steps <= flow.shape().cells());  // no ring
    }
  }
  return sum;
}

double leaving(const D8Flow& flow, const Raster<double>& sum) {
  double total = 0.0;
  for (Cell cell = 0; cell < flow.shape().cells(); ++cell)
    if (flow.to[cell] == D8Flow::out || flow.to[cell] == D8Flow::pit) total += sum[cell];
  return total;
}

std::int64_t valid_cells(const Raster<float>& dem) {
  std::int64_t count = 0;
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell) count += dem.is_valid(cell);
  return count;
}

}  // namespace

TEST_CASE("D8: a valley, a pit, and a hole that takes what reaches it") {
  // The middle column falls to the south; 1 in the second row is a pit, the cells around '.' leave the grid there.
  const D8Flow flow = d8_flow(drawn_heights({
      "99999",
      "91959",
      "99499",
      "9.399",
      "99299",
  }));
  CHECK(drawn_flow(flow) == std::vector<std::string>{"32121", "6x414", "98747", "o.24o", "o6o4o"});
  CHECK(pits_of(flow) == std::vector<Cell>{6});
}

TEST_CASE("D8 on a flat: towards the outlet and away from the higher ground") {
  // A flat of 5 behind walls of 9, open in the south-east corner: the flow keeps to the flat's middle.
  const D8Flow flow = d8_flow(drawn_heights({
      "9999999",
      "9555559",
      "9555559",
      "9555559",
      "9555554",
      "9999999",
  }));
  for (std::int32_t r = 1; r < 5; ++r)
    for (std::int32_t c = 1; c < 6; ++c) {
      Cell at = flow.shape().cell(r, c);
      int steps = 0;
      while (flow.receiver(at) >= 0 && ++steps < 50) at = flow.receiver(at);
      CHECK(at == flow.shape().cell(4, 6));
    }
  // From the north-west corner the first step leads inwards, not along a wall.
  CHECK(flow.to.at(1, 1) == 7);
  CHECK(flow.to.at(1, 2) == 7);
}

TEST_CASE("D8: a flat without a way out ends in its first cell") {
  const D8Flow flow = d8_flow(drawn_heights({"7777", "7337", "7337", "7777"}));
  CHECK(pits_of(flow) == std::vector<Cell>{5});
  CHECK(flow.to[6] == 1);
  CHECK(flow.to[9] == 0);
  CHECK(flow.to[10] == 4);
}

TEST_CASE("D8: random surfaces; no rings, steepest where it descends, filled surfaces have no pits") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Raster<float> dem = random_dem(dice, random_shape(dice, 20));
    const bool fill = dice.chance(0.6);
    if (fill) dem = fill_depressions(dem);
    const D8Flow flow = d8_flow(dem);
    if (fill) REQUIRE(pits_of(flow).empty());
    Raster<double> ones(dem.shape, 1.0);
    const Raster<double> sum = accumulate(flow);
    REQUIRE(sum.values == plain_accumulation(flow, ones).values);
    REQUIRE(leaving(flow, sum) == static_cast<double>(valid_cells(dem)));
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) {
        REQUIRE(flow.to[cell] == D8Flow::none);
        continue;
      }
      double steepest = 0.0;
      for_each_neighbour(dem.shape, cell, Neighbourhood::eight, [&](Cell n, bool is_diagonal) {
        if (dem.is_valid(n))
          steepest =
              std::max(steepest, static_cast<double>(dem[cell] - dem[n]) / (is_diagonal ? std::numbers::sqrt2 : 1.0));
      });
      const Cell next = flow.receiver(cell);
      if (steepest > 0.0) {
        REQUIRE(next >= 0);
        const double fall =
            static_cast<double>(dem[cell] - dem[next]) / (flow.to[cell] < 4 ? 1.0 : std::numbers::sqrt2);
        REQUIRE(fall == doctest::Approx(steepest).epsilon(1e-6));
      } else if (next >= 0) {
        REQUIRE(dem[next] == dem[cell]);
      }
    }
  }
}

TEST_CASE("accumulation of weights: brute force, and bit for bit at any thread count") {
  const Shape shape{300, 411};
  Raster<float> dem(shape);
  dem.values = fractal(shape, 5);
  for (float& z : dem.values) z = std::round(z * 200.0F);
  const Raster<float> filled = fill_depressions(dem);
  Raster<double> weights(shape);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    weights[cell] = random_uniform(4, 4, static_cast<std::uint64_t>(cell));
  std::vector<Raster<double>> sums;
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    const D8Flow flow = d8_flow(filled);
    const DInfinityFlow d_infinity = d_infinity_flow(filled, flow);
    for (Raster<double>& sum : std::array{accumulate(flow, &weights), accumulate(d_infinity, &weights),
                                          accumulate_spread(filled, flow, {}, &weights)})
      sums.push_back(std::move(sum));
  }
  for (std::size_t i = 3; i < sums.size(); ++i) CHECK(sums[i].values == sums[i % 3].values);
  const Raster<double> plain = plain_accumulation(d8_flow(filled), weights);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    REQUIRE(sums[0][cell] == doctest::Approx(plain[cell]).epsilon(1e-12));
}

TEST_CASE("D-infinity and FD8: all of the water leaves, wherever it goes") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = fill_depressions(random_dem(dice, random_shape(dice, 20)));
    const D8Flow flow = d8_flow(dem);
    const DInfinityFlow d_infinity = d_infinity_flow(dem, flow);
    const auto cells = static_cast<double>(valid_cells(dem));
    REQUIRE(leaving(flow, accumulate(d_infinity)) == doctest::Approx(cells).epsilon(1e-9));
    REQUIRE(leaving(flow, accumulate_spread(dem, flow)) == doctest::Approx(cells).epsilon(1e-9));
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell) || d_infinity.second[cell] == D8Flow::none) continue;
      REQUIRE(d_infinity.to_first[cell] > 0.0F);
      REQUIRE(d_infinity.to_first[cell] < 1.0F);
    }
  }
}

namespace {

/// The plane that falls most steeply towards `degrees`, counted from east against the clock.
Raster<float> plane(double degrees) {
  Raster<float> dem(Shape{9, 9});
  const double a = degrees * std::numbers::pi / 180.0;
  for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
    dem[cell] = static_cast<float>(1000.0 - std::cos(a) * dem.shape.col(cell) + std::sin(a) * dem.shape.row(cell));
  return dem;
}

}  // namespace

TEST_CASE("D-infinity: on a plane the direction is the plane's") {
  constexpr std::array<double, 8> angle_of_step{90, 180, 0, 270, 135, 45, 225, 315};
  for (double degrees = 0.0; degrees < 360.0; degrees += 7.5) {
    CAPTURE(degrees);
    const Raster<float> dem = plane(degrees);
    const DInfinityFlow flow = d_infinity_flow(dem, d8_flow(dem));
    const Cell middle = dem.shape.cell(4, 4);
    const double first = angle_of_step[flow.first[middle]];
    double angle = first;
    if (flow.second[middle] != D8Flow::none) {
      double turn = angle_of_step[flow.second[middle]] - first;
      if (turn > 180.0) turn -= 360.0;
      if (turn < -180.0) turn += 360.0;
      REQUIRE(std::abs(turn) == 45.0);
      angle = first + turn * (1.0 - static_cast<double>(flow.to_first[middle]));
    }
    const double apart = std::remainder(angle - degrees, 360.0);
    CHECK(std::abs(apart) < 0.01);
  }
}

TEST_CASE("FD8: a peak gives to its neighbours by slope and contour") {
  // Over a peak of 2 on a plain of 0 every neighbour is lower by 2; diagonals by 2 over sqrt 2.
  const Raster<float> dem = drawn_heights({"000", "020", "000"});
  const D8Flow flow = d8_flow(dem);
  const Raster<double> freeman = accumulate_spread(dem, flow, {.exponent = 1.1});
  const double diagonal = std::pow(1.0 / std::numbers::sqrt2, 1.1);
  CHECK(freeman.at(0, 1) == doctest::Approx(1.0 + 1.0 / (4.0 + 4.0 * diagonal)).epsilon(1e-12));
  CHECK(freeman.at(0, 0) == doctest::Approx(1.0 + diagonal / (4.0 + 4.0 * diagonal)).epsilon(1e-12));
  const Raster<double> quinn = accumulate_spread(dem, flow, {.exponent = 1.0, .contour_width = true});
  // Widths 1/2 and sqrt(2)/4, slopes 2 and sqrt 2: weights 1 and 1/2.
  CHECK(quinn.at(1, 0) == doctest::Approx(1.0 + 1.0 / 6.0).epsilon(1e-12));
  CHECK(quinn.at(2, 2) == doctest::Approx(1.0 + 0.5 / 6.0).epsilon(1e-12));
}
