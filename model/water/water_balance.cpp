#include "model/water/water_balance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int32_t ocean = DepressionHierarchy::ocean;
constexpr std::int32_t none = DepressionHierarchy::none;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Cells of each leaf's catchment, and the ocean's, by curve number in tenths.
class Catchments {
 public:
  Catchments(const DepressionHierarchy& hierarchy, const Raster<float>& elevation_m,
             const Raster<float>& curve_number) {
    const auto leaves = at(hierarchy.leaves) + 1;
    cells_.assign(leaves, 0);
    std::vector<std::pair<std::int32_t, std::int32_t>> all;
    std::vector<std::int64_t> counts;
    for (Cell cell = 0; cell < elevation_m.shape.cells(); ++cell) {
      if (!elevation_m.is_valid(cell)) continue;
      const double number = curve_number.is_valid(cell) ? static_cast<double>(curve_number[cell]) : -1.0;
      if (!(number >= 0.0 && number <= 100.0))
        throw InputError("",
                         fmt::format("curve numbers, row {}, column {}", elevation_m.shape.row(cell) + 1,
                                     elevation_m.shape.col(cell) + 1),
                         "none from 0 to 100, where there is an elevation", "correct the raster");
      ++cells_[at(hierarchy.leaf[cell])];
      const std::pair<std::int32_t, std::int32_t> key{hierarchy.leaf[cell],
                                                      static_cast<std::int32_t>(std::lround(number * 10.0))};
      // Runs of equal neighbours need one entry.
      if (!all.empty() && all.back() == key)
        ++counts.back();
      else
        all.push_back(key), counts.push_back(1);
    }
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return all[a] < all[b]; });
    begin_.assign(leaves + 1, 0);
    std::pair<std::int32_t, std::int32_t> last{-1, -1};
    for (const std::size_t i : order) {
      if (all[i] != last) {
        shares_.push_back({all[i].second, 0.0});
        ++begin_[at(all[i].first) + 1];
        last = all[i];
      }
      shares_.back().cells += static_cast<double>(counts[i]);
    }
    for (std::size_t i = 0; i < leaves; ++i) begin_[i + 1] += begin_[i];
  }

  std::int64_t cells(std::int32_t leaf) const { return cells_[at(leaf)]; }

  /// Runoff of a catchment as if all of it were dry, metres x cells.
  double runoff_m(std::int32_t leaf, const std::vector<double>& runoff_of_tenths) const {
    double sum = 0.0;
    for (std::int64_t i = begin_[at(leaf)]; i < begin_[at(leaf) + 1]; ++i)
      sum += shares_[at(i)].cells * runoff_of_tenths[at(shares_[at(i)].tenths)];
    return sum;
  }

 private:
  struct Share {
    std::int32_t tenths = 0;
    double cells = 0.0;
  };
  std::vector<std::int64_t> cells_, begin_;
  std::vector<Share> shares_;
};

void require_weather(std::span<const WeatherDay> weather) {
  if (weather.empty()) throw InputError("", "weather", "no days", "give at least one day");
  for (std::size_t i = 0; i < weather.size(); ++i) {
    const WeatherDay& day = weather[i];
    const auto fail = [&](const std::string& reason) {
      throw InputError("", fmt::format("weather, day {}", i + 1), reason, "correct the series");
    };
    if (day.month < 1 || day.month > 12) fail(fmt::format("month {}", day.month));
    if (!(day.rain_mm >= 0.0) || !std::isfinite(day.rain_mm)) fail(fmt::format("{:g} mm of rain", day.rain_mm));
    if (!(day.evaporation_mm >= 0.0) || !std::isfinite(day.evaporation_mm))
      fail(fmt::format("{:g} mm of evaporation", day.evaporation_mm));
    if (i > 0 && day.year < weather[i - 1].year) fail(fmt::format("year {} after {}", day.year, weather[i - 1].year));
  }
}

/// One sheet of standing water of one level.
struct Water {
  std::int32_t node = 0;
  double level_m = 0.0;
  std::int64_t cells = 0;
};

class Balance {
 public:
  Balance(const Raster<float>& elevation_m, double cell_m, const DepressionHierarchy& hierarchy,
          const Raster<float>& curve_number, const BalanceOptions& options)
      : elevation_m_(elevation_m),
        hierarchy_(hierarchy),
        options_(options),
        area_m2_(cell_m * cell_m),
        catchments_(hierarchy, elevation_m, curve_number),
        curves_(elevation_m, hierarchy),
        state_(hierarchy) {
    const std::size_t count = hierarchy.nodes.size();
    root_of_.assign(count, ocean);
    place_of_.assign(count, none);
    roots_ = hierarchy.roots;
    std::sort(roots_.begin(), roots_.end());
    for (std::size_t k = 0; k < roots_.size(); ++k) place_of_[at(roots_[k])] = static_cast<std::int32_t>(k);
    for (std::size_t i = count; i-- > 1;) {
      const std::int32_t parent = hierarchy.nodes[i].parent;
      root_of_[i] = parent == ocean ? static_cast<std::int32_t>(i) : root_of_[at(parent)];
    }
    catchment_cells_.assign(count, 0);
    for (std::int32_t leaf = 0; leaf <= hierarchy.leaves; ++leaf) {
      catchment_cells_[at(leaf)] = catchments_.cells(leaf);
      valid_cells_ += catchments_.cells(leaf);
    }
    for (std::size_t i = 1; i < count; ++i)
      if (hierarchy.nodes[i].parent != ocean) catchment_cells_[at(hierarchy.nodes[i].parent)] += catchment_cells_[i];
    days_here_.assign(at(curves_.own_end(static_cast<std::int32_t>(count) - 1)), 0);
    levels_here_.assign(days_here_.size(), 0.0);
    days_under_.assign(count, 0);
    levels_under_.assign(count, 0.0);
    highest_.assign(count, -std::numeric_limits<double>::infinity());
    start();
  }

  void begin_year(int year) {
    year_ = {.year = year};
    stored_at_start_ = state_.standing_m();
    units_.assign(roots_.size(), {});
    spilled_at_start_.resize(roots_.size());
    for (std::size_t k = 0; k < roots_.size(); ++k) {
      units_[k].root = roots_[k];
      units_[k].year = year;
      spilled_at_start_[k] = state_.spilled_m(roots_[k]);
    }
    month_days_.fill(0);
  }

  void day(const WeatherDay& weather) {
    ++year_.days;
    ++month_days_[at(weather.month - 1)];
    rain(weather.rain_mm);
    lose(weather.evaporation_mm * options_.evaporation_factor / 1000.0, options_.seepage_mm_per_day / 1000.0);
    record(weather.month - 1);
  }

  void end_year(WaterBalance& result) {
    const auto days = static_cast<double>(year_.days);
    year_.stored_m3 = (state_.standing_m() - stored_at_start_) * area_m2_;
    for (double* sum : {&year_.rain_m3, &year_.retained_m3, &year_.evaporated_m3, &year_.seeped_m3, &year_.left_m3})
      *sum *= area_m2_;
    year_.unaccounted_m3 =
        year_.rain_m3 - year_.retained_m3 - year_.evaporated_m3 - year_.seeped_m3 - year_.left_m3 - year_.stored_m3;
    const auto monthly = [&](std::array<double, 12>& sums) {
      for (std::size_t m = 0; m < 12; ++m) sums[m] *= month_days_[m] > 0 ? area_m2_ / month_days_[m] : 0.0;
    };
    monthly(year_.inundated_m2);
    for (std::size_t k = 0; k < units_.size(); ++k) {
      DepressionYear& unit = units_[k];
      unit.mean_area_m2 *= area_m2_ / days;
      unit.greatest_area_m2 *= area_m2_;
      unit.mean_volume_m3 *= area_m2_ / days;
      unit.greatest_volume_m3 *= area_m2_;
      unit.inflow_m3 *= area_m2_;
      unit.evaporated_m3 *= area_m2_;
      unit.seeped_m3 *= area_m2_;
      unit.spilled_m3 = (state_.spilled_m(roots_[k]) - spilled_at_start_[k]) * area_m2_;
      for (double& area : unit.area_by_depth_m2) area *= area_m2_ / days;
      monthly(unit.monthly_area_m2);
      result.depressions.push_back(unit);
    }
    result.years.push_back(year_);
  }

  void maps(WaterBalance& result) {
    const Shape& shape = elevation_m_.shape;
    for (Raster<float>* raster : {&result.wet_days, &result.mean_depth_m, &result.most_depth_m}) {
      *raster = Raster<float>(shape, 0.0F);
      raster->valid = elevation_m_.valid;
    }
    // What a wider sheet of water covers is under water with all of its parts.
    for (std::size_t i = hierarchy_.nodes.size(); i-- > 1;) {
      const std::int32_t parent = hierarchy_.nodes[i].parent;
      if (parent == ocean) continue;
      days_under_[i] += days_under_[at(parent)];
      levels_under_[i] += levels_under_[at(parent)];
      highest_[i] = std::max(highest_[i], highest_[at(parent)]);
    }
    const auto years = static_cast<double>(result.years.size());
    parallel_for(
        static_cast<std::int64_t>(hierarchy_.nodes.size()) - 1,
        [&](std::int64_t k) {
          const auto node = static_cast<std::int32_t>(k + 1);
          std::int64_t days = days_under_[at(node)];
          double levels = levels_under_[at(node)];
          for (std::int64_t place = curves_.own_end(node); place-- > curves_.own_begin(node);) {
            days += days_here_[at(place)];
            levels += levels_here_[at(place)];
            if (days == 0) continue;
            const Cell cell = curves_.cell(place);
            const auto z = static_cast<double>(elevation_m_[cell]);
            result.wet_days[cell] = static_cast<float>(static_cast<double>(days) / years);
            result.mean_depth_m[cell] = static_cast<float>(std::max(0.0, levels / static_cast<double>(days) - z));
            result.most_depth_m[cell] = static_cast<float>(std::max(0.0, highest_[at(node)] - z));
          }
        },
        256);
  }

 private:
  void start() {
    if (options_.first_fill <= 0.0) return;
    std::vector<double> amounts(at(hierarchy_.leaves) + 1, 0.0);
    for (const std::int32_t root : roots_) {
      const Depression& d = hierarchy_.nodes[at(root)];
      amounts[at(hierarchy_.leaf[d.pit])] = options_.first_fill * d.capacity_m;
    }
    state_.pour(amounts);
  }

  std::vector<Water> sheets() const {
    std::vector<Water> found;
    for (const std::int32_t node : state_.waters()) {
      const double level = curves_.level_m(node, state_.own_m(node));
      const Depression& d = hierarchy_.nodes[at(node)];
      std::int64_t cells = curves_.own_cells_below(node, level);
      if (d.left != none) cells += hierarchy_.nodes[at(d.left)].cells + hierarchy_.nodes[at(d.right)].cells;
      found.push_back({node, level, cells});
    }
    return found;
  }

  DepressionYear& unit_of(std::int32_t node) { return units_[at(place_of_[at(root_of_[at(node)])])]; }

  void rain(double rain_mm) {
    if (rain_mm == 0.0) return;
    const double rain_m = rain_mm / 1000.0;
    if (rain_mm != runoff_for_) {
      runoff_of_tenths_.resize(1001);
      for (std::size_t tenths = 0; tenths <= 1000; ++tenths)
        runoff_of_tenths_[tenths] = runoff_mm(static_cast<double>(tenths) / 10.0, rain_mm, options_.runoff) / 1000.0;
      runoff_for_ = rain_mm;
    }
    std::vector<double> amounts(at(hierarchy_.leaves) + 1, 0.0), dry(hierarchy_.nodes.size(), 1.0);
    double wet_cells = 0.0;
    for (const Water& water : sheets()) {
      dry[at(water.node)] =
          1.0 - static_cast<double>(water.cells) / static_cast<double>(catchment_cells_[at(water.node)]);
      const double on_water = rain_m * static_cast<double>(water.cells);
      amounts[at(hierarchy_.leaf[hierarchy_.nodes[at(water.node)].pit])] += on_water;
      unit_of(water.node).inflow_m3 += on_water;
      wet_cells += static_cast<double>(water.cells);
    }
    for (std::size_t i = dry.size(); i-- > 1;)
      if (hierarchy_.nodes[i].parent != ocean) dry[i] = std::min(dry[i], dry[at(hierarchy_.nodes[i].parent)]);
    double runoff = 0.0;
    for (std::int32_t leaf = 0; leaf <= hierarchy_.leaves; ++leaf) {
      const double from_land = catchments_.runoff_m(leaf, runoff_of_tenths_) * dry[at(leaf)];
      amounts[at(leaf)] += from_land;
      runoff += from_land;
      if (leaf != ocean) unit_of(leaf).inflow_m3 += from_land;
    }
    const double left = state_.left_m();
    state_.pour(amounts);
    year_.left_m3 += state_.left_m() - left;
    year_.rain_m3 += rain_m * static_cast<double>(valid_cells_);
    year_.retained_m3 += rain_m * (static_cast<double>(valid_cells_) - wet_cells) - runoff;
  }

  void lose(double evaporation_m, double seepage_m) {
    const double both = evaporation_m + seepage_m;
    if (both <= 0.0) return;
    for (const Water& water : sheets()) {
      const double asked = both * static_cast<double>(water.cells);
      const double lost = asked - state_.take(water.node, asked);
      const double evaporated = lost * evaporation_m / both;
      year_.evaporated_m3 += evaporated;
      year_.seeped_m3 += lost - evaporated;
      unit_of(water.node).evaporated_m3 += evaporated;
      unit_of(water.node).seeped_m3 += lost - evaporated;
    }
  }

  void record(int month) {
    area_today_.assign(roots_.size(), 0.0);
    volume_today_.assign(roots_.size(), 0.0);
    wet_today_.assign(roots_.size(), 0);
    for (std::int32_t node = 1; at(node) < hierarchy_.nodes.size(); ++node)
      volume_today_[at(place_of_[at(root_of_[at(node)])])] += state_.own_m(node);
    for (const Water& water : sheets()) {
      const Depression& d = hierarchy_.nodes[at(water.node)];
      const auto k = at(place_of_[at(root_of_[at(water.node)])]);
      area_today_[k] += static_cast<double>(water.cells);
      wet_today_[k] |= water.level_m - static_cast<double>(elevation_m_[d.pit]) >= options_.least_depth_m;
      const std::int64_t own = curves_.own_cells_below(water.node, water.level_m);
      if (own > 0) {
        days_here_[at(curves_.own_begin(water.node) + own - 1)] += 1;
        levels_here_[at(curves_.own_begin(water.node) + own - 1)] += water.level_m;
      }
      if (d.left != none)
        for (const std::int32_t part : {d.left, d.right}) {
          days_under_[at(part)] += 1;
          levels_under_[at(part)] += water.level_m;
        }
      highest_[at(water.node)] = std::max(highest_[at(water.node)], water.level_m);
      std::int64_t shallower = water.cells;
      for (std::size_t i = 0; i < options_.depth_limits_m.size(); ++i) {
        const std::int64_t deeper = curves_.cells_below(water.node, water.level_m - options_.depth_limits_m[i]);
        units_[k].area_by_depth_m2[i] += static_cast<double>(shallower - deeper);
        shallower = deeper;
      }
      units_[k].area_by_depth_m2.back() += static_cast<double>(shallower);
    }
    for (std::size_t k = 0; k < roots_.size(); ++k) {
      DepressionYear& unit = units_[k];
      unit.wet_days += wet_today_[k];
      unit.mean_area_m2 += area_today_[k];
      unit.greatest_area_m2 = std::max(unit.greatest_area_m2, area_today_[k]);
      unit.mean_volume_m3 += volume_today_[k];
      unit.greatest_volume_m3 = std::max(unit.greatest_volume_m3, volume_today_[k]);
      unit.monthly_area_m2[at(month)] += area_today_[k];
      year_.inundated_m2[at(month)] += area_today_[k];
    }
  }

  const Raster<float>& elevation_m_;
  const DepressionHierarchy& hierarchy_;
  const BalanceOptions& options_;
  double area_m2_;
  Catchments catchments_;
  StageCurves curves_;
  StandingWater state_;
  std::vector<std::int32_t> roots_, root_of_, place_of_;
  std::vector<std::int64_t> catchment_cells_;  // of all leaves under a node
  std::int64_t valid_cells_ = 0;

  BalanceYear year_;
  std::vector<DepressionYear> units_;
  std::vector<double> spilled_at_start_;
  double stored_at_start_ = 0.0;
  std::array<int, 12> month_days_{};
  std::vector<double> runoff_of_tenths_, area_today_, volume_today_;
  std::vector<std::uint8_t> wet_today_;
  double runoff_for_ = -1.0;

  // Days under water and sums of levels: at the highest own cell that a sheet of water covers, counted for all below
  // it; and for whole parts beneath a sheet.
  std::vector<std::int32_t> days_here_;
  std::vector<double> levels_here_;
  std::vector<std::int64_t> days_under_;
  std::vector<double> levels_under_, highest_;
};

}  // namespace

WaterBalance water_balance(const Raster<float>& elevation_m, double cell_m, const DepressionHierarchy& hierarchy,
                           const Raster<float>& curve_number, std::span<const WeatherDay> weather,
                           const BalanceOptions& options, const RunContext& context) {
  require_weather(weather);
  Balance balance(elevation_m, cell_m, hierarchy, curve_number, options);
  WaterBalance result;
  balance.begin_year(weather.front().year);
  for (std::size_t i = 0; i < weather.size(); ++i) {
    if (i > 0 && weather[i].year != weather[i - 1].year) {
      context.check();
      balance.end_year(result);
      balance.begin_year(weather[i].year);
    }
    balance.day(weather[i]);
  }
  balance.end_year(result);
  balance.maps(result);
  return result;
}

std::vector<WeatherDay> scaled_weather(std::span<const WeatherDay> weather, double rain_factor,
                                       double evaporation_factor) {
  std::vector<WeatherDay> scaled(weather.begin(), weather.end());
  for (WeatherDay& day : scaled) {
    day.rain_mm *= rain_factor;
    day.evaporation_mm *= evaporation_factor;
  }
  return scaled;
}

std::vector<YearKind> kinds_of_years(std::span<const double> rain_mm, double lower, double upper) {
  std::vector<double> sorted(rain_mm.begin(), rain_mm.end());
  std::sort(sorted.begin(), sorted.end());
  const auto quantile = [&](double share) {
    const double rank = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(rank);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  };
  std::vector<YearKind> kinds;
  if (sorted.empty()) return kinds;
  const double dry = quantile(lower), wet = quantile(upper);
  for (const double rain : rain_mm)
    kinds.push_back(rain <= dry && dry < wet   ? YearKind::drought
                    : rain >= wet && dry < wet ? YearKind::flood
                                               : YearKind::ordinary);
  return kinds;
}

}  // namespace greenweave
