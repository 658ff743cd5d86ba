#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/conefor_files.hpp"

namespace greenweave {

/// What a call of Conefor asks for; the names are its options'.
struct ConeforJob {
  std::filesystem::path node_file, connection_file;
  ConeforConnection connection = ConeforConnection::distance;
  bool all_pairs = false;
  std::optional<double> conf_adj;                      // threshold of links: distance at most, probability at least
  std::optional<std::pair<double, double>> conf_prob;  // distance, and the probability of dispersing so far
  std::set<std::string> indices;                       // of `conefor_index_names`
  bool only_overall = false;                           // no node importances
  bool add = false;                                    // importances of candidate nodes instead
  std::optional<double> land_area;
  std::string prefix;
  bool write_components = false, write_links = false, write_direct = false, write_largest = false;
  std::filesystem::path out = ".";
  bool overwrite = false;
};

/// NL NC H CCP LCP IIC BC BCIIC F AWF PC BCPC.
const std::vector<std::string>& conefor_index_names();

struct ConeforOutcome {
  std::vector<std::filesystem::path> files;
  std::vector<std::pair<std::string, double>> overall;  // as in overall_indices.txt
  std::vector<std::string> notes;
};

/// Computes the indices and writes overall_indices.txt, node_importances.txt and what else is asked for into a folder;
/// lines are added to results_all_overall_indices.txt and results_all_EC(IIC).txt, results_all_EC(PC).txt. InputError:
/// what the readers refuse, options that lack another, files that exist already.
ConeforOutcome run_conefor(ConeforJob job);

}  // namespace greenweave
