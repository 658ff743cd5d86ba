#include "io/results_file.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "io/raster_io.hpp"
#include "scenarios/run_study.hpp"
#include "tests/support/files.hpp"
#include "tests/support/studies.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

Study small_study() {
  Study study = testing::drawn_study({"ttccccct",  //
                                      "ttccccct",  //
                                      "cccccccc",  //
                                      "ccttcccc"});
  study.landscape.frame = frame_in(study.landscape.frame, "EPSG:32648");
  study.landscape.cover.valid.assign(32, 1);
  study.landscape.cover.valid[31] = 0;
  study.notice = "Drawn";
  Element canal;
  canal.name = "canal";
  canal.title = "The canal";
  canal.width_m = 30.0;
  const Frame& frame = study.landscape.frame;
  canal.geometry = {Geometry::Kind::lines, {{frame.centre(0), frame.centre(frame.shape.cell(3, 7))}}};
  study.elements = {canal};
  study.scenarios.push_back(
      {"wood", "More wood", {{"wood", 2026, RestoreHabitat{testing::rectangle(frame, 2, 2, 3, 5), "tree", {}, {}}}}});
  study.uncertainty.draws = 1;
  study.targets = {{"more", "ECA", "", "wood", 0, {}, {}, 1.0}};
  return study;
}

TEST_CASE("what a run stores is what a reader finds") {
  const Folder folder;
  const Study study = small_study();
  const auto path = folder / "r.h5";
  std::vector<CaseResult> results;
  {
    ResultsStore store(study, path, false, false);
    const CaseRunner runner(study);
    for (const CaseId& id : cases_of(study)) {
      results.push_back(runner.run(id, {}));
      CHECK_FALSE(store.has(id));
      store.store(results.back());
      CHECK(store.has(id));
    }
    store.finish(cases_of(study), 1.5);
  }
  CHECK_FALSE(std::filesystem::exists(path.string() + ".partial"));
  const ResultsFile file(path);
  CHECK(file.header().study_name == "drawn");
  CHECK(file.header().notice == "Drawn");
  CHECK(file.frame().shape == study.landscape.frame.shape);
  CHECK(file.frame().cell_m == 30.0);
  CHECK(file.frame().north == study.landscape.frame.north);
  CHECK(file.scenarios() == std::vector<std::string>{"baseline", "wood"});
  CHECK(file.scenario_titles().back() == "More wood");
  CHECK(file.years() == std::vector<int>{2030});
  CHECK(file.guilds() == std::vector<std::string>{"forest"});
  CHECK(file.draws() == 1);
  CHECK(file.targets().at(0).min_change_percent == 1.0);
  CHECK_FALSE(file.targets().at(0).at_least.has_value());
  CHECK(file.classes().classes.size() == study.landscape.classes->classes.size());
  CHECK(file.elements().at(0).title == "The canal");
  CHECK(file.elements().at(0).geometry.parts == study.elements[0].geometry.parts);

  for (const CaseResult& result : results) {
    const GuildResult& guild = result.guilds.at(0);
    const auto indices = file.indices(result.id.scenario, 2030, "forest");
    REQUIRE(indices.size() == guild.indices.columns.size());
    for (std::size_t k = 0; k < indices.size(); ++k) {
      CHECK(indices[k].name == guild.indices.columns[k].name);
      CHECK(indices[k].better == guild.indices.columns[k].better);
      const double found = indices[k].draws.at(static_cast<std::size_t>(result.id.draw));
      const double stored = std::get<std::vector<double>>(guild.indices.columns[k].values).at(0);
      CHECK((found == stored || (std::isnan(found) && std::isnan(stored))));
    }
    if (result.id.draw != 0) continue;
    for (const Table& table : guild.tables) {
      const auto read = file.table(result.id.scenario, 2030, "forest", table.name);
      REQUIRE(read);
      REQUIRE(read->columns.size() == table.columns.size());
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        CHECK(read->columns[c].name == table.columns[c].name);
        if (table.columns[c].values.index() != 0) CHECK(read->columns[c].values == table.columns[c].values);
      }
    }
    const auto labels = file.raster(result.id.scenario, 2030, "forest", "patches");
    REQUIRE(labels);
    const auto& expected = std::get<Raster<std::int32_t>>(guild.rasters.at(2).raster);
    const auto& found = std::get<Raster<std::int32_t>>(labels->raster);
    CHECK_FALSE(found.is_valid(31));
    for (Cell cell = 0; cell < 31; ++cell) CHECK(found[cell] == expected[cell]);
    CHECK(file.lines(result.id.scenario, 2030, "forest", "links")->lines == guild.lines.at(0).lines);
  }
  CHECK_FALSE(file.table("wood", 2030, "forest", "nothing"));
  CHECK(file.indices("nowhere", 2030, "forest").empty());
}

TEST_CASE("a run that was killed goes on from its finished cases") {
  const Folder folder;
  const Study study = small_study();
  const CaseRunner runner(study);
  const auto path = folder / "r.h5";
  {
    ResultsStore store(study, path, false, false);
    store.store(runner.run({"baseline", 2030, 0}, {}));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {
    ResultsStore store(study, path, false, false);
    CHECK(store.has({"baseline", 2030, 0}));
    CHECK_FALSE(store.has({"wood", 2030, 0}));
  }
  // Another seed: its cases are other cases.
  Study other = study;
  other.seed = 2;
  check_input_error([&] { ResultsStore(other, path, false, false); }, {"1 finished cases wait", "--restart"});
  ResultsStore restarted(other, path, false, true);
  CHECK_FALSE(restarted.has({"baseline", 2030, 0}));
}

TEST_CASE("results are never overwritten unasked, and two runs do not share a file") {
  const Folder folder;
  const Study study = small_study();
  const auto path = folder.write("r.h5", "mine");
  check_input_error([&] { ResultsStore(study, path, false, false); }, {"exists already", "--overwrite"});
  {
    const ResultsStore first(study, folder / "s.h5", false, false);
    check_input_error([&] { ResultsStore(study, folder / "s.h5", false, false); }, {"another run is at work"});
  }
  // A run that failed before its first case leaves nothing.
  CHECK_FALSE(std::filesystem::exists(folder / "s.h5.partial"));
  check_input_error([&] { ResultsStore(study, folder / "no/s.h5", false, false); }, {"no folder"});
  check_input_error([&] { ResultsFile{path}; }, {"not a results file"});
}

TEST_CASE("a raster larger than a chunk survives packing, checksums and all") {
  const Folder folder;
  std::vector<std::string> rows(700, std::string(1100, 'c'));
  for (std::size_t r = 0; r < 700; ++r)
    for (std::size_t c = 0; c < 1100; ++c)
      if ((r * 7 + c * 13) % 11 < 4) rows[r][c] = 't';
  Study study = testing::drawn_study(rows);
  study.landscape.frame = frame_in(study.landscape.frame, "EPSG:32648");
  CaseResult result;
  result.id = {"baseline", 2030, 0};
  Raster<float> noisy(study.landscape.frame.shape);
  for (Cell cell = 0; cell < noisy.shape.cells(); ++cell) noisy[cell] = std::sin(static_cast<float>(cell));
  GuildResult guild;
  guild.guild = "forest";
  guild.indices = {"indices", {{"ECA", "ha", "", std::vector<double>{1.0}, 1}}};
  guild.rasters.push_back({"noisy", "1", "Noise", noisy});
  result.guilds.push_back(guild);
  ResultsStore store(study, folder / "r.h5", false, false);
  store.store(result);
  store.finish({result.id}, 0.0);
  const auto read = ResultsFile(folder / "r.h5").raster("baseline", 2030, "forest", "noisy");
  CHECK(std::get<Raster<float>>(read->raster).values == noisy.values);
}

}  // namespace
}  // namespace greenweave
