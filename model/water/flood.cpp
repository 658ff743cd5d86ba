#include "model/water/flood.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "model/run/parallel.hpp"
#include "model/water/ponds.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Share of a triangle of base `base` with its peak at `peak` that lies before `t`.
double triangle_before(double t, double peak, double base) {
  if (t <= 0.0) return 0.0;
  if (t >= base) return 1.0;
  return t <= peak ? t * t / (peak * base) : 1.0 - (base - t) * (base - t) / (base * (base - peak));
}

}  // namespace

double Storm::fallen_mm(double hour) const {
  if (hour <= 0.0) return 0.0;
  if (hour >= hours) return rain_mm;
  if (shape == Shape::even) return rain_mm * hour / hours;
  const double t = 24.0 * hour / hours - 12.0;
  return rain_mm * (0.5 + t / 24.0 * std::pow(24.04 / (2.0 * std::abs(t) + 0.04), 0.75));
}

std::vector<double> unit_hydrograph(double concentration_h, double step_h) {
  const double peak = 0.5 * step_h + 0.6 * concentration_h, base = 2.67 * peak;
  std::vector<double> shares;
  double before = 0.0;
  for (int i = 1; before < 1.0; ++i) {
    const double now = triangle_before(i * step_h, peak, base);
    shares.push_back(now - before);
    before = now;
  }
  return shares;
}

FloodModel::FloodModel(const Drainage& drainage, const std::vector<UnitLand>& without,
                       const std::vector<UnitLand>& with, double cell_m, const Storm& storm,
                       const FloodOptions& options)
    : drainage_(drainage), cell_m2_(cell_m * cell_m), storm_(storm), options_(options) {
  const std::size_t count = drainage.units.size();
  // How long the last runoff takes to leave: the longest way along streams and the slowest land.
  std::vector<double> way_m(count, 0.0);
  double longest_m = 0.0, slowest_h = 0.0;
  for (std::size_t k = count; k-- > 0;) {
    const DrainageUnit& unit = drainage.units[k];
    way_m[k] = unit.length_m + (unit.downstream >= 0 ? way_m[at(unit.downstream)] : 0.0);
    longest_m = std::max(longest_m, way_m[k]);
    slowest_h = std::max({slowest_h, without[k].concentration_h, with[k].concentration_h});
  }
  const double step_h = options.step_min / 60.0;
  const double hours =
      storm.hours + longest_m / options.celerity_m_s / 3600.0 + 1.7 * slowest_h + options.tail_h + 3.0 * step_h;
  steps_ = static_cast<std::size_t>(std::ceil(hours / step_h)) + 1;
  without_.resize(count);
  with_.resize(count);
  parallel_for(
      static_cast<std::int64_t>(count),
      [&](std::int64_t k) {
        without_[at(k)] = local_of(without[at(k)]);
        if (drainage.units[at(k)].pond > 0) with_[at(k)] = local_of(with[at(k)]);
      },
      16);
}

FloodModel::Local FloodModel::local_of(const UnitLand& land) const {
  const double step_h = options_.step_min / 60.0;
  Local local;
  local.flow_m3_s.assign(steps_, 0.0);
  std::vector<double> runoff(steps_, 0.0);  // m3 in the step that ends there
  double before = 0.0;
  for (std::size_t i = 1; i < steps_; ++i) {
    const double rain = storm_.fallen_mm(static_cast<double>(i) * step_h);
    double sum = 0.0;
    for (const auto& [number, cells] : land.cells_by_number)
      sum += static_cast<double>(cells) * runoff_mm(number, rain, options_.runoff);
    sum *= cell_m2_ / 1000.0;
    runoff[i] = sum - before;
    before = sum;
    if (static_cast<double>(i) * step_h >= storm_.hours) break;
  }
  local.runoff_m3 = before;
  for (const auto& [number, cells] : land.cells_by_number)
    local.rain_m3 += static_cast<double>(cells) * storm_.rain_mm * cell_m2_ / 1000.0;
  const std::vector<double> shares = unit_hydrograph(land.concentration_h, step_h);
  for (std::size_t i = 1; i < steps_; ++i) {
    if (runoff[i] == 0.0) continue;
    for (std::size_t j = 0; j < shares.size() && i + j < steps_; ++j)
      local.flow_m3_s[i + j] += runoff[i] * shares[j] / (3600.0 * step_h);
  }
  return local;
}

Flood FloodModel::run(std::span<const std::uint8_t> at_work) const {
  const std::vector<DrainageUnit>& units = drainage_.units;
  const double step_s = 60.0 * options_.step_min;
  Flood flood;
  flood.units.resize(units.size());
  std::vector<std::vector<double>> arriving(units.size());
  for (std::size_t k = 0; k < units.size(); ++k) {
    const DrainageUnit& unit = units[k];
    const bool pond = unit.pond > 0 && at(unit.pond) < at_work.size() && at_work[at(unit.pond)] != 0;
    const Local& local = pond ? with_[k] : without_[k];
    UnitFlood& here = flood.units[k];
    std::vector<double> flow(steps_, 0.0);
    double came = local.runoff_m3, held = 0.0;
    flood.rain_m3 += local.rain_m3;
    flood.runoff_m3 += local.runoff_m3;
    if (!arriving[k].empty()) {
      // The wave is shifted by the time that it takes along the stretch; shares of steps are split between two.
      const double shift = unit.length_m / options_.celerity_m_s / step_s;
      const auto whole = static_cast<std::size_t>(shift);
      const double part = shift - std::floor(shift);
      for (std::size_t i = 0; i < steps_; ++i) {
        const double q = arriving[k][i];
        came += q * step_s;
        if (i + whole < steps_)
          flow[i + whole] += (1.0 - part) * q;
        else
          held += (1.0 - part) * q * step_s;
        if (i + whole + 1 < steps_)
          flow[i + whole + 1] += part * q;
        else
          held += part * q * step_s;
      }
      arriving[k] = {};
    }
    for (std::size_t i = 0; i < steps_; ++i) flow[i] += local.flow_m3_s[i];
    here.peak_in_m3_s = *std::max_element(flow.begin(), flow.end());
    if (pond) {
      const double area_m2 = static_cast<double>(unit.pond_cells) * cell_m2_;
      const Weir weir{.crest_m = 0.0, .width_m = options_.weir_width_m, .coefficient = options_.weir_coefficient};
      const double highest = std::max(1.0, 1.1 * came / area_m2);
      constexpr int lines = 120;
      std::vector<PondStage> rating;
      for (int i = 0; i <= lines; ++i) {
        const double level = highest * i * i / (lines * lines);
        rating.push_back({level, level * area_m2, weir.outflow_m3_s(level)});
      }
      RoutedFlow routed = route_level_pool(flow, step_s, rating, 0.0);
      here.most_held_m3 = area_m2 * *std::max_element(routed.level_m.begin(), routed.level_m.end());
      // The routing's trapezium rule leaves half of the last step's flows for the next one.
      held += area_m2 * routed.level_m.back() + 0.5 * step_s * (flow.back() - routed.outflow_m3_s.back());
      flow = std::move(routed.outflow_m3_s);
    }
    const auto peak = std::max_element(flow.begin(), flow.end());
    here.peak_m3_s = *peak;
    here.peak_hour = static_cast<double>(peak - flow.begin()) * step_s / 3600.0;
    for (const double q : flow) here.volume_m3 += q * step_s;
    flood.held_m3 += held;
    if (unit.downstream < 0) {
      flood.left_m3 += here.volume_m3;
    } else {
      std::vector<double>& next = arriving[at(unit.downstream)];
      if (next.empty()) next.assign(steps_, 0.0);
      for (std::size_t i = 0; i < steps_; ++i) next[i] += flow[i];
    }
  }
  flood.unaccounted_m3 = flood.runoff_m3 - flood.left_m3 - flood.held_m3;
  return flood;
}

double graphical_peak_m3_s(double area_km2, double concentration_h, double curve_number, double rain_mm,
                           double pond_share) {
  struct Line {
    double ratio, c0, c1, c2;
  };
  constexpr std::array<Line, 6> type_ii{{{0.10, 2.55323, -0.61512, -0.16403},
                                         {0.30, 2.46532, -0.62257, -0.11657},
                                         {0.35, 2.41896, -0.61594, -0.08820},
                                         {0.40, 2.36409, -0.59857, -0.05621},
                                         {0.45, 2.29238, -0.57005, -0.02281},
                                         {0.50, 2.20282, -0.51599, -0.01259}}};
  const double ratio = std::clamp(0.2 * retention_mm(curve_number) / rain_mm, 0.10, 0.50);
  const double log_time = std::log10(std::clamp(concentration_h, 0.1, 10.0));
  const auto unit_peak = [&](const Line& line) {  // cubic feet a second per square mile and inch
    return std::pow(10.0, line.c0 + line.c1 * log_time + line.c2 * log_time * log_time);
  };
  std::size_t k = 1;
  while (k + 1 < type_ii.size() && ratio > type_ii[k].ratio) ++k;
  const double t = (ratio - type_ii[k - 1].ratio) / (type_ii[k].ratio - type_ii[k - 1].ratio);
  const double q = unit_peak(type_ii[k - 1]) + t * (unit_peak(type_ii[k]) - unit_peak(type_ii[k - 1]));
  constexpr double cubic_foot = 0.3048 * 0.3048 * 0.3048, square_mile_km2 = 1.609344 * 1.609344;
  return q * cubic_foot * (area_km2 / square_mile_km2) * (runoff_mm(curve_number, rain_mm) / 25.4) *
         pond_factor(pond_share);
}

}  // namespace greenweave
