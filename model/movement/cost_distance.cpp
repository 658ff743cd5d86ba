#include "model/movement/cost_distance.hpp"

#include <algorithm>

#include "model/movement/search.hpp"

namespace greenweave {

Raster<double> cost_distance(const Raster<float>& resistance, std::span<const Cell> sources, double limit) {
  const CostGrid grid(resistance);
  CostSearch search(grid);
  for (const Cell cell : sources) search.add_source(cell);
  search.run(
      limit, [](std::uint32_t, double) { return true; }, [](double) { return false; });
  const Shape shape = resistance.shape;
  Raster<double> cost(shape);
  for (std::int32_t r = 0; r < shape.rows; ++r) {
    const double* in = search.padded_costs().data() + static_cast<std::ptrdiff_t>(r + 1) * grid.stride() + 1;
    std::copy_n(in, shape.cols, cost.values.data() + static_cast<std::ptrdiff_t>(r) * shape.cols);
  }
  return cost;
}

NearestSource nearest_source(const Frame& frame, const HabitatSurface& surface, const Raster<std::int32_t>& source,
                             double limit_m) {
  const Shape shape = frame.shape;
  const CostGrid grid(surface);
  CostSearch search(grid);
  for (std::int32_t r = 0; r < shape.rows; ++r)
    for (std::int32_t c = 0; c < shape.cols; ++c) {
      const Cell cell = shape.cell(r, c);
      if (source[cell] <= 0) continue;
      bool inside = true;  // only neighbours of the same source: nothing would be expanded from it
      for (const auto& [dr, dc] : neighbour_steps)
        inside = inside && (!shape.holds(r + dr, c + dc) || source.at(r + dr, c + dc) == source[cell]);
      if (!inside)
        search.add_source(cell);
      else
        search.add_interior(cell);
    }
  search.run(
      limit_m / frame.cell_m, [](std::uint32_t, double) { return true; }, [](double) { return false; });
  NearestSource result{Raster<float>(shape), Raster<std::int32_t>(shape)};
  std::vector<Cell> walked;
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    const double cost = search.cost(cell);
    result.cost_m[cell] = static_cast<float>(cost * frame.cell_m);
    if (cost == std::numeric_limits<double>::infinity()) continue;
    // Back along the path until a cell that is known: each cell is walked over once.
    walked.assign(1, cell);
    while (result.source[walked.back()] == 0 && search.cost(walked.back()) > 0.0)
      search.step_back_from(walked.back(), walked);
    const Cell end = walked.back();
    const std::int32_t found = result.source[end] != 0 ? result.source[end] : source[end];
    for (const Cell on_the_way : walked)
      if (result.source[on_the_way] == 0) result.source[on_the_way] = found;
  }
  return result;
}

}  // namespace greenweave
