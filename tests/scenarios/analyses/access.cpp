// Who has green space within reach, as a study runs it.
#include "scenarios/analyses/access.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::index_of;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;

namespace {

/// A park of 4 cells (0.36 ha) in the west; people in a cell beside it and in one 30 cells on.
Study a_park() {
  Study study = drawn_study({
      "ttcccccccccccccccccccccccccccccccccc",
      "ttcccccccccccccccccccccccccccccccccc",
  });
  auto people = std::make_shared<Raster<float>>(study.landscape.frame.shape, 0.0F);
  people->at(0, 3) = 100.0F;
  people->at(1, 33) = 300.0F;
  study.landscape.population = people;
  AccessAnalysis what;
  for (const LandCoverClass& c : study.landscape.classes->classes) what.green.push_back(c.name == "tree");
  what.catchment.groups = {{"all", 1.0, 90.0}};
  what.walk = {1.0, 1.5, 1.0, 0.3};  // 90 m
  what.levels.frame = true;
  what.guild = "forest";
  study.analyses.access = what;
  return study;
}

}  // namespace

TEST_CASE("access in a study: who lives by the park shares it, who lives far off has none") {
  const auto cases = results_of(a_park());
  const CaseResult& result = cases.begin()->second;
  const Table& access = table_of(result, "access");
  const std::size_t frame = row_of(access, {{"level", "frame"}});
  CHECK(access.numbers("persons")[frame] == 400.0);
  CHECK(access.numbers("served")[frame] == 100.0);
  CHECK(access.numbers("served_percent")[frame] == 25.0);
  // All four cells lie within 90 m of the first home: 60, 90, and diagonally 67 m; of the fourth, 95 m, it has no part.
  const double m2 = 3.0 * 900.0 / 100.0;
  CHECK(access.numbers("m2_per_person")[frame] == Approx(m2 * 100.0 / 400.0));
  CHECK(access.numbers("short_persons")[frame] == 300.0);
  CHECK(access.numbers("missing_ha")[frame] == Approx(300.0 * 8.0 / 1e4));
  const Table& gaps = table_of(result, "access_gaps");
  REQUIRE(gaps.rows() == 1);
  CHECK(gaps.numbers("persons")[0] == 300.0);
  CHECK(gaps.numbers("farthest_m")[0] == Approx(32.0 * 30.0));
  const GuildResult& guild = result.guilds.front();
  CHECK(index_of(guild, "ACCESS_served") == 25.0);
  CHECK(index_of(guild, "ACCESS_short") == 75.0);
  const auto& walk = raster_of<std::uint8_t>(result, "walk");
  CHECK(walk.at(0, 3) == 1);
  CHECK(walk.at(1, 33) == 2);
  CHECK(walk.at(0, 10) == 0);
}

TEST_CASE("access in a study: a park too small to walk to, a wall before it, a new one in a scenario") {
  SUBCASE("too small") {
    Study study = a_park();
    study.analyses.access->walk.least_green_ha = 0.4;
    const auto cases = results_of(study);
    CHECK(index_of(cases.begin()->second.guilds.front(), "ACCESS_served") == 0.0);
  }
  SUBCASE("behind a road that nobody crosses") {
    Study study = a_park();
    study.landscape.cover.at(0, 2) = study.landscape.cover.at(1, 2) = 6;
    for (const LandCoverClass& c : study.landscape.classes->classes)
      study.analyses.access->impassable.push_back(c.name == "road");
    const auto cases = results_of(study);
    CHECK(index_of(cases.begin()->second.guilds.front(), "ACCESS_served") == 0.0);
  }
  SUBCASE("a new park") {
    Study study = a_park();
    RestoreHabitat wood;
    wood.place = rectangle(study.landscape.frame, 0, 30, 1, 31);
    wood.to = "tree";
    study.scenarios.push_back({"park", "", {{"wood", always, wood}}});
    const auto cases = results_of(study);
    CHECK(index_of(cases.at({"park", 2030, 0}).guilds.front(), "ACCESS_served") == 100.0);
    CHECK(table_of(cases.at({"park", 2030, 0}), "access_gaps").rows() == 0);
  }
}
