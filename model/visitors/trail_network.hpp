#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"

namespace greenweave {

enum class GreenwayKind : std::uint8_t { ecological, suburban, urban };
enum class TrailSurface : std::uint8_t { paved, gravel, earth, boardwalk, steps };
enum class TrailNodeKind : std::uint8_t { junction, end, entrance, station, attraction };

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

}  // namespace greenweave
