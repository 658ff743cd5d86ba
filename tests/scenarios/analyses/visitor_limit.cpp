// How many visitors a stated loss of habitat allows, in studies whose answer can be worked out by hand.
#include "scenarios/analyses/visitor_limit.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::find_table;
using greenweave::testing::index_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;
using greenweave::testing::trail;

namespace {

Point at(const Study& study, int row, int col) {
  return study.landscape.frame.centre(study.landscape.frame.shape.cell(row, col));
}

/// A wood of 10 x 20 cells, and a trail along all of row 5 that one visitor a day walks out and back on, alone. Up to
/// 0.6 groups a day leave no trace, up to 10 disturb 30 m on each side, more disturb 90 m. In a zone quality is halved,
/// which is still habitat. Two elements: the rows 4 to 9, and the rows 0 and 1.
Study one_trail() {
  Study study = drawn_study(std::vector<std::string>(10, std::string(20, 't')));
  VisitorsAnalysis what;
  what.elements_are_trails = false;
  what.trails = {trail("row", {at(study, 5, 0), at(study, 5, 19)}, 3.0)};
  what.entrances = {{"gate", at(study, 5, 0), 1.0, std::vector<bool>(4, true)}};
  what.sights = {{"tower", at(study, 5, 19), 1.0, 1.0, 0.0}};
  what.first_hour = 8;
  what.arrivals = {1.0, 0.0, 0.0, 0.0};
  what.group_size = 1.0;
  GuildDisturbance& guild = what.guilds.emplace_back();
  guild.guild = "forest";
  guild.zone.steps = {{10.0, 30.0, 1.0}, {std::numeric_limits<double>::infinity(), 90.0, 1.0}};
  guild.zone.least_groups_per_day = 0.6;
  what.base_year = 2030;
  study.analyses.visitors = what;
  Element south, north;
  south.name = "south";
  south.kind = north.kind = Element::Kind::core;
  south.geometry = rectangle(study.landscape.frame, 4, 0, 9, 19);
  north.name = "north";
  north.geometry = rectangle(study.landscape.frame, 0, 0, 1, 19);
  study.elements = {south, north};
  study.analyses.visitor_limit = VisitorLimitAnalysis{};
  study.analyses.visitor_limit->rule.most = 8.0;
  return study;
}

/// Two woods with grass between, two trails from one to the other, and visitors who shun the crowd.
Study two_trails() {
  Study study = drawn_study(std::vector<std::string>(16, "tttttt" + std::string(20, 'g') + "tttttt"));
  VisitorsAnalysis what;
  what.elements_are_trails = false;
  what.trails = {trail("north", {at(study, 2, 1), at(study, 2, 30)}, 3.0),
                 trail("south", {at(study, 2, 1), at(study, 12, 8), at(study, 12, 23), at(study, 2, 30)}, 3.0)};
  what.entrances = {{"gate", at(study, 2, 1), 40.0, std::vector<bool>(4, true)}};
  what.sights = {{"tower", at(study, 2, 30), 1.0, 1.0, 0.0}};
  what.first_hour = 8;
  what.arrivals = {0.5, 0.5, 0.0, 0.0, 0.0, 0.0};
  what.guilds.emplace_back().guild = "forest";
  what.guilds.back().zone.shape = ZoneShape::linear;
  what.base_year = 2030;
  study.analyses.visitors = what;
  Element wood;
  wood.name = "wood";
  wood.kind = Element::Kind::core;
  wood.geometry = rectangle(study.landscape.frame, 0, 0, 15, 5);
  study.elements = {wood};
  study.analyses.visitor_limit = VisitorLimitAnalysis{};
  return study;
}

GuildResult guild_in(const Study& study) { return results_of(study).begin()->second.guilds.front(); }

double loss_at(const Table& curve, double factor) {
  for (std::size_t row = 0; row < curve.rows(); ++row)
    if (curve.numbers("factor")[row] == factor) return curve.numbers("ECA_loss_percent")[row];
  throw std::out_of_range("no such factor");
}

}  // namespace

TEST_CASE("visitor limit: one trail through a wood in closed form") {
  Study study = one_trail();
  const GuildResult guild = guild_in(study);
  const Table& limits = table_of(guild, "visitor_limits");
  REQUIRE(limits.rows() == 3);
  // 2 groups a day times the factor: a trace from 0.3 on, the wide zone from 5 on. In one patch ECA is the sum of
  // quality; 3 of its 10 rows at half quality are 15 %, 7 rows are 35 %.
  const double tolerance = study.analyses.visitor_limit->rule.tolerance;
  const std::size_t whole = row_of(limits, {{"of", "ECA"}});
  CHECK(limits.numbers("factor")[whole] <= 0.3);
  CHECK(limits.numbers("too_many_factor")[whole] > 0.3);
  CHECK(limits.numbers("too_many_factor")[whole] - limits.numbers("factor")[whole] <= tolerance);
  CHECK(limits.numbers("loss_percent")[whole] == 0.0);
  CHECK(limits.numbers("loss_beyond_percent")[whole] == Approx(15.0));
  CHECK(limits.numbers("visitors_per_day")[whole] == Approx(limits.numbers("factor")[whole]));
  CHECK(limits.integers("reached")[whole] == 1);
  CHECK(limits.integers("monotone")[whole] == 1);
  // Of the south's 6 rows 3 are 25 %: too much for 10 %. The north is disturbed by nobody: the wide zone ends at row 2.
  const std::size_t south = row_of(limits, {{"element", "south"}}), north = row_of(limits, {{"element", "north"}});
  CHECK(limits.numbers("factor")[south] <= 0.3);
  CHECK(limits.numbers("too_many_factor")[south] > 0.3);
  CHECK(limits.numbers("loss_beyond_percent")[south] == Approx(25.0));
  CHECK(limits.integers("reached")[north] == 0);
  CHECK(limits.numbers("factor")[north] == 8.0);
  CHECK(std::isinf(limits.numbers("too_many_factor")[north]));

  const Table& curve = table_of(guild, "visitor_tradeoff");
  CHECK(loss_at(curve, 0.0) == 0.0);
  CHECK(loss_at(curve, 0.25) == 0.0);
  CHECK(loss_at(curve, 1.0) == Approx(15.0));
  CHECK(loss_at(curve, 3.0) == Approx(15.0));
  CHECK(loss_at(curve, 8.0) == Approx(35.0));
  // Rows 5, 4, 6 of 3 cells' width are 60 cells of 0.09 ha.
  for (std::size_t row = 0; row < curve.rows(); ++row)
    if (curve.numbers("factor")[row] == 1.0) CHECK(curve.numbers("disturbed_ha")[row] == Approx(60 * 0.09));
  const Table& elements = table_of(guild, "visitor_tradeoff_elements");
  for (std::size_t row = 0; row < elements.rows(); ++row) {
    if (elements.texts("element")[row] != "south" || elements.numbers("factor")[row] != 1.0) continue;
    CHECK(elements.numbers("quality")[row] == Approx(0.75));
    CHECK(elements.numbers("person_km_per_day")[row] == Approx(2.0 * 19 * 0.03));
  }
}

TEST_CASE("visitor limit: a larger loss allows the wide zone's threshold") {
  Study study = one_trail();
  study.analyses.visitor_limit->eca_loss_percent = 20.0;
  const Table limits = table_of(guild_in(study), "visitor_limits");
  CHECK(limits.numbers("factor")[0] <= 5.0);
  CHECK(limits.numbers("too_many_factor")[0] > 5.0);
  CHECK(limits.numbers("too_many_factor")[0] - limits.numbers("factor")[0] <= 0.02 + 1e-12);
  CHECK(limits.numbers("loss_percent")[0] == Approx(15.0));
  CHECK(limits.numbers("loss_beyond_percent")[0] == Approx(35.0));
}

TEST_CASE(
    "visitor limit: nobody is the undisturbed case and all are the case itself, bit for bit; never more habitat") {
  Study study = two_trails();
  const GuildResult guild = guild_in(study);
  const Table& curve = table_of(guild, "visitor_tradeoff");
  double last_loss = 0.0, last_came = -1.0;
  for (std::size_t row = 0; row < curve.rows(); ++row) {
    if (curve.numbers("factor")[row] == 1.0) CHECK(curve.numbers("ECA_ha")[row] == index_of(guild, "ECA"));
    CHECK(curve.numbers("ECA_loss_percent")[row] >= last_loss);
    CHECK(curve.numbers("visitors_per_day")[row] > last_came);
    CHECK(curve.numbers("visitors_per_day")[row] == Approx(40.0 * curve.numbers("factor")[row]));
    last_loss = curve.numbers("ECA_loss_percent")[row];
    last_came = curve.numbers("visitors_per_day")[row];
  }
  CHECK(last_loss > 5.0);
  study.analyses.visitors.reset();
  study.analyses.visitor_limit.reset();
  const GuildResult without = guild_in(study);
  CHECK(curve.numbers("factor").front() == 0.0);
  CHECK(curve.numbers("ECA_ha").front() == index_of(without, "ECA"));
}

TEST_CASE("visitor limit: visitors that an action brings are scaled, too, and a quota holds") {
  Study study = one_trail();
  study.scenarios.push_back({"more", "More", {{"groups", always, ChangeVisitors{"gate", 3.0, 1.0}}}});
  study.scenarios.push_back({"quota", "Quota", {{"quota", always, EntranceQuota{"gate", 0.2, 0.0}}}});
  const auto cases = results_of(study);
  const Table& more = table_of(cases.at({"more", 2030, 0}).guilds.front(), "visitor_tradeoff");
  for (std::size_t row = 0; row < more.rows(); ++row)
    CHECK(more.numbers("visitors_per_day")[row] == Approx(4.0 * more.numbers("factor")[row]));
  const Table& limit = table_of(cases.at({"more", 2030, 0}).guilds.front(), "visitor_limits");
  CHECK(limit.numbers("too_many_factor")[0] > 0.075);
  CHECK(limit.numbers("factor")[0] <= 0.075);
  const GuildResult& held = cases.at({"quota", 2030, 0}).guilds.front();
  CHECK(table_of(held, "visitor_limits").integers("reached")[0] == 0);
  const Table& curve = table_of(held, "visitor_tradeoff");
  CHECK(curve.numbers("visitors_per_day").back() == Approx(0.2));
  CHECK(curve.numbers("turned_away_per_day").back() == Approx(curve.numbers("factor").back() - 0.2));
}

TEST_CASE("visitor limit: only what is asked for") {
  Study study = one_trail();
  study.years = {2030, 2040};
  study.guilds.push_back(study.guilds.front());
  study.guilds.back().name = "other";
  study.analyses.visitors->guilds.push_back(study.analyses.visitors->guilds.front());
  study.analyses.visitors->guilds.back().guild = "other";
  study.scenarios.push_back({"same", "Same", {}});
  study.analyses.visitor_limit->guilds = {"other"};
  study.analyses.visitor_limit->scenarios = {"same"};
  const auto cases = results_of(study);
  for (const auto& [id, result] : cases)
    for (const GuildResult& guild : result.guilds) {
      const bool asked = id.scenario == "same" && id.year == 2040 && guild.guild == "other";
      CHECK((find_table(guild, "visitor_limits") != nullptr) == asked);
    }
}

TEST_CASE("visitor limit: the same bits at one thread and at two, alone and beside other cases") {
  Study study = two_trails();
  const auto at_threads = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    return guild_in(study);
  };
  const GuildResult one = at_threads(1), two = at_threads(2);
  study.scenarios.push_back({"same", "Same", {}});
  const GuildResult beside = results_of(study).at({"baseline", 2030, 0}).guilds.front();
  for (const GuildResult* other : {&two, &beside})
    for (const char* name : {"visitor_tradeoff", "visitor_tradeoff_elements", "visitor_limits"})
      for (const Column& column : table_of(one, name).columns)
        if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
          const std::vector<double>& others = table_of(*other, name).numbers(column.name);
          REQUIRE(numbers->size() == others.size());
          for (std::size_t i = 0; i < others.size(); ++i)
            CHECK(((*numbers)[i] == others[i] || (std::isnan((*numbers)[i]) && std::isnan(others[i]))));
        }
}
