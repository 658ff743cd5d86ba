#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/circuitscape_job.hpp"
#include "io/grid_file.hpp"
#include "model/circuit/graph_circuit.hpp"
#include "model/circuit/modes.hpp"

namespace greenweave {

/// Which pairs of focal nodes a job runs, by id: those that a file lists, those that it does not list, or those whose
/// entry in a matrix lies between two bounds. A matrix need not be symmetric: a pair is run if either entry says so;
/// one-to-all and all-to-one go by the row of the one.
struct IncludedPairs {
  bool is_exclusion = false;
  std::vector<int> ids;                  // of the focal nodes that the file names, in order
  std::set<std::pair<int, int>> listed;  // as the file says

  /// Focal nodes that a file of inclusions does not name are left out.
  bool keeps(int id) const;
  bool includes(int row, int column) const { return listed.contains({row, column}) != is_exclusion; }
};

/// Reads a file of included pairs: "mode include" or "mode exclude" and a pair a line, or "min", "max" and a matrix
/// with the ids in its first row and column. With `zero_is_none` an id listed with 0 is kept without
/// partners.
IncludedPairs read_included_pairs(const std::filesystem::path& path, bool zero_is_none);

/// A raster job with everything read.
struct RasterJobInput {
  GridPlace place;
  CircuitMap map;
  std::vector<FocalNode> focal;  // by id
  std::vector<double> strength;  // amperes, as `focal`; empty: 1
  std::optional<IncludedPairs> pairs;
  Raster<double> source, ground;   // advanced: amperes; conductance, infinity: direct; 0: none
  std::vector<std::string> notes;  // what is worth saying about the files
};

/// Reads the files of a raster job. InputError: files that are missing, damaged, of another shape than the habitat map,
/// or hold what cannot be: resistances of 0 or less, points outside, fewer than two focal nodes, no cell to flow
/// through.
RasterJobInput read_raster_job(const CircuitscapeJob& job);

/// A network job with everything read. Nodes are numbered as in the files.
struct NetworkJobInput {
  GraphCircuit graph;
  std::vector<std::int32_t> focal;  // in the order of the file
  std::optional<IncludedPairs> pairs;
  std::map<std::int32_t, double> sources, grounds;
};

/// Reads the files of a network job. InputError: files that are missing, lines that are not numbers, negative or zero
/// resistances, nodes that the network does not have.
NetworkJobInput read_network_job(const CircuitscapeJob& job);

}  // namespace greenweave
