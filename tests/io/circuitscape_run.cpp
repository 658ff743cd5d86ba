#include "io/circuitscape_run.hpp"

#include <atomic>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "io/circuitscape_inputs.hpp"
#include "io/grid_file.hpp"
#include "io/packed_file.hpp"
#include "tests/support/files.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
namespace fs = std::filesystem;

namespace {

std::string grid(int rows, int cols, const std::string& values) {
  return fmt::format("ncols {}\nnrows {}\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -9999\n{}\n", cols, rows,
                     values);
}

/// A job in a folder: a row of five cells of 1 ohm, focal nodes at its ends and in the middle; other settings and files
/// as a test wants them.
struct Job {
  Folder folder;
  std::map<std::string, std::string> settings{{"scenario", "pairwise"},
                                              {"habitat_file", "cells.asc"},
                                              {"point_file", "points.asc"},
                                              {"connect_using_avg_resistances", "True"},
                                              {"output_file", "out/a.out"}};

  Job() {
    write("cells.asc", grid(1, 5, "1 1 1 1 1"));
    write("points.asc", grid(1, 5, "1 0 2 -9999 3"));
  }
  void write(const std::string& name, const std::string& text) const { folder.write(name, text); }
  Job& set(const std::string& key, const std::string& value) {
    settings[key] = value;
    return *this;
  }
  CircuitscapeJob read() const {
    std::string text;
    for (const auto& [key, value] : settings) text += key + " = " + value + "\n";
    return read_circuitscape_job(folder.write("job.ini", text), folder.path());
  }
  CircuitscapeOutcome run(CircuitscapeRunOptions options = {}, const RunContext& context = {}) const {
    return run_circuitscape(read(), options, context);
  }
  /// Runs it in place of what was there.
  CircuitscapeOutcome again() const { return run({true, false}); }
  std::string text(const std::string& name) const { return read_packed(folder / ("out/a_" + name), "output"); }
  std::vector<double> map(const std::string& name) const {
    GridPlace place;
    Raster<double> values = read_grid(folder / ("out/a_" + name), "output", &place);
    for (Cell cell = 0; cell < values.shape.cells(); ++cell)
      if (!values.is_valid(cell)) values[cell] = -9999.0;
    return values.values;
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    if (fs::exists(folder / "out"))
      for (const auto& entry : fs::directory_iterator(folder / "out")) names.insert(entry.path().filename().string());
    return names;
  }
};

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

}  // namespace

TEST_CASE("pairwise on a row of cells: resistances, maps, sums, and the settings beside them") {
  Job job;
  job.set("write_cur_maps", "True").set("write_volt_maps", "True").set("write_max_cur_maps", "True");
  const CircuitscapeOutcome outcome = job.run();
  CHECK(outcome.runs == 3);
  CHECK(outcome.solved == 3);
  CHECK(outcome.failed.empty());
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 2 4\n2 2 0 2\n3 4 2 0\n");
  CHECK(job.text("resistances_3columns.out") == "1 2 2\n1 3 4\n2 3 2\n");
  check_close(job.map("curmap_1_2.asc"), {1, 1, 1, 0, 0});
  check_close(job.map("voltmap_1_2.asc"), {0, 1, 2, 2, 2});
  check_close(job.map("cum_curmap.asc"), {2, 2, 3, 2, 2});
  check_close(job.map("max_curmap.asc"), {1, 1, 1, 1, 1});
  CHECK(outcome.files == static_cast<std::int64_t>(job.files().size()));
  CHECK(job.files() == std::set<std::string>{"a.out", "a_resistances.out", "a_resistances_3columns.out",
                                             "a_curmap_1_2.asc", "a_curmap_1_3.asc", "a_curmap_2_3.asc",
                                             "a_voltmap_1_2.asc", "a_voltmap_1_3.asc", "a_voltmap_2_3.asc",
                                             "a_cum_curmap.asc", "a_max_curmap.asc"});
  CHECK(read_packed(job.folder / "out/a.out", "settings").find("scenario = pairwise") != std::string::npos);
}

TEST_CASE("which maps are written, and in which form") {
  Job job;
  SUBCASE("none") {
    job.run();
    CHECK(job.files() == std::set<std::string>{"a.out", "a_resistances.out", "a_resistances_3columns.out"});
  }
  SUBCASE("the cumulative one alone, with or without write_cur_maps") {
    for (const char* each : {"True", "False"}) {
      job.set("write_cum_cur_map_only", "True").set("write_cur_maps", each);
      job.again();
      CHECK(job.files() ==
            std::set<std::string>{"a.out", "a_resistances.out", "a_resistances_3columns.out", "a_cum_curmap.asc"});
      check_close(job.map("cum_curmap.asc"), {2, 2, 3, 2, 2});
      CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 2 4\n2 2 0 2\n3 4 2 0\n");
    }
    job.write("cells.asc", grid(1, 6, "1 1 1 1 1 -9999"));
    job.write("points.asc", grid(1, 6, "1 0 2 0 3 0"));
    job.set("set_null_currents_to_nodata", "True");
    job.again();
    check_close(job.map("cum_curmap.asc"), {2, 2, 3, 2, 2, -9999});
  }
  SUBCASE("packed") {
    job.set("write_cur_maps", "True").set("compress_grids", "True");
    job.run();
    check_close(job.map("curmap_1_2.asc.gz"), {1, 1, 1, 0, 0});
    check_close(job.map("cum_curmap.asc.gz"), {2, 2, 3, 2, 2});
  }
  SUBCASE("GeoTIFF, packed or not") {
    for (const char* packed : {"False", "True"}) {
      job.write("cells.asc", grid(1, 6, "1 1 1 1 1 -9999"));
      job.write("points.asc", grid(1, 6, "1 0 2 0 3 0"));
      job.set("write_cur_maps", "True").set("write_as_tif", "True").set("compress_grids", packed);
      job.set("set_null_currents_to_nodata", "True");
      job.again();
      check_close(job.map("curmap_1_2.tif"), {1, 1, 1, 0, 0, -9999});
    }
  }
}

TEST_CASE("NoData where nothing conducts, logarithms, and focal nodes without current") {
  Job job;
  job.write("cells.asc", grid(1, 6, "1 1 1 1 1 -9999"));
  job.write("points.asc", grid(1, 6, "1 0 2 0 3 0"));
  job.set("write_cur_maps", "True").set("write_volt_maps", "True").set("write_max_cur_maps", "True");
  SUBCASE("zeros") {
    job.run();
    check_close(job.map("curmap_1_2.asc"), {1, 1, 1, 0, 0, 0});
    check_close(job.map("voltmap_1_2.asc"), {0, 1, 2, 2, 2, 0});
  }
  SUBCASE("NoData") {
    job.set("set_null_currents_to_nodata", "True").set("set_null_voltages_to_nodata", "True");
    job.run();
    check_close(job.map("curmap_1_2.asc"), {1, 1, 1, 0, 0, -9999});
    check_close(job.map("voltmap_1_2.asc"), {0, 1, 2, 2, 2, -9999});
    check_close(job.map("cum_curmap.asc"), {2, 2, 3, 2, 2, -9999});
    check_close(job.map("max_curmap.asc"), {1, 1, 1, 1, 1, -9999});
  }
  SUBCASE("the logarithm is taken pair by pair, and nothing has none") {
    job.write("cells.asc", grid(2, 6, "1 1 1 1 1 -9999 1 1 1 1 1 -9999"));
    job.write("points.asc", grid(2, 6, "1 0 2 0 3 0 0 0 0 0 0 0"));
    job.set("log_transform_maps", "True").set("connect_four_neighbors_only", "True");
    job.run();
    const auto one = job.map("curmap_1_2.asc"), two = job.map("curmap_1_3.asc"), three = job.map("curmap_2_3.asc");
    const auto sum = job.map("cum_curmap.asc"), most = job.map("max_curmap.asc");
    CHECK(one[0] == doctest::Approx(0.0).scale(1.0));  // log 1
    CHECK(one[1] < 0.0);
    CHECK(one[5] == -9999.0);
    for (const std::size_t i : {0U, 1U, 2U, 6U, 8U}) {
      CHECK(sum[i] == doctest::Approx(one[i] + two[i] + three[i]).epsilon(1e-6).scale(1.0));
      CHECK(most[i] == doctest::Approx(std::max({one[i], two[i], three[i]})).epsilon(1e-6).scale(1.0));
    }
    CHECK(sum[5] == -9999.0);
    CHECK(most[5] == -9999.0);
  }
  SUBCASE("focal nodes at work show no current; others that it flows through do") {
    job.set("set_focal_node_currents_to_zero", "True");
    job.run();
    check_close(job.map("curmap_1_3.asc"), {0, 1, 1, 1, 0, 0});
    check_close(job.map("cum_curmap.asc"), {0, 2, 1, 2, 0, 0});
  }
}

TEST_CASE("focal regions and polygons with current set to zero lose it in all their cells") {
  Job job;
  job.write("points.asc", grid(1, 5, "1 1 0 0 2"));
  job.write("polygons.asc", grid(1, 5, "0 0 0 4 4"));
  job.set("use_polygons", "True").set("polygon_file", "polygons.asc").set("write_cur_maps", "True");
  job.run();
  check_close(job.map("curmap_1_2.asc"), {1, 1, 1, 1, 1});
  CHECK(job.text("resistances.out") == "0 1 2\n1 0 2\n2 2 0\n");
  job.set("set_focal_node_currents_to_zero", "True");
  job.again();
  check_close(job.map("curmap_1_2.asc"), {0, 0, 1, 0, 0});
}

TEST_CASE("pairs that no path joins, focal nodes on NoData, and two in one node") {
  Job job;
  job.write("cells.asc", grid(1, 5, "1 1 -9999 1 -9999"));
  job.write("points.txt", "1 0.5 0.5\n2 1.5 0.5\n3 3.5 0.5\n4 4.5 0.5\n5 1.2 0.1\n");
  job.set("point_file", "points.txt").set("write_cur_maps", "True");
  const CircuitscapeOutcome outcome = job.run();
  CHECK(outcome.runs == 10);
  CHECK(outcome.solved == 2);
  CHECK(job.text("resistances.out") ==
        "0 1 2 3 4 5\n1 0 1 -1 -1 1\n2 1 0 -1 -1 0\n3 -1 -1 0 -1 -1\n4 -1 -1 -1 0 -1\n5 1 0 -1 -1 0\n");
  check_close(job.map("curmap_2_5.asc"), {0, 0, 0, 0, 0});
  check_close(job.map("cum_curmap.asc"), {2, 2, 0, 0, 0});
  CHECK_FALSE(job.files().contains("a_curmap_1_3.asc"));
}

TEST_CASE("points in text lists: cells by coordinates, border included, regions, the same cell twice") {
  Job job;
  job.write("cells.asc", grid(2, 3, "1 1 1 1 1 1"));
  job.write("points.txt", "7 0 2\n7 0.4 1.9\n9\t2.5\t0.5\r\n\n2 3 0 extra\n");
  job.set("point_file", "points.txt");
  // "extra" is no number.
  check_input_error([&] { job.run(); }, {"points.txt", "line 5", "extra"});
  job.write("points.txt", "7 0 2\n7 0.4 1.9\n9\t2.5\t0.5\r\n\n2 3 0\n-4 0.5 0.5\n");
  const RasterJobInput input = read_raster_job(job.read());
  REQUIRE(input.focal.size() == 3);
  CHECK(input.focal[0].id == 2);
  CHECK(input.focal[0].cells == std::vector<Cell>{5});
  CHECK(input.focal[1].cells == std::vector<Cell>{0});
  CHECK(input.focal[2].cells == std::vector<Cell>{5});
  REQUIRE(input.notes.size() == 1);
  CHECK(input.notes[0].find("negative id") != std::string::npos);
  job.write("points.txt", "1 0.5 0.5\n2 9 0.5\n");
  check_input_error([&] { job.run(); }, {"points.txt", "line 2", "9, 0.5", "outside the habitat map"});
  job.write("points.txt", "1 0.5 0.5\n2.5 1 0.5\n");
  check_input_error([&] { job.run(); }, {"points.txt", "line 2", "2.5 is no focal node"});
  job.write("points.txt", "1 0.5 0.5\n0 1 0.5\n");
  check_input_error([&] { job.run(); }, {"points.txt", "line 2", "0 is no focal node"});
  job.write("points.txt", "1 0.5\n");
  check_input_error([&] { job.run(); }, {"points.txt", "line 1", "2 numbers", "a value, x and y"});
  job.write("points.txt", "1 0.5 0.5\n");
  check_input_error([&] { job.run(); }, {"points.txt", "1 focal nodes", "at least two"});
}

TEST_CASE("a mask and a table of classes change the habitat map") {
  Job job;
  job.write("mask.asc", grid(1, 5, "1 1 2 -1 -9999"));
  job.set("use_mask", "True").set("mask_file", "mask.asc");
  job.run();
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 2 -1\n2 2 0 -1\n3 -1 -1 0\n");
  job.write("mask.asc", grid(1, 5, "0 0 0 0 0"));
  check_input_error([&] { job.again(); }, {"mask.asc", "leaves no cell"});
  job.set("use_mask", "False").set("use_reclass_table", "True").set("reclass_file", "classes.txt");
  job.write("classes.txt", "1 4\n2 -9999\n");
  job.write("cells.asc", grid(1, 5, "1 1 1 2 2"));
  job.again();
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 8 -1\n2 8 0 -1\n3 -1 -1 0\n");
  job.write("classes.txt", "1 3\n1 4\n");
  check_input_error([&] { job.again(); }, {"classes.txt", "line 2", "has a new value already"});
}

TEST_CASE("included pairs: a list of inclusions, of exclusions, a matrix") {
  Job job;
  job.set("use_included_pairs", "True").set("included_pairs_file", "pairs.txt");
  job.write("pairs.txt", "mode include\n1 2\n");
  job.run();
  CHECK(job.text("resistances.out") == "0 1 2\n1 0 2\n2 2 0\n");
  job.write("pairs.txt", "mode\texclude\n1\t2\n");
  job.again();
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 -1 4\n2 -1 0 2\n3 4 2 0\n");
  // 3 is named with 0: it stays, without partners.
  job.write("pairs.txt", "mode include\n1 2\n3 0\n");
  job.again();
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 2 -1\n2 2 0 -1\n3 -1 -1 0\n");
  // Either of two entries lets a pair in; node 9 is unknown; 3 is not named.
  job.write("pairs.txt", "min 2\nmax 50\n0 1 2 9\n1 7 60 3\n2 2 7 3\t\n9 3 3 7\n");
  job.again();
  CHECK(job.text("resistances.out") == "0 1 2\n1 0 2\n2 2 0\n");
  job.write("pairs.txt", "min 2\nmax 50\n0 1 2\n1 7 60\n2 1 7\n");
  job.again();
  CHECK(job.text("resistances.out") == "0 1 2\n1 0 -1\n2 -1 0\n");

  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    job.write("pairs.txt", text);
    check_input_error([&] { job.again(); }, words);
  };
  fails("", {"pairs.txt", "empty"});
  fails("mode some\n1 2\n", {"pairs.txt", "line 1", "neither include nor exclude"});
  fails("mode include\n1\n", {"pairs.txt", "line 2", "one id"});
  fails("1 2\n", {"pairs.txt", "begins neither"});
  fails("mode include\n8 9\n", {"pairs.txt", "names no focal node"});
  fails("min 2\nmax 5\n0 1 2\n1 0 3\n", {"pairs.txt", "2 columns and 1 rows"});
  fails("min 2\nmax 5\n0 1 2\n1 0 3\n4 0 3\n", {"pairs.txt", "line 5", "of node 4"});
  fails("min 2\nmax 5\n0 1 2\n1 0 3\n2 0\n", {"pairs.txt", "line 5", "2 numbers"});
}

TEST_CASE("one-to-all and all-to-one on a row of cells, with strengths and pairs") {
  Job job;
  job.set("scenario", "one-to-all").set("write_cur_maps", "True").set("write_volt_maps", "True");
  CHECK(job.run().runs == 3);
  CHECK(job.text("resistances.out") == "1 2\n2 1\n3 2\n");
  check_close(job.map("curmap_2.asc"), {0.5, 0.5, 1, 0.5, 0.5});
  check_close(job.map("voltmap_2.asc"), {0, 0.5, 1, 0.5, 0});
  check_close(job.map("cum_curmap.asc"), {1.5, 1.5, 3, 1.5, 1.5});
  CHECK_FALSE(job.files().contains("a_resistances_3columns.out"));

  job.write("strengths.txt", "3\t5 \n2\t4\n");
  job.set("use_variable_source_strengths", "True").set("variable_source_file", "strengths.txt");
  job.again();
  CHECK(job.text("resistances.out") == "1 2\n2 1\n3 2\n");
  check_close(job.map("curmap_1.asc"), {1, 1, 1, 0, 0});
  check_close(job.map("curmap_2.asc"), {2, 2, 4, 2, 2});
  check_close(job.map("curmap_3.asc"), {0, 0, 5, 5, 5});

  job.set("scenario", "all-to-one");
  job.again();
  CHECK(job.text("resistances.out") == "1 0\n2 0\n3 0\n");
  check_close(job.map("curmap_1.asc"), {9, 9, 9, 5, 5});
  check_close(job.map("voltmap_1.asc"), {0, 9, 18, 23, 28});

  // Excluded from node 1 as its source, node 2 sends 1 A all the same; node 3 is without partners.
  job.write("pairs.txt", "mode exclude\n1 2\n3 2\n3 1\n");
  job.set("use_included_pairs", "True").set("included_pairs_file", "pairs.txt");
  const CircuitscapeOutcome outcome = job.again();
  CHECK(outcome.solved == 0);
  job.write("pairs.txt", "mode exclude\n1 2\n");
  job.again();
  check_close(job.map("curmap_1.asc"), {6, 6, 6, 5, 5});
  job.set("scenario", "one-to-all");
  job.again();
  CHECK(job.text("resistances.out") == "1 4\n2 2\n3 2\n");
  check_close(job.map("curmap_1.asc"), {1, 1, 1, 1, 1});

  job.write("strengths.txt", "3 5\n3 4\n");
  check_input_error([&] { job.again(); }, {"strengths.txt", "line 2", "strength already"});
}

TEST_CASE("advanced: lists and grids, resistances and conductances, unit currents, direct grounds, conflicts") {
  Job job;
  job.set("scenario", "advanced").set("source_file", "sources.txt").set("ground_file", "grounds.asc");
  job.set("write_cur_maps", "True").set("write_volt_maps", "True");
  job.write("sources.txt", "3 0.5 0.5\n");
  job.write("grounds.asc", grid(1, 5, "-9999 -9999 0 -9999 -9999"));
  CHECK(job.run().solved == 1);
  CHECK(job.files() == std::set<std::string>{"a.out", "a_curmap.asc", "a_voltmap.asc"});
  check_close(job.map("voltmap.asc"), {6, 3, 0, 0, 0});
  check_close(job.map("curmap.asc"), {3, 3, 3, 0, 0});
  job.set("use_unit_currents", "True");
  job.again();
  check_close(job.map("voltmap.asc"), {2, 1, 0, 0, 0});
  // A resistance of 4 ohm, then a conductance of 4, then a direct ground in its place.
  job.write("grounds.asc", grid(1, 5, "-9999 -9999 4 -9999 -9999"));
  job.again();
  check_close(job.map("voltmap.asc"), {6, 5, 4, 4, 4});
  job.set("ground_file_is_resistances", "False");
  job.again();
  check_close(job.map("voltmap.asc"), {2.25, 1.25, 0.25, 0.25, 0.25});
  job.set("use_direct_grounds", "True");
  job.again();
  check_close(job.map("voltmap.asc"), {2, 1, 0, 0, 0});
  // A conductance of 0 is no ground.
  job.set("use_direct_grounds", "False");
  job.write("grounds.asc", grid(1, 5, "0 0 0 0 4"));
  job.again();
  check_close(job.map("voltmap.asc"), {4.25, 3.25, 2.25, 1.25, 0.25});
  // Source and ground at one cell.
  job.write("grounds.asc", grid(1, 5, "4 -9999 -9999 -9999 4"));
  const auto at_first = [&](const char* policy) {
    job.set("remove_src_or_gnd", policy);
    job.again();
    return job.map("voltmap.asc")[0];
  };
  CHECK(at_first("keepall") == doctest::Approx(1.0 / (4.0 + 1.0 / 4.25)).epsilon(1e-6));
  CHECK(at_first("rmvgnd") == doctest::Approx(4.25).epsilon(1e-6));
  CHECK(at_first("rmvsrc") == 0.0);
  CHECK(at_first("rmvall") == 0.0);
  CHECK(job.again().notes.size() == 1);  // no current flows
  job.write("grounds.asc", grid(1, 5, "0 0 -4 0 0"));
  check_input_error([&] { job.again(); }, {"grounds.asc", "row 1, column 3", "-4"});
}

TEST_CASE("networks: lists by node, pairs, sums, sources and grounds") {
  Job job;
  job.write("net.txt", "0 1 1\n1 2 1\n2 1 1\n3 4 2\n");
  job.write("nodes.txt", "2\n0\n3\n");
  job.set("data_type", "network").set("habitat_file", "net.txt").set("point_file", "nodes.txt");
  job.set("write_cur_maps", "True").set("write_volt_maps", "True");
  const CircuitscapeOutcome outcome = job.run();
  CHECK(outcome.runs == 3);
  CHECK(outcome.solved == 1);
  CHECK(job.text("resistances.out") == "0 2 0 3\n2 0 1.5 -1\n0 1.5 0 -1\n3 -1 -1 0\n");
  CHECK(job.text("voltages_2_0.txt") == "0\t1.5\n1\t0.5\n2\t0\n");
  CHECK(job.text("node_currents_2_0.txt") == "0\t1\n1\t1\n2\t1\n");
  CHECK(job.text("branch_currents_2_0.txt") == "0\t1\t1\n1\t2\t1\n");
  CHECK(job.text("node_currents_cum.txt") == "0\t1\n1\t1\n2\t1\n3\t0\n4\t0\n");
  CHECK(job.text("branch_currents_cum.txt") == "0\t1\t1\n1\t2\t1\n");
  CHECK_FALSE(job.files().contains("a_voltages_2_3.txt"));
  job.set("write_cum_cur_map_only", "True").set("write_volt_maps", "False").set("output_file", "out/b.out");
  job.run();
  CHECK_FALSE(job.files().contains("b_node_currents_2_0.txt"));
  CHECK(job.files().contains("b_node_currents_cum.txt"));

  job.set("use_included_pairs", "True").set("included_pairs_file", "pairs.txt").set("output_file", "out/a.out");
  job.write("pairs.txt", "mode include\n0 2\n");
  job.again();
  CHECK(job.text("resistances.out") == "0 2 0\n2 0 1.5\n0 1.5 0\n");

  job.set("scenario", "advanced").set("source_file", "sources.txt").set("ground_file", "grounds.txt");
  job.set("write_cum_cur_map_only", "False").set("write_volt_maps", "True");
  job.write("sources.txt", "0 2\n");
  job.write("grounds.txt", "2 0\n1 1\n");
  job.again();
  // 1 A from node 1 through its ground, twice that over two branches: 0.5 V and 2.5 V ... by Kirchhoff.
  CHECK(job.text("voltages.txt") == "0\t2.666666667\n1\t0.6666666667\n2\t0\n3\t0\n4\t0\n");
  CHECK(job.text("branch_currents.txt") == "0\t1\t2\n1\t2\t1.333333333\n");
  CHECK(job.text("node_currents.txt") == "0\t2\n1\t2\n2\t1.333333333\n3\t0\n4\t0\n");

  const auto fails = [&](const std::string& name, const std::string& text, std::initializer_list<std::string> words) {
    const std::string before = read_packed(job.folder / name, "input");
    job.write(name, text);
    check_input_error([&] { job.again(); }, words);
    job.write(name, before);
  };
  fails("net.txt", "0 1 0\n", {"net.txt", "line 1", "resistance of 0"});
  fails("net.txt", "0 1 -2\n", {"net.txt", "line 1", "-2"});
  fails("net.txt", "0 1\n", {"net.txt", "line 1", "two nodes and a resistance"});
  fails("net.txt", "0 1.5 2\n", {"net.txt", "line 1", "1.5 is no node"});
  fails("net.txt", "-1 1 2\n", {"net.txt", "-1 is no node"});
  fails("sources.txt", "7 1\n", {"sources.txt", "no node 7", "0 to 4"});
  fails("grounds.txt", "1 -1\n", {"grounds.txt", "line 1", "-1"});
  job.set("scenario", "pairwise").set("use_included_pairs", "False");
  fails("nodes.txt", "1\n1\n", {"nodes.txt", "line 2", "already"});
  fails("nodes.txt", "1\n", {"nodes.txt", "1 focal nodes"});
}

TEST_CASE("inputs that cannot be: one message with file and place") {
  Job job;
  const auto fails = [&](const std::string& name, const std::string& text, std::initializer_list<std::string> words) {
    const std::string before = fs::exists(job.folder / name) ? read_packed(job.folder / name, "input") : "";
    job.write(name, text);
    check_input_error([&] { job.run(); }, words);
    if (!before.empty()) job.write(name, before);
    CHECK(job.files().empty());
  };
  fails("cells.asc", grid(1, 5, "1 1 0 1 1"), {"cells.asc", "row 1, column 3", "resistance of 0", "use_polygons"});
  fails("cells.asc", grid(1, 5, "1 1 1 -2 1"), {"cells.asc", "column 4", "resistance of -2"});
  fails("cells.asc", grid(1, 5, "-9999 -9999 -9999 -9999 -9999"), {"cells.asc", "no cell of the habitat map conducts"});
  fails("cells.asc", grid(1, 5, "1 1 1 1"), {"cells.asc", "4 values"});
  fails("points.asc", grid(1, 4, "1 0 2 3"), {"points.asc", "1 rows and 4 columns", "the habitat map 1 and 5"});
  fails("points.asc", grid(1, 5, "1 0 2.5 3 0"), {"points.asc", "column 3", "2.5"});
  fails("points.asc", grid(1, 5, "1 0 0 0 0"), {"points.asc", "1 focal nodes"});
  job.set("use_polygons", "True").set("polygon_file", "polygons.asc");
  check_input_error([&] { job.run(); }, {"polygons.asc", "no such file", "job.ini"});
  fails("polygons.asc", grid(2, 5, "0 0 0 0 0 0 0 0 0 0"), {"polygons.asc", "2 rows"});
  fails("polygons.asc", grid(1, 5, "0 0 1.5 0 0"), {"polygons.asc", "column 3", "1.5 is no short-circuit region"});
  // A grid of the same shape elsewhere is taken, and that is said.
  job.write("polygons.asc", "ncols 5\nnrows 1\nxllcorner 7\nyllcorner 0\ncellsize 1\n0 5 5 0 0\n");
  const CircuitscapeOutcome outcome = job.run();
  REQUIRE(outcome.notes.size() == 1);
  CHECK(outcome.notes[0].find("lies elsewhere") != std::string::npos);
  CHECK(job.text("resistances.out") == "0 1 2 3\n1 0 1 3\n2 1 0 2\n3 3 2 0\n");
}

TEST_CASE("outputs are not overwritten unasked, and the message names the one") {
  Job job;
  job.set("write_cur_maps", "True");
  job.run();
  const std::string before = job.text("resistances.out");
  fs::remove(job.folder / "out/a.out");
  for (const char* name : {"a_resistances.out", "a_resistances_3columns.out", "a_cum_curmap.asc", "a_curmap_1_2.asc"}) {
    check_input_error([&] { job.run(); }, {name, "exists already", "--overwrite"});
    fs::remove(job.folder / "out" / name);
  }
  job.again();
  CHECK(job.text("resistances.out") == before);
  CHECK_FALSE(fs::exists(job.folder / "out/a.partial"));
}

namespace {

/// Asks a run to stop after some units of progress.
struct StopAfter final : Progress {
  std::atomic<bool> stop{false};
  std::int64_t left;
  std::int64_t resumed = 0;
  explicit StopAfter(std::int64_t units) : left(units) {}
  void begin(std::string_view, std::int64_t) override {}
  void advance(std::int64_t units, std::string_view what) override {
    if (what == "resumed") resumed = units;
    left -= units;
    if (left <= 0) stop.store(true);
  }
  void end() override {}
};

}  // namespace

TEST_CASE("a stopped run goes on where it was and ends with the same files, to the last byte") {
  const auto fill = [](Job& job, const char* scenario) {
    Dice dice(11);
    std::string cells, points;
    for (int i = 0; i < 400; ++i) {
      cells += dice.chance(0.15) ? "-9999 " : fmt::format("{} ", 1 + dice.below(50));
      points += fmt::format("{} ", i % 57 == 3 || i == 4 ? 1 + i / 57 : 0);
    }
    job.write("cells.asc", grid(20, 20, cells));
    job.write("points.asc", grid(20, 20, points));
    job.set("scenario", scenario).set("write_cur_maps", "True").set("write_volt_maps", "True");
    job.set("write_max_cur_maps", "True").set("log_transform_maps", "True").set("set_null_currents_to_nodata", "True");
  };
  const auto outputs = [](const Job& job) {
    std::map<std::string, std::string> texts;
    for (const std::string& name : job.files())
      if (name != "a.out") texts[name] = read_packed(job.folder / "out" / name, "output");
    return texts;
  };
  for (const char* scenario : {"pairwise", "one-to-all", "all-to-one"}) {
    CAPTURE(scenario);
    Job whole, stopped;
    fill(whole, scenario);
    fill(stopped, scenario);
    const std::int64_t runs = whole.run().runs;
    const auto expected = outputs(whole);
    CHECK(expected.size() > 10);
    {
      const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
      whole.again();
      CHECK(outputs(whole) == expected);
    }
    StopAfter stop(runs / 2);
    RunContext context{&stop, &stop.stop};
    CHECK_THROWS_AS(stopped.run({}, context), Cancelled);
    CHECK(stopped.files() == std::set<std::string>{"a.partial"});
    // Another job of the same name does not take it for its own.
    Job other;
    StopAfter never(1 << 20);
    stopped.set("log_transform_maps", "False");
    check_input_error([&] { stopped.run(); }, {"a.partial", "unfinished run", "--restart"});
    stopped.set("log_transform_maps", "True");
    const CircuitscapeOutcome outcome = stopped.run({}, RunContext{&never, nullptr});
    CHECK(outcome.resumed == runs / 2);
    CHECK(never.resumed == runs / 2);
    CHECK(outcome.runs == runs);
    CHECK(outputs(stopped) == expected);
    CHECK_FALSE(fs::exists(stopped.folder / "out/a.partial"));
  }
}

TEST_CASE("pairs that do not converge are marked and named, and the others stand") {
  Job job;
  std::string cells, points;
  Dice dice(5);
  for (int r = 0; r < 30; ++r)
    for (int c = 0; c < 34; ++c) {
      cells += c == 31 || (c > 31 && r > 0) ? "-9999 " : fmt::format("{} ", c > 31 ? 1 : 1 + dice.below(99));
      points += c == 0 && r == 0     ? "1 "
                : c == 30 && r == 29 ? "2 "
                : c == 32 && r == 0  ? "3 "
                : c == 33 && r == 0  ? "4 "
                                     : "0 ";
    }
  job.write("cells.asc", grid(30, 34, cells));
  job.write("points.asc", grid(30, 34, points));
  job.set("write_cur_maps", "True");
  CircuitscapeRunOptions options;
  options.solver.most_iterations = 2;
  options.solver.most_for_direct = options.solver.most_for_fallback = 0;
  const CircuitscapeOutcome outcome = job.run(options);
  CHECK(outcome.runs == 6);
  CHECK(outcome.solved == 1);
  REQUIRE(outcome.failed.size() == 1);
  CHECK(outcome.failed[0].find("1_2 (residual") == 0);
  CHECK(job.text("resistances_3columns.out").rfind("1 2 -777\n1 3 -1\n", 0) == 0);
  CHECK(job.files().contains("a_curmap_3_4.asc"));
  CHECK_FALSE(job.files().contains("a_curmap_1_2.asc"));
  CHECK(job.map("cum_curmap.asc") == job.map("curmap_3_4.asc"));
}

TEST_CASE("a run thrown away with --restart begins anew") {
  Job job;
  job.set("write_cur_maps", "True");
  StopAfter stop(1);
  CHECK_THROWS_AS(job.run({}, RunContext{&stop, &stop.stop}), Cancelled);
  job.set("write_cur_maps", "False");
  const CircuitscapeOutcome outcome = job.run({false, true});
  CHECK(outcome.resumed == 0);
  CHECK(job.files() == std::set<std::string>{"a.out", "a_resistances.out", "a_resistances_3columns.out"});
}
