#include "scenarios/analyses/circuit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/movement/corridors.hpp"
#include "model/run/parallel.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

constexpr MeasureSpec conductance_spec{"conductance", "1", "Mean over pairs of focal nodes of 1 / effective resistance",
                                       1};
constexpr MeasureSpec resistance_spec{"R_eff", "1", "Mean effective resistance of the joined pairs of focal nodes", -1};
constexpr MeasureSpec unjoined_spec{"R_unjoined", "1", "Pairs of focal nodes that no path joins", -1};
constexpr MeasureSpec share_spec{"current_share", "1", "Share of the current that runs within the framework", 0};

Raster<float> conductance_of(const Raster<float>& resistance) {
  Raster<float> conductance(resistance.shape);
  parallel_pieces(resistance.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell)
      conductance[cell] = std::isinf(resistance[cell]) ? 0.0F : 1.0F / resistance[cell];
  });
  return conductance;
}

struct FocalNodes {
  std::vector<std::string> names;
  std::vector<Terminal> terminals;
};

/// Labels of the largest patches, 0 elsewhere; empty where patches are not what current runs between.
Raster<std::int32_t> short_circuits(const PatchSet& patches, const CircuitAnalysis& what) {
  if (what.focal != CircuitAnalysis::Focal::patches) return {};
  std::vector<std::int32_t> order(patches.patches.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return patches.patches[static_cast<std::size_t>(a)].attribute >
           patches.patches[static_cast<std::size_t>(b)].attribute;
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(what.most_patches)));
  std::vector<std::int32_t> keep(patches.patches.size() + 1, 0);
  for (const std::int32_t k : order) keep[static_cast<std::size_t>(k) + 1] = k + 1;
  Raster<std::int32_t> group(patches.label.shape);
  for (std::size_t i = 0; i < group.values.size(); ++i)
    group.values[i] = keep[static_cast<std::size_t>(patches.label.values[i])];
  return group;
}

FocalNodes focal_nodes(const GuildCase& c, const CircuitAnalysis& what, const RasterCircuit& circuit,
                       const Raster<std::int32_t>& group) {
  FocalNodes focal;
  const auto add = [&](const std::string& name, std::int64_t key, std::vector<std::pair<std::int32_t, double>> shares) {
    focal.names.push_back(name);
    focal.terminals.push_back({key, std::move(shares)});
  };
  switch (what.focal) {
    case CircuitAnalysis::Focal::elements:
      for (std::size_t e = 0; e < c.study.elements.size(); ++e) {
        std::vector<std::pair<std::int32_t, double>> shares;
        for (const Cell cell : c.framework.footprints[e].cells)
          if (circuit.node[cell] >= 0) shares.emplace_back(circuit.node[cell], 1.0);
        add(c.study.elements[e].name, static_cast<std::int64_t>(e), std::move(shares));
      }
      break;
    case CircuitAnalysis::Focal::patches:
      for (std::size_t k = 0; k < c.assessment.patches.patches.size(); ++k) {
        const Patch& patch = c.assessment.patches.patches[k];
        if (group[patch.first] != 0) add(std::to_string(k + 1), patch.first, {{circuit.node[patch.first], 1.0}});
      }
      break;
    case CircuitAnalysis::Focal::points: {
      const Frame& frame = c.landscape.frame;
      for (std::size_t k = 0; k < what.points.size(); ++k) {
        std::vector<std::pair<std::int32_t, double>> shares;
        for (const auto& part : what.points[k].geometry.parts)
          for (const Point& point : part) {
            const std::int64_t row = frame.row_at(point.y), col = frame.col_at(point.x);
            if (!frame.shape.holds(row, col)) continue;
            const Cell cell = frame.shape.cell(static_cast<std::int32_t>(row), static_cast<std::int32_t>(col));
            if (circuit.node[cell] >= 0) shares.emplace_back(circuit.node[cell], 1.0);
          }
        add(what.points[k].name, static_cast<std::int64_t>(k), std::move(shares));
      }
      break;
    }
  }
  return focal;
}

struct PairRow {
  int a, b;
  double resistance;
};

std::vector<PairRow> pairs_of(const TerminalVoltages& voltages) {
  std::vector<PairRow> pairs;
  for (int a = 0; a < voltages.count(); ++a)
    for (int b = a + 1; b < voltages.count(); ++b) pairs.push_back({a, b, voltages.resistance(a, b)});
  return pairs;
}

double sum_of_resistances(const TerminalVoltages& voltages) {
  double sum = 0.0;
  for (const PairRow& pair : pairs_of(voltages))
    if (std::isfinite(pair.resistance)) sum += pair.resistance;
  return sum;
}

void add_focal_tables(const TerminalVoltages& voltages, const std::vector<std::string>& names, GuildResult& result) {
  struct NodeRow {
    std::size_t k;
  };
  std::vector<NodeRow> rows;
  for (std::size_t k = 0; k < names.size(); ++k) rows.push_back({k});
  result.tables.push_back(
      TableOf("focal_nodes", rows)
          .text("name", "Element, patch (id) or point", [&](const NodeRow& r) { return names[r.k]; })
          .integer("joined", "1", "1: has nodes in the main component, and its solution converged",
                   [&](const NodeRow& r) { return voltages.joined[r.k]; })
          .integer("iterations", "1", "Iterations of its solution",
                   [&](const NodeRow& r) { return voltages.reports[r.k].iterations; })
          .number("residual", "1", "True residual of its solution, relative",
                  [&](const NodeRow& r) { return voltages.reports[r.k].residual; })
          .integer("converged", "1", "0: the residual is above the tolerance, and its pairs are left out",
                   [&](const NodeRow& r) { return voltages.reports[r.k].converged ? 1 : 0; })
          .take());
  const std::vector<PairRow> pairs = pairs_of(voltages);
  const auto name = [&](int k) { return names[static_cast<std::size_t>(k)]; };
  result.tables.push_back(
      TableOf("focal_pairs", pairs)
          .text("a", "One focal node", [&](const PairRow& p) { return name(p.a); })
          .text("b", "The other focal node", [&](const PairRow& p) { return name(p.b); })
          .number("resistance", "1",
                  "Effective resistance, in that of one square of resistance 1; infinity: not joined",
                  [](const PairRow& p) { return p.resistance; })
          .number("conductance", "1", "Its reciprocal", [](const PairRow& p) { return 1.0 / p.resistance; })
          .take());
}

/// Current summed over some cells.
double current_in(const Raster<float>& current, const std::vector<Cell>& cells) {
  double sum = 0.0;
  for (const Cell cell : cells) sum += static_cast<double>(current[cell]);
  return sum;
}

double total_current(const Raster<float>& current) {
  return deterministic_sum<double>(current.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0.0;
    for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell)
      sum += static_cast<double>(current[cell]);
    return sum;
  });
}

void add_element_currents(const GuildCase& c, const Raster<float>& current, double total, GuildResult& result) {
  if (c.study.elements.empty()) return;
  const auto cells_of_element = [&, first = c.study.elements.data()](const Element& e) -> const std::vector<Cell>& {
    return c.framework.footprints[static_cast<std::size_t>(&e - first)].cells;
  };
  const double cells = static_cast<double>(current.shape.cells());
  result.tables.push_back(TableOf("element_currents", c.study.elements)
                              .text("element", "Name", [](const Element& e) { return e.name; })
                              .number("share", "1", "Share of the current of all cells that runs in it",
                                      [&](const Element& e) {
                                        return total > 0.0 ? current_in(current, cells_of_element(e)) / total : nan;
                                      })
                              .number("density", "1", "Current of its cells over that of the average cell",
                                      [&](const Element& e) {
                                        const auto& own = cells_of_element(e);
                                        if (own.empty() || total <= 0.0) return nan;
                                        return current_in(current, own) / static_cast<double>(own.size()) /
                                               (total / cells);
                                      })
                              .number("highest", "A", "Highest current of a cell, summed over pairs",
                                      [&](const Element& e) {
                                        double most = 0.0;
                                        for (const Cell cell : cells_of_element(e))
                                          most = std::max(most, static_cast<double>(current[cell]));
                                        return most;
                                      })
                              .take());
}

/// Cells of the links' corridors that carry more current than the stated quantile of them, as areas.
void add_pinch_points(const GuildCase& c, const CircuitAnalysis& what, const Raster<float>& current,
                      const RunContext& context, GuildResult& result) {
  const Frame& frame = c.landscape.frame;
  struct Pinch {
    std::int64_t cells = 0;
    double sum = 0.0, most = 0.0, x = 0.0, y = 0.0;
    std::int32_t link = 0;
  };
  std::vector<Pinch> pinches;
  Raster<std::int32_t> label(frame.shape, 0);
  if (!c.assessment.links.links.empty()) {
    CorridorRule rule;
    rule.slack_share = what.corridor_slack_share;
    const Corridors corridors = find_corridors(frame, c.assessment.surface, c.assessment.patches, c.assessment.links,
                                               c.guild.links, rule, context);
    std::vector<float> inside;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (corridors.link[cell] != 0 && current[cell] > 0.0F) inside.push_back(current[cell]);
    if (!inside.empty()) {
      const auto at =
          inside.begin() + static_cast<std::ptrdiff_t>(what.pinch_quantile * static_cast<double>(inside.size() - 1));
      std::nth_element(inside.begin(), at, inside.end());
      Raster<std::uint8_t> mask(frame.shape, 0);
      for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
        mask[cell] = corridors.link[cell] != 0 && current[cell] > 0.0F && current[cell] >= *at;
      std::int32_t count = 0;
      label = label_components(mask, Neighbourhood::eight, &count);
      pinches.resize(static_cast<std::size_t>(count));
      for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
        if (label[cell] == 0) continue;
        Pinch& pinch = pinches[static_cast<std::size_t>(label[cell] - 1)];
        const Point centre = frame.centre(cell);
        const auto amperes = static_cast<double>(current[cell]);
        ++pinch.cells;
        pinch.sum += amperes;
        pinch.x += centre.x;
        pinch.y += centre.y;
        if (amperes > pinch.most) {
          pinch.most = amperes;
          pinch.link = corridors.link[cell];
        }
      }
    }
  }
  result.tables.push_back(
      TableOf("pinch_points", pinches)
          .integer("id", "1", "Label in the pinch_points raster",
                   [first = pinches.data()](const Pinch& p) { return &p - first + 1; })
          .number("area_ha", "ha", "Area",
                  [&](const Pinch& p) { return static_cast<double>(p.cells) * frame.cell_area_ha(); })
          .number("x", "m", "Centroid, easting", [](const Pinch& p) { return p.x / static_cast<double>(p.cells); })
          .number("y", "m", "Centroid, northing", [](const Pinch& p) { return p.y / static_cast<double>(p.cells); })
          .number("mean", "A", "Mean current of its cells, summed over pairs",
                  [](const Pinch& p) { return p.sum / static_cast<double>(p.cells); })
          .number("highest", "A", "Highest current of a cell", [](const Pinch& p) { return p.most; })
          .integer("link", "1", "Row of the link (from 1) in whose corridor that cell lies",
                   [](const Pinch& p) { return p.link; })
          .take());
  result.rasters.push_back({"pinch_points", "1", "Pinch points by id; 0: none", std::move(label)});
}

/// Sums of a raster over circular windows around each cell.
Raster<float> window_sums(const Raster<float>& values, double radius_cells) {
  const Shape shape = values.shape;
  const auto reach = static_cast<std::int32_t>(std::floor(radius_cells));
  std::vector<std::int32_t> half(static_cast<std::size_t>(2 * reach + 1));
  for (std::int32_t dr = -reach; dr <= reach; ++dr)
    half[static_cast<std::size_t>(dr + reach)] =
        static_cast<std::int32_t>(std::floor(std::sqrt(radius_cells * radius_cells - static_cast<double>(dr) * dr)));
  // Sums of each row from its begin.
  std::vector<double> before(static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.cols + 1));
  const auto row_of = [&](std::int32_t r) {
    return before.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(shape.cols + 1);
  };
  parallel_for(shape.rows, [&](std::int64_t r) {
    double* const sums = row_of(static_cast<std::int32_t>(r));
    for (std::int32_t c = 0; c < shape.cols; ++c)
      sums[c + 1] = sums[c] + static_cast<double>(values.at(static_cast<std::int32_t>(r), c));
  });
  Raster<float> out(shape);
  parallel_for(shape.rows, [&](std::int64_t row) {
    const auto r = static_cast<std::int32_t>(row);
    for (std::int32_t c = 0; c < shape.cols; ++c) {
      double sum = 0.0;
      for (std::int32_t dr = std::max(-reach, -r); dr <= std::min(reach, shape.rows - 1 - r); ++dr) {
        const std::int32_t h = half[static_cast<std::size_t>(dr + reach)];
        sum += row_of(r + dr)[std::min(shape.cols, c + h + 1)] - row_of(r + dr)[std::max(0, c - h)];
      }
      out.at(r, c) = static_cast<float>(sum);
    }
  });
  return out;
}

struct BarrierRow {
  Cell centre;
  double promised;     // fall of the sum of resistances at least
  double exact = nan;  // solved again
};

/// What restoring a window would gain, everywhere as a lower bound, at the best places solved again.
void add_barriers(const GuildCase& c, const CircuitAnalysis& what, const RasterCircuit& circuit,
                  const TerminalVoltages& voltages, const Raster<std::int32_t>& group, const RunContext& context,
                  GuildResult& result) {
  const Frame& frame = c.landscape.frame;
  const Raster<float>& resistance = c.assessment.surface.resistance;
  const double sum = sum_of_resistances(voltages);
  const double radius_cells = std::max(0.5, what.barrier_radius_m / frame.cell_m);
  const auto restored = static_cast<float>(what.restored_resistance);
  Raster<float> gain = resistance_gradient(circuit, voltages);
  parallel_pieces(frame.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell)
      gain[cell] = std::isfinite(resistance[cell]) && resistance[cell] > restored
                       ? gain[cell] * (resistance[cell] - restored)
                       : 0.0F;
  });
  Raster<float> windows = window_sums(gain, radius_cells);

  // The best windows that do not overlap; of equal ones the first.
  std::vector<Cell> order;
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    bool is_peak = windows[cell] > 0.0F;
    for_each_neighbour(frame.shape, cell, Neighbourhood::eight,
                       [&](Cell other, bool) { is_peak = is_peak && windows[cell] >= windows[other]; });
    if (is_peak) order.push_back(cell);
  }
  std::stable_sort(order.begin(), order.end(), [&](Cell a, Cell b) { return windows[a] > windows[b]; });
  const auto apart = [&](Cell a, Cell b) {
    const double dr = frame.shape.row(a) - frame.shape.row(b), dc = frame.shape.col(a) - frame.shape.col(b);
    return dr * dr + dc * dc > 4.0 * radius_cells * radius_cells;
  };
  std::vector<BarrierRow> places;
  for (const Cell cell : order) {
    if (static_cast<int>(places.size()) == what.barrier_places) break;
    if (std::all_of(places.begin(), places.end(), [&](const BarrierRow& p) { return apart(p.centre, cell); }))
      places.push_back({cell, static_cast<double>(windows[cell])});
  }
  if (const int exact = std::min(what.exact_places, static_cast<int>(places.size())); exact > 0) {
    const CellVoltages start = voltages_by_cell(circuit, voltages);
    for (int k = 0; k < exact; ++k) {
      BarrierRow& place = places[static_cast<std::size_t>(k)];
      Raster<float> changed = resistance;
      const std::int32_t r = frame.shape.row(place.centre), col = frame.shape.col(place.centre);
      const auto reach = static_cast<std::int32_t>(std::floor(radius_cells));
      for (std::int32_t dr = -reach; dr <= reach; ++dr)
        for (std::int32_t dc = -reach; dc <= reach; ++dc) {
          if (!frame.shape.holds(r + dr, col + dc)) continue;
          if (static_cast<double>(dr) * dr + static_cast<double>(dc) * dc > radius_cells * radius_cells) continue;
          float& at = changed.at(r + dr, col + dc);
          if (std::isfinite(at)) at = std::min(at, restored);
        }
      const RasterCircuit anew = raster_circuit(conductance_of(changed), group, what.rule);
      // No cell comes or goes, so the nodes are the same.
      const TerminalVoltages solved = solve_terminals(anew, voltages.terminals, {what.tolerance, 300}, context, &start);
      place.exact = sum - sum_of_resistances(solved);
    }
  }
  result.tables.push_back(
      TableOf("current_barrier_places", places)
          .integer("rank", "1", "1: the best", [first = places.data()](const BarrierRow& p) { return &p - first + 1; })
          .number("x", "m", "Centre of the window, easting",
                  [&](const BarrierRow& p) { return frame.centre(p.centre).x; })
          .number("y", "m", "Centre of the window, northing",
                  [&](const BarrierRow& p) { return frame.centre(p.centre).y; })
          .number("radius_m", "m", "Radius of the window", [&](const BarrierRow&) { return what.barrier_radius_m; })
          .number("gain_percent", "%",
                  "Fall of the sum of all pairs' effective resistances if it is restored, at least",
                  [&](const BarrierRow& p) { return 100.0 * p.promised / sum; })
          .number("exact_gain_percent", "%", "The same, solved again with the window restored; NaN: not solved",
                  [&](const BarrierRow& p) { return 100.0 * p.exact / sum; })
          .take());
  for (float& v : windows.values) v = sum > 0.0 ? static_cast<float>(100.0 * static_cast<double>(v) / sum) : 0.0F;
  windows.valid = c.landscape.cover.valid;
  result.rasters.push_back({"current_barriers", "%",
                            "Least fall of the sum of effective resistances if the window around the cell is restored",
                            std::move(windows)});
}

}  // namespace

std::vector<const MeasureSpec*> circuit_measures() {
  return {&conductance_spec, &resistance_spec, &unjoined_spec, &share_spec};
}

void add_circuit(const GuildCase& guild_case, const CircuitAnalysis& what, const RunContext& context,
                 const CellVoltages* start, CellVoltages* found, GuildResult& result) {
  const GuildCase& c = guild_case;
  if (!is_asked_for(what.guilds, c.guild)) return;
  const Raster<std::int32_t> group = short_circuits(c.assessment.patches, what);
  const RasterCircuit circuit = raster_circuit(conductance_of(c.assessment.surface.resistance), group, what.rule);
  FocalNodes focal = focal_nodes(c, what, circuit, group);
  const TerminalVoltages voltages =
      solve_terminals(circuit, std::move(focal.terminals), {what.tolerance, 300}, context, start);

  const std::vector<PairRow> pairs = pairs_of(voltages);
  double conductance = 0.0, resistance = 0.0;
  int joined = 0;
  for (const PairRow& pair : pairs)
    // Focal nodes in the same place conduct without bound: they tell nothing.
    if (std::isfinite(pair.resistance) && pair.resistance > 0.0) {
      conductance += 1.0 / pair.resistance;
      resistance += pair.resistance;
      ++joined;
    }
  const auto unjoined =
      std::count_if(pairs.begin(), pairs.end(), [](const PairRow& p) { return std::isinf(p.resistance); });
  add_index(result, {&conductance_spec, pairs.empty() ? nan : conductance / static_cast<double>(pairs.size())});
  add_index(result, {&resistance_spec, joined > 0 ? resistance / joined : nan});
  add_index(result, {&unjoined_spec, static_cast<double>(unjoined)});

  Raster<float> current = cumulative_current(circuit, voltages);
  const double total = total_current(current);
  std::vector<Cell> of_framework;
  for (const Footprint& footprint : c.framework.footprints)
    of_framework.insert(of_framework.end(), footprint.cells.begin(), footprint.cells.end());
  std::sort(of_framework.begin(), of_framework.end());
  of_framework.erase(std::unique(of_framework.begin(), of_framework.end()), of_framework.end());
  add_index(result, {&share_spec, total > 0.0 ? current_in(current, of_framework) / total : nan});
  if (c.indices_only) return;

  add_focal_tables(voltages, focal.names, result);
  add_element_currents(c, current, total, result);
  add_pinch_points(c, what, current, context, result);
  if (what.barrier_places > 0 && what.rule.step == StepConductance::average_resistance)
    add_barriers(c, what, circuit, voltages, group, context, result);
  current.valid = c.landscape.cover.valid;
  result.rasters.push_back({"current", "A", "Current through each cell, summed over pairs of focal nodes with 1 A each",
                            std::move(current)});
  if (found != nullptr) *found = voltages_by_cell(circuit, voltages);
}

}  // namespace greenweave
