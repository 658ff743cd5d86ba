#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/grid/raster.hpp"

namespace greenweave {

/// How the cost of a step depends on the gradient walked: a factor on the cost of the same step on level ground.
struct SlopeResponse {
  enum class Kind { none, tobler, table };
  Kind kind = Kind::none;
  /// For `table`: gradient (rise over run, uphill positive) and factor (> 0), gradients ascending; linear between the
  /// rows, constant beyond the first and the last.
  std::vector<std::pair<double, double>> table;
  /// A step steeper than that, up or down, cannot be made.
  double steepest = std::numeric_limits<double>::infinity();

  bool is_none() const { return kind == Kind::none && steepest == std::numeric_limits<double>::infinity(); }
  /// Factor at a gradient; 1 where it is not a number (unknown heights), infinity if too steep. `tobler`: time per
  /// metre relative to level ground by Tobler's (1993) hiking function, exp(3.5 (|g + 0.05| - 0.05)): least at 5 %
  /// downhill.
  double factor(double gradient) const;
  bool operator==(const SlopeResponse&) const = default;
};

/// How a guild moves on the cells of a line (a canal, a road): factors on their resistance for steps along the line and
/// across it; along cos^2 t + across sin^2 t at an angle t between them. Both > 0.
struct LineResponse {
  int line = -1;  // position in LineAxes::names
  double along = 1.0, across = 1.0;
  bool operator==(const LineResponse&) const = default;
};

/// Which line each cell belongs to, and which way the line runs there.
struct LineAxes {
  static constexpr int degrees = 180;
  /// 0: no line; otherwise 1 + 180 x line + whole degrees of the axis, counted anticlockwise from east.
  Raster<std::uint16_t> code;
  std::vector<std::string> names;
};

/// Lines with their widths, for `line_axes`.
struct LineOnGround {
  std::string name;
  Geometry geometry;
  double width_m = 0.0;
};

/// The cells within half the width of each line (every cell that the line touches at least), with the direction of the
/// line's segment nearest to the cell's centre. Where lines overlap the later one wins. At most 364 lines.
LineAxes line_axes(const Frame& frame, std::span<const LineOnGround> lines);

/// What makes the cost of a step depend on its direction. The cost of a step from u to v is
///   length x (r_u l_u + r_v l_v) / 2 x s(gradient from u to v),
/// with l the lines' factors for the step's axis (1 off the lines) and s the slope's.
struct StepEffects {
  double cell_m = 1.0;
  std::shared_ptr<const Raster<float>> elevation_m;  // null: no slope
  SlopeResponse slope;
  std::shared_ptr<const LineAxes> axes;  // null: no lines
  std::vector<LineResponse> lines;

  /// Whether the cost of a step may differ between there and back.
  bool is_asymmetric() const { return elevation_m != nullptr && !slope.is_none(); }
  /// The same rasters (not only equal ones) and the same responses.
  bool operator==(const StepEffects&) const = default;
};

/// Factors of one axis code on the four axes of steps: east-west, north-south, north-east to south-west, north-west to
/// south-east.
std::array<double, 4> line_factors(const LineResponse& response, int axis_degrees);

}  // namespace greenweave
