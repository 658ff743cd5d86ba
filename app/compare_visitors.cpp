#include "app/compare_visitors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/csv.hpp"

namespace greenweave {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// A line of the table of visitors: a number, or a word in its place.
struct Figure {
  std::string name, unit;
  double value = none;
  std::string word;
};

/// What the tables of a case say of its visitors and trails. Empty: it has none.
std::vector<Figure> figures_of_case(const ResultsFile& file, const std::string& scenario, int year) {
  const auto days = file.table(scenario, year, "", "visitor_days");
  const auto links = file.table(scenario, year, "", "trail_links");
  const auto service = file.table(scenario, year, "", "trail_service");
  const auto violations = file.table(scenario, year, "", "trail_violations");
  if (!days || !links || !service || !violations) return {};
  double came = 0.0, away = 0.0, busiest = 0.0, present = 0.0;
  for (std::size_t d = 0; d < days->rows(); ++d) {
    came += days->numbers("days")[d] * days->numbers("visitors")[d];
    away += days->numbers("days")[d] * days->numbers("turned_away")[d];
    busiest = std::max(busiest, days->numbers("visitors")[d]);
    present = std::max(present, days->numbers("most_present")[d]);
  }
  double length_m = 0.0, crowded_m = 0.0, over_m = 0.0, crowding = 0.0;
  std::string worst = "A", scale = "-";
  for (std::size_t l = 0; l < links->rows(); ++l) {
    const double load = links->numbers("load")[l];
    length_m += links->numbers("length_m")[l];
    crowding = std::max(crowding, load);
    if (load > 1.0) crowded_m += links->numbers("length_m")[l];
    if (service->numbers("instant_load_percent")[l] > 100.0) over_m += links->numbers("length_m")[l];
    worst = std::max(worst, service->texts("service")[l]);
    scale = service->texts("scale")[l];
  }
  const auto share = [&](double metres) { return length_m > 0.0 ? 100.0 * metres / length_m : 0.0; };
  return {{"visitors a year", "a-1", came, ""},
          {"turned away a year", "a-1", away, ""},
          {"visitors on the busiest day", "d-1", busiest, ""},
          {"most there at once", "1", present, ""},
          {"greatest load of a trail", "1", crowding, ""},
          {"trails above comfort", "%", share(crowded_m), ""},
          {"trails above instant capacity", "%", share(over_m), ""},
          {fmt::format("worst service ({})", scale), "", none, worst},
          {"segments short of a standard", "1", static_cast<double>(violations->rows()), ""}};
}

std::optional<double> index_in(const std::vector<IndexSample>& indices, const char* name) {
  for (const IndexSample& sample : indices)
    if (sample.name == name) return sample.draws.front();
  return std::nullopt;
}

void print_head(const std::string& first, std::size_t width, const std::vector<std::string>& scenarios) {
  fmt::print("{:<{}}", first, width);
  for (const std::string& scenario : scenarios) fmt::print("{:>17}", scenario.substr(0, 16));
  fmt::print("\n");
}

void print_cases(const ResultsFile& file, int year, const std::vector<std::string>& guilds,
                 const std::vector<std::string>& scenarios, const Paint& paint) {
  std::vector<std::vector<Figure>> columns;
  for (const std::string& scenario : scenarios) columns.push_back(figures_of_case(file, scenario, year));
  const auto first = std::find_if(columns.begin(), columns.end(), [](const auto& c) { return !c.empty(); });
  if (first == columns.end()) return;
  fmt::print("\n{}Visitors on trails in {}{}\n", paint.head, year, paint.off);
  print_head("", 46, scenarios);
  for (std::size_t row = 0; row < first->size(); ++row) {
    const Figure& line = (*first)[row];
    fmt::print("{:<46}", line.unit == "%" ? line.name + " (% of length)" : line.name);
    for (const auto& column : columns)
      fmt::print("{:>17}", column.empty()             ? "-"
                           : column[row].word.empty() ? brief(column[row].value)
                                                      : column[row].word);
    fmt::print("\n");
  }
  for (const std::string& guild : guilds) {
    fmt::print("{:<46}", fmt::format("disturbed (ha): {}", guild).substr(0, 45));
    for (const std::string& scenario : scenarios)
      fmt::print("{:>17}", brief(index_in(file.indices(scenario, year, guild), "DISTURBED_area").value_or(none)));
    fmt::print("\n");
  }
}

/// Who has green space within the walk: the baseline's share, and the others' with the change in points.
void print_access(const ResultsFile& file, int year, const std::vector<std::string>& scenarios, const Paint& paint) {
  std::vector<std::optional<Table>> tables;
  for (const std::string& scenario : scenarios) tables.push_back(file.table(scenario, year, "", "access"));
  if (!tables.front()) return;
  const Table& before = *tables.front();
  fmt::print("\n{}Green space within a walk in {}{}: per cent of persons, and the change in points\n", paint.head, year,
             paint.off);
  fmt::print("{:<27}{:>11}", "", "persons");
  for (const std::string& scenario : scenarios) fmt::print("{:>17}", scenario.substr(0, 16));
  fmt::print("\n");
  for (std::size_t row = 0; row < before.rows(); ++row) {
    const std::string& level = before.texts("level")[row];
    const std::string& region = before.texts("region")[row];
    if (level == "element" || !(before.numbers("persons")[row] > 0.0)) continue;
    fmt::print("{:<27}{:>11.0f}", level == "frame" ? "everybody" : region.substr(0, 26),
               before.numbers("persons")[row]);
    const double was = before.numbers("served_percent")[row];
    for (std::size_t s = 0; s < scenarios.size(); ++s) {
      if (!tables[s] || tables[s]->rows() != before.rows()) {
        fmt::print("{:>17}", "-");
        continue;
      }
      const double is = tables[s]->numbers("served_percent")[row], change = is - was;
      if (s == 0 || std::abs(change) < 0.05) {
        fmt::print("{:>17}", s == 0 ? fmt::format("{:.1f}", is) : "=");
        continue;
      }
      fmt::print("{}", field(fmt::format("{:.1f} ({:+.1f})", is, change), 17, change > 0.0 ? paint.good : paint.bad,
                             paint.off));
    }
    fmt::print("\n");
  }
}

/// The most visitors that a loss of habitat allows: a day, and times those of the scenario.
void print_limits(const ResultsFile& file, int year, const std::string& guild,
                  const std::vector<std::string>& scenarios, const Paint& paint) {
  std::map<std::string, Table> tables;
  std::vector<std::pair<std::string, std::string>> lines;  // of, element
  double eca = none, quality = none;
  std::vector<std::string> shown;
  for (const std::string& scenario : scenarios) {
    const auto table = file.table(scenario, year, guild, "visitor_limits");
    if (!table) continue;
    for (std::size_t row = 0; row < table->rows(); ++row) {
      const std::pair<std::string, std::string> line{table->texts("of")[row], table->texts("element")[row]};
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
      (line.first == "ECA" ? eca : quality) = table->numbers("allowed_percent")[row];
    }
    tables.emplace(scenario, *table);
    shown.push_back(scenario);
  }
  if (tables.empty()) return;
  fmt::print("\n{}The most visitors for {} in {}{}: a day, times the scenario's own, that lose at most {} % of ECA",
             paint.head, guild, year, paint.off, brief(eca));
  if (!std::isnan(quality)) fmt::print(", {} % of an element's quality", brief(quality));
  fmt::print("\n{:<30}", "");
  for (const std::string& scenario : shown) fmt::print("{:>24}", scenario.substr(0, 23));
  fmt::print("\n");
  // Where nobody is near, any number is allowed: one line for all.
  const auto is_reached = [&](const std::pair<std::string, std::string>& line) {
    for (const auto& [scenario, table] : tables)
      for (std::size_t row = 0; row < table.rows(); ++row)
        if (table.texts("of")[row] == line.first && table.texts("element")[row] == line.second &&
            (table.integers("reached")[row] != 0 || table.numbers("too_many_factor")[row] == 0.0))
          return true;
    return line.second.empty();
  };
  std::vector<std::string> free;
  for (const auto& line : lines)
    if (!is_reached(line)) free.push_back(line.second);
  std::erase_if(lines, [&](const auto& line) { return !is_reached(line); });
  bool is_monotone = true;
  for (const auto& [of, element] : lines) {
    fmt::print("{:<30}", element.empty() ? "ECA of the network" : element.substr(0, 29));
    for (const std::string& scenario : shown) {
      const Table& table = tables.at(scenario);
      std::string text = "-";
      bool is_short = false;
      for (std::size_t row = 0; row < table.rows(); ++row) {
        if (table.texts("of")[row] != of || table.texts("element")[row] != element) continue;
        const double factor = table.numbers("factor")[row];
        const bool reached = table.integers("reached")[row] != 0;
        text = fmt::format("{}{} (x{})", reached ? "" : "> ", brief(std::round(table.numbers("visitors_per_day")[row])),
                           brief(factor));
        is_short = reached && table.numbers("too_many_factor")[row] <= 1.0;
        is_monotone = is_monotone && table.integers("monotone")[row] != 0;
      }
      fmt::print("{}", field(text, 24, is_short ? paint.bad : "", is_short ? paint.off : ""));
    }
    fmt::print("\n");
  }
  if (!free.empty()) fmt::print("not reached in any: {}\n", fmt::join(free, ", "));
  if (!is_monotone)
    fmt::print("(more visitors lost less somewhere: the limit is the first number found to be too many)\n");
}

}  // namespace

void print_visitors(const ResultsFile& file, const std::vector<int>& years, const std::vector<std::string>& guilds,
                    const std::vector<std::string>& scenarios, const Paint& paint) {
  for (const int year : years) {
    print_cases(file, year, guilds, scenarios, paint);
    print_access(file, year, scenarios, paint);
  }
  for (const std::string& guild : guilds)
    for (const int year : years) print_limits(file, year, guild, scenarios, paint);
}

std::string csv_of_visitors(const ResultsFile& file, const std::vector<CaseIndices>& cases) {
  std::string text;
  const auto add = [&](const CaseIndices& c, const std::string& guild, const Figure& figure) {
    if (text.empty()) text = "year,scenario,guild,figure,unit,value\n";
    text += fmt::format("{},{},{},{},{},{}\n", c.year, c.scenario, guild, quoted(figure.name), figure.unit,
                        figure.word.empty() ? exact(figure.value) : figure.word);
  };
  for (const CaseIndices& c : cases) {
    if (c.guild == cases.front().guild)
      for (const Figure& figure : figures_of_case(file, c.scenario, c.year)) add(c, "", figure);
    if (const auto area = index_in(c.indices, "DISTURBED_area")) add(c, c.guild, {"disturbed", "ha", *area, ""});
  }
  return text;
}

}  // namespace greenweave
