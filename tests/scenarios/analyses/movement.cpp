// Corridors, barriers, nearest sources and guilds with slopes, as a study runs them.
#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using greenweave::testing::baseline_of;
using greenweave::testing::drawn_study;
using greenweave::testing::Memory;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::table_of;

namespace {

/// Two woods with grass (3) between them, a road that cannot be entered but at one bridge of grass, crop (5) elsewhere.
Study two_woods() {
  Study study = drawn_study({
      "ttcccrccctt",  //
      "ttgggggggtt",  //
      "ttcccrccctt",  //
      "cccccrccccc",  //
  });
  CorridorAnalysis corridors;
  corridors.rule.slack_share = 0.0;
  corridors.quality.buffer_m = 30.0;
  corridors.quality.crossed = {{"grassland", std::vector<bool>(7, false)}};
  corridors.quality.crossed[0].classes[2] = true;
  study.analyses.corridors = corridors;
  BarrierAnalysis barriers;
  barriers.rule.radii_m = {30.0, 60.0};
  study.analyses.barriers = barriers;
  study.analyses.nearest_source = NearestSourceAnalysis{};
  return study;
}

}  // namespace

TEST_CASE("analyses of movement: the tables and rasters of a drawn study") {
  const GuildResult result = baseline_of(two_woods());
  const Table& corridors = table_of(result, "corridors");
  REQUIRE(corridors.rows() == 1);
  CHECK(corridors.integers("from")[0] == 1);
  CHECK(corridors.integers("to")[0] == 2);
  // Seven cells of grass between the woods: the strip alone.
  CHECK(corridors.numbers("area_ha")[0] == doctest::Approx(0.63));
  CHECK(corridors.numbers("narrowest_m")[0] == 30.0);
  CHECK(corridors.numbers("straight_m")[0] == 240.0);
  CHECK(corridors.numbers("cost_per_length")[0] == doctest::Approx((2.0 + 6 * 3.0 + 2.0) / 8.0));
  CHECK(corridors.integers("crossings_grassland")[0] == 1);
  const Table& cover = table_of(result, "corridor_cover");
  const auto& names = cover.texts("class");
  double path_m = 0.0;
  for (std::size_t i = 0; i < cover.rows(); ++i) {
    path_m += cover.numbers("path_m")[i];
    if (names[i] == "grass") CHECK(cover.numbers("corridor_ha")[i] == doctest::Approx(0.63));
    // Two rows of seven less the road's two cells, beside the path.
    if (names[i] == "crop") CHECK(cover.numbers("buffer_ha")[i] == doctest::Approx(12 * 0.09));
  }
  CHECK(path_m == doctest::Approx(240.0));
  CHECK(raster_of<std::int32_t>(result, "corridors").at(1, 5) == 1);
  CHECK(raster_of<std::int32_t>(result, "corridors").at(0, 3) == 0);
  CHECK(raster_of<float>(result, "corridor_excess").at(1, 5) == 0.0F);
  CHECK(!raster_of<float>(result, "corridor_excess").is_valid(0));

  for (const char* name : {"barriers_30m", "barriers_60m"}) {
    const Table& places = table_of(result, name);
    REQUIRE(places.rows() > 0);
    const Raster<std::int32_t>& windows = raster_of<std::int32_t>(result, name);
    CHECK(static_cast<std::size_t>(*std::max_element(windows.values.begin(), windows.values.end())) == places.rows());
    const Raster<float>& sum = raster_of<float>(result, std::string(name) + "_sum");
    CHECK(places.numbers("sum_m")[0] == static_cast<double>(*std::max_element(sum.values.begin(), sum.values.end())));
    CHECK(places.numbers("exact_sum_m")[0] > 0.0);
    CHECK(places.integers("links")[0] == 1);
  }
  CHECK(raster_of<float>(result, "mcr").at(1, 5) == doctest::Approx(30.0 * (2.0 + 3.0 * 3.0)));
  CHECK(raster_of<std::int32_t>(result, "mcr_source").at(1, 3) == 1);
  CHECK(raster_of<std::int32_t>(result, "mcr_source").at(1, 7) == 2);
}

TEST_CASE("analyses of movement: sources of one's own have a table") {
  Study study = two_woods();
  study.analyses.nearest_source->sources = {{"gate", rectangle(study.landscape.frame, 3, 0, 3, 0)},
                                            {"lake", rectangle(study.landscape.frame, 3, 10, 3, 10)}};
  study.analyses.nearest_source->max_cost_m = 200.0;
  const GuildResult result = baseline_of(study);
  CHECK(table_of(result, "mcr_source").texts("source") == std::vector<std::string>{"gate", "lake"});
  CHECK(raster_of<float>(result, "mcr").at(3, 1) == doctest::Approx(150.0));
  CHECK(raster_of<std::int32_t>(result, "mcr_source").at(3, 1) == 1);
  CHECK(raster_of<std::int32_t>(result, "mcr_source").at(3, 3) == 0);
  CHECK(!raster_of<float>(result, "mcr").is_valid(study.landscape.frame.shape.cell(3, 3)));
}

TEST_CASE("analyses of movement: a guild that feels slopes has links with a way back") {
  Study study = two_woods();
  CHECK(table_of(baseline_of(study), "links").find("back_cost_m") == nullptr);
  // The land rises to the east by 3 m a cell: 10 %.
  auto heights = std::make_shared<Raster<float>>(study.landscape.frame.shape);
  for (Cell cell = 0; cell < heights->shape.cells(); ++cell)
    (*heights)[cell] = 3.0F * static_cast<float>(heights->shape.col(cell));
  study.landscape.elevation_m = heights;
  study.guilds.front().slope = {SlopeResponse::Kind::table, {{-0.1, 1.0}, {0.1, 2.0}}, 1.0};
  const GuildResult result = baseline_of(study);
  const Table& links = table_of(result, "links");
  CHECK(links.numbers("back_cost_m")[0] == doctest::Approx(30.0 * 22.0));
  CHECK(links.numbers("cost_m")[0] == doctest::Approx(2.0 * 30.0 * 22.0));
  CHECK(raster_of<std::int32_t>(result, "corridors").at(1, 5) == 1);
}

TEST_CASE("analyses of movement: the same bits on one thread and on two; draws hold none of it") {
  Study study = two_woods();
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
    if (id.draw > 0) CHECK(x.tables.empty());
    REQUIRE(x.tables.size() == y.tables.size());
    for (std::size_t t = 0; t < x.tables.size(); ++t)
      for (std::size_t c = 0; c < x.tables[t].columns.size(); ++c)
        if (x.tables[t].name.starts_with("corr") || x.tables[t].name.starts_with("barr"))
          CHECK(x.tables[t].columns[c].values == y.tables[t].columns[c].values);
    for (const char* name : {"corridor_excess", "barriers_30m_sum", "mcr"})
      if (id.draw == 0) CHECK(raster_of<float>(x, name).values == raster_of<float>(y, name).values);
  }
}
