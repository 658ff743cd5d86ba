#include "scenarios/demo/longquanyi.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "model/run/parallel.hpp"
#include "model/run/random.hpp"

namespace greenweave {

namespace {

// Everything is laid out in these bounds, whatever the frame: that keeps it the same place at every cell size.
constexpr double west = 415500.0, south = 3370200.0, side = 29100.0, north = south + side;
constexpr std::uint64_t seed = 20251;

enum Code : std::uint8_t {
  tree = 10,
  shrub = 20,
  grass = 30,
  crop = 40,
  built = 50,
  bare = 60,
  water = 80,
  wetland = 90
};

double smoothstep(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

double random_at(std::uint64_t stream, std::int64_t i, std::int64_t j) {
  return random_uniform(seed, stream,
                        static_cast<std::uint64_t>(i + 100000) << 32 | static_cast<std::uint64_t>(j + 100000));
}

/// Smooth noise in [-1, 1] with features of about `wavelength_m`.
double noise(std::uint64_t stream, double x, double y, double wavelength_m) {
  const double u = (x - west) / wavelength_m, v = (y - south) / wavelength_m;
  const double fu = std::floor(u), fv = std::floor(v);
  const auto i = static_cast<std::int64_t>(fu), j = static_cast<std::int64_t>(fv);
  const auto ease = [](double t) { return t * t * t * (t * (t * 6.0 - 15.0) + 10.0); };
  const double a = ease(u - fu), b = ease(v - fv);
  const double low = random_at(stream, i, j) * (1.0 - a) + random_at(stream, i + 1, j) * a;
  const double high = random_at(stream, i, j + 1) * (1.0 - a) + random_at(stream, i + 1, j + 1) * a;
  return 2.0 * (low * (1.0 - b) + high * b) - 1.0;
}

double fractal(std::uint64_t stream, double x, double y, double wavelength_m, int octaves) {
  double sum = 0.0, weight = 1.0, total = 0.0;
  for (int k = 0; k < octaves; ++k, weight *= 0.5, wavelength_m *= 0.5) {
    sum += weight * noise(stream + static_cast<std::uint64_t>(k), x, y, wavelength_m);
    total += weight;
  }
  return sum / total;
}

/// Values every 60 m over the bounds, read in between by Catmull-Rom splines.
struct Lattice {
  static constexpr double spacing = 60.0;
  static constexpr int count = static_cast<int>(side / spacing) + 1;
  std::vector<double> values = std::vector<double>(static_cast<std::size_t>(count) * count, 0.0);

  static int clamp(int k) { return std::clamp(k, 0, count - 1); }
  static std::size_t index(int row, int col) {
    return static_cast<std::size_t>(clamp(row)) * count + static_cast<std::size_t>(clamp(col));
  }
  static double x(int col) { return west + col * spacing; }
  static double y(int row) { return north - row * spacing; }
  double& at(int row, int col) { return values[index(row, col)]; }
  double at(int row, int col) const { return values[index(row, col)]; }
  double nearest(double px, double py) const {
    return at(static_cast<int>(std::lround((north - py) / spacing)),
              static_cast<int>(std::lround((px - west) / spacing)));
  }
  double smooth(double px, double py) const {
    const double u = (px - west) / spacing, v = (north - py) / spacing;
    const int c = static_cast<int>(std::floor(u)), r = static_cast<int>(std::floor(v));
    const auto spline = [](double a, double b, double d, double e, double t) {
      return b + 0.5 * t * (d - a + t * (2.0 * a - 5.0 * b + 4.0 * d - e + t * (3.0 * (b - d) + e - a)));
    };
    std::array<double, 4> rows{};
    for (int k = 0; k < 4; ++k)
      rows[static_cast<std::size_t>(k)] =
          spline(at(r + k - 1, c - 1), at(r + k - 1, c), at(r + k - 1, c + 1), at(r + k - 1, c + 2), u - c);
    return spline(rows[0], rows[1], rows[2], rows[3], v - r);
  }
};

/// A fold of the mountains: a crest line, its height above the base at both ends, and how wide its flanks are.
struct Fold {
  std::vector<Point> crest;
  double height_south_m, height_north_m, flank_m;
};

// Read off the real terrain: crests of the Longquan folds, kilometres in EPSG:32648 from the bounds' south-west corner.
std::vector<Fold> folds() {
  std::vector<Fold> folds{
      {{{13.0, -2.0},
        {14.4, 1.6},
        {15.9, 5.0},
        {17.3, 7.6},
        {18.8, 9.8},
        {20.2, 12.3},
        {21.0, 14.8},
        {21.7, 17.8},
        {22.4, 20.8},
        {23.2, 23.8},
        {24.3, 26.8},
        {25.4, 31.0}},
       370.0,
       95.0,
       1250.0},
      {{{17.5, 2.0},
        {19.4, 5.4},
        {21.2, 8.0},
        {22.6, 11.0},
        {24.3, 14.4},
        {25.6, 17.0},
        {26.6, 19.4},
        {27.2, 21.5},
        {28.0, 24.0},
        {29.4, 27.5},
        {31.0, 31.0}},
       110.0,
       230.0,
       1000.0},
      {{{12.0, -1.0}, {13.0, 3.6}, {14.0, 7.6}, {15.4, 10.8}, {17.3, 13.6}, {18.9, 16.2}, {19.8, 19.0}},
       130.0,
       60.0,
       700.0},
      {{{24.5, 3.0}, {26.4, 7.0}, {27.6, 10.0}, {29.6, 14.0}}, 40.0, 110.0, 800.0}};
  for (Fold& fold : folds)
    for (Point& p : fold.crest) p = {west + 1000.0 * p.x, south + 1000.0 * p.y};
  return folds;
}

/// Height that a fold adds at a point.
double rise_of(const Fold& fold, double px, double py) {
  double length = 0.0, best = std::numeric_limits<double>::infinity(), along = 0.0, begin = 0.0;
  for (std::size_t i = 0; i + 1 < fold.crest.size(); ++i) {
    const Point a = fold.crest[i], b = fold.crest[i + 1];
    const double dx = b.x - a.x, dy = b.y - a.y, span = std::hypot(dx, dy);
    const double t = std::clamp(((px - a.x) * dx + (py - a.y) * dy) / (span * span), 0.0, 1.0);
    const double distance = std::hypot(px - a.x - t * dx, py - a.y - t * dy);
    if (distance < best) {
      best = distance;
      along = begin + t * span;
    }
    begin += span;
    length += span;
  }
  const double t = along / length;
  const double height = fold.height_south_m + (fold.height_north_m - fold.height_south_m) * t;
  const double ends = smoothstep(0.0, 0.08, t) * smoothstep(0.0, 0.08, 1.0 - t);
  return height * ends * std::exp(-best * best / (2.0 * fold.flank_m * fold.flank_m));
}

/// Terrain, and the streams that drain it, on the lattice.
struct Terrain {
  Lattice height;
  Lattice rise;                          // above the plain
  Lattice slope;                         // m/m
  std::vector<double> area_km2;          // that drains through a node
  std::vector<std::int32_t> downstream;  // -1: leaves the bounds
};

/// Receivers and drained areas by priority flood from the rim (Barnes and others 2014): every node drains to the node
/// it was reached from. Returns the nodes, outlets first.
std::vector<std::int32_t> drain(Terrain& terrain) {
  constexpr int n = Lattice::count;
  const std::size_t size = terrain.height.values.size();
  terrain.downstream.assign(size, -1);
  std::vector<std::uint8_t> seen(size, 0);
  std::vector<double> flooded(size, 0.0);  // the level at which the flood came
  using Entry = std::pair<double, std::int32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  const auto push = [&](int r, int c, double level, std::int32_t from) {
    const std::size_t at = Lattice::index(r, c);
    if (seen[at] != 0) return;
    seen[at] = 1;
    terrain.downstream[at] = from;
    flooded[at] = std::max(level, terrain.height.values[at]);
    open.emplace(flooded[at], static_cast<std::int32_t>(at));
  };
  for (int k = 0; k < n; ++k)
    for (const auto& [r, c] : {std::pair{0, k}, {n - 1, k}, {k, 0}, {k, n - 1}}) push(r, c, -1e9, -1);
  std::vector<std::int32_t> order;
  order.reserve(size);
  while (!open.empty()) {
    const auto [level, at] = open.top();
    open.pop();
    order.push_back(at);
    const int r = at / n, c = at % n;
    for (const auto& [dr, dc] : neighbour_steps)
      if (r + dr >= 0 && r + dr < n && c + dc >= 0 && c + dc < n) push(r + dr, c + dc, level + 1e-4, at);
  }
  // Where a steeper way down than the flood's exists, water takes it, but not back into a basin whose sill it is.
  for (const std::int32_t at : order) {
    if (terrain.downstream[static_cast<std::size_t>(at)] < 0) continue;
    const int r = at / n, c = at % n;
    double steepest = 1e-9;
    for (std::size_t k = 0; k < neighbour_steps.size(); ++k) {
      const int rr = r + neighbour_steps[k].first, cc = c + neighbour_steps[k].second;
      const double drop = (terrain.height.at(r, c) - terrain.height.at(rr, cc)) / (k < 4 ? 1.0 : std::sqrt(2.0));
      const bool nearer_rim = flooded[Lattice::index(rr, cc)] < flooded[static_cast<std::size_t>(at)];
      if (drop > steepest && nearer_rim) {
        steepest = drop;
        terrain.downstream[static_cast<std::size_t>(at)] = static_cast<std::int32_t>(Lattice::index(rr, cc));
      }
    }
  }
  // Sources first: the flood's level falls with every step down, so there are no circles.
  terrain.area_km2.assign(size, Lattice::spacing * Lattice::spacing / 1e6);
  std::vector<std::int32_t> pending(size, 0);
  for (const std::int32_t to : terrain.downstream)
    if (to >= 0) ++pending[static_cast<std::size_t>(to)];
  std::vector<std::int32_t> ready;
  for (std::size_t at = 0; at < size; ++at)
    if (pending[at] == 0) ready.push_back(static_cast<std::int32_t>(at));
  for (std::size_t k = 0; k < ready.size(); ++k) {
    const auto at = static_cast<std::size_t>(ready[k]);
    const std::int32_t to = terrain.downstream[at];
    if (to < 0) continue;
    terrain.area_km2[static_cast<std::size_t>(to)] += terrain.area_km2[at];
    if (--pending[static_cast<std::size_t>(to)] == 0) ready.push_back(to);
  }
  std::reverse(ready.begin(), ready.end());
  return ready;  // outlets first
}

/// Streams cut down through whatever dams them, so that every node drains to the rim: without this the swells of the
/// plain would close basins of thousands of hectares, which rivers that have run there for ages do not leave.
void cut_outlets(Terrain& terrain, const std::vector<std::int32_t>& outlets_first) {
  constexpr double fall_m = 0.012;  // from node to node, 0.2 m a kilometre
  for (std::size_t k = outlets_first.size(); k-- > 0;) {
    const auto at = static_cast<std::size_t>(outlets_first[k]);
    const std::int32_t to = terrain.downstream[at];
    if (to < 0) continue;
    double& below = terrain.height.values[static_cast<std::size_t>(to)];
    below = std::min(below, terrain.height.values[at] - fall_m);
  }
}

double plain_at(double x, double y) {
  const double to_east = (x - west) / side, to_north = (y - south) / side;
  return 492.0 + 7.0 * to_north - 40.0 * smoothstep(0.62, 1.0, to_east - 0.45 * to_north) +
         9.0 * fractal(11, x, y, 5200.0, 2) + 3.0 * fractal(21, x, y, 1100.0, 2);
}

Terrain make_terrain() {
  constexpr int n = Lattice::count;
  Terrain terrain;
  const std::vector<Fold> mountains = folds();
  Lattice plain;
  parallel_for(n, [&](std::int64_t row) {
    const int r = static_cast<int>(row);
    for (int c = 0; c < n; ++c) {
      const double x = Lattice::x(c), y = Lattice::y(r);
      // The folds waver, and their crests rise and fall.
      const double wx = x + 420.0 * fractal(31, x, y, 3800.0, 3), wy = y + 420.0 * fractal(41, x, y, 3800.0, 3);
      double rise = 0.0;
      for (const Fold& fold : mountains) rise += rise_of(fold, wx, wy);
      rise *= 1.0 + 0.24 * fractal(51, x, y, 2600.0, 2);
      const double rough = smoothstep(15.0, 120.0, rise);
      rise +=
          rough * (34.0 * fractal(61, x, y, 1500.0, 4) + 16.0 * (1.0 - 2.0 * std::abs(fractal(71, x, y, 620.0, 3))));
      plain.at(r, c) = plain_at(x, y);
      terrain.rise.at(r, c) = std::max(rise, 0.0);
      terrain.height.at(r, c) = plain.at(r, c) + std::max(rise, 0.0);
    }
  });
  // Streams cut into the folds: implicit stream-power erosion (Braun and Willett 2013), and creep that rounds the
  // ridges.
  for (int step = 0; step < 18; ++step) {
    const std::vector<std::int32_t> outlets_first = drain(terrain);
    cut_outlets(terrain, outlets_first);
    for (const std::int32_t node : outlets_first) {
      const auto at = static_cast<std::size_t>(node);
      const std::int32_t to = terrain.downstream[at];
      if (to < 0) continue;
      const double soft = smoothstep(2.0, 50.0, terrain.rise.values[at]);
      const double cut = soft * 0.34 * std::pow(terrain.area_km2[at], 0.45);
      const double below = terrain.height.values[static_cast<std::size_t>(to)];
      if (below < terrain.height.values[at])
        terrain.height.values[at] = (terrain.height.values[at] + cut * below) / (1.0 + cut);
    }
    Lattice rounded = terrain.height;
    parallel_for(n, [&](std::int64_t row) {
      const int r = static_cast<int>(row);
      for (int c = 0; c < n; ++c)
        rounded.at(r, c) +=
            0.08 * (terrain.height.at(r - 1, c) + terrain.height.at(r + 1, c) + terrain.height.at(r, c - 1) +
                    terrain.height.at(r, c + 1) - 4.0 * terrain.height.at(r, c));
    });
    terrain.height = rounded;
  }
  cut_outlets(terrain, drain(terrain));
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) {
      terrain.rise.at(r, c) = std::max(0.0, terrain.height.at(r, c) - plain.at(r, c));
      terrain.slope.at(r, c) = std::hypot(terrain.height.at(r, c + 1) - terrain.height.at(r, c - 1),
                                          terrain.height.at(r + 1, c) - terrain.height.at(r - 1, c)) /
                               (2.0 * Lattice::spacing);
    }
  return terrain;
}

/// A stream from its head down to a larger one or out of the bounds.
struct Stream {
  std::vector<Point> line;
  double area_km2;  // drained at its lower end
};

std::vector<Stream> streams_of(const Terrain& terrain, double least_km2) {
  constexpr int n = Lattice::count;
  const std::size_t size = terrain.area_km2.size();
  std::vector<std::int32_t> main_source(size, -1);  // the largest node that drains into one
  for (std::size_t at = 0; at < size; ++at) {
    const std::int32_t to = terrain.downstream[at];
    if (to < 0) continue;
    std::int32_t& source = main_source[static_cast<std::size_t>(to)];
    if (source < 0 || terrain.area_km2[at] > terrain.area_km2[static_cast<std::size_t>(source)])
      source = static_cast<std::int32_t>(at);
  }
  std::vector<Stream> streams;
  for (std::size_t at = 0; at < size; ++at) {
    const std::int32_t above = main_source[at];
    const bool is_head = terrain.area_km2[at] >= least_km2 &&
                         (above < 0 || terrain.area_km2[static_cast<std::size_t>(above)] < least_km2);
    if (!is_head) continue;
    Stream stream{{}, 0.0};
    for (auto node = static_cast<std::int32_t>(at); node >= 0;) {
      const int r = node / n, c = node % n;
      const double x = Lattice::x(c), y = Lattice::y(r);
      // Streams meander a little, more on the plain than in the mountains.
      const double swing =
          45.0 * (1.0 - 0.7 * smoothstep(5.0, 60.0, terrain.rise.values[static_cast<std::size_t>(node)]));
      stream.line.push_back({x + swing * noise(81, x, y, 260.0), y + swing * noise(82, x, y, 260.0)});
      stream.area_km2 = terrain.area_km2[static_cast<std::size_t>(node)];
      const std::int32_t to = terrain.downstream[static_cast<std::size_t>(node)];
      if (to < 0) break;
      const bool joins = main_source[static_cast<std::size_t>(to)] != node;
      if (joins) {
        stream.line.push_back(
            {Lattice::x(to % n) + 45.0 * 0.3 * noise(81, Lattice::x(to % n), Lattice::y(to / n), 260.0),
             Lattice::y(to / n) + 45.0 * 0.3 * noise(82, Lattice::x(to % n), Lattice::y(to / n), 260.0)});
        break;
      }
      node = to;
    }
    // Corner cutting (Chaikin 1974) takes the lattice out of the line.
    for (int pass = 0; pass < 2 && stream.line.size() > 2; ++pass) {
      std::vector<Point> cut{stream.line.front()};
      for (std::size_t i = 0; i + 1 < stream.line.size(); ++i) {
        const Point a = stream.line[i], b = stream.line[i + 1];
        cut.push_back({0.75 * a.x + 0.25 * b.x, 0.75 * a.y + 0.25 * b.y});
        cut.push_back({0.25 * a.x + 0.75 * b.x, 0.25 * a.y + 0.75 * b.y});
      }
      cut.push_back(stream.line.back());
      stream.line = std::move(cut);
    }
    if (stream.line.size() > 8) streams.push_back(std::move(stream));
  }
  return streams;
}

/// Irregular parcels: the Voronoi cells of a jittered grid of sites.
class Parcels {
 public:
  Parcels(std::uint64_t stream, double spacing_m, double jitter)
      : stream_(stream), spacing_(spacing_m), jitter_(jitter), count_(static_cast<int>(side / spacing_m) + 3) {}

  int count() const { return count_ * count_; }
  Point site(int i, int j) const {
    return {west + (i - 0.5 + jitter_ * (random_at(stream_, i, j) - 0.5)) * spacing_,
            south + (j - 0.5 + jitter_ * (random_at(stream_ + 1, i, j) - 0.5)) * spacing_};
  }
  Point site(int k) const { return site(k % count_, k / count_); }
  double random(int k, std::uint64_t which) const { return random_at(stream_ + 2 + which, k % count_, k / count_); }
  /// The parcel that a point lies in.
  int at(double x, double y) const {
    const int ci = static_cast<int>(std::floor((x - west) / spacing_ + 1.0));
    const int cj = static_cast<int>(std::floor((y - south) / spacing_ + 1.0));
    int best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int j = std::max(0, cj - 1); j <= std::min(count_ - 1, cj + 1); ++j)
      for (int i = std::max(0, ci - 1); i <= std::min(count_ - 1, ci + 1); ++i) {
        const std::int64_t k = static_cast<std::int64_t>(j) * count_ + i;
        const Point p = sites_.empty() ? site(i, j) : sites_[static_cast<std::size_t>(k)];
        const double squared = (p.x - x) * (p.x - x) + (p.y - y) * (p.y - y);
        if (squared < least) {
          least = squared;
          best = j * count_ + i;
        }
      }
    return best;
  }
  /// Keeps all sites at hand, for many questions.
  void remember() {
    sites_.resize(static_cast<std::size_t>(count()));
    parallel_for(
        count(), [&](std::int64_t k) { sites_[static_cast<std::size_t>(k)] = site(static_cast<int>(k)); }, 256);
  }

 private:
  std::uint64_t stream_;
  double spacing_, jitter_;
  int count_;
  std::vector<Point> sites_;
};

/// A town: where, how far it reaches, and how dense it is.
struct Town {
  Point centre;
  double reach_m, weight;
};

class Maker {
 public:
  Maker(const Frame& frame, const DemoPlan& plan) : frame_(frame), plan_(plan), terrain_(make_terrain()) {
    const auto at_km = [](double x, double y) { return Point{west + 1000.0 * x, south + 1000.0 * y}; };
    towns_ = {{plan.seat, 2900.0, 1.15},         {at_km(9.2, 10.3), 2500.0, 1.0},  // the seat; the car-industry quarter
              {at_km(1.0, 15.0), 3600.0, 1.25},  {at_km(0.5, 21.5), 3300.0, 1.1},  // Chengdu's edge
              {at_km(1.6, 8.2), 2300.0, 0.95},   {at_km(5.6, 21.6), 1500.0, 0.85},   // Shiling
              {at_km(10.2, 21.0), 1500.0, 0.85}, {at_km(6.4, 15.9), 1500.0, 0.85},   // Xihe, Damian
              {at_km(15.8, 22.3), 1200.0, 0.7},  {at_km(12.6, 25.6), 1100.0, 0.65},  // Hong'an, Huang
              {at_km(4.2, 3.6), 1300.0, 0.7},    {at_km(9.0, 2.2), 900.0, 0.6}};
    streams_ = streams_of(terrain_, 1.4);
  }

  DemoLandscape make() {
    make_elevation();
    settle();
    cover_land();
    draw_water();
    draw_hamlets();
    settle_people();
    return std::move(result_);
  }

 private:
  void make_elevation() {
    result_.elevation_m = Raster<float>(frame_.shape);
    parallel_for(frame_.shape.rows, [&](std::int64_t row) {
      for (std::int32_t c = 0; c < frame_.shape.cols; ++c) {
        const Cell cell = frame_.shape.cell(static_cast<std::int32_t>(row), c);
        const Point p = frame_.centre(cell);
        const double rough = 0.25 + 5.0 * smoothstep(0.04, 0.3, terrain_.slope.nearest(p.x, p.y));
        result_.elevation_m[cell] =
            static_cast<float>(terrain_.height.smooth(p.x, p.y) + rough * 0.8 * fractal(91, p.x, p.y, 110.0, 2));
      }
    });
  }

  double distance_to_roads(Point p) const {
    double least = std::numeric_limits<double>::infinity();
    for (const Geometry& road : plan_.roads) least = std::min(least, distance_m(road, p));
    return least;
  }

  /// How urban a place is: above about 0.5 it is built up.
  double urbanity(Point p) const {
    double value = 0.0;
    for (const Town& town : towns_) {
      const double d = std::hypot(p.x - town.centre.x, p.y - town.centre.y) / town.reach_m;
      value = std::max(value, town.weight * std::exp(-0.8 * d * d));
    }
    value += 0.38 * std::exp(-distance_to_roads(p) / 600.0) * smoothstep(0.03, 0.35, value);
    value += 0.36 * fractal(101, p.x, p.y, 2400.0, 4);
    value -= 0.9 * smoothstep(12.0, 45.0, terrain_.rise.nearest(p.x, p.y));
    value -= 0.75 * std::exp(-distance_m(plan_.outer_ring, p) / 260.0);
    value -= 0.9 * smoothstep(900.0, 250.0, distance_m(plan_.lake, p));
    value -= 0.3 * std::exp(-distance_m(plan_.canal, p) / 90.0);
    return value;
  }

  /// What each block of the towns and each parcel of the fields is.
  void settle() {
    blocks_.remember();
    parcels_.remember();
    block_.resize(static_cast<std::size_t>(blocks_.count()));
    urbanity_.resize(block_.size());
    parallel_for(
        blocks_.count(),
        [&](std::int64_t at) {
          const int k = static_cast<int>(at);
          const Point p = blocks_.site(k);
          const double urban = urbanity(p), chance = blocks_.random(k, 0);
          urbanity_[static_cast<std::size_t>(k)] = urban;
          std::uint8_t& code = block_[static_cast<std::size_t>(k)];
          if (urban < 0.46)
            code = 0;  // not built up
          else if (chance < 0.045 + 0.04 * fractal(111, p.x, p.y, 2600.0, 2))
            code = chance < 0.03 ? tree : grass;  // parks
          else if (urban < 0.56 && chance > 0.9)
            code = bare;  // being built
          else if (urban < 0.52 && chance > 0.6)
            code = crop;  // fields that the town has enclosed
          else
            code = built;
        },
        64);

    parcel_.resize(static_cast<std::size_t>(parcels_.count()));
    parallel_for(
        parcels_.count(),
        [&](std::int64_t at) {
          const int k = static_cast<int>(at);
          parcel_[static_cast<std::size_t>(k)] = farm_parcel(k);
        },
        64);
  }

  std::uint8_t farm_parcel(int k) const {
    const Point p = parcels_.site(k);
    const double chance = parcels_.random(k, 0);
    const double rise = terrain_.rise.nearest(p.x, p.y);
    // Groves: the ring belt, the park around the lake, and a few woods of the plain.
    const double ring = distance_m(plan_.outer_ring, p), lake = distance_m(plan_.lake, p),
                 canal = distance_m(plan_.canal, p);
    double wooded = 0.0;
    if (ring < 420.0) wooded = 0.62 + 0.5 * fractal(121, p.x, p.y, 1500.0, 2);
    if (lake < 700.0) wooded = std::max(wooded, 0.55 + 0.35 * fractal(131, p.x, p.y, 700.0, 2));
    if (canal < 170.0) wooded = std::max(wooded, 0.3 + 0.45 * fractal(141, p.x, p.y, 1400.0, 2));
    const double woods = fractal(151, p.x, p.y, 1900.0, 3);
    if (woods > 0.34) wooded = std::max(wooded, 0.85);
    if (chance < wooded) return parcels_.random(k, 1) < 0.78 ? tree : grass;
    // Orchards clothe the foot of the mountains: peaches and pears, which a satellite takes for shrubs, trees or grass.
    const double orchard = smoothstep(5.0, 45.0, rise + 16.0 * fractal(161, p.x, p.y, 900.0, 2));
    if (parcels_.random(k, 2) < orchard)
      return chance < 0.5 ? shrub : chance < 0.72 ? tree : chance < 0.9 ? grass : crop;
    return chance < 0.84 ? crop : chance < 0.92 ? grass : chance < 0.955 ? shrub : chance < 0.985 ? tree : bare;
  }

  void cover_land() {
    result_.land_cover = Raster<std::uint8_t>(frame_.shape);
    parallel_for(frame_.shape.rows, [&](std::int64_t row) {
      for (std::int32_t c = 0; c < frame_.shape.cols; ++c) {
        const Cell cell = frame_.shape.cell(static_cast<std::int32_t>(row), c);
        result_.land_cover[cell] = cover_at(frame_.centre(cell));
      }
    });
  }

  std::uint8_t cover_at(Point p) const {
    const double rise = terrain_.rise.nearest(p.x, p.y), slope = terrain_.slope.smooth(p.x, p.y);
    // Edges of blocks and parcels waver by a few metres.
    const double x = p.x + 14.0 * noise(171, p.x, p.y, 90.0), y = p.y + 14.0 * noise(172, p.x, p.y, 90.0);
    const std::uint8_t block = block_[static_cast<std::size_t>(blocks_.at(x, y))];
    if (block == built) {
      // Street trees and small greens inside the blocks.
      const double green = noise(181, p.x, p.y, 75.0);
      return green > 0.66 ? (green > 0.78 ? tree : grass) : built;
    }
    if (block != 0) return block;
    const double forest = smoothstep(25.0, 170.0, rise) + 0.75 * smoothstep(0.07, 0.32, slope) +
                          0.34 * fractal(191, p.x, p.y, 1100.0, 4) - 0.5 * smoothstep(0.1, 0.02, slope);
    if (forest > 0.72) {
      const double opening = fractal(201, p.x, p.y, 300.0, 3);
      if (opening < -0.5) return opening < -0.58 ? grass : shrub;
      return tree;
    }
    if (forest > 0.6) return noise(211, p.x, p.y, 130.0) > 0.0 ? shrub : tree;
    return parcel_[static_cast<std::size_t>(parcels_.at(x, y))];
  }

  template <class May>
  void paint(const std::vector<Cell>& cells, std::uint8_t code, const May& may) {
    for (const Cell cell : cells)
      if (may(result_.land_cover[cell])) result_.land_cover[cell] = code;
  }

  static bool open_country(std::uint8_t code) { return code != built && code != water; }

  void draw_water() {
    // Streams: a wooded or grassy bank, then the bed. Small ones are narrower than a cell and show as their bank.
    for (const Stream& stream : streams_) {
      const Geometry line{Geometry::Kind::lines, {stream.line}};
      const double width = std::min(26.0, 3.0 + 3.2 * std::sqrt(stream.area_km2));
      for (const Cell cell : cells_within(frame_, line, width / 2.0 + 28.0)) {
        const Point p = frame_.centre(cell);
        const double kind = noise(221, p.x, p.y, 420.0) + 0.3 * noise(222, p.x, p.y, 60.0);
        if (!open_country(result_.land_cover[cell])) continue;
        if (kind > 0.12)
          result_.land_cover[cell] = tree;
        else if (kind > -0.25)
          result_.land_cover[cell] = grass;
        else if (kind < -0.5 && terrain_.rise.nearest(p.x, p.y) < 8.0)
          result_.land_cover[cell] = wetland;
      }
      if (stream.area_km2 > 9.0) bed(line, width);
    }
    draw_ponds();
    draw_reservoirs();
    bed(plan_.canal, 24.0);
    const std::vector<Cell> lake = cells_inside(frame_, plan_.lake);
    for (const Cell cell : cells_within(frame_, plan_.lake, 75.0)) {
      const Point p = frame_.centre(cell);
      if (noise(231, p.x, p.y, 330.0) > 0.22 && open_country(result_.land_cover[cell]))
        result_.land_cover[cell] = wetland;
    }
    paint(lake, water, [](std::uint8_t) { return true; });
    float level = std::numeric_limits<float>::infinity();
    for (const Cell cell : lake) level = std::min(level, result_.elevation_m[cell]);
    for (const Cell cell : lake) result_.elevation_m[cell] = level;
  }

  void bed(const Geometry& line, double width_m) {
    for (const Cell cell : cells_within(frame_, line, width_m / 2.0)) {
      result_.land_cover[cell] = water;
      result_.elevation_m[cell] -= 2.0F;
    }
  }

  Geometry disc(Point centre, double radius_m, std::uint64_t stream, double wobble) const {
    std::vector<Point> ring;
    for (int k = 0; k < 20; ++k) {
      const double angle = k * 3.14159265358979 / 10.0;
      const double r = radius_m * (1.0 + wobble * noise(stream, centre.x + 700.0 * std::cos(angle),
                                                        centre.y + 700.0 * std::sin(angle), 500.0));
      ring.push_back({centre.x + r * std::cos(angle), centre.y + r * std::sin(angle)});
    }
    return {Geometry::Kind::polygons, {ring}};
  }

  void draw_ponds() {
    const Parcels ponds(300, 880.0, 0.95);
    for (int k = 0; k < ponds.count(); ++k) {
      const Point p = ponds.site(k);
      const double rise = terrain_.rise.nearest(p.x, p.y);
      if (rise > 55.0 || ponds.random(k, 0) > (rise > 12.0 ? 0.2 : 0.33)) continue;
      const double radius = 32.0 + 75.0 * std::pow(ponds.random(k, 1), 2.5);
      if (block_[static_cast<std::size_t>(blocks_.at(p.x, p.y))] == built && ponds.random(k, 2) > 0.25) continue;
      if (ponds.random(k, 3) < 0.5)
        paint(cells_inside(frame_, disc(p, radius + 34.0, 310, 0.5)), wetland, open_country);
      paint(cells_inside(frame_, disc(p, radius, 310, 0.35)), water, [](std::uint8_t) { return true; });
    }
  }

  /// Dams across mountain valleys: the water stands as high as the dam over the valley above it.
  void draw_reservoirs() {
    std::vector<Point> dams;
    constexpr int n = Lattice::count;
    for (int r = 8; r < n - 8 && dams.size() < 6; ++r)
      for (int c = 8; c < n - 8 && dams.size() < 6; ++c) {
        const double area = terrain_.area_km2[Lattice::index(r, c)];
        if (area < 2.2 || area > 4.5 || terrain_.rise.at(r, c) < 28.0 || terrain_.slope.at(r, c) > 0.14) continue;
        const Point p{Lattice::x(c), Lattice::y(r)};
        const bool apart =
            std::all_of(dams.begin(), dams.end(), [&](Point d) { return std::hypot(d.x - p.x, d.y - p.y) > 4500.0; });
        if (!apart) continue;
        const double level = terrain_.height.at(r, c) + 7.0;
        const std::vector<Cell> around = cells_within(frame_, {Geometry::Kind::points, {{p}}}, 560.0);
        std::vector<Cell> flooded;
        for (const Cell cell : around) {
          const Point q = frame_.centre(cell);
          const double z = terrain_.height.smooth(q.x, q.y);
          if (z < level && z > terrain_.height.at(r, c) - 0.5) flooded.push_back(cell);
        }
        // A valley, not a basin without walls.
        const double share = static_cast<double>(flooded.size()) / static_cast<double>(around.size());
        if (share < 0.08 || share > 0.4) continue;
        dams.push_back(p);
        for (const Cell cell : flooded) {
          result_.land_cover[cell] = water;
          result_.elevation_m[cell] = static_cast<float>(level);
        }
      }
  }

  /// Hamlets of the plain (linpan): houses in a ring of trees and bamboo.
  void draw_hamlets() {
    const Parcels hamlets(400, 520.0, 0.9);
    for (int k = 0; k < hamlets.count(); ++k) {
      const Point p = hamlets.site(k);
      const double rise = terrain_.rise.nearest(p.x, p.y);
      if (hamlets.random(k, 0) > (rise < 15.0 ? 0.6 : rise < 120.0 ? 0.22 : 0.05)) continue;
      if (block_[static_cast<std::size_t>(blocks_.at(p.x, p.y))] != 0 || terrain_.slope.nearest(p.x, p.y) > 0.15)
        continue;
      const double radius = 24.0 + 34.0 * hamlets.random(k, 1);
      const auto farmland = [](std::uint8_t code) {
        return code == crop || code == grass || code == shrub || code == bare || code == tree;
      };
      paint(cells_inside(frame_, disc(p, radius + 30.0, 410, 0.4)), tree, farmland);
      paint(cells_inside(frame_, disc({p.x + 8.0, p.y - 6.0}, radius, 420, 0.4)), built, farmland);
    }
  }

  /// A million people: dense in the towns' middle, a few in each hamlet.
  void settle_people() {
    result_.population = Raster<float>(frame_.shape, 0.0F);
    parallel_for(frame_.shape.rows, [&](std::int64_t row) {
      for (std::int32_t c = 0; c < frame_.shape.cols; ++c) {
        const Cell cell = frame_.shape.cell(static_cast<std::int32_t>(row), c);
        if (result_.land_cover[cell] != built) continue;
        const Point p = frame_.centre(cell);
        const auto block = static_cast<std::size_t>(blocks_.at(p.x, p.y));
        const double lively = 0.6 + 0.8 * blocks_.random(static_cast<int>(block), 1);
        result_.population[cell] = static_cast<float>(
            block_[block] == built ? 20.0 + 110.0 * lively * smoothstep(0.4, 1.2, urbanity_[block]) : 22.0);
      }
    });
    const double total =
        deterministic_sum<double>(frame_.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
          double sum = 0.0;
          for (std::int64_t i = begin; i < end; ++i)
            sum += static_cast<double>(result_.population[static_cast<Cell>(i)]);
          return sum;
        });
    const double scale = total > 0.0 ? 1.0e6 / total : 0.0;
    parallel_pieces(frame_.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float& people = result_.population[static_cast<Cell>(i)];
        people = static_cast<float>(static_cast<double>(people) * scale);
      }
    });
  }

  const Frame& frame_;
  const DemoPlan& plan_;
  Terrain terrain_;
  std::vector<Stream> streams_;
  std::vector<Town> towns_;
  Parcels blocks_{500, 250.0, 0.7}, parcels_{600, 165.0, 0.9};
  std::vector<std::uint8_t> block_, parcel_;  // code of each; 0: a block outside the towns
  std::vector<double> urbanity_;              // of each block
  DemoLandscape result_;
};

}  // namespace

Frame demo_frame(double cell_m) {
  const auto cells = static_cast<std::int32_t>(std::floor(side / cell_m + 1e-9));
  return {{cells, cells}, cell_m, west, north, ""};
}

std::vector<DemoDay> generate_weather() {
  struct Month {
    int days, rainy_days;
    double rain_mm, evaporation_mm;
  };
  constexpr std::array<Month, 12> months{{{31, 7, 8, 31},
                                          {28, 8, 12, 38},
                                          {31, 11, 21, 62},
                                          {30, 12, 46, 85},
                                          {31, 14, 84, 105},
                                          {30, 15, 108, 104},
                                          {31, 17, 230, 112},
                                          {31, 15, 222, 106},
                                          {30, 16, 126, 72},
                                          {31, 14, 40, 51},
                                          {30, 9, 16, 36},
                                          {31, 6, 6, 29}}};
  constexpr std::uint64_t stream = 700;
  std::vector<DemoDay> weather;
  for (std::size_t m = 0; m < months.size(); ++m) {
    const Month& month = months[m];
    // The days with the largest draws are the rainy ones; amounts are exponential, scaled to the month's sum.
    std::vector<int> order(static_cast<std::size_t>(month.days));
    std::iota(order.begin(), order.end(), 0);
    const auto draw = [&](int day, int k) {
      return random_uniform(seed, stream, static_cast<std::uint64_t>(1000 * k + 40 * static_cast<int>(m) + day));
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) { return draw(a, 0) > draw(b, 0); });
    std::vector<double> rain(order.size(), 0.0);
    double sum = 0.0;
    for (int k = 0; k < month.rainy_days; ++k) {
      const auto day = static_cast<std::size_t>(order[static_cast<std::size_t>(k)]);
      sum += rain[day] = -std::log(1.0 - draw(static_cast<int>(day), 1));
    }
    for (std::size_t day = 0; day < rain.size(); ++day)
      weather.push_back({static_cast<int>(m) + 1, static_cast<int>(day) + 1, rain[day] * month.rain_mm / sum,
                         month.evaporation_mm / month.days * (rain[day] > 0.0 ? 0.8 : 1.2)});
    // Rainy days evaporate less; the month's sum stays.
    double evaporated = 0.0;
    const auto first = weather.end() - month.days;
    for (auto day = first; day != weather.end(); ++day) evaporated += day->evaporation_mm;
    for (auto day = first; day != weather.end(); ++day) day->evaporation_mm *= month.evaporation_mm / evaporated;
  }
  return weather;
}

DemoLandscape generate_longquanyi(const Frame& frame, const DemoPlan& plan) { return Maker(frame, plan).make(); }

}  // namespace greenweave
