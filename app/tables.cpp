#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.hpp"
#include "app/csv.hpp"
#include "app/selection.hpp"
#include "app/sweep_results.hpp"
#include "io/results_file.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct TablesOptions {
  fs::path results, out;
  Selection selection;
};

/// Every index of every case beside the baseline's of the same year.
std::string csv_of_indices(const std::vector<CaseIndices>& cases, const std::string& baseline) {
  std::string text = "guild,year,scenario,index,unit,better,before,after,change,change_percent\n";
  for (const CaseIndices& c : cases)
    for (const IndexSample& index : c.indices) {
      const double after = index.draws.front();
      double before = std::numeric_limits<double>::quiet_NaN();
      for (const CaseIndices& other : cases)
        if (other.scenario == baseline && other.year == c.year && other.guild == c.guild)
          for (const IndexSample& same : other.indices)
            if (same.name == index.name) before = same.draws.front();
      text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", c.guild, c.year, c.scenario, index.name, index.unit,
                          index.better, exact(before), exact(after), exact(after - before),
                          before != 0.0 ? exact(100.0 * (after - before) / std::abs(before)) : "");
    }
  return text;
}

/// Every table of a results file: name and CSV.
std::vector<std::pair<std::string, std::string>> tables_of(const ResultsFile& file, const Selection& selection) {
  const Chosen chosen = choose(file, selection);
  std::vector<CaseIndices> cases, land;
  std::set<std::string> of_guilds, of_cases;
  // Before and after stand together: the baseline comes first, asked for or not.
  const std::string baseline = file.scenarios().front();
  std::vector<std::string> scenarios = chosen.scenarios;
  std::erase(scenarios, baseline);
  scenarios.insert(scenarios.begin(), baseline);
  for (const int year : chosen.years)
    for (const std::string& scenario : scenarios) {
      land.push_back({scenario, year, "", {}});
      for (const std::string& name : file.table_names(scenario, year, "")) of_cases.insert(name);
      for (const std::string& guild : chosen.guilds) {
        cases.push_back({scenario, year, guild, file.indices(scenario, year, guild)});
        for (const std::string& name : file.table_names(scenario, year, guild)) of_guilds.insert(name);
      }
    }
  std::vector<std::pair<std::string, std::string>> files{{"indices", csv_of_indices(cases, baseline)}};
  for (const std::string& name : of_cases) files.emplace_back(name, csv_of(file, land, name));
  for (const std::string& name : of_guilds)
    files.emplace_back(of_cases.contains(name) ? name + "_of_guilds" : name, csv_of(file, cases, name));
  return files;
}

/// Every table of a sweep's variants, one below the other.
std::vector<std::pair<std::string, std::string>> tables_of(const Sweep& sweep, const Selection& selection) {
  std::vector<std::string> missing, order;
  std::map<std::string, VariantTable> tables;
  for (const Variant* variant : variants_with_results(sweep, missing))
    for (const auto& [name, text] : tables_of(ResultsFile(variant->results), selection)) {
      if (!tables.contains(name)) order.push_back(name);
      tables.try_emplace(name, sweep).first->second.add(*variant, text);
    }
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& name : order) files.emplace_back(name, tables.at(name).text());
  if (!missing.empty()) fmt::print("without results: {}\n", fmt::join(missing, ", "));
  return files;
}

void tables_command(const TablesOptions& options) {
  std::optional<Sweep> sweep;
  if (!fs::is_directory(options.results) && is_sweep(options.results)) sweep = read_sweep(options.results);
  if (!sweep) require_one_study(options.results);
  fs::path out = options.out;
  if (out.empty()) out = options.results.parent_path() / (options.results.stem().string() + "-tables");
  if (fs::exists(out) && (!fs::is_directory(out) || !fs::is_empty(out)))
    throw InputError(out.string(), "", "it is no empty folder, and nothing is overwritten",
                     "give another with --out, or empty it");
  const auto files =
      sweep ? tables_of(*sweep, options.selection) : tables_of(ResultsFile(options.results), options.selection);
  fs::create_directories(out);
  for (const auto& [name, text] : files) {
    const fs::path path = out / (name + ".csv");
    std::ofstream stream(path, std::ios::binary);
    stream << text;
    stream.flush();
    if (!stream) throw InputError(path.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
  }
  fmt::print("{} tables in {}\n", files.size(), out.string());
}

}  // namespace

void add_tables_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "tables", "Write every table of a results file as CSV, all cases of a table in one file, the baseline first");
  auto options = std::make_shared<TablesOptions>();
  command
      ->add_option("results", options->results,
                   "Results file, or the file of a sweep: its variants one below the other")
      ->required();
  command->add_option("-o,--out", options->out, "Folder; default: <results>-tables");
  add_selection(*command, options->selection);
  command->callback([options] { tables_command(*options); });
}

}  // namespace greenweave
