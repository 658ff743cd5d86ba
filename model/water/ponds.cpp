#include "model/water/ponds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/run/error.hpp"

namespace greenweave {

double pond_factor(double share) {
  constexpr std::array<std::pair<double, double>, 5> table{
      {{0.0, 1.0}, {0.002, 0.97}, {0.01, 0.87}, {0.03, 0.75}, {0.05, 0.72}}};
  for (std::size_t i = 1; i < table.size(); ++i) {
    const auto& [x0, y0] = table[i - 1];
    const auto& [x1, y1] = table[i];
    if (share < x1) return y0 + (y1 - y0) * (std::max(share, x0) - x0) / (x1 - x0);
  }
  return table.back().second;
}

double detention_ratio(double r) { return 0.682 - 1.43 * r + 1.64 * r * r - 0.804 * r * r * r; }

double Weir::outflow_m3_s(double level_m) const {
  const double head = level_m - crest_m;
  return head > 0.0 ? coefficient * width_m * head * std::sqrt(head) : 0.0;
}

RoutedFlow route_level_pool(std::span<const double> inflow_m3_s, double step_s, std::span<const PondStage> rating,
                            double first_level_m) {
  for (std::size_t i = 1; i < rating.size(); ++i)
    if (!(rating[i].level_m > rating[i - 1].level_m && rating[i].storage_m3 > rating[i - 1].storage_m3 &&
          rating[i].outflow_m3_s >= rating[i - 1].outflow_m3_s))
      throw InputError("", "rating", fmt::format("line {} does not ascend", i + 1),
                       "levels and storages must rise, outflows must not fall");
  const auto outside = [&](double level) {
    return InputError("", "rating", fmt::format("the pond stands at {:g} m, which it does not know", level),
                      "give it more lines");
  };
  if (rating.size() < 2) throw outside(first_level_m);
  // Between two lines everything is linear in the level, so also S + O dt / 2.
  const auto indicator = [&](const PondStage& s) { return s.storage_m3 + 0.5 * step_s * s.outflow_m3_s; };
  const auto between = [&](const auto& measure, double value) {
    std::size_t i = 1;
    while (i < rating.size() && measure(rating[i]) < value) ++i;
    const double low = measure(rating[i - 1]);
    if (i == rating.size() || value < low)
      throw outside(i == rating.size() ? rating.back().level_m : rating[0].level_m);
    const double t = (value - low) / (measure(rating[i]) - low);
    const auto mix = [&](double a, double b) { return a + t * (b - a); };
    return PondStage{mix(rating[i - 1].level_m, rating[i].level_m), mix(rating[i - 1].storage_m3, rating[i].storage_m3),
                     mix(rating[i - 1].outflow_m3_s, rating[i].outflow_m3_s)};
  };

  RoutedFlow routed;
  PondStage now = between([](const PondStage& s) { return s.level_m; }, first_level_m);
  const double first_storage = now.storage_m3;
  double in = 0.0, out = 0.0;
  for (std::size_t i = 0; i < inflow_m3_s.size(); ++i) {
    if (i > 0) {
      const double inflow = 0.5 * step_s * (inflow_m3_s[i - 1] + inflow_m3_s[i]);
      const double before = now.outflow_m3_s;
      now = between(indicator, now.storage_m3 - 0.5 * step_s * before + inflow);
      in += inflow;
      out += 0.5 * step_s * (before + now.outflow_m3_s);
    }
    routed.outflow_m3_s.push_back(now.outflow_m3_s);
    routed.level_m.push_back(now.level_m);
    routed.peak_inflow_m3_s = std::max(routed.peak_inflow_m3_s, inflow_m3_s[i]);
    routed.peak_outflow_m3_s = std::max(routed.peak_outflow_m3_s, now.outflow_m3_s);
  }
  routed.unaccounted_m3 = in - out - (now.storage_m3 - first_storage);
  return routed;
}

double outlet_concentration(double inlet, double load_m_yr, const Removal& removal, double temperature_c) {
  const double rate = removal.rate_m_yr * std::pow(removal.theta, temperature_c - 20.0);
  return removal.background +
         (inlet - removal.background) * std::pow(1.0 + rate / (removal.tanks * load_m_yr), -removal.tanks);
}

}  // namespace greenweave
