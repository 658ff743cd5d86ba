#include "model/visitors/trail_network.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <fmt/format.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

constexpr double same_m = 1e-6;  // nearer than this, points are one
constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// The point of a segment nearest to p, as its share of the way from a to b.
double nearest_share(Point a, Point b, Point p) {
  const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  return square > 0.0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / square, 0.0, 1.0) : 0.0;
}

Point between(Point a, Point b, double share) { return {a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)}; }

/// Numbers in square bins, so that those near a place are found without looking at all of them.
class Bins {
 public:
  explicit Bins(double bin_m) : bin_m_(bin_m) {}

  void add(std::int32_t number, Point low, Point high) {
    for_each_bin(low, high, [&](std::int64_t key) { bins_[key].push_back(number); });
  }
  /// Calls `visit(number)` for those in the bins of a box; a number may come several times.
  template <class Visit>
  void near(Point low, Point high, const Visit& visit) const {
    for_each_bin(low, high, [&](std::int64_t key) {
      const auto found = bins_.find(key);
      if (found != bins_.end())
        for (const std::int32_t number : found->second) visit(number);
    });
  }

 private:
  template <class Body>
  void for_each_bin(Point low, Point high, const Body& body) const {
    const auto bin = [&](double v) { return static_cast<std::int64_t>(std::floor(v / bin_m_)); };
    for (std::int64_t row = bin(low.y); row <= bin(high.y); ++row)
      for (std::int64_t col = bin(low.x); col <= bin(high.x); ++col) body(row * (std::int64_t{1} << 31) + col);
  }
  double bin_m_;
  std::unordered_map<std::int64_t, std::vector<std::int32_t>> bins_;
};

/// One polyline of a trail, as numbers of vertices.
struct Part {
  int trail = -1;
  std::vector<std::int32_t> vertices;
};

/// A straight piece between two vertices, of one trail.
struct Edge {
  std::int32_t a = -1, b = -1;
  int trail = -1;
  double length_m = 0.0;
};

class Builder {
 public:
  Builder(std::span<const Trail> trails, std::span<const TrailStop> stops, const RepairRule& rule)
      : trails_(trails), stops_(stops), rule_(rule), bin_m_(std::max(100.0, 4.0 * rule.tolerance_m)), near_(bin_m_) {}

  BuiltTrails build() {
    check();
    lay_vertices();
    cut_where_they_meet();
    make_edges();
    place_stops();
    make_nodes();
    trace_links();
    return std::move(result_);
  }

 private:
  void check() const {
    if (trails_.empty()) throw InputError("", "trails", "there is none", "draw at least one trail");
    for (const Trail& trail : trails_) {
      if (!(trail.width_m > 0.0))
        throw InputError("", fmt::format("trail \"{}\"", trail.name), fmt::format("a width of {:g} m", trail.width_m),
                         "give the width that people walk or ride on, above 0");
      if (!(trail.shade >= 0.0 && trail.shade <= 1.0))
        throw InputError("", fmt::format("trail \"{}\"", trail.name), fmt::format("a shade of {:g}", trail.shade),
                         "give the share of its length under trees, from 0 to 1");
    }
  }

  std::int32_t add_vertex(Point point, int part) {
    const auto number = static_cast<std::int32_t>(points_.size());
    points_.push_back(point);
    owners_.push_back({part});
    near_.add(number, point, point);
    return number;
  }

  /// The vertex nearest to a point among those within the tolerance that `counts(vertex)`; -1 if there is none.
  template <class Counts>
  std::int32_t nearest_vertex(Point point, const Counts& counts) const {
    const double reach = std::max(rule_.tolerance_m, same_m);
    std::int32_t best = -1;
    double least = infinity;
    near_.near({point.x - reach, point.y - reach}, {point.x + reach, point.y + reach}, [&](std::int32_t v) {
      const double d = distance(point, points_[at(v)]);
      if (d <= reach && (d < least || (d == least && v < best)) && counts(v)) {
        least = d;
        best = v;
      }
    });
    return best;
  }

  bool belongs(std::int32_t vertex, int part) const {
    const std::vector<int>& owners = owners_[at(vertex)];
    return std::find(owners.begin(), owners.end(), part) != owners.end();
  }
  void own(std::int32_t vertex, int part) {
    if (!belongs(vertex, part)) owners_[at(vertex)].push_back(part);
  }

  void report(TrailRepair::What what, Point where, double metres, const std::string& trail, const std::string& other) {
    result_.repairs.push_back({what, where, metres, trail, other});
  }
  const std::string& trail_of(int part) const { return trails_[at(parts_[at(part)].trail)].name; }

  /// Vertices of a trail that come near one of an earlier trail become that one; a ring that all but closes is closed.
  void lay_vertices() {
    for (std::size_t t = 0; t < trails_.size(); ++t)
      for (const std::vector<Point>& drawn : trails_[t].parts) {
        std::vector<Point> line;
        for (const Point point : drawn)
          if (line.empty() || distance(line.back(), point) > same_m) line.push_back(point);
        if (line.size() < 2) continue;
        const int number = static_cast<int>(parts_.size());
        parts_.push_back({static_cast<int>(t), {}});
        std::vector<std::int32_t> vertices;
        const bool long_enough = line_length_m(line) > 3.0 * rule_.tolerance_m;
        for (std::size_t i = 0; i < line.size(); ++i) {
          const bool is_end = i == 0 || i + 1 == line.size();
          const bool may_close = i + 1 == line.size() && long_enough;
          std::int32_t vertex = nearest_vertex(
              line[i], [&](std::int32_t v) { return !belongs(v, number) || (may_close && v == vertices.front()); });
          if (vertex < 0) {
            vertex = add_vertex(line[i], number);
          } else {
            const double missed = distance(line[i], points_[at(vertex)]);
            if (is_end && missed > same_m)
              report(TrailRepair::What::near_miss, points_[at(vertex)], missed, trails_[t].name,
                     trail_of(owners_[at(vertex)].front()));
            own(vertex, number);
          }
          if (vertices.empty() || vertices.back() != vertex) vertices.push_back(vertex);
        }
        parts_.back().vertices = std::move(vertices);
      }
    if (parts_.empty())
      throw InputError("", "trails", "none of them has a length", "draw lines of at least two points");
  }

  struct Segment {
    int part = -1;
    std::int32_t a = -1, b = -1;
    double along_m = 0.0;                                 // of a, from the part's begin
    std::vector<std::pair<double, std::int32_t>> inside;  // share of the way, vertex
  };

  /// Puts a vertex wherever two lines cross, and into every line that passes a vertex of another within the tolerance.
  void cut_where_they_meet() {
    std::vector<Segment> segments;
    std::vector<double> part_m(parts_.size(), 0.0);
    Bins bins(bin_m_);
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const std::vector<std::int32_t>& v = parts_[p].vertices;
      for (std::size_t i = 0; i + 1 < v.size(); ++i) {
        const Point a = points_[at(v[i])], b = points_[at(v[i + 1])];
        bins.add(static_cast<std::int32_t>(segments.size()), {std::min(a.x, b.x), std::min(a.y, b.y)},
                 {std::max(a.x, b.x), std::max(a.y, b.y)});
        segments.push_back({static_cast<int>(p), v[i], v[i + 1], part_m[p], {}});
        part_m[p] += distance(a, b);
      }
    }
    cross(segments, bins);
    for (Segment& segment : segments) pass_vertices(segment, part_m[at(segment.part)]);

    std::size_t s = 0;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      std::vector<std::int32_t> cut;
      const auto put = [&](std::int32_t vertex) {
        if (cut.empty() || cut.back() != vertex) cut.push_back(vertex);
      };
      if (!parts_[p].vertices.empty()) put(parts_[p].vertices.front());
      for (; s < segments.size() && segments[s].part == static_cast<int>(p); ++s) {
        std::vector<std::pair<double, std::int32_t>>& inside = segments[s].inside;
        std::sort(inside.begin(), inside.end());
        for (const auto& [share, vertex] : inside) put(vertex);
        put(segments[s].b);
      }
      parts_[p].vertices = std::move(cut);
    }
  }

  void cross(std::vector<Segment>& segments, const Bins& bins) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const Point a = points_[at(segments[i].a)], b = points_[at(segments[i].b)];
      std::set<std::int32_t> others;
      bins.near({std::min(a.x, b.x), std::min(a.y, b.y)}, {std::max(a.x, b.x), std::max(a.y, b.y)},
                [&](std::int32_t j) {
                  if (at(j) > i) others.insert(j);
                });
      for (const std::int32_t j : others) {
        Segment &one = segments[i], &two = segments[at(j)];
        if (one.a == two.a || one.a == two.b || one.b == two.a || one.b == two.b) continue;
        const Point c = points_[at(two.a)], d = points_[at(two.b)];
        const double ux = b.x - a.x, uy = b.y - a.y, vx = d.x - c.x, vy = d.y - c.y;
        const double turn = ux * vy - uy * vx;
        if (turn == 0.0) continue;  // parallel: vertices that pass each other join them
        const double s = ((c.x - a.x) * vy - (c.y - a.y) * vx) / turn;
        const double t = ((c.x - a.x) * uy - (c.y - a.y) * ux) / turn;
        if (!(s >= 0.0 && s <= 1.0 && t >= 0.0 && t <= 1.0)) continue;
        const Point point = between(a, b, s);
        // Near a vertex that is there already, `pass_vertices` joins them.
        std::int32_t vertex =
            nearest_vertex(point, [&](std::int32_t v) { return v == one.a || v == one.b || v == two.a || v == two.b; });
        if (vertex < 0) {
          vertex = nearest_vertex(point, [&](std::int32_t v) { return belongs(v, one.part) && belongs(v, two.part); });
          if (vertex < 0) vertex = add_vertex(point, one.part);
        } else {
          report_overshoot(one, two, vertex, point);
        }
        for (Segment* segment : {&one, &two}) {
          own(vertex, segment->part);
          if (vertex == segment->a || vertex == segment->b) continue;
          const double share = nearest_share(points_[at(segment->a)], points_[at(segment->b)], points_[at(vertex)]);
          segment->inside.emplace_back(share, vertex);
        }
      }
    }
  }

  /// An end that runs a little over another trail.
  void report_overshoot(const Segment& one, const Segment& two, std::int32_t vertex, Point crossing) {
    if (distance(points_[at(vertex)], crossing) <= same_m) return;
    for (const auto& [over, other] : {std::pair{&one, &two}, std::pair{&two, &one}}) {
      const std::vector<std::int32_t>& theirs = parts_[at(over->part)].vertices;
      if ((vertex == over->a || vertex == over->b) && (vertex == theirs.front() || vertex == theirs.back()) &&
          !belongs(vertex, other->part))
        report(TrailRepair::What::near_miss, points_[at(vertex)], distance(points_[at(vertex)], crossing),
               trail_of(over->part), trail_of(other->part));
    }
  }

  void pass_vertices(Segment& segment, double part_m) {
    const Point a = points_[at(segment.a)], b = points_[at(segment.b)];
    const double reach = std::max(rule_.tolerance_m, same_m), length = distance(a, b);
    std::set<std::int32_t> candidates;
    near_.near({std::min(a.x, b.x) - reach, std::min(a.y, b.y) - reach},
               {std::max(a.x, b.x) + reach, std::max(a.y, b.y) + reach}, [&](std::int32_t v) { candidates.insert(v); });
    const std::vector<std::int32_t>& own_vertices = parts_[at(segment.part)].vertices;
    for (const std::int32_t v : candidates) {
      if (v == segment.a || v == segment.b) continue;
      const double share = nearest_share(a, b, points_[at(v)]);
      const double missed = distance(between(a, b, share), points_[at(v)]);
      if (missed > reach || share * length < same_m || (1.0 - share) * length < same_m) continue;
      if (std::any_of(segment.inside.begin(), segment.inside.end(), [&](const auto& in) { return in.second == v; }))
        continue;
      if (belongs(v, segment.part)) {
        // Of its own vertices only an end that comes back to it, not one next door.
        const bool first = v == own_vertices.front(), last = v == own_vertices.back();
        const double along = segment.along_m + share * length;
        const double away = first && last ? std::min(along, part_m - along) : first ? along : part_m - along;
        if ((!first && !last) || away < 3.0 * reach) continue;
      }
      const int other = owners_[at(v)].front();
      const std::vector<std::int32_t>& theirs = parts_[at(other)].vertices;
      if (missed > same_m && (v == theirs.front() || v == theirs.back()))
        report(TrailRepair::What::near_miss, points_[at(v)], missed, trail_of(other), trail_of(segment.part));
      own(v, segment.part);
      segment.inside.emplace_back(share, v);
    }
  }

  /// One edge where trails lie upon each other, of the wider one.
  void make_edges() {
    std::map<std::pair<std::int32_t, std::int32_t>, std::size_t> known;
    struct Twice {
      double metres = 0.0;
      Point where;
    };
    std::map<std::pair<int, int>, Twice> twice;
    for (const Part& part : parts_)
      for (std::size_t i = 0; i + 1 < part.vertices.size(); ++i) {
        const std::int32_t a = part.vertices[i], b = part.vertices[i + 1];
        const double length = distance(points_[at(a)], points_[at(b)]);
        const auto [found, is_new] = known.try_emplace({std::min(a, b), std::max(a, b)}, edges_.size());
        if (is_new) {
          edges_.push_back({a, b, part.trail, length});
          continue;
        }
        Edge& edge = edges_[found->second];
        if (edge.trail == part.trail) continue;
        Twice& overlap = twice[{std::min(edge.trail, part.trail), std::max(edge.trail, part.trail)}];
        if (overlap.metres == 0.0) overlap.where = between(points_[at(a)], points_[at(b)], 0.5);
        overlap.metres += length;
        if (trails_[at(part.trail)].width_m > trails_[at(edge.trail)].width_m) edge.trail = part.trail;
      }
    for (const auto& [pair, overlap] : twice)
      report(TrailRepair::What::overlap, overlap.where, overlap.metres, trails_[at(pair.first)].name,
             trails_[at(pair.second)].name);
    for (std::size_t e = 0; e < edges_.size(); ++e) touch(e);
  }

  void touch(std::size_t edge) {
    edges_at_.resize(points_.size());
    edges_at_[at(edges_[edge].a)].push_back(edge);
    edges_at_[at(edges_[edge].b)].push_back(edge);
  }

  void place_stops() {
    for (const TrailStop& stop : stops_) {
      std::size_t nearest = 0;
      double least = infinity, share = 0.0;
      for (std::size_t e = 0; e < edges_.size(); ++e) {
        const Point a = points_[at(edges_[e].a)], b = points_[at(edges_[e].b)];
        const double here = nearest_share(a, b, stop.at), away = distance(between(a, b, here), stop.at);
        if (away < least) {
          least = away;
          nearest = e;
          share = here;
        }
      }
      if (least > rule_.reach_m)
        throw InputError("", fmt::format("{} \"{}\"", name_of(stop.kind), stop.name),
                         fmt::format("it lies {:.0f} m from the nearest trail, \"{}\", and {:.0f} m are the most",
                                     least, trails_[at(edges_[nearest].trail)].name, rule_.reach_m),
                         "move it to the net, draw the trail that leads there, or raise reach_m");
      if (least > same_m)
        report(TrailRepair::What::stop_moved, stop.at, least, stop.name, trails_[at(edges_[nearest].trail)].name);
      stop_vertex_.push_back(vertex_for(stop, nearest, share));
    }
  }

  bool is_taken(std::int32_t vertex) const {
    return std::find(stop_vertex_.begin(), stop_vertex_.end(), vertex) != stop_vertex_.end();
  }

  /// The vertex at which a stop joins an edge; where another stop is there already, a spur of a metre or more leads to
  /// it.
  std::int32_t vertex_for(const TrailStop& stop, std::size_t edge, double share) {
    const std::int32_t a = edges_[edge].a, b = edges_[edge].b;
    const double length = edges_[edge].length_m;
    const Point here = between(points_[at(a)], points_[at(b)], share);
    std::int32_t joint = -1;
    const bool at_a = share * length <= rule_.tolerance_m, at_b = (1.0 - share) * length <= rule_.tolerance_m;
    if (at_a || at_b) {
      joint = at_a && (!at_b || share <= 0.5) ? a : b;
      // Rather a vertex of its own on the trail than a spur from a neighbour's.
      if (is_taken(joint) && share * length > same_m && (1.0 - share) * length > same_m) joint = -1;
    }
    if (joint < 0) {
      joint = add_vertex(here, -1);
      const Edge rest{joint, b, edges_[edge].trail, (1.0 - share) * length};
      edges_[edge].b = joint;
      edges_[edge].length_m = share * length;
      std::vector<std::size_t>& of_b = edges_at_[at(b)];
      of_b.erase(std::find(of_b.begin(), of_b.end(), edge));
      edges_at_.resize(points_.size());
      edges_at_[at(joint)].push_back(edge);
      edges_.push_back(rest);
      touch(edges_.size() - 1);
    }
    if (!is_taken(joint)) return joint;
    const std::int32_t spur = add_vertex(stop.at, -1);
    edges_.push_back({joint, spur, edges_[edge].trail, std::max(1.0, distance(points_[at(joint)], stop.at))});
    touch(edges_.size() - 1);
    return spur;
  }

  bool alike(int one, int two) const {
    const Trail &a = trails_[at(one)], &b = trails_[at(two)];
    return one == two || (a.kind == b.kind && a.is_typed == b.is_typed && a.width_m == b.width_m &&
                          a.surface == b.surface && a.shade == b.shade && a.element == b.element);
  }

  void make_nodes() {
    node_.assign(points_.size(), -1);
    std::vector<TrailNode>& nodes = result_.network.nodes;
    for (std::size_t s = 0; s < stops_.size(); ++s) {
      node_[at(stop_vertex_[s])] = static_cast<int>(nodes.size());
      nodes.push_back({points_[at(stop_vertex_[s])], stops_[s].kind, stops_[s].name});
    }
    for (std::size_t v = 0; v < points_.size(); ++v) {
      const std::vector<std::size_t>& edges = edges_at_[v];
      if (node_[v] >= 0 || edges.empty()) continue;
      if (edges.size() == 2 && alike(edges_[edges[0]].trail, edges_[edges[1]].trail)) continue;
      add_node(v, edges.size() == 1 ? TrailNodeKind::end : TrailNodeKind::junction);
      if (edges.size() == 1)
        report(TrailRepair::What::loose_end, points_[v], 0.0, trails_[at(edges_[edges[0]].trail)].name, "");
    }
  }

  void add_node(std::size_t vertex, TrailNodeKind kind) {
    node_[vertex] = static_cast<int>(result_.network.nodes.size());
    result_.network.nodes.push_back({points_[vertex], kind, ""});
  }

  void trace_links() {
    std::vector<std::int32_t> vertex_of;
    for (std::size_t v = 0; v < points_.size(); ++v)
      if (node_[v] >= 0) {
        if (at(node_[v]) >= vertex_of.size()) vertex_of.resize(at(node_[v]) + 1, -1);
        vertex_of[at(node_[v])] = static_cast<std::int32_t>(v);
      }
    std::vector<bool> used(edges_.size(), false);
    for (const std::int32_t from : vertex_of) trace_from(from, used);
    // Rings that touch nothing: a node at the vertex with the least number.
    for (std::size_t v = 0; v < points_.size(); ++v)
      if (node_[v] < 0 && !edges_at_[v].empty() && !used[edges_at_[v].front()]) {
        add_node(v, TrailNodeKind::junction);
        trace_from(static_cast<std::int32_t>(v), used);
      }
  }

  void trace_from(std::int32_t from, std::vector<bool>& used) {
    for (const std::size_t first : edges_at_[at(from)]) {
      if (used[first]) continue;
      TrailLink link;
      link.from = node_[at(from)];
      link.line.push_back(points_[at(from)]);
      const Trail& trail = trails_[at(edges_[first].trail)];
      link.kind = trail.kind;
      link.is_typed = trail.is_typed;
      link.width_m = trail.width_m;
      link.surface = trail.surface;
      link.shade = trail.shade;
      link.element = trail.element;
      std::size_t edge = first;
      std::int32_t here = from;
      while (true) {
        used[edge] = true;
        here = edges_[edge].a == here ? edges_[edge].b : edges_[edge].a;
        link.line.push_back(points_[at(here)]);
        link.length_m += edges_[edge].length_m;
        if (node_[at(here)] >= 0) break;
        const std::vector<std::size_t>& next = edges_at_[at(here)];
        edge = next[0] == edge ? next[1] : next[0];
      }
      link.to = node_[at(here)];
      result_.network.links.push_back(std::move(link));
    }
  }

  std::span<const Trail> trails_;
  std::span<const TrailStop> stops_;
  const RepairRule& rule_;
  double bin_m_;
  BuiltTrails result_;
  std::vector<Point> points_;             // of vertices
  std::vector<std::vector<int>> owners_;  // parts that run through each vertex
  Bins near_;                             // vertices
  std::vector<Part> parts_;
  std::vector<Edge> edges_;
  std::vector<std::vector<std::size_t>> edges_at_;  // of each vertex
  std::vector<std::int32_t> stop_vertex_;
  std::vector<int> node_;  // of each vertex; -1: none
};

}  // namespace

const char* name_of(GreenwayKind kind) {
  constexpr std::array<const char*, 3> names{"ecological", "suburban", "urban"};
  return names[static_cast<std::size_t>(kind)];
}

const char* name_of(TrailSurface surface) {
  constexpr std::array<const char*, 5> names{"paved", "gravel", "earth", "boardwalk", "steps"};
  return names[static_cast<std::size_t>(surface)];
}

const char* name_of(TrailNodeKind kind) {
  constexpr std::array<const char*, 5> names{"junction", "end", "entrance", "station", "attraction"};
  return names[static_cast<std::size_t>(kind)];
}

const char* name_of(TrailRepair::What what) {
  constexpr std::array<const char*, 4> names{"near_miss", "overlap", "stop_moved", "loose_end"};
  return names[static_cast<std::size_t>(what)];
}

double line_length_m(std::span<const Point> line) {
  double length = 0.0;
  for (std::size_t i = 1; i < line.size(); ++i) length += distance(line[i - 1], line[i]);
  return length;
}

Point point_along(std::span<const Point> line, double along_m) {
  double left = along_m;
  for (std::size_t i = 1; i < line.size(); ++i) {
    const Point a = line[i - 1], b = line[i];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (length > 0.0 && left <= length) return {a.x + left / length * (b.x - a.x), a.y + left / length * (b.y - a.y)};
    left -= length;
  }
  return line.back();
}

BuiltTrails build_trail_network(std::span<const Trail> trails, std::span<const TrailStop> stops,
                                const RepairRule& rule) {
  return Builder(trails, stops, rule).build();
}

std::vector<int> connected_parts(const TrailNetwork& network) {
  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS> graph(network.nodes.size());
  for (const TrailLink& link : network.links) boost::add_edge(at(link.from), at(link.to), graph);
  std::vector<int> part(network.nodes.size(), 0);
  if (!part.empty()) boost::connected_components(graph, part.data());
  return part;
}

void require_connected(const TrailNetwork& network) {
  const std::vector<int> part = connected_parts(network);
  std::set<int> with_entrance, with_attraction;
  for (std::size_t n = 0; n < part.size(); ++n) {
    if (network.nodes[n].kind == TrailNodeKind::entrance) with_entrance.insert(part[n]);
    if (network.nodes[n].kind == TrailNodeKind::attraction) with_attraction.insert(part[n]);
  }
  const auto fail = [](const TrailNode& node, const char* reason) {
    throw InputError("", fmt::format("{} \"{}\"", name_of(node.kind), node.name), reason,
                     "draw the trail that is missing, or raise tolerance_m if ends in the drawing do not meet");
  };
  for (std::size_t n = 0; n < part.size(); ++n) {
    const TrailNode& node = network.nodes[n];
    if (node.kind == TrailNodeKind::entrance && with_attraction.count(part[n]) == 0)
      fail(node, "it is disconnected: no trail leads from it to an attraction");
    if (node.kind == TrailNodeKind::attraction && with_entrance.count(part[n]) == 0)
      fail(node, "it is disconnected: no trail leads to it from an entrance");
  }
}

namespace {

/// Height between the centres of the four cells around a point, bilinear; NaN where one of them has none.
double height_at(const Frame& frame, const Raster<float>& elevation_m, Point point) {
  const double col = (point.x - frame.west) / frame.cell_m - 0.5, row = (frame.north - point.y) / frame.cell_m - 0.5;
  const double left = std::floor(col), top = std::floor(row);
  double height = 0.0;
  for (const int down : {0, 1})
    for (const int right : {0, 1}) {
      const double weight = (down == 1 ? row - top : 1.0 - row + top) * (right == 1 ? col - left : 1.0 - col + left);
      if (weight == 0.0) continue;
      const auto r = static_cast<std::int64_t>(top) + down, c = static_cast<std::int64_t>(left) + right;
      if (!frame.shape.holds(r, c)) return std::nan("");
      const Cell cell = frame.shape.cell(static_cast<std::int32_t>(r), static_cast<std::int32_t>(c));
      if (!elevation_m.is_valid(cell)) return std::nan("");
      height += weight * static_cast<double>(elevation_m[cell]);
    }
  return height;
}

}  // namespace

void measure_slopes(TrailNetwork& network, const Frame& frame, const Raster<float>& elevation_m) {
  for (TrailLink& link : network.links) {
    link.mean_slope_percent = link.steepest_percent = 0.0;
    const std::vector<Point> stations = stations_along(link.line, frame.cell_m);
    double climbed_m = 0.0, known_m = 0.0;
    for (std::size_t i = 1; i < stations.size(); ++i) {
      const double run = distance(stations[i], stations[i - 1]);
      const double rise =
          std::abs(height_at(frame, elevation_m, stations[i]) - height_at(frame, elevation_m, stations[i - 1]));
      if (!std::isfinite(rise) || run < same_m) continue;
      climbed_m += rise;
      known_m += run;
      link.steepest_percent = std::max(link.steepest_percent, 100.0 * rise / run);
    }
    if (known_m > 0.0) link.mean_slope_percent = 100.0 * climbed_m / known_m;
  }
}

}  // namespace greenweave
