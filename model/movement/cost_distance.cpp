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

}  // namespace greenweave
