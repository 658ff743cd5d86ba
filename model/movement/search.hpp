#pragma once
// The search that every least-cost method shares: cost distance, links, gaps, corridors.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include "model/landscape/landscape.hpp"

namespace greenweave {

/// Which way the costs of a search run: from its sources to each cell, or from each cell to its sources. The same on a
/// surface whose steps cost the same there and back.
enum class Heading { away, towards };

/// Resistances in a frame of impassable cells one cell wide, so that a search needs no test for the raster's edge.
/// Shared, read-only, by all searches on one surface.
class CostGrid {
 public:
  /// Steps cost the same in every direction.
  explicit CostGrid(const Raster<float>& resistance);
  /// With the surface's effects of direction, if it has any. The slope's response is tabulated every 0.1 % of gradient
  /// and linear between.
  explicit CostGrid(const HabitatSurface& surface);

  const Shape& shape() const { return shape_; }
  std::int32_t stride() const { return stride_; }
  std::size_t size() const { return resistance_.size(); }
  /// Position of a cell in the padded arrays, and back.
  std::uint32_t padded(Cell cell) const {
    const std::int32_t row = cell / shape_.cols;
    return static_cast<std::uint32_t>(cell + stride_ + 1 + 2 * row);
  }
  Cell cell(std::uint32_t padded) const {
    const auto row = static_cast<std::int32_t>(padded) / stride_;
    return static_cast<std::int32_t>(padded) - stride_ - 1 - 2 * (row - 1);
  }
  float resistance(std::uint32_t padded) const { return resistance_[padded]; }
  const float* data() const { return resistance_.data(); }
  /// Whether the cost of a step depends on its direction.
  bool has_effects() const { return has_slope_ || has_lines_; }
  /// Cost of the step from u to its neighbour v in direction k of `neighbour_steps`, in cell widths.
  double step(std::uint32_t u, std::uint32_t v, std::size_t k) const {
    return step(u, v, k, static_cast<double>(resistance_[u]), static_cast<double>(resistance_[v]));
  }
  /// The same if the two cells had these resistances.
  double step(std::uint32_t u, std::uint32_t v, std::size_t k, double ru, double rv) const {
    const double length = k < 4 ? 1.0 : std::numbers::sqrt2;
    if (has_lines_) {
      constexpr std::array<std::size_t, 8> axis_of_step{1, 0, 0, 1, 3, 2, 2, 3};
      ru *= line_factor_[axis_code_[u]][axis_of_step[k]];
      rv *= line_factor_[axis_code_[v]][axis_of_step[k]];
    }
    const double level = (ru + rv) * 0.5 * length;
    if (!has_slope_) return level;
    return level * slope_factor((static_cast<double>(height_m_[v]) - static_cast<double>(height_m_[u])) * per_cell_m_ *
                                (k < 4 ? 1.0 : std::numbers::sqrt2 * 0.5));
  }
  /// Width of a bucket of the queue, in cost, and the number of buckets that hold every step (a power of two).
  double bucket_width() const { return bucket_width_; }
  std::size_t buckets() const { return buckets_; }
  /// Cost of the cheapest step, in cell widths; 0 if there is none.
  double least_step() const { return least_step_; }

 private:
  Shape shape_;
  std::int32_t stride_;
  std::vector<float> resistance_;
  double bucket_width_ = 1.0;
  std::size_t buckets_ = 2;
  double least_step_ = 0.0;

  // Effects of direction, where there are any.
  static constexpr double rows_per_gradient = 1000.0, steepest_tabulated = 4.0;
  double slope_factor(double gradient) const {
    const double position = (gradient + steepest_tabulated) * rows_per_gradient;
    if (!(position >= 0.0 && position < 2.0 * steepest_tabulated * rows_per_gradient))
      return slope_.factor(gradient);  // unknown, or steeper than the table goes
    const auto row = static_cast<std::size_t>(position);
    const double below = slope_table_[row], above = slope_table_[row + 1];
    if (std::isinf(below) || std::isinf(above)) return slope_.factor(gradient);
    return below + (position - static_cast<double>(row)) * (above - below);
  }
  void set_buckets(double least_step, double dearest_step);
  bool has_slope_ = false, has_lines_ = false;
  SlopeResponse slope_;
  std::vector<double> slope_table_;
  double per_cell_m_ = 1.0;
  std::vector<float> height_m_;  // not a number where unknown
  std::vector<std::uint16_t> axis_code_;
  std::vector<std::array<double, 4>> line_factor_;  // of each code
};

/// Cells in the order in which they came: a vector whose growth is kept out of the way of the searches.
class CellList {
 public:
  [[gnu::always_inline]] void push_back(std::uint32_t cell) {
    if (size_ == capacity_) grow();
    cells_[size_++] = cell;
  }
  std::uint32_t operator[](std::size_t i) const { return cells_[i]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void swap(CellList& other) noexcept {
    std::swap(cells_, other.cells_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow();
  std::unique_ptr<std::uint32_t[]> cells_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// One search at a time over a CostGrid; the workspace is reused from search to search. One a thread.
///
/// The queue is a ring of buckets as wide as the cheapest step, so that cells of one bucket cannot improve each other
/// and each is expanded once, in any order (Dial 1969; Denardo and Fox 1979). Where resistances differ so much that the
/// ring would be too long the buckets are wider and cells may be expanded again. Either way the result is the least
/// fixpoint of d(v) = min over u of d(u) + w(u, v), which is unique in floating point.
class CostSearch {
 public:
  explicit CostSearch(const CostGrid& grid);

  /// Forgets the former search, in time proportional to what it reached.
  void reset(Heading heading = Heading::away);
  /// Cost 0 at a cell, which is expanded. An impassable cell is no source.
  void add_source(Cell cell);
  /// Cost 0 at a cell that is not expanded: the inside of a patch whose rim is the source. Not at an impassable one.
  void add_interior(Cell cell);

  /// Expands cells in order of cost up to `limit`; goes on where it left off, if it was stopped. `visit(padded, cost)`
  /// sees a cell before it is expanded and says whether to expand it; a cell may be seen again with a lower cost while
  /// its bucket is open. `done(cost)` is asked whenever all cells of a cost below `cost` are final, and stops the
  /// search.
  template <class Visit, class Done>
  void run(double limit, const Visit& visit, const Done& done);

  /// Whether no cell is left to expand.
  bool is_exhausted() const { return queued_ == 0; }

  /// A search of its own: least cost between two sets of cells, in cell widths; infinity if no path joins them, 0 if
  /// they share a passable cell.
  double least_cost(std::span<const Cell> from, std::span<const Cell> to);

  /// Least cost of a cell in cell widths; infinity if the search did not reach it. Final only below the cost it ran to.
  double cost(Cell cell) const { return cost_[grid_.padded(cell)]; }
  /// The cells of a least-cost path from a source to `target` (or, heading towards the sources, from `target` to a
  /// source, listed from the source), both included; empty if it was not reached. `passes`
  /// says which cells the search expanded, where that was not all: costs may agree by chance on both sides of a cell
  /// that it stopped at.
  std::vector<Cell> path_to(Cell target, const std::function<bool(std::uint32_t padded)>& passes = nullptr) const;
  /// Adds to `path` the cells on the way from a reached cell of a cost above 0 back to its cheaper predecessor with the
  /// smallest index: mostly that cell alone; more where steps are too cheap to show in the sum.
  void step_back_from(Cell cell, std::vector<Cell>& path,
                      const std::function<bool(std::uint32_t padded)>& passes = nullptr) const;
  /// Padded positions of the cells that were given a cost, unless there were so many that they were not counted.
  bool touched_all() const { return overflow_; }
  const std::vector<std::uint32_t>& touched() const { return touched_; }
  /// Costs in the grid's padded order, for copying out whole rasters.
  const std::vector<double>& padded_costs() const { return cost_; }

 private:
  template <class Step, class Visit, class Done>
  void expand(double limit, const Step& step, const Visit& visit, const Done& done);
  double step_between(std::uint32_t from, std::uint32_t to, std::size_t k) const;
  void touch(std::uint32_t padded) {
    if (overflow_) return;
    if (touched_.size() >= most_touched_)
      overflow_ = true;
    else
      touched_.push_back(padded);
  }

  const CostGrid& grid_;
  std::vector<double> cost_;
  std::vector<CellList> ring_;  // a bucket holds cells; their costs are looked up
  CellList open_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint8_t> marked_;
  std::size_t most_touched_;
  bool overflow_ = false;
  Heading heading_ = Heading::away;
  std::int64_t queued_ = 0;
  std::size_t next_bucket_ = 0;  // to expand, counted from the start, not in the ring
};

/// Steps that cost the same in every direction: all eight neighbours of a cell at once, two to a register, since which
/// of them improve cannot be foretold and a branch for each is mostly guessed wrong. The sums are those of
/// `CostGrid::step`, bit for bit.
struct LevelSteps {
  const float* resistance;
  std::int32_t stride;

  /// Calls `improve(v, cost)` for each neighbour v that a way over u makes cheaper, up to `limit`.
  template <class Improve>
  [[gnu::always_inline]] void to_neighbours(std::uint32_t u, double du, const double* costs, double limit,
                                            const Improve& improve) const {
    using Pair [[gnu::vector_size(16)]] = double;
    using Halves [[gnu::vector_size(8)]] = float;
    const double* const cost = costs + u;
    const float* const r = resistance + u;
    constexpr double straight = 1.0, diagonal = std::numbers::sqrt2;
    const double own = static_cast<double>(r[0]);
    std::array<double, 8> ways;
    unsigned better = 0;
    const auto judge = [&](unsigned at, std::int32_t first, std::int32_t second, double length, double other_length) {
      const Halves there{r[first], r[second]};
      const Pair before{cost[first], cost[second]}, lengths{length, other_length};
      const Pair way = du + (own + __builtin_convertvector(there, Pair)) * 0.5 * lengths;
      std::memcpy(ways.data() + at, &way, sizeof way);
      const auto improves = (way < before) & (way <= limit);
#if defined(__SSE2__)
      better |= static_cast<unsigned>(__builtin_ia32_movmskpd(reinterpret_cast<Pair>(improves))) << at;
#else
      better |= ((improves[0] != 0 ? 1U : 0U) | (improves[1] != 0 ? 2U : 0U)) << at;
#endif
    };
    judge(0, -stride - 1, -stride, diagonal, straight);
    judge(2, -stride + 1, -1, diagonal, straight);
    judge(4, 1, stride - 1, straight, diagonal);
    judge(6, stride, stride + 1, straight, diagonal);
    const std::array<std::int32_t, 8> offsets{-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1};
    for (; better != 0; better &= better - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(better));
      improve(static_cast<std::uint32_t>(static_cast<std::int32_t>(u) + offsets[k]), ways[k]);
    }
  }
};

/// Steps whose cost `step(u, v, k)` depends on their direction.
template <class Step>
struct DirectedSteps {
  const Step& step;
  std::int32_t stride;

  template <class Improve>
  void to_neighbours(std::uint32_t u, double du, const double* cost, double limit, const Improve& improve) const {
    for (std::size_t k = 0; k < neighbour_steps.size(); ++k) {
      const auto [row, col] = neighbour_steps[k];
      const auto v = static_cast<std::uint32_t>(static_cast<std::int32_t>(u) + row * stride + col);
      const double dv = du + step(u, v, k);
      if (dv < cost[v] && dv <= limit) improve(v, dv);
    }
  }
};

/// The direction back, of direction k of `neighbour_steps`.
constexpr std::size_t step_back(std::size_t k) { return k < 4 ? 3 - k : 11 - k; }

template <class Visit, class Done>
void CostSearch::run(double limit, const Visit& visit, const Done& done) {
  if (!grid_.has_effects()) {
    expand(limit, LevelSteps{grid_.data(), grid_.stride()}, visit, done);
  } else if (heading_ == Heading::away) {
    const auto step = [this](std::uint32_t u, std::uint32_t v, std::size_t k) { return grid_.step(u, v, k); };
    expand(limit, DirectedSteps<decltype(step)>{step, grid_.stride()}, visit, done);
  } else {
    const auto step = [this](std::uint32_t u, std::uint32_t v, std::size_t k) {
      return grid_.step(v, u, step_back(k));
    };
    expand(limit, DirectedSteps<decltype(step)>{step, grid_.stride()}, visit, done);
  }
}

template <class Step, class Visit, class Done>
void CostSearch::expand(double limit, const Step& step, const Visit& visit, const Done& done) {
  const std::int32_t stride = grid_.stride();
  const float* const resistance = grid_.data();
  double* const cost = cost_.data();
  const double per_width = 1.0 / grid_.bucket_width();
  const std::size_t mask = grid_.buckets() - 1;
  const auto bucket_of = [&](double c) { return static_cast<std::size_t>(c * per_width); };
  const auto at = [](std::uint32_t u, std::int32_t offset) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(u) + offset);
  };
  for (std::size_t open = next_bucket_; queued_ > 0;) {
    CellList& ring = ring_[open & mask];
    while (!ring.empty()) {
      open_.swap(ring);  // cells that fall into the open bucket again are appended to a fresh list
      const std::size_t count = open_.size();
      queued_ -= static_cast<std::int64_t>(count);
      for (std::size_t i = 0; i < count; ++i) {
        // The cells of a bucket lie all over the raster: fetch those that come soon while others are worked on.
        constexpr std::size_t ahead = 8;
        if (i + ahead < count)
          for (const std::int32_t row : {-stride, 0, stride}) {
            __builtin_prefetch(cost + at(open_[i + ahead], row));
            __builtin_prefetch(resistance + at(open_[i + ahead], row));
          }
        const std::uint32_t u = open_[i];
        const double du = cost[u];
        if (bucket_of(du) != open) continue;  // it went to an earlier bucket since
        if (!visit(u, du)) continue;
        const auto improve = [&](std::uint32_t v, double dv) {
          const double before = cost[v];
          cost[v] = dv;
          const std::size_t bucket = bucket_of(dv);
          if (before == std::numeric_limits<double>::infinity())
            touch(v);
          else if (bucket != open && bucket == bucket_of(before))
            return;  // it waits there already
          ring_[bucket & mask].push_back(v);
          ++queued_;
        };
        step.to_neighbours(u, du, cost, limit, improve);
      }
      open_.clear();
    }
    next_bucket_ = ++open;
    if (done(static_cast<double>(open) * grid_.bucket_width())) break;
  }
}

}  // namespace greenweave
