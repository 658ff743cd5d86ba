#include "model/water/drainage.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "model/water/runoff.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

double step_m(const D8Flow& flow, Cell cell, double cell_m) {
  return cell_m * (flow.to[cell] < 4 ? 1.0 : std::numbers::sqrt2);
}

}  // namespace

Drainage drainage_units(const D8Flow& flow, const Raster<double>& cells_drained, const StreamNetwork& streams,
                        const Raster<std::int32_t>& ponds, double cell_m) {
  const Shape& shape = flow.shape();
  std::vector<DrainageUnit> units;
  Raster<std::int32_t> mark(shape, 0);
  std::vector<std::int32_t> unit_of_pond;
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    const std::int32_t pond = flow.to[cell] == D8Flow::none ? 0 : ponds[cell];
    if (pond <= 0) continue;
    if (at(pond) >= unit_of_pond.size()) unit_of_pond.resize(at(pond) + 1, 0);
    std::int32_t& number = unit_of_pond[at(pond)];
    if (number == 0) {
      units.push_back({.pond = pond});
      number = static_cast<std::int32_t>(units.size());
    }
    mark[cell] = number;
    DrainageUnit& unit = units[at(number) - 1];
    ++unit.pond_cells;
    if (unit.outlet < 0 || cells_drained[cell] > unit.cells_drained) {
      unit.outlet = cell;
      unit.cells_drained = cells_drained[cell];
    }
  }
  for (const StreamLink& link : streams.links) {
    bool open = false;
    for (const Cell cell : link.cells) {
      if (mark[cell] != 0) {  // a pond
        open = false;
        continue;
      }
      if (!open) units.push_back({});
      open = true;
      DrainageUnit& unit = units.back();
      mark[cell] = static_cast<std::int32_t>(units.size());
      unit.outlet = cell;
      unit.cells_drained = cells_drained[cell];
      if (flow.receiver(cell) >= 0) unit.length_m += step_m(flow, cell, cell_m);
    }
  }

  // More land drains to what lies downstream: that orders the units.
  std::vector<std::int32_t> order(units.size()), place(units.size() + 1, 0);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return units[at(a)].cells_drained < units[at(b)].cells_drained;
  });
  for (std::size_t k = 0; k < order.size(); ++k) place[at(order[k]) + 1] = static_cast<std::int32_t>(k) + 1;
  Drainage drainage;
  for (const std::int32_t k : order) {
    DrainageUnit unit = units[at(k)];
    Cell cell = flow.receiver(unit.outlet);
    while (cell >= 0 && (mark[cell] == 0 || mark[cell] == k + 1)) cell = flow.receiver(cell);
    unit.downstream = cell >= 0 ? place[at(mark[cell])] - 1 : -1;
    assert(unit.downstream < 0 || unit.downstream > static_cast<std::int32_t>(drainage.units.size()));
    drainage.units.push_back(unit);
  }
  for (std::int32_t& m : mark.values) m = place[at(m)];
  drainage.unit = watersheds(flow, mark);
  for (std::int32_t& u : drainage.unit.values) u = std::max(u, 0);
  return drainage;
}

double concentration_time_h(double way_m, double curve_number, double slope, const LagRule& rule) {
  if (!(curve_number > 0.0)) return rule.least_h;
  const double feet = way_m / 0.3048, retention_in = retention_mm(curve_number) / 25.4;
  const double percent = 100.0 * std::max(slope, rule.least_slope);
  const double lag = std::pow(feet, 0.8) * std::pow(retention_in + 1.0, 0.7) / (1900.0 * std::sqrt(percent));
  return std::max(rule.least_h, lag / 0.6);
}

std::vector<UnitLand> unit_lands(const Drainage& drainage, const D8Flow& flow, const Raster<float>& curve_number,
                                 const Raster<float>& slope, double cell_m, const LagRule& rule) {
  const Shape& shape = flow.shape();
  constexpr std::size_t bins = 1001;  // tenths
  struct Sums {
    std::vector<std::int64_t> cells;
    double number = 0.0, slope = 0.0, way_m = 0.0;
    std::int64_t count = 0, sloping = 0;
  };
  std::vector<Sums> sums(drainage.units.size());
  // The way from each cell to its unit: down until a cell is met whose way is known, then back up.
  std::vector<float> way(at(shape.cells()), -1.0F);
  std::vector<Cell> path;
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!drainage.unit.is_valid(cell) || drainage.unit[cell] == 0) continue;
    Cell down = cell;
    while (way[at(down)] < 0.0F) {
      path.push_back(down);
      const Cell next = flow.receiver(down);
      if (next < 0 || drainage.unit[next] != drainage.unit[down]) break;  // the unit ends there
      down = next;
    }
    while (!path.empty()) {
      const Cell here = path.back();
      path.pop_back();
      const Cell next = flow.receiver(here);
      const bool last = next < 0 || drainage.unit[next] != drainage.unit[here];
      way[at(here)] = last ? 0.0F : way[at(next)] + static_cast<float>(step_m(flow, here, cell_m));
    }
    Sums& unit = sums[at(drainage.unit[cell]) - 1];
    if (unit.cells.empty()) unit.cells.assign(bins, 0);
    const double number =
        curve_number.is_valid(cell) ? std::clamp(static_cast<double>(curve_number[cell]), 0.0, 100.0) : 0.0;
    ++unit.cells[at(std::llround(10.0 * number))];
    unit.number += number;
    ++unit.count;
    if (slope.is_valid(cell)) {
      unit.slope += static_cast<double>(slope[cell]);
      ++unit.sloping;
    }
    unit.way_m = std::max(unit.way_m, static_cast<double>(way[at(cell)]));
  }
  std::vector<UnitLand> lands(sums.size());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const Sums& sum = sums[k];
    for (std::size_t b = 0; b < sum.cells.size(); ++b)
      if (sum.cells[b] > 0) lands[k].cells_by_number.emplace_back(0.1 * static_cast<double>(b), sum.cells[b]);
    if (sum.count > 0)
      lands[k].concentration_h =
          concentration_time_h(std::max(sum.way_m, cell_m), sum.number / static_cast<double>(sum.count),
                               sum.sloping > 0 ? sum.slope / static_cast<double>(sum.sloping) : 0.0, rule);
  }
  return lands;
}

}  // namespace greenweave
