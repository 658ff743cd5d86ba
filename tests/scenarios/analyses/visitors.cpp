// Visitors on the trails of a study, whom they disturb, and what a scenario does about it.
#include "scenarios/analyses/visitors.hpp"

#include <cmath>
#include <numeric>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;
using greenweave::testing::trail;

namespace {

Point at(const Study& study, int row, int col) {
  return study.landscape.frame.centre(study.landscape.frame.shape.cell(row, col));
}

/// Two woods 20 cells apart, grass between. From the gate in the west two trails lead to the tower in the east: the
/// north one straight along row 2, the south one with a bend down to row 12.
Study two_trails(double per_day) {
  std::vector<std::string> rows(16, "tttttt" + std::string(20, 'g') + "tttttt");
  Study study = drawn_study(rows);
  VisitorsAnalysis what;
  what.elements_are_trails = false;
  what.trails = {trail("north", {at(study, 2, 1), at(study, 2, 30)}, 3.0),
                 trail("south", {at(study, 2, 1), at(study, 12, 8), at(study, 12, 23), at(study, 2, 30)}, 3.0)};
  what.entrances = {{"gate", at(study, 2, 1), per_day, std::vector<bool>(4, true)}};
  what.sights = {{"tower", at(study, 2, 30), 1.0, 1.0, 0.0}};
  what.first_hour = 8;
  what.arrivals = {0.5, 0.5, 0.0, 0.0, 0.0, 0.0};
  what.guilds.emplace_back().guild = "forest";
  what.base_year = 2030;
  study.analyses.visitors = what;
  return study;
}

double sum_of(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// Passages of a day on the links whose middle lies in some rows of the frame.
double passages(const Study& study, const CaseVisits& visits, int first_row, int last_row) {
  double all = 0.0;
  for (std::size_t l = 0; l < visits.trails.network.links.size(); ++l) {
    const std::vector<Point>& line = visits.trails.network.links[l].line;
    const double middle = 0.5 * (line[(line.size() - 1) / 2].y + line[line.size() / 2].y);
    const auto row = study.landscape.frame.row_at(middle);
    if (row >= first_row && row <= last_row) all += visits.per_year[l] / 365.0;
  }
  return all;
}

Scenario with(std::vector<Action> actions) { return {"s", "s", std::move(actions)}; }

CaseVisits visits_with(const Study& study, std::vector<Action> actions) {
  return visits_of(study, with(std::move(actions)), 2030, study.landscape, RunContext{});
}

}  // namespace

TEST_CASE("visitors in a study: everyone who comes in passes out and back, on one trail or the other") {
  const Study study = two_trails(200.0);
  const CaseVisits visits = visits_with(study, {});
  REQUIRE(visits.trails.network.links.size() == 2);
  const double north = passages(study, visits, 0, 4), south = passages(study, visits, 8, 15);
  CHECK(north + south == Approx(400.0));
  CHECK(north > south);
  CHECK(south > 0.0);
  // In a scenario of one year later, with growth.
  Study grown = study;
  grown.analyses.visitors->growth_percent = 10.0;
  const CaseVisits later = visits_of(grown, with({}), 2032, grown.landscape, RunContext{});
  CHECK(passages(grown, later, 0, 15) == Approx(400.0 * 1.21));
  // The tower is left an hour after it was reached, so all are there for an hour.
  const DayOfVisits& day = visits.days[visits.busiest];
  const std::size_t hours = 6, tower = 1;
  double person_hours = 0.0;
  for (std::size_t h = 0; h < hours; ++h) person_hours += day.assignment.load.at_node[tower * hours + h];
  CHECK(person_hours == Approx(200.0));
}

TEST_CASE("visitors in a study: nobody comes, and all stays as it is without them, bit for bit") {
  Study study = two_trails(0.0);
  const auto with_trails = results_of(study);
  study.analyses.visitors.reset();
  const auto without = results_of(study);
  const GuildResult &a = with_trails.begin()->second.guilds.front(), &b = without.begin()->second.guilds.front();
  for (const Column& column : b.indices.columns)
    CHECK(a.indices.numbers(column.name) == b.indices.numbers(column.name));
  REQUIRE(a.rasters.size() == b.rasters.size());
  for (std::size_t r = 0; r < b.rasters.size(); ++r) {
    const auto* x = std::get_if<Raster<float>>(&a.rasters[r].raster);
    const auto* y = std::get_if<Raster<float>>(&b.rasters[r].raster);
    REQUIRE((x == nullptr) == (y == nullptr));
    if (x != nullptr) CHECK(x->values == y->values);
  }
}

TEST_CASE("visitors in a study: the more come, the less habitat is left") {
  double before = HUGE_VAL;
  double disturbed = -1.0;
  for (const double per_day : {0.0, 2.0, 20.0, 200.0, 2000.0}) {
    CAPTURE(per_day);
    const auto cases = results_of(two_trails(per_day));
    const GuildResult& guild = cases.begin()->second.guilds.front();
    const double eca = guild.indices.numbers("ECA")[0];
    CHECK(eca <= before);
    CHECK(guild.indices.numbers("DISTURBED_area")[0] >= disturbed);
    CHECK(guild.indices.numbers("VISITORS")[0] == Approx(365.0 * per_day));
    before = eca;
    disturbed = guild.indices.numbers("DISTURBED_area")[0];
  }
  CHECK(before < 0.9 * results_of(two_trails(0.0)).begin()->second.guilds.front().indices.numbers("ECA")[0]);
}

TEST_CASE("visitors in a study: quotas, closures, wider trails and screens") {
  const Study study = two_trails(200.0);
  const Geometry north = rectangle(study.landscape.frame, 1, 0, 3, 31);
  SUBCASE("a quota turns the others away") {
    const CaseVisits visits = visits_with(study, {{"q", always, EntranceQuota{"gate", 50.0, 0.0}}});
    CHECK(sum_of(visits.days.front().came) == Approx(50.0));
    CHECK(sum_of(visits.days.front().turned_away) == Approx(150.0));
    CHECK(passages(study, visits, 0, 15) == Approx(100.0));
  }
  SUBCASE("some of them try another entrance") {
    Study two = study;
    two.analyses.visitors->entrances.push_back({"east gate", at(study, 2, 29), 10.0, std::vector<bool>(4, true)});
    const CaseVisits visits = visits_with(two, {{"q", always, EntranceQuota{"gate", 50.0, 0.4}}});
    CHECK(visits.days.front().came[0] == Approx(50.0));
    CHECK(visits.days.front().came[1] == Approx(10.0 + 60.0));
    CHECK(sum_of(visits.days.front().turned_away) == Approx(90.0));
  }
  SUBCASE("a closed trail has nobody, the other one all") {
    const CaseVisits visits = visits_with(study, {{"c", always, CloseTrail{{north, ""}, {}}}});
    CHECK(passages(study, visits, 0, 4) == 0.0);
    CHECK(passages(study, visits, 8, 15) == Approx(400.0));
  }
  SUBCASE("with both closed nobody comes") {
    const Geometry all = rectangle(study.landscape.frame, 0, 0, 15, 31);
    const CaseVisits visits = visits_with(study, {{"c", always, CloseTrail{{all, ""}, {}}}});
    CHECK(sum_of(visits.days.front().came) == 0.0);
    CHECK(sum_of(visits.days.front().turned_away) == Approx(200.0));
    CHECK(visits.disturbance.empty());
  }
  SUBCASE("an entrance that is shut in the morning") {
    const CaseVisits visits = visits_with(study, {{"c", always, CloseEntrance{"gate", 8, 9, {}}}});
    CHECK(sum_of(visits.days.front().came) == Approx(100.0));
  }
  SUBCASE("a season of closure counts for its days alone") {
    Study seasons = study;
    seasons.analyses.visitors->seasons = {{"spring", 100.0, 1.0}, {"rest", 265.0, 1.0}};
    const CaseVisits visits = visits_with(seasons, {{"c", always, CloseTrail{{north, ""}, {true, false}}}});
    const double open = passages(study, visits_with(study, {}), 0, 4);
    CHECK(passages(seasons, visits, 0, 4) == Approx(open * 265.0 / 365.0));
  }
  SUBCASE("on a wider trail fewer are slowed") {
    Study busy = two_trails(20000.0);
    const double narrow = passages(busy, visits_with(busy, {}), 0, 4);
    ImproveTrail wide{{north, ""}, 9.0, {}, {}};
    CHECK(passages(busy, visits_with(busy, {{"w", always, wide}}), 0, 4) > narrow);
  }
  SUBCASE("zoned anew, a trail is of the kind that the plan says") {
    Study busy = two_trails(20000.0);
    const auto zoned = [&](GreenwayKind kind) {
      return visits_with(busy, {{"z", always, ImproveTrail{{north, ""}, {}, {}, kind}}});
    };
    const CaseVisits urban = zoned(GreenwayKind::urban), ecological = zoned(GreenwayKind::ecological);
    const auto& links = urban.trails.network.links;
    CHECK(std::any_of(links.begin(), links.end(),
                      [](const TrailLink& link) { return link.kind == GreenwayKind::urban && link.is_typed; }));
    CHECK(passages(busy, urban, 0, 4) > passages(busy, ecological, 0, 4));  // more of a crowd is put up with
  }
  SUBCASE("behind a hedge animals notice fewer") {
    const Study quiet = two_trails(5.0);
    const auto level = [&](const std::vector<Action>& actions) {
      const CaseVisits visits = visits_with(quiet, actions);
      double all = 0.0;
      for (const float value : visits.disturbance.at("forest")->values) all += static_cast<double>(value);
      return all;
    };
    CHECK(level({{"h", always, ScreenTrail{{north, ""}, 0.95}}}) < level({}));
  }
  SUBCASE("more visitors, and fewer") {
    CHECK(sum_of(visits_with(study, {{"v", always, ChangeVisitors{"gate", 40.0, 1.0}}}).days.front().came) ==
          Approx(200.0 + 40.0 * 2.5));
    CHECK(sum_of(visits_with(study, {{"v", always, ChangeVisitors{"", 0.0, 0.25}}}).days.front().came) == Approx(50.0));
  }
  SUBCASE("what has not begun changes nothing") {
    const CaseVisits visits = visits_with(study, {{"q", 2031, EntranceQuota{"gate", 50.0, 0.0}}});
    CHECK(sum_of(visits.days.front().came) == Approx(200.0));
  }
}

TEST_CASE("visitors in a study: people by Huff's model, none from out of reach") {
  Study study = two_trails(0.0);
  auto people = std::make_shared<Raster<float>>(study.landscape.frame.shape, 0.0F);
  people->at(8, 2) = 1000.0F;
  study.landscape.population = people;
  study.analyses.visitors->visits_per_person_year = 73.0;
  const CaseVisits near = visits_with(study, {});
  CHECK(sum_of(near.days.front().came) == Approx(200.0));
  CHECK(near.stay_home_per_day == 0.0);
  for (AccessMode& mode : study.analyses.visitors->modes) mode.most_minutes = 0.01;
  const CaseVisits far = visits_with(study, {});
  CHECK(sum_of(far.days.front().came) == 0.0);
  CHECK(far.stay_home_per_day == Approx(200.0));
}

TEST_CASE("visitors in a study: sights that lose their habitat lose visitors, until both agree") {
  Study study = two_trails(2000.0);
  study.analyses.visitors->entrances.push_back({"south gate", at(study, 12, 8), 500.0, std::vector<bool>(4, true)});
  study.analyses.visitors->sights.push_back({"meadow", at(study, 12, 23), 1.0, 1.0, 0.0});
  study.analyses.visitors->quality_guild = "forest";
  study.analyses.visitors->quality_elasticity = 0.0;
  CHECK(visits_with(study, {}).rounds == 1);
  study.analyses.visitors->quality_elasticity = 0.5;
  const CaseVisits visits = visits_with(study, {});
  CHECK(visits.rounds > 1);
  CHECK(visits.pull_change < 0.05);
  CHECK(visits.pulls[0] < 1.0);
}

TEST_CASE("visitors in a study: tables whose parts fit together, the same bits at one thread and at two") {
  const Study study = two_trails(300.0);
  const auto at_threads = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return results_of(study).begin()->second;
  };
  const CaseResult one = at_threads(1), two = at_threads(2);
  const Table& links = table_of(one, "trail_links");
  CHECK(links.rows() == 2);
  CHECK(table_of(one, "trail_service").rows() == links.rows());
  CHECK(table_of(one, "visitor_days").numbers("visitors")[0] == Approx(300.0));
  CHECK(table_of(one, "visitor_days").numbers("gap")[0] < 1e-3);
  const Table& nodes = table_of(one, "trail_nodes");
  CHECK(nodes.numbers("visitors_per_year")[row_of(nodes, {{"name", "gate"}})] == Approx(300.0 * 365.0));
  CHECK(one.lines.size() == 1);
  CHECK(one.lines.front().lines.size() == links.rows());
  for (const Table& table : one.tables)
    for (const Column& column : table.columns)
      if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
        const std::vector<double>& others = table_of(two, table.name).numbers(column.name);
        REQUIRE(numbers->size() == others.size());
        for (std::size_t i = 0; i < others.size(); ++i)
          CHECK(((*numbers)[i] == others[i] || (std::isnan((*numbers)[i]) && std::isnan(others[i]))));
      }
  CHECK(one.guilds.front().indices.numbers("ECA") == two.guilds.front().indices.numbers("ECA"));
}

TEST_CASE("visitors in a study: a greenway that a scenario builds is a trail") {
  Study study = two_trails(200.0);
  study.analyses.visitors->trails.pop_back();
  BuildGreenway built;
  built.line = {Geometry::Kind::lines, {{at(study, 2, 1), at(study, 4, 15), at(study, 2, 30)}}};
  built.type = "suburban";
  const CaseVisits visits = visits_with(study, {{"new", always, built}});
  CHECK(visits.trails.network.links.size() == 2);
  CHECK(sum_of(visits.per_year) == Approx(400.0 * 365.0));
  CHECK(*std::min_element(visits.per_year.begin(), visits.per_year.end()) > 0.0);
}

TEST_CASE("visitors in a study: an attraction that no entrance reaches") {
  Study study = two_trails(200.0);
  study.analyses.visitors->trails = {trail("stub", {at(study, 2, 1), at(study, 2, 9)}),
                                     trail("other", {at(study, 2, 25), at(study, 2, 30)})};
  CHECK_THROWS_AS(trails_before_actions(study), InputError);
}

TEST_CASE("visitors in a study: the noise of roads disturbs who hears it, with and without visitors") {
  // A road along column 31, visitors none.
  Study study = two_trails(0.0);
  for (int row = 0; row < 16; ++row) study.landscape.cover.at(row, 31) = 6;
  VisitorsAnalysis& what = *study.analyses.visitors;
  what.roads = {{{false, false, false, false, false, false, true}, 70.0}};
  what.noise.ground_db_100m = 0.0;
  const auto quality = [&] {
    const auto cases = results_of(study);
    return greenweave::testing::raster_of<float>(cases.begin()->second.guilds.front(), "quality");
  };
  // 60 m away 10 log10(6) of the 70 dB at 10 m are gone; the level goes in a line from 42 to 62 dB.
  const double level = (70.0 - 10.0 * std::log10(6.0) - 42.0) / 20.0;
  REQUIRE(level < 1.2);
  const Raster<float> loud = quality();
  CHECK(static_cast<double>(loud.at(8, 29)) == Approx(1.0 - 0.5 * std::min(1.0, level)));
  const double far = (70.0 - 10.0 * std::log10(29 * 3.0) - 42.0) / 20.0;
  CHECK(static_cast<double>(loud.at(8, 2)) == Approx(1.0 - 0.5 * far));
  CHECK(loud.at(8, 2) > loud.at(8, 29));
  what.guilds.front().hears = false;
  const Raster<float> deaf = quality();
  CHECK(deaf.at(8, 29) == 1.0F);
  // Where visitors disturb as well, the stronger of both counts.
  what.guilds.front().hears = true;
  what.entrances.front().per_day = 2000.0;
  const Raster<float> both = quality();
  CHECK(both.at(2, 2) == 0.5F);
  CHECK(both.at(15, 2) <= loud.at(15, 2));
}

TEST_CASE("visitors in a study: trampled ground is no habitat, on a boardwalk nobody leaves it") {
  Study study = two_trails(200.0);
  VisitorsAnalysis& what = *study.analyses.visitors;
  what.guilds.clear();  // nothing but feet
  const auto quality = [&](const std::vector<Action>& actions) {
    Study changed = study;
    if (!actions.empty()) changed.scenarios.push_back({"s", "s", actions});
    const auto cases = results_of(changed);
    return greenweave::testing::raster_of<float>(cases.rbegin()->second.guilds.front(), "quality");
  };
  CHECK(quality({}).at(2, 3) == 1.0F);
  what.trampling_counts = true;
  const CaseVisits visits = visits_with(study, {});
  double north = 0.0;
  for (std::size_t l = 0; l < visits.trails.network.links.size(); ++l)
    if (visits.trails.network.links[l].line.size() == 2) north = visits.per_year[l];
  // 2 % of those who pass, over strips of 4 m in lanes of 0.5 m; the strips are 4 of the cell's 30 m.
  const double left = cover_after({}, north * 0.02 * 0.5 / 4.0);
  const Raster<float> worn = quality({});
  CHECK(static_cast<double>(worn.at(2, 3)) == Approx(1.0 - 4.0 / 30.0 * (1.0 - left)));
  CHECK(worn.at(4, 1) == 1.0F);
  const Geometry all = rectangle(study.landscape.frame, 0, 0, 15, 31);
  ImproveTrail boardwalk{{all, ""}, {}, TrailSurface::boardwalk, {}};
  CHECK(quality({{"b", always, boardwalk}}).at(2, 3) == 1.0F);
}

TEST_CASE("visitors in a study: elements without a greenway type are not judged by one") {
  Study study = two_trails(200.0);
  study.analyses.visitors->trails.clear();
  study.analyses.visitors->elements_are_trails = true;
  study.analyses.visitors->element_width_m = 0.5;
  Element road;
  road.name = "road";
  road.kind = Element::Kind::vertical;
  road.geometry = {Geometry::Kind::lines, {{at(study, 2, 1), at(study, 2, 30)}}};
  study.elements = {road};
  const auto result = results_of(study).begin()->second;
  CHECK(table_of(result, "trail_links").integers("typed").at(0) == 0);
  CHECK(table_of(result, "trail_violations").rows() == 0);
  study.elements.front().greenway_type = "suburban";
  study.greenway_types.front().trail_width_m = 0.5;
  const auto typed = results_of(study).begin()->second;
  CHECK(table_of(typed, "trail_links").integers("typed").at(0) == 1);
  const Table& violations = table_of(typed, "trail_violations");
  CHECK(violations.texts("figure").at(0) == "trail_width.walking.suburban");
}
