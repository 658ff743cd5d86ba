#pragma once
// Small trail networks for tests.
#include <string>
#include <vector>

#include "model/visitors/trail_network.hpp"

namespace greenweave::testing {

inline Trail trail(const std::string& name, const std::vector<Point>& line, double width_m = 2.0) {
  Trail result;
  result.name = name;
  result.parts = {line};
  result.width_m = width_m;
  return result;
}

/// A link of a network put together by hand; its minutes are given apart from it.
inline TrailLink plain_link(int from, int to, double width_m = 2.0) {
  TrailLink link;
  link.from = from;
  link.to = to;
  link.length_m = 100.0;
  link.width_m = width_m;
  return link;
}

/// Nodes without places: entrances first, attractions last, junctions between.
inline std::vector<TrailNode> plain_nodes(int entrances, int junctions, int attractions) {
  std::vector<TrailNode> nodes;
  for (int i = 0; i < entrances; ++i) nodes.push_back({{}, TrailNodeKind::entrance, "gate" + std::to_string(i)});
  for (int i = 0; i < junctions; ++i) nodes.push_back({{}, TrailNodeKind::junction, ""});
  for (int i = 0; i < attractions; ++i) nodes.push_back({{}, TrailNodeKind::attraction, "sight" + std::to_string(i)});
  return nodes;
}

}  // namespace greenweave::testing
