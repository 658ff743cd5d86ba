#include "io/circuitscape_job.hpp"

#include <doctest/doctest.h>

#include "tests/support/files.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

const std::string least =
    "scenario = pairwise\nhabitat_file = cells.asc\npoint_file = points.asc\noutput_file = out/a.out\n";

CircuitscapeJob read(const Folder& folder, const std::string& text) {
  return read_circuitscape_job(folder.write("job.ini", text));
}

}  // namespace

TEST_CASE("a job's defaults are Circuitscape's") {
  const Folder folder;
  const CircuitscapeJob job = read(folder, least);
  CHECK_FALSE(job.is_network);
  CHECK(job.habitat_is_resistances);
  CHECK_FALSE(job.four_neighbours);
  CHECK_FALSE(job.average_resistances);
  CHECK(job.ground_is_resistances);
  CHECK(job.policy == ConflictPolicy::keep_all);
  for (const bool off : {job.current_maps, job.voltage_maps, job.cumulative_only, job.maximum_map,
                         job.null_currents_to_no_data, job.null_voltages_to_no_data, job.focal_currents_to_zero,
                         job.log_transform, job.compress, job.as_tif, job.quiet, job.unit_currents, job.direct_grounds})
    CHECK_FALSE(off);
  CHECK(job.notes.empty());
  CHECK(output_prefix(job) == "out/a");
}

TEST_CASE("every key is read, in any case, with sections, comments, placeholders and Windows lines") {
  const Folder folder;
  const CircuitscapeJob job = read(folder,
                                   "[Circuitscape mode]\r\nData_Type = Raster\r\nscenario = One-to-all\r\n"
                                   "; a comment\n# another\n;point_file = old.asc\n"
                                   "[Habitat]\nhabitat_file = h.tif\nhabitat_map_is_resistances = False\n"
                                   "connect_four_neighbors_only = TRUE\nconnect_using_avg_resistances = 1\n"
                                   "use_polygons = True\npolygon_file = p.asc\nuse_mask = True\nmask_file = m.asc\n"
                                   "use_reclass_table = True\nreclass_file = r.txt\npoint_file = f.txt\n"
                                   "use_included_pairs = True\nincluded_pairs_file = i.txt\n"
                                   "use_variable_source_strengths = True\nvariable_source_file = v.txt\n"
                                   "source_file = (Browse for a current source file)\nground_file = None\n"
                                   "ground_file_is_resistances = False\nuse_unit_currents = True\n"
                                   "use_direct_grounds = True\nremove_src_or_gnd = rmvall\noutput_file = a.b.out\n"
                                   "write_cur_maps = True\nwrite_volt_maps = True\nwrite_cum_cur_map_only = True\n"
                                   "write_max_cur_maps = True\nset_null_currents_to_nodata = True\n"
                                   "set_null_voltages_to_nodata = True\nset_focal_node_currents_to_zero = True\n"
                                   "log_transform_maps = True\ncompress_grids = True\nwrite_as_tif = True\n"
                                   "suppress_messages = True\nversion = 4.0.5\n");
  CHECK(job.scenario == CircuitScenario::one_to_all);
  CHECK(job.habitat_file == "h.tif");
  CHECK_FALSE(job.habitat_is_resistances);
  CHECK(job.polygon_file == "p.asc");
  CHECK(job.mask_file == "m.asc");
  CHECK(job.reclass_file == "r.txt");
  CHECK(job.point_file == "f.txt");
  CHECK(job.included_pairs_file == "i.txt");
  CHECK(job.variable_source_file == "v.txt");
  CHECK(job.source_file.empty());
  CHECK(job.ground_file.empty());
  CHECK_FALSE(job.ground_is_resistances);
  CHECK(job.policy == ConflictPolicy::remove_both);
  CHECK(output_prefix(job) == "a.b");
  for (const bool on :
       {job.four_neighbours, job.average_resistances, job.current_maps, job.voltage_maps, job.cumulative_only,
        job.maximum_map, job.null_currents_to_no_data, job.null_voltages_to_no_data, job.focal_currents_to_zero,
        job.log_transform, job.compress, job.as_tif, job.quiet, job.unit_currents, job.direct_grounds})
    CHECK(on);
  // The settings as we write them say the same.
  const CircuitscapeJob again = read(folder, format_circuitscape_job(job) + "suppress_messages = True\n");
  CHECK(format_circuitscape_job(again) == format_circuitscape_job(job));
}

TEST_CASE("keys of no effect are accepted, and said where they ask for something") {
  const Folder folder;
  CHECK(read(folder, least + "solver = cholmod\nmax_parallel = 4\nuse_64bit_indexing = True\ncholmod_batch_size = 9\n"
                             "parallelize = False\nlow_memory_mode = False\npreemptive_memory_release = True\n"
                             "print_timings = False\nprint_rusages = False\nscreenprint_log = False\nlog_file = None\n"
                             "log_level = INFO\nprofiler_log_file = None\nprecision = Double\n"
                             "point_file_contains_polygons = True\n")
            .notes.empty());
  const auto notes = read(folder, least +
                                      "parallelize = True\nlow_memory_mode = True\nprecision = single\n"
                                      "log_file = a.log\nscreenprint_log = True\n")
                         .notes;
  REQUIRE(notes.size() == 5);
  for (const std::string& note : notes) CHECK(note.find("no effect") != std::string::npos);
}

TEST_CASE("what a job may not say") {
  const Folder folder;
  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    CAPTURE(text);
    check_input_error([&] { read(folder, text); }, words);
  };
  fails(least + "use_polygon = True\n", {"job.ini", "line 5", "use_polygon", "no such key", "use_polygons?"});
  fails(least + "write_curr_maps = True\n", {"write_curr_maps", "write_cur_maps?"});
  fails(least + "scenario = pairwise\n", {"line 5", "scenario", "line 1 already"});
  fails(least + "write_cur_maps = yes\n", {"line 5: write_cur_maps", "\"yes\"", "True or False"});
  fails(least + "solver = magic\n", {"solver", "\"magic\"", "cholmod"});
  fails(least + "remove_src_or_gnd = rmvsource\n", {"remove_src_or_gnd", "rmvsrc?"});
  fails(least + "max_parallel = many\n", {"max_parallel", "many", "whole number"});
  fails(least + "use_mask = True\n", {"mask_file", "needs a mask"});
  fails(least + "use_polygons = True\npolygon_file = None\n", {"line 6: polygon_file", "names none"});
  fails(least + "nonsense\n", {"line 5", "nonsense", "no setting"});
  fails("habitat_file = a.asc\n", {"scenario", "does not say what to run"});
  fails("scenario = pairwis\n", {"scenario", "pairwis", "pairwise?"});
  fails("scenario = pairwise\nhabitat_file = a\npoint_file = b\n", {"output_file", "where to write"});
  fails("scenario = pairwise\nhabitat_file = a\noutput_file = b\n", {"point_file", "focal nodes"});
  fails("scenario = advanced\nhabitat_file = a\noutput_file = b\nsource_file = c\n", {"ground_file", "grounds"});
  fails("data_type = network\nscenario = all-to-one\nhabitat_file = a\n", {"line 2: scenario", "networks have no"});
  check_input_error([&] { read_circuitscape_job(folder / "none.ini"); }, {"none.ini", "no such file"});
}

TEST_CASE("paths are those of the directory given, of the working directory, or else of the job's folder") {
  const Folder folder;
  std::filesystem::create_directories(folder / "jobs");
  folder.write("jobs/cells.asc", "x");
  folder.write("points.asc", "x");
  folder.write("jobs/job.ini", least);
  const CircuitscapeJob job = read_circuitscape_job(folder / "jobs/job.ini", folder.path());
  CHECK(job.habitat_file == folder / "jobs/cells.asc");
  CHECK(job.point_file == folder / "points.asc");
  CHECK(job.output_file == folder / "out/a.out");
}
