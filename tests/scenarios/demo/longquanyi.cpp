#include "scenarios/demo/longquanyi.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/water/depressions.hpp"

namespace greenweave {
namespace {

/// The plan's lines, roughly, in EPSG:32648.
DemoPlan rough_plan() {
  const auto line = [](std::vector<Point> points) { return Geometry{Geometry::Kind::lines, {std::move(points)}}; };
  DemoPlan plan;
  plan.lake = {Geometry::Kind::polygons,
               {{{421000, 3390300},
                 {421700, 3391000},
                 {423200, 3390200},
                 {423200, 3389500},
                 {422000, 3389700},
                 {421000, 3390300}}}};
  plan.canal = line({{416600, 3399100}, {418800, 3393000}, {421000, 3390800}, {425800, 3384000}, {423000, 3370000}});
  plan.outer_ring = line({{417800, 3398000}, {417000, 3390000}, {418500, 3376000}});
  plan.roads = {line({{416500, 3391000}, {436000, 3392500}}), line({{417500, 3389000}, {431000, 3380500}})};
  plan.seat = {429686, 3381435};
  return plan;
}

TEST_CASE("the demonstration landscape is the same bytes at any thread count") {
  const Frame frame = demo_frame(60.0);
  const DemoLandscape two = generate_longquanyi(frame, rough_plan());
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
  const DemoLandscape one = generate_longquanyi(frame, rough_plan());
  CHECK(two.land_cover.values == one.land_cover.values);
  CHECK(two.elevation_m.values == one.elevation_m.values);
  CHECK(two.population.values == one.population.values);
}

TEST_CASE("it looks like the district: plain, folds, lake, towns, a million people") {
  const Frame frame = demo_frame(60.0);
  const DemoLandscape made = generate_longquanyi(frame, rough_plan());
  std::map<int, double> share;
  for (const std::uint8_t code : made.land_cover.values)
    share[code] += 1.0 / static_cast<double>(made.land_cover.values.size());
  for (const auto& [code, part] : share) {
    CAPTURE(code);
    CHECK(std::set<int>{10, 20, 30, 40, 50, 60, 80, 90}.count(code) == 1);
  }
  CHECK(share[10] > 0.15);
  CHECK(share[10] < 0.45);
  CHECK(share[40] > 0.2);
  CHECK(share[50] > 0.06);
  CHECK(share[50] < 0.3);
  CHECK(share[80] > 0.005);

  const auto at = [&](double x, double y) {
    return frame.shape.cell(static_cast<std::int32_t>(frame.row_at(y)), static_cast<std::int32_t>(frame.col_at(x)));
  };
  for (const auto& [x, y] : {std::pair{419000.0, 3386000.0}, {424000.0, 3395000.0}, {422000.0, 3375000.0}}) {
    CHECK(made.elevation_m[at(x, y)] > 470.0F);
    CHECK(made.elevation_m[at(x, y)] < 515.0F);
  }
  const float top = *std::max_element(made.elevation_m.values.begin(), made.elevation_m.values.end());
  CHECK(top > 700.0F);
  CHECK(top < 950.0F);
  CHECK(made.land_cover[at(422200, 3390000)] == 80);
  const double people = std::accumulate(made.population.values.begin(), made.population.values.end(), 0.0);
  CHECK(people == doctest::Approx(1e6).epsilon(1e-4));
}

TEST_CASE("its plain drains: the lake is the largest depression, and all together are a few hundred hectares") {
  const Frame frame = demo_frame(60.0);
  const DemoLandscape made = generate_longquanyi(frame, rough_plan());
  const DepressionHierarchy found = depression_hierarchy(made.elevation_m);
  double total_ha = 0.0;
  std::int32_t largest = found.roots.front();
  for (const std::int32_t root : found.roots) {
    const Depression& depression = found.nodes[static_cast<std::size_t>(root)];
    total_ha += static_cast<double>(depression.cells) * frame.cell_area_ha();
    if (depression.cells > found.nodes[static_cast<std::size_t>(largest)].cells) largest = root;
  }
  CHECK(total_ha > 100.0);
  CHECK(total_ha < 0.02 * static_cast<double>(frame.shape.cells()) * frame.cell_area_ha());
  const Depression& lake = found.nodes[static_cast<std::size_t>(largest)];
  CHECK(static_cast<double>(lake.cells) * frame.cell_area_ha() < 300.0);
  CHECK(made.land_cover[lake.pit] == 80);
}

TEST_CASE("it is the same place at another cell size") {
  const Frame coarse = demo_frame(60.0), fine = demo_frame(30.0);
  const DemoLandscape a = generate_longquanyi(coarse, rough_plan()), b = generate_longquanyi(fine, rough_plan());
  std::int64_t agree = 0;
  double difference = 0.0;
  for (Cell cell = 0; cell < coarse.shape.cells(); ++cell) {
    // Any of the four fine cells; narrow things fall into one of them only.
    const std::int32_t r = 2 * coarse.shape.row(cell), c = 2 * coarse.shape.col(cell);
    bool any = false;
    for (const auto& [dr, dc] : {std::pair{0, 0}, {0, 1}, {1, 0}, {1, 1}})
      any = any || b.land_cover.at(r + dr, c + dc) == a.land_cover[cell];
    agree += any;
    difference = std::max(
        difference, std::abs(static_cast<double>(a.elevation_m[cell]) - static_cast<double>(b.elevation_m.at(r, c))));
  }
  CHECK(static_cast<double>(agree) / static_cast<double>(coarse.shape.cells()) > 0.9);
  CHECK(difference < 40.0);
}

}  // namespace
}  // namespace greenweave
