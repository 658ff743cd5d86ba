#include "model/visitors/disturbance.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "model/grid/distance.hpp"
#include "model/grid/reach.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

std::vector<ZoneStep> step_table() {
  return {
      {1, 30}, {5, 60}, {15, 100}, {30, 200}, {60, 300}, {100, 400}, {std::numeric_limits<double>::infinity(), 600}};
}

ZoneRule threshold_rule(double reach_m) {
  ZoneRule rule;
  rule.steps = {{std::numeric_limits<double>::infinity(), reach_m, 1.0}};
  return rule;
}

std::vector<TaxonThreshold> taxon_thresholds() {
  const char* const review = "Dertien and others 2021";
  return {{"waders", 100, review},           {"passerines", 100, review},
          {"raptors", 400, review},          {"small_rodents", 50, review},
          {"large_ungulates", 1000, review}, {"waterbirds", 250, "setback distance for waterbirds"}};
}

void check(const ZoneRule& rule) {
  const auto fail = [](const std::string& reason, const std::string& remedy) {
    throw InputError("", "disturbance zones", reason, remedy);
  };
  if (rule.steps.empty()) fail("the table has no row", "give at least one");
  if (!(rule.least_groups_per_day >= 0.0))
    fail(fmt::format("at least {:g} groups a day", rule.least_groups_per_day), "give 0 or more");
  for (std::size_t k = 0; k < rule.steps.size(); ++k) {
    const ZoneStep& step = rule.steps[k];
    if (!(step.width_m >= 0.0 && std::isfinite(step.width_m)))
      fail(fmt::format("a width of {:g} m", step.width_m), "give 0 or more");
    if (!(step.strength >= 0.0 && step.strength <= 1.0))
      fail(fmt::format("a strength of {:g}", step.strength), "give a number from 0 to 1");
    if (k == 0) continue;
    const ZoneStep& before = rule.steps[k - 1];
    if (!(step.most_groups_per_day > before.most_groups_per_day))
      fail(fmt::format("a row of {:g} groups after one of {:g}", step.most_groups_per_day, before.most_groups_per_day),
           "order the rows by groups");
    if (step.width_m < before.width_m || step.strength < before.strength)
      fail(fmt::format("{:g} groups disturb less than {:g}", step.most_groups_per_day, before.most_groups_per_day),
           "let widths and strengths rise with the groups");
  }
  if (std::isfinite(rule.steps.back().most_groups_per_day))
    fail(fmt::format("no row holds more than {:g} groups", rule.steps.back().most_groups_per_day),
         "let the last row hold any number: infinity");
}

const ZoneStep* step_at(const ZoneRule& rule, double groups_per_day) {
  if (!(groups_per_day > rule.least_groups_per_day)) return nullptr;
  for (const ZoneStep& step : rule.steps)
    if (groups_per_day <= step.most_groups_per_day) return &step;
  return nullptr;
}

double level_at(const ZoneRule& rule, const ZoneStep& step, double distance_m) {
  if (distance_m > step.width_m) return 0.0;
  if (step.width_m == 0.0) return step.strength;
  const double share = distance_m / step.width_m;
  switch (rule.shape) {
    case ZoneShape::flat:
      return step.strength;
    case ZoneShape::linear:
      return step.strength * (1.0 - share);
    case ZoneShape::exponential:
      return step.strength * std::exp(-2.99 * share);
  }
  return 0.0;
}

ActiveHours active_between(int from, int to) {
  assert(from >= 0 && from <= 24 && to >= 0 && to <= 24);
  ActiveHours active{};
  for (int hour = 0; hour < 24; ++hour) {
    const bool is_awake = from == to || (from < to ? hour >= from && hour < to : hour >= from || hour < to);
    active[static_cast<std::size_t>(hour)] = is_awake ? 1.0 : 0.0;
  }
  return active;
}

std::vector<double> groups_felt(const TrailLoad& load, int first_hour, double group_size, const ActiveHours& active) {
  assert(group_size > 0.0 && first_hour >= 0);
  std::vector<double> groups;
  if (load.hours == 0) return groups;
  const auto hours = static_cast<std::size_t>(load.hours);
  groups.assign(load.along.size() / hours, 0.0);
  for (std::size_t link = 0; link < groups.size(); ++link)
    for (std::size_t hour = 0; hour < hours; ++hour) {
      const double persons = load.along[link * hours + hour] + load.against[link * hours + hour];
      groups[link] += persons / group_size * active[(static_cast<std::size_t>(first_hour) + hour) % 24];
    }
  return groups;
}

std::vector<UsedCell> used_cells(const Frame& frame, const TrailNetwork& network, std::span<const double> groups) {
  assert(groups.size() == network.links.size());
  std::vector<std::vector<Cell>> cells(network.links.size());
  parallel_for(
      static_cast<std::int64_t>(cells.size()),
      [&](std::int64_t k) {
        const auto link = static_cast<std::size_t>(k);
        if (groups[link] > 0.0) cells[link] = cells_along(frame, {Geometry::Kind::lines, {network.links[link].line}});
      },
      64);
  std::vector<UsedCell> used;
  for (std::size_t link = 0; link < cells.size(); ++link)
    for (const Cell cell : cells[link]) used.push_back({cell, groups[link]});
  std::sort(used.begin(), used.end(), [](const UsedCell& a, const UsedCell& b) {
    return a.cell != b.cell ? a.cell < b.cell : a.groups_per_day > b.groups_per_day;
  });
  used.erase(
      std::unique(used.begin(), used.end(), [](const UsedCell& a, const UsedCell& b) { return a.cell == b.cell; }),
      used.end());
  return used;
}

Raster<float> disturbance_level(const Frame& frame, std::span<const UsedCell> used, const ZoneRule& rule) {
  check(rule);
  const Shape& shape = frame.shape;
  std::vector<std::vector<Cell>> of_step(rule.steps.size());
  bool is_one_strength = rule.shape == ZoneShape::flat;
  for (const UsedCell& cell : used)
    if (const ZoneStep* step = step_at(rule, cell.groups_per_day); step != nullptr && step->strength > 0.0)
      of_step[static_cast<std::size_t>(step - rule.steps.data())].push_back(cell.cell);
  const ZoneStep* first = nullptr;
  for (std::size_t k = 0; k < of_step.size(); ++k) {
    if (of_step[k].empty()) continue;
    if (first == nullptr) first = &rule.steps[k];
    is_one_strength = is_one_strength && rule.steps[k].strength == first->strength;
  }
  Raster<float> level;
  if (first == nullptr) return level;
  level = Raster<float>(shape, 0.0F);

  if (is_one_strength) {
    std::vector<ReachingCell> discs;
    for (std::size_t k = 0; k < of_step.size(); ++k)
      for (const Cell cell : of_step[k]) discs.push_back({cell, rule.steps[k].width_m / frame.cell_m});
    const Raster<std::uint8_t> reached = within_reach(shape, discs);
    const auto strength = static_cast<float>(first->strength);
    parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        level.values[i] = reached.values[i] != 0 ? strength : 0.0F;
    });
    return level;
  }
  for (std::size_t k = 0; k < of_step.size(); ++k) {
    if (of_step[k].empty()) continue;
    const Raster<float> distance = nearest_cell(shape, of_step[k]).distance_cells;
    const ZoneStep& step = rule.steps[k];
    parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        const double distance_m = static_cast<double>(distance.values[i]) * frame.cell_m;
        if (distance_m <= step.width_m)
          level.values[i] = std::max(level.values[i], static_cast<float>(level_at(rule, step, distance_m)));
      }
    });
  }
  return level;
}

}  // namespace greenweave
