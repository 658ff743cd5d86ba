#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/run/context.hpp"
#include "model/water/depressions.hpp"
#include "model/water/runoff.hpp"

namespace greenweave {

struct WeatherDay {
  int year = 0;
  int month = 1;  // 1..12
  double rain_mm = 0.0;
  double evaporation_mm = 0.0;  // of open water
};

struct BalanceOptions {
  double seepage_mm_per_day = 1.0;  // through the bed, wherever water stands; loam lets through 1 to 10 (a choice)
  double evaporation_factor = 1.0;  // on the weather's evaporation: open water 1; reed 0.7 to 1.2
  double first_fill =
      0.0;  // share of each root's capacity that stands in it on the first morning, from its pit up; 0..1
  double least_depth_m = 0.01;  // a depression counts as wet from this depth at its deepest cell on
  std::array<double, 3> depth_limits_m{0.1, 0.5, 2.0};  // between depth classes; 2.0 m: wetland by CJJ/T 308-2021
  RunoffRule runoff = {};
};

/// A year of one depression: the tops of the trees, with all that is in them.
struct DepressionYear {
  std::int32_t root = 0;
  int year = 0;
  int wet_days = 0;  // hydroperiod
  double mean_area_m2 = 0.0, greatest_area_m2 = 0.0;
  double mean_volume_m3 = 0.0, greatest_volume_m3 = 0.0;
  double inflow_m3 = 0.0;  // rain on it and runoff, without what other depressions spill into it
  double evaporated_m3 = 0.0, seeped_m3 = 0.0;
  double spilled_m3 = 0.0;                   // over its rim
  std::array<double, 12> monthly_area_m2{};  // mean over the days of each month; 0 without days
  std::array<double, 4> area_by_depth_m2{};  // mean over the year, in the classes between the limits
};

/// Where the water of a year went. What is rained equals the rest to rounding; `unaccounted_m3` says how closely.
struct BalanceYear {
  int year = 0;
  int days = 0;
  double rain_m3 = 0.0;        // on all valid cells
  double retained_m3 = 0.0;    // by the ground, where it is dry: rain - runoff
  double evaporated_m3 = 0.0;  // from standing water
  double seeped_m3 = 0.0;
  double left_m3 = 0.0;    // out of the grid
  double stored_m3 = 0.0;  // change of standing water
  double unaccounted_m3 = 0.0;
  std::array<double, 12> inundated_m2{};  // mean of each month
};

struct WaterBalance {
  std::vector<BalanceYear> years;
  std::vector<DepressionYear> depressions;  // by year, then root
  Raster<float> wet_days;                   // a year, mean over the years; masked as the elevation
  Raster<float> mean_depth_m;               // over the days on which the cell is wet
  Raster<float> most_depth_m;
};

/// Day by day: rain on standing water and runoff from the dry part of each catchment fill depressions, which spill and
/// merge (`StandingWater`); then standing water evaporates and seeps over its area. Curve numbers count to a tenth; the
/// share of a catchment that is under water gives no runoff. Weather days come in order, year after year.
/// InputError: no day, a month that is none, negative rain or evaporation, a curve number outside [0, 100].
WaterBalance water_balance(const Raster<float>& elevation_m, double cell_m, const DepressionHierarchy& hierarchy,
                           const Raster<float>& curve_number, std::span<const WeatherDay> weather,
                           const BalanceOptions& options = {}, const RunContext& context = {});

/// The weather with rain and evaporation multiplied: for years of drought and flood.
std::vector<WeatherDay> scaled_weather(std::span<const WeatherDay> weather, double rain_factor,
                                       double evaporation_factor = 1.0);

enum class YearKind { drought, ordinary, flood };

/// Years by their rain: up to the lower quantile drought, from the upper on flood (a fourth each by default, as
/// hydrologists' P = 75 % and 25 %). Quantiles between ranks are linear.
std::vector<YearKind> kinds_of_years(std::span<const double> rain_mm, double lower = 0.25, double upper = 0.75);

}  // namespace greenweave
