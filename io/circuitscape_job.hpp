#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "model/circuit/conflicts.hpp"

namespace greenweave {

enum class CircuitScenario { pairwise, one_to_all, all_to_one, advanced };

/// What a Circuitscape job file asks for. Keys that it leaves out have Circuitscape's defaults. Files that are switched
/// off or not needed by the scenario are empty paths.
struct CircuitscapeJob {
  std::filesystem::path file;  // the job file itself

  bool is_network = false;
  CircuitScenario scenario = CircuitScenario::pairwise;

  std::filesystem::path habitat_file;
  bool habitat_is_resistances = true;
  bool four_neighbours = false;
  bool average_resistances = false;
  std::filesystem::path polygon_file, mask_file, reclass_file;

  std::filesystem::path point_file, included_pairs_file, variable_source_file;

  std::filesystem::path source_file, ground_file;
  bool ground_is_resistances = true;
  bool unit_currents = false, direct_grounds = false;
  ConflictPolicy policy = ConflictPolicy::keep_all;

  std::filesystem::path output_file;
  bool current_maps = false, voltage_maps = false;
  bool cumulative_only = false, maximum_map = false;
  bool null_currents_to_no_data = false, null_voltages_to_no_data = false;
  bool focal_currents_to_zero = false;
  bool log_transform = false;
  bool compress = false, as_tif = false;

  bool quiet = false;
  /// What the file asks for and does not matter here, a sentence a key.
  std::vector<std::string> notes;
};

/// Reads a job file. Relative paths in it are those of `directory` (empty: the working directory), as Circuitscape
/// takes them; an input that is not there is looked for beside the job file. InputError, with the key and its line: no
/// such file, a line that is no setting, an unknown key (names the one that is most like it), a key twice, a value that
/// the key cannot have, a file that the job needs and does not name, what cannot be honoured.
CircuitscapeJob read_circuitscape_job(const std::filesystem::path& path, const std::filesystem::path& directory = {});

/// Where output files begin: the output file up to ".out".
std::string output_prefix(const CircuitscapeJob& job);

/// The job with every setting that counts, as a job file.
std::string format_circuitscape_job(const CircuitscapeJob& job);

}  // namespace greenweave
