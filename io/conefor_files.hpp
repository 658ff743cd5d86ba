#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "model/landscape/landscape.hpp"
#include "model/network/network.hpp"

namespace greenweave {

/// What the numbers of a connection file are.
enum class ConeforConnection {
  distance,
  probability,  // of direct dispersal
  link,         // 1: there is a link, 0: there is none; a pair alone is a link
};

/// A graph as Conefor's two files give it. Nodes are in the order of the node file.
struct ConeforInput {
  std::vector<std::int64_t> id;
  std::vector<bool> is_candidate;  // to be added: 0 in the node file's third column; all false if it was not asked for
  HabitatNetwork network;          // costs: distances; -ln p of probabilities (0 for p = 1); 1 for links
  std::vector<std::string> notes;  // what is worth saying about the files
};

/// Reads a node file (id and attribute a line; with `with_candidates` a third column, 1: exists, 0: could be added) and
/// a connection file (id, id and a number a line). Separators are tabs, semicolons, commas or blanks; a first line of
/// words is a header; gzip files are unpacked. A pair may stand in both directions with one number; with `all_pairs`
/// every pair must be there. InputError with the line: what is no number or no id, a node that stands twice or is
/// unknown, negative attributes and distances, probabilities outside 0 to 1, a pair with two numbers.
ConeforInput read_conefor(const std::filesystem::path& nodes, const std::filesystem::path& connections,
                          ConeforConnection connection, bool all_pairs, bool with_candidates);

}  // namespace greenweave
