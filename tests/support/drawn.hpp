#pragma once
// Tiny landscapes drawn as text, so that a test shows what it is about.
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>

#include "model/grid/raster.hpp"

namespace greenweave::testing {

/// A raster drawn row by row, one character a cell; `legend` says what each character means.
template <class T>
Raster<T> drawn(std::initializer_list<std::string> rows, const std::map<char, T>& legend) {
  Raster<T> raster(Shape{static_cast<std::int32_t>(rows.size()), static_cast<std::int32_t>(rows.begin()->size())});
  std::int32_t r = 0;
  for (const std::string& row : rows) {
    if (static_cast<std::int32_t>(row.size()) != raster.shape.cols) throw std::logic_error("rows of unequal length");
    for (std::int32_t c = 0; c < raster.shape.cols; ++c) raster.at(r, c) = legend.at(row[static_cast<std::size_t>(c)]);
    ++r;
  }
  return raster;
}

/// A frame of that shape with its south-west corner at (0, 0); no CRS.
inline Frame frame_of(Shape shape, double cell_m = 1.0) { return {shape, cell_m, 0.0, cell_m * shape.rows, ""}; }

}  // namespace greenweave::testing
