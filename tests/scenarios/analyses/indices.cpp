// Gravity, metapopulation capacity, protection and robustness, as a study runs them.
#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "scenarios/run_study.hpp"
#include "scenarios/tabulate.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using greenweave::testing::baseline_of;
using greenweave::testing::drawn_study;
using greenweave::testing::index_of;
using greenweave::testing::Memory;
using greenweave::testing::table_of;

namespace {

/// Three woods in a row on grass (3): of 4, 2 and 2 cells, 3 and 2 cells of grass between them.
Study three_woods() {
  return drawn_study({
      "ttgggtggt",  //
      "ttgggtggt",  //
  });
}

/// Costs of the two gaps: half a cell of wood at each end, grass between.
constexpr double first_gap_m = 30.0 * (2.0 + 2 * 3.0 + 2.0), second_gap_m = 30.0 * (2.0 + 3.0 + 2.0);

ProtectedAreas areas_of(const Study& study, const std::vector<std::string>& rows,
                        const std::vector<std::string>& names) {
  Raster<std::int32_t> feature(study.landscape.frame.shape);
  for (std::int32_t r = 0; r < feature.shape.rows; ++r)
    for (std::int32_t c = 0; c < feature.shape.cols; ++c) {
      const char letter = rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
      feature.at(r, c) = letter == '.' ? 0 : letter - 'a' + 1;
    }
  return protected_areas(feature, names);
}

}  // namespace

TEST_CASE("metapopulation in a study: the matrix of three woods in a row") {
  Study study = three_woods();
  study.analyses.metapopulation = MetapopulationAnalysis{};
  const GuildResult result = baseline_of(study);
  const double a = 0.36, b = 0.18, c = 0.18, alpha = study.guilds[0].dispersal.alpha();
  const double ab = a * b * std::exp(-alpha * first_gap_m), bc = b * c * std::exp(-alpha * second_gap_m);
  const double ac = a * c * std::exp(-alpha * (first_gap_m + second_gap_m));
  const double lambda = index_of(result, "lambda_M");
  // The characteristic polynomial of a symmetric matrix with nothing on its diagonal.
  CHECK(lambda * lambda * lambda - lambda * (ab * ab + bc * bc + ac * ac) - 2.0 * ab * bc * ac ==
        doctest::Approx(0.0).scale(1e-6));
  CHECK(lambda > std::max({ab, bc, ac}));
  const Table& table = table_of(result, "metapopulation");
  REQUIRE(table.rows() == 3);
  const auto& share = table.numbers("share_percent");
  CHECK(share[0] + share[1] + share[2] == doctest::Approx(100.0));
  CHECK(share[2] < share[0]);
  CHECK(table.numbers("component_capacity")[1] == doctest::Approx(lambda));
}

TEST_CASE("gravity in a study: corridors between the sources, both variants, grades, matrix and paths") {
  Study study = three_woods();
  GravityAnalysis what;
  what.sources = 10;
  what.hectares_of_unit = 0.01;  // ln of areas above 1
  what.rule.breaks = {3.0};
  study.analyses.gravity = what;
  const GuildResult result = baseline_of(study);
  const Table& pairs = table_of(result, "gravity");
  REQUIRE(pairs.rows() == 3);
  CHECK(pairs.numbers("cost_m")[0] == doctest::Approx(first_gap_m));
  // Over the wood between, one cell wide.
  const double both = first_gap_m + second_gap_m;
  CHECK(pairs.numbers("cost_m")[1] == doctest::Approx(both));
  CHECK(pairs.numbers("cost_m")[2] == doctest::Approx(second_gap_m));
  const double la = std::log(36.0), lb = std::log(18.0);
  const double pull = both * both / (first_gap_m * first_gap_m);
  CHECK(pairs.numbers("product_of_logs")[0] == doctest::Approx(pull * la * lb));
  CHECK(pairs.numbers("log_of_product")[0] == doctest::Approx(pull * (la + lb)));
  CHECK(pairs.numbers("product_of_logs")[1] == doctest::Approx(la * lb));
  CHECK(pairs.integers("grade") == std::vector<std::int64_t>{1, 1, 1});
  CHECK(index_of(result, "gravity_strong") == 3.0);
  CHECK(index_of(result, "gravity") ==
        doctest::Approx(pairs.numbers("product_of_logs")[0] + pairs.numbers("product_of_logs")[1] +
                        pairs.numbers("product_of_logs")[2]));
  CHECK(index_of(result, "gravity_cost") == doctest::Approx((first_gap_m + both + second_gap_m) / 3.0));
  const Table& matrix = table_of(result, "gravity_matrix");
  CHECK(std::isnan(matrix.numbers("to_1")[0]));
  CHECK(matrix.numbers("to_3")[0] == pairs.numbers("product_of_logs")[1]);
  CHECK(matrix.numbers("to_1")[2] == pairs.numbers("product_of_logs")[1]);
  const auto lines =
      std::find_if(result.lines.begin(), result.lines.end(), [](const NamedLines& l) { return l.name == "gravity"; });
  REQUIRE(lines != result.lines.end());
  REQUIRE(lines->lines.size() == 3);
  CHECK(lines->lines[0].size() == 5);  // a cell of wood, three of grass, a cell of wood

  // Two sources: the largest, and the first of the equal ones.
  study.analyses.gravity->sources = 2;
  study.analyses.gravity->rule.graded_by = GravityVariant::log_of_product;
  study.analyses.gravity->rule.breaks = {100.0, 50.0};
  const GuildResult two = baseline_of(study);
  CHECK(table_of(two, "gravity").rows() == 1);
  CHECK(table_of(two, "gravity_sources").integers("patch") == std::vector<std::int64_t>{1, 2});
  CHECK(table_of(two, "gravity").integers("grade")[0] == 3);
  CHECK(index_of(two, "gravity_strong") == 0.0);
}

TEST_CASE("protection in a study: pieces of features, areas that touch, distances over the ground") {
  Study study = three_woods();
  // One feature in two pieces (a), and one that touches its first piece (b).
  study.protection = std::make_shared<ProtectedAreas>(areas_of(study,
                                                               {
                                                                   "abb...aaa",  //
                                                                   "a........",  //
                                                               },
                                                               {"ridge", "lake"}));
  REQUIRE(study.protection->name == std::vector<std::string>{"ridge", "lake", "ridge"});
  ProtectionAnalysis what;
  what.areas = study.protection;
  study.analyses.protection = what;
  const GuildResult result = baseline_of(study);
  const double land = 18 * 0.09, alpha = study.guilds[0].dispersal.alpha();
  // From the lake's last cell of grass over three cells of grass and wood to the second piece of the ridge (grass).
  const double way = 30.0 * (3.0 + 3.0 + 2.0 + 2.0);
  const double first = 4 * 0.09, second = 3 * 0.09;
  CHECK(index_of(result, "Prot") == doctest::Approx(100.0 * (first + second) / land));
  CHECK(index_of(result, "ProtConn") ==
        doctest::Approx(
            100.0 * std::sqrt(first * first + second * second + 2 * first * second * std::exp(-alpha * way)) / land));
  CHECK(index_of(result, "ProtConn_Prot") == doctest::Approx(100.0 * std::hypot(first, second) / land));
  CHECK(index_of(result, "ProtConn_Within") ==
        doctest::Approx(100.0 * std::sqrt(0.18 * 0.18 + 0.18 * 0.18 + second * second) / land));
  CHECK(index_of(result, "ProtConn_Trans") == doctest::Approx(0.0));
  CHECK(index_of(result, "ProtConn_Bound") == doctest::Approx(index_of(result, "ProtConn")));
  // Of 8 cells of wood, 3 on the left and 1 on the right are protected.
  CHECK(index_of(result, "ProtHabitat") == doctest::Approx(100.0 * 4 / 8));
  const Table& table = table_of(result, "protected_areas");
  CHECK(table.integers("group") == std::vector<std::int64_t>{1, 1, 2});
  CHECK(table.texts("name") == std::vector<std::string>{"ridge", "lake", "ridge"});

  study.analyses.protection->distance = ProtectionAnalysis::Distance::straight;
  study.analyses.protection->dispersal = Dispersal{120.0, 0.5};
  const GuildResult straight = baseline_of(study);
  CHECK(index_of(straight, "ProtConn") ==
        doctest::Approx(100.0 * std::sqrt(first * first + second * second + 2 * first * second * 0.5) / land));
}

TEST_CASE("protection in a study: ground that cannot be crossed is forgiven; areas off the land carry movement") {
  Study study = drawn_study({
      "ttgrggt",  //
      "ttgrggt",  //
      "ggggggg",  //
  });
  for (std::int32_t c = 0; c < 7; ++c) {
    study.landscape.cover.valid.resize(21, 1);
    study.landscape.cover.valid[static_cast<std::size_t>(study.landscape.frame.shape.cell(2, c))] = 0;
  }
  study.protection =
      std::make_shared<ProtectedAreas>(areas_of(study, {"a.....b", ".......", "..ccc.."}, {"a", "b", "c"}));
  ProtectionAnalysis what;
  what.areas = study.protection;
  study.analyses.protection = what;
  const GuildResult effective = baseline_of(study);
  const double land = 14 * 0.09;
  CHECK(index_of(effective, "ProtConn") == doctest::Approx(100.0 * std::hypot(0.09, 0.09) / land));
  // The road divides the two areas: no design could connect them.
  CHECK(index_of(effective, "ProtConn_Bound") == doctest::Approx(index_of(effective, "Prot")));
  CHECK(index_of(effective, "ProtUnconn_Design") == doctest::Approx(0.0).scale(1e-9));
  CHECK(table_of(effective, "protected_areas").integers("outside") == std::vector<std::int64_t>{0, 0, 1});

  study.analyses.protection->distance = ProtectionAnalysis::Distance::straight;
  study.analyses.protection->dispersal = Dispersal{60.0, 0.5};
  const GuildResult straight = baseline_of(study);
  const auto conn = [&](double metres) {
    return 100.0 * std::sqrt(2 * 0.09 * 0.09 * (1.0 + std::pow(0.5, metres / 60.0))) / land;
  };
  const double step = 30.0 * std::hypot(2.0, 2.0);  // each area is two rows and two columns from c
  CHECK(index_of(straight, "ProtConn") == doctest::Approx(conn(2.0 * step)));
  CHECK(index_of(straight, "ProtConn_Trans") == doctest::Approx(conn(2.0 * step) - conn(180.0)));
}

TEST_CASE("robustness in a study: curves by attack, R, and links up to the dispersal distance") {
  Study study = three_woods();
  RobustnessAnalysis what;
  what.attacks = {"betweenness", "area", "random", "BC", "dPC", "degree_recalculated"};
  what.points = 3;
  what.draws = 30;
  what.eca = true;
  study.analyses.robustness = what;
  const GuildResult result = baseline_of(study);
  const Table& curves = table_of(result, "robustness");
  REQUIRE(curves.rows() == 6 * 4);
  CHECK(curves.texts("attack")[0] == "betweenness");
  CHECK(curves.numbers("largest_share")[0] == 1.0);
  CHECK(curves.numbers("largest_share")[1] == doctest::Approx(1.0 / 3.0));  // the middle wood is lost
  CHECK(curves.numbers("ECA")[1] == doctest::Approx(std::hypot(0.36, 0.18)));
  CHECK(curves.numbers("largest_share")[5] == doctest::Approx(2.0 / 3.0));  // by area: the large wood at the end
  CHECK(curves.numbers("largest_ha")[5] == doctest::Approx(0.36));
  CHECK(curves.numbers("efficiency")[0] == doctest::Approx((1.0 + 1.0 + 0.5) / 3.0));
  CHECK(index_of(result, "R_betweenness") == doctest::Approx(2.0 / 9.0));
  CHECK(index_of(result, "R_area") == doctest::Approx((2.0 + 1.0) / 9.0));
  CHECK(index_of(result, "R_random") > 2.0 / 9.0);
  CHECK(index_of(result, "R_random") < 3.0 / 9.0);
  CHECK(table_of(result, "robustness_summary").numbers("R_sd")[2] > 0.0);
  CHECK(index_of(result, "R_BC") == doctest::Approx(2.0 / 9.0));
  // Links beyond the dispersal distance do not count, unless all do.
  study.guilds[0].dispersal.distance_m = 250.0;
  CHECK(table_of(baseline_of(study), "robustness").numbers("largest_share")[0] == doctest::Approx(2.0 / 3.0));
  study.analyses.robustness->all_links = true;
  CHECK(table_of(baseline_of(study), "robustness").numbers("largest_share")[0] == 1.0);
}

TEST_CASE("indices in depth: no patch, names for targets, draws, threads") {
  Study study = drawn_study({"gggg", "gggg"});
  const auto ask_for_all = [](Study& s) {
    s.protection = std::make_shared<ProtectedAreas>(protected_areas(
        [&] {
          Raster<std::int32_t> feature(s.landscape.frame.shape);
          feature[0] = 1;
          return feature;
        }(),
        {"a"}));
    s.analyses.gravity = GravityAnalysis{};
    s.analyses.metapopulation = MetapopulationAnalysis{};
    s.analyses.robustness = RobustnessAnalysis{};
    s.analyses.protection = ProtectionAnalysis{};
    s.analyses.protection->areas = s.protection;
  };
  ask_for_all(study);
  const GuildResult nothing = baseline_of(study);
  CHECK(index_of(nothing, "lambda_M") == 0.0);
  CHECK(index_of(nothing, "gravity") == 0.0);
  CHECK(std::isnan(index_of(nothing, "gravity_cost")));
  CHECK(index_of(nothing, "R_random") == 0.0);
  CHECK(index_of(nothing, "ProtHabitat") == 0.0);
  CHECK(index_of(nothing, "Prot") == doctest::Approx(100.0 / 8));
  const auto names = index_names(study.analyses);
  for (const Column& column : nothing.indices.columns)
    CHECK(std::find(names.begin(), names.end(), column.name) != names.end());

  study = three_woods();
  ask_for_all(study);
  study.uncertainty.draws = 1;
  const auto run = [&](std::size_t threads) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    Memory memory;
    run_study(study, memory, RunContext{});
    return std::move(memory.cases);
  };
  const auto one = run(1), two = run(2);
  REQUIRE(one.size() == 2);
  for (const auto& [id, result] : one) {
    const GuildResult &x = result.guilds.front(), &y = two.at(id).guilds.front();
    CHECK((x.indices.find("R_random") != nullptr) == (id.draw == 0));
    CHECK((x.indices.find("gravity") != nullptr) == (id.draw == 0));
    CHECK(x.indices.find("lambda_M") != nullptr);
    CHECK(x.indices.find("ProtConn") != nullptr);
    CHECK(x.tables.empty() == (id.draw > 0));
    for (std::size_t c = 0; c < x.indices.columns.size(); ++c)
      CHECK(x.indices.columns[c].values == y.indices.columns[c].values);
    for (std::size_t t = 0; t < x.tables.size(); ++t)
      for (std::size_t c = 0; c < x.tables[t].columns.size(); ++c)
        if (x.tables[t].name.starts_with("rob") || x.tables[t].name.starts_with("metapop"))
          CHECK(x.tables[t].columns[c].values == y.tables[t].columns[c].values);
  }
}
