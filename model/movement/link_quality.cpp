#include "model/movement/link_quality.hpp"

#include <algorithm>
#include <cmath>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/movement/patch_search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// The rim of a patch row by row, for the distance to another.
struct Rim {
  std::vector<Cell> cells;  // ascending
  std::int32_t row_begin = 0, row_end = 0, col_begin = 0, col_end = 0;

  Rim(const PatchCells& of, int patch, const Shape& shape) {
    const auto p = static_cast<std::size_t>(patch);
    cells.assign(of.cells.begin() + static_cast<std::ptrdiff_t>(of.begin[p]),
                 of.cells.begin() + static_cast<std::ptrdiff_t>(of.rim_end[p]));
    row_begin = shape.rows, col_begin = shape.cols;
    for (const Cell cell : cells) {
      row_begin = std::min(row_begin, shape.row(cell)), row_end = std::max(row_end, shape.row(cell) + 1);
      col_begin = std::min(col_begin, shape.col(cell)), col_end = std::max(col_end, shape.col(cell) + 1);
    }
  }
};

/// Least squared distance between the cell centres of two patches, in cell widths, if it is at most `known`.
std::int64_t squared_distance(const Rim& x, const Rim& y, const Shape& shape, std::int64_t known) {
  std::int64_t best = known;
  const auto squared = [](std::int64_t d) { return d * d; };
  const auto outside = [](std::int32_t at, std::int32_t begin, std::int32_t end) {
    return std::int64_t{std::max({0, begin - at, at - (end - 1)})};
  };
  for (const Cell cell : x.cells) {
    const std::int32_t row = shape.row(cell), col = shape.col(cell);
    if (squared(outside(row, y.row_begin, y.row_end)) + squared(outside(col, y.col_begin, y.col_end)) >= best) continue;
    const auto reach = static_cast<std::int32_t>(std::sqrt(static_cast<double>(best)));
    for (std::int32_t r = std::max(y.row_begin, row - reach); r < std::min(y.row_end, row + reach + 1); ++r) {
      if (squared(r - row) >= best) continue;
      const auto next = std::lower_bound(y.cells.begin(), y.cells.end(), shape.cell(r, col));
      if (next != y.cells.end() && shape.row(*next) == r)
        best = std::min(best, squared(r - row) + squared(shape.col(*next) - col));
      if (next != y.cells.begin() && shape.row(*(next - 1)) == r)
        best = std::min(best, squared(r - row) + squared(shape.col(*(next - 1)) - col));
    }
  }
  return best;
}

int crossings_of(const Landscape& landscape, const std::vector<bool>& of_kind, const std::vector<Cell>& path) {
  const Shape& shape = landscape.frame.shape;
  const auto is = [&](Cell cell) { return landscape.cover.is_valid(cell) && of_kind[landscape.cover[cell]]; };
  int crossings = 0;
  bool entered = false;  // from outside the kind, and not left since
  for (std::size_t i = 1; i < path.size(); ++i) {
    const bool from = is(path[i - 1]), to = is(path[i]);
    if (!from && to) entered = true;
    if (from && !to && entered) {
      ++crossings;
      entered = false;
    }
    if (from || to) continue;
    const std::int32_t r0 = shape.row(path[i - 1]), c0 = shape.col(path[i - 1]);
    const std::int32_t r1 = shape.row(path[i]), c1 = shape.col(path[i]);
    if (r0 != r1 && c0 != c1 && is(shape.cell(r0, c1)) && is(shape.cell(r1, c0))) ++crossings;
  }
  return crossings;
}

/// Adds the cells within the buffer of the path that lie in neither patch.
void add_buffer(const Landscape& landscape, const PatchSet& patches, const Link& link, const std::vector<Cell>& path,
                double radius_cells, std::int32_t mark, std::vector<std::int32_t>& marked, std::vector<double>& ha) {
  const Shape& shape = landscape.frame.shape;
  const auto reach = static_cast<std::int32_t>(radius_cells);
  std::vector<std::int64_t> cells(ha.size(), 0);
  for (const Cell at : path)
    for (std::int32_t dr = -reach; dr <= reach; ++dr)
      for (std::int32_t dc = -reach; dc <= reach; ++dc) {
        if (!shape.holds(shape.row(at) + dr, shape.col(at) + dc) ||
            static_cast<double>(dr) * dr + static_cast<double>(dc) * dc > radius_cells * radius_cells)
          continue;
        const Cell cell = shape.cell(shape.row(at) + dr, shape.col(at) + dc);
        if (marked[static_cast<std::size_t>(cell)] == mark) continue;
        marked[static_cast<std::size_t>(cell)] = mark;
        const std::int32_t label = patches.label[cell];
        if (landscape.cover.is_valid(cell) && label != link.a + 1 && label != link.b + 1)
          ++cells[landscape.cover[cell]];
      }
  for (std::size_t k = 0; k < ha.size(); ++k) ha[k] = static_cast<double>(cells[k]) * landscape.frame.cell_area_ha();
}

}  // namespace

std::vector<LinkQuality> link_quality(const Landscape& landscape, const PatchSet& patches, const LinkSet& links,
                                      const LinkQualityRule& rule, const RunContext& context) {
  const Frame& frame = landscape.frame;
  const std::size_t classes = landscape.classes->classes.size();
  const PatchCells cells(patches);
  std::vector<LinkQuality> result(links.links.size());
  tbb::enumerable_thread_specific<std::vector<std::int32_t>> marks(
      [&] { return std::vector<std::int32_t>(static_cast<std::size_t>(frame.shape.cells()), 0); });
  parallel_for(static_cast<std::int64_t>(links.links.size()), [&](std::int64_t k) {
    context.check();
    const Link& link = links.links[static_cast<std::size_t>(k)];
    LinkQuality& quality = result[static_cast<std::size_t>(k)];
    const bool forward = !link.path.empty();
    const std::vector<Cell>& path = forward ? link.path : link.back_path;
    const double cost_m = forward ? link.cost_m : link.back_cost_m;
    const double length_m = forward ? link.length_m : link.back_length_m;

    // The path's ends are one pair of cells; nearer ones are looked for within that distance.
    const std::int64_t dr = frame.shape.row(path.front()) - frame.shape.row(path.back());
    const std::int64_t dc = frame.shape.col(path.front()) - frame.shape.col(path.back());
    quality.straight_m =
        std::sqrt(static_cast<double>(squared_distance(Rim(cells, link.a, frame.shape), Rim(cells, link.b, frame.shape),
                                                       frame.shape, dr * dr + dc * dc))) *
        frame.cell_m;
    quality.cost_per_length = length_m > 0.0 ? cost_m / length_m : 0.0;
    quality.cost_per_straight = quality.straight_m > 0.0 ? cost_m / quality.straight_m : 0.0;
    quality.path_m_of_class.assign(classes, 0.0);
    for (std::size_t i = 1; i < path.size(); ++i) {
      const double half_m = 0.5 * path_length_m(frame, {path[i - 1], path[i]});
      for (const Cell cell : {path[i - 1], path[i]})
        if (landscape.cover.is_valid(cell)) quality.path_m_of_class[landscape.cover[cell]] += half_m;
    }
    for (const CrossedKind& kind : rule.crossed)
      quality.crossings.push_back(crossings_of(landscape, kind.classes, path));
    if (rule.buffer_m > 0.0) {
      quality.buffer_ha_of_class.assign(classes, 0.0);
      add_buffer(landscape, patches, link, path, rule.buffer_m / frame.cell_m, static_cast<std::int32_t>(k) + 1,
                 marks.local(), quality.buffer_ha_of_class);
    }
  });
  return result;
}

}  // namespace greenweave
