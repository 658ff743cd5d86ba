#include "model/grid/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace greenweave {

namespace {

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double squared = dx * dx + dy * dy;
  const double t = squared == 0.0 ? 0.0 : std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / squared, 0.0, 1.0);
  return std::hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

bool is_inside(const Geometry& polygons, Point p) {
  bool inside = false;
  for (const auto& ring : polygons.parts)
    for (std::size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++)
      if ((ring[i].y > p.y) != (ring[j].y > p.y) &&
          p.x < (ring[j].x - ring[i].x) * (p.y - ring[i].y) / (ring[j].y - ring[i].y) + ring[i].x)
        inside = !inside;
  return inside;
}

/// Rows or columns of cells whose centres may lie in [low, high], clipped to the frame.
struct Range {
  std::int32_t begin, end;
};

Range clip(double begin, double end, std::int32_t size) {
  const double top = size;
  return {static_cast<std::int32_t>(std::clamp(std::floor(begin), 0.0, top)),
          static_cast<std::int32_t>(std::clamp(std::floor(end) + 1.0, 0.0, top))};
}

Range rows_between(const Frame& frame, double low_y, double high_y) {
  return clip((frame.north - high_y) / frame.cell_m, (frame.north - low_y) / frame.cell_m, frame.shape.rows);
}

Range cols_between(const Frame& frame, double low_x, double high_x) {
  return clip((low_x - frame.west) / frame.cell_m, (high_x - frame.west) / frame.cell_m, frame.shape.cols);
}

void sort_unique(std::vector<Cell>& cells) {
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
}

/// Appends the cells that the segment from `a` to `b` runs through: column by column, the rows it spans there.
void add_cells_of_segment(const Frame& frame, Point a, Point b, std::vector<Cell>& cells) {
  if (a.x > b.x) std::swap(a, b);
  const Range cols = cols_between(frame, a.x, b.x);
  for (std::int32_t c = cols.begin; c < cols.end; ++c) {
    const double left = std::max(a.x, frame.west + c * frame.cell_m);
    const double right = std::min(b.x, frame.west + (c + 1) * frame.cell_m);
    double y0 = a.y, y1 = b.y;
    if (b.x > a.x) {
      y0 = a.y + (b.y - a.y) * (left - a.x) / (b.x - a.x);
      y1 = a.y + (b.y - a.y) * (right - a.x) / (b.x - a.x);
    }
    const Range rows = rows_between(frame, std::min(y0, y1), std::max(y0, y1));
    for (std::int32_t r = rows.begin; r < rows.end; ++r) cells.push_back(frame.shape.cell(r, c));
  }
}

template <class Visit>
void for_each_segment(const Geometry& geometry, const Visit& visit) {
  for (const auto& part : geometry.parts) {
    if (part.size() == 1) visit(part[0], part[0]);
    for (std::size_t i = 0; i + 1 < part.size(); ++i) visit(part[i], part[i + 1]);
    if (geometry.kind == Geometry::Kind::polygons && part.size() > 2 && part.front() != part.back())
      visit(part.back(), part.front());
  }
}

}  // namespace

double length_m(const Geometry& geometry) {
  double length = 0.0;
  if (geometry.kind != Geometry::Kind::points)
    for_each_segment(geometry, [&](Point a, Point b) { length += std::hypot(b.x - a.x, b.y - a.y); });
  return length;
}

std::vector<Cell> cells_inside(const Frame& frame, const Geometry& polygons) {
  std::vector<Cell> cells;
  if (polygons.kind != Geometry::Kind::polygons) return cells;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for_each_segment(polygons, [&](Point a, Point b) {
    low = std::min({low, a.y, b.y});
    high = std::max({high, a.y, b.y});
  });
  if (low > high) return cells;
  const Range rows = rows_between(frame, low, high);
  std::vector<double> crossings;
  for (std::int32_t r = rows.begin; r < rows.end; ++r) {
    const double y = frame.north - (r + 0.5) * frame.cell_m;
    crossings.clear();
    for_each_segment(polygons, [&](Point a, Point b) {
      if ((a.y > y) != (b.y > y)) crossings.push_back((b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x);
    });
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t k = 0; k + 1 < crossings.size(); k += 2) {
      // Centres x with crossings[k] <= x < crossings[k + 1].
      const double first = std::ceil((crossings[k] - frame.west) / frame.cell_m - 0.5);
      const double stop = std::ceil((crossings[k + 1] - frame.west) / frame.cell_m - 0.5);
      const double cols = frame.shape.cols;
      const auto begin = static_cast<std::int32_t>(std::clamp(first, 0.0, cols));
      const auto end = static_cast<std::int32_t>(std::clamp(stop, 0.0, cols));
      for (std::int32_t c = begin; c < end; ++c) cells.push_back(frame.shape.cell(r, c));
    }
  }
  return cells;
}

std::vector<Cell> cells_along(const Frame& frame, const Geometry& geometry) {
  std::vector<Cell> cells;
  for_each_segment(geometry, [&](Point a, Point b) { add_cells_of_segment(frame, a, b, cells); });
  sort_unique(cells);
  return cells;
}

std::vector<Cell> cells_within(const Frame& frame, const Geometry& geometry, double distance) {
  std::vector<Cell> cells =
      geometry.kind == Geometry::Kind::polygons ? cells_inside(frame, geometry) : cells_along(frame, geometry);
  for_each_segment(geometry, [&](Point a, Point b) {
    const Range rows = rows_between(frame, std::min(a.y, b.y) - distance, std::max(a.y, b.y) + distance);
    // A long slanted segment's bounding box is mostly empty: in each row look only where the segment's strip can be.
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    for (std::int32_t r = rows.begin; r < rows.end; ++r) {
      const double y = frame.north - (r + 0.5) * frame.cell_m;
      double low = std::min(a.x, b.x), high = std::max(a.x, b.x);
      if (std::abs(b.y - a.y) > 0.0) {
        const double slope = (b.x - a.x) / (b.y - a.y);
        const double reach = distance * length / std::abs(b.y - a.y);
        const double x = a.x + slope * (y - a.y);
        low = std::max(low, x - reach);
        high = std::min(high, x + reach);
      }
      const Range cols = cols_between(frame, low - distance, high + distance);
      for (std::int32_t c = cols.begin; c < cols.end; ++c) {
        const Cell cell = frame.shape.cell(r, c);
        if (distance_to_segment(frame.centre(cell), a, b) <= distance) cells.push_back(cell);
      }
    }
  });
  sort_unique(cells);
  return cells;
}

double distance_m(const Geometry& geometry, Point p) {
  if (geometry.kind == Geometry::Kind::polygons && is_inside(geometry, p)) return 0.0;
  double nearest = std::numeric_limits<double>::infinity();
  for_each_segment(geometry, [&](Point a, Point b) { nearest = std::min(nearest, distance_to_segment(p, a, b)); });
  return nearest;
}

std::vector<Point> stations_along(const std::vector<Point>& line, double spacing_m) {
  std::vector<Point> stations;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const double length = std::hypot(line[i + 1].x - line[i].x, line[i + 1].y - line[i].y);
    const auto pieces = static_cast<std::int64_t>(std::max(1.0, std::ceil(length / spacing_m)));
    for (std::int64_t k = 0; k < pieces; ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(pieces);
      stations.push_back({line[i].x + t * (line[i + 1].x - line[i].x), line[i].y + t * (line[i + 1].y - line[i].y)});
    }
  }
  if (!line.empty()) stations.push_back(line.back());
  return stations;
}

}  // namespace greenweave
