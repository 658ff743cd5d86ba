#include "app/csv.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace greenweave {

namespace {

std::string cell_of(double value) { return exact(value); }
std::string cell_of(std::int64_t value) { return fmt::format("{}", value); }
std::string cell_of(const std::string& value) { return quoted(value); }

}  // namespace

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string exact(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string csv_of(const ResultsFile& file, const std::vector<CaseIndices>& cases, const std::string& name) {
  // The columns of all cases, in the order in which they turn up: a table may say more of one guild than of another.
  std::vector<std::pair<const CaseIndices*, Table>> tables;
  std::vector<std::string> columns;
  for (const CaseIndices& c : cases) {
    auto table = file.table(c.scenario, c.year, c.guild, name);
    if (!table) continue;
    std::size_t after = 0;
    for (const Column& column : table->columns) {
      const auto known = std::find(columns.begin(), columns.end(), column.name);
      if (known == columns.end()) columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(after), column.name);
      after = 1 + static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column.name) - columns.begin());
    }
    tables.emplace_back(&c, std::move(*table));
  }
  if (tables.empty()) return "";
  const bool of_guilds = !tables.front().first->guild.empty();
  std::string text = of_guilds ? "guild,year,scenario" : "year,scenario";
  for (const std::string& column : columns) text += "," + column;
  text += "\n";
  for (const auto& [of, table] : tables) {
    std::vector<const Column*> found;
    for (const std::string& column : columns) found.push_back(table.find(column));
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (of_guilds) text += of->guild + ",";
      text += fmt::format("{},{}", of->year, of->scenario);
      for (const Column* column : found) {
        text += ',';
        if (column != nullptr) std::visit([&](const auto& values) { text += cell_of(values[row]); }, column->values);
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace greenweave
