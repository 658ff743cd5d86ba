#include "scenarios/actions.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/drawn.hpp"
#include "tests/support/studies.hpp"

namespace greenweave {
namespace {

using testing::drawn_study;
using testing::rectangle;

std::int64_t cells_of_class(const Landscape& landscape, const char* name) {
  const int wanted = landscape.classes->index_of_name(name);
  return std::count(landscape.cover.values.begin(), landscape.cover.values.end(), static_cast<ClassIndex>(wanted));
}

const std::string& class_at(const Landscape& landscape, std::int32_t row, std::int32_t col) {
  return landscape.classes->classes[landscape.cover.at(row, col)].name;
}

TEST_CASE("a restored wetland recovers along its curve, and spares what is not in `from`") {
  Study study = drawn_study({"cccccc",  //
                             "cccccc",  //
                             "ccwwcc",  //
                             "ccbbcc"});
  RestoreHabitat restore{rectangle(study.landscape.frame, 1, 1, 3, 4), "marsh", {"crop"}, {1.0, 4.0}};
  const Scenario scenario{"s", "s", {{"marsh", 2026, restore}}};

  CHECK(landscape_of(study, scenario, 2025, 0).landscape.cover.values == study.landscape.cover.values);

  const ScenarioLandscape made = landscape_of(study, scenario, 2030, 0);
  CHECK(cells_of_class(made.landscape, "marsh") == 8);  // twelve cells, but two of water and two built up
  CHECK(class_at(made.landscape, 1, 1) == "marsh");
  CHECK(class_at(made.landscape, 2, 2) == "water");
  CHECK(class_at(made.landscape, 3, 2) == "built");
  CHECK(made.landscape.recovery.at(1, 1) == doctest::Approx(1.0 - std::exp(-1.0)).epsilon(1e-7));
  CHECK(made.actions.numbers("area_ha").at(0) == doctest::Approx(8 * study.landscape.frame.cell_area_ha()));
  CHECK(made.actions.numbers("recovery").at(0) == doctest::Approx(1.0 - std::exp(-1.0)));
}

TEST_CASE("an action without a start is fully there in every year") {
  Study study = drawn_study({"ccc", "ccc", "ccc"});
  const Scenario scenario{
      "s",
      "s",
      {{"marsh", always, RestoreHabitat{rectangle(study.landscape.frame, 0, 0, 2, 2), "marsh", {}, {0.74, 12.0}}}}};
  const Landscape made = landscape_of(study, scenario, 0, 0).landscape;
  CHECK(cells_of_class(made, "marsh") == 9);
  CHECK(made.recovery.at(1, 1) == doctest::Approx(0.74));
}

TEST_CASE("a greenway plants its belt along a line and spares water and buildings") {
  Study study = drawn_study({"ccccccc",  //
                             "ccccccc",  //
                             "cccwccb",  //
                             "ccccccc",  //
                             "ccccccc"});
  const Frame& frame = study.landscape.frame;
  BuildGreenway build;
  build.line = {Geometry::Kind::lines, {{frame.centre(frame.shape.cell(2, 0)), frame.centre(frame.shape.cell(2, 6))}}};
  build.type = "suburban";
  build.belt_width_m = 2.2 * frame.cell_m;  // the row itself and one on either side
  build.spare = {"water", "built"};
  build.recovery = {1.0, 0.0};
  const Landscape made = landscape_of(study, {"s", "s", {{"way", 2026, build}}}, 2026, 0).landscape;
  CHECK(cells_of_class(made, "tree") == 3 * 7 - 2);
  CHECK(class_at(made, 0, 3) == "crop");
  // The trail of 3 m takes a tenth of the cells of 30 m that it runs through.
  REQUIRE(study.greenway_types.at(0).trail_width_m == 3.0);
  CHECK(made.recovery.at(2, 1) == doctest::Approx(1.0 - 3.0 / frame.cell_m));
  CHECK(made.recovery.at(1, 1) == 1.0F);
  // The trail's ordinary use disturbs the cells beside it.
  CHECK(made.disturbed.at(2, 3) == 1);
  CHECK(made.disturbed.at(0, 3) == 0);
}

TEST_CASE("a crossing opens the road at its place and nowhere else") {
  Study study = drawn_study({"ccrrcc",  //
                             "ccrrcc",  //
                             "ccrrcc",  //
                             "ccrrcc",  //
                             "ccrrcc",  //
                             "ccrrcc",  //
                             "ccrrcc"});
  const Frame& frame = study.landscape.frame;
  const Point middle = frame.centre(frame.shape.cell(3, 2));
  OpenCrossing open{{Geometry::Kind::points, {{{middle.x + frame.cell_m / 2.0, middle.y}}}}, 0.0, "grass", {"road"}};
  const Landscape made = landscape_of(study, {"s", "s", {{"deck", 2026, open}}}, 2026, 0).landscape;
  CHECK(class_at(made, 3, 2) == "grass");
  CHECK(class_at(made, 3, 3) == "grass");
  CHECK(class_at(made, 0, 2) == "road");
  CHECK(class_at(made, 6, 3) == "road");
  CHECK(class_at(made, 3, 1) == "crop");
}

TEST_CASE("ground is raised, lowered and levelled, and the study's own heights stay") {
  Study study = drawn_study({"cccc", "cccc", "cccc"});
  const Frame& frame = study.landscape.frame;
  study.landscape.elevation_m = std::make_shared<Raster<float>>(frame.shape, 5.0F);
  const Scenario scenario{"s",
                          "s",
                          {{"dike", 2026, Regrade{rectangle(frame, 0, 0, 0, 1), 2.0, std::nullopt}},
                           {"basin", 2026, Regrade{rectangle(frame, 0, 1, 2, 1), std::nullopt, 4.5}}}};
  const ScenarioLandscape made = landscape_of(study, scenario, 2026, 0);
  const Raster<float>& z = *made.landscape.elevation_m;
  CHECK(z.at(0, 0) == 7.0F);
  CHECK(z.at(0, 1) == 4.5F);  // the later action counts
  CHECK(z.at(2, 1) == 4.5F);
  CHECK(z.at(1, 0) == 5.0F);
  CHECK(study.landscape.elevation_m->at(0, 0) == 5.0F);
  CHECK(made.actions.numbers("fill_m3").at(0) == doctest::Approx(2 * 2.0 * 900));
  CHECK(made.actions.numbers("cut_m3").at(1) == doctest::Approx((2.5 + 0.5 + 0.5) * 900));
  CHECK(made.actions.numbers("fill_m3").at(1) == 0.0);
  CHECK(made.actions.texts("type").at(0) == "regrade");
  // A case without such an action shares the study's heights.
  CHECK(landscape_of(study, scenario, 2025, 0).landscape.elevation_m == study.landscape.elevation_m);
}

TEST_CASE("without its weir a river is as low there as beside it") {
  Study study = drawn_study({"ccccc",  //
                             "wwbww",  //
                             "ccccc"});
  const Frame& frame = study.landscape.frame;
  auto ground = std::make_shared<Raster<float>>(frame.shape, 9.0F);
  for (std::int32_t c = 0; c < 5; ++c) ground->at(1, c) = c < 2 ? 6.0F : c == 2 ? 7.0F : 4.0F;
  study.landscape.elevation_m = ground;
  RemoveWeir remove{{Geometry::Kind::points, {{frame.centre(frame.shape.cell(1, 2))}}}, 0.0, std::nullopt, "water"};
  ScenarioLandscape made = landscape_of(study, {"s", "s", {{"weir", 2026, remove}}}, 2026, 0);
  CHECK(made.landscape.elevation_m->at(1, 2) == 4.0F);
  CHECK(made.landscape.elevation_m->at(1, 1) == 6.0F);
  CHECK(class_at(made.landscape, 1, 2) == "water");
  CHECK(made.actions.numbers("cut_m3").at(0) == doctest::Approx(3.0 * 900));
  remove.to_m = 5.5;
  remove.to = "";
  made = landscape_of(study, {"s", "s", {{"weir", 2026, remove}}}, 2026, 0);
  CHECK(made.landscape.elevation_m->at(1, 2) == 5.5F);
  CHECK(class_at(made.landscape, 1, 2) == "built");
  remove.to_m = 8.0;  // nothing is raised
  CHECK(landscape_of(study, {"s", "s", {{"weir", 2026, remove}}}, 2026, 0).landscape.elevation_m->at(1, 2) == 7.0F);
}

TEST_CASE("a wetland is dug where its cover changes, in a polygon or in cells that were chosen") {
  Study study = drawn_study({"ccb", "ccc"});
  const Frame& frame = study.landscape.frame;
  study.landscape.elevation_m = std::make_shared<Raster<float>>(frame.shape, 5.0F);
  RestoreHabitat restore;
  restore.place.kind = Geometry::Kind::polygons;
  restore.to = "marsh";
  restore.from = {"crop"};
  restore.cells = {1, 2, 5};
  restore.dig_m = 0.5;
  const ScenarioLandscape made = landscape_of(study, {"s", "s", {{"dig", 2026, restore}}}, 2030, 0);
  CHECK(made.landscape.elevation_m->values == std::vector<float>{5, 4.5, 5, 5, 5, 4.5});
  CHECK(class_at(made.landscape, 0, 1) == "marsh");
  CHECK(class_at(made.landscape, 0, 2) == "built");
  CHECK(cells_of_class(made.landscape, "marsh") == 2);
  CHECK(made.actions.numbers("cut_m3").at(0) == doctest::Approx(2 * 0.5 * 900));
}

TEST_CASE("growth takes the nearest sites until the area is met") {
  Study study = drawn_study({"bcccccc",  //
                             "ccccccc",  //
                             "cwccccc"});
  Develop grow;
  grow.to = grow.grow_from = "built";
  grow.area_ha = 4.0 * study.landscape.frame.cell_area_ha();
  grow.on = {"crop"};
  const Landscape made = landscape_of(study, {"s", "s", {{"town", 2026, grow}}}, 2026, 0).landscape;
  CHECK(cells_of_class(made, "built") == 5);
  CHECK(class_at(made, 0, 1) == "built");  // 1 away
  CHECK(class_at(made, 1, 0) == "built");
  CHECK(class_at(made, 1, 1) == "built");  // sqrt 2 away
  CHECK(class_at(made, 0, 2) == "built");  // 2 away, before (2, 0) by index
  CHECK(class_at(made, 2, 0) == "crop");
}

TEST_CASE("growth spares elements and steep ground") {
  Study study = drawn_study({"bccc",  //
                             "cccc"});
  const Frame& frame = study.landscape.frame;
  Element element;
  element.name = "belt";
  element.geometry = rectangle(frame, 0, 1, 0, 3);
  study.elements = {element};
  auto elevation = std::make_shared<Raster<float>>(frame.shape, 0.0F);
  elevation->at(1, 2) = static_cast<float>(frame.cell_m);  // a bump: 50 % slopes at its neighbours
  study.landscape.elevation_m = elevation;
  Develop grow;
  grow.to = grow.grow_from = "built";
  grow.area_ha = 100.0;
  grow.on = {"crop"};
  grow.max_slope_percent = 25.0;
  const Landscape made = landscape_of(study, {"s", "s", {{"town", 2026, grow}}}, 2026, 0).landscape;
  CHECK(class_at(made, 0, 1) == "crop");   // in the element
  CHECK(class_at(made, 1, 0) == "built");  // level
  CHECK(class_at(made, 1, 1) == "crop");   // beside the bump
  grow.spare_elements = false;
  CHECK(class_at(landscape_of(study, {"s", "s", {{"town", 2026, grow}}}, 2026, 0).landscape, 0, 1) == "built");
}

TEST_CASE("visitors thin out along the greenways, and the step table widens the zone that they disturb") {
  // One greenway along the middle row of 41 rows and 200 columns of 30 m.
  Study study = drawn_study(std::vector<std::string>(41, std::string(200, 'c')));
  const Frame& frame = study.landscape.frame;
  Element way;
  way.name = "way";
  way.width_m = 30.0;
  way.geometry = {Geometry::Kind::lines,
                  {{frame.centre(frame.shape.cell(20, 0)), frame.centre(frame.shape.cell(20, 199))}}};
  study.elements = {way};
  Visitors visitors;
  visitors.entrances = {Geometry::Kind::points, {{frame.centre(frame.shape.cell(18, 0))}}};
  visitors.groups_per_day = 50.0;
  visitors.mean_distance_m = 1000.0;
  const ScenarioLandscape made = landscape_of(study, {"s", "s", {{"gate", 2026, visitors}}}, 2026, 0);
  const auto half_width = [&](std::int32_t col) {
    std::int32_t rows = 0;
    while (20 - rows - 1 >= 0 && made.landscape.disturbed.at(20 - rows - 1, col) != 0) ++rows;
    return rows;
  };
  // 50 groups at the gate: 300 m, ten cells. 50 exp(-d / 1000) <= 30 from 511 m on: 200 m, but the wider zone reaches
  // on.
  CHECK(half_width(0) == 10);
  CHECK(half_width(40) == 6);   // 1,200 m: 15.1 groups, still 200 m
  CHECK(half_width(60) == 3);   // 1,800 m: 8.3 groups, 100 m
  CHECK(half_width(100) == 2);  // 3,000 m: 2.5 groups, 60 m
  CHECK(half_width(199) == 0);  // 5,970 m: 0.13 groups leave no trace
  CHECK(made.landscape.disturbed.at(20, 199) == 0);
  CHECK(made.actions.numbers("peak_groups_per_day").at(0) == doctest::Approx(50.0));
}

TEST_CASE("draws multiply resistances and dispersal by factors that depend on seed, draw and name alone") {
  const Study study = drawn_study({"ct"});
  const Guild& guild = study.guilds.front();
  const Uncertainty uncertainty{10, 0.3, 0.3, 0.3};
  const ClassTable& classes = *study.landscape.classes;
  CHECK(perturbed(guild, classes, uncertainty, 1, 0).resistance == guild.resistance);
  const Guild one = perturbed(guild, classes, uncertainty, 1, 1), again = perturbed(guild, classes, uncertainty, 1, 1);
  CHECK(one.resistance == again.resistance);
  CHECK(one.dispersal.distance_m == again.dispersal.distance_m);
  CHECK(perturbed(guild, classes, uncertainty, 2, 1).resistance != one.resistance);
  // The median factor is 1 and the coefficient of variation as stated.
  double log_sum = 0.0, sum = 0.0, squares = 0.0;
  const int n = 4000;
  for (int d = 1; d <= n; ++d) {
    const double f = perturbed(guild, classes, uncertainty, 1, d).dispersal.distance_m / guild.dispersal.distance_m;
    log_sum += std::log(f);
    sum += f;
    squares += f * f;
  }
  const double mean = sum / n, cv = std::sqrt(squares / n - mean * mean) / mean;
  CHECK(std::abs(log_sum / n) < 0.02);
  CHECK(cv == doctest::Approx(0.3).epsilon(0.05));
}

}  // namespace
}  // namespace greenweave
