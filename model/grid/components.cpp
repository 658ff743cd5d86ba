#include "model/grid/components.hpp"

#include <algorithm>
#include <cstring>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int32_t rows_per_strip = 64;

/// Neighbouring cells of a row that are one component: columns [begin, end).
struct Run {
  std::int32_t begin, end;
};

/// A strip's runs in row-major order. `parent` is a union-find over them in which the root of a set is its smallest
/// member, so that what is met first also names the component, whatever the order of the unions.
struct Strip {
  std::vector<Run> runs;
  std::vector<std::int32_t> parent;
  std::vector<std::int32_t> row_begin;  // first run of each row, and one more
};

std::int32_t find(std::vector<std::int32_t>& parent, std::int32_t i) {
  while (parent[static_cast<std::size_t>(i)] != i) {
    std::int32_t& up = parent[static_cast<std::size_t>(i)];
    up = parent[static_cast<std::size_t>(up)];
    i = up;
  }
  return i;
}

void unite(std::vector<std::int32_t>& parent, std::int32_t a, std::int32_t b) {
  a = find(parent, a);
  b = find(parent, b);
  if (a != b) parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
}

/// Rows of a mask: runs of non-zero cells, which all join one another.
struct MaskRows {
  const Raster<std::uint8_t>& mask;

  void add_runs(std::int32_t row, std::vector<Run>& runs) const {
    const std::int32_t cols = mask.shape.cols;
    const std::uint8_t* cells = mask.values.data() + static_cast<std::ptrdiff_t>(row) * cols;
    std::int32_t c = 0;
    while (c < cols) {
      for (std::uint64_t eight = 0; c + 8 <= cols; c += 8) {
        std::memcpy(&eight, cells + c, 8);
        if (eight != 0) break;
      }
      while (c < cols && cells[c] == 0) ++c;
      if (c == cols) return;
      const void* zero = std::memchr(cells + c, 0, static_cast<std::size_t>(cols - c));
      const std::int32_t end =
          zero == nullptr ? cols : static_cast<std::int32_t>(static_cast<const std::uint8_t*>(zero) - cells);
      runs.push_back({c, end});
      c = end;
    }
  }
  static constexpr bool joins(std::int32_t, std::int32_t, std::int32_t, std::int32_t) { return true; }
};

/// Rows of classes: runs of one value, which join those of the same value.
struct ClassRows {
  const Raster<std::uint8_t>& classes;

  void add_runs(std::int32_t row, std::vector<Run>& runs) const {
    const std::int32_t cols = classes.shape.cols;
    const auto offset = static_cast<std::ptrdiff_t>(row) * cols;
    const std::uint8_t* cells = classes.values.data() + offset;
    const std::uint8_t* valid = classes.valid.empty() ? nullptr : classes.valid.data() + offset;
    std::int32_t c = 0;
    while (c < cols) {
      if (cells[c] == no_class || (valid != nullptr && valid[c] == 0)) {
        ++c;
        continue;
      }
      const std::int32_t begin = c;
      const std::uint8_t value = cells[c];
      do ++c;
      while (c < cols && cells[c] == value && (valid == nullptr || valid[c] != 0));
      runs.push_back({begin, c});
    }
  }
  bool joins(std::int32_t row_a, std::int32_t col_a, std::int32_t row_b, std::int32_t col_b) const {
    return classes.at(row_a, col_a) == classes.at(row_b, col_b);
  }
};

/// Unites the runs of a row with those of the row above that they touch. `reach` is 1 if corners count, else 0. Numbers
/// of runs begin at `first_above` and `first_below`.
template <class Rows>
void join_rows(const Rows& rows, std::int32_t row, std::int32_t reach, const Run* above, const Run* above_end,
               std::int32_t first_above, const Run* below, const Run* below_end, std::int32_t first_below,
               std::vector<std::int32_t>& parent) {
  const Run* a = above;
  const Run* b = below;
  while (a != above_end && b != below_end) {
    if (a->begin < b->end + reach && b->begin < a->end + reach && rows.joins(row - 1, a->begin, row, b->begin))
      unite(parent, first_above + static_cast<std::int32_t>(a - above),
            first_below + static_cast<std::int32_t>(b - below));
    // Where both end together with corners counted, either may still touch the other's successor.
    if (a->end == b->end && reach != 0 && a + 1 != above_end && a[1].begin == a->end &&
        rows.joins(row - 1, a[1].begin, row, b->begin))
      unite(parent, first_above + static_cast<std::int32_t>(a + 1 - above),
            first_below + static_cast<std::int32_t>(b - below));
    if (a->end < b->end)
      ++a;
    else
      ++b;
  }
}

template <class Rows>
Raster<std::int32_t> label(const Shape& shape, const Rows& rows, Neighbourhood neighbourhood, std::int32_t* count) {
  const std::int32_t reach = neighbourhood == Neighbourhood::eight ? 1 : 0;
  const std::int32_t strip_count = (shape.rows + rows_per_strip - 1) / rows_per_strip;
  std::vector<Strip> strips(static_cast<std::size_t>(strip_count));
  parallel_for(strip_count, [&](std::int64_t k) {
    Strip& strip = strips[static_cast<std::size_t>(k)];
    const auto begin = static_cast<std::int32_t>(k) * rows_per_strip;
    const std::int32_t end = std::min(shape.rows, begin + rows_per_strip);
    strip.row_begin.push_back(0);
    for (std::int32_t r = begin; r < end; ++r) {
      rows.add_runs(r, strip.runs);
      const auto size = static_cast<std::int32_t>(strip.runs.size());
      const std::int32_t first = strip.row_begin.back();
      for (std::int32_t i = first; i < size; ++i) strip.parent.push_back(i);
      if (r > begin) {
        const std::int32_t above = strip.row_begin[strip.row_begin.size() - 2];
        const Run* runs = strip.runs.data();
        join_rows(rows, r, reach, runs + above, runs + first, above, runs + first, runs + size, first, strip.parent);
      }
      strip.row_begin.push_back(size);
    }
  });

  std::vector<std::int32_t> first_run{0};
  for (const Strip& strip : strips)
    first_run.push_back(first_run.back() + static_cast<std::int32_t>(strip.runs.size()));
  std::vector<std::int32_t> parent(static_cast<std::size_t>(first_run.back()));
  parallel_for(strip_count, [&](std::int64_t k) {
    Strip& strip = strips[static_cast<std::size_t>(k)];
    const std::int32_t shift = first_run[static_cast<std::size_t>(k)];
    std::transform(strip.parent.begin(), strip.parent.end(), parent.begin() + shift,
                   [&](std::int32_t p) { return p + shift; });
    strip.parent = {};
  });
  for (std::size_t k = 1; k < strips.size(); ++k) {
    const Strip &north = strips[k - 1], &south = strips[k];
    const std::int32_t above = north.row_begin[north.row_begin.size() - 2];
    join_rows(rows, static_cast<std::int32_t>(k) * rows_per_strip, reach, north.runs.data() + above,
              north.runs.data() + north.runs.size(), first_run[k - 1] + above, south.runs.data(),
              south.runs.data() + south.row_begin[1], first_run[k], parent);
  }

  // A root comes before the rest of its set, so one pass numbers the components in the order in which they are met.
  std::int32_t found = 0;
  std::vector<std::int32_t>& number = parent;
  for (std::size_t i = 0; i < number.size(); ++i)
    number[i] = number[i] == static_cast<std::int32_t>(i) ? ++found : number[static_cast<std::size_t>(number[i])];

  Raster<std::int32_t> result;
  result.shape = shape;
  result.values.resize(static_cast<std::size_t>(shape.cells()));
  parallel_for(strip_count, [&](std::int64_t k) {
    const Strip& strip = strips[static_cast<std::size_t>(k)];
    const std::int32_t shift = first_run[static_cast<std::size_t>(k)];
    for (std::size_t row = 0; row + 1 < strip.row_begin.size(); ++row) {
      std::int32_t* out = result.values.data() + (k * rows_per_strip + static_cast<std::int64_t>(row)) * shape.cols;
      for (std::int32_t i = strip.row_begin[row]; i < strip.row_begin[row + 1]; ++i) {
        const Run run = strip.runs[static_cast<std::size_t>(i)];
        std::fill(out + run.begin, out + run.end, number[static_cast<std::size_t>(shift + i)]);
      }
    }
  });
  if (count != nullptr) *count = found;
  return result;
}

}  // namespace

Raster<std::int32_t> label_components(const Raster<std::uint8_t>& mask, Neighbourhood neighbourhood,
                                      std::int32_t* count) {
  return label(mask.shape, MaskRows{mask}, neighbourhood, count);
}

Raster<std::int32_t> label_classes(const Raster<std::uint8_t>& classes, Neighbourhood neighbourhood,
                                   std::int32_t* count) {
  return label(classes.shape, ClassRows{classes}, neighbourhood, count);
}

}  // namespace greenweave
