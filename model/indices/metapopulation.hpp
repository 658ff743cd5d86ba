#pragma once
#include <vector>

#include "model/indices/measure.hpp"
#include "model/landscape/landscape.hpp"
#include "model/network/network.hpp"

namespace greenweave {

/// The landscape matrix M_ij = a_i^x a_j^y exp(-alpha d_ij) of Hanski and Ovaskainen (2000): how much patch j adds to
/// the colonisation of patch i, over its extinction there. d is the shortest path over the network.
struct MetapopulationRule {
  Dispersal dispersal;
  double receiving = 1.0;          // x: of extinction and immigration; the paper's 1
  double sending = 1.0;            // y: of emigration; the paper's 1
  bool self_colonisation = false;  // M_ii = a_i^(x + y) instead of the paper's 0
};

struct MetapopulationCapacity {
  double capacity = 0.0;      // leading eigenvalue of M, ha^(x + y); 0: no two patches are joined
  std::vector<double> share;  // of each patch: the square of the leading eigenvector's entry; they sum to 1
  std::vector<double> own;    // of each patch: the leading eigenvalue of its component alone
  int products = 0;           // matrix times vector, of the largest component
  double residual = 0.0;      // |M x - lambda x| / lambda, the worst component
  bool converged = true;
};

/// Metapopulation capacity. Exact but for pairs whose sum cannot change the eigenvalue by 1e-13 of it. Components up to
/// a few hundred patches are solved densely, larger ones by Lanczos' method with full reorthogonalisation to a residual
/// of 1e-12. Where two components tie, the one of the first patch leads. In parallel, the same bits at any thread
/// count; memory up to 12 bytes a pair within reach.
MetapopulationCapacity metapopulation_capacity(const HabitatNetwork& network, const MetapopulationRule& rule);

}  // namespace greenweave
