#include "app/compare_habitat.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace greenweave {

namespace {

/// A number without the sign of what rounds to nothing.
std::string with_sign(double value, int digits) {
  if (std::abs(value) < 0.5 * std::pow(10.0, -digits)) return "0";
  return fmt::format("{:+.{}f}", value, digits);
}

/// A quality, with the band in which it may recover where there is one.
std::string quality_of(const Table& table, std::size_t row) {
  std::string text = fmt::format("{:.2f}", table.numbers("quality")[row]);
  if (table.find("quality_low") != nullptr)
    text += fmt::format(" ({:.2f}-{:.2f})", table.numbers("quality_low")[row], table.numbers("quality_high")[row]);
  return text;
}

}  // namespace

void print_threats(const HabitatSection& section, const std::vector<std::string>& scenarios) {
  for (const std::string& guild : section.guilds)
    for (const int year : section.years) {
      std::vector<std::pair<std::string, Table>> tables;
      for (const std::string& scenario : scenarios)
        if (auto table = section.file.table(scenario, year, guild, "threats"); table && table->rows() > 0)
          tables.emplace_back(scenario, std::move(*table));
      if (tables.empty()) continue;
      fmt::print("\n{}Threats to the habitat of {} in {}{}: quality lost (mean degradation)\n", section.head, guild,
                 year, section.off);
      fmt::print("{:<32}", "");
      for (const auto& [scenario, table] : tables) fmt::print("{:>21}", scenario.substr(0, 20));
      fmt::print("\n");
      const Table& first = tables.front().second;
      const auto line = [&](const std::string& name, const auto& text) {
        fmt::print("{:<32}", name.substr(0, 31));
        for (const auto& [scenario, table] : tables) fmt::print("{:>21}", text(table));
        fmt::print("\n");
      };
      for (std::size_t row = 0; row < first.rows(); ++row) {
        if (first.texts("level")[row] == "zone") continue;
        const bool whole = first.texts("level")[row] == "frame";
        line(whole ? "everywhere" : first.texts("region")[row], [row](const Table& table) {
          if (!(table.numbers("area_ha")[row] > 0.0)) return std::string("-");
          return fmt::format("{:.1f}% ({:.3f})", table.numbers("loss_percent")[row], table.numbers("degradation")[row]);
        });
        if (!whole) continue;
        for (const Column& column : first.columns)
          if (column.name.rfind("share_", 0) == 0)
            line("  of it by " + column.name.substr(6),
                 [&, row](const Table& table) { return fmt::format("{:.1f}%", table.numbers(column.name)[row]); });
      }
    }
}

void print_restored_habitat(const HabitatSection& section, const std::vector<std::string>& scenarios) {
  for (const std::string& guild : section.guilds)
    for (const int year : section.years) {
      bool headed = false;
      for (const std::string& scenario : scenarios) {
        const std::optional<Table> table = section.file.table(scenario, year, guild, "restored_habitat");
        for (std::size_t row = 0; table && row < table->rows(); ++row) {
          const bool with_gaps = table->find("gaps_closed") != nullptr;
          if (!headed) {
            const bool with_band = table->find("quality_low") != nullptr;
            fmt::print("\n{}Restored wetlands as habitat of {} in {}{}: against the same without each\n", section.head,
                       guild, year, section.off);
            fmt::print("{:<48}{:>9}{:>18}{:>12}{:>10}{:>8}", "", "ha", with_band ? "quality (band)" : "quality",
                       "in patches", "ECA ha", "PC");
            if (with_gaps) fmt::print("{:>6}{:>10}", "gaps", "gaps m");
            fmt::print("\n");
          }
          headed = true;
          const auto number = [&](const char* column) { return table->numbers(column)[row]; };
          fmt::print("{:<48}{:>9.1f}{:>18}{:>12.1f}{:>10}{:>8}",
                     (scenario + ", " + table->texts("action")[row]).substr(0, 47), number("area_ha"),
                     quality_of(*table, row), number("habitat_ha"), with_sign(number("ECA_gain_ha"), 2),
                     with_sign(number("dPC_percent"), 2) + "%");
          if (with_gaps)
            fmt::print("{:>6}{:>10}", with_sign(-static_cast<double>(table->integers("gaps_closed")[row]), 0),
                       with_sign(-number("gap_closed_m"), 0));
          fmt::print("\n");
        }
      }
    }
}

}  // namespace greenweave
