#pragma once
#include <vector>

#include "model/landscape/landscape.hpp"
#include "model/network/network.hpp"

namespace greenweave {

/// What Conefor computes of a graph, in its conventions: see docs/conefor.md. Attributes have any unit.
struct ConeforRule {
  Dispersal dispersal;     // p of a link by its cost
  double most_cost = 0.0;  // links with a greater cost do not count for NL, NC, H, CCP, LCP, IIC, BC; infinity: all do
  double land_area = 0.0;  // A, in the attribute's unit; 0: not said, and IIC, PC and LCP are 0
  bool per_node = true;
  bool harary_per_node = true;       // all pairs of a component anew for each of its nodes
  bool betweenness_per_node = true;  // BC and BC(IIC)
};

struct ConeforOverall {
  double attribute = 0.0;  // sum
  double NL = 0, NC = 0, H = 0, CCP = 0, LCP = 0;
  double IICnum = 0, EC_IIC = 0, IIC = 0;
  double IICintra = 0, IICdirect = 0, IICstep = 0;  // per cent of IICnum: i = j; pairs with a link; the others
  double F = 0, AWF = 0;                            // over ordered pairs with a link: sum of p, of a_i a_j p
  double PCnum = 0, EC_PC = 0, PC = 0;
  double PCintra = 0, PCdirect = 0, PCstep = 0;  // direct: what links would give alone, each with its own p
};

/// What one node is worth: `var` is the index with it minus the index without it.
struct ConeforNode {
  double attribute = 0.0;
  double varNL = 0, varNC = 0, varH = 0, varCCP = 0;
  double varLCPnum = 0;                                // of the sum of squared components
  double BC = 0;                                       // Freeman's, over (n - 1)(n - 2) / 2 pairs
  double IICintra = 0, IICflux = 0, IICconnector = 0;  // of IICnum
  double varF = 0, varAWF = 0;
  double PCintra = 0, PCflux = 0, PCconnector = 0;  // of PCnum
  double BC_IIC = 0, BC_PC = 0;                     // over ordered pairs
};

struct ConeforIndices {
  ConeforOverall overall;
  std::vector<ConeforNode> nodes;  // empty unless asked for
};

ConeforIndices conefor_indices(const HabitatNetwork& network, const ConeforRule& rule);

/// The part of a network that some nodes make, in their order.
HabitatNetwork part_of(const HabitatNetwork& network, const std::vector<int>& nodes);

/// Largest product of probabilities over all paths, for pairs that are joined.
struct ConeforPair {
  int a = -1, b = -1;
  double probability = 0.0;
};
std::vector<ConeforPair> largest_products(const HabitatNetwork& network, const Dispersal& dispersal);

}  // namespace greenweave
