#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.hpp"
#include "app/compare_habitat.hpp"
#include "app/compare_visitors.hpp"
#include "app/csv.hpp"
#include "app/printing.hpp"
#include "app/selection.hpp"
#include "app/sweep_results.hpp"
#include "io/raster_io.hpp"
#include "io/results_file.hpp"
#include "io/sweep.hpp"
#include "model/run/error.hpp"
#include "scenarios/comparison.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct CompareOptions {
  fs::path results, csv;
  Selection selection;
  std::vector<std::string> indices{"ECA"};  // that a sweep's table shows
  bool strict = false;
};

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

/// One table of a guild's assessment in every scenario that has it.
std::vector<std::pair<std::string, Table>> tables_of(const ResultsFile& file, const std::vector<std::string>& scenarios,
                                                     int year, const std::string& guild, const std::string& name) {
  std::vector<std::pair<std::string, Table>> tables;
  for (const std::string& scenario : scenarios)
    if (auto table = file.table(scenario, year, guild, name)) tables.emplace_back(scenario, std::move(*table));
  return tables;
}

void print_actions(const ResultsFile& file, const std::vector<int>& years, const std::vector<std::string>& scenarios,
                   const Paint& paint) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  for (const int year : years) {
    const auto tables = tables_of(file, scenarios, year, "", "actions");
    if (std::all_of(tables.begin(), tables.end(), [](const auto& t) { return t.second.rows() == 0; })) continue;
    fmt::print("\n{}What the scenarios do by {}{}\n", paint.head, year, paint.off);
    fmt::print("{:<22}{:<42}{:>6}{:>14}{:>11}{:>12}\n", "scenario", "action", "since", "changed (ha)", "recovered",
               "groups/day");
    for (const auto& [scenario, table] : tables)
      for (std::size_t row = 0; row < table.rows(); ++row) {
        const std::int64_t start = table.integers("start")[row];
        const bool is_visit = table.texts("type")[row] == "visitors";
        const double area = is_visit ? none : table.numbers("area_ha")[row];
        const double recovered = is_visit ? none : 100.0 * table.numbers("recovery")[row];
        const double groups = is_visit ? table.numbers("peak_groups_per_day")[row] : none;
        const bool does_nothing = area == 0.0;
        fmt::print("{:<22}{:<42}{:>6}{}{:>11}{:>12}\n", scenario.substr(0, 21),
                   table.texts("action")[row].substr(0, 41), start == always ? brief(none) : fmt::format("{}", start),
                   field(brief(area), 14, does_nothing ? paint.bad : "", does_nothing ? paint.off : ""),
                   is_visit ? brief(none) : fmt::format("{:.0f}%", recovered), brief(groups));
      }
  }
}

/// What each element is in one scenario.
void print_elements(const Table& table) {
  fmt::print("{:<24}{:<11}{:>10}{:>9}{:>9}{:>6}{:>11}{:>18}{:>9}{:>7}{:>9}\n", "element", "kind", "length km",
             "area ha", "habitat", "gaps", "longest m", "to bridge them m", "patches", "links", "dECA");
  for (std::size_t e = 0; e < table.rows(); ++e) {
    const auto number = [&](const char* column) { return table.numbers(column)[e]; };
    const std::int64_t unbridgeable = table.integers("gaps_unbridgeable")[e];
    fmt::print("{:<24}{:<11}{:>10.1f}{:>9.0f}{:>8.0f}%{:>6}{:>11.0f}{:>18}{:>9}{:>7}{:>9}\n",
               table.texts("element")[e].substr(0, 23), table.texts("kind")[e], number("length_m") / 1e3,
               number("area_ha"), 100.0 * number("habitat_share"), table.integers("gaps")[e], number("longest_gap_m"),
               brief(std::round(number("bridge_cost_m"))) +
                   (unbridgeable > 0 ? fmt::format(" ({} cannot)", unbridgeable) : ""),
               table.integers("patches")[e], table.integers("links")[e], percent(number("dECA_percent")));
  }
}

/// What the scenarios make of each element.
void print_element_changes(const std::vector<std::pair<std::string, Table>>& tables) {
  fmt::print("{:<24}", "habitat, gaps, longest");
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

/// Whether and at which cost the network joins elements, two by two.
void print_pairs(const std::vector<std::pair<std::string, Table>>& tables) {
  fmt::print("{:<48}", "joined at km (*: they touch)");
  for (const auto& [scenario, table] : tables) fmt::print("{:>13}", scenario.substr(0, 12));
  fmt::print("\n");
  const Table& first = tables.front().second;
  for (std::size_t row = 0; row < first.rows(); ++row) {
    const bool meet = first.integers("meet")[row] != 0;
    fmt::print("{:<48}", fmt::format("{} - {}{}", first.texts("a")[row].substr(0, 21),
                                     first.texts("b")[row].substr(0, 21), meet ? " *" : ""));
    for (const auto& [scenario, table] : tables)
      fmt::print("{:>13}",
                 table.integers("joined")[row] != 0 ? fmt::format("{:.2f}", table.numbers("cost_m")[row] / 1e3) : "-");
    fmt::print("\n");
  }
}

void print_framework(const ResultsFile& file, const std::vector<std::string>& guilds, const std::vector<int>& years,
                     const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const std::string& guild : guilds)
    for (const int year : years) {
      const auto tables = tables_of(file, scenarios, year, guild, "elements");
      if (tables.empty()) continue;
      fmt::print("\n{}The framework for {} in {}, {}{} (dECA: loss of ECA if the element reverts)\n", paint.head, guild,
                 year, tables.front().first, paint.off);
      print_elements(tables.front().second);
      if (tables.size() > 1) {
        fmt::print("\n");
        print_element_changes(tables);
      }
      if (const auto pairs = tables_of(file, scenarios, year, guild, "element_pairs"); !pairs.empty()) {
        fmt::print("\n");
        print_pairs(pairs);
      }
    }
}

/// Hectares of each class of the habitat's pattern, scenario by scenario.
void print_structure(const ResultsFile& file, const std::vector<std::string>& guilds, const std::vector<int>& years,
                     const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const std::string& guild : guilds)
    for (const int year : years) {
      const auto tables = tables_of(file, scenarios, year, guild, "mspa_area");
      if (tables.empty()) continue;
      const Table& first = tables.front().second;
      const auto& levels = first.texts("level");
      if (std::find(levels.begin(), levels.end(), "frame") == levels.end()) continue;
      fmt::print("\n{}The pattern of habitat for {} in {}{}: hectares of each class (MSPA)\n", paint.head, guild, year,
                 paint.off);
      fmt::print("{:<22}", "");
      for (const auto& [scenario, table] : tables) fmt::print("{:>21}", scenario.substr(0, 20));
      fmt::print("\n");
      for (std::size_t row = 0; row < first.rows(); ++row) {
        if (levels[row] != "frame") continue;
        fmt::print("{:<22}", first.texts("class")[row]);
        for (const auto& [scenario, table] : tables)
          fmt::print("{:>21}", fmt::format("{:.1f} ({:.1f}%)", table.numbers("area_ha")[row],
                                           table.numbers("habitat_percent")[row]));
        fmt::print("\n");
      }
    }
}

/// What the scenarios build on of the security pattern, process by process.
void print_security(const ResultsFile& file, const std::vector<int>& years, const std::vector<std::string>& scenarios,
                    const Paint& paint) {
  for (const int year : years) {
    const auto tables = tables_of(file, scenarios, year, "", "security_loss");
    if (tables.empty()) continue;
    const Table& first = tables.front().second;
    fmt::print("\n{}Development on the security pattern by {}{}: hectares built on, of those of each level\n",
               paint.head, year, paint.off);
    fmt::print("{:<44}{:>10}", "", "ha");
    for (const auto& [scenario, table] : tables) fmt::print("{:>13}", scenario.substr(0, 12));
    fmt::print("\n");
    for (std::size_t row = 0; row < first.rows(); ++row) {
      if (first.texts("level")[row] != "frame" && first.texts("process")[row] != "all") continue;
      const bool is_frame = first.texts("level")[row] == "frame";
      // Of elements and zones only those that lose something.
      const bool any_lost = std::any_of(tables.begin(), tables.end(),
                                        [&](const auto& t) { return t.second.numbers("lost_ha")[row] > 0.0; });
      if (!is_frame && !any_lost) continue;
      fmt::print("{:<44}{:>10.0f}",
                 fmt::format("{}, {}", (is_frame ? first.texts("process") : first.texts("region"))[row],
                             first.texts("security")[row]),
                 first.numbers("area_ha")[row]);
      for (const auto& [scenario, table] : tables) fmt::print("{:>13.1f}", table.numbers("lost_ha")[row]);
      fmt::print("\n");
    }
  }
}

/// A value without the sign of what rounds to nothing.
double shown(double value) { return std::abs(value) < 0.005 ? 0.0 : value; }

/// Built ground without approval, and what it costs the guilds.
void print_encroachment(const ResultsFile& file, const std::string& baseline, const Paint& paint) {
  for (const int year : file.years()) {
    const auto table = file.table(baseline, year, "", "encroachment");
    const auto cost = file.table(baseline, year, "", "encroachment_cost");
    if (!table || !cost) continue;
    fmt::print("\n{}Built without approval{}: hectares, and per cent of ECA that stock / increment cost\n", paint.head,
               paint.off);
    fmt::print("{:<28}{:>10}{:>10}{:>11}{:>10}", "", "built", "stock", "increment", "approved");
    std::vector<std::string> guilds;
    for (const std::string& guild : cost->texts("guild"))
      if (std::find(guilds.begin(), guilds.end(), guild) == guilds.end()) guilds.push_back(guild);
    for (const std::string& guild : guilds) fmt::print("{:>22}", guild.substr(0, 21));
    fmt::print("\n");
    for (std::size_t row = 0; row < table->rows(); ++row) {
      const std::string& level = table->texts("level")[row];
      const std::string& region = table->texts("region")[row];
      fmt::print("{:<28}{:>10.1f}{:>10.1f}{:>11.1f}{:>10.1f}", region.substr(0, 27), table->numbers("built_ha")[row],
                 table->numbers("stock_ha")[row], table->numbers("increment_ha")[row],
                 table->numbers("approved_ha")[row]);
      for (std::size_t k = 0; k < cost->rows(); ++k)
        if (cost->texts("level")[k] == level && cost->texts("region")[k] == region)
          fmt::print("{:>22}", fmt::format("{:.2f} / {:.2f}", shown(cost->numbers("stock_cost_percent")[k]),
                                           shown(cost->numbers("increment_cost_percent")[k])));
      fmt::print("\n");
    }
  }
}

/// What the wetlands of each scenario do, as far as one line each can tell.
void print_restoration(const ResultsFile& file, const std::vector<int>& years,
                       const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const int year : years) {
    bool headed = false;
    for (const std::string& scenario : scenarios) {
      const auto table = file.table(scenario, year, "", "restoration");
      for (std::size_t row = 0; table && row < table->rows(); ++row) {
        if (!headed)
          fmt::print("\n{}Restored wetlands in {}{}\n{:<48}{:>9}{:>10}{:>9}{:>12}{:>12}{:>14}\n", paint.head, year,
                     paint.off, "", "ha", "dry ha", "wet d/a", "peak m3/s", "goes on", "catchment ha");
        headed = true;
        const auto number = [&](const char* column) { return table->numbers(column)[row]; };
        fmt::print("{:<48}{:>9.1f}{:>10.1f}{:>9.0f}{:>12.2f}{:>12.2f}{:>14.0f}\n",
                   (scenario + ", " + table->texts("action")[row]).substr(0, 47), number("area_ha"), number("dry_ha"),
                   number("wet_days"), number("peak_in_m3_s"), number("peak_out_m3_s"), number("catchment_ha"));
      }
    }
  }
}

/// Candidate sites in the order of restoration, with the gain of each aim on top of those before.
void print_restoration_order(const ResultsFile& file, const std::string& baseline, const Paint& paint) {
  for (const int year : file.years()) {
    const auto table = file.table(baseline, year, "", "restoration_order");
    if (!table || table->rows() == 0) continue;
    fmt::print("\n{}Which to restore first{}: gains on top of the sites before\n{:>5}{:>7}{:>7}{:>10}{:>10}",
               paint.head, paint.off, "rank", "site", "year", "ha", "spent");
    std::vector<const Column*> aims;
    for (const Column& column : table->columns)
      if (table->find(column.name + "_alone") != nullptr) aims.push_back(&column);
    for (const Column* aim : aims) fmt::print("  {:>22}", aim->name.substr(0, 22));
    fmt::print("\n");
    for (std::size_t row = 0; row < table->rows(); ++row) {
      fmt::print("{:>5}{:>7}{:>7}{:>10.2f}{:>10.4g}", table->integers("rank")[row], table->integers("site")[row],
                 table->integers("year")[row], table->numbers("area_ha")[row], table->numbers("spent")[row]);
      for (const Column* aim : aims)
        fmt::print("  {:>22}",
                   fmt::format("{:.4g} {}", table->numbers(aim->name)[row], aim->unit == "1" ? "" : aim->unit));
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

std::string csv_of_indices(const std::vector<CaseIndices>& cases, const Comparison& comparison,
                           const std::string& baseline) {
  std::string text =
      "guild,year,scenario,index,unit,better,baseline,value,change,change_percent,change_p05,change_p95\n";
  for (const CaseIndices& c : cases) {
    if (c.scenario != baseline) continue;
    for (const IndexSample& index : c.indices)
      text += fmt::format("{},{},{},{},{},{},{},{},0,0,,\n", c.guild, c.year, c.scenario, index.name, index.unit,
                          index.better, exact(index.draws.front()), exact(index.draws.front()));
  }
  for (const IndexChange& c : comparison.changes)
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", c.guild, c.year, c.scenario, c.index, c.unit, c.better,
                        exact(c.baseline), exact(c.value), exact(c.change), exact(c.change_percent),
                        exact(c.change_p05), exact(c.change_p95));
  return text;
}

std::string csv_of_targets(const Comparison& comparison) {
  if (comparison.outcomes.empty()) return "";
  std::string text = "target,index,guild,year,scenario,value,change_percent,met\n";
  for (const TargetOutcome& o : comparison.outcomes)
    text += fmt::format("{},{},{},{},{},{},{},{}\n", quoted(o.target.name), o.target.index, o.guild, o.year, o.scenario,
                        exact(o.value), exact(o.change_percent), o.met ? "yes" : "no");
  return text;
}

/// Writes the tables that are not empty. A name that is taken leaves nothing half done.
void write_files(std::vector<std::pair<fs::path, std::string>> files) {
  std::erase_if(files, [](const auto& item) { return item.second.empty(); });
  for (const auto& [name, text] : files) require_new_file(name);
  for (const auto& [name, text] : files) {
    std::ofstream out(name, std::ios::binary);
    out << text;
    out.flush();
    if (!out) throw InputError(name.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
    fmt::print("{}\n", name.string());
  }
}

void write_csv(const fs::path& path, const ResultsFile& file, const std::vector<CaseIndices>& cases,
               const Comparison& comparison, const std::string& baseline) {
  const auto beside = [&](const char* suffix) {
    fs::path result = path;
    result.replace_filename(path.stem().string() + suffix + path.extension().string());
    return result;
  };
  // The land cover's tables are the same for every guild.
  std::vector<CaseIndices> land;
  for (const CaseIndices& c : cases)
    if (c.guild == cases.front().guild) land.push_back({c.scenario, c.year, "", {}});
  std::vector<std::pair<fs::path, std::string>> files{
      {path, csv_of_indices(cases, comparison, baseline)},
      {beside("-framework"), csv_of(file, cases, "elements")},
      {beside("-pairs"), csv_of(file, cases, "element_pairs")},
      {beside("-gaps"), csv_of(file, cases, "gaps")},
      {beside("-targets"), csv_of_targets(comparison)},
      {beside("-mspa"), csv_of(file, cases, "mspa_area")},
      {beside("-habitat"), csv_of(file, cases, "habitat_metrics")},
      {beside("-landscape"), csv_of(file, land, "landscape_metrics")},
      {beside("-classes"), csv_of(file, land, "class_metrics")},
      {beside("-sources"), csv_of(file, cases, "sources")},
      {beside("-threats"), csv_of(file, cases, "threats")},
      {beside("-restored-habitat"), csv_of(file, cases, "restored_habitat")},
      {beside("-security"), csv_of(file, land, "security_loss")},
      {beside("-encroachment"), csv_of(file, land, "encroachment")},
      {beside("-encroachment-cost"), csv_of(file, land, "encroachment_cost")},
      {beside("-visitors"), csv_of_visitors(file, cases)},
      {beside("-violations"), csv_of(file, land, "trail_violations")},
      {beside("-access"), csv_of(file, land, "access")},
      {beside("-visitor-limits"), csv_of(file, cases, "visitor_limits")},
      {beside("-tradeoff"), csv_of(file, cases, "visitor_tradeoff")},
      {beside("-tradeoff-elements"), csv_of(file, cases, "visitor_tradeoff_elements")}};
  write_files(std::move(files));
}

/// The results of one variant as a table across them needs them.
struct VariantResults {
  const Variant* variant;
  std::string baseline;
  std::vector<CaseIndices> cases;
  Comparison comparison;
};

VariantResults read_variant(const Variant& variant, const Selection& selection) {
  const ResultsFile file(variant.results);
  const Chosen chosen = choose(file, selection);
  VariantResults results{&variant, file.scenarios().front(), {}, {}};
  std::vector<std::string> scenarios = chosen.scenarios;
  std::erase(scenarios, results.baseline);
  scenarios.insert(scenarios.begin(), results.baseline);
  for (const std::string& guild : chosen.guilds)
    for (const int year : chosen.years)
      for (const std::string& scenario : scenarios)
        results.cases.push_back({scenario, year, guild, file.indices(scenario, year, guild)});
  results.comparison = compare(results.cases, results.baseline, file.targets());
  return results;
}

/// One index of one guild and year: a line a variant, the scenarios beside each other.
void print_across(const Sweep& sweep, const std::vector<VariantResults>& all, const std::string& guild, int year,
                  const std::string& index, const Paint& paint) {
  std::vector<std::string> scenarios;
  std::string unit;
  for (const VariantResults& results : all)
    for (const IndexChange& c : results.comparison.changes) {
      if (c.guild != guild || c.year != year || c.index != index) continue;
      unit = c.unit == "1" ? "" : fmt::format(" ({})", c.unit);
      if (std::find(scenarios.begin(), scenarios.end(), c.scenario) == scenarios.end()) scenarios.push_back(c.scenario);
    }
  fmt::print("\n{}{} of {} in {}{}{}: the baseline, and the change of each scenario against it\n", paint.head, index,
             guild, year, unit, paint.off);
  fmt::print("{:<20}", "study");
  for (const std::string& parameter : sweep.parameters) fmt::print(" {:>17}", parameter.substr(0, 17));
  fmt::print("{:>13}", "baseline");
  for (const std::string& scenario : scenarios) fmt::print("{:>13}", scenario.substr(0, 12));
  fmt::print("\n");
  for (const VariantResults& results : all) {
    const auto base = std::find_if(results.cases.begin(), results.cases.end(), [&](const CaseIndices& c) {
      return c.scenario == results.baseline && c.guild == guild && c.year == year;
    });
    if (base == results.cases.end()) continue;
    const auto value = std::find_if(base->indices.begin(), base->indices.end(),
                                    [&](const IndexSample& sample) { return sample.name == index; });
    if (value == base->indices.end()) continue;
    fmt::print("{:<20}", results.variant->base.substr(0, 19));
    for (const std::string& setting : results.variant->values) fmt::print(" {:>17}", setting.substr(0, 17));
    fmt::print("{:>13}", brief(value->draws.front()));
    for (const std::string& scenario : scenarios) {
      const auto& changes = results.comparison.changes;
      const auto change = std::find_if(changes.begin(), changes.end(), [&](const IndexChange& c) {
        return c.scenario == scenario && c.year == year && c.guild == guild && c.index == index;
      });
      const int verdict = change == changes.end() ? 0 : change->verdict();
      fmt::print("{}", field(change == changes.end() ? "-" : percent(change->change_percent), 13,
                             verdict > 0   ? paint.good
                             : verdict < 0 ? paint.bad
                                           : "",
                             verdict != 0 ? paint.off : ""));
    }
    fmt::print("\n");
  }
}

/// The variants of a sweep beside each other.
void compare_sweep(const CompareOptions& options) {
  const Sweep sweep = read_sweep(options.results);
  const Paint paint = Paint::for_output();
  std::vector<VariantResults> all;
  std::vector<std::string> missing;
  for (const Variant* variant : variants_with_results(sweep, missing))
    all.push_back(read_variant(*variant, options.selection));
  fmt::print("{}{}{}: {} of {} variants\n", paint.head, sweep.title, paint.off, all.size(), sweep.variants.size());
  std::vector<std::pair<std::string, int>> groups;
  std::vector<std::string> known;
  for (const VariantResults& results : all)
    for (const CaseIndices& c : results.cases) {
      const std::pair<std::string, int> group{c.guild, c.year};
      if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
      for (const IndexSample& sample : c.indices)
        if (std::find(known.begin(), known.end(), sample.name) == known.end()) known.push_back(sample.name);
    }
  for (const std::string& index : options.indices)
    if (std::find(known.begin(), known.end(), index) == known.end())
      throw InputError("", "--index", fmt::format("the results have no {}", index),
                       fmt::format("they have: {}", fmt::join(known, ", ")));
  for (const auto& [guild, year] : groups)
    for (const std::string& index : options.indices) print_across(sweep, all, guild, year, index, paint);
  bool all_met = true;
  VariantTable indices(sweep), targets(sweep);
  for (const VariantResults& results : all) {
    const auto& outcomes = results.comparison.outcomes;
    all_met = all_met && results.comparison.all_met();
    if (results.variant == all.front().variant && !outcomes.empty())
      fmt::print("\n{}Targets met{}\n", paint.head, paint.off);
    if (!outcomes.empty())
      fmt::print("  {:<60} {} of {}\n", results.variant->name,
                 std::count_if(outcomes.begin(), outcomes.end(), [](const TargetOutcome& o) { return o.met; }),
                 outcomes.size());
    indices.add(*results.variant, csv_of_indices(results.cases, results.comparison, results.baseline));
    targets.add(*results.variant, csv_of_targets(results.comparison));
  }
  if (!missing.empty()) fmt::print("\nwithout results: {}\n", fmt::join(missing, ", "));
  if (!options.csv.empty()) {
    fs::path beside = options.csv;
    beside.replace_filename(options.csv.stem().string() + "-targets" + options.csv.extension().string());
    write_files({{options.csv, indices.text()}, {beside, targets.text()}});
  }
  if (options.strict && !all_met) throw DemandUnmet();
}

void compare_command(const CompareOptions& options) {
  if (is_sweep(options.results)) {
    compare_sweep(options);
    return;
  }
  require_one_study(options.results);
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
  print_actions(file, chosen.years, scenarios, paint);
  print_indices(cases, comparison, baseline, scenarios, paint);
  print_framework(file, chosen.guilds, chosen.years, with_baseline, paint);
  const HabitatSection habitat{file, chosen.guilds, chosen.years, paint.head, paint.off};
  print_threats(habitat, with_baseline);
  print_structure(file, chosen.guilds, chosen.years, with_baseline, paint);
  print_security(file, chosen.years, scenarios, paint);
  print_encroachment(file, baseline, paint);
  print_restoration(file, chosen.years, scenarios, paint);
  print_restored_habitat(habitat, scenarios);
  print_restoration_order(file, baseline, paint);
  print_visitors(file, chosen.years, chosen.guilds, with_baseline, paint);
  print_ranges(comparison, file.draws(), paint);
  print_targets(comparison, paint);
  if (!options.csv.empty()) write_csv(options.csv, file, cases, comparison, baseline);
  if (options.strict && !comparison.all_met()) throw DemandUnmet();
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto* command = app.add_subcommand("compare", "Compare the scenarios of a results file with its baseline");
  auto options = std::make_shared<CompareOptions>();
  command
      ->add_option("results", options->results, "Results file, or the file of a sweep: its variants beside each other")
      ->required();
  add_selection(*command, options->selection);
  command->add_option(
      "--csv", options->csv,
      "Write the comparison there; the framework goes beside it, into -framework, -pairs and -gaps, "
      "the targets into -targets, the landscape's structure into -mspa, -habitat, -landscape and "
      "-classes, what threatens habitat into -threats, what restored wetlands are to guilds into "
      "-restored-habitat, what planning asks into -sources, -security, -encroachment and -encroachment-cost, "
      "visitors into -visitors, -violations, -access, -visitor-limits, -tradeoff and -tradeoff-elements. "
      "greenweave tables writes every table there is");
  command->add_option("--index", options->indices, "Of a sweep: the indices to show; default: ECA. --csv writes all");
  command->add_flag("--strict", options->strict, "Exit with code 3 if a target is not met");
  command->callback([options] { compare_command(*options); });
}

}  // namespace greenweave
