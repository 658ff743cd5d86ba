#include "io/circuitscape_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "io/circuitscape_inputs.hpp"
#include "io/packed_file.hpp"
#include "io/raster_io.hpp"
#include "io/sha256.hpp"
#include "io/version.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double least_branch_current = 1e-6;  // weaker branches are left out of network files

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What is known of a run that is made.
struct Record {
  int a = -1, b = -1;
  double value = -1.0;
  bool is_solved = false, has_failed = false;
  double residual = 0.0;
};

/// A file's name with its size and digest, for the key of a run's state.
std::string fingerprint(const fs::path& file) {
  return file.empty() ? "" : fmt::format("{} {}\n", file.string(), sha256_of_file(file));
}

std::string key_of(const CircuitscapeJob& job) {
  std::string text = program_version() + "\n" + format_circuitscape_job(job);
  for (const fs::path& file : {job.habitat_file, job.polygon_file, job.mask_file, job.reclass_file, job.point_file,
                               job.included_pairs_file, job.variable_source_file, job.source_file, job.ground_file})
    text += fingerprint(file);
  return sha256_of(text);
}

/// The outputs of a job: a folder beside them while it runs, and in it the state to go on from.
class Outputs {
 public:
  Outputs(const CircuitscapeJob& job, const CircuitscapeRunOptions& options)
      : prefix_(output_prefix(job)),
        base_(fs::path(prefix_).filename().string()),
        folder_(prefix_ + ".partial"),
        key_(key_of(job)) {
    std::error_code failed;
    const fs::path parent = fs::absolute(folder_).parent_path();
    fs::create_directories(parent, failed);
    if (!fs::is_directory(parent))
      throw InputError(job.file.string(), "output_file", fmt::format("the folder {} cannot be made", parent.string()),
                       "choose another output_file");
    if (fs::exists(folder_)) {
      std::string kept;
      if (fs::exists(folder_ / "key")) kept = read_packed(folder_ / "key", "state of a run");
      is_resumed_ = kept == key_;
      if (!is_resumed_ && !kept.empty() && !options.restart)
        throw InputError(folder_.string(), "", "an unfinished run of another job, or of other files, left it there",
                         "--restart throws it away; or remove it by hand");
      if (!is_resumed_) fs::remove_all(folder_);
    }
    may_replace_ = options.overwrite || is_resumed_;
  }

  /// Makes sure that a file of this name (behind the prefix) may be written.
  void announce(const std::string& name) const { announce_path(prefix_ + name); }
  void announce_path(const fs::path& path) const {
    if (!may_replace_ && fs::exists(path))
      throw InputError(path.string(), "", "it exists already, and the job would overwrite it",
                       "--overwrite replaces it; or move it away");
  }
  void begin() const {
    fs::create_directories(folder_);
    write_whole(folder_ / "key", key_);
  }

  void write(const std::string& name, std::string_view bytes) const { write_whole(path_of(name), bytes); }
  fs::path path_of(const std::string& name) const { return folder_ / (base_ + name); }

  std::optional<std::string> state() const {
    if (!is_resumed_ || !fs::exists(folder_ / "state")) return std::nullopt;
    return read_packed(folder_ / "state", "state of a run");
  }
  void keep_state(std::string_view state) const { write_whole(folder_ / "state", state); }

  /// Puts everything where it belongs. Returns the number of files.
  std::int64_t finish() const {
    std::int64_t count = 0;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename() != "key" && entry.path().filename() != "state") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      fs::rename(file, fs::path(prefix_).parent_path() / file.filename());
      ++count;
    }
    fs::remove_all(folder_);
    return count;
  }

 private:
  std::string prefix_, base_;
  fs::path folder_;
  std::string key_;
  bool is_resumed_ = false, may_replace_ = false;
};

/// The runs made so far and what is summed over them, with what it takes to go on after a kill.
class Ledger {
 public:
  Ledger(const Outputs& outputs, std::vector<Raster<double>*> sums) : outputs_(outputs), sums_(std::move(sums)) {
    const auto state = outputs.state();
    if (!state) return;
    std::size_t at = 0;
    std::uint64_t count = 0;
    take(*state, at, &count, sizeof(count));
    records_.resize(static_cast<std::size_t>(count));
    for (Record& record : records_) {
      take(*state, at, &record, sizeof(record));
      done_.emplace(record.a, record.b);
    }
    for (Raster<double>* sum : sums_) {
      take(*state, at, sum->values.data(), sum->values.size() * sizeof(double));
      std::uint8_t has_mask = 0;
      take(*state, at, &has_mask, 1);
      if (has_mask == 0) continue;
      sum->valid.resize(sum->values.size());
      take(*state, at, sum->valid.data(), sum->valid.size());
    }
    resumed_ = static_cast<std::int64_t>(count);
  }

  bool is_done(int a, int b) const { return done_.contains({a, b}); }
  const std::vector<Record>& records() const { return records_; }
  std::int64_t resumed() const { return resumed_; }

  /// Notes a run whose files are written and whose currents are summed, and now and then keeps the state: writing it
  /// takes at most a twentieth of the time.
  void add(const Record& record) {
    records_.push_back(record);
    using Clock = std::chrono::steady_clock;
    const auto now = Clock::now();
    if (now - kept_ < 20 * took_) return;
    keep();
    kept_ = Clock::now();
    took_ = kept_ - now;
  }

  /// Notes runs that ended together. Nothing is kept: a sum that holds some of them is none to go on from.
  void add_all(const std::vector<Record>& records) { records_.insert(records_.end(), records.begin(), records.end()); }

  void keep() const {
    std::string state;
    const std::uint64_t count = records_.size();
    put(state, &count, sizeof(count));
    for (const Record& record : records_) put(state, &record, sizeof(record));
    for (const Raster<double>* sum : sums_) {
      put(state, sum->values.data(), sum->values.size() * sizeof(double));
      const std::uint8_t has_mask = sum->valid.empty() ? 0 : 1;
      put(state, &has_mask, 1);
      put(state, sum->valid.data(), sum->valid.size());
    }
    outputs_.keep_state(state);
  }

 private:
  static void put(std::string& state, const void* from, std::size_t bytes) {
    if (bytes > 0) state.append(static_cast<const char*>(from), bytes);
  }
  static void take(const std::string& state, std::size_t& at, void* to, std::size_t bytes) {
    if (bytes == 0) return;
    if (at + bytes > state.size()) throw std::runtime_error("the state of the unfinished run is damaged");
    std::memcpy(to, state.data() + at, bytes);
    at += bytes;
  }

  const Outputs& outputs_;
  std::vector<Raster<double>*> sums_;
  std::vector<Record> records_;
  std::set<std::pair<int, int>> done_;
  std::int64_t resumed_ = 0;
  std::chrono::steady_clock::time_point kept_;
  std::chrono::steady_clock::duration took_{};
};

Record record_of(int a, int b, double value, bool is_solved, const SolveReport& report) {
  const bool has_failed = is_solved && !is_acceptable(report);
  return {a, b, has_failed ? failed_resistance : value, is_solved, has_failed, report.residual};
}

/// What the records say of the whole.
void sum_up(const Ledger& ledger, const std::function<std::string(const Record&)>& label,
            CircuitscapeOutcome& outcome) {
  outcome.runs = static_cast<std::int64_t>(ledger.records().size());
  outcome.resumed = ledger.resumed();
  for (const Record& record : ledger.records()) {
    if (record.has_failed) {
      outcome.failed.push_back(fmt::format("{} (residual {:.1e})", label(record), record.residual));
      continue;
    }
    outcome.solved += record.is_solved ? 1 : 0;
    outcome.worst_residual = std::max(outcome.worst_residual, record.residual);
  }
}

/// The matrix of pairwise resistances with ids, and the same in three columns.
template <class Id>
void write_resistances(const Outputs& outputs, const std::vector<Record>& records, std::size_t count, const Id& id) {
  std::vector<double> matrix(count * count, -1.0);
  for (std::size_t k = 0; k < count; ++k) matrix[k * count + k] = 0.0;
  for (const Record& record : records)
    matrix[index(record.a) * count + index(record.b)] = matrix[index(record.b) * count + index(record.a)] =
        record.value;
  std::string square = "0", columns;
  for (std::size_t k = 0; k < count; ++k) square += fmt::format(" {}", id(k));
  square += '\n';
  for (std::size_t r = 0; r < count; ++r) {
    square += fmt::format("{}", id(r));
    for (std::size_t c = 0; c < count; ++c) square += fmt::format(" {:.10g}", matrix[r * count + c]);
    square += '\n';
    for (std::size_t c = r + 1; c < count; ++c)
      columns += fmt::format("{} {} {:.10g}\n", id(r), id(c), matrix[r * count + c]);
  }
  outputs.write("_resistances.out", square);
  outputs.write("_resistances_3columns.out", columns);
}

/// The maps of a raster job.
class MapWriter {
 public:
  MapWriter(const CircuitscapeJob& job, const RasterJobInput& input, const Outputs& outputs)
      : job_(job), input_(input), outputs_(outputs) {}

  std::string name(const std::string& kind, const std::string& label) const {
    return fmt::format("_{}{}{}{}", kind, label.empty() ? "" : "_", label,
                       job_.as_tif     ? ".tif"
                       : job_.compress ? ".asc.gz"
                                       : ".asc");
  }

  void write(const std::string& kind, const std::string& label, const Raster<double>& values) const {
    const std::string file = name(kind, label);
    if (job_.as_tif) {
      NamedSurface surface{kind, kind == "voltmap" ? "V" : "A", "", values};
      for (Cell cell = 0; cell < values.shape.cells(); ++cell)
        if (!values.is_valid(cell)) surface.raster[cell] = std::numeric_limits<double>::infinity();
      std::error_code ignored;
      fs::remove(outputs_.path_of(file), ignored);
      write_geotiff(outputs_.path_of(file), input_.place.frame(), std::move(surface), job_.compress);
      return;
    }
    const std::string text = format_ascii_grid(input_.place, values);
    outputs_.write(file, job_.compress ? gzip(text) : text);
  }

  /// Masks the cells that do not conduct.
  void mask_null(Raster<double>& values) const {
    const auto& g = input_.map.conductance;
    if (values.valid.empty()) values.valid.assign(values.values.size(), 1);
    for (Cell cell = 0; cell < g.shape.cells(); ++cell)
      if (!(g[cell] > 0.0F)) values.valid[index(cell)] = 0;
  }

  /// A current map as the job wants to see it.
  Raster<double> shown(const Raster<double>& current) const {
    Raster<double> map = current;
    if (job_.log_transform) {
      map.valid.assign(map.values.size(), 1);
      for (std::size_t i = 0; i < map.values.size(); ++i) {
        map.valid[i] = map.values[i] > 0.0 ? 1 : 0;
        map.values[i] = map.valid[i] != 0 ? std::log10(map.values[i]) : 0.0;
      }
    }
    if (job_.null_currents_to_no_data) mask_null(map);
    return map;
  }

  Raster<double> shown_voltage(const Raster<double>& voltage) const {
    Raster<double> map = voltage;
    if (job_.null_voltages_to_no_data) mask_null(map);
    return map;
  }

 private:
  const CircuitscapeJob& job_;
  const RasterJobInput& input_;
  const Outputs& outputs_;
};

/// Adds a map to a sum; NoData in one is NoData in the sum.
void add_to(Raster<double>& sum, const Raster<double>& map) {
  if (!map.valid.empty() && sum.valid.empty()) sum.valid.assign(sum.values.size(), 1);
  parallel_pieces(sum.shape.cells(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = index(begin); i < index(end); ++i) {
      sum.values[i] += map.values[i];
      if (!map.valid.empty()) sum.valid[i] = sum.valid[i] != 0 && map.valid[i] != 0 ? 1 : 0;
    }
  });
}

/// The greatest value of each cell; NoData where all maps have it.
void take_greatest(Raster<double>& greatest, const Raster<double>& map, bool is_first) {
  if (is_first) {
    greatest = map;
    return;
  }
  parallel_pieces(greatest.shape.cells(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = index(begin); i < index(end); ++i) {
      if (!map.valid.empty() && map.valid[i] == 0) continue;
      const bool is_empty = !greatest.valid.empty() && greatest.valid[i] == 0;
      if (is_empty) greatest.valid[i] = 1;
      greatest.values[i] = is_empty ? map.values[i] : std::max(greatest.values[i], map.values[i]);
    }
  });
}

/// Sets the current of focal nodes to 0, all cells of theirs.
void clear_focal(const CircuitRun& run, const std::vector<FocalNode>& focal, const std::vector<int>& active,
                 Raster<double>& current) {
  std::set<std::int32_t> merged;
  const RasterCircuit& circuit = *run.circuit;
  for (const int k : active) {
    const std::int32_t node = circuit.node[focal[index(k)].cells.front()];
    if (node >= circuit.laplacian.cells())
      merged.insert(node);
    else if (node >= 0)
      current[circuit.laplacian.cell(node)] = 0.0;
  }
  if (merged.empty()) return;
  for (Cell cell = 0; cell < current.shape.cells(); ++cell)
    if (circuit.node[cell] >= circuit.laplacian.cells() && merged.contains(circuit.node[cell])) current[cell] = 0.0;
}

void run_advanced_raster(const CircuitscapeJob& job, const RasterJobInput& input, const Outputs& outputs,
                         const MapWriter& maps, const CircuitOptions& circuit_options, const RunContext& context,
                         CircuitscapeOutcome& outcome) {
  if (circuit_options.currents) outputs.announce(maps.name("curmap", ""));
  if (job.voltage_maps) outputs.announce(maps.name("voltmap", ""));
  outputs.begin();
  Ledger ledger(outputs, {});
  advanced(input.map, input.source, input.ground, job.policy, circuit_options, context, [&](const CircuitRun& run) {
    const Record record = record_of(-1, -1, run.value, run.is_solved, run.report);
    if (!record.has_failed) {
      if (run.current != nullptr) maps.write("curmap", "", maps.shown(*run.current));
      if (run.voltage != nullptr) maps.write("voltmap", "", maps.shown_voltage(*run.voltage));
    }
    ledger.add(record);
  });
  sum_up(
      ledger, [](const Record&) { return std::string("the job"); }, outcome);
  if (outcome.solved == 0 && outcome.failed.empty())
    outcome.notes.push_back("no current flows: no component has both sources and grounds");
}

void run_raster(const CircuitscapeJob& job, const Outputs& outputs, const SolverOptions& solver,
                const RunContext& context, CircuitscapeOutcome& outcome) {
  const RasterJobInput input = read_raster_job(job);
  outcome.notes.insert(outcome.notes.end(), input.notes.begin(), input.notes.end());
  const MapWriter maps(job, input, outputs);
  const std::vector<FocalNode>& focal = input.focal;
  const auto count = static_cast<int>(focal.size());
  const bool is_pairwise = job.scenario == CircuitScenario::pairwise;

  CircuitOptions options;
  // A maximum map comes with the others alone, as in Circuitscape.
  options.currents = job.current_maps || job.cumulative_only;
  const bool has_currents = options.currents;
  options.voltages = job.voltage_maps;
  options.solver = solver;
  if (context.progress != nullptr)
    options.on_solved = [&](std::size_t done, std::size_t all) {
      context.progress->advance(0, fmt::format("solution {} of {}", done, all));
    };
  if (job.scenario == CircuitScenario::advanced) {
    if (context.progress != nullptr) context.progress->begin("runs", 1);
    run_advanced_raster(job, input, outputs, maps, options, context, outcome);
    if (context.progress != nullptr) context.progress->advance(1, "");
    if (context.progress != nullptr) context.progress->end();
    return;
  }

  if (input.pairs) {
    options.is_included = [&](int a, int b) {
      const int row = focal[index(a)].id, column = focal[index(b)].id;
      return input.pairs->includes(row, column) || (is_pairwise && input.pairs->includes(column, row));
    };
  }
  if (!input.strength.empty()) options.strength = [&](int k) { return input.strength[index(k)]; };
  const auto is_included = [&](int a, int b) { return !options.is_included || options.is_included(a, b); };
  const auto label_of = [&](int a, int b) {
    return b < 0 ? fmt::format("{}", focal[index(a)].id) : fmt::format("{}_{}", focal[index(a)].id, focal[index(b)].id);
  };
  const bool each_current = job.current_maps && !job.cumulative_only;

  // Names first: nothing is computed that cannot be written.
  std::int64_t total = 0;
  for (const char* name : {"_resistances.out", "_resistances_3columns.out"})
    if (is_pairwise || std::string(name) == "_resistances.out") outputs.announce(name);
  if (options.currents) outputs.announce(maps.name("cum_curmap", ""));
  if (options.currents && job.maximum_map) outputs.announce(maps.name("max_curmap", ""));
  for (int a = 0; a < count; ++a)
    for (int b = is_pairwise ? a + 1 : -1; b < (is_pairwise ? count : 0); ++b) {
      if (b >= 0 && !is_included(a, b)) continue;
      ++total;
      if (each_current) outputs.announce(maps.name("curmap", label_of(a, b)));
      if (job.voltage_maps) outputs.announce(maps.name("voltmap", label_of(a, b)));
    }
  outputs.begin();

  const Shape shape = input.place.shape;
  Raster<double> cumulative, greatest;
  std::vector<Raster<double>*> sums;
  if (options.currents) {
    cumulative = Raster<double>(shape, 0.0);
    sums.push_back(&cumulative);
    if (job.maximum_map) {
      greatest = Raster<double>(shape, 0.0);
      sums.push_back(&greatest);
    }
  }
  Ledger ledger(outputs, sums);
  options.is_done = [&](int a, int b) { return ledger.is_done(a, b); };
  // Where nobody asks for a pair's own currents, all pairs are summed in one pass. The sum is whole only at its end, so
  // a run that is stopped before begins anew.
  const bool at_once = is_pairwise && options.currents && !each_current && !job.maximum_map &&
                       !job.focal_currents_to_zero && !job.log_transform && ledger.resumed() == 0;
  if (at_once) {
    options.currents = false;
    options.cumulative = &cumulative;
  }
  std::vector<Record> made;
  bool is_first = std::none_of(ledger.records().begin(), ledger.records().end(),
                               [](const Record& r) { return r.is_solved && !r.has_failed; });
  if (context.progress != nullptr) context.progress->begin(is_pairwise ? "pairs" : "focal nodes", total);
  if (context.progress != nullptr && ledger.resumed() > 0) context.progress->advance(ledger.resumed(), "resumed");

  const auto visit = [&](const CircuitRun& run) {
    const Record record = record_of(run.a, run.b, run.value, run.is_solved, run.report);
    bool has_partner = is_pairwise;
    for (int k = 0; k < count && !has_partner; ++k) has_partner = k != run.a && is_included(run.a, k);
    // Pairs that nothing joins have no maps. Those that are one node, and focal nodes that reach no other, have maps of
    // zeros; the former count in no sum.
    const bool is_one_node = is_pairwise && !run.is_solved && run.value == 0.0;
    const bool has_maps = !record.has_failed && (is_pairwise ? run.is_solved || is_one_node : has_partner);
    const std::string label = label_of(run.a, run.b);
    if (has_maps && run.current != nullptr) {
      Raster<double> current = *run.current;
      if (job.focal_currents_to_zero) {
        std::vector<int> active{run.a};
        if (is_pairwise) active.push_back(run.b);
        for (int k = 0; k < count && !is_pairwise; ++k)
          if (is_included(run.a, k) || job.scenario == CircuitScenario::all_to_one) active.push_back(k);
        clear_focal(run, focal, active, current);
      }
      const Raster<double> map = maps.shown(current);
      if (!is_one_node) {
        add_to(cumulative, map);
        if (job.maximum_map) take_greatest(greatest, map, is_first);
        is_first = false;
      }
      if (each_current) maps.write("curmap", label, map);
    }
    if (has_maps && run.voltage != nullptr) maps.write("voltmap", label, maps.shown_voltage(*run.voltage));
    if (at_once)
      made.push_back(record);
    else
      ledger.add(record);
    if (context.progress != nullptr) context.progress->advance(1, label);
  };
  try {
    if (is_pairwise)
      pairwise(input.map, focal, options, context, visit);
    else if (job.scenario == CircuitScenario::one_to_all)
      one_to_all(input.map, focal, options, context, visit);
    else
      all_to_one(input.map, focal, options, context, visit);
  } catch (const Cancelled&) {
    if (!at_once) ledger.keep();
    throw;
  }
  if (std::any_of(made.begin(), made.end(), [](const Record& r) { return r.is_solved && !r.has_failed; }))
    cumulative = maps.shown(cumulative);
  ledger.add_all(made);
  if (context.progress != nullptr) context.progress->end();

  if (is_pairwise) {
    write_resistances(outputs, ledger.records(), focal.size(), [&](std::size_t k) { return focal[k].id; });
  } else {
    std::vector<double> values(focal.size(), -1.0);
    for (const Record& record : ledger.records()) values[index(record.a)] = record.value;
    std::string text;
    for (std::size_t k = 0; k < values.size(); ++k) text += fmt::format("{} {:.10g}\n", focal[k].id, values[k]);
    outputs.write("_resistances.out", text);
  }
  if (has_currents) maps.write("cum_curmap", "", cumulative);
  if (has_currents && job.maximum_map) maps.write("max_curmap", "", greatest);
  sum_up(
      ledger, [&](const Record& r) { return label_of(r.a, r.b); }, outcome);
}

/// The text lists of a network job.
struct NetworkWriter {
  const Outputs& outputs;
  const GraphCircuit& graph;
  std::vector<std::int32_t> component;

  static std::string name(const std::string& kind, const std::string& label) {
    return fmt::format("_{}{}{}.txt", kind, label.empty() ? "" : "_", label);
  }
  /// Nodes of one component, or all (-1).
  void write_nodes(const std::string& kind, const std::string& label, const std::vector<double>& values,
                   std::int32_t only) const {
    std::string text;
    for (std::int32_t n = 0; n < graph.nodes; ++n)
      if (only < 0 || component[index(n)] == only) text += fmt::format("{}\t{:.10g}\n", n, values[index(n)]);
    outputs.write(name(kind, label), text);
  }
  void write_branches(const std::string& label, const std::vector<double>& currents) const {
    std::string text;
    for (std::size_t k = 0; k < currents.size(); ++k)
      if (std::abs(currents[k]) > least_branch_current)
        text += fmt::format("{}\t{}\t{:.10g}\n", graph.branches[k].a, graph.branches[k].b, std::abs(currents[k]));
    outputs.write(name("branch_currents", label), text);
  }
};

void run_network(const CircuitscapeJob& job, const Outputs& outputs, const SolverOptions& solver,
                 const RunContext& context, CircuitscapeOutcome& outcome) {
  const NetworkJobInput input = read_network_job(job);
  const GraphCircuit& graph = input.graph;
  const NetworkWriter writer{outputs, graph, graph_components(graph)};
  GraphOptions options;
  options.solver = solver;
  const bool has_currents = job.current_maps || job.cumulative_only;
  const bool each_current = job.current_maps && !job.cumulative_only;
  const auto announce_run = [&](const std::string& label, bool currents) {
    for (const char* kind : {"node_currents", "branch_currents"})
      if (currents) outputs.announce(NetworkWriter::name(kind, label));
    if (job.voltage_maps && label != "cum") outputs.announce(NetworkWriter::name("voltages", label));
  };
  const auto begin = [&](std::int64_t total) {
    if (context.progress != nullptr) context.progress->begin("runs", total);
  };

  if (job.scenario == CircuitScenario::advanced) {
    announce_run("", has_currents);
    outputs.begin();
    begin(1);
    Ledger ledger(outputs, {});
    std::map<std::int32_t, double> grounds = input.grounds;
    const GraphRun run = graph_advanced(graph, input.sources, grounds, job.policy, options, context);
    const Record record = record_of(-1, -1, run.value, run.is_solved, run.report);
    if (!record.has_failed) {
      if (job.voltage_maps) writer.write_nodes("voltages", "", run.voltage, -1);
      if (has_currents) {
        const GraphCurrents currents = graph_currents(graph, run.voltage, grounds);
        writer.write_nodes("node_currents", "", currents.node, -1);
        writer.write_branches("", currents.branch);
      }
    }
    ledger.add(record);
    if (context.progress != nullptr) context.progress->advance(1, "");
    if (context.progress != nullptr) context.progress->end();
    sum_up(
        ledger, [](const Record&) { return std::string("the job"); }, outcome);
    if (!run.is_solved) outcome.notes.push_back("no current flows: no component has both sources and grounds");
    return;
  }

  const auto count = static_cast<int>(input.focal.size());
  if (input.pairs)
    options.is_included = [&](int a, int b) {
      const int u = input.focal[index(a)], v = input.focal[index(b)];
      return input.pairs->includes(u, v) || input.pairs->includes(v, u);
    };
  const auto label_of = [&](int a, int b) {
    return fmt::format("{}_{}", input.focal[index(a)], input.focal[index(b)]);
  };
  std::int64_t total = 0;
  for (const char* name : {"_resistances.out", "_resistances_3columns.out"}) outputs.announce(name);
  if (has_currents) announce_run("cum", true);
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b) {
      if (options.is_included && !options.is_included(a, b)) continue;
      ++total;
      announce_run(label_of(a, b), each_current);
    }
  outputs.begin();
  begin(total);
  Raster<double> node_sum(Shape{1, graph.nodes}, 0.0);
  Raster<double> branch_sum(Shape{1, static_cast<std::int32_t>(graph.branches.size())}, 0.0);
  Ledger ledger(outputs, {&node_sum, &branch_sum});
  options.is_done = [&](int a, int b) { return ledger.is_done(a, b); };
  if (context.progress != nullptr && ledger.resumed() > 0) context.progress->advance(ledger.resumed(), "resumed");
  try {
    graph_pairwise(graph, input.focal, options, context, [&](const GraphRun& run) {
      const Record record = record_of(run.a, run.b, run.value, run.is_solved, run.report);
      const std::string label = label_of(run.a, run.b);
      if (run.is_solved && !record.has_failed) {
        const std::int32_t own = writer.component[index(input.focal[index(run.a)])];
        if (job.voltage_maps) writer.write_nodes("voltages", label, run.voltage, own);
        if (has_currents) {
          const GraphCurrents currents = graph_currents(graph, run.voltage, {});
          for (std::size_t n = 0; n < currents.node.size(); ++n) node_sum.values[n] += currents.node[n];
          for (std::size_t k = 0; k < currents.branch.size(); ++k) branch_sum.values[k] += std::abs(currents.branch[k]);
          if (each_current) {
            writer.write_nodes("node_currents", label, currents.node, own);
            writer.write_branches(label, currents.branch);
          }
        }
      }
      ledger.add(record);
      if (context.progress != nullptr) context.progress->advance(1, label);
    });
  } catch (const Cancelled&) {
    ledger.keep();
    throw;
  }
  if (context.progress != nullptr) context.progress->end();
  write_resistances(outputs, ledger.records(), input.focal.size(), [&](std::size_t k) { return input.focal[k]; });
  if (has_currents) {
    writer.write_nodes("node_currents", "cum", node_sum.values, -1);
    writer.write_branches("cum", branch_sum.values);
  }
  sum_up(
      ledger, [&](const Record& r) { return label_of(r.a, r.b); }, outcome);
}

}  // namespace

CircuitscapeOutcome run_circuitscape(const CircuitscapeJob& job, const CircuitscapeRunOptions& options,
                                     const RunContext& context) {
  for (const fs::path& file : {job.habitat_file, job.polygon_file, job.mask_file, job.reclass_file, job.point_file,
                               job.included_pairs_file, job.variable_source_file, job.source_file, job.ground_file})
    if (!file.empty() && !fs::exists(file))
      throw InputError(file.string(), "", fmt::format("no such file, but {} names it", job.file.string()),
                       "relative paths are those of the working directory, or of the job file's folder");
  CircuitscapeOutcome outcome;
  outcome.notes = job.notes;
  const Outputs outputs(job, options);
  outputs.announce_path(job.output_file);
  if (job.is_network)
    run_network(job, outputs, options.solver, context, outcome);
  else
    run_raster(job, outputs, options.solver, context, outcome);
  outcome.files = outputs.finish() + 1;
  write_whole(job.output_file, format_circuitscape_job(job));
  return outcome;
}

}  // namespace greenweave
