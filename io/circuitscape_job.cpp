#include "io/circuitscape_job.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "io/nearest_word.hpp"
#include "io/packed_file.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n\f\v");
  if (begin == std::string_view::npos) return "";
  const auto end = text.find_last_not_of(" \t\r\n\f\v");
  return std::string(text.substr(begin, end - begin + 1));
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// The settings of a job file. Remembers which keys it was asked for, so that `done` can name those nobody knows.
class Settings {
 public:
  Settings(const fs::path& file, const std::string& text) : file_(file) {
    int line_number = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = trimmed(std::string_view(text).substr(at, end - at));
      at = end + 1;
      ++line_number;
      // A byte order mark, which some editors write.
      const bool is_comment = line.empty() || line[0] == ';' || line[0] == '#' || line == "\xef\xbb\xbf";
      if (is_comment || line[0] == '[' || line.rfind("\xef\xbb\xbf[", 0) == 0) continue;
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos)
        throw InputError(file.string(), fmt::format("line {}", line_number), fmt::format("\"{}\" is no setting", line),
                         "write key = value; comments begin with ;");
      const std::string key = lower(trimmed(std::string_view(line).substr(0, equals)));
      const Value value{trimmed(std::string_view(line).substr(equals + 1)), line_number};
      const auto [before, is_new] = values_.emplace(key, value);
      if (!is_new)
        throw InputError(file.string(), fmt::format("line {}: {}", line_number, key),
                         fmt::format("it stands on line {} already", before->second.line), "keep one of the two");
    }
  }

  std::string text(const std::string& key, const std::string& default_value) {
    known_.push_back(key);
    const auto found = values_.find(key);
    return found == values_.end() ? default_value : found->second.text;
  }

  bool boolean(const std::string& key, bool default_value) {
    const std::string word = lower(text(key, default_value ? "True" : "False"));
    if (word == "true" || word == "1") return true;
    if (word == "false" || word == "0") return false;
    fail(key, fmt::format("\"{}\" is neither True nor False", values_.at(key).text), "write True or False");
  }

  /// One of some words, however it is written: upper or lower case.
  std::string choice(const std::string& key, const std::string& default_value, const std::vector<std::string>& words) {
    std::string word = lower(text(key, default_value));
    if (std::find(words.begin(), words.end(), word) != words.end()) return word;
    const std::string nearest = nearest_word(word, words);
    std::string all;
    for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
    fail(key, fmt::format("\"{}\" is none of {}", word, all),
         nearest.empty() ? "write one of them" : fmt::format("do you mean {}?", nearest));
  }

  std::int64_t integer(const std::string& key, std::int64_t default_value) {
    const std::string word = text(key, std::to_string(default_value));
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < 0)
      fail(key, fmt::format("\"{}\" is no whole number from 0 on", word), "write a number, or leave the key out");
    return value;
  }

  /// A path; empty where the file has a placeholder ("None", "(Browse for ...)") or nothing.
  fs::path path(const std::string& key) {
    const std::string word = text(key, "");
    return word.empty() || lower(word) == "none" || word[0] == '(' ? fs::path() : fs::path(word);
  }

  [[noreturn]] void fail(const std::string& key, const std::string& reason, const std::string& remedy) const {
    const auto found = values_.find(key);
    throw InputError(file_.string(), found == values_.end() ? key : fmt::format("line {}: {}", found->second.line, key),
                     reason, remedy);
  }

  bool has(const std::string& key) const { return values_.contains(key); }

  void done() const {
    for (const auto& [key, value] : values_) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string nearest = nearest_word(key, known_);
      fail(key, "Circuitscape has no such key",
           nearest.empty() ? "take it out; docs/circuitscape.md lists all keys"
                           : fmt::format("do you mean {}?", nearest));
    }
  }

 private:
  struct Value {
    std::string text;
    int line;
  };
  fs::path file_;
  std::map<std::string, Value> values_;
  std::vector<std::string> known_;
};

/// Keys that steer how Circuitscape computes, not what: read, checked and of no effect.
void read_of_no_effect(Settings& settings, CircuitscapeJob& job) {
  const auto note = [&](const std::string& key, const std::string& why) {
    job.notes.push_back(fmt::format("{} = {} has no effect: {}", key, settings.text(key, ""), why));
  };
  settings.text("version", "");
  settings.choice("solver", "cg+amg",
                  {"cg+amg", "amg+cg", "cholmod", "cholesky", "cholfact", "pardiso", "mklpardiso", "accelerate"});
  if (settings.choice("precision", "double", {"double", "single", "none"}) == "single")
    note("precision", "all is solved in double precision");
  if (settings.boolean("parallelize", false))
    note("parallelize", "all cores are used anyhow; --threads sets their number");
  settings.integer("max_parallel", 0);
  settings.boolean("use_64bit_indexing", true);
  settings.integer("cholmod_batch_size", 1000);
  if (settings.boolean("low_memory_mode", false)) note("low_memory_mode", "there is no other mode");
  settings.boolean("preemptive_memory_release", false);
  settings.boolean("point_file_contains_polygons", false);  // version 3; the file itself says so
  for (const char* key : {"print_timings", "print_rusages", "screenprint_log"})
    if (settings.boolean(key, false)) note(key, "progress and the time taken are shown unless --quiet");
  settings.text("log_level", "");
  for (const char* key : {"log_file", "profiler_log_file"})
    if (!settings.path(key).empty()) note(key, "what is said goes to the terminal; redirect it to keep it");
}

}  // namespace

CircuitscapeJob read_circuitscape_job(const fs::path& path, const fs::path& directory) {
  if (!fs::exists(path) || fs::is_directory(path))
    throw InputError(path.string(), "", "no such file", "give the path of a Circuitscape job file (.ini)");
  Settings settings(path, read_packed(path, "job file"));
  CircuitscapeJob job;
  job.file = path;
  const auto beside = [&](const fs::path& name) { return path.parent_path() / name; };
  const auto at = [&](const fs::path& name) { return directory.empty() ? name : directory / name; };
  // An input that the job needs.
  const auto input = [&](const std::string& key, const std::string& what) {
    const fs::path name = settings.path(key);
    if (name.empty())
      settings.fail(key, fmt::format("the job needs {}, and this names none", what), "give the file's path");
    if (fs::exists(at(name)) || !fs::exists(beside(name))) return at(name);
    return beside(name);
  };
  const auto optional_input = [&](const std::string& key, bool is_used, const std::string& what) {
    const fs::path name = is_used ? input(key, what) : settings.path(key);
    return is_used ? name : fs::path();
  };

  if (!settings.has("scenario"))
    throw InputError(path.string(), "scenario", "the job file does not say what to run",
                     "write scenario = pairwise, one-to-all, all-to-one or advanced");
  job.is_network = settings.choice("data_type", "raster", {"raster", "network"}) == "network";
  const std::string scenario = settings.choice(
      "scenario", "pairwise", {"pairwise", "one-to-all", "one_to_all", "all-to-one", "all_to_one", "advanced"});
  job.scenario = scenario == "pairwise"   ? CircuitScenario::pairwise
                 : scenario == "advanced" ? CircuitScenario::advanced
                 : scenario[0] == 'o'     ? CircuitScenario::one_to_all
                                          : CircuitScenario::all_to_one;
  const bool is_advanced = job.scenario == CircuitScenario::advanced;
  const bool is_against_all =
      job.scenario == CircuitScenario::one_to_all || job.scenario == CircuitScenario::all_to_one;
  if (job.is_network && is_against_all)
    settings.fail("scenario", fmt::format("networks have no scenario {}", scenario), "write pairwise or advanced");

  job.habitat_file = input("habitat_file", job.is_network ? "a network" : "a habitat map");
  job.habitat_is_resistances = settings.boolean("habitat_map_is_resistances", true);
  job.four_neighbours = settings.boolean("connect_four_neighbors_only", false);
  job.average_resistances = settings.boolean("connect_using_avg_resistances", false);
  const bool raster = !job.is_network;
  job.polygon_file =
      optional_input("polygon_file", settings.boolean("use_polygons", false) && raster, "short-circuit regions");
  job.mask_file = optional_input("mask_file", settings.boolean("use_mask", false) && raster, "a mask");
  job.reclass_file =
      optional_input("reclass_file", settings.boolean("use_reclass_table", false) && raster, "a table of classes");

  job.point_file = optional_input("point_file", !is_advanced, "focal nodes");
  job.included_pairs_file = optional_input(
      "included_pairs_file", settings.boolean("use_included_pairs", false) && !is_advanced, "included pairs");
  job.variable_source_file =
      optional_input("variable_source_file", settings.boolean("use_variable_source_strengths", false) && is_against_all,
                     "source strengths");

  job.source_file = optional_input("source_file", is_advanced, "current sources");
  job.ground_file = optional_input("ground_file", is_advanced, "grounds");
  job.ground_is_resistances = settings.boolean("ground_file_is_resistances", true);
  job.unit_currents = settings.boolean("use_unit_currents", false);
  job.direct_grounds = settings.boolean("use_direct_grounds", false);
  const std::string policy =
      settings.choice("remove_src_or_gnd", "keepall", {"keepall", "rmvsrc", "rmvgnd", "rmvall", "not entered"});
  job.policy = policy == "rmvsrc"   ? ConflictPolicy::remove_source
               : policy == "rmvgnd" ? ConflictPolicy::remove_ground
               : policy == "rmvall" ? ConflictPolicy::remove_both
                                    : ConflictPolicy::keep_all;

  job.output_file = settings.path("output_file");
  if (job.output_file.empty())
    settings.fail("output_file", "the job does not say where to write", "give a name such as output/job.out");
  job.output_file = at(job.output_file);
  job.current_maps = settings.boolean("write_cur_maps", false);
  job.voltage_maps = settings.boolean("write_volt_maps", false);
  job.cumulative_only = settings.boolean("write_cum_cur_map_only", false);
  job.maximum_map = settings.boolean("write_max_cur_maps", false);
  job.null_currents_to_no_data = settings.boolean("set_null_currents_to_nodata", false);
  job.null_voltages_to_no_data = settings.boolean("set_null_voltages_to_nodata", false);
  job.focal_currents_to_zero = settings.boolean("set_focal_node_currents_to_zero", false);
  job.log_transform = settings.boolean("log_transform_maps", false);
  job.compress = settings.boolean("compress_grids", false);
  job.as_tif = settings.boolean("write_as_tif", false);
  job.quiet = settings.boolean("suppress_messages", false);

  if (job.is_network)
    for (const char* key : {"use_polygons", "use_mask", "use_reclass_table", "log_transform_maps", "compress_grids",
                            "write_as_tif", "set_focal_node_currents_to_zero", "write_max_cur_maps"})
      if (settings.boolean(key, false)) job.notes.push_back(fmt::format("{} has no effect on a network", key));
  if (is_advanced && job.focal_currents_to_zero)
    job.notes.push_back("set_focal_node_currents_to_zero has no effect in advanced mode, which has no focal nodes");
  if (is_advanced && settings.boolean("use_included_pairs", false))
    job.notes.push_back("use_included_pairs has no effect in advanced mode, which has no pairs");
  if (!is_against_all && settings.boolean("use_variable_source_strengths", false))
    job.notes.push_back("use_variable_source_strengths has an effect in one-to-all and all-to-one mode alone");
  read_of_no_effect(settings, job);
  settings.done();
  return job;
}

std::string output_prefix(const CircuitscapeJob& job) {
  const std::string name = job.output_file.filename().string();
  const std::size_t end = name.find(".out");
  const std::string stem = end == std::string::npos || end == 0 ? name : name.substr(0, end);
  return (job.output_file.parent_path() / stem).string();
}

std::string format_circuitscape_job(const CircuitscapeJob& job) {
  const auto yes = [](bool b) { return b ? "True" : "False"; };
  const auto file = [](const fs::path& path) { return path.empty() ? "None" : path.string(); };
  const char* const scenario = job.scenario == CircuitScenario::pairwise     ? "pairwise"
                               : job.scenario == CircuitScenario::one_to_all ? "one-to-all"
                               : job.scenario == CircuitScenario::all_to_one ? "all-to-one"
                                                                             : "advanced";
  const char* const policy = job.policy == ConflictPolicy::remove_source   ? "rmvsrc"
                             : job.policy == ConflictPolicy::remove_ground ? "rmvgnd"
                             : job.policy == ConflictPolicy::remove_both   ? "rmvall"
                                                                           : "keepall";
  std::string text;
  const auto section = [&](const char* name) { text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", name); };
  const auto key = [&](const char* name, const std::string& value) { text += fmt::format("{} = {}\n", name, value); };
  section("Circuitscape mode");
  key("data_type", job.is_network ? "network" : "raster");
  key("scenario", scenario);
  section("Habitat raster or graph");
  key("habitat_file", file(job.habitat_file));
  key("habitat_map_is_resistances", yes(job.habitat_is_resistances));
  section("Connection scheme for raster habitat data");
  key("connect_four_neighbors_only", yes(job.four_neighbours));
  key("connect_using_avg_resistances", yes(job.average_resistances));
  section("Short circuit regions (aka polygons)");
  key("use_polygons", yes(!job.polygon_file.empty()));
  key("polygon_file", file(job.polygon_file));
  section("Mask file");
  key("use_mask", yes(!job.mask_file.empty()));
  key("mask_file", file(job.mask_file));
  section("Options for reclassification of habitat data");
  key("use_reclass_table", yes(!job.reclass_file.empty()));
  key("reclass_file", file(job.reclass_file));
  section("Options for pairwise and one-to-all and all-to-one modes");
  key("point_file", file(job.point_file));
  key("use_included_pairs", yes(!job.included_pairs_file.empty()));
  key("included_pairs_file", file(job.included_pairs_file));
  section("Options for one-to-all and all-to-one modes");
  key("use_variable_source_strengths", yes(!job.variable_source_file.empty()));
  key("variable_source_file", file(job.variable_source_file));
  section("Options for advanced mode");
  key("source_file", file(job.source_file));
  key("ground_file", file(job.ground_file));
  key("ground_file_is_resistances", yes(job.ground_is_resistances));
  key("use_unit_currents", yes(job.unit_currents));
  key("use_direct_grounds", yes(job.direct_grounds));
  key("remove_src_or_gnd", policy);
  section("Output options");
  key("output_file", file(job.output_file));
  key("write_cur_maps", yes(job.current_maps));
  key("write_volt_maps", yes(job.voltage_maps));
  key("write_cum_cur_map_only", yes(job.cumulative_only));
  key("write_max_cur_maps", yes(job.maximum_map));
  key("set_null_currents_to_nodata", yes(job.null_currents_to_no_data));
  key("set_null_voltages_to_nodata", yes(job.null_voltages_to_no_data));
  key("set_focal_node_currents_to_zero", yes(job.focal_currents_to_zero));
  key("log_transform_maps", yes(job.log_transform));
  key("compress_grids", yes(job.compress));
  key("write_as_tif", yes(job.as_tif));
  return text;
}

}  // namespace greenweave
