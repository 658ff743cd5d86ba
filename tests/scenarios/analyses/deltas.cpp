// What a network loses with its parts, as a study runs it.

#include <doctest/doctest.h>

#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using greenweave::testing::baseline_of;
using greenweave::testing::drawn_study;
using greenweave::testing::rectangle;
using greenweave::testing::table_of;

namespace {

/// Two woods with a marsh between them.
Study woods_and_marsh() {
  Study study = drawn_study({"ttcccmmmccct", "ttcccmmmccct"});
  study.guilds.front().quality.at(4) = 1.0F;
  study.guilds.front().quality_threshold = 0.5F;
  study.elements = {{"belt", "Belt", Element::Kind::belt, "", 0.0, rectangle(study.landscape.frame, 0, 5, 1, 6), ""},
                    {"edge", "Edge", Element::Kind::belt, "", 0.0, rectangle(study.landscape.frame, 0, 7, 1, 9), ""}};
  study.analyses.deltas = DeltaAnalysis{};
  study.analyses.deltas->patches = true;
  return study;
}

}  // namespace

TEST_CASE("deltas in a study: links, patches, elements and classes, components and places") {
  const GuildResult result = baseline_of(woods_and_marsh());
  const std::vector<double>& dPC = table_of(result, "patches").numbers("dPC");
  REQUIRE(dPC.size() == 3);
  const Table& by_patch = table_of(result, "patch_deltas");
  for (std::size_t p = 0; p < 3; ++p) CHECK(by_patch.numbers("dPC")[p] == doctest::Approx(dPC[p]));

  const Table& by_link = table_of(result, "link_deltas");
  REQUIRE(by_link.rows() == table_of(result, "links").rows());
  REQUIRE(by_link.rows() == 2);
  CHECK(by_link.integers("to") == std::vector<std::int64_t>{2, 3});
  CHECK(by_link.integers("NC_without") == std::vector<std::int64_t>{2, 2});
  CHECK(by_link.numbers("dPC")[0] > 0.0);
  CHECK(by_link.numbers("dNC")[0] == doctest::Approx(-100.0));

  // The marsh is the middle patch: two thirds of it lie in the belt, one third in the edge.
  const Table& by_element = table_of(result, "element_deltas");
  CHECK(by_element.integers("patches") == std::vector<std::int64_t>{1, 0});
  constexpr std::size_t marsh = 1;  // numbered by their first cell: wood, marsh, wood
  CHECK(by_element.numbers("dPC")[0] == doctest::Approx(dPC[marsh]));
  CHECK(by_element.numbers("dPC")[1] == doctest::Approx(0.0));
  const Table& by_class = table_of(result, "class_deltas");
  CHECK(by_class.texts("class") == std::vector<std::string>{"tree", "marsh"});
  CHECK(by_class.integers("patches") == std::vector<std::int64_t>{2, 1});
  CHECK(by_class.numbers("dPC")[1] == doctest::Approx(dPC[marsh]));

  const Table& components = table_of(result, "component_indices");
  REQUIRE(components.rows() == 1);
  CHECK(components.numbers("PC")[0] == doctest::Approx(result.indices.numbers("PC")[0]));
  CHECK(table_of(result, "patch_places").integers("Dg") == std::vector<std::int64_t>{1, 2, 1});
}

TEST_CASE("deltas in a study: a guild that feels slopes has directed indices") {
  Study study = woods_and_marsh();
  auto heights = std::make_shared<Raster<float>>(study.landscape.frame.shape);
  for (Cell cell = 0; cell < heights->shape.cells(); ++cell)
    (*heights)[cell] = 6.0F * static_cast<float>(heights->shape.col(cell));
  study.landscape.elevation_m = heights;
  study.guilds.front().slope.kind = SlopeResponse::Kind::table;
  study.guilds.front().slope.table = {{-0.3, 1.0}, {0.0, 1.0}, {0.3, 4.0}};
  const GuildResult result = baseline_of(study);
  CHECK(result.indices.numbers("directed")[0] == 1.0);
  // Downhill is west: movement from the eastern wood is cheaper than towards it.
  const Table& patches = table_of(result, "patches");
  CHECK(patches.numbers("F")[2] > patches.numbers("F_in")[2]);
  CHECK(patches.numbers("F")[0] < patches.numbers("F_in")[0]);
  CHECK(baseline_of(woods_and_marsh()).indices.find("directed") == nullptr);
}

TEST_CASE("deltas in a study: a tolerance for connectors comes with the bound") {
  Study study = woods_and_marsh();
  study.analyses.connector_tolerance = 1e-6;
  const GuildResult result = baseline_of(study);
  const std::vector<double>& error = table_of(result, "patches").numbers("dPC_connector_error");
  for (const double percent : error) CHECK((percent >= 0.0 && percent <= 1e-4));
  CHECK(table_of(baseline_of(woods_and_marsh()), "patches").find("dPC_connector_error") == nullptr);
}
