#include "model/water/runoff.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr const char* tr55 = "TR-55 (USDA 1986), table 2-2";
constexpr const char* water = "all rain on open water runs off";
constexpr const char* assumed = "an assumption: TR-55 has no such class";

void require_curve_number(double number, const std::string& place) {
  if (!(number >= 0.0 && number <= 100.0))
    throw InputError("", place, fmt::format("a curve number of {:g}", number), "curve numbers lie from 0 to 100");
}

}  // namespace

std::vector<CurveNumbers> worldcover_curve_numbers() {
  return {
      {10, {30, 55, 70, 77}, "woods, good condition", tr55},
      {20, {30, 48, 65, 73}, "brush, good condition", tr55},
      {30, {39, 61, 74, 80}, "pasture, good condition", tr55},
      {40, {67, 78, 85, 89}, "row crops, straight rows, good condition", tr55},
      {50, {77, 85, 90, 92}, "residential, lots of 1/8 acre, 65 % impervious", tr55},
      {60, {77, 86, 91, 94}, "newly graded, no vegetation", tr55},
      {70, {100, 100, 100, 100}, "snow and ice", assumed},
      {80, {100, 100, 100, 100}, "open water", water},
      {90, {100, 100, 100, 100}, "wetland, its ground saturated", assumed},
      {95, {100, 100, 100, 100}, "mangroves", assumed},
      {100, {39, 61, 74, 80}, "moss and lichen, as pasture", assumed},
  };
}

std::vector<CurveNumbers> nlcd_curve_numbers() {
  return {
      {11, {100, 100, 100, 100}, "open water", water},
      {12, {100, 100, 100, 100}, "ice and snow", assumed},
      {21, {49, 69, 79, 84}, "open space, fair condition", tr55},
      {22, {57, 72, 81, 86}, "residential, lots of 1/3 acre, 30 % impervious", tr55},
      {23, {77, 85, 90, 92}, "residential, lots of 1/8 acre, 65 % impervious", tr55},
      {24, {89, 92, 94, 95}, "commercial, 85 % impervious", tr55},
      {31, {77, 86, 91, 94}, "newly graded, no vegetation", tr55},
      {41, {30, 55, 70, 77}, "woods, good condition", tr55},
      {42, {30, 55, 70, 77}, "woods, good condition", tr55},
      {43, {30, 55, 70, 77}, "woods, good condition", tr55},
      {52, {30, 48, 65, 73}, "brush, good condition", tr55},
      {71, {39, 61, 74, 80}, "pasture, good condition", tr55},
      {81, {39, 61, 74, 80}, "pasture, good condition", tr55},
      {82, {67, 78, 85, 89}, "row crops, straight rows, good condition", tr55},
      {90, {100, 100, 100, 100}, "wetland, its ground saturated", assumed},
      {95, {100, 100, 100, 100}, "wetland, its ground saturated", assumed},
  };
}

Raster<float> curve_numbers(const Raster<ClassIndex>& cover, const ClassTable& classes,
                            const Raster<std::uint8_t>& soil, const std::vector<CurveNumbers>& table,
                            SoilGroup where_unknown) {
  std::vector<const CurveNumbers*> row_of(classes.classes.size(), nullptr);
  for (const CurveNumbers& row : table) {
    for (const double number : row.by_group) require_curve_number(number, fmt::format("class {}", row.code));
    const int index = classes.index_of_code(row.code);
    if (index >= 0) row_of[static_cast<std::size_t>(index)] = &row;
  }
  Raster<float> numbers(cover.shape, 0.0F);
  numbers.valid = cover.valid;
  for (Cell cell = 0; cell < cover.shape.cells(); ++cell) {
    if (!cover.is_valid(cell)) continue;
    const CurveNumbers* row = row_of.at(cover[cell]);
    if (row == nullptr)
      throw InputError(
          "", "curve numbers",
          fmt::format("none for class {} ({})", classes.classes[cover[cell]].code, classes.classes[cover[cell]].name),
          "add a row for it");
    const int group = soil.is_valid(cell) ? soil[cell] : static_cast<int>(where_unknown);
    if (group < 1 || group > 4)
      throw InputError("", fmt::format("soil, row {}, column {}", cover.shape.row(cell) + 1, cover.shape.col(cell) + 1),
                       fmt::format("{} is no hydrological soil group", group),
                       "give 1 for A, 2 for B, 3 for C, 4 for D, and NoData where it is not known");
    numbers[cell] = static_cast<float>(row->by_group[static_cast<std::size_t>(group) - 1]);
  }
  return numbers;
}

double dry_curve_number(double curve_number) { return 4.2 * curve_number / (10.0 - 0.058 * curve_number); }
double wet_curve_number(double curve_number) { return 23.0 * curve_number / (10.0 + 0.13 * curve_number); }

double retention_mm(double curve_number) {
  return curve_number > 0.0 ? 25400.0 / curve_number - 254.0 : std::numeric_limits<double>::infinity();
}

double runoff_mm(double curve_number, double rain_mm, const RunoffRule& rule) {
  const double retention = retention_mm(curve_number);
  const double excess = rain_mm - rule.initial_abstraction * retention;
  return excess > 0.0 ? excess * excess / (excess + retention) : 0.0;
}

EventRunoff event_runoff(const Raster<float>& curve_number, double cell_m, double rain_mm, const RunoffRule& rule) {
  if (!(rain_mm >= 0.0) || !std::isfinite(rain_mm))
    throw InputError("", "rain", fmt::format("{:g} mm", rain_mm), "give a rainfall of 0 mm or more");
  EventRunoff event{.runoff_mm = Raster<float>(curve_number.shape, 0.0F)};
  event.runoff_mm.valid = curve_number.valid;
  struct Sums {
    double runoff = 0.0;
    std::int64_t cells = 0, wrong = 0;
    void operator+=(const Sums& other) { runoff += other.runoff, cells += other.cells, wrong += other.wrong; }
  };
  const auto sums =
      deterministic_sum<Sums>(curve_number.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
        Sums some;
        for (auto cell = static_cast<Cell>(begin); cell < end; ++cell) {
          if (!curve_number.is_valid(cell)) continue;
          const auto number = static_cast<double>(curve_number[cell]);
          if (!(number >= 0.0 && number <= 100.0)) {
            ++some.wrong;
            continue;
          }
          const double depth = runoff_mm(number, rain_mm, rule);
          event.runoff_mm[cell] = static_cast<float>(depth);
          some.runoff += depth;
          ++some.cells;
        }
        return some;
      });
  if (sums.wrong > 0)
    throw InputError("", "curve numbers", fmt::format("{} cells lie outside 0 to 100", sums.wrong),
                     "correct the raster");
  const double m3_per_mm = cell_m * cell_m / 1000.0;
  event.rain_m3 = rain_mm * static_cast<double>(sums.cells) * m3_per_mm;
  event.runoff_m3 = sums.runoff * m3_per_mm;
  event.retained_m3 = event.rain_m3 - event.runoff_m3;
  event.retention = event.rain_m3 > 0.0 ? event.retained_m3 / event.rain_m3 : 1.0;
  return event;
}

}  // namespace greenweave
