#pragma once
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "io/results_file.hpp"

namespace greenweave {

/// Which cases of a results file a command is about; empty lists: all.
struct Selection {
  std::vector<std::string> scenarios, guilds;
  std::vector<int> years;
};

/// Adds --scenario, --guild and --year.
void add_selection(CLI::App& command, Selection& selection);

/// The selection made whole, in the file's order. InputError for what the file does not have.
struct Chosen {
  std::vector<std::string> scenarios, guilds;
  std::vector<int> years;
};
Chosen choose(const ResultsFile& file, const Selection& selection);

}  // namespace greenweave
