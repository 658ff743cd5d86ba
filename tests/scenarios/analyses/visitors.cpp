#include "scenarios/analyses/visitors.hpp"

#include <doctest/doctest.h>

#include "scenarios/actions.hpp"
#include "scenarios/run_study.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using greenweave::testing::drawn_study;
using greenweave::testing::trail;

namespace {

/// A wood of 30 x 60 cells of 30 m with a trail through its middle row; a gate at either end, a pond in the middle.
Study wood(double per_day) {
  Study study = drawn_study(std::vector<std::string>(30, std::string(60, 't')));
  VisitorsAnalysis what;
  what.trails = {trail("way", {{0, 450}, {900, 450}, {1800, 450}}, 3.0)};
  const std::vector<bool> all(what.modes.size(), true);
  what.entrances = {{"west", {0, 450}, per_day, all}, {"east", {1800, 450}, 0.0, all}};
  what.sights = {{"pond", {900, 450}, 1.0, 1.0, 50.0}};
  what.arrivals = std::vector<double>(12, 1.0 / 12.0);
  what.visit.through_share = 0.0;
  what.guilds.resize(1);
  what.guilds[0].guild = "forest";
  what.base_year = 2030;
  study.analyses.visitors = what;
  return study;
}

CaseResult run(const Study& study, const std::string& scenario = "baseline") {
  return CaseRunner(study).run({scenario, 2030, 0}, {});
}

const Table& table_of(const CaseResult& result, const std::string& name) {
  for (const Table& table : result.tables)
    if (table.name == name) return table;
  throw std::logic_error("no table " + name);
}

CaseVisits visits(const Study& study, std::vector<Action> actions = {}) {
  return visits_of(study, {"s", "s", std::move(actions)}, 2030, study.landscape, {});
}

double index(const CaseResult& result, const std::string& name) {
  return result.guilds.front().indices.numbers(name).front();
}

}  // namespace

TEST_CASE("without visitors a case is bit for bit what it is without [visitors]") {
  const Study nobody = wood(0.0);
  Study plain = nobody;
  plain.analyses.visitors.reset();
  const CaseResult with = run(nobody), without = run(plain);
  REQUIRE(with.guilds.size() == without.guilds.size());
  for (const Column& column : without.guilds[0].indices.columns)
    CHECK(index(with, column.name) == index(without, column.name));
  REQUIRE(with.guilds[0].rasters.size() == without.guilds[0].rasters.size());
  for (std::size_t r = 0; r < without.guilds[0].rasters.size(); ++r) {
    const auto& a = with.guilds[0].rasters[r].raster;
    const auto& b = without.guilds[0].rasters[r].raster;
    REQUIRE(a.index() == b.index());
    if (const auto* one = std::get_if<Raster<float>>(&a)) CHECK(one->values == std::get<Raster<float>>(b).values);
  }
}

TEST_CASE("visitors walk to the pond and back, and ECA falls as their number rises") {
  double before = index(run(wood(0.0)), "ECA");
  for (const double per_day : {20.0, 100.0, 1000.0}) {
    const CaseResult result = run(wood(per_day));
    CHECK(index(result, "VISITORS") == doctest::Approx(365.0 * per_day));
    CHECK(index(result, "VISITORS_turned") == 0.0);
    const std::vector<double>& passages = table_of(result, "trail_links").numbers("visitors_per_year");
    CHECK(passages[0] == doctest::Approx(2.0 * 365.0 * per_day));
    CHECK(passages[1] == doctest::Approx(0.0));
    const double now = index(result, "ECA");
    CHECK(now < before);
    before = now;
  }
}

TEST_CASE("a quota caps an entrance; some of the others go to the next") {
  const Study study = wood(100.0);
  const CaseVisits capped = visits(study, {{"cap", 2026, EntranceQuota{"west", 40.0, 0.5}}});
  CHECK(capped.days[0].came == std::vector<double>{40.0, 30.0});
  CHECK(capped.days[0].turned_away[0] == doctest::Approx(30.0));
}

TEST_CASE("entrances shut in hours and trails closed turn visitors away") {
  const Study study = wood(120.0);
  const CaseVisits shut = visits(study, {{"shut", 2026, CloseEntrance{"west", 6, 12, {}}}});
  CHECK(shut.days[0].came[0] == doctest::Approx(60.0));
  CHECK(shut.days[0].turned_away[0] == doctest::Approx(60.0));
  CHECK(shut.days[0].assignment.load.along[0] == 0.0);
  const TrailPlace west{greenweave::testing::rectangle(study.landscape.frame, 0, 0, 29, 20), ""};
  const CaseVisits closed = visits(study, {{"close", 2026, CloseTrail{west, {}}}});
  CHECK(closed.days[0].came[0] == 0.0);
  CHECK(closed.days[0].turned_away[0] == doctest::Approx(120.0));
  CHECK(closed.disturbance.empty());
}

TEST_CASE("screens narrow the zone, and growth, factors and wider trails count") {
  Study study = wood(100.0);
  const TrailPlace all{greenweave::testing::rectangle(study.landscape.frame, 0, 0, 29, 59), ""};
  const auto disturbed = [](const CaseVisits& what) {
    double sum = 0.0;
    for (const float level : what.disturbance.at("forest")->values) sum += static_cast<double>(level);
    return sum;
  };
  const CaseVisits plain = visits(study);
  CHECK(disturbed(visits(study, {{"hide", 2026, ScreenTrail{all, 0.9}}})) < disturbed(plain));
  CHECK(visits(study, {{"more", 2026, ChangeVisitors{"west", 10.0, 2.0}}}).days[0].came[0] ==
        doctest::Approx(200.0 + 10.0 * 2.5));
  CHECK(visits(study, {{"wide", 2026, ImproveTrail{all, 6.0, {}}}}).trails.network.links[0].width_m == 6.0);
  study.analyses.visitors->base_year = 2020;
  study.analyses.visitors->growth_percent = 7.0;
  CHECK(visits(study).days[0].came[0] == doctest::Approx(100.0 * std::pow(1.07, 10)));
}

TEST_CASE("where visitors look at quality, their own disturbance keeps some away") {
  Study study = wood(0.0);
  VisitorsAnalysis& what = *study.analyses.visitors;
  what.trails.push_back(trail("out", {{900, 450}, {900, 880}}, 3.0));
  what.sights.push_back({"view", {900, 880}, 1.0, 1.0, 0.0});
  what.entrances[0].per_day = 200.0;
  what.quality_guild = "forest";
  const CaseVisits blind = visits(study);
  CHECK(blind.rounds == 1);
  what.quality_elasticity = 1.0;
  const CaseVisits looking = visits(study);
  CHECK(looking.rounds > 1);
  CHECK(looking.pulls[0] < 1.0);
  CHECK(looking.pull_change < 0.05);
}
