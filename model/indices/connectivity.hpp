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
  /// Share of PC by which a dPC_connector may be wrong, either way: ways so long that together they cannot matter more
  /// are left out. 0: none is. The default is what rounding does anyway.
  double connector_tolerance = 1e-14;
  bool per_patch_iic = true;  // off: dIIC is NaN
};

/// What one patch is worth; fractions in per cent of the whole index.
struct PatchImportance {
  double dPC = 0, dPC_intra = 0, dPC_flux = 0, dPC_connector = 0;
  double dIIC = 0, dIIC_intra = 0, dIIC_flux = 0, dIIC_connector = 0;
  double BC = 0;    // ha2
  double F = 0;     // ha; in a directed network by movements from the patch
  double F_in = 0;  // ha; by movements to the patch: F unless directed
  double IF = 0;    // ha2
  int degree = 0;
  int component = 0;
};

struct ConnectivityResult {
  double pc_numerator = 0;               // sum a_i a_j p*_ij, ha2
  double iic_numerator = 0;              // sum a_i a_j / (1 + nl_ij), ha2
  double connector_error_percent = 0;    // bound on the error of every dPC_connector, in its own per cent
  Measures measures;                     // NC, MSC, LCP, CCP, IIC, PC, ECA, H, alpha, beta, gamma, MESH, ...
  std::vector<PatchImportance> patches;  // empty unless asked for
};

/// Global and per-patch connectivity of a network; formulas and sources in docs/methods.md. In a directed network
/// the sums run over ordered pairs, BC and H take the mean of both ways, links of the binary graph serve either way,
/// and there is an index `directed`. Exact but for connectors within the tolerance. Parallel over source patches, the
/// same bits at any thread count.
ConnectivityResult connectivity(const HabitatNetwork& network, const ConnectivityParameters& parameters);

/// ECA alone (equivalent connected area, ha), for the many networks that only differ by one change.
double equivalent_connected_area(const HabitatNetwork& network, const Dispersal& dispersal);

}  // namespace greenweave
