#include "model/visitors/trampling.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace greenweave {

double cover_after(const TramplingCurve& curve, double passes) {
  double x = std::max(0.0, passes);
  if (curve.c > 0.0) x = std::min(x, curve.b / (2.0 * curve.c));
  return std::clamp(curve.a - curve.b * x + curve.c * x * x, 0.0, curve.a);
}

double off_trail_passes(double persons, double share, const OffTrail& rule, const TramplingCurve& curve) {
  return persons * share * curve.lane_m / std::max(2.0 * rule.strip_m, curve.lane_m);
}

double off_trail_passes(const TrailLink& link, double persons, const OffTrail& rule, const TramplingCurve& curve) {
  return off_trail_passes(persons, link.surface == TrailSurface::boardwalk ? rule.boardwalk_share : rule.share, rule,
                          curve);
}

namespace {

/// Calls `visit(cell, metres)` for the pieces of a line that lie in one cell each, in order.
template <class Visit>
void for_each_piece(const Frame& frame, std::span<const Point> line, const Visit& visit) {
  std::vector<double> cuts;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const Point a = line[i], b = line[i + 1];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (!(length > 0.0)) continue;
    // Where the stretch crosses the grid's lines, as shares of it.
    cuts.assign({0.0, 1.0});
    const auto cross = [&](double from, double to) {
      const double low = std::min(from, to), high = std::max(from, to);
      for (double k = std::ceil(low); k <= high; ++k)
        if (const double t = (k - from) / (to - from); t > 0.0 && t < 1.0) cuts.push_back(t);
    };
    cross((a.x - frame.west) / frame.cell_m, (b.x - frame.west) / frame.cell_m);
    cross((frame.north - a.y) / frame.cell_m, (frame.north - b.y) / frame.cell_m);
    std::sort(cuts.begin(), cuts.end());
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      const double middle = 0.5 * (cuts[k] + cuts[k + 1]);
      const std::int64_t row = frame.row_at(a.y + middle * (b.y - a.y)), col = frame.col_at(a.x + middle * (b.x - a.x));
      if (frame.shape.holds(row, col))
        visit(frame.shape.cell(static_cast<std::int32_t>(row), static_cast<std::int32_t>(col)),
              (cuts[k + 1] - cuts[k]) * length);
    }
  }
}

}  // namespace

Raster<float> trampled_share(const Frame& frame, const TrailNetwork& network, std::span<const double> persons_per_year,
                             const OffTrail& rule, const TramplingCurve& curve) {
  assert(persons_per_year.size() == network.links.size());
  Raster<float> worn;
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    const TrailLink& link = network.links[l];
    const double left = cover_after(curve, off_trail_passes(link, persons_per_year[l], rule, curve));
    if (!(left < curve.a)) continue;
    if (worn.empty()) worn = Raster<float>(frame.shape, 0.0F);
    const double share_of_metre = 2.0 * rule.strip_m / (frame.cell_m * frame.cell_m) * (1.0 - left / curve.a);
    for_each_piece(frame, link.line, [&](Cell cell, double metres) {
      worn[cell] = std::min(1.0F, worn[cell] + static_cast<float>(share_of_metre * metres));
    });
  }
  return worn;
}

}  // namespace greenweave
