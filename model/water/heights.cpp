#include "model/water/heights.hpp"

#include <cmath>
#include <string>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

Heights::Heights(const Raster<float>& elevation_m) : shape_(elevation_m.shape), data_(elevation_m.values.data()) {
  const std::int64_t cells = shape_.cells();
  const bool has_mask = !elevation_m.valid.empty();
  if (has_mask) {
    copy_.resize(elevation_m.values.size());
    data_ = copy_.data();
  }
  const auto wrong = deterministic_sum<std::int64_t>(cells, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t found = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const bool valid = !has_mask || elevation_m.valid[k] != 0;
      if (valid && !std::isfinite(elevation_m.values[k])) ++found;
      if (has_mask) copy_[k] = valid ? elevation_m.values[k] : no_height;
    }
    return found;
  });
  if (wrong > 0)
    throw InputError("", "elevation", std::to_string(wrong) + " cells have a height that is no finite number",
                     "make them NoData: gdal_calc.py, or gdal_edit.py -a_nodata VALUE FILE");
}

bool is_outlet(const Heights& heights, Cell cell) {
  const Shape& shape = heights.shape();
  const std::int32_t row = shape.row(cell), col = shape.col(cell);
  if (row == 0 || col == 0 || row == shape.rows - 1 || col == shape.cols - 1) return true;
  for (const auto& [dr, dc] : neighbour_steps)
    if (!heights.is_valid(shape.cell(row + dr, col + dc))) return true;
  return false;
}

}  // namespace greenweave
