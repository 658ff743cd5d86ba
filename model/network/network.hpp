#pragma once
#include <vector>

#include <boost/graph/adjacency_list.hpp>

#include "model/movement/links.hpp"

namespace greenweave {

struct NetworkNode {
  double attribute = 0.0;  // a_i, ha
};

struct NetworkEdge {
  int link = -1;             // position in the link list it was built from
  double cost_m = 0.0;       // effective distance, in a directed network from the first patch to the second
  double back_cost_m = 0.0;  // the other way; read only where the network is directed
};

/// Habitat patches and the links between them: vertex i is patch i.
using HabitatGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, NetworkNode, NetworkEdge>;

struct HabitatNetwork {
  HabitatGraph graph;
  std::vector<IntraPatchCost> intra;  // empty when distances across patches do not count
  bool directed = false;              // costs there and back may differ, or one of them be infinite
};

HabitatNetwork build_network(const PatchSet& patches, const LinkSet& links);

/// Component of each vertex, numbered from 0 in order of the first vertex.
std::vector<int> network_components(const HabitatNetwork& network, int* count);

}  // namespace greenweave
