#include "model/grid/disc.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

#include "model/run/parallel.hpp"
#include "model/run/simd.hpp"

namespace greenweave {

namespace {

constexpr std::uint8_t far = 255;

/// One row further: 0 where there is a cell of the mask, else one more than before, up to `far`.
GREENWEAVE_WIDE void step(const std::uint8_t* mask, std::uint8_t* rows_since, std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c) {
    const auto more = static_cast<std::uint8_t>(rows_since[c] + (rows_since[c] < far ? 1 : 0));
    rows_since[c] = mask[c] != 0 ? std::uint8_t{0} : more;
  }
}

GREENWEAVE_WIDE void lower(const std::uint8_t* from, std::uint8_t* to, std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c) to[c] = std::min(to[c], from[c]);
}

GREENWEAVE_WIDE void reach(const std::uint8_t* vertical, std::uint8_t height, std::uint8_t* out, std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c) out[c] = static_cast<std::uint8_t>(out[c] | (vertical[c] <= height ? 1 : 0));
}

}  // namespace

Raster<std::uint8_t> within_disc(const Raster<std::uint8_t>& mask, int radius) {
  assert(radius >= 0 && radius <= 200);
  const Shape shape = mask.shape;
  Raster<std::uint8_t> result(shape);
  // How high the disc is above each of its columns.
  std::vector<std::uint8_t> height;
  const int limit = (radius + 1) * (radius + 1);
  for (int dx = 0; dx <= radius; ++dx) {
    int dy = radius;
    while (dx * dx + dy * dy >= limit) --dy;
    height.push_back(static_cast<std::uint8_t>(dy));
  }
  const std::int64_t rows_at_once = 64, cols = shape.cols;
  parallel_pieces(shape.rows, rows_at_once, [&](std::int64_t begin, std::int64_t end) {
    // Distance along the column to the nearest cell of the mask: first from above, then from below. Rows carry a
    // margin as wide as the disc, in which there is nothing.
    const std::int64_t stride = cols + 2 * radius;
    std::vector<std::uint8_t> vertical(static_cast<std::size_t>((end - begin) * stride), far);
    std::vector<std::uint8_t> since(static_cast<std::size_t>(cols), far);
    const auto row_of = [&](std::int64_t r) { return vertical.data() + (r - begin) * stride + radius; };
    for (std::int64_t r = std::max<std::int64_t>(0, begin - radius); r < end; ++r) {
      step(mask.values.data() + r * cols, since.data(), cols);
      if (r >= begin) std::copy(since.begin(), since.end(), row_of(r));
    }
    std::fill(since.begin(), since.end(), far);
    for (std::int64_t r = std::min<std::int64_t>(shape.rows, end + radius) - 1; r >= begin; --r) {
      step(mask.values.data() + r * cols, since.data(), cols);
      if (r < end) lower(since.data(), row_of(r), cols);
    }
    for (std::int64_t r = begin; r < end; ++r)
      for (int dx = -radius; dx <= radius; ++dx)
        reach(row_of(r) + dx, height[static_cast<std::size_t>(dx < 0 ? -dx : dx)], result.values.data() + r * cols,
              cols);
  });
  return result;
}

}  // namespace greenweave
