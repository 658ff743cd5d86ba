#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "app/commands.hpp"
#include "app/selection.hpp"
#include "io/raster_io.hpp"
#include "io/results_file.hpp"
#include "model/run/error.hpp"
#include "scenarios/comparison.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct CompareOptions {
  fs::path results, csv;
  Selection selection;
  bool strict = false;
};

/// Colours on a terminal, nothing elsewhere.
struct Paint {
  const char *good = "", *bad = "", *head = "", *off = "";
  static Paint for_output() {
    if (isatty(STDOUT_FILENO) == 0) return {};
    return {"\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"};
  }
};

/// Four significant digits or whole numbers, without exponents where one can read it.
std::string brief(double value) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double size = std::abs(value);
  if (size >= 1000.0 || value == std::floor(value)) return fmt::format("{:.0f}", value);
  if (size >= 100.0) return fmt::format("{:.1f}", value);
  if (size >= 1.0) return fmt::format("{:.2f}", value);
  if (size >= 0.001) return fmt::format("{:.4f}", value);
  return fmt::format("{:.2e}", value);
}

std::string with_sign(double value) {
  if (value == 0.0) return "0";
  return (value > 0.0 ? "+" : "") + brief(value);
}

std::string percent(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0.0) return "=";
  return fmt::format("{:+.{}f}%", value, std::abs(value) < 9.995 ? 2 : 1);
}

std::string field(const std::string& text, std::size_t width, const char* colour = "", const char* off = "") {
  const std::string space(text.size() < width ? width - text.size() : 0, ' ');
  return space + colour + text + off;
}

void print_indices(const std::vector<CaseIndices>& cases, const Comparison& comparison, const std::string& baseline,
                   const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const CaseIndices& base : cases) {
    if (base.scenario != baseline) continue;
    fmt::print("\n{}{} in {}{}: change against the baseline\n", paint.head, base.guild, base.year, paint.off);
    fmt::print("{:<18}{:<4}{:>12}", "index", "", baseline);
    for (const std::string& scenario : scenarios) fmt::print("{:>21}", scenario.substr(0, 20));
    fmt::print("\n");
    for (const IndexSample& index : base.indices) {
      fmt::print("{:<18}{:<4}{:>12}", index.name, index.unit == "1" ? "" : index.unit, brief(index.draws.front()));
      for (const std::string& scenario : scenarios) {
        const auto change =
            std::find_if(comparison.changes.begin(), comparison.changes.end(), [&](const IndexChange& c) {
              return c.scenario == scenario && c.year == base.year && c.guild == base.guild && c.index == index.name;
            });
        if (change == comparison.changes.end()) {
          fmt::print("{:>21}", "-");
          continue;
        }
        const char* colour = change->verdict() > 0 ? paint.good : change->verdict() < 0 ? paint.bad : "";
        const char* off = change->verdict() != 0 ? paint.off : "";
        if (change->change == 0.0)
          fmt::print("{:>21}", "=");
        else
          fmt::print("{}{}", field(with_sign(change->change), 12, colour, off),
                     field(percent(change->change_percent), 9, colour, off));
      }
      fmt::print("\n");
    }
  }
}

void print_ranges(const Comparison& comparison, int draws, const Paint& paint) {
  if (draws == 0) return;
  fmt::print("\n{}90 % range of the change of ECA over {} draws{}\n", paint.head, draws, paint.off);
  for (const IndexChange& change : comparison.changes)
    if (change.index == "ECA")
      fmt::print("  {:<22}{:<22}{:>6}{:>12} .. {}\n", change.guild, change.scenario, change.year,
                 with_sign(change.change_p05), with_sign(change.change_p95));
}

void print_framework(const ResultsFile& file, const std::vector<std::string>& guilds, const std::vector<int>& years,
                     const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const std::string& guild : guilds)
    for (const int year : years) {
      std::vector<std::pair<std::string, Table>> tables;
      for (const std::string& scenario : scenarios)
        if (auto table = file.table(scenario, year, guild, "elements"))
          tables.emplace_back(scenario, std::move(*table));
      if (tables.empty()) continue;
      fmt::print("\n{}The framework for {} in {}{}: habitat share, gaps (longest, m), dECA if the element is lost\n",
                 paint.head, guild, year, paint.off);
      fmt::print("{:<24}", "element");
      for (const auto& [scenario, table] : tables) fmt::print("{:>27}", scenario.substr(0, 25));
      fmt::print("\n");
      const auto& names = tables.front().second.texts("element");
      for (std::size_t e = 0; e < names.size(); ++e) {
        fmt::print("{:<24}", names[e].substr(0, 23));
        for (const auto& [scenario, table] : tables) {
          const auto number = [&, &columns = table](const char* column) { return columns.numbers(column)[e]; };
          fmt::print("{:>7.0f}%{:>4}{:>8}{:>8}", 100.0 * number("habitat_share"), table.integers("gaps")[e],
                     fmt::format("({:.0f})", number("longest_gap_m")), percent(number("dECA_percent")));
        }
        fmt::print("\n");
      }
    }
}

void print_targets(const Comparison& comparison, const Paint& paint) {
  if (comparison.outcomes.empty()) return;
  fmt::print("\n{}Targets{}\n", paint.head, paint.off);
  for (const TargetOutcome& outcome : comparison.outcomes)
    fmt::print("  {}{}{}  {:<32} {:<18} {:<20} {:>5}   {} = {} ({})\n", outcome.met ? paint.good : paint.bad,
               outcome.met ? "met   " : "NOT MET", outcome.met ? std::string(" ") + paint.off : paint.off,
               outcome.target.name, outcome.scenario, outcome.guild, outcome.year, outcome.target.index,
               brief(outcome.value), percent(outcome.change_percent));
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string exact(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

/// All tables are made before the first is written: a name that is taken leaves nothing half done.
void write_csv(const fs::path& path, const ResultsFile& file, const std::vector<CaseIndices>& cases,
               const Comparison& comparison, const std::string& baseline, const std::vector<std::string>& scenarios) {
  std::string indices =
      "guild,year,scenario,index,unit,better,baseline,value,change,change_percent,change_p05,change_p95\n";
  for (const CaseIndices& c : cases) {
    if (c.scenario != baseline) continue;
    for (const IndexSample& index : c.indices)
      indices += fmt::format("{},{},{},{},{},{},{},{},0,0,,\n", c.guild, c.year, c.scenario, index.name, index.unit,
                             index.better, exact(index.draws.front()), exact(index.draws.front()));
  }
  for (const IndexChange& c : comparison.changes)
    indices += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", c.guild, c.year, c.scenario, c.index, c.unit,
                           c.better, exact(c.baseline), exact(c.value), exact(c.change), exact(c.change_percent),
                           exact(c.change_p05), exact(c.change_p95));
  std::string elements;
  for (const CaseIndices& c : cases) {
    if (c.scenario != baseline && std::find(scenarios.begin(), scenarios.end(), c.scenario) == scenarios.end())
      continue;
    const auto table = file.table(c.scenario, c.year, c.guild, "elements");
    if (!table) continue;
    if (elements.empty()) {
      elements = "guild,year,scenario";
      for (const Column& column : table->columns) elements += "," + column.name;
      elements += "\n";
    }
    for (std::size_t row = 0; row < table->rows(); ++row) {
      elements += fmt::format("{},{},{}", c.guild, c.year, c.scenario);
      for (const Column& column : table->columns)
        std::visit(
            [&](const auto& values) {
              using T = typename std::decay_t<decltype(values)>::value_type;
              if constexpr (std::is_same_v<T, double>)
                elements += "," + exact(values[row]);
              else if constexpr (std::is_same_v<T, std::string>)
                elements += "," + quoted(values[row]);
              else
                elements += fmt::format(",{}", values[row]);
            },
            column.values);
      elements += "\n";
    }
  }
  std::string targets = "target,index,guild,year,scenario,value,change_percent,met\n";
  for (const TargetOutcome& o : comparison.outcomes)
    targets += fmt::format("{},{},{},{},{},{},{},{}\n", quoted(o.target.name), o.target.index, o.guild, o.year,
                           o.scenario, exact(o.value), exact(o.change_percent), o.met ? "yes" : "no");

  const auto beside = [&](const char* suffix) {
    fs::path result = path;
    result.replace_filename(path.stem().string() + suffix + path.extension().string());
    return result;
  };
  std::vector<std::pair<fs::path, std::string>> files{{path, indices}};
  if (!elements.empty()) files.emplace_back(beside("-framework"), elements);
  if (!comparison.outcomes.empty()) files.emplace_back(beside("-targets"), targets);
  for (const auto& [name, text] : files) require_new_file(name);
  for (const auto& [name, text] : files) {
    std::ofstream out(name, std::ios::binary);
    out << text;
    out.flush();
    if (!out) throw InputError(name.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
    fmt::print("{}\n", name.string());
  }
}

void compare_command(const CompareOptions& options) {
  const ResultsFile file(options.results);
  const Chosen chosen = choose(file, options.selection);
  const std::string baseline = file.scenarios().front();
  std::vector<std::string> scenarios = chosen.scenarios;
  std::erase(scenarios, baseline);
  std::vector<std::string> with_baseline = scenarios;
  with_baseline.insert(with_baseline.begin(), baseline);

  std::vector<CaseIndices> cases;
  for (const std::string& guild : chosen.guilds)
    for (const int year : chosen.years)
      for (const std::string& scenario : with_baseline)
        cases.push_back({scenario, year, guild, file.indices(scenario, year, guild)});
  const Comparison comparison = compare(cases, baseline, file.targets());

  const Paint paint = Paint::for_output();
  fmt::print("{}{}{}\n", paint.head, file.header().study_title, paint.off);
  if (!file.header().notice.empty()) fmt::print("Note: {}\n", file.header().notice);
  print_indices(cases, comparison, baseline, scenarios, paint);
  print_framework(file, chosen.guilds, chosen.years, with_baseline, paint);
  print_ranges(comparison, file.draws(), paint);
  print_targets(comparison, paint);
  if (!options.csv.empty()) write_csv(options.csv, file, cases, comparison, baseline, scenarios);
  if (options.strict && !comparison.all_met()) throw DemandUnmet();
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto* command = app.add_subcommand("compare", "Compare the scenarios of a results file with its baseline");
  auto options = std::make_shared<CompareOptions>();
  command->add_option("results", options->results, "Results file")->required();
  add_selection(*command, options->selection);
  command->add_option(
      "--csv", options->csv,
      "Write the comparison there; the framework and the targets go beside it, into -framework and -targets");
  command->add_flag("--strict", options->strict, "Exit with code 3 if a target is not met");
  command->callback([options] { compare_command(*options); });
}

}  // namespace greenweave
