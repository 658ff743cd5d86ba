#include "model/network/network.hpp"

#include <boost/graph/connected_components.hpp>

namespace greenweave {

HabitatNetwork build_network(const PatchSet& patches, const LinkSet& links) {
  HabitatNetwork network{HabitatGraph(patches.patches.size()), links.intra, links.directed};
  for (std::size_t i = 0; i < patches.patches.size(); ++i) network.graph[i].attribute = patches.patches[i].attribute;
  for (std::size_t i = 0; i < links.links.size(); ++i) {
    const Link& link = links.links[i];
    boost::add_edge(static_cast<std::size_t>(link.a), static_cast<std::size_t>(link.b),
                    NetworkEdge{static_cast<int>(i), link.cost_m, links.directed ? link.back_cost_m : link.cost_m},
                    network.graph);
  }
  return network;
}

std::vector<int> network_components(const HabitatNetwork& network, int* count) {
  std::vector<int> component(boost::num_vertices(network.graph));
  const int found = boost::connected_components(
      network.graph,
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, network.graph)));
  if (count != nullptr) *count = found;
  return component;
}

}  // namespace greenweave
