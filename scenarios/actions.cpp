#include "scenarios/actions.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

#include "model/grid/distance.hpp"
#include "model/movement/search.hpp"
#include "model/run/parallel.hpp"
#include "model/run/random.hpp"
#include "model/visitors/disturbance.hpp"

namespace greenweave {

namespace {

/// Log-normal factor of median 1 and the given coefficient of variation; 1 in draw 0.
double random_factor(double cv, std::uint64_t seed, const std::string& what, int draw) {
  if (draw == 0 || cv == 0.0) return 1.0;
  const double sigma = std::sqrt(std::log1p(cv * cv));
  return std::exp(sigma * random_normal(seed, stream_of(what), static_cast<std::uint64_t>(draw)));
}

/// Applies actions one after the other to a copy of the study's landscape.
class Works {
 public:
  Works(const Study& study, int year, int draw) : study_(study), year_(year), draw_(draw), made_(study.landscape) {}

  void apply(const Action& action) {
    const std::int64_t before = changed_;
    cut_m3_ = fill_m3_ = 0.0;
    start_ = action.start_year;
    action_ = &action;
    recovered_ = 1.0;
    peak_groups_ = 0.0;
    std::visit([&](const auto& what) { carry_out(what); }, action.what);
    name_.push_back(action.name);
    type_.push_back(type_of(action));
    year_begun_.push_back(action.start_year);
    area_ha_.push_back(static_cast<double>(changed_ - before) * made_.frame.cell_area_ha());
    recovery_.push_back(recovered_);
    groups_.push_back(peak_groups_);
    cut_.push_back(cut_m3_);
    filled_.push_back(fill_m3_);
  }

  ScenarioLandscape take() {
    disturb_visited();
    Table log{"actions",
              {{"action", "", "Name", std::move(name_)},
               {"type", "", "Type", std::move(type_)},
               {"start", "1", "First year in which it applies; -9999: always", std::move(year_begun_)},
               {"area_ha", "ha", "Land cover that it changed", std::move(area_ha_)},
               {"recovery", "1", "How far what it restored has developed by the year", std::move(recovery_)},
               {"peak_groups_per_day", "d-1", "Visitor groups on its busiest path", std::move(groups_)},
               {"cut_m3", "m3", "Earth taken away", std::move(cut_)},
               {"fill_m3", "m3", "Earth brought", std::move(filled_)}}};
    return {std::move(made_), std::move(log), std::move(restored_)};
  }

 private:
  static std::string type_of(const Action& action) {
    static constexpr std::array<const char*, 13> names{
        "restore",  "build_greenway", "open_crossing",  "develop",     "visitors",      "regrade",     "remove_weir",
        "visitors", "entrance_quota", "close_entrance", "close_trail", "improve_trail", "screen_trail"};
    static_assert(std::variant_size_v<decltype(action.what)> == names.size());
    return names[action.what.index()];
  }

  ClassIndex class_named(const std::string& name) const {
    const int found = made_.classes->index_of_name(name);
    assert(found >= 0 && "the study file's reader checks class names");
    return static_cast<ClassIndex>(found);
  }
  std::vector<bool> classes_named(const std::vector<std::string>& names) const {
    std::vector<bool> marks(made_.classes->classes.size(), false);
    for (const std::string& name : names) marks[class_named(name)] = true;
    return marks;
  }
  bool is(const std::vector<bool>& marks, Cell cell) const { return marks[made_.cover[cell]]; }

  /// Fraction of its way that a restored cell has gone.
  double recovered(const RecoveryCurve& curve) {
    RecoveryCurve drawn = curve;
    drawn.tau_years *=
        random_factor(study_.uncertainty.recovery_cv, study_.seed, "recovery of " + action_->name, draw_);
    return recovered_ = drawn.at(static_cast<double>(year_) - start_);
  }

  /// Turns a cell into a class; `fraction` of its way there, 1: at once.
  void turn(Cell cell, ClassIndex to, double fraction) {
    if (made_.cover[cell] == to) return;
    if (fraction < 1.0) made_.begin_recovery();
    if (!made_.recovery.empty()) {
      made_.former_cover[cell] = fraction < 1.0 ? made_.cover[cell] : to;
      made_.recovery[cell] = static_cast<float>(fraction);
    }
    made_.cover[cell] = to;
    ++changed_;
  }

  void carry_out(const RestoreHabitat& what) {
    const ClassIndex to = class_named(what.to);
    const std::vector<bool> from = classes_named(what.from);
    const double fraction = recovered(what.recovery);
    std::vector<Cell> cells = cells_inside(made_.frame, what.place);
    cells.insert(cells.end(), what.cells.begin(), what.cells.end());
    RestoredPlace place{action_->name, start_, what.to, {}, 0.0};
    for (const Cell cell : cells)
      if (made_.cover.is_valid(cell) && (what.from.empty() || is(from, cell))) {
        if (what.dig_m > 0.0 && made_.elevation_m != nullptr) set_height(cell, height(cell) - what.dig_m);
        if (made_.cover[cell] != to) place.cells.push_back(cell);
        turn(cell, to, fraction);
      }
    place.dug_m3 = cut_m3_;
    restored_.push_back(std::move(place));
  }

  void carry_out(const Regrade& what) {
    for (const Cell cell : cells_inside(made_.frame, what.place))
      set_height(cell, what.to_m ? *what.to_m : height(cell) + what.by_m.value_or(0.0));
  }

  void carry_out(const RemoveWeir& what) {
    const std::vector<Cell> weir = cells_within(made_.frame, what.place, what.width_m / 2.0);
    double level = std::numeric_limits<double>::infinity();
    for (const Cell cell : weir)
      for_each_neighbour(made_.frame.shape, cell, Neighbourhood::eight, [&](Cell beside, bool) {
        if (made_.elevation_m->is_valid(beside) && !std::binary_search(weir.begin(), weir.end(), beside))
          level = std::min(level, height(beside));
      });
    if (what.to_m) level = *what.to_m;
    for (const Cell cell : weir) {
      if (!made_.cover.is_valid(cell)) continue;
      if (std::isfinite(level)) set_height(cell, std::min(height(cell), level));
      if (!what.to.empty()) turn(cell, class_named(what.to), 1.0);
    }
  }

  double height(Cell cell) const { return static_cast<double>((*made_.elevation_m)[cell]); }

  /// Moves the ground of a cell. The study's heights are shared: the first change makes them the case's own.
  void set_height(Cell cell, double to_m) {
    if (!made_.elevation_m->is_valid(cell)) return;
    if (ground_ == nullptr) {
      ground_ = std::make_shared<Raster<float>>(*made_.elevation_m);
      made_.elevation_m = ground_;
    }
    float& z = (*ground_)[cell];
    const double before = static_cast<double>(z);
    z = static_cast<float>(to_m);
    const double risen_m3 = (static_cast<double>(z) - before) * made_.frame.cell_m * made_.frame.cell_m;
    (risen_m3 > 0.0 ? fill_m3_ : cut_m3_) += std::abs(risen_m3);
  }

  void carry_out(const BuildGreenway& what) {
    const auto type = std::find_if(study_.greenway_types.begin(), study_.greenway_types.end(),
                                   [&](const GreenwayType& t) { return t.name == what.type; });
    assert(type != study_.greenway_types.end());
    const ClassIndex to = class_named(type->belt_class);
    const std::vector<bool> spared = classes_named(what.spare);
    const double fraction = recovered(what.recovery);
    // Where the trail runs it takes its share of the cell: only the rest becomes belt.
    const double beside_trail = std::max(0.0, 1.0 - type->trail_width_m / made_.frame.cell_m);
    const std::vector<Cell> trail = cells_along(made_.frame, what.line);
    for (const Cell cell : cells_within(made_.frame, what.line, what.belt_width_m.value_or(type->belt_width_m) / 2.0)) {
      if (!made_.cover.is_valid(cell) || is(spared, cell)) continue;
      const bool on_trail = std::binary_search(trail.begin(), trail.end(), cell);
      turn(cell, to, on_trail ? fraction * beside_trail : fraction);
    }
    trails_.push_back(what.line);
    // Where visitors are followed along the trails, the trail disturbs as they do.
    if (type->disturbance_width_m > 0.0 && !study_.analyses.visitors)
      mark_disturbed(cells_within(made_.frame, what.line, type->disturbance_width_m));
  }

  void carry_out(const OpenCrossing& what) {
    const ClassIndex to = class_named(what.to);
    const std::vector<bool> across = classes_named(what.across);
    // A road burnt into coarse cells may be two cells wide: the deck must reach over it.
    const double reach = std::max(what.width_m / 2.0, 1.5 * made_.frame.cell_m);
    for (const Cell cell : cells_within(made_.frame, what.place, reach))
      if (made_.cover.is_valid(cell) && is(across, cell)) turn(cell, to, 1.0);
  }

  void carry_out(const Develop& what) {
    const ClassIndex to = class_named(what.to);
    const std::vector<bool> on = classes_named(what.on);
    std::vector<std::uint8_t> spared(static_cast<std::size_t>(made_.frame.shape.cells()), 0);
    if (what.spare_elements)
      for (const Element& element : study_.elements)
        for (const Cell cell : cells_of(made_, element)) spared[static_cast<std::size_t>(cell)] = 1;
    const auto may_build = [&](Cell cell) {
      return made_.cover.is_valid(cell) && made_.cover[cell] != to && spared[static_cast<std::size_t>(cell)] == 0 &&
             (what.on.empty() || is(on, cell)) && slope_percent(cell) <= what.max_slope_percent;
    };
    if (what.place) {
      for (const Cell cell : cells_inside(made_.frame, *what.place))
        if (may_build(cell)) turn(cell, to, 1.0);
      return;
    }
    // Growth: the nearest cells first, ties by index, until the area is met.
    const ClassIndex seed = class_named(what.grow_from);
    std::vector<Cell> seeds;
    for (Cell cell = 0; cell < made_.frame.shape.cells(); ++cell)
      if (made_.cover.is_valid(cell) && made_.cover[cell] == seed) seeds.push_back(cell);
    if (seeds.empty()) return;
    const Raster<float> distance = nearest_cell(made_.frame.shape, seeds).distance_cells;
    std::vector<Cell> sites;
    for (Cell cell = 0; cell < made_.frame.shape.cells(); ++cell)
      if (may_build(cell)) sites.push_back(cell);
    const auto wanted = static_cast<std::size_t>(std::llround(what.area_ha / made_.frame.cell_area_ha()));
    const std::size_t count = std::min(wanted, sites.size());
    const auto nearer = [&](Cell a, Cell b) { return distance[a] != distance[b] ? distance[a] < distance[b] : a < b; };
    if (count < sites.size())
      std::nth_element(sites.begin(), sites.begin() + static_cast<std::ptrdiff_t>(count), sites.end(), nearer);
    for (std::size_t i = 0; i < count; ++i) turn(sites[i], to, 1.0);
  }

  void carry_out(const Visitors& what) {
    visits_.push_back(&what);
    visit_rows_.push_back(name_.size());
  }

  // What these change is the visits of the case, not its landscape: see `visits_of`.
  void carry_out(const ChangeVisitors&) {}
  void carry_out(const EntranceQuota&) {}
  void carry_out(const CloseEntrance&) {}
  void carry_out(const CloseTrail&) {}
  void carry_out(const ImproveTrail&) {}
  void carry_out(const ScreenTrail&) {}

  /// Steepest slope to a neighbour's opposite, in per cent (central differences); 0 without an elevation.
  double slope_percent(Cell cell) const {
    if (made_.elevation_m == nullptr) return 0.0;
    const Raster<float>& z = *made_.elevation_m;
    const Shape& shape = z.shape;
    const std::int32_t r = shape.row(cell), c = shape.col(cell);
    const auto rise = [&](std::int32_t r0, std::int32_t c0, std::int32_t r1, std::int32_t c1) {
      r0 = std::max(r0, 0);
      c0 = std::max(c0, 0);
      r1 = std::min(r1, shape.rows - 1);
      c1 = std::min(c1, shape.cols - 1);
      const Cell a = shape.cell(r0, c0), b = shape.cell(r1, c1);
      const int steps = (r1 - r0) + (c1 - c0);
      if (steps == 0 || !z.is_valid(a) || !z.is_valid(b)) return 0.0;
      return (static_cast<double>(z[b]) - static_cast<double>(z[a])) / (steps * made_.frame.cell_m);
    };
    return 100.0 * std::hypot(rise(r - 1, c, r + 1, c), rise(r, c - 1, r, c + 1));
  }

  void mark_disturbed(const std::vector<Cell>& cells) {
    if (made_.disturbed.empty()) made_.disturbed = Raster<std::uint8_t>(made_.frame.shape, 0);
    for (const Cell cell : cells) made_.disturbed[cell] = 1;
  }

  /// Spreads all visits over the greenway network as it is at the end, and marks the zones that they disturb.
  void disturb_visited() {
    if (visits_.empty()) return;
    const Frame& frame = made_.frame;
    std::vector<Cell> network;
    const auto add = [&](const Geometry& way) {
      const std::vector<Cell> cells = cells_along(frame, way);
      network.insert(network.end(), cells.begin(), cells.end());
    };
    for (const Element& element : study_.elements) add(element.geometry);
    for (const Geometry& trail : trails_) add(trail);
    std::sort(network.begin(), network.end());
    network.erase(std::unique(network.begin(), network.end()), network.end());
    if (network.empty()) return;

    Raster<float> ways(frame.shape, impassable);
    for (const Cell cell : network) ways[cell] = 1.0F;
    const CostGrid grid(ways);
    CostSearch search(grid);
    std::vector<double> groups(network.size(), 0.0);
    for (std::size_t k = 0; k < visits_.size(); ++k) {
      search.reset();
      for (const Cell cell : entrances(*visits_[k], network)) search.add_source(cell);
      search.run(
          std::numeric_limits<double>::infinity(), [](std::uint32_t, double) { return true; },
          [](double) { return false; });
      double peak = 0.0;
      for (std::size_t i = 0; i < network.size(); ++i) {
        const double distance = search.cost(network[i]) * frame.cell_m;
        const double here = visits_[k]->groups_per_day * std::exp(-distance / visits_[k]->mean_distance_m);
        groups[i] += here;
        peak = std::max(peak, here);
      }
      groups_[visit_rows_[k]] = peak;
    }

    std::vector<UsedCell> used;
    for (std::size_t i = 0; i < network.size(); ++i) used.push_back({network[i], groups[i]});
    const Raster<float> level = disturbance_level(frame, used, {});
    if (level.empty()) return;
    std::vector<Cell> disturbed;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (level[cell] > 0.0F) disturbed.push_back(cell);
    mark_disturbed(disturbed);
  }

  /// Where visitors come onto the network: all along an element, or at the network's cells nearest to given points.
  std::vector<Cell> entrances(const Visitors& visit, const std::vector<Cell>& network) const {
    if (!visit.element.empty()) {
      const auto element = std::find_if(study_.elements.begin(), study_.elements.end(),
                                        [&](const Element& e) { return e.name == visit.element; });
      assert(element != study_.elements.end());
      return cells_along(made_.frame, element->geometry);
    }
    std::vector<Cell> nearest;
    for (const auto& part : visit.entrances.parts) {
      Cell best = -1;
      double least = std::numeric_limits<double>::infinity();
      for (const Cell cell : network) {
        const Point centre = made_.frame.centre(cell);
        const double distance = std::hypot(centre.x - part[0].x, centre.y - part[0].y);
        if (distance < least) {
          least = distance;
          best = cell;
        }
      }
      nearest.push_back(best);
    }
    return nearest;
  }

  const Study& study_;
  int year_, draw_;
  Landscape made_;
  std::int64_t changed_ = 0;
  std::vector<Geometry> trails_;  // of the greenways built so far
  std::vector<const Visitors*> visits_;
  std::vector<std::size_t> visit_rows_;  // their rows in the log
  // The action at work.
  const Action* action_ = nullptr;
  int start_ = 0;
  double recovered_ = 1.0, peak_groups_ = 0.0, cut_m3_ = 0.0, fill_m3_ = 0.0;
  std::vector<RestoredPlace> restored_;
  std::shared_ptr<Raster<float>> ground_;  // this case's own heights, once an action changed them
  // The log, column by column.
  std::vector<std::string> name_, type_;
  std::vector<std::int64_t> year_begun_;
  std::vector<double> area_ha_, recovery_, groups_, cut_, filled_;
};

}  // namespace

double RecoveryCurve::at(double years) const {
  if (years < 0.0) return 0.0;
  return tau_years > 0.0 ? ceiling * (1.0 - std::exp(-years / tau_years)) : ceiling;
}

ScenarioLandscape landscape_of(const Study& study, const Scenario& scenario, int year, int draw) {
  Works works(study, year, draw);
  for (const Action& action : scenario.actions)
    if (action.start_year <= year) works.apply(action);
  return works.take();
}

Guild perturbed(const Guild& guild, const ClassTable& classes, const Uncertainty& uncertainty, std::uint64_t seed,
                int draw) {
  Guild result = guild;
  if (draw == 0) return result;
  for (std::size_t k = 0; k < classes.classes.size(); ++k) {
    if (std::isinf(result.resistance[k])) continue;
    const double factor = random_factor(uncertainty.resistance_cv, seed,
                                        "resistance of " + classes.classes[k].name + " to " + guild.name, draw);
    result.resistance[k] = static_cast<float>(result.resistance[k] * factor);
  }
  result.dispersal.distance_m *= random_factor(uncertainty.dispersal_cv, seed, "dispersal of " + guild.name, draw);
  return result;
}

}  // namespace greenweave
