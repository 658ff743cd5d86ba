#include "model/grid/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "tests/support/drawn.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

Point random_point(Dice& dice, const Frame& frame) {
  // Also outside the frame, to see the clipping.
  const double w = frame.east() - frame.west, h = frame.north - frame.south();
  return {frame.west + w * (1.6 * dice.uniform() - 0.3), frame.south() + h * (1.6 * dice.uniform() - 0.3)};
}

Frame random_frame(Dice& dice) {
  const Shape shape = random_shape(dice, 20);
  return {shape, dice.chance(0.5) ? 1.0 : 30.0, 1000.0 * dice.uniform(), 5000.0 * dice.uniform(), ""};
}

Geometry random_geometry(Dice& dice, const Frame& frame, Geometry::Kind kind) {
  Geometry geometry{kind, {}};
  const int parts = 1 + dice.below(2);
  for (int k = 0; k < parts; ++k) {
    std::vector<Point> part;
    const int least = kind == Geometry::Kind::points ? 1 : (kind == Geometry::Kind::lines ? 2 : 3);
    const int count = kind == Geometry::Kind::points ? 1 : least + dice.below(5);
    for (int i = 0; i < count; ++i) part.push_back(random_point(dice, frame));
    if (kind == Geometry::Kind::polygons) part.push_back(part.front());
    geometry.parts.push_back(part);
  }
  return geometry;
}

double plain_segment_distance(Point p, Point a, Point b) {
  // The least over the ends and, where the foot of the perpendicular lies between them, the foot.
  double nearest = std::min(std::hypot(p.x - a.x, p.y - a.y), std::hypot(p.x - b.x, p.y - b.y));
  const double dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
  const double along = (p.x - a.x) * dx + (p.y - a.y) * dy;
  if (squared > 0.0 && along > 0.0 && along < squared)
    nearest = std::min(nearest, std::abs((p.x - a.x) * dy - (p.y - a.y) * dx) / std::sqrt(squared));
  return nearest;
}

double plain_outline_distance(const Geometry& geometry, Point p) {
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& part : geometry.parts)
    for (std::size_t i = 0; i < part.size(); ++i)
      nearest = std::min(nearest, plain_segment_distance(p, part[i], part[std::min(i + 1, part.size() - 1)]));
  return nearest;
}

/// Even-odd rule by the winding of angles of each ring: another road to the same answer.
bool plain_inside(const Geometry& polygons, Point p) {
  int windings = 0;
  for (const auto& ring : polygons.parts) {
    double angle = 0.0;
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      const double ax = ring[i].x - p.x, ay = ring[i].y - p.y, bx = ring[i + 1].x - p.x, by = ring[i + 1].y - p.y;
      angle += std::atan2(ax * by - ay * bx, ax * bx + ay * by);
    }
    windings += static_cast<int>(std::lround(angle / (2.0 * std::numbers::pi)));
  }
  return windings % 2 != 0;
}

}  // namespace

TEST_CASE("a frame knows its edges, its centres and where a point lies") {
  const Frame frame{{3, 4}, 10.0, 100.0, 200.0, ""};
  CHECK(frame.east() == 140.0);
  CHECK(frame.south() == 170.0);
  CHECK(frame.centre(frame.shape.cell(2, 1)) == Point{115.0, 175.0});
  CHECK(frame.col_at(139.9) == 3);
  CHECK(frame.col_at(99.9) == -1);
  CHECK(frame.row_at(200.0) == 0);
  CHECK(frame.row_at(169.9) == 3);
}

TEST_CASE("cells inside: a square, its hole, and an edge shared by two squares") {
  const Frame frame = frame_of({4, 6});
  const auto square = [](double w, double s, double e, double n) {
    return std::vector<Point>{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}};
  };
  const auto inside = [&](std::vector<std::vector<Point>> rings) {
    return cells_inside(frame, {Geometry::Kind::polygons, std::move(rings)});
  };
  CHECK(inside({square(1, 1, 3, 3)}) == std::vector<Cell>{7, 8, 13, 14});
  CHECK(inside({square(0, 0, 6, 4), square(1, 1, 5, 3)}).size() == 24 - 8);
  // An edge through cell centres gives each centre to one side only.
  const std::vector<Cell> left = inside({square(0, 0, 2.5, 4)}), right = inside({square(2.5, 0, 6, 4)});
  CHECK(left.size() + right.size() == 24);
  CHECK(inside({square(-9, -9, 99, 99)}).size() == 24);
  CHECK(inside({square(20, 20, 30, 30)}).empty());
  CHECK(cells_inside(frame, {Geometry::Kind::lines, {square(1, 1, 3, 3)}}).empty());
}

TEST_CASE("cells inside: equal to the winding of angles on random polygons, crossed ones too") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Frame frame = random_frame(dice);
    const Geometry polygons = random_geometry(dice, frame, Geometry::Kind::polygons);
    std::vector<Cell> expected;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (plain_inside(polygons, frame.centre(cell))) expected.push_back(cell);
    REQUIRE(cells_inside(frame, polygons) == expected);
  }
}

TEST_CASE("cells along: every cell that a dense walk along the line meets, and no gap") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Frame frame = random_frame(dice);
    const Geometry line = random_geometry(dice, frame, Geometry::Kind::lines);
    const std::vector<Cell> cells = cells_along(frame, line);
    REQUIRE(std::is_sorted(cells.begin(), cells.end()));
    for (const auto& part : line.parts)
      for (std::size_t i = 0; i + 1 < part.size(); ++i)
        for (int k = 0; k <= 500; ++k) {
          const double t = k / 500.0;
          const double x = part[i].x + t * (part[i + 1].x - part[i].x), y = part[i].y + t * (part[i + 1].y - part[i].y);
          const std::int64_t r = frame.row_at(y), c = frame.col_at(x);
          // A point on the border of two cells may belong to either.
          const double u = (x - frame.west) / frame.cell_m, v = (frame.north - y) / frame.cell_m;
          if (std::abs(u - std::round(u)) < 1e-9 || std::abs(v - std::round(v)) < 1e-9) continue;
          if (frame.shape.holds(r, c))
            REQUIRE(std::binary_search(cells.begin(), cells.end(),
                                       frame.shape.cell(static_cast<std::int32_t>(r), static_cast<std::int32_t>(c))));
        }
    // And none that the line does not touch: the centre of a touched cell is within half a diagonal.
    for (const Cell cell : cells)
      REQUIRE(plain_outline_distance(line, frame.centre(cell)) <= frame.cell_m * (std::numbers::sqrt2 / 2.0 + 1e-9));
  }
}

TEST_CASE("cells within: those whose centre is near enough, and those the line itself runs through") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Frame frame = random_frame(dice);
    const auto kind = static_cast<Geometry::Kind>(dice.below(3));
    const Geometry geometry = random_geometry(dice, frame, kind);
    const double distance = dice.uniform() * 4.0 * frame.cell_m;
    const std::vector<Cell> own =
        kind == Geometry::Kind::polygons ? cells_inside(frame, geometry) : cells_along(frame, geometry);
    std::vector<Cell> expected;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (plain_outline_distance(geometry, frame.centre(cell)) <= distance ||
          std::binary_search(own.begin(), own.end(), cell))
        expected.push_back(cell);
    REQUIRE(cells_within(frame, geometry, distance) == expected);
    for (Cell cell = 0; cell < frame.shape.cells(); cell += 7) {
      const Point p = frame.centre(cell);
      const bool inside = kind == Geometry::Kind::polygons && plain_inside(geometry, p);
      REQUIRE(distance_m(geometry, p) ==
              doctest::Approx(inside ? 0.0 : plain_outline_distance(geometry, p)).epsilon(1e-9));
    }
  }
}

TEST_CASE("length and stations of a line") {
  const std::vector<Point> line{{0, 0}, {30, 40}, {30, 45}};
  CHECK(length_m({Geometry::Kind::lines, {line, {{0, 0}, {7, 0}}}}) == doctest::Approx(62.0));
  CHECK(length_m({Geometry::Kind::points, {{{0, 0}}, {{7, 0}}}}) == 0.0);
  const std::vector<Point> stations = stations_along(line, 20.0);
  REQUIRE(stations.size() == 5);
  CHECK(stations.front() == line.front());
  CHECK(stations[1].x == doctest::Approx(10.0));
  CHECK(stations[3] == line[1]);
  CHECK(stations.back() == line.back());
  for (std::size_t i = 1; i < stations.size(); ++i)
    CHECK(std::hypot(stations[i].x - stations[i - 1].x, stations[i].y - stations[i - 1].y) <= 20.0);
  CHECK(stations_along({}, 5.0).empty());
  CHECK(stations_along({{1, 2}}, 5.0) == std::vector<Point>{{1, 2}});
}
