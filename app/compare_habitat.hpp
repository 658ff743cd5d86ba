#pragma once
#include <string>
#include <vector>

#include "io/results_file.hpp"

namespace greenweave {

/// Parts of `greenweave compare` about habitat: nothing where a results file has no such tables. Headings stand between
/// `head` and `off`.
struct HabitatSection {
  const ResultsFile& file;
  const std::vector<std::string>& guilds;
  const std::vector<int>& years;
  const char* head = "";
  const char* off = "";
};

/// What threats take of quality, guild by guild, the scenarios beside each other: in the frame and in each element, and
/// which threat does how much of it.
void print_threats(const HabitatSection& section, const std::vector<std::string>& scenarios);

/// What each restored wetland is to each guild.
void print_restored_habitat(const HabitatSection& section, const std::vector<std::string>& scenarios);

}  // namespace greenweave
