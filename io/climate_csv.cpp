#include "io/climate_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t comma = line.find(',');
    std::string_view field = line.substr(0, comma);
    while (!field.empty() && (field.front() == ' ' || field.front() == '"')) field.remove_prefix(1);
    while (!field.empty() && (field.back() == ' ' || field.back() == '"' || field.back() == '\r'))
      field.remove_suffix(1);
    fields.push_back(field);
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

template <class T>
bool parse(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

/// A date as days since 1970; false if it is none.
bool parse_date(std::string_view text, std::chrono::year_month_day* date) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int year = 0;
  unsigned month = 0, day = 0;
  if (!parse(text.substr(0, 4), &year) || !parse(text.substr(5, 2), &month) || !parse(text.substr(8, 2), &day))
    return false;
  *date = std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day);
  return date->ok();
}

}  // namespace

std::vector<WeatherDay> read_climate(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw InputError(path.string(), "", "it cannot be opened (climate)", "give a CSV file with date, rain_mm, et_mm");
  static constexpr std::array<std::string_view, 3> columns{"date", "rain_mm", "et_mm"};
  std::array<std::size_t, 3> column{};
  std::vector<WeatherDay> weather;
  std::chrono::sys_days last{};
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto fail = [&, n = number](const std::string& reason, const std::string& remedy) {
      throw InputError(path.string(), fmt::format("line {}", n), reason + " (climate)", remedy);
    };
    std::string_view text = line;
    if (number == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const std::vector<std::string_view> fields = fields_of(text);
    if (number == 1) {
      for (std::size_t k = 0; k < columns.size(); ++k) {
        column[k] = static_cast<std::size_t>(std::find(fields.begin(), fields.end(), columns[k]) - fields.begin());
        if (column[k] == fields.size())
          fail(fmt::format("the header has no column {}", columns[k]), "begin with a line date,rain_mm,et_mm");
      }
      continue;
    }
    if (fields.size() == 1 && fields[0].empty()) continue;
    const auto field = [&](std::size_t k) {
      return column[k] < fields.size() ? fields[column[k]] : std::string_view{};
    };
    std::chrono::year_month_day date;
    if (!parse_date(field(0), &date)) fail(fmt::format("\"{}\" is no date", field(0)), "give it as YYYY-MM-DD");
    const std::chrono::sys_days day = date;
    if (!weather.empty() && day != last + std::chrono::days{1})
      fail(fmt::format("{} does not follow the day before it", field(0)), "give every day once, in order");
    last = day;
    WeatherDay today{static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())), 0.0, 0.0};
    double* const value[]{&today.rain_mm, &today.evaporation_mm};
    for (std::size_t k = 1; k < columns.size(); ++k)
      if (!parse(field(k), value[k - 1]) || !(*value[k - 1] >= 0.0) || !std::isfinite(*value[k - 1]))
        fail(fmt::format("{} = \"{}\" is no amount", columns[k], field(k)), "give millimetres, 0 or more");
    weather.push_back(today);
  }
  if (weather.empty()) throw InputError(path.string(), "", "it has no days (climate)", "give a line for each day");
  return weather;
}

}  // namespace greenweave
