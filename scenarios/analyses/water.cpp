#include "scenarios/analyses/water.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/water/conditioning.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/water_before.hpp"
#include "scenarios/study.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec area_spec{"WATER_area", "ha", "Land under water, mean of the year", 0};
constexpr MeasureSpec most_spec{"WATER_most", "ha", "Land under water in the wettest month", 0};
constexpr MeasureSpec wetland_spec{"WETLAND_area", "ha", "Land under shallow water for long enough to be a wetland", 1};
constexpr MeasureSpec kept_spec{"WATER_kept", "%", "Share of the rain that does not leave the frame as runoff", 1};

constexpr std::int32_t ocean = DepressionHierarchy::ocean;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A depression over all years.
struct DepressionRow {
  std::int32_t root = 0;
  double catchment_ha = 0.0;
  int years = 0;
  double wet_days = 0.0, mean_area_m2 = 0.0, greatest_area_m2 = 0.0, mean_volume_m3 = 0.0, greatest_volume_m3 = 0.0;
  double inflow_m3 = 0.0, evaporated_m3 = 0.0, seeped_m3 = 0.0, spilled_m3 = 0.0;
  std::array<double, 12> monthly_area_m2{};
  std::array<double, 4> area_by_depth_m2{};
  double shallow_ha = 0.0;  // cells that count as wetland

  /// 1..12, the first of those that differ in rounding alone; 0: it is dry all year.
  int wettest_month() const {
    const double most = *std::max_element(monthly_area_m2.begin(), monthly_area_m2.end());
    return most > 0.0 ? first_month([&](double area) { return area >= most * (1.0 - 1e-9); }) : 0;
  }
  int driest_month() const {
    const double least = *std::min_element(monthly_area_m2.begin(), monthly_area_m2.end());
    return wettest_month() > 0 ? first_month([&](double area) { return area <= least * (1.0 + 1e-9); }) : 0;
  }

 private:
  template <class Is>
  int first_month(const Is& is) const {
    return static_cast<int>(std::find_if(monthly_area_m2.begin(), monthly_area_m2.end(), is) -
                            monthly_area_m2.begin()) +
           1;
  }
};

std::vector<DepressionRow> rows_of(const WaterBalance& balance, std::vector<std::int32_t> roots) {
  std::sort(roots.begin(), roots.end());
  std::vector<DepressionRow> rows(roots.size());
  for (std::size_t k = 0; k < roots.size(); ++k) rows[k].root = roots[k];
  // The balance lists depressions by year, then root: the same order every year.
  for (std::size_t i = 0; i < balance.depressions.size(); ++i) {
    const DepressionYear& year = balance.depressions[i];
    DepressionRow& row = rows[i % rows.size()];
    assert(row.root == year.root);
    ++row.years;
    row.wet_days += year.wet_days;
    row.mean_area_m2 += year.mean_area_m2;
    row.greatest_area_m2 = std::max(row.greatest_area_m2, year.greatest_area_m2);
    row.mean_volume_m3 += year.mean_volume_m3;
    row.greatest_volume_m3 = std::max(row.greatest_volume_m3, year.greatest_volume_m3);
    row.inflow_m3 += year.inflow_m3;
    row.evaporated_m3 += year.evaporated_m3;
    row.seeped_m3 += year.seeped_m3;
    row.spilled_m3 += year.spilled_m3;
    for (std::size_t m = 0; m < 12; ++m) row.monthly_area_m2[m] += year.monthly_area_m2[m];
    for (std::size_t c = 0; c < 4; ++c) row.area_by_depth_m2[c] += year.area_by_depth_m2[c];
  }
  for (DepressionRow& row : rows) {
    const double years = std::max(1, row.years);
    for (double* sum : {&row.wet_days, &row.mean_area_m2, &row.mean_volume_m3, &row.inflow_m3, &row.evaporated_m3,
                        &row.seeped_m3, &row.spilled_m3})
      *sum /= years;
    for (double& sum : row.monthly_area_m2) sum /= years;
    for (double& sum : row.area_by_depth_m2) sum /= years;
  }
  return rows;
}

Table tabulate_depressions(const std::vector<DepressionRow>& rows, const CaseWater& water, const Frame& frame) {
  const DepressionHierarchy& hierarchy = water.basins->hierarchy;
  const double cell_m2 = frame.cell_m * frame.cell_m;
  const auto of = [&](const DepressionRow& r) -> const Depression& { return hierarchy.nodes[at(r.root)]; };
  using R = DepressionRow;
  return TableOf("depressions", rows)
      .number("x", "m", "Deepest point, easting", [&](const R& r) { return frame.centre(of(r).pit).x; })
      .number("y", "m", "Deepest point, northing", [&](const R& r) { return frame.centre(of(r).pit).y; })
      .number("area_ha", "ha", "Area below the spillway",
              [&](const R& r) { return static_cast<double>(of(r).cells) * frame.cell_area_ha(); })
      .number("volume_m3", "m3", "What it holds up to the spillway",
              [&](const R& r) { return of(r).capacity_m * cell_m2; })
      .number("depth_m", "m", "Depth at the deepest point when full",
              [&](const R& r) {
                return static_cast<double>(of(r).spill_m) - static_cast<double>(water.basins->ground_m[of(r).pit]);
              })
      .number("spill_m", "m", "Level of the spillway", [&](const R& r) { return of(r).spill_m; })
      .number("catchment_ha", "ha", "Land that drains to it, without what other depressions spill",
              [](const R& r) { return r.catchment_ha; })
      .number("wet_days", "d", "Hydroperiod: days a year with water in it", [](const R& r) { return r.wet_days; })
      .number("mean_area_ha", "ha", "Area under water, mean of the year",
              [](const R& r) { return r.mean_area_m2 / 1e4; })
      .number("greatest_area_ha", "ha", "Area under water at most", [](const R& r) { return r.greatest_area_m2 / 1e4; })
      .number("mean_volume_m3", "m3", "Water in it, mean of the year", [](const R& r) { return r.mean_volume_m3; })
      .number("greatest_volume_m3", "m3", "Water in it at most", [](const R& r) { return r.greatest_volume_m3; })
      .integer("wettest_month", "1", "Month with the largest area under water; 0: always dry",
               [](const R& r) { return r.wettest_month(); })
      .integer("driest_month", "1", "Month with the smallest one; 0: always dry",
               [](const R& r) { return r.driest_month(); })
      .number("wetland_ha", "ha", "Area under shallow water for long enough to be a wetland",
              [](const R& r) { return r.shallow_ha; })
      .number("depth_class_1_ha", "ha", "Mean area in the shallowest class of depth",
              [](const R& r) { return r.area_by_depth_m2[0] / 1e4; })
      .number("depth_class_2_ha", "ha", "In the second", [](const R& r) { return r.area_by_depth_m2[1] / 1e4; })
      .number("depth_class_3_ha", "ha", "In the third", [](const R& r) { return r.area_by_depth_m2[2] / 1e4; })
      .number("depth_class_4_ha", "ha", "In the deepest", [](const R& r) { return r.area_by_depth_m2[3] / 1e4; })
      .number("inflow_m3", "m3", "Rain on it and runoff, a year", [](const R& r) { return r.inflow_m3; })
      .number("evaporated_m3", "m3", "Evaporation, a year", [](const R& r) { return r.evaporated_m3; })
      .number("seeped_m3", "m3", "Seepage, a year", [](const R& r) { return r.seeped_m3; })
      .number("spilled_m3", "m3", "Over its rim, a year", [](const R& r) { return r.spilled_m3; })
      .take();
}

Table tabulate_months(const Study& study, const WaterBalance& balance) {
  struct Row {
    int year, month;
    double rain_mm = 0.0, evaporation_mm = 0.0, area_m2 = 0.0;
  };
  std::vector<Row> rows;
  for (const WeatherDay& day : study.weather) {
    if (rows.empty() || rows.back().year != day.year || rows.back().month != day.month)
      rows.push_back({day.year, day.month});
    rows.back().rain_mm += day.rain_mm;
    rows.back().evaporation_mm += day.evaporation_mm;
  }
  for (Row& row : rows)
    for (const BalanceYear& year : balance.years)
      if (year.year == row.year) row.area_m2 = year.inundated_m2[at(row.month - 1)];
  return TableOf("water_months", rows)
      .integer("year", "1", "Year of the weather", [](const Row& r) { return r.year; })
      .integer("month", "1", "Month", [](const Row& r) { return r.month; })
      .number("rain_mm", "mm", "Rain", [](const Row& r) { return r.rain_mm; })
      .number("evaporation_mm", "mm", "Evaporation of open water", [](const Row& r) { return r.evaporation_mm; })
      .number("inundated_ha", "ha", "Land under water, mean of the days", [](const Row& r) { return r.area_m2 / 1e4; })
      .take();
}

Table tabulate_years(const WaterBalance& balance, double area_m2) {
  std::vector<double> rain_mm;
  for (const BalanceYear& year : balance.years) rain_mm.push_back(1000.0 * year.rain_m3 / area_m2);
  const std::vector<YearKind> kinds = kinds_of_years(rain_mm);
  using Y = BalanceYear;
  const Y* const first = balance.years.data();
  return TableOf("water_years", balance.years)
      .integer("year", "1", "Year of the weather", [](const Y& y) { return y.year; })
      .integer("days", "d", "Days", [](const Y& y) { return y.days; })
      .text("kind", "drought, ordinary or flood, by its rain among the years",
            [&](const Y& y) {
              constexpr std::array names{"drought", "ordinary", "flood"};
              return names[static_cast<std::size_t>(kinds[at(&y - first)])];
            })
      .number("rain_mm", "mm", "Rain", [&](const Y& y) { return rain_mm[at(&y - first)]; })
      .number("rain_m3", "m3", "Rain on the frame", [](const Y& y) { return y.rain_m3; })
      .number("retained_m3", "m3", "Of it kept by dry ground", [](const Y& y) { return y.retained_m3; })
      .number("evaporated_m3", "m3", "Evaporated from standing water", [](const Y& y) { return y.evaporated_m3; })
      .number("seeped_m3", "m3", "Seeped from standing water", [](const Y& y) { return y.seeped_m3; })
      .number("left_m3", "m3", "Left the frame", [](const Y& y) { return y.left_m3; })
      .number("stored_m3", "m3", "Change of standing water", [](const Y& y) { return y.stored_m3; })
      .number("unaccounted_m3", "m3", "What is missing: rounding", [](const Y& y) { return y.unaccounted_m3; })
      .take();
}

}  // namespace

Raster<float> ground_of(const Landscape& landscape) {
  Raster<float> ground = *landscape.elevation_m;
  if (landscape.cover.valid.empty()) return ground;
  if (ground.valid.empty()) ground.valid.assign(ground.values.size(), 1);
  for (std::size_t i = 0; i < ground.valid.size(); ++i)
    if (landscape.cover.valid[i] == 0) ground.valid[i] = 0;
  return ground;
}

Raster<float> case_curve_numbers(const Study& study, const Landscape& landscape, const WaterAnalysis& what) {
  Raster<std::uint8_t> unknown;
  const Raster<std::uint8_t>* soil = study.soil.get();
  if (soil == nullptr) {
    unknown = Raster<std::uint8_t>(landscape.cover.shape);
    unknown.valid.assign(unknown.values.size(), 0);
    soil = &unknown;
  }
  Raster<float> numbers =
      curve_numbers(landscape.cover, *landscape.classes, *soil, what.curve_numbers, what.soil_where_unknown);
  if (study.curve_number != nullptr)
    for (Cell cell = 0; cell < numbers.shape.cells(); ++cell)
      if (numbers.is_valid(cell) && study.curve_number->is_valid(cell) &&
          landscape.cover[cell] == study.landscape.cover[cell])
        numbers[cell] = (*study.curve_number)[cell];
  return numbers;
}

Basins basins_of(const Landscape& landscape, const WaterAnalysis& what) {
  Basins basins{ground_of(landscape), {}};
  if (what.breach_depth_m > 0.0) {
    BreachOptions trench;
    trench.max_depth_m = what.breach_depth_m;
    trench.max_length_m = what.breach_length_m;
    basins.ground_m = breach_depressions(basins.ground_m, landscape.frame.cell_m, trench).elevation_m;
  }
  if (what.least_depth_m > 0.0 || what.least_area_ha > 0.0) {
    const LeastDepression least{what.least_depth_m, std::llround(what.least_area_ha / landscape.frame.cell_area_ha())};
    basins.ground_m = fill_small_depressions(basins.ground_m, depression_hierarchy(basins.ground_m), least);
  }
  basins.hierarchy = depression_hierarchy(basins.ground_m);
  return basins;
}

CaseWater water_of(const Study& study, const WaterBefore& untouched, const Landscape& landscape,
                   const WaterAnalysis& what, const RunContext& context) {
  assert(landscape.elevation_m != nullptr && "the study file's reader asks for heights");
  context.check();
  CaseWater water;
  // Where no earth is moved, water collects where it did.
  water.basins = landscape.elevation_m == study.landscape.elevation_m
                     ? untouched.basins()
                     : std::make_shared<const Basins>(basins_of(landscape, what));
  water.curve_number = case_curve_numbers(study, landscape, what);
  context.check();
  water.balance = water_balance(water.basins->ground_m, landscape.frame.cell_m, water.basins->hierarchy,
                                water.curve_number, study.weather, what.balance, context);
  return water;
}

void add_water(const Study& study, const Landscape& landscape, const CaseWater& water, const WaterAnalysis& what,
               CaseResult& result) {
  const Frame& frame = landscape.frame;
  const WaterBalance& balance = water.balance;
  const Raster<float>& ground_m = water.basins->ground_m;
  const DepressionHierarchy& hierarchy = water.basins->hierarchy;
  std::vector<DepressionRow> rows = rows_of(balance, hierarchy.roots);

  // Which root each depression belongs to, by its row.
  std::vector<std::int32_t> label_of(hierarchy.nodes.size(), 0);
  for (std::size_t k = 0; k < rows.size(); ++k) label_of[at(rows[k].root)] = static_cast<std::int32_t>(k) + 1;
  for (std::size_t i = hierarchy.nodes.size(); i-- > 1;)
    if (hierarchy.nodes[i].parent != ocean) label_of[i] = label_of[at(hierarchy.nodes[i].parent)];

  Raster<std::int32_t> label(frame.shape, 0);
  label.valid = ground_m.valid;
  std::int64_t land = 0, wetland = 0;
  std::vector<std::int64_t> draining(rows.size() + 1, 0), shallow(rows.size() + 1, 0);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    if (!ground_m.is_valid(cell)) continue;
    ++land;
    ++draining[at(label_of[at(hierarchy.leaf[cell])])];
    const std::int32_t home = hierarchy.home[cell];
    if (home != DepressionHierarchy::none) label[cell] = label_of[at(home)];
    if (static_cast<double>(balance.wet_days[cell]) >= what.wetland_days && balance.wet_days[cell] > 0.0F &&
        static_cast<double>(balance.mean_depth_m[cell]) <= what.wetland_depth_m) {
      ++wetland;
      ++shallow[at(label[cell])];
    }
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    rows[k].catchment_ha = static_cast<double>(draining[k + 1]) * frame.cell_area_ha();
    rows[k].shallow_ha = static_cast<double>(shallow[k + 1]) * frame.cell_area_ha();
  }

  result.tables.push_back(tabulate_depressions(rows, water, frame));
  result.tables.push_back(tabulate_months(study, balance));
  result.tables.push_back(tabulate_years(balance, static_cast<double>(land) * frame.cell_m * frame.cell_m));
  result.rasters.push_back({"water_days", "d", "Hydroperiod: days a year under water", balance.wet_days});
  result.rasters.push_back({"water_depth", "m", "Depth of water, mean of the days under water", balance.mean_depth_m});
  result.rasters.push_back({"water_depth_most", "m", "Greatest depth of water", balance.most_depth_m});
  result.rasters.push_back({"depressions", "1", "Depressions by row of the table; 0: none", std::move(label)});

  double mean_m2 = 0.0, most_m2 = 0.0, rain = 0.0, left = 0.0;
  for (const BalanceYear& year : balance.years) {
    most_m2 = std::max(most_m2, *std::max_element(year.inundated_m2.begin(), year.inundated_m2.end()));
    rain += year.rain_m3;
    left += year.left_m3;
  }
  for (const DepressionRow& row : rows) mean_m2 += row.mean_area_m2;
  for (GuildResult& guild : result.guilds) {
    if (guild.guild != what.guild) continue;
    add_index(guild, {&area_spec, mean_m2 / 1e4});
    add_index(guild, {&most_spec, most_m2 / 1e4});
    add_index(guild, {&wetland_spec, static_cast<double>(wetland) * frame.cell_area_ha()});
    add_index(guild, {&kept_spec, rain > 0.0 ? 100.0 * (1.0 - left / rain) : 100.0});
  }
}

std::vector<const MeasureSpec*> water_measures() { return {&area_spec, &most_spec, &wetland_spec, &kept_spec}; }

}  // namespace greenweave
