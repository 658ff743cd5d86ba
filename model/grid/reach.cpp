#include "model/grid/reach.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// A disc's centre in one column: row, and the square of its reach.
struct Centre {
  std::int32_t row;
  std::int64_t square;
};

/// The largest whole number whose square is at most n >= 0.
std::int32_t root_of(std::int64_t n) {
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
  while (root * root > n) --root;
  while ((root + 1) * (root + 1) <= n) ++root;
  return static_cast<std::int32_t>(root);
}

/// The first row at which `b` (to the south) reaches farther along its row than `a`: square - (row - centre)^2.
std::int64_t first_better(const Centre& a, const Centre& b) {
  const std::int64_t right =
      static_cast<std::int64_t>(b.row) * b.row - static_cast<std::int64_t>(a.row) * a.row + a.square - b.square;
  const std::int64_t step = 2 * (static_cast<std::int64_t>(b.row) - a.row);
  return right >= 0 ? right / step + 1 : -((-right - 1) / step);
}

/// Writes for each row of a column how far its discs reach along that row, to `reach[row * stride]`; rows that none
/// meets stay as they are.
void reach_of_column(std::vector<Centre>& centres, std::int32_t rows, std::int32_t* reach, std::int64_t stride,
                     std::vector<std::pair<Centre, std::int64_t>>& envelope) {
  std::sort(centres.begin(), centres.end(),
            [](const Centre& a, const Centre& b) { return a.row != b.row ? a.row < b.row : a.square > b.square; });
  envelope.clear();
  std::int32_t last = -1;
  for (const Centre& centre : centres) {
    if (centre.row == last) continue;
    last = centre.row;
    std::int64_t from = 0;
    while (!envelope.empty()) {
      from = first_better(envelope.back().first, centre);
      if (from > envelope.back().second) break;
      envelope.pop_back();
      from = 0;
    }
    if (from < rows) envelope.emplace_back(centre, from);
  }
  for (std::size_t k = 0; k < envelope.size(); ++k) {
    const auto& [centre, from] = envelope[k];
    const std::int64_t most = root_of(centre.square);
    const std::int64_t stop = k + 1 < envelope.size() ? envelope[k + 1].second : rows;
    const std::int64_t begin = std::max(from, centre.row - most), end = std::min(stop, centre.row + most + 1);
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t away = row - centre.row;
      reach[row * stride] = root_of(centre.square - away * away);
    }
  }
}

}  // namespace

Raster<std::uint8_t> within_reach(const Shape& shape, std::span<const ReachingCell> from) {
  Raster<std::uint8_t> result(shape, 0);
  if (from.empty()) return result;
  const auto cols = static_cast<std::size_t>(shape.cols);
  // Centres by column. Nothing beyond the grid can be reached, and distances squared are whole numbers.
  const double most = std::ceil(std::hypot(shape.rows, shape.cols));
  std::vector<std::vector<Centre>> columns(cols);
  for (const ReachingCell& centre : from) {
    if (!(centre.reach_cells >= 0.0)) continue;
    const double reach = std::min(centre.reach_cells, most);
    // A reach that is meant to end at a cell's centre shall not miss it by rounding.
    const auto square = static_cast<std::int64_t>(std::floor(reach * reach * (1.0 + 1e-12)));
    columns[static_cast<std::size_t>(shape.col(centre.cell))].push_back({shape.row(centre.cell), square});
  }
  Raster<std::int32_t> along(shape, -1);
  parallel_pieces(shape.cols, 32, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::pair<Centre, std::int64_t>> envelope;
    for (std::int64_t c = begin; c < end; ++c)
      if (auto& centres = columns[static_cast<std::size_t>(c)]; !centres.empty())
        reach_of_column(centres, shape.rows, along.values.data() + c, shape.cols, envelope);
  });
  parallel_pieces(shape.rows, 32, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int32_t* const reach = along.values.data() + r * shape.cols;
      std::uint8_t* const marks = result.values.data() + r * shape.cols;
      std::int32_t farthest = -1;  // column that discs from the west reach
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        if (reach[c] >= 0) farthest = std::max(farthest, c + reach[c]);
        marks[c] = farthest >= c ? 1 : 0;
      }
      farthest = shape.cols;  // from the east
      for (std::int32_t c = shape.cols; c-- > 0;) {
        if (reach[c] >= 0) farthest = std::min(farthest, c - reach[c]);
        if (farthest <= c) marks[c] = 1;
      }
    }
  });
  return result;
}

}  // namespace greenweave
