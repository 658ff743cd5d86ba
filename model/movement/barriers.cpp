#include "model/movement/barriers.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <queue>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/movement/patch_search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double sum_unit_per_m = 65536.0;
constexpr double to_spare = 1.0 + 1e-9;  // in limits, for rounding on the way from cells to metres and back

/// A circle of cells around a cell: for each row offset the half width of its row.
struct Window {
  double radius_cells = 0.0;
  std::int32_t reach = 0;                // rows and columns on each side
  std::vector<std::int32_t> half_width;  // of rows -reach .. reach

  explicit Window(double radius) : radius_cells(radius), reach(static_cast<std::int32_t>(radius)) {
    for (std::int32_t dr = -reach; dr <= reach; ++dr) {
      std::int32_t width = reach;
      while (static_cast<double>(dr) * dr + static_cast<double>(width) * width > radius * radius) --width;
      half_width.push_back(width);
    }
  }
  template <class Visit>
  void for_each(const Shape& shape, Cell centre, const Visit& visit) const {
    for (std::int32_t dr = -reach; dr <= reach; ++dr) {
      const std::int32_t w = half_width[static_cast<std::size_t>(dr + reach)];
      for (std::int32_t dc = -w; dc <= w; ++dc)
        if (shape.holds(shape.row(centre) + dr, shape.col(centre) + dc))
          visit(shape.cell(shape.row(centre) + dr, shape.col(centre) + dc));
    }
  }
};

/// Rows and columns, ends not included.
struct Box {
  std::int32_t row_begin = 0, row_end = 0, col_begin = 0, col_end = 0;
  bool empty() const { return row_begin >= row_end || col_begin >= col_end; }
};

Box grown(const Box& box, std::int32_t by, const Shape& shape) {
  return {std::max(0, box.row_begin - by), std::min(shape.rows, box.row_end + by), std::max(0, box.col_begin - by),
          std::min(shape.cols, box.col_end + by)};
}

Box common(const Box& x, const Box& y) {
  return {std::max(x.row_begin, y.row_begin), std::min(x.row_end, y.row_end), std::max(x.col_begin, y.col_begin),
          std::min(x.col_end, y.col_end)};
}

/// The box of the cells that a search reached at less than `cost`.
Box box_below(const CostSearch& search, const CostGrid& grid, double cost) {
  const Shape& shape = grid.shape();
  Box box{shape.rows, 0, shape.cols, 0};
  for_each_reached(search, [&](std::uint32_t at, double c) {
    if (c >= cost) return;
    const Cell cell = grid.cell(at);
    const std::int32_t r = shape.row(cell), col = shape.col(cell);
    box = {std::min(box.row_begin, r), std::max(box.row_end, r + 1), std::min(box.col_begin, col),
           std::max(box.col_end, col + 1)};
  });
  return box;
}

/// Least value of a field within the window of each cell of a tile: minima over runs of 1, 2, 4, ... cells of each row
/// first, two of which cover each row of the window.
class FocalMinimum {
 public:
  /// Reads the tile and what lies around it; returns the least value there.
  double load(const std::vector<double>& padded, const CostGrid& grid, const Box& tile, const Window& window) {
    reach_ = window.reach;
    rows_ = tile.row_end - tile.row_begin;
    cols_ = tile.col_end - tile.col_begin;
    width_ = cols_ + 2 * reach_;
    const std::int32_t height = rows_ + 2 * reach_;
    level_size_ = static_cast<std::size_t>(width_) * static_cast<std::size_t>(height);
    if (values_.size() < level_size_) values_.resize(level_size_);
    std::fill_n(values_.begin(), level_size_, infinity);
    const Box around = grown(tile, reach_, grid.shape());
    double least = infinity;
    for (std::int32_t r = around.row_begin; r < around.row_end; ++r) {
      const double* in = padded.data() + grid.padded(grid.shape().cell(r, around.col_begin));
      double* out = values_.data() + static_cast<std::ptrdiff_t>(r - tile.row_begin + reach_) * width_ +
                    (around.col_begin - tile.col_begin + reach_);
      for (std::int32_t c = 0; c < around.col_end - around.col_begin; ++c) least = std::min(least, out[c] = in[c]);
    }
    return least;
  }

  /// The minima of the tile's cells, row by row.
  const std::vector<double>& minima(const Window& window) {
    const auto levels = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(2 * reach_ + 1)));
    if (values_.size() < levels * level_size_) values_.resize(levels * level_size_);
    for (std::size_t k = 1; k < levels; ++k) {
      const double* in = values_.data() + (k - 1) * level_size_;
      double* out = values_.data() + k * level_size_;
      const std::size_t step = std::size_t{1} << (k - 1);
      // Runs that wrap into the next row are never asked for.
      for (std::size_t i = 0; i < level_size_; ++i) out[i] = std::min(in[i], in[std::min(i + step, level_size_ - 1)]);
    }
    minima_.assign(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(cols_), infinity);
    for (std::int32_t dr = -reach_; dr <= reach_; ++dr) {
      const std::int32_t w = window.half_width[static_cast<std::size_t>(dr + reach_)];
      const auto k = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(2 * w + 1)) - 1);
      for (std::int32_t r = 0; r < rows_; ++r) {
        const double* row = values_.data() + k * level_size_ + static_cast<std::ptrdiff_t>(r + reach_ + dr) * width_;
        const double* left = row + reach_ - w;
        const double* right = row + reach_ + w + 1 - (std::int32_t{1} << k);
        double* out = minima_.data() + static_cast<std::ptrdiff_t>(r) * cols_;
        for (std::int32_t c = 0; c < cols_; ++c) out[c] = std::min(out[c], std::min(left[c], right[c]));
      }
    }
    return minima_;
  }

 private:
  std::int32_t reach_ = 0, rows_ = 0, cols_ = 0, width_ = 0;
  std::size_t level_size_ = 0;
  std::vector<double> values_, minima_;
};

/// The maps of one radius while links are added to them, by any thread.
struct Tally {
  std::vector<float> maximum_m;
  std::vector<std::int64_t> sum;

  explicit Tally(const Shape& shape)
      : maximum_m(static_cast<std::size_t>(shape.cells()), 0.0F), sum(static_cast<std::size_t>(shape.cells()), 0) {}
  void add(Cell cell, double gain_m, double weight) {
    const auto i = static_cast<std::size_t>(cell);
    const std::atomic_ref<std::int64_t> total(sum[i]);
    total.fetch_add(std::llround(gain_m * weight * sum_unit_per_m), std::memory_order_relaxed);
    const std::atomic_ref<float> best(maximum_m[i]);
    const auto gain = static_cast<float>(gain_m);
    float now = best.load(std::memory_order_relaxed);
    while (gain > now && !best.compare_exchange_weak(now, gain, std::memory_order_relaxed)) {
    }
  }
};

/// Least costs from a patch after some cells were given lower resistances, from the costs before: only what becomes
/// cheaper is searched again.
class Restoration {
 public:
  explicit Restoration(const CostGrid& grid) : lowered_(grid.size(), infinity), restored_(grid.size(), 0) {}

  /// Cost from patch a to patch b (or back, by the heading of `before`) in cell widths; `before`'s limit must be at
  /// least `least_cost`, which is returned where the restored cells do not help.
  double least_cost(const Ground& ground, const CostSearch& before, Heading heading, int a, int b,
                    const std::vector<std::uint32_t>& cells, double resistance, double least_cost) {
    const CostGrid& grid = ground.grid;
    const std::vector<double>& base = before.padded_costs();
    for (const std::uint32_t at : cells) restored_[at] = 1;
    const auto resistance_of = [&](std::uint32_t at) {
      const auto own = static_cast<double>(grid.resistance(at));
      return restored_[at] != 0 ? std::min(own, resistance) : own;
    };
    const auto cost_of = [&](std::uint32_t at) { return std::min(base[at], lowered_[at]); };
    const auto offer = [&](std::uint32_t at, double cost) {
      if (cost >= cost_of(at) || cost >= least_cost) return;
      if (lowered_[at] == infinity) touched_.push_back(at);
      lowered_[at] = cost;
      queue_.emplace(cost, at);
    };
    const auto relax = [&](std::uint32_t u, std::uint32_t v, std::size_t k) {
      if (cost_of(u) == infinity || !ground.expands(a, u)) return;
      const double ru = resistance_of(u), rv = resistance_of(v);
      offer(v, cost_of(u) +
                   (heading == Heading::away ? grid.step(u, v, k, ru, rv) : grid.step(v, u, step_back(k), rv, ru)));
    };
    const auto neighbour = [&](std::uint32_t at, std::size_t k) {
      const auto [dr, dc] = neighbour_steps[k];
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(at) + dr * grid.stride() + dc);
    };
    for (const std::uint32_t at : cells) {
      if (ground.label[at] == a + 1) offer(at, 0.0);
      for (std::size_t k = 0; k < neighbour_steps.size(); ++k) {
        relax(neighbour(at, k), at, step_back(k));
        relax(at, neighbour(at, k), k);
      }
    }
    double best = least_cost;
    while (!queue_.empty()) {
      const auto [cost, at] = queue_.top();
      queue_.pop();
      if (cost > lowered_[at]) continue;
      if (ground.label[at] == b + 1) {
        best = cost;
        break;
      }
      for (std::size_t k = 0; k < neighbour_steps.size(); ++k) relax(at, neighbour(at, k), k);
    }
    queue_ = {};
    for (const std::uint32_t at : touched_) lowered_[at] = infinity;
    touched_.clear();
    for (const std::uint32_t at : cells) restored_[at] = 0;
    return best;
  }

 private:
  using Entry = std::pair<double, std::uint32_t>;
  std::vector<double> lowered_;
  std::vector<std::uint8_t> restored_;
  std::vector<std::uint32_t> touched_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

/// A thread's tools.
struct Workspace {
  explicit Workspace(const CostGrid& grid) : near(grid), far(grid) {}
  CostSearch near, far;  // from the link's first patch, from its second
  FocalMinimum near_minimum, far_minimum;
};

struct Task {
  const Frame& frame;
  const Ground& ground;
  const LinkSet& links;
  const RunContext& context;

  double cost_in_cells(const Link& link, Heading heading) const {
    return (heading == Heading::away ? link.cost_m : link.back_cost_m) / frame.cell_m;
  }
  double weight() const { return links.directed ? 0.5 : 1.0; }
};

/// Cost of a search to the nearest cell of a patch.
double cost_to(int patch, const Ground& ground, const CostSearch& search) {
  const auto p = static_cast<std::size_t>(patch);
  double cost = infinity;
  for (std::size_t i = ground.cells.begin[p]; i < ground.cells.rim_end[p]; ++i)
    cost = std::min(cost, search.cost(ground.cells.cells[i]));
  return cost;
}

/// Calls `with(index, heading, least cost)` for each link, in each direction, after `near` and `far` of the thread's
/// workspace have been searched up to the least cost. Links of one patch are one task.
template <class MakeWorkspace, class With>
void for_each_link_searched(const Task& task, const MakeWorkspace& make, const With& with) {
  const std::vector<Link>& links = task.links.links;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < links.size(); ++i)
    if (i == 0 || links[i].a != links[i - 1].a) first.push_back(i);
  first.push_back(links.size());
  tbb::enumerable_thread_specific<decltype(make())> workspaces(make);
  const int headings = task.links.directed ? 2 : 1;
  parallel_for(static_cast<std::int64_t>(first.size()) - 1, [&](std::int64_t k) {
    const std::size_t begin = first[static_cast<std::size_t>(k)], end = first[static_cast<std::size_t>(k) + 1];
    auto& work = workspaces.local();
    const auto search = [&](CostSearch& from, int patch, Heading heading, double limit) {
      start_from(patch, task.ground, heading, from);
      from.run(
          limit, [&](std::uint32_t at, double) { return task.ground.expands(patch, at); },
          [](double) { return false; });
    };
    for (int h = 0; h < headings; ++h) {
      const auto heading = static_cast<Heading>(h);
      double dearest = 0.0;
      for (std::size_t i = begin; i < end; ++i) {
        const double cost = task.cost_in_cells(links[i], heading);
        if (cost != infinity) dearest = std::max(dearest, cost);
      }
      search(work.near, links[begin].a, heading, dearest * to_spare);
      for (std::size_t i = begin; i < end; ++i) {
        task.context.check();
        if (task.cost_in_cells(links[i], heading) == infinity) continue;
        const double cost = cost_to(links[i].b, task.ground, work.near);
        search(work.far, links[i].b, heading == Heading::away ? Heading::towards : Heading::away, cost * to_spare);
        with(i, heading, cost, work);
      }
    }
  });
}

/// Adds the gains of one link's windows of one radius to the map.
void add_gains(const Task& task, double least_cost, double restored_resistance, const Window& window, Workspace& work,
               Tally& tally, BarrierMap::Best& best) {
  const CostGrid& grid = task.ground.grid;
  const Shape& shape = grid.shape();
  const double crossing = 2.0 * window.radius_cells * restored_resistance;
  const double within = least_cost - crossing;  // what is left for both ends of the path
  if (within <= 0.0) return;
  const Box box = common(grown(box_below(work.near, grid, within), window.reach, shape),
                         grown(box_below(work.far, grid, within), window.reach, shape));
  if (box.empty()) return;
  const std::int32_t side = std::clamp(2 * window.reach, 64, 256);
  for (std::int32_t r0 = box.row_begin; r0 < box.row_end; r0 += side)
    for (std::int32_t c0 = box.col_begin; c0 < box.col_end; c0 += side) {
      const Box tile{r0, std::min(box.row_end, r0 + side), c0, std::min(box.col_end, c0 + side)};
      const double near_least = work.near_minimum.load(work.near.padded_costs(), grid, tile, window);
      if (near_least >= within) continue;
      if (near_least + work.far_minimum.load(work.far.padded_costs(), grid, tile, window) >= within) continue;
      const std::vector<double>& near = work.near_minimum.minima(window);
      const std::vector<double>& far = work.far_minimum.minima(window);
      std::size_t i = 0;
      for (std::int32_t r = tile.row_begin; r < tile.row_end; ++r)
        for (std::int32_t c = tile.col_begin; c < tile.col_end; ++c, ++i) {
          const double gain = least_cost - (near[i] + far[i] + crossing);
          if (!(gain > 0.0)) continue;
          const Cell cell = shape.cell(r, c);
          const double gain_m = gain * task.frame.cell_m;
          tally.add(cell, gain_m, task.weight());
          if (gain_m > best.gain_m || (gain_m == best.gain_m && cell < best.centre)) best = {gain_m, cell};
        }
    }
}

/// The best cells that no neighbour exceeds, each more than twice the radius from the better ones.
std::vector<Cell> best_places(const Raster<float>& score, double radius_cells, int count) {
  std::vector<Cell> peaks;
  for (Cell cell = 0; cell < score.shape.cells(); ++cell) {
    bool peak = score[cell] > 0.0F;
    if (peak)
      for_each_neighbour(score.shape, cell, Neighbourhood::eight,
                         [&](Cell other, bool) { peak = peak && score[other] <= score[cell]; });
    if (peak) peaks.push_back(cell);
  }
  std::stable_sort(peaks.begin(), peaks.end(), [&](Cell x, Cell y) { return score[x] > score[y]; });
  std::vector<Cell> places;
  for (const Cell cell : peaks) {
    if (places.size() == static_cast<std::size_t>(count)) break;
    const bool apart = std::all_of(places.begin(), places.end(), [&](Cell other) {
      return std::hypot(score.shape.row(cell) - score.shape.row(other),
                        score.shape.col(cell) - score.shape.col(other)) > 2.0 * radius_cells;
    });
    if (apart) places.push_back(cell);
  }
  return places;
}

/// Solves the links again with each place's window restored.
void solve_again(const Task& task, const BarrierRule& barrier, std::vector<BarrierPlace>& places) {
  const CostGrid& grid = task.ground.grid;
  const Shape& shape = grid.shape();
  struct Restored {
    std::vector<std::uint32_t> cells;
    std::vector<std::uint32_t> with_rim;  // and the cells around it
  };
  std::vector<Restored> windows(places.size());
  for (std::size_t p = 0; p < places.size(); ++p) {
    Window(places[p].radius_m / task.frame.cell_m).for_each(shape, places[p].centre, [&](Cell cell) {
      windows[p].cells.push_back(grid.padded(cell));
      windows[p].with_rim.push_back(grid.padded(cell));
      for_each_neighbour(shape, cell, Neighbourhood::eight,
                         [&](Cell other, bool) { windows[p].with_rim.push_back(grid.padded(other)); });
    });
    std::vector<std::uint32_t>& rim = windows[p].with_rim;
    std::sort(rim.begin(), rim.end());
    rim.erase(std::unique(rim.begin(), rim.end()), rim.end());
  }
  struct Gain {
    std::size_t place;
    double gain_m;
  };
  struct Solver : Workspace {
    explicit Solver(const CostGrid& on) : Workspace(on), restoration(on) {}
    Restoration restoration;
  };
  std::vector<std::vector<Gain>> gains(task.links.links.size());
  for_each_link_searched(
      task, [&] { return Solver(grid); },
      [&](std::size_t index, Heading heading, double least_cost, Solver& work) {
        const std::vector<double>&near = work.near.padded_costs(), &far = work.far.padded_costs();
        for (std::size_t p = 0; p < places.size(); ++p) {
          double to_window = infinity, from_window = infinity;
          for (const std::uint32_t at : windows[p].with_rim) {
            to_window = std::min(to_window, near[at]);
            from_window = std::min(from_window, far[at]);
          }
          if (!(to_window + from_window < least_cost)) continue;
          const Link& link = task.links.links[index];
          const double cost = work.restoration.least_cost(task.ground, work.near, heading, link.a, link.b,
                                                          windows[p].cells, barrier.restored_resistance, least_cost);
          if (cost < least_cost) gains[index].push_back({p, (least_cost - cost) * task.frame.cell_m});
        }
      });
  for (std::size_t i = 0; i < gains.size(); ++i)
    for (const auto& [p, gain_m] : gains[i]) {
      BarrierPlace& place = places[p];
      place.exact_sum_m += gain_m * task.weight();
      if (gain_m > place.exact_maximum_m) {
        place.exact_maximum_m = gain_m;
        place.best_link = static_cast<int>(i);
      }
    }
  for (std::size_t p = 0; p < places.size(); ++p)
    for (const std::vector<Gain>& of_link : gains)
      places[p].links += std::any_of(of_link.begin(), of_link.end(), [&](const Gain& g) { return g.place == p; });
}

}  // namespace

Barriers find_barriers(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkSet& links,
                       const LinkRule& rule, const BarrierRule& barrier, const RunContext& context) {
  const Ground ground(frame, surface, patches, rule);
  const Task task{frame, ground, links, context};
  std::vector<Window> windows;
  std::vector<Tally> tallies;
  Barriers result;
  for (const double radius_m : barrier.radii_m) {
    windows.emplace_back(radius_m / frame.cell_m);
    tallies.emplace_back(frame.shape);
    result.maps.push_back({radius_m, {}, {}, std::vector<BarrierMap::Best>(links.links.size())});
  }
  for_each_link_searched(
      task, [&] { return Workspace(ground.grid); },
      [&](std::size_t index, Heading, double least_cost, Workspace& work) {
        for (std::size_t k = 0; k < windows.size(); ++k)
          add_gains(task, least_cost, barrier.restored_resistance, windows[k], work, tallies[k],
                    result.maps[k].of_link[index]);
      });
  for (std::size_t k = 0; k < windows.size(); ++k) {
    BarrierMap& map = result.maps[k];
    map.maximum_m.shape = map.sum_m.shape = frame.shape;
    map.maximum_m.values = std::move(tallies[k].maximum_m);
    map.sum_m.values.resize(tallies[k].sum.size());
    std::transform(tallies[k].sum.begin(), tallies[k].sum.end(), map.sum_m.values.begin(),
                   [](std::int64_t sum) { return static_cast<float>(static_cast<double>(sum) / sum_unit_per_m); });
    tallies[k].sum = {};
    const Raster<float>& score = barrier.score == BarrierRule::Score::sum ? map.sum_m : map.maximum_m;
    for (const Cell cell : best_places(score, windows[k].radius_cells, barrier.places)) {
      BarrierPlace place;
      place.centre = cell;
      place.radius_m = map.radius_m;
      place.maximum_m = static_cast<double>(map.maximum_m[cell]);
      place.sum_m = static_cast<double>(map.sum_m[cell]);
      result.places.push_back(place);
    }
  }
  solve_again(task, barrier, result.places);
  return result;
}

}  // namespace greenweave
