#include "app/selection.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

template <class T>
std::vector<T> pick(const std::vector<T>& all, const std::vector<T>& wanted, const char* option) {
  if (wanted.empty()) return all;
  for (const T& item : wanted)
    if (std::find(all.begin(), all.end(), item) == all.end())
      throw InputError("", option, fmt::format("the results have no {}", item),
                       fmt::format("they have: {}", fmt::join(all, ", ")));
  std::vector<T> picked;
  for (const T& item : all)
    if (std::find(wanted.begin(), wanted.end(), item) != wanted.end()) picked.push_back(item);
  return picked;
}

}  // namespace

void add_selection(CLI::App& command, Selection& selection) {
  command.add_option("--scenario", selection.scenarios, "Only these scenarios");
  command.add_option("--guild", selection.guilds, "Only these guilds");
  command.add_option("--year", selection.years, "Only these years");
}

Chosen choose(const ResultsFile& file, const Selection& selection) {
  return {pick(file.scenarios(), selection.scenarios, "--scenario"), pick(file.guilds(), selection.guilds, "--guild"),
          pick(file.years(), selection.years, "--year")};
}

}  // namespace greenweave
