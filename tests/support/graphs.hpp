#pragma once
// Graphs for tests, built without a raster.
#include <initializer_list>
#include <tuple>
#include <vector>

#include "model/network/network.hpp"

namespace greenweave::testing {

struct TestLink {
  int a, b;
  double cost_m;
};

/// A network of patches with the given attributes (ha) and links.
inline HabitatNetwork network_of(const std::vector<double>& attributes, const std::vector<TestLink>& links,
                                 std::vector<IntraPatchCost> intra = {}) {
  PatchSet patches;
  for (const double a : attributes) {
    Patch patch;
    patch.area_ha = patch.attribute = a;
    patches.patches.push_back(patch);
  }
  LinkSet set;
  for (const auto& [a, b, cost] : links) {
    Link link;
    link.a = a;
    link.b = b;
    link.cost_m = cost;
    set.links.push_back(link);
  }
  set.intra = std::move(intra);
  return build_network(patches, set);
}

}  // namespace greenweave::testing
