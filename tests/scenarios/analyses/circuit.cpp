#include "scenarios/analyses/circuit.hpp"

#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using greenweave::testing::drawn_study;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::table_of;

namespace {

/// Two woods, west and east; between them crops (resistance 5) that a row of built-up cells (60) parts but for one gap.
Study two_woods() {
  std::vector<std::string> rows(11, "ttt" + std::string(11, 'c') + "ttt");
  for (std::size_t r = 0; r < 11; ++r)
    if (r != 5) rows[r][8] = 'b';
  Study study = drawn_study(rows);
  const Frame& frame = study.landscape.frame;
  Element west, east;
  west.name = "west";
  west.geometry = rectangle(frame, 0, 0, 10, 2);
  east.name = "east";
  east.geometry = rectangle(frame, 0, 14, 10, 16);
  west.kind = east.kind = Element::Kind::core;
  study.elements = {west, east};
  study.analyses.circuit.emplace();
  study.analyses.circuit->tolerance = 1e-9;
  study.analyses.circuit->barrier_radius_m = 30.0;
  return study;
}

}  // namespace

TEST_CASE("the gap in a wall of houses is the pinch point, and the wall the barrier") {
  Study study = two_woods();
  study.analyses.circuit->corridor_slack_share = 1.0;
  study.analyses.circuit->pinch_quantile = 0.99;
  study.analyses.circuit->exact_places = 2;
  const auto cases = results_of(study);
  const GuildResult& guild = cases.at({"baseline", 2030, 0}).guilds[0];

  const auto& current = raster_of<float>(guild, "current");
  CHECK(current.at(5, 8) > 3.0F * current.at(3, 8));
  const auto& pinch = raster_of<std::int32_t>(guild, "pinch_points");
  CHECK(pinch.at(5, 8) == 1);
  const Table& places = table_of(guild, "pinch_points");
  CHECK(places.rows() == 1);

  const auto& pairs = table_of(guild, "focal_pairs");
  REQUIRE(pairs.rows() == 1);
  const double resistance = pairs.numbers("resistance")[0];
  // With each row of eleven, and diagonals on both sides of it, a column of crop would have 5 / (11 (1 + sqrt 2)); the
  // wall and the way from the woods' middle only add.
  CHECK(resistance > 50.0 / 11.0 / (1.0 + std::sqrt(2.0)));
  CHECK(guild.indices.numbers("R_eff")[0] == resistance);
  CHECK(guild.indices.numbers("conductance")[0] == doctest::Approx(1.0 / resistance));
  CHECK(guild.indices.numbers("R_unjoined")[0] == 0.0);

  const Table& barriers = table_of(guild, "current_barrier_places");
  REQUIRE(barriers.rows() >= 2);
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(barriers.numbers("gain_percent")[k] > 0.0);
    CHECK(barriers.numbers("exact_gain_percent")[k] > barriers.numbers("gain_percent")[k]);
  }
  // The best window has the gap's neighbours of the wall in it.
  CHECK(std::abs(barriers.numbers("x")[0] - study.landscape.frame.centre(study.landscape.frame.shape.cell(5, 8)).x) <=
        30.0);

  const Table& elements = table_of(guild, "element_currents");
  CHECK(elements.numbers("share")[0] + elements.numbers("share")[1] ==
        doctest::Approx(guild.indices.numbers("current_share")[0]).epsilon(1e-6));
}

TEST_CASE("a crossing lowers the resistance, and a start from the baseline gives the same numbers") {
  Study study = two_woods();
  for (std::int32_t r = 0; r < 11; ++r) study.landscape.cover.at(r, 8) = 6;  // a road without a gap: nothing passes
  study.landscape.cover.at(5, 8) = 5;                                        // but for one house
  study.scenarios.push_back({"open",
                             "",
                             {{"crossing", always,
                               OpenCrossing{{Geometry::Kind::points,
                                             {{study.landscape.frame.centre(study.landscape.frame.shape.cell(2, 8))}}},
                                            60.0,
                                            "grass",
                                            {"road"}}}}});
  const auto cases = results_of(study);
  const GuildResult &before = cases.at({"baseline", 2030, 0}).guilds[0], &after = cases.at({"open", 2030, 0}).guilds[0];
  CHECK(after.indices.numbers("R_eff")[0] < before.indices.numbers("R_eff")[0]);

  // The same landscape as a study of its own, from zero.
  Study alone = study;
  alone.scenarios.pop_back();
  for (const std::int32_t r : {1, 2, 3}) {
    const auto& rasters = cases.at({"open", 2030, 0}).rasters;
    for (const NamedRaster& raster : rasters)
      if (raster.name == "land_cover")
        alone.landscape.cover.at(r, 8) = static_cast<ClassIndex>(
            study.landscape.classes->index_of_code(std::get<Raster<std::int32_t>>(raster.raster).at(r, 8)));
  }
  const auto fresh = results_of(alone);
  CHECK(fresh.at({"baseline", 2030, 0}).guilds[0].indices.numbers("R_eff")[0] ==
        doctest::Approx(after.indices.numbers("R_eff")[0]).epsilon(1e-7));
}

TEST_CASE("what no path joins is counted, and patches or points may be the focal nodes; threads change no bit") {
  Study study = two_woods();
  for (std::int32_t r = 0; r < 11; ++r) study.landscape.cover.at(r, 8) = 6;
  CHECK(results_of(study).begin()->second.guilds[0].indices.numbers("R_unjoined")[0] == 1.0);

  study = two_woods();
  study.analyses.circuit->focal = CircuitAnalysis::Focal::patches;
  const auto of_patches = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return results_of(study).begin()->second.guilds[0];
  };
  const GuildResult one = of_patches(1), two = of_patches(2);
  REQUIRE(table_of(one, "focal_nodes").rows() == 2);
  CHECK(table_of(one, "focal_pairs").numbers("resistance") == table_of(two, "focal_pairs").numbers("resistance"));
  CHECK(raster_of<float>(one, "current").values == raster_of<float>(two, "current").values);
  // Without resistance inside the woods less is left.
  const double merged = table_of(one, "focal_pairs").numbers("resistance")[0];
  study.analyses.circuit->focal = CircuitAnalysis::Focal::elements;
  CHECK(merged < results_of(study).begin()->second.guilds[0].indices.numbers("R_eff")[0]);

  study.analyses.circuit->focal = CircuitAnalysis::Focal::points;
  const Frame& frame = study.landscape.frame;
  for (const Cell cell : {frame.shape.cell(5, 1), frame.shape.cell(5, 15)})
    study.analyses.circuit->points.push_back({"p", {Geometry::Kind::points, {{frame.centre(cell)}}}});
  CHECK(results_of(study).begin()->second.guilds[0].indices.numbers("R_eff")[0] > merged);
}
