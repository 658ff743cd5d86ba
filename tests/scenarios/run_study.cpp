#include "scenarios/run_study.hpp"

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/random.hpp"
#include "scenarios/actions.hpp"
#include "scenarios/assess.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

namespace greenweave {
namespace {

using testing::drawn_study;
using testing::Memory;
using testing::rectangle;

/// A patchy landscape of 120 x 120 cells with a framework and scenarios.
Study patchy_study() {
  std::vector<std::string> rows(120, std::string(120, 'c'));
  for (std::size_t r = 0; r < 120; ++r)
    for (std::size_t c = 0; c < 120; ++c) {
      const double u = random_uniform(3, r / 6, c / 6), v = random_uniform(4, r, c);
      rows[r][c] = u < 0.3 && v < 0.9 ? 't' : u > 0.92 ? 'b' : v < 0.05 ? 'w' : v > 0.8 ? 'g' : 'c';
      if (c == 61) rows[r][c] = r % 40 == 7 ? 'g' : 'r';
    }
  Study study = drawn_study(rows);
  const Frame& frame = study.landscape.frame;
  Element canal, core;
  canal.name = "canal";
  canal.width_m = 120.0;
  canal.geometry = {Geometry::Kind::lines,
                    {{frame.centre(frame.shape.cell(5, 5)), frame.centre(frame.shape.cell(100, 110))}}};
  core.name = "core";
  core.kind = Element::Kind::core;
  core.geometry = rectangle(frame, 30, 30, 70, 60);
  study.elements = {canal, core};
  study.guilds.front().minimum_patch_ha = 0.5;
  study.guilds.push_back(study.guilds.front());
  study.guilds.back().name = "second";
  study.guilds.back().links.intra_patch = true;
  study.guilds.back().dispersal.distance_m = 300.0;
  RestoreHabitat restore{rectangle(frame, 80, 10, 95, 50), "tree", {"crop", "grass"}, {1.0, 8.0}};
  Visitors visit;
  visit.element = "canal";
  visit.groups_per_day = 20.0;
  study.scenarios.push_back({"restore", "", {{"wood", 2026, restore}}});
  study.scenarios.push_back({"visit", "", {{"people", 2036, visit}}});
  study.years = {2030, 2040};
  study.uncertainty.draws = 2;
  return study;
}

void check_equal(const Table& a, const Table& b) {
  REQUIRE(a.columns.size() == b.columns.size());
  for (std::size_t k = 0; k < a.columns.size(); ++k) {
    CAPTURE(a.columns[k].name);
    // Bit for bit: NaN equals NaN.
    if (const auto* x = std::get_if<std::vector<double>>(&a.columns[k].values)) {
      const auto& y = std::get<std::vector<double>>(b.columns[k].values);
      REQUIRE(x->size() == y.size());
      for (std::size_t i = 0; i < y.size(); ++i) CHECK(((*x)[i] == y[i] || (std::isnan((*x)[i]) && std::isnan(y[i]))));
    } else {
      CHECK(a.columns[k].values == b.columns[k].values);
    }
  }
}

void check_equal(const Memory& a, const Memory& b) {
  REQUIRE(a.cases.size() == b.cases.size());
  for (const auto& [id, x] : a.cases) {
    const CaseResult& y = b.cases.at(id);
    CAPTURE(id.scenario);
    CAPTURE(id.year);
    CAPTURE(id.draw);
    for (std::size_t t = 0; t < x.tables.size(); ++t) check_equal(x.tables[t], y.tables[t]);
    REQUIRE(x.guilds.size() == y.guilds.size());
    for (std::size_t g = 0; g < x.guilds.size(); ++g) {
      check_equal(x.guilds[g].indices, y.guilds[g].indices);
      for (std::size_t t = 0; t < x.guilds[g].tables.size(); ++t)
        check_equal(x.guilds[g].tables[t], y.guilds[g].tables[t]);
      for (std::size_t l = 0; l < x.guilds[g].lines.size(); ++l)
        CHECK(x.guilds[g].lines[l].lines == y.guilds[g].lines[l].lines);
    }
  }
}

TEST_CASE("a study gives the same bits on one thread and on two, whatever the cases share") {
  const Study study = patchy_study();
  Memory two, one, single_cases;
  run_study(study, two, {});
  CHECK(two.cases.size() == 3 * 2 * 3);
  {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
    run_study(study, one, {});
  }
  check_equal(two, one);
  // Each case on its own, with nothing worked out beforehand.
  const CaseRunner runner(study);
  for (const CaseId& id : cases_of(study)) single_cases.store(runner.run(id, {}));
  check_equal(two, single_cases);
}

TEST_CASE("a study with threats gives the same bits too, and its links are found anew or taken from the baseline") {
  for (const ThreatMode mode : {ThreatMode::nearest, ThreatMode::summed}) {
    Study study = patchy_study();
    Develop growth;
    growth.to = growth.grow_from = "built";
    growth.area_ha = 60.0;
    growth.spare_elements = false;
    study.scenarios.push_back({"growth", "", {{"growth", 2030, growth}}});
    ThreatsAnalysis threats;
    threats.mode = mode;
    threats.threats = {{"towns", {1.0, 240.0, ThreatDecay::exponential}, {0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.6}},
                       {"fields", {0.3, 90.0, ThreatDecay::linear}, {0.5, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0}}};
    for (const Guild& guild : study.guilds)
      threats.guilds.push_back({guild.name, {2, {1.0, 1.0, 0.5, 0.0, 1.0, 0.0, 0.0}}, 0.0});
    study.guilds.front().quality_threshold = 0.4;
    study.analyses.threats = threats;
    settle_threats(study);
    Memory two, one, single_cases;
    run_study(study, two, {});
    {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
      run_study(study, one, {});
    }
    check_equal(two, one);
    const CaseRunner runner(study);
    for (const CaseId& id : cases_of(study)) single_cases.store(runner.run(id, {}));
    check_equal(two, single_cases);
    const auto loss = [&](const char* scenario) {
      return testing::index_of(two.cases.at({scenario, 2040, 0}).guilds.front(), "DEGRADATION_loss");
    };
    CHECK(loss("growth") > loss("baseline"));
    CHECK(loss("restore") < loss("baseline"));
  }
}

TEST_CASE("cases that the sink has are not run again") {
  const Study study = patchy_study();
  Memory sink;
  const CaseRunner runner(study);
  CaseResult marked = runner.run({"baseline", 2030, 0}, {});
  marked.seconds = -1.0;
  sink.store(marked);
  run_study(study, sink, {});
  CHECK(sink.cases.at({"baseline", 2030, 0}).seconds == -1.0);
  CHECK(sink.cases.size() == cases_of(study).size());
}

TEST_CASE("a cancelled run throws Cancelled") {
  const Study study = patchy_study();
  Memory sink;
  const std::atomic<bool> stop{true};
  CHECK_THROWS_AS(run_study(study, sink, {nullptr, &stop}), Cancelled);
}

TEST_CASE("more habitat or less resistance never lowers ECA") {
  // Crop cells of a random landscape turn to trees, block by block; then every resistance falls.
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    std::vector<std::string> rows(40, std::string(40, 'c'));
    for (std::size_t r = 0; r < 40; ++r)
      for (std::size_t c = 0; c < 40; ++c) {
        const double u = random_uniform(seed, r / 3, c / 3);
        rows[r][c] = u < 0.2 ? 't' : u < 0.5 ? 'g' : u > 0.95 ? 'b' : 'c';
      }
    Study study = drawn_study(rows);
    Guild& guild = study.guilds.front();
    guild.links.topology = LinkRule::Topology::complete;
    const FrameworkOnFrame framework;
    const auto eca = [&](const Landscape& landscape, const Guild& g) {
      return std::sqrt(assess(study, framework, landscape, g, {false, false, false}, {}).connectivity.pc_numerator);
    };
    Landscape landscape = study.landscape;
    double before = eca(landscape, guild);
    for (int step = 0; step < 8; ++step) {
      const auto r0 = static_cast<std::int32_t>(36 * random_uniform(seed, 100, static_cast<std::uint64_t>(step)));
      const auto c0 = static_cast<std::int32_t>(36 * random_uniform(seed, 200, static_cast<std::uint64_t>(step)));
      for (std::int32_t r = r0; r < r0 + 4; ++r)
        for (std::int32_t c = c0; c < c0 + 4; ++c) landscape.cover.at(r, c) = 1;  // trees
      const double after = eca(landscape, guild);
      CHECK(after >= before * (1.0 - 1e-12));
      before = after;
    }
    for (const float factor : {0.9F, 0.5F}) {
      for (float& resistance : guild.resistance) resistance *= factor;
      const double after = eca(landscape, guild);
      CHECK(after >= before * (1.0 - 1e-12));
      before = after;
    }
  }
}

}  // namespace
}  // namespace greenweave
