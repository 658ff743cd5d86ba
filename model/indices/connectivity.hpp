#pragma once
#include <vector>

#include "model/indices/measure.hpp"
#include "model/landscape/landscape.hpp"
#include "model/network/network.hpp"

namespace greenweave {

/// Named choices that the published tools leave silent.
struct ConnectivityParameters {
  Dispersal dispersal;
  double landscape_area_ha = 0.0;  // A that PC, IIC, LCP and MESH divide by
  /// Links with a greater cost do not count as links for IIC and H; by default the dispersal distance.
  /// Infinity takes every link. (Conefor's distance threshold.)
  double binary_threshold_m = 0.0;
  bool per_patch = true;  // dPC, dIIC, BC, F, IF for each patch
};

/// What one patch is worth; fractions in per cent of the whole index.
struct PatchImportance {
  double dPC = 0, dPC_intra = 0, dPC_flux = 0, dPC_connector = 0;
  double dIIC = 0, dIIC_intra = 0, dIIC_flux = 0, dIIC_connector = 0;
  double BC = 0;  // ha2
  double F = 0;   // ha
  double IF = 0;  // ha2
  int degree = 0;
  int component = 0;
};

struct ConnectivityResult {
  double pc_numerator = 0;               // sum a_i a_j p*_ij, ha2
  double iic_numerator = 0;              // sum a_i a_j / (1 + nl_ij), ha2
  Measures measures;                     // NC, MSC, LCP, CCP, IIC, PC, ECA, H, alpha, beta, gamma, MESH, ...
  std::vector<PatchImportance> patches;  // empty unless asked for
};

/// Global and per-patch connectivity of a network; formulas and sources in docs/methods.md. Exact: no pair is pruned.
/// Parallel over source patches, the same bits at any thread count.
ConnectivityResult connectivity(const HabitatNetwork& network, const ConnectivityParameters& parameters);

/// ECA alone (equivalent connected area, ha), for the many networks that only differ by one change.
double equivalent_connected_area(const HabitatNetwork& network, const Dispersal& dispersal);

}  // namespace greenweave
