#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// A vector geometry in the frame's CRS. Points: each part is one point. Lines: each part is one polyline.
/// Polygons: each part is one closed ring; the even-odd rule tells inside from holes.
struct Geometry {
  enum class Kind { points, lines, polygons };
  Kind kind = Kind::lines;
  std::vector<std::vector<Point>> parts;

  bool empty() const { return parts.empty(); }
};

/// A geometry with what its layer says of it: the `name` attribute, where the layer has one, and all that are set, as
/// text.
struct Feature {
  std::string name;
  Geometry geometry;
  std::map<std::string, std::string> attributes = {};
};

/// Total length of the lines or rings, metres; 0 for points.
double length_m(const Geometry& geometry);

/// Cells whose centre lies inside the polygons (even-odd rule), ascending. Empty for points and lines.
std::vector<Cell> cells_inside(const Frame& frame, const Geometry& polygons);

/// Cells that a geometry's lines, rings or points run through (every cell touched), ascending. Eight-connected along a
/// line.
std::vector<Cell> cells_along(const Frame& frame, const Geometry& geometry);

/// Cells whose centre is at most `distance_m` from the geometry (0 inside polygons), together with `cells_along` of
/// lines and points, so that a belt narrower than a cell still has cells. Ascending.
std::vector<Cell> cells_within(const Frame& frame, const Geometry& geometry, double distance_m);

/// Distance of a point to the geometry's lines, rings or points, metres; 0 inside polygons.
double distance_m(const Geometry& geometry, Point p);

/// Points along the geometry's first-to-last line at a spacing of at most `spacing_m`, in order, with both ends.
std::vector<Point> stations_along(const std::vector<Point>& line, double spacing_m);

}  // namespace greenweave
