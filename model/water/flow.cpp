#include "model/water/flow.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <numbers>
#include <span>

#include "model/run/parallel.hpp"
#include "model/water/heights.hpp"

namespace greenweave {

namespace {

// Codes while directions are being found.
constexpr std::uint8_t flat = 254;      // no neighbour is lower, and the grid is not left either
constexpr std::uint8_t gathered = 253;  // a flat's cell that is in the list already

constexpr std::int64_t rows_a_piece = 16;

std::array<std::int32_t, 8> offsets_of(const Shape& shape) {
  std::array<std::int32_t, 8> offsets{};
  for (std::size_t k = 0; k < 8; ++k) offsets[k] = neighbour_steps[k].first * shape.cols + neighbour_steps[k].second;
  return offsets;
}

/// Calls `visit(cell, is_inside)` for the cells of some rows; inside: all eight neighbours exist.
template <class Visit>
void for_each_cell(const Shape& shape, std::int64_t begin_row, std::int64_t end_row, const Visit& visit) {
  for (std::int64_t r = begin_row; r < end_row; ++r) {
    const bool inner_row = r > 0 && r < shape.rows - 1;
    const Cell first = shape.cell(static_cast<std::int32_t>(r), 0);
    for (std::int32_t c = 0; c < shape.cols; ++c) visit(first + c, inner_row && c > 0 && c < shape.cols - 1);
  }
}

/// Calls `visit(neighbour, k)` for the neighbours that exist.
template <class Visit>
void for_each_step(const Shape& shape, const std::array<std::int32_t, 8>& offsets, Cell cell, bool is_inside,
                   const Visit& visit) {
  if (is_inside) {
    for (int k = 0; k < 8; ++k) visit(cell + offsets[static_cast<std::size_t>(k)], k);
    return;
  }
  const std::int32_t row = shape.row(cell), col = shape.col(cell);
  for (int k = 0; k < 8; ++k) {
    const auto [dr, dc] = neighbour_steps[static_cast<std::size_t>(k)];
    if (shape.holds(row + dr, col + dc)) visit(cell + offsets[static_cast<std::size_t>(k)], k);
  }
}

bool is_inside(const Shape& shape, Cell cell) {
  const std::int32_t row = shape.row(cell), col = shape.col(cell);
  return row > 0 && col > 0 && row < shape.rows - 1 && col < shape.cols - 1;
}

void descend(const Heights& heights, Raster<std::uint8_t>& to) {
  const Shape& shape = heights.shape();
  const auto offsets = offsets_of(shape);
  constexpr float diagonal = static_cast<float>(1.0 / std::numbers::sqrt2);
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for_each_cell(shape, begin, end, [&](Cell cell, bool inside) {
      const float z = heights[cell];
      if (z == no_height) {
        to[cell] = D8Flow::none;
        return;
      }
      float steepest = 0.0F;
      std::uint8_t best = flat;
      for_each_step(shape, offsets, cell, inside, [&](Cell next, int k) {
        const float fall = (z - heights[next]) * (k < 4 ? 1.0F : diagonal);
        if (fall > steepest) {
          steepest = fall;
          best = static_cast<std::uint8_t>(k);
        }
      });
      if (best == flat && is_outlet(heights, cell)) best = D8Flow::out;
      to[cell] = best;
    });
  });
}

/// Directions within flats: connected cells of one height that have none yet.
class Flats {
 public:
  Flats(const Heights& heights, Raster<std::uint8_t>& to)
      : heights_(heights), to_(to), offsets_(offsets_of(heights.shape())) {}

  void drain() {
    gather();
    const auto count = static_cast<std::int64_t>(begin_.size()) - 1;
    if (count == 0) return;
    place_.resize(to_.values.size());
    parallel_pieces(count, 64, [&](std::int64_t begin, std::int64_t end) {
      Scratch scratch;
      for (std::int64_t k = begin; k < end; ++k) {
        const auto i = static_cast<std::size_t>(k);
        drain(std::span<const Cell>(cells_.data() + begin_[i], static_cast<std::size_t>(begin_[i + 1] - begin_[i])),
              scratch);
      }
    });
  }

 private:
  struct Scratch {
    std::vector<std::int32_t> to_lower, from_higher, lower_rim, higher_rim;
    std::vector<std::uint8_t> way;
    std::vector<std::uint8_t> inside;  // which of a cell's eight neighbours are in the flat, a bit each
  };

  /// Lists the cells of the flats one flat after the other; the first of each is the one with the smallest index.
  void gather() {
    begin_.push_back(0);
    const Shape& shape = heights_.shape();
    for (Cell start = 0; start < shape.cells(); ++start) {
      if (to_[start] != flat) continue;
      to_[start] = gathered;
      cells_.push_back(start);
      for (auto at = static_cast<std::size_t>(begin_.back()); at < cells_.size(); ++at) {
        // A flat's cells are inside the grid: at the rim they would be outlets.
        const Cell cell = cells_[at];
        for (const std::int32_t offset : offsets_) {
          const Cell next = cell + offset;
          if (to_[next] != flat || heights_[next] != heights_[cell]) continue;
          to_[next] = gathered;
          cells_.push_back(next);
        }
      }
      begin_.push_back(static_cast<std::int64_t>(cells_.size()));
    }
  }

  /// Directions of other flats change meanwhile, so only cells of the flat's own height are looked at: they are either
  /// in it or drained from the start.
  void drain(std::span<const Cell> cells, Scratch& s) {
    const std::size_t n = cells.size();
    for (std::size_t i = 0; i < n; ++i) place_[static_cast<std::size_t>(cells[i])] = static_cast<std::int32_t>(i);
    const float z = heights_[cells[0]];
    s.to_lower.assign(n, 0);
    s.from_higher.assign(n, 0);
    s.way.assign(n, D8Flow::pit);
    s.inside.assign(n, 0);
    s.lower_rim.clear();
    s.higher_rim.clear();
    for (std::size_t i = 0; i < n; ++i) {
      bool beside_higher = false;
      for (int k = 0; k < 8; ++k) {
        const Cell next = cells[i] + offsets_[static_cast<std::size_t>(k)];
        const float there = heights_[next];
        if (there > z) {
          beside_higher = true;
        } else if (there == z) {
          if (to_[next] == gathered) {
            s.inside[i] = static_cast<std::uint8_t>(s.inside[i] | 1 << k);
          } else if (s.way[i] == D8Flow::pit) {
            s.way[i] = static_cast<std::uint8_t>(k);
          }
        }
      }
      if (s.way[i] != D8Flow::pit) s.lower_rim.push_back(static_cast<std::int32_t>(i));
      if (beside_higher) s.higher_rim.push_back(static_cast<std::int32_t>(i));
    }

    // Steps to the nearest cell of this height that has a way down; in a flat without one, to its first cell.
    const bool is_closed = s.lower_rim.empty();
    if (is_closed) s.lower_rim.push_back(0);
    spread(cells, s.inside, s.lower_rim, s.to_lower);
    // Steps from the nearest cell beside higher ground.
    if (!is_closed) spread(cells, s.inside, s.higher_rim, s.from_higher);

    // The sum of both gradients, the one towards lower ground twice, falls along each step that is taken.
    const auto height = [&](std::size_t i) { return 2 * static_cast<std::int64_t>(s.to_lower[i]) - s.from_higher[i]; };
    for (std::size_t i = 0; i < n; ++i) {
      if (s.to_lower[i] == 1) continue;
      std::int64_t lowest = height(i);
      for (unsigned left = s.inside[i]; left != 0; left &= left - 1) {
        const int k = std::countr_zero(left);
        const Cell next = cells[i] + offsets_[static_cast<std::size_t>(k)];
        const std::int64_t there = height(static_cast<std::size_t>(place_[static_cast<std::size_t>(next)]));
        if (there >= lowest) continue;
        lowest = there;
        s.way[i] = static_cast<std::uint8_t>(k);
      }
    }
    for (std::size_t i = 0; i < n; ++i) to_[cells[i]] = s.way[i];
  }

  /// Breadth first over a flat: the rim is at 1. `queue` is the rim and grows.
  void spread(std::span<const Cell> cells, const std::vector<std::uint8_t>& inside, std::vector<std::int32_t>& queue,
              std::vector<std::int32_t>& distance) const {
    for (const std::int32_t i : queue) distance[static_cast<std::size_t>(i)] = 1;
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const auto here = static_cast<std::size_t>(queue[at]);
      for (unsigned left = inside[here]; left != 0; left &= left - 1) {
        const Cell next = cells[here] + offsets_[static_cast<std::size_t>(std::countr_zero(left))];
        const std::int32_t i = place_[static_cast<std::size_t>(next)];
        if (distance[static_cast<std::size_t>(i)] != 0) continue;
        distance[static_cast<std::size_t>(i)] = distance[here] + 1;
        queue.push_back(i);
      }
    }
  }

  const Heights& heights_;
  Raster<std::uint8_t>& to_;
  std::array<std::int32_t, 8> offsets_;
  std::vector<Cell> cells_;
  std::vector<std::int64_t> begin_;
  std::vector<std::int32_t> place_;  // of a cell in its flat
};

/// Sums what flows together. `Flow` says whether a cell gives to its neighbour k, and which share. A cell is summed
/// once all of its donors are, by whichever thread finishes the last of them, but always in the same order of donors.
template <class Flow>
Raster<double> accumulate_over(const Raster<std::uint8_t>& to, const Flow& flow, const Raster<double>* weights) {
  constexpr std::uint8_t source = 128;  // a cell without donors
  const Shape& shape = to.shape;
  const auto offsets = offsets_of(shape);
  Raster<double> sum(shape, 0.0);
  sum.valid = to.valid;
  std::vector<std::uint8_t> waiting(sum.values.size(), 0);
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for_each_cell(shape, begin, end, [&](Cell cell, bool inside) {
      if (to[cell] == D8Flow::none) return;
      std::uint8_t donors = 0;
      for_each_step(shape, offsets, cell, inside, [&](Cell next, int k) {
        donors = static_cast<std::uint8_t>(donors + (flow.gives(next, opposite(k)) ? 1 : 0));
      });
      waiting[static_cast<std::size_t>(cell)] = donors == 0 ? source : donors;
    });
  });
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Cell> ready;
    for_each_cell(shape, begin, end, [&](Cell start, bool) {
      if (std::atomic_ref(waiting[static_cast<std::size_t>(start)]).load(std::memory_order_relaxed) != source) return;
      ready.push_back(start);
      while (!ready.empty()) {
        const Cell cell = ready.back();
        ready.pop_back();
        const bool inside = is_inside(shape, cell);
        double total = weights != nullptr ? (*weights)[cell] : 1.0;
        for_each_step(shape, offsets, cell, inside, [&](Cell next, int k) {
          if (flow.gives(next, opposite(k))) total += flow.share(next, opposite(k)) * sum[next];
        });
        sum[cell] = total;
        flow.for_each_receiver(cell, [&](int k) {
          const Cell next = cell + offsets[static_cast<std::size_t>(k)];
          std::atomic_ref left(waiting[static_cast<std::size_t>(next)]);
          if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) ready.push_back(next);
        });
      }
    });
  });
  return sum;
}

struct SingleReceiver {
  const Raster<std::uint8_t>& to;
  bool gives(Cell from, int k) const { return to[from] == k; }
  double share(Cell, int) const { return 1.0; }
  template <class Visit>
  void for_each_receiver(Cell cell, const Visit& visit) const {
    if (to[cell] < 8) visit(to[cell]);
  }
};

struct TwoReceivers {
  const DInfinityFlow& flow;
  bool gives(Cell from, int k) const { return flow.first[from] == k || flow.second[from] == k; }
  double share(Cell from, int k) const {
    const double first = static_cast<double>(flow.to_first[from]);
    return flow.first[from] == k ? first : 1.0 - first;
  }
  template <class Visit>
  void for_each_receiver(Cell cell, const Visit& visit) const {
    if (flow.first[cell] < 8) visit(flow.first[cell]);
    if (flow.second[cell] < 8) visit(flow.second[cell]);
  }
};

class AllLower {
 public:
  AllLower(const Heights& heights, const D8Flow& d8, const SpreadOptions& options)
      : heights_(heights), to_(d8.to), options_(options), offsets_(offsets_of(heights.shape())) {
    const Shape& shape = heights.shape();
    total_.assign(static_cast<std::size_t>(shape.cells()), 0.0);
    parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
      for_each_cell(shape, begin, end, [&](Cell cell, bool inside) {
        if (!heights.is_valid(cell)) return;
        double total = 0.0;
        for_each_step(shape, offsets_, cell, inside, [&](Cell next, int k) {
          if (heights_[next] < heights_[cell]) total += weight(cell, next, k);
        });
        total_[static_cast<std::size_t>(cell)] = total;
      });
    });
  }

  bool gives(Cell from, int k) const {
    if (total_[static_cast<std::size_t>(from)] == 0.0) return to_[from] == k;
    return heights_[from + offsets_[static_cast<std::size_t>(k)]] < heights_[from];
  }
  double share(Cell from, int k) const {
    const double total = total_[static_cast<std::size_t>(from)];
    return total == 0.0 ? 1.0 : weight(from, from + offsets_[static_cast<std::size_t>(k)], k) / total;
  }
  template <class Visit>
  void for_each_receiver(Cell cell, const Visit& visit) const {
    if (total_[static_cast<std::size_t>(cell)] == 0.0) {
      if (to_[cell] < 8) visit(to_[cell]);
      return;
    }
    for_each_step(heights_.shape(), offsets_, cell, is_inside(heights_.shape(), cell), [&](Cell next, int k) {
      if (heights_[next] < heights_[cell]) visit(k);
    });
  }

 private:
  double weight(Cell from, Cell next, int k) const {
    const double drop = static_cast<double>(heights_[from]) - static_cast<double>(heights_[next]);
    const double slope = k < 4 ? drop : drop / std::numbers::sqrt2;
    const double width = !options_.contour_width ? 1.0 : k < 4 ? 0.5 : std::numbers::sqrt2 / 4.0;
    return width * (options_.exponent == 1.0 ? slope : std::pow(slope, options_.exponent));
  }

  const Heights& heights_;
  const Raster<std::uint8_t>& to_;
  SpreadOptions options_;
  std::array<std::int32_t, 8> offsets_;
  std::vector<double> total_;
};

}  // namespace

D8Flow d8_flow(const Raster<float>& elevation_m) {
  const Heights heights(elevation_m);
  D8Flow flow{Raster<std::uint8_t>(elevation_m.shape, D8Flow::none)};
  flow.to.valid = elevation_m.valid;
  descend(heights, flow.to);
  Flats(heights, flow.to).drain();
  return flow;
}

std::vector<Cell> pits_of(const D8Flow& flow) {
  std::vector<Cell> pits;
  for (Cell cell = 0; cell < flow.shape().cells(); ++cell)
    if (flow.to[cell] == D8Flow::pit) pits.push_back(cell);
  return pits;
}

Raster<double> accumulate(const D8Flow& flow, const Raster<double>* weights) {
  return accumulate_over(flow.to, SingleReceiver{flow.to}, weights);
}

DInfinityFlow d_infinity_flow(const Raster<float>& elevation_m, const D8Flow& d8) {
  const Heights heights(elevation_m);
  const Shape& shape = elevation_m.shape;
  const auto offsets = offsets_of(shape);
  DInfinityFlow flow{d8.to, Raster<std::uint8_t>(shape, D8Flow::none), Raster<float>(shape, 1.0F)};
  flow.second.valid = flow.to_first.valid = elevation_m.valid;
  // The eight facets: an orthogonal neighbour and a diagonal one beside it.
  constexpr std::array<std::pair<int, int>, 8> facets{{{0, 4}, {0, 5}, {1, 4}, {1, 6}, {2, 5}, {2, 7}, {3, 6}, {3, 7}}};
  constexpr double quarter = std::numbers::pi / 4.0;
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for_each_cell(shape, begin, end, [&](Cell cell, bool inside) {
      if (!heights.is_valid(cell)) return;
      std::array<float, 8> z{};
      z.fill(no_height);
      for_each_step(shape, offsets, cell, inside,
                    [&](Cell next, int k) { z[static_cast<std::size_t>(k)] = heights[next]; });
      const double e0 = static_cast<double>(heights[cell]);
      double steepest = 0.0;
      for (const auto& [orthogonal, diagonal] : facets) {
        const double e1 = static_cast<double>(z[static_cast<std::size_t>(orthogonal)]);
        const double e2 = static_cast<double>(z[static_cast<std::size_t>(diagonal)]);
        // Where one of both does not exist, only the way to the other is left.
        const double s1 = e0 - e1, s2 = e1 - e2;
        double angle = 0.0, slope = s1;
        if (std::isinf(e1)) {
          angle = quarter;
        } else if (!std::isinf(e2)) {
          angle = std::atan2(s2, s1);
          slope = std::sqrt(s1 * s1 + s2 * s2);
        }
        if (angle <= 0.0) {
          angle = 0.0;
          slope = s1;
        } else if (angle >= quarter) {
          angle = quarter;
          slope = (e0 - e2) / std::numbers::sqrt2;
        }
        if (!(slope > steepest)) continue;
        steepest = slope;
        const auto share = static_cast<float>(1.0 - angle / quarter);
        const bool shared = share > 0.0F && share < 1.0F;
        flow.first[cell] = static_cast<std::uint8_t>(share > 0.0F ? orthogonal : diagonal);
        flow.second[cell] = shared ? static_cast<std::uint8_t>(diagonal) : D8Flow::none;
        flow.to_first[cell] = shared ? share : 1.0F;
      }
    });
  });
  return flow;
}

Raster<double> accumulate(const DInfinityFlow& flow, const Raster<double>* weights) {
  return accumulate_over(flow.first, TwoReceivers{flow}, weights);
}

Raster<double> accumulate_spread(const Raster<float>& elevation_m, const D8Flow& d8, const SpreadOptions& options,
                                 const Raster<double>* weights) {
  const Heights heights(elevation_m);
  return accumulate_over(d8.to, AllLower(heights, d8, options), weights);
}

}  // namespace greenweave
