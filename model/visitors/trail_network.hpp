#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"

namespace greenweave {

enum class GreenwayKind : std::uint8_t { ecological, suburban, urban };
enum class TrailSurface : std::uint8_t { paved, gravel, earth, boardwalk, steps };
enum class TrailNodeKind : std::uint8_t { junction, end, entrance, station, attraction };
const char* name_of(GreenwayKind kind);
const char* name_of(TrailSurface surface);
const char* name_of(TrailNodeKind kind);

struct TrailNode {
  Point at;
  TrailNodeKind kind = TrailNodeKind::junction;
  std::string name;  // of entrances, stations and attractions
};

/// A stretch of trail between two nodes. Its direction is that of `line`.
struct TrailLink {
  int from = -1, to = -1;
  std::vector<Point> line;  // from node to node, both ends included
  double length_m = 0.0;
  GreenwayKind kind = GreenwayKind::suburban;
  bool is_typed = true;  // its kind is stated. If not, it is taken as such, and no standard of a kind is asked of it
  double width_m = 0.0;
  double mean_slope_percent = 0.0, steepest_percent = 0.0;
  TrailSurface surface = TrailSurface::paved;
  double shade = 0.0;   // share of its length under trees, 0..1
  std::string element;  // of the framework that it runs in; empty: none
};

struct TrailNetwork {
  std::vector<TrailNode> nodes;
  std::vector<TrailLink> links;
};

/// Persons an hour and direction on each link, and persons present at once, hour by hour.
struct TrailLoad {
  int hours = 0;
  std::vector<double> along, against, present;  // link x hours + hour; along the line, against it, both
  std::vector<double> at_node;                  // persons present at each node; node x hours + hour
};

/// A trail as it is drawn.
struct Trail {
  std::string name;
  std::vector<std::vector<Point>> parts;
  GreenwayKind kind = GreenwayKind::suburban;
  bool is_typed = true;  // its kind is stated
  double width_m = 0.0;
  TrailSurface surface = TrailSurface::paved;
  double shade = 0.0;
  std::string element;
};

/// A place on the network that visitors know: an entrance, a station or an attraction.
struct TrailStop {
  std::string name;
  Point at;
  TrailNodeKind kind = TrailNodeKind::entrance;
};

/// How far drawings may be wrong.
struct RepairRule {
  double tolerance_m = 10.0;  // ends, vertices and lines nearer than this are meant to meet (a choice: below half the
                              // spacing of parallel trails)
  double reach_m = 200.0;     // how far from a trail a stop may lie (a choice)
};

/// What was not as drawn.
struct TrailRepair {
  /// near_miss: an end that missed another trail was joined to it; overlap: two trails drawn over each other became one
  /// (the wider one's); stop_moved: a stop was brought onto the nearest trail; loose_end: a trail ends where nothing
  /// is, which is left as it is.
  enum class What : std::uint8_t { near_miss, overlap, stop_moved, loose_end };
  What what = What::near_miss;
  Point at;
  double metres = 0.0;  // missed or moved by; length drawn twice; 0 for a loose end
  std::string trail;    // or stop
  std::string other;    // trail that it was joined to; empty: none or unknown
};
const char* name_of(TrailRepair::What what);

struct BuiltTrails {
  TrailNetwork network;
  std::vector<TrailRepair> repairs;
};

/// Joins trails to a network. They meet where they cross (bridges are not known), where an end or vertex comes nearer
/// than the tolerance, and along stretches drawn twice. Nodes are the stops, in the order given, then junctions, ends,
/// and places where a trail's properties change. InputError: no trail, a width that is not above 0, a shade outside
/// [0, 1], a stop further from every trail than `reach_m`.
BuiltTrails build_trail_network(std::span<const Trail> trails, std::span<const TrailStop> stops,
                                const RepairRule& rule = {});

/// Which nodes hang together: a number for each node, 0 upward.
std::vector<int> connected_parts(const TrailNetwork& network);

/// InputError: an entrance from which no attraction can be reached, or an attraction that no entrance reaches.
void require_connected(const TrailNetwork& network);

/// Sets the slopes of all links, up and down alike, from heights at most a cell apart along them (bilinear between
/// cells' centres); stretches without heights are left out.
void measure_slopes(TrailNetwork& network, const Frame& frame, const Raster<float>& elevation_m);

/// Length of a line, metres.
double line_length_m(std::span<const Point> line);

/// The point that far along a line from its beginning; beyond its end the last one. The line has points.
Point point_along(std::span<const Point> line, double along_m);

}  // namespace greenweave
