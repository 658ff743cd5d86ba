#include "app/csv.hpp"

#include <cmath>

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
  std::string text;
  for (const CaseIndices& c : cases) {
    const auto table = file.table(c.scenario, c.year, c.guild, name);
    if (!table) continue;
    if (text.empty()) {
      text = c.guild.empty() ? "year,scenario" : "guild,year,scenario";
      for (const Column& column : table->columns) text += "," + column.name;
      text += "\n";
    }
    for (std::size_t row = 0; row < table->rows(); ++row) {
      if (!c.guild.empty()) text += c.guild + ",";
      text += fmt::format("{},{}", c.year, c.scenario);
      for (const Column& column : table->columns) {
        text += ',';
        std::visit([&](const auto& values) { text += cell_of(values[row]); }, column.values);
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace greenweave
