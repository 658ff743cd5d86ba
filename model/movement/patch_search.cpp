#include "model/movement/patch_search.hpp"

#include <algorithm>
#include <numbers>

namespace greenweave {

namespace {

/// Labels in the padded order of a CostGrid, 0 outside.
std::vector<std::int32_t> padded_labels(const CostGrid& grid, const Raster<std::int32_t>& label) {
  std::vector<std::int32_t> padded(grid.size(), 0);
  for (std::int32_t r = 0; r < label.shape.rows; ++r)
    std::copy_n(label.values.data() + static_cast<std::ptrdiff_t>(r) * label.shape.cols, label.shape.cols,
                padded.data() + static_cast<std::ptrdiff_t>(r + 1) * grid.stride() + 1);
  return padded;
}

}  // namespace

PatchCells::PatchCells(const PatchSet& patches) {
  const Shape shape = patches.label.shape;
  const auto count = static_cast<std::size_t>(patches.count());
  begin.assign(count + 1, 0);
  for (std::size_t p = 0; p < count; ++p) begin[p + 1] = begin[p] + static_cast<std::size_t>(patches.patches[p].cells);
  cells.resize(begin[count]);
  rim_end.assign(begin.begin(), begin.end() - 1);
  std::vector<std::size_t> inner(begin.begin() + 1, begin.end());  // filled from the back
  Cell cell = 0;
  for (std::int32_t r = 0; r < shape.rows; ++r)
    for (std::int32_t c = 0; c < shape.cols; ++c, ++cell) {
      const std::int32_t label = patches.label[cell];
      if (label == 0) continue;
      bool rim = false;
      for (const auto& [dr, dc] : neighbour_steps)
        rim = rim || (shape.holds(r + dr, c + dc) && patches.label.at(r + dr, c + dc) != label);
      const auto p = static_cast<std::size_t>(label - 1);
      cells[rim ? rim_end[p]++ : --inner[p]] = cell;
    }
}

Ground::Ground(const Frame& on_frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& link_rule)
    : frame(on_frame), rule(link_rule), grid(surface), label(padded_labels(grid, patches.label)), cells(patches) {}

void add_patch(int patch, const Ground& ground, CostSearch& search) {
  const auto p = static_cast<std::size_t>(patch);
  const PatchCells& cells = ground.cells;
  for (std::size_t i = cells.begin[p]; i < cells.rim_end[p]; ++i) search.add_source(cells.cells[i]);
  for (std::size_t i = cells.rim_end[p]; i < cells.begin[p + 1]; ++i) search.add_interior(cells.cells[i]);
}

void start_from(int patch, const Ground& ground, Heading heading, CostSearch& search) {
  search.reset(heading);
  add_patch(patch, ground, search);
}

double path_length_m(const Frame& frame, const std::vector<Cell>& path) {
  const Shape& shape = frame.shape;
  std::int64_t straight = 0, diagonal = 0;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const bool is_diagonal =
        shape.row(path[i]) != shape.row(path[i - 1]) && shape.col(path[i]) != shape.col(path[i - 1]);
    ++(is_diagonal ? diagonal : straight);
  }
  return (static_cast<double>(straight) + static_cast<double>(diagonal) * std::numbers::sqrt2) * frame.cell_m;
}

}  // namespace greenweave
