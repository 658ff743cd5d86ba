#include "model/visitors/trampling.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using doctest::Approx;

TEST_CASE("trampling: cover by passes in closed form, and it never grows again") {
  const TramplingCurve curve{0.9, 4e-3, 5e-6};
  CHECK(cover_after(curve, 0.0) == Approx(0.9));
  CHECK(cover_after(curve, -3.0) == Approx(0.9));
  CHECK(cover_after(curve, 100.0) == Approx(0.9 - 0.4 + 0.05));
  CHECK(cover_after(curve, 400.0) == Approx(0.9 - 1.6 + 0.8));
  CHECK(cover_after(curve, 4000.0) == cover_after(curve, 400.0));
  CHECK(cover_after({0.9, 4e-3, 0.0}, 1000.0) == 0.0);
  double last = 2.0;
  for (double x = 0.0; x < 800.0; x += 25.0) {
    CHECK(cover_after({}, x) <= last);
    last = cover_after({}, x);
  }
  CHECK(cover_after({}, 500.0) == Approx(0.2));
}

TEST_CASE("trampling: those who leave the trail spread over its two strips") {
  // 10,000 persons, 2 % of them over 4 m in lanes of 0.5 m: 25 passes a lane.
  CHECK(off_trail_passes(10000.0, 0.02, {}, {}) == Approx(25.0));
  CHECK(off_trail_passes(10000.0, 0.0, {}, {}) == 0.0);
  // A strip narrower than one lane is one lane.
  OffTrail narrow;
  narrow.strip_m = 0.1;
  CHECK(off_trail_passes(100.0, 0.5, narrow, {}) == Approx(50.0));
}

namespace {

TrailNetwork network_of(std::vector<std::vector<Point>> lines) {
  TrailNetwork network;
  for (std::vector<Point>& line : lines) {
    TrailLink link;
    link.line = std::move(line);
    network.links.push_back(std::move(link));
  }
  return network;
}

}  // namespace

TEST_CASE("trampling: a cell's share by hand: a trail straight through it, one along a corner, one on boards") {
  const Frame frame{{3, 3}, 10.0, 0.0, 30.0, ""};
  TrailNetwork network =
      network_of({{{0.0, 15.0}, {30.0, 15.0}}, {{20.0, 28.0}, {22.0, 28.0}}, {{5.0, 1.0}, {5.0, 9.0}}});
  network.links[2].surface = TrailSurface::boardwalk;
  const TramplingCurve curve{0.8, 1e-3, 0.0, 0.5};
  const OffTrail rule{0.02, 0.0, 2.0};
  // 80,000 passages: 200 passes a lane, 0.2 of 0.8 worn; strips of 4 m by 10 m are 0.4 of the cell.
  const Raster<float> worn = trampled_share(frame, network, std::vector<double>{8e4, 8e4, 8e4}, rule, curve);
  for (int col = 0; col < 3; ++col) CHECK(static_cast<double>(worn.at(1, col)) == Approx(0.4 * 0.25));
  CHECK(static_cast<double>(worn.at(0, 2)) == Approx(0.08 * 0.25));
  CHECK(worn.at(0, 0) == 0.0F);
  CHECK(worn.at(2, 0) == 0.0F);
  CHECK(trampled_share(frame, network, std::vector<double>{0.0, 0.0, 8e4}, rule, curve).empty());
  // Two trails in a cell add up, to all of it at most.
  const TrailNetwork many = network_of(std::vector<std::vector<Point>>(20, {{0.0, 15.0}, {10.0, 15.0}}));
  CHECK(trampled_share(frame, many, std::vector<double>(20, 1e9), rule, curve).at(1, 0) == 1.0F);
}

TEST_CASE("trampling: the pieces of any line are as long as it, and lie where small steps along it say") {
  greenweave::testing::Dice random(11);
  const Frame frame{{12, 15}, 10.0, 100.0, 1000.0, ""};
  const TramplingCurve curve{1.0, 1.0, 0.0, 0.5};  // one pass wears all
  const OffTrail rule{1.0, 0.0, 0.25};             // a strip of 0.5 m: metres / 200 of a cell
  for (int round = 0; round < 50; ++round) {
    std::vector<Point> line;
    for (int k = 0; k < 5; ++k) line.push_back({100.0 + 150.0 * random.uniform(), 1000.0 - 120.0 * random.uniform()});
    if (round % 5 == 0) line[1].x = line[0].x;  // along the grid
    const TrailNetwork network = network_of({line});
    const Raster<float> worn = trampled_share(frame, network, std::vector<double>{1e6}, rule, curve);
    Raster<double> steps(frame.shape, 0.0);
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      const double length = std::hypot(line[i + 1].x - line[i].x, line[i + 1].y - line[i].y);
      constexpr int pieces = 20000;
      for (int k = 0; k < pieces; ++k) {
        const double t = (k + 0.5) / pieces;
        const auto row = static_cast<std::int32_t>(frame.row_at(line[i].y + t * (line[i + 1].y - line[i].y)));
        const auto col = static_cast<std::int32_t>(frame.col_at(line[i].x + t * (line[i + 1].x - line[i].x)));
        steps.at(row, col) += length / pieces;
      }
    }
    double most_off = 0.0;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      most_off = std::max(most_off, std::abs(static_cast<double>(worn[cell]) * 200.0 - steps[cell]));
    CHECK(most_off < 0.05);
  }
}
