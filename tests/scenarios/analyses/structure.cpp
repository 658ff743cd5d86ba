// The structure of habitat and land cover, as a study runs it.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "scenarios/run_study.hpp"
#include "scenarios/tabulate.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::index_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;

namespace {

/// A wood of 3 x 3 cells in crop, grass in the east, a lone tree; two zones and an element.
Study wood() {
  Study study = drawn_study({
      "cccccggg",  //
      "ctttcggg",  //
      "ctttcgtg",  //
      "ctttcggg",  //
      "cccccggg",  //
  });
  const Frame& frame = study.landscape.frame;
  study.zones = {{"west", cells_inside(frame, rectangle(frame, 0, 0, 4, 3))},
                 {"east", cells_inside(frame, rectangle(frame, 0, 4, 4, 7))}};
  Element park{"park", "Park", Element::Kind::core, "suburban", 0.0, rectangle(frame, 1, 1, 2, 3), ""};
  study.elements = {park};
  study.analyses.structure = StructureAnalysis{};
  return study;
}

}  // namespace

TEST_CASE("structure: tables, raster and indices of a drawn study") {
  const Study study = wood();
  const CaseResult result = results_of(study).begin()->second;
  const GuildResult& guild = result.guilds.front();
  const double cell = 0.09;

  const Table& mspa = table_of(guild.tables, "mspa_area");
  REQUIRE(mspa.rows() == 4 * 7);
  const auto area = [&](const char* level, const char* region, const char* kind) {
    return mspa.numbers("area_ha")[row_of(mspa, {{"level", level}, {"region", region}, {"class", kind}})];
  };
  CHECK(area("frame", "drawn", "core") == Approx(cell));
  CHECK(area("frame", "drawn", "edge") == Approx(8 * cell));
  CHECK(area("frame", "drawn", "islet") == Approx(cell));
  CHECK(area("zone", "east", "islet") == Approx(cell));
  CHECK(area("zone", "west", "islet") == 0.0);
  // Classes are those of the whole frame: the park's cut makes no edge of its own.
  CHECK(area("element", "park", "core") == Approx(cell));
  CHECK(area("element", "park", "edge") == Approx(5 * cell));
  CHECK(mspa.numbers("habitat_percent")[row_of(mspa, {{"level", "frame"}, {"class", "edge"}})] == Approx(80.0));
  CHECK(mspa.numbers("land_percent")[row_of(mspa, {{"level", "frame"}, {"class", "edge"}})] == Approx(20.0));

  const Table& habitat = table_of(guild.tables, "habitat_metrics");
  REQUIRE(habitat.rows() == 4);
  const std::size_t whole = row_of(habitat, {{"level", "frame"}}), west = row_of(habitat, {{"region", "west"}}),
                    east = row_of(habitat, {{"region", "east"}}), park = row_of(habitat, {{"region", "park"}});
  CHECK(habitat.integers("NP")[whole] == 2);
  CHECK(habitat.numbers("LPI")[whole] == Approx(100.0 * 9 / 40));
  CHECK(habitat.numbers("TE")[whole] == Approx(30.0 * (12 + 4)));
  CHECK(habitat.numbers("ENN_MN")[whole] == Approx(90.0));  // three cells from column 4 to column 7
  CHECK(habitat.integers("NP")[west] == 1);
  CHECK(habitat.numbers("PLAND")[west] == Approx(45.0));
  CHECK(habitat.numbers("TE")[west] == Approx(30.0 * 9));  // the zone's boundary runs along the wood's east side
  CHECK(std::isnan(habitat.numbers("ENN_MN")[west]));
  CHECK(habitat.numbers("area_ha")[east] == Approx(cell));
  CHECK(habitat.numbers("PLAND")[park] == Approx(100.0));

  const Table& land = table_of(result.tables, "landscape_metrics");
  REQUIRE(land.rows() == 4);
  CHECK(land.integers("PR")[row_of(land, {{"level", "frame"}})] == 3);
  CHECK(land.integers("PR")[row_of(land, {{"region", "park"}})] == 1);
  CHECK(std::isnan(land.numbers("CONTAG")[row_of(land, {{"region", "park"}})]));
  CHECK(land.numbers("SHDI")[row_of(land, {{"region", "west"}})] ==
        Approx(-(0.45 * std::log(0.45) + 0.55 * std::log(0.55))));
  const Table& classes = table_of(result.tables, "class_metrics");
  CHECK(classes.rows() == 3 + 1 + 2 + 3);
  CHECK(classes.numbers("area_ha")[row_of(classes, {{"level", "zone"}, {"region", "east"}, {"class", "grass"}})] ==
        Approx(14 * cell));

  CHECK(index_of(guild, "MSPA_core") == Approx(cell));
  CHECK(index_of(guild, "MSPA_core_share") == Approx(10.0));
  CHECK(index_of(guild, "LPI") == Approx(22.5));
  const auto names = index_names(study.analyses);
  CHECK(std::find(names.begin(), names.end(), "COHESION") != names.end());

  const auto raster =
      std::find_if(guild.rasters.begin(), guild.rasters.end(), [](const NamedRaster& r) { return r.name == "mspa"; });
  REQUIRE(raster != guild.rasters.end());
  CHECK(std::get<Raster<std::uint8_t>>(raster->raster).at(2, 2) == 1);
  CHECK(std::get<Raster<std::uint8_t>>(raster->raster).at(2, 6) == 2);
  CHECK(std::get<Raster<std::uint8_t>>(raster->raster).at(0, 0) == 0);
}

TEST_CASE("structure: what a scenario changes shows against the baseline, and levels and guilds can be chosen") {
  Study study = wood();
  study.analyses.structure->levels.frame = study.analyses.structure->levels.elements = false;
  Action plant{"plant", 2020, RestoreHabitat{rectangle(study.landscape.frame, 2, 4, 2, 5), "tree", {}, {1.0, 1e-6}}};
  study.scenarios.push_back({"joined", "Joined", {plant}});
  Guild other = study.guilds.front();
  other.name = other.title = "other";
  study.guilds.push_back(other);
  study.analyses.structure->guilds = {"forest"};
  const auto results = results_of(study);
  const GuildResult &before = results.at({"baseline", 2030, 0}).guilds[0],
                    &after = results.at({"joined", 2030, 0}).guilds[0];
  CHECK(index_of(before, "MSPA_islet") == Approx(0.09));
  CHECK(index_of(after, "MSPA_islet") == 0.0);
  CHECK(std::isnan(index_of(after, "ENN_MN")));
  const Table& zones = table_of(after.tables, "habitat_metrics");
  REQUIRE(zones.rows() == 2);
  CHECK(zones.numbers("area_ha")[row_of(zones, {{"region", "east"}})] == Approx(0.27));
  CHECK(table_of(results.at({"joined", 2030, 0}).tables, "landscape_metrics").rows() == 2);
  CHECK(before.indices.columns.size() == results.at({"baseline", 2030, 0}).guilds[1].indices.columns.size() + 10);
  CHECK_THROWS_AS(table_of(results.at({"baseline", 2030, 0}).guilds[1].tables, "mspa_area"), std::out_of_range);
}

TEST_CASE("structure: draws have the indices alone, and no habitat is no error") {
  Study study = wood();
  study.uncertainty.draws = 1;
  for (float& q : study.guilds[0].quality) q = 0.0F;
  const auto results = results_of(study);
  const GuildResult &stated = results.at({"baseline", 2030, 0}).guilds[0],
                    &draw = results.at({"baseline", 2030, 1}).guilds[0];
  for (const GuildResult* result : {&stated, &draw}) {
    CHECK(index_of(*result, "MSPA_core") == 0.0);
    CHECK(index_of(*result, "MSPA_core_share") == 0.0);
    CHECK(index_of(*result, "LPI") == 0.0);
    CHECK(std::isnan(index_of(*result, "AI")));
  }
  CHECK(draw.tables.empty());
  CHECK(draw.rasters.empty());
  CHECK(table_of(stated.tables, "habitat_metrics").integers("NP")[0] == 0);
}

TEST_CASE("structure: the same at any thread count") {
  const Study study = wood();
  const GuildResult two = results_of(study).begin()->second.guilds.front();
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const GuildResult again = results_of(study).begin()->second.guilds.front();
  for (const Table& table : two.tables) {
    if (table.name != "habitat_metrics" && table.name != "mspa_area") continue;
    for (const Column& column : table.columns)
      if (const auto* values = std::get_if<std::vector<double>>(&column.values))
        for (std::size_t k = 0; k < values->size(); ++k) {
          const double other = table_of(again.tables, table.name).numbers(column.name)[k];
          CHECK(((std::isnan((*values)[k]) && std::isnan(other)) || (*values)[k] == other));
        }
  }
}
