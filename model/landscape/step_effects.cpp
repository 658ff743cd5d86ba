#include "model/landscape/step_effects.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace greenweave {

namespace {

/// Direction in whole degrees, 0..179, of the segment of the geometry's lines that is nearest to a point.
int axis_at(const Geometry& geometry, Point p) {
  double nearest = std::numeric_limits<double>::infinity();
  double dx = 1.0, dy = 0.0;
  for (const std::vector<Point>& part : geometry.parts)
    for (std::size_t i = 1; i < part.size(); ++i) {
      const Point a = part[i - 1], b = part[i];
      const double abx = b.x - a.x, aby = b.y - a.y, length2 = abx * abx + aby * aby;
      if (length2 == 0.0) continue;
      const double t = std::clamp(((p.x - a.x) * abx + (p.y - a.y) * aby) / length2, 0.0, 1.0);
      const double ex = p.x - (a.x + t * abx), ey = p.y - (a.y + t * aby), distance2 = ex * ex + ey * ey;
      if (distance2 >= nearest) continue;
      nearest = distance2;
      dx = abx;
      dy = aby;
    }
  const double angle = std::atan2(dy, dx) * 180.0 / std::numbers::pi;
  const auto whole = static_cast<int>(std::lround(angle));
  return ((whole % LineAxes::degrees) + LineAxes::degrees) % LineAxes::degrees;
}

}  // namespace

double SlopeResponse::factor(double gradient) const {
  if (std::isnan(gradient)) return 1.0;
  if (std::abs(gradient) > steepest) return std::numeric_limits<double>::infinity();
  if (kind == Kind::tobler) return std::exp(3.5 * (std::abs(gradient + 0.05) - 0.05));
  if (kind == Kind::none || table.empty()) return 1.0;
  if (gradient <= table.front().first) return table.front().second;
  if (gradient >= table.back().first) return table.back().second;
  const auto above = std::upper_bound(table.begin(), table.end(), gradient,
                                      [](double g, const std::pair<double, double>& row) { return g < row.first; });
  const auto below = above - 1;
  const double share = (gradient - below->first) / (above->first - below->first);
  return below->second + share * (above->second - below->second);
}

LineAxes line_axes(const Frame& frame, std::span<const LineOnGround> lines) {
  assert(lines.size() <= 364);
  LineAxes axes{Raster<std::uint16_t>(frame.shape), {}};
  for (std::size_t k = 0; k < lines.size(); ++k) {
    axes.names.push_back(lines[k].name);
    for (const Cell cell : cells_within(frame, lines[k].geometry, 0.5 * lines[k].width_m))
      axes.code[cell] = static_cast<std::uint16_t>(1 + static_cast<int>(k) * LineAxes::degrees +
                                                   axis_at(lines[k].geometry, frame.centre(cell)));
  }
  return axes;
}

std::array<double, 4> line_factors(const LineResponse& response, int axis_degrees) {
  constexpr std::array<int, 4> step_degrees{0, 90, 45, 135};
  std::array<double, 4> factors{};
  for (std::size_t k = 0; k < 4; ++k) {
    // sin^2 of whole degrees, without the residue that sin(pi) would leave.
    const int between = std::abs(step_degrees[k] - axis_degrees);
    const double sine = std::sin(static_cast<double>(std::min(between, 180 - between)) * std::numbers::pi / 180.0);
    factors[k] = response.along + (response.across - response.along) * (sine * sine);
  }
  return factors;
}

}  // namespace greenweave
