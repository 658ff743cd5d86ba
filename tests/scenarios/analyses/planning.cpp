// Ecological sources, security pattern and encroachment, as a study runs them.
#include <algorithm>
#include <limits>
#include <map>

#include <doctest/doctest.h>

#include "model/run/random.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::find_table;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;

namespace {

constexpr double cell_ha = 0.09;
constexpr float inf = std::numeric_limits<float>::infinity();

std::vector<bool> classes_named(const Study& study, const std::vector<std::string>& names) {
  std::vector<bool> chosen(study.landscape.classes->classes.size(), false);
  for (const std::string& name : names)
    chosen[static_cast<std::size_t>(study.landscape.classes->index_of_name(name))] = true;
  return chosen;
}

}  // namespace

TEST_CASE("sources: ranks follow the weights") {
  // A wide wood with a core, a long one without, and a lone tree.
  Study study = drawn_study({
      "tttccccccc",  //
      "tttccccccc",  //
      "tttccccccc",  //
      "cccccccccc",  //
      "cttttttttt",  //
      "ctttttccct",  //
      "cccccccccc",  //
      "cccctccccc",  //
  });
  study.analyses.sources = SourceAnalysis{};
  SourceAnalysis& what = *study.analyses.sources;
  const auto order = [&] {
    const CaseResult result = results_of(study).begin()->second;
    return table_of(result.guilds.front().tables, "sources").integers("patch");
  };
  what.area_weight = 1.0;
  what.quality_weight = what.core_weight = what.importance_weight = 0.0;
  CHECK(order() == std::vector<std::int64_t>{2, 1, 3});
  what.core_weight = 1.0;
  what.area_weight = 0.0;
  CHECK(order() == std::vector<std::int64_t>{1, 2, 3});

  what = SourceAnalysis{};
  what.top = 2;
  const CaseResult result = results_of(study).begin()->second;
  const Table& table = table_of(result.guilds.front().tables, "sources");
  REQUIRE(table.rows() == 2);
  CHECK(table.integers("rank") == std::vector<std::int64_t>{1, 2});
  const Table& patches = table_of(result.guilds.front().tables, "patches");
  for (std::size_t row = 0; row < 2; ++row) {
    const auto patch = static_cast<std::size_t>(table.integers("patch")[row] - 1);
    CHECK(table.numbers("dPC")[row] == patches.numbers("dPC")[patch]);
    CHECK(table.numbers("area_ha")[row] == patches.numbers("area_ha")[patch]);
    CHECK(table.numbers("quality")[row] == Approx(1.0));
  }
  // The wood of 9 cells: all criteria by hand. The frame's rim is no edge, so four of them are core; the other wood has
  // none.
  const std::size_t first = table.integers("patch")[0] == 1 ? 0 : 1;
  CHECK(table.numbers("core_ha")[first] == Approx(4 * cell_ha));
  CHECK(table.numbers("core_ha")[1 - first] == 0.0);
  const double most_dPC = std::max(patches.numbers("dPC")[0], patches.numbers("dPC")[1]);
  CHECK(table.numbers("score")[first] ==
        Approx((1.0 + 9.0 / 15.0 + 1.0 + patches.numbers("dPC")[0] / most_dPC) / 4.0).epsilon(1e-12));
  const auto& ranks = raster_of<std::int32_t>(result.guilds.front().rasters, "sources");
  CHECK(ranks.at(0, 0) == static_cast<std::int32_t>(first) + 1);
  CHECK(ranks.at(7, 4) == 0);  // third: not among the top two
}

TEST_CASE("security: levels by breaks in metres and in per cent of the land") {
  Raster<float> cost(Shape{1, 8});
  cost.values = {0.0F, 10.0F, 10.0F, 20.0F, 30.0F, 40.0F, inf, 5.0F};
  const std::vector<std::uint8_t> valid{1, 1, 1, 1, 1, 1, 1, 0};
  using Levels = std::vector<std::uint8_t>;
  CHECK(security_levels(cost, valid, {10.0, 29.0, 30.0}, false).values == Levels{1, 1, 1, 2, 3, 0, 0, 0});
  // Seven cells of land: 2, 4 and 7 of them. Equal costs go together; what nothing reaches has no level.
  CHECK(security_levels(cost, valid, {28.6, 57.1, 100.0}, true).values == Levels{1, 1, 1, 2, 3, 3, 0, 0});
  CHECK(security_levels(cost, valid, {0.0, 0.0, 14.3}, true).values == Levels{3, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("security: what development takes from the pattern") {
  Study study = drawn_study({
      "wccccccccc",  //
      "wccccccccb",  //
      "wccccccccb",  //
  });
  const Frame& frame = study.landscape.frame;
  study.zones = {{"north", cells_inside(frame, rectangle(frame, 0, 0, 0, 9))}};
  SecurityProcess flood;
  flood.name = "flood";
  flood.source_classes = classes_named(study, {"water"});
  flood.resistance.assign(study.landscape.classes->classes.size(), 1.0F);
  flood.breaks = {30.0, 90.0, 150.0};  // one, three and five columns from the water
  SecurityProcess visit = flood;
  visit.name = "recreation";
  visit.source_classes.assign(visit.source_classes.size(), false);
  visit.places = {rectangle(frame, 0, 9, 0, 9)};
  visit.breaks = {0.0, 30.0, 30.0};
  study.analyses.security = SecurityAnalysis{{flood, visit}, classes_named(study, {"built"}), {}};
  Scenario growth{"growth", "Growth", {}};
  Develop town;
  town.place = rectangle(frame, 0, 2, 1, 4);
  town.to = "built";
  growth.actions.push_back({"town", always, town});
  study.scenarios.push_back(growth);

  const std::map<CaseId, CaseResult> cases = results_of(study);
  const CaseResult& baseline = cases.at({"baseline", 2030, 0});
  const auto& pattern = raster_of<std::uint8_t>(baseline.rasters, "security");
  // Water 1, then 1, 2 2, 3 3, and from the corner 1 and its neighbours 2.
  const std::vector<std::uint8_t> first_row{1, 1, 2, 2, 3, 3, 0, 0, 2, 1};
  for (std::int32_t c = 0; c < 10; ++c) CHECK(pattern.at(0, c) == first_row[static_cast<std::size_t>(c)]);
  CHECK(pattern.at(1, 9) == 2);
  CHECK(pattern.at(2, 9) == 0);
  CHECK(raster_of<std::uint8_t>(baseline.rasters, "security_flood").at(0, 9) == 0);

  const Table& none = table_of(baseline.tables, "security_loss");
  for (const double lost : none.numbers("lost_ha")) CHECK(lost == 0.0);
  const CaseResult& built = cases.at({"growth", 2030, 0});
  const Table& loss = table_of(built.tables, "security_loss");
  const auto lost = [&](const char* level, const char* process, const char* security) {
    return loss.numbers("lost_ha")[row_of(loss, {{"level", level}, {"process", process}, {"security", security}})];
  };
  // Columns 2 to 4 of two rows: 2 x 2 cells satisfactory, 2 ideal.
  CHECK(lost("frame", "all", "baseline") == 0.0);
  CHECK(lost("frame", "all", "satisfactory") == Approx(4 * cell_ha));
  CHECK(lost("frame", "all", "ideal") == Approx(2 * cell_ha));
  CHECK(lost("frame", "recreation", "satisfactory") == 0.0);
  CHECK(lost("zone", "flood", "satisfactory") == Approx(2 * cell_ha));
  CHECK(lost("zone", "flood", "ideal") == Approx(1 * cell_ha));
  const std::size_t row = row_of(loss, {{"level", "frame"}, {"process", "all"}, {"security", "satisfactory"}});
  // Two columns of three cells, and two of the corner's neighbours and one built before.
  CHECK(loss.numbers("area_ha")[row] == Approx(8 * cell_ha));
  CHECK(loss.numbers("built_ha")[row] == Approx(1 * cell_ha));
  CHECK(loss.numbers("lost_percent")[row] == Approx(100.0 * 4 / 7));
}

TEST_CASE("security: the levels of a process partition what is reached, and losses never exceed them") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::vector<std::string> rows(9, std::string(11, 'c'));
    std::uint64_t k = 0;
    for (std::string& row : rows)
      for (char& letter : row) letter = "ctgwmb"[static_cast<int>(random_uniform(seed, 1, ++k) * 6.0)];
    Study study = drawn_study(rows);
    SecurityProcess wood;
    wood.name = "wood";
    wood.guild = 0;
    wood.breaks = {100.0 * random_uniform(seed, 2, 1), 200.0, 1e9};
    study.analyses.security = SecurityAnalysis{{wood}, classes_named(study, {"built"}), {}};
    const CaseResult result = results_of(study).begin()->second;
    const Table& loss = table_of(result.tables, "security_loss");
    const auto& level = raster_of<std::uint8_t>(result.rasters, "security_wood");
    const auto reached = std::count_if(level.values.begin(), level.values.end(), [](std::uint8_t l) { return l > 0; });
    double area = 0.0;
    for (std::size_t row = 0; row < loss.rows(); ++row)
      if (loss.texts("process")[row] == "wood") area += loss.numbers("area_ha")[row];
    CHECK(area == Approx(static_cast<double>(reached) * cell_ha));
    for (std::size_t row = 0; row < loss.rows(); ++row)
      CHECK(loss.numbers("built_ha")[row] + loss.numbers("lost_ha")[row] <= loss.numbers("area_ha")[row] + 1e-9);
  }
}

TEST_CASE("encroachment: stock and increment without approval, and what they cost") {
  // Two woods and a row of houses between them (stock), round which one way leads. Later that is built on too
  // (increment); elsewhere a house is approved, and one is gone.
  const std::vector<std::string> rows{
      "ttcbcctt",  //
      "ttcbcctt",  //
      "ttcbcctt",  //
      "cccccccb",  //
  };
  Study study = drawn_study(rows);
  const Frame& frame = study.landscape.frame;
  study.zones = {{"west", cells_inside(frame, rectangle(frame, 0, 0, 3, 3))},
                 {"east", cells_inside(frame, rectangle(frame, 0, 4, 3, 7))}};
  const auto built = static_cast<ClassIndex>(study.landscape.classes->index_of_name("built"));
  auto later = std::make_shared<Raster<ClassIndex>>(frame.shape, EncroachmentAnalysis::not_built);
  for (const auto& [r, c] : {std::pair{0, 3}, {1, 3}, {2, 3}, {3, 3}, {3, 4}, {3, 0}}) later->at(r, c) = built;
  auto approved = std::make_shared<Raster<std::uint8_t>>(frame.shape);
  approved->at(3, 0) = 1;
  study.analyses.encroachment = EncroachmentAnalysis{classes_named(study, {"built"}), later, true, approved, true, {}};
  study.years = {2030, 2040};
  const std::map<CaseId, CaseResult> cases = results_of(study);
  CHECK(find_table(cases.at({"baseline", 2040, 0}).tables, "encroachment") == nullptr);
  const CaseResult& result = cases.at({"baseline", 2030, 0});
  const Table& table = table_of(result.tables, "encroachment");
  const std::size_t all = row_of(table, {{"level", "frame"}}), west = row_of(table, {{"region", "west"}}),
                    east = row_of(table, {{"region", "east"}});
  const auto cells = [&](const char* column, std::size_t row) { return table.numbers(column)[row] / cell_ha; };
  CHECK(cells("built_ha", all) == Approx(4));
  CHECK(cells("stock_ha", all) == Approx(3));
  CHECK(cells("increment_ha", all) == Approx(2));
  CHECK(cells("approved_ha", all) == Approx(1));
  CHECK(cells("demolished_ha", all) == Approx(1));
  CHECK(table.numbers("unapproved_percent")[all] == Approx(100.0 * 5 / 32));
  CHECK(cells("stock_ha", west) == Approx(3));
  CHECK(cells("stock_ha", east) == 0.0);
  CHECK(cells("increment_ha", west) == Approx(1));
  CHECK(cells("increment_ha", east) == Approx(1));
  const auto& kind = raster_of<std::uint8_t>(result.rasters, "encroachment");
  CHECK(kind.at(1, 3) == 1);
  CHECK(kind.at(3, 4) == 2);
  CHECK(kind.at(3, 0) == 3);
  CHECK(kind.at(3, 7) == 4);

  // The costs are those of landscapes drawn without and with it.
  const auto eca = [&](const std::string& upper_rows, const std::string& last_row) {
    std::vector<std::string> drawn(3, upper_rows);
    drawn.push_back(last_row);
    return results_of(drawn_study(drawn)).begin()->second.guilds.front().indices.numbers("ECA").front();
  };
  const double before = eca(rows[0], rows[3]), without = eca("ttcccctt", rows[3]), with = eca(rows[0], "cccbbccb");
  REQUIRE(without > before);
  REQUIRE(before > with);
  const Table& cost = table_of(result.tables, "encroachment_cost");
  REQUIRE(cost.rows() == 3);
  CHECK(cost.numbers("ECA_ha")[0] == Approx(before).epsilon(1e-12));
  CHECK(cost.numbers("ECA_without_stock_ha")[0] == Approx(without).epsilon(1e-12));
  CHECK(cost.numbers("ECA_with_increment_ha")[0] == Approx(with).epsilon(1e-12));
  CHECK(cost.numbers("stock_cost_percent")[0] == Approx(100.0 * (without - before) / before));
  CHECK(cost.numbers("increment_cost_percent")[0] == Approx(100.0 * (before - with) / before));
  CHECK(cost.numbers("ECA_with_increment_ha")[1] == Approx(eca(rows[0], "cccbcccb")).epsilon(1e-12));
  CHECK(cost.numbers("ECA_with_increment_ha")[2] == Approx(eca(rows[0], "ccccbccb")).epsilon(1e-12));
  CHECK(cost.numbers("stock_cost_percent")[2] == 0.0);  // none in the east
}
