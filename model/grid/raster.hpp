#pragma once
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace greenweave {

/// Row-major index of a cell in its frame. 32 bits hold two billion cells, more than one machine's memory.
using Cell = std::int32_t;

struct Shape {
  std::int32_t rows = 0;
  std::int32_t cols = 0;

  std::int64_t cells() const { return static_cast<std::int64_t>(rows) * cols; }
  Cell cell(std::int32_t row, std::int32_t col) const { return row * cols + col; }
  std::int32_t row(Cell cell) const { return cell / cols; }
  std::int32_t col(Cell cell) const { return cell % cols; }
  bool holds(std::int64_t row, std::int64_t col) const { return row >= 0 && row < rows && col >= 0 && col < cols; }
  bool operator==(const Shape&) const = default;
};

/// A point in the frame's CRS, metres.
struct Point {
  double x = 0.0;
  double y = 0.0;
  bool operator==(const Point&) const = default;
};

/// The common grid of a study: a projected CRS in metres, square cells, row 0 in the north.
struct Frame {
  Shape shape;
  double cell_m = 1.0;
  double west = 0.0;   // x of the outer edge of column 0
  double north = 0.0;  // y of the outer edge of row 0
  std::string crs;     // WKT

  double east() const { return west + cell_m * shape.cols; }
  double south() const { return north - cell_m * shape.rows; }
  double cell_area_ha() const { return cell_m * cell_m / 1e4; }
  Point centre(Cell cell) const {
    return {west + (shape.col(cell) + 0.5) * cell_m, north - (shape.row(cell) + 0.5) * cell_m};
  }
  /// Column and row of a point, which may lie outside the shape.
  std::int64_t col_at(double x) const { return static_cast<std::int64_t>(std::floor((x - west) / cell_m)); }
  std::int64_t row_at(double y) const { return static_cast<std::int64_t>(std::floor((north - y) / cell_m)); }
};

/// A grid of values with a mask: NoData is what the mask says, never a number. An empty mask means all cells are valid.
template <class T>
struct Raster {
  using value_type = T;
  Shape shape;
  std::vector<T> values;
  std::vector<std::uint8_t> valid;

  Raster() = default;
  explicit Raster(Shape s, T value = T{}) : shape(s), values(static_cast<std::size_t>(s.cells()), value) {}

  bool empty() const { return values.empty(); }
  bool is_valid(Cell cell) const { return valid.empty() || valid[static_cast<std::size_t>(cell)] != 0; }
  T& operator[](Cell cell) { return values[static_cast<std::size_t>(cell)]; }
  const T& operator[](Cell cell) const { return values[static_cast<std::size_t>(cell)]; }
  T& at(std::int32_t row, std::int32_t col) { return (*this)[shape.cell(row, col)]; }
  const T& at(std::int32_t row, std::int32_t col) const { return (*this)[shape.cell(row, col)]; }
};

enum class Neighbourhood { four = 4, eight = 8 };

/// The eight steps to a cell's neighbours: row, column. The first four are the orthogonal ones.
inline constexpr std::array<std::pair<int, int>, 8> neighbour_steps{
    {{-1, 0}, {0, -1}, {0, 1}, {1, 0}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}}};

/// Calls `visit(neighbour, is_diagonal)` for each neighbour of `cell` inside the shape, in a fixed order.
template <class Visit>
void for_each_neighbour(const Shape& shape, Cell cell, Neighbourhood neighbourhood, const Visit& visit) {
  const std::int32_t row = shape.row(cell), col = shape.col(cell);
  const std::size_t count = neighbourhood == Neighbourhood::four ? 4 : 8;
  for (std::size_t k = 0; k < count; ++k) {
    const std::int32_t r = row + neighbour_steps[k].first, c = col + neighbour_steps[k].second;
    if (shape.holds(r, c)) visit(shape.cell(r, c), k >= 4);
  }
}

}  // namespace greenweave
