#include "model/framework/element.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "model/grid/distance.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// Position along a polyline of the point nearest to `p`, and the squared distance to it.
struct Projection {
  double along_m = 0.0;
  double squared = std::numeric_limits<double>::infinity();
};

Projection project(const std::vector<Point>& line, Point p) {
  Projection best;
  double begin = 0.0;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const double dx = line[i + 1].x - line[i].x, dy = line[i + 1].y - line[i].y;
    const double length = std::hypot(dx, dy);
    const double t = length == 0.0
                         ? 0.0
                         : std::clamp(((p.x - line[i].x) * dx + (p.y - line[i].y) * dy) / (length * length), 0.0, 1.0);
    const double ex = p.x - (line[i].x + t * dx), ey = p.y - (line[i].y + t * dy);
    const double squared = ex * ex + ey * ey;
    if (squared < best.squared) best = {begin + t * length, squared};
    begin += length;
  }
  return best;
}

/// Stations of cells along the parts of a line, each part's stations after the former part's.
void follow_line(const Frame& frame, const Geometry& lines, Footprint& footprint) {
  std::vector<std::int32_t> stations_in_part;
  for (const auto& part : lines.parts) {
    const double length = length_m(Geometry{Geometry::Kind::lines, {part}});
    footprint.part_begins.push_back(footprint.stations);
    stations_in_part.push_back(std::max(1, static_cast<int>(std::ceil(length / frame.cell_m))));
    footprint.stations += stations_in_part.back();
  }
  parallel_for(
      static_cast<std::int64_t>(footprint.cells.size()),
      [&](std::int64_t i) {
        const Point centre = frame.centre(footprint.cells[static_cast<std::size_t>(i)]);
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < lines.parts.size(); ++k) {
          const Projection found = project(lines.parts[k], centre);
          if (found.squared >= nearest) continue;
          nearest = found.squared;
          const auto within = static_cast<std::int32_t>(found.along_m / frame.cell_m);
          footprint.station[static_cast<std::size_t>(i)] =
              footprint.part_begins[k] + std::min(within, stations_in_part[k] - 1);
        }
      },
      1024);
}

/// Stations along the principal axis of the cells: the direction in which they spread most.
void follow_principal_axis(const Frame& frame, Footprint& footprint) {
  double mx = 0.0, my = 0.0;
  for (const Cell cell : footprint.cells) {
    const Point p = frame.centre(cell);
    mx += p.x - frame.west;
    my += p.y - frame.north;
  }
  const auto n = static_cast<double>(footprint.cells.size());
  mx = frame.west + mx / n;
  my = frame.north + my / n;
  double sxx = 0.0, sxy = 0.0, syy = 0.0;
  for (const Cell cell : footprint.cells) {
    const Point p = frame.centre(cell);
    sxx += (p.x - mx) * (p.x - mx);
    sxy += (p.x - mx) * (p.y - my);
    syy += (p.y - my) * (p.y - my);
  }
  const double angle = 0.5 * std::atan2(2.0 * sxy, sxx - syy);
  const double ux = std::cos(angle), uy = std::sin(angle);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<double> along(footprint.cells.size());
  for (std::size_t i = 0; i < along.size(); ++i) {
    const Point p = frame.centre(footprint.cells[i]);
    along[i] = (p.x - mx) * ux + (p.y - my) * uy;
    low = std::min(low, along[i]);
    high = std::max(high, along[i]);
  }
  footprint.length_m = high - low + frame.cell_m;
  footprint.stations = static_cast<std::int32_t>((high - low) / frame.cell_m) + 1;
  footprint.part_begins = {0};
  for (std::size_t i = 0; i < along.size(); ++i)
    footprint.station[i] = static_cast<std::int32_t>((along[i] - low) / frame.cell_m);
}

std::vector<Cell> nearest_outside(const Landscape& landscape, const std::vector<Cell>& cells) {
  const Shape shape = landscape.frame.shape;
  std::vector<std::uint8_t> inside(static_cast<std::size_t>(shape.cells()), 0);
  for (const Cell cell : cells) inside[static_cast<std::size_t>(cell)] = 1;
  std::vector<Cell> outside;
  outside.reserve(inside.size() - cells.size());
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (inside[static_cast<std::size_t>(cell)] == 0 && landscape.cover.is_valid(cell)) outside.push_back(cell);
  std::vector<Cell> nearest(cells.size(), -1);
  if (outside.empty()) return nearest;
  const NearestCell found = nearest_cell(shape, outside);
  for (std::size_t i = 0; i < cells.size(); ++i) nearest[i] = found.nearest[cells[i]];
  return nearest;
}

}  // namespace

const char* name_of(Element::Kind kind) {
  switch (kind) {
    case Element::Kind::belt:
      return "belt";
    case Element::Kind::core:
      return "core";
    case Element::Kind::vertical:
      return "vertical";
    case Element::Kind::horizontal:
      return "horizontal";
  }
  return "";
}

std::vector<Cell> cells_of(const Landscape& landscape, const Element& element) {
  std::vector<Cell> cells = element.geometry.kind == Geometry::Kind::lines
                                ? cells_within(landscape.frame, element.geometry, element.width_m / 2.0)
                                : cells_inside(landscape.frame, element.geometry);
  std::erase_if(cells, [&](Cell cell) { return !landscape.cover.is_valid(cell); });
  return cells;
}

Footprint footprint_of(const Landscape& landscape, const Element& element) {
  const Frame& frame = landscape.frame;
  const bool is_line = element.geometry.kind == Geometry::Kind::lines;
  Footprint footprint;
  footprint.station_m = frame.cell_m;
  footprint.cells = cells_of(landscape, element);
  footprint.station.assign(footprint.cells.size(), 0);
  if (footprint.cells.empty()) return footprint;
  if (is_line) {
    footprint.length_m = length_m(element.geometry);
    follow_line(frame, element.geometry, footprint);
  } else {
    follow_principal_axis(frame, footprint);
  }
  footprint.surroundings = nearest_outside(landscape, footprint.cells);
  return footprint;
}

Landscape without_element(const Landscape& landscape, const Element& element, const Footprint& footprint) {
  Landscape changed = landscape;
  const int named = element.reverts_to.empty() ? -1 : landscape.classes->index_of_name(element.reverts_to);
  assert(element.reverts_to.empty() || named >= 0);
  for (std::size_t i = 0; i < footprint.cells.size(); ++i) {
    const Cell cell = footprint.cells[i];
    if (named >= 0)
      changed.cover[cell] = static_cast<ClassIndex>(named);
    else if (footprint.surroundings[i] >= 0)
      changed.cover[cell] = landscape.cover[footprint.surroundings[i]];
    if (!changed.recovery.empty()) {
      changed.former_cover[cell] = changed.cover[cell];
      changed.recovery[cell] = 1.0F;
    }
    if (!changed.wetlands.type.empty()) changed.wetlands.type[cell] = static_cast<std::uint8_t>(WetlandType::none);
  }
  return changed;
}

}  // namespace greenweave
