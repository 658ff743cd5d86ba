#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// One column of a table: all rows of it, with what they mean.
struct Column {
  std::string name;
  std::string unit;     // UDUNITS style; "1" for a pure number, "" for text
  std::string meaning;  // one line
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>> values;
  int better = 0;  // +1: more is better, -1: less is better, 0: neither

  std::size_t rows() const;
};

/// A named table of columns of equal length: what a case writes and what a comparison reads.
struct Table {
  std::string name;
  std::vector<Column> columns;

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().rows(); }
  /// The column of that name; null if there is none.
  const Column* find(const std::string& column) const;
  /// Its values as numbers or text; throws std::out_of_range if the table has no such column of that type.
  const std::vector<double>& numbers(const std::string& column) const;
  const std::vector<std::int64_t>& integers(const std::string& column) const;
  const std::vector<std::string>& texts(const std::string& column) const;
};

/// A raster on the study's frame with what it means. Masked cells become the fill value in files.
struct NamedRaster {
  std::string name;
  std::string unit;
  std::string meaning;
  std::variant<Raster<float>, Raster<std::int32_t>, Raster<std::uint8_t>> raster;
};

/// Least-cost paths and element geometries, as lists of points in the frame's CRS (CF-like ragged arrays in the file).
struct NamedLines {
  std::string name;
  std::string meaning;
  std::vector<std::vector<Point>> lines;  // row i belongs to row i of the table of the same name
};

}  // namespace greenweave
