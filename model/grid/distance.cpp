#include "model/grid/distance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int32_t none = -1;

/// For each cell the row of the nearest feature in its own column; of two equally near the northern one.
void nearest_in_columns(const Shape& shape, const std::vector<std::uint8_t>& is_feature,
                        std::vector<std::int32_t>& row) {
  // Strips of columns keep the sweeps along rows of memory.
  parallel_pieces(shape.cols, 256, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int32_t> last(static_cast<std::size_t>(end - begin), none);
    for (std::int32_t r = 0; r < shape.rows; ++r)
      for (std::int64_t c = begin; c < end; ++c) {
        const auto i = static_cast<std::size_t>(static_cast<std::int64_t>(r) * shape.cols + c);
        std::int32_t& seen = last[static_cast<std::size_t>(c - begin)];
        if (is_feature[i] != 0) seen = r;
        row[i] = seen;
      }
    std::fill(last.begin(), last.end(), none);
    for (std::int32_t r = shape.rows; r-- > 0;)
      for (std::int64_t c = begin; c < end; ++c) {
        const auto i = static_cast<std::size_t>(static_cast<std::int64_t>(r) * shape.cols + c);
        std::int32_t& seen = last[static_cast<std::size_t>(c - begin)];
        if (is_feature[i] != 0) seen = r;
        if (seen != none && (row[i] == none || seen - r < r - row[i])) row[i] = seen;
      }
  });
}

/// The lower envelope of the parabolas (x - col)^2 + height over one row: which column's feature is nearest from where
/// on.
class Envelope {
 public:
  explicit Envelope(std::int32_t cols) {
    column_.reserve(static_cast<std::size_t>(cols));
    from_.reserve(static_cast<std::size_t>(cols));
  }

  void clear() {
    column_.clear();
    from_.clear();
  }

  /// Columns come in ascending order. `height` gives the squared vertical distance of a column's feature.
  template <class Height>
  void add(std::int32_t column, const Height& height, const std::vector<std::int32_t>& feature_row, std::int32_t cols) {
    while (!column_.empty()) {
      const std::int64_t take_over = first_better(column_.back(), column, height, feature_row);
      if (take_over >= cols) return;
      if (take_over > from_.back()) {
        column_.push_back(column);
        from_.push_back(take_over);
        return;
      }
      column_.pop_back();
      from_.pop_back();
    }
    column_.push_back(column);
    from_.push_back(0);
  }

  std::size_t size() const { return column_.size(); }
  std::int32_t column(std::size_t k) const { return column_[k]; }
  std::int64_t from(std::size_t k) const { return from_[k]; }

 private:
  /// The first column x at which feature b (to the east) is nearer than a, or as near with the smaller cell index.
  template <class Height>
  static std::int64_t first_better(std::int32_t a, std::int32_t b, const Height& height,
                                   const std::vector<std::int32_t>& feature_row) {
    // (x-a)^2 + ha > (x-b)^2 + hb  <=>  2 x (b-a) > b^2 - a^2 + hb - ha
    const std::int64_t right =
        static_cast<std::int64_t>(b) * b - static_cast<std::int64_t>(a) * a + height(b) - height(a);
    if (right < 0) return 0;
    const std::int64_t step = 2 * (static_cast<std::int64_t>(b) - a);
    // Divided as doubles, which is quicker, and off by one at most.
    auto quotient = static_cast<std::int64_t>(static_cast<double>(right) / static_cast<double>(step));
    if (quotient * step > right)
      --quotient;
    else if ((quotient + 1) * step <= right)
      ++quotient;
    // At equality the smaller index wins: the northern row, then the western column, which is a's.
    const bool b_wins_ties = feature_row[static_cast<std::size_t>(b)] < feature_row[static_cast<std::size_t>(a)];
    const bool exact = quotient * step == right;
    return exact && b_wins_ties ? quotient : quotient + 1;
  }

  std::vector<std::int32_t> column_;
  std::vector<std::int64_t> from_;
};

/// Replaces the rows of the nearest feature in each column by the nearest of all features, in `nearest`; calls
/// `tell(cell, squared distance)`.
template <class Tell>
void nearest_in_rows(const Shape& shape, std::vector<Cell>& nearest, const Tell& tell) {
  parallel_pieces(shape.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    Envelope envelope(shape.cols);
    std::vector<std::int32_t> feature_row(static_cast<std::size_t>(shape.cols));
    for (std::int64_t r = begin; r < end; ++r) {
      const auto offset = static_cast<std::size_t>(r * shape.cols);
      std::copy_n(nearest.begin() + static_cast<std::ptrdiff_t>(offset), shape.cols, feature_row.begin());
      const auto height = [&](std::int32_t c) {
        const std::int64_t dy = feature_row[static_cast<std::size_t>(c)] - r;
        return dy * dy;
      };
      envelope.clear();
      for (std::int32_t c = 0; c < shape.cols; ++c)
        if (feature_row[static_cast<std::size_t>(c)] != none) envelope.add(c, height, feature_row, shape.cols);
      for (std::size_t k = 0; k < envelope.size(); ++k) {
        const std::int32_t column = envelope.column(k);
        const std::int64_t stop = k + 1 < envelope.size() ? envelope.from(k + 1) : shape.cols;
        const Cell feature = shape.cell(feature_row[static_cast<std::size_t>(column)], column);
        for (std::int64_t c = envelope.from(k); c < stop; ++c) {
          const std::int64_t dx = c - column;
          nearest[offset + static_cast<std::size_t>(c)] = feature;
          tell(offset + static_cast<std::size_t>(c), dx * dx + height(column));
        }
      }
    }
  });
}

/// Into `nearest`: no further array of its size is needed.
void nearest_in_columns(const Shape& shape, std::span<const Cell> features, std::vector<Cell>& nearest) {
  std::vector<std::uint8_t> is_feature(static_cast<std::size_t>(shape.cells()), 0);
  for (const Cell cell : features) is_feature[static_cast<std::size_t>(cell)] = 1;
  nearest_in_columns(shape, is_feature, nearest);
}

}  // namespace

NearestCell nearest_cell(const Shape& shape, std::span<const Cell> features) {
  NearestCell result{Raster<Cell>(shape, -1), Raster<float>(shape, std::numeric_limits<float>::infinity())};
  if (features.empty()) return result;
  nearest_in_columns(shape, features, result.nearest.values);
  nearest_in_rows(shape, result.nearest.values, [&](std::size_t cell, std::int64_t squared) {
    result.distance_cells.values[cell] = static_cast<float>(std::sqrt(static_cast<double>(squared)));
  });
  return result;
}

Raster<Cell> nearest_feature(const Shape& shape, std::span<const Cell> features) {
  Raster<Cell> nearest(shape, -1);
  if (features.empty()) return nearest;
  nearest_in_columns(shape, features, nearest.values);
  nearest_in_rows(shape, nearest.values, [](std::size_t, std::int64_t) {});
  return nearest;
}

}  // namespace greenweave
