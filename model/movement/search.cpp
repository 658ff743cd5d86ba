#include "model/movement/search.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <deque>
#include <unordered_map>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Longest ring of buckets. Longer ones cost more to step through than wider buckets cost in cells expanded twice.
constexpr double most_buckets = 32768.0;

/// Copies a raster into the padded order.
template <class T>
void copy_padded(const Raster<T>& in, std::int32_t stride, std::vector<T>& out) {
  parallel_for(
      in.shape.rows,
      [&](std::int64_t r) {
        std::copy_n(in.values.data() + r * in.shape.cols, in.shape.cols, out.data() + (r + 1) * stride + 1);
      },
      64);
}

}  // namespace

CostGrid::CostGrid(const Raster<float>& resistance)
    : shape_(resistance.shape),
      stride_(shape_.cols + 2),
      resistance_(static_cast<std::size_t>(shape_.rows + 2) * static_cast<std::size_t>(stride_),
                  std::numeric_limits<float>::infinity()) {
  float least = std::numeric_limits<float>::infinity(), most = 0.0F;
  for (std::int32_t r = 0; r < shape_.rows; ++r) {
    const float* in = resistance.values.data() + static_cast<std::ptrdiff_t>(r) * shape_.cols;
    float* out = resistance_.data() + static_cast<std::ptrdiff_t>(r + 1) * stride_ + 1;
    for (std::int32_t c = 0; c < shape_.cols; ++c) {
      assert(in[c] > 0.0F);
      out[c] = in[c];
      least = std::min(least, in[c]);
      if (in[c] != std::numeric_limits<float>::infinity()) most = std::max(most, in[c]);
    }
  }
  if (most == 0.0F) return;  // nothing can be entered
  set_buckets(static_cast<double>(least), static_cast<double>(most) * std::numbers::sqrt2);
}

CostGrid::CostGrid(const HabitatSurface& surface) : CostGrid(surface.resistance) {
  if (surface.steps == nullptr) return;
  const StepEffects& effects = *surface.steps;
  has_slope_ = effects.elevation_m != nullptr && !effects.slope.is_none();
  has_lines_ = effects.axes != nullptr && !effects.lines.empty();
  if (!has_effects()) return;
  if (has_slope_) {
    slope_ = effects.slope;
    const auto rows = static_cast<std::size_t>(2.0 * steepest_tabulated * rows_per_gradient) + 2;
    for (std::size_t i = 0; i < rows; ++i)
      slope_table_.push_back(slope_.factor(static_cast<double>(i) / rows_per_gradient - steepest_tabulated));
    const Raster<float>& elevation = *effects.elevation_m;
    assert(elevation.shape == shape_);
    per_cell_m_ = 1.0 / effects.cell_m;
    height_m_.assign(size(), std::numeric_limits<float>::quiet_NaN());
    parallel_for(shape_.rows, [&](std::int64_t r) {
      for (std::int32_t c = 0; c < shape_.cols; ++c) {
        const Cell cell = shape_.cell(static_cast<std::int32_t>(r), c);
        if (elevation.is_valid(cell)) height_m_[padded(cell)] = elevation[cell];
      }
    });
  }
  if (has_lines_) {
    axis_code_.assign(size(), 0);
    copy_padded(effects.axes->code, stride_, axis_code_);
    line_factor_.assign(1 + effects.axes->names.size() * LineAxes::degrees, {1.0, 1.0, 1.0, 1.0});
    for (const LineResponse& line : effects.lines)
      for (int degrees = 0; degrees < LineAxes::degrees; ++degrees)
        line_factor_[static_cast<std::size_t>(1 + line.line * LineAxes::degrees + degrees)] =
            line_factors(line, degrees);
  }
  // The cheapest and the dearest step there is.
  std::vector<std::pair<double, double>> range(static_cast<std::size_t>(shape_.rows), {infinity, 0.0});
  parallel_for(shape_.rows, [&](std::int64_t r) {
    auto& [least, most] = range[static_cast<std::size_t>(r)];
    for (std::int32_t c = 0; c < shape_.cols; ++c) {
      const std::uint32_t u = padded(shape_.cell(static_cast<std::int32_t>(r), c));
      if (std::isinf(resistance_[u])) continue;
      for (std::size_t k = 0; k < neighbour_steps.size(); ++k) {
        const auto [dr, dc] = neighbour_steps[k];
        const double cost = step(u, static_cast<std::uint32_t>(static_cast<std::int32_t>(u) + dr * stride_ + dc), k);
        if (std::isinf(cost)) continue;
        least = std::min(least, cost);
        most = std::max(most, cost);
      }
    }
  });
  double least = infinity, most = 0.0;
  for (const auto& [low, high] : range) least = std::min(least, low), most = std::max(most, high);
  if (most > 0.0) set_buckets(least, most);
}

void CostGrid::set_buckets(double least_step, double dearest_step) {
  least_step_ = least_step;
  bucket_width_ = std::max(least_step, dearest_step / most_buckets);
  // One bucket for the open one, one for rounding.
  buckets_ = std::bit_ceil(static_cast<std::size_t>(dearest_step / bucket_width_) + 3);
}

void CellList::grow() {
  capacity_ = std::max<std::size_t>(16, 2 * capacity_);
  auto larger = std::make_unique_for_overwrite<std::uint32_t[]>(capacity_);
  std::copy_n(cells_.get(), size_, larger.get());
  cells_ = std::move(larger);
}

CostSearch::CostSearch(const CostGrid& grid)
    : grid_(grid), cost_(grid.size(), infinity), ring_(grid.buckets()), most_touched_(grid.size() / 4) {}

void CostSearch::reset(Heading heading) {
  heading_ = heading;
  if (overflow_)
    std::fill(cost_.begin(), cost_.end(), infinity);
  else
    for (const std::uint32_t cell : touched_) cost_[cell] = infinity;
  touched_.clear();
  overflow_ = false;
  if (queued_ > 0)
    for (auto& bucket : ring_) bucket.clear();
  queued_ = 0;
  next_bucket_ = 0;
}

void CostSearch::add_source(Cell cell) {
  const std::uint32_t at = grid_.padded(cell);
  if (std::isinf(grid_.resistance(at)) || cost_[at] == 0.0) return;
  touch(at);
  cost_[at] = 0.0;
  ring_[0].push_back(at);
  ++queued_;
}

void CostSearch::add_interior(Cell cell) {
  const std::uint32_t at = grid_.padded(cell);
  if (std::isinf(grid_.resistance(at)) || cost_[at] == 0.0) return;
  touch(at);
  cost_[at] = 0.0;
}

double CostSearch::step_between(std::uint32_t from, std::uint32_t to, std::size_t k) const {
  return heading_ == Heading::away ? grid_.step(from, to, k) : grid_.step(to, from, step_back(k));
}

void CostSearch::step_back_from(Cell cell, std::vector<Cell>& path,
                                const std::function<bool(std::uint32_t)>& passes) const {
  const std::uint32_t at = grid_.padded(cell);
  const std::int32_t stride = grid_.stride();
  // In ascending order of index, so that the first predecessor found is the one with the smallest index.
  const std::int32_t offsets[8] = {-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1};
  // The step from there, as a direction of `neighbour_steps`.
  constexpr std::size_t step_from[8] = {7, 3, 6, 2, 1, 5, 0, 4};
  const auto leads_to = [&](std::uint32_t u, std::uint32_t v, std::size_t k) {
    return cost_[u] + step_between(u, v, k) == cost_[v] && (!passes || passes(u));
  };
  const auto cheaper_predecessor = [&](std::uint32_t v) -> std::int64_t {
    for (int k = 0; k < 8; ++k) {
      const auto u = static_cast<std::uint32_t>(static_cast<std::int32_t>(v) + offsets[k]);
      if (cost_[u] < cost_[v] && leads_to(u, v, step_from[k])) return u;
    }
    return -1;
  };
  std::int64_t before = cheaper_predecessor(at);
  if (before < 0) {
    // A step so cheap that it is lost in the sum's rounding: look for the way out among cells of the same cost.
    std::unordered_map<std::uint32_t, std::uint32_t> next{{at, at}};
    std::deque<std::uint32_t> plateau{at};
    std::uint32_t exit = at;
    while (before < 0) {
      assert(!plateau.empty());
      exit = plateau.front();
      plateau.pop_front();
      before = cheaper_predecessor(exit);
      if (before >= 0) break;
      for (int k = 0; k < 8; ++k) {
        const auto u = static_cast<std::uint32_t>(static_cast<std::int32_t>(exit) + offsets[k]);
        if (cost_[u] == cost_[exit] && leads_to(u, exit, step_from[k]) && next.emplace(u, exit).second)
          plateau.push_back(u);
      }
    }
    std::vector<Cell> flat;
    for (std::uint32_t u = exit; u != at; u = next.at(u)) flat.push_back(grid_.cell(u));
    path.insert(path.end(), flat.rbegin(), flat.rend());
  }
  path.push_back(grid_.cell(static_cast<std::uint32_t>(before)));
}

std::vector<Cell> CostSearch::path_to(Cell target, const std::function<bool(std::uint32_t)>& passes) const {
  if (cost(target) == infinity) return {};
  std::vector<Cell> path{target};
  while (cost(path.back()) > 0.0) step_back_from(path.back(), path, passes);
  std::reverse(path.begin(), path.end());
  return path;
}

double CostSearch::least_cost(std::span<const Cell> from, std::span<const Cell> to) {
  reset();
  if (marked_.empty()) marked_.assign(grid_.size(), 0);
  for (const Cell cell : to) marked_[grid_.padded(cell)] = 1;
  for (const Cell cell : from) add_source(cell);
  double best = infinity;
  run(
      infinity,
      [&](std::uint32_t at, double cost) {
        if (marked_[at] != 0) best = std::min(best, cost);
        return true;
      },
      [&](double final_below) { return best < final_below; });
  for (const Cell cell : to) marked_[grid_.padded(cell)] = 0;
  return best;
}

}  // namespace greenweave
