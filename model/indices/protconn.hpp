#pragma once
#include <vector>

#include "model/landscape/landscape.hpp"

namespace greenweave {

/// A protected area as a node: what of it lies in the region judged.
struct ProtectedArea {
  double area_ha = 0.0;     // within the region; 0 for one beyond its border
  int land = 0;             // which land mass it lies on; movement within one meets no sea
  bool is_outside = false;  // beyond the region's border: it carries movement, and counts for nothing else
};

/// Two protected areas and the effective distance between them, metres; 0: they touch.
struct ProtectedLink {
  int a = -1, b = -1;
  double cost_m = 0.0;
};

/// Protected Connected land (Saura and others 2017, 2018), per cent of the region's land unless said otherwise.
struct ProtConn {
  double Prot = 0.0;               // protected
  double ProtConn = 0.0;           // protected and connected: EC(PC) of the protected areas over the land
  double ProtUnconn = 0.0;         // Prot - ProtConn
  double RelConn = 0.0;            // 100 ProtConn / Prot
  double ProtConn_Prot = 0.0;      // of ProtConn: by movement over protected land alone
  double ProtConn_Within = 0.0;    // of that: within single protected areas
  double ProtConn_Contig = 0.0;    // of that: between areas that touch
  double ProtConn_Trans = 0.0;     // of ProtConn: over protected areas beyond the border
  double ProtConn_Unprot = 0.0;    // of ProtConn: over unprotected land
  double ProtConn_Bound = 0.0;     // ProtConn, with what no design could connect (across the sea) forgiven
  double ProtUnconn_Design = 0.0;  // Prot - ProtConn_Bound: what a better design could connect
  std::vector<int> group;          // of each area: areas that touch, directly or over others, from 0
  std::vector<double> dPC;         // of each area's group: per cent of PC lost without it (areas inside only)
};

/// Pairs that are not listed are not joined directly; movement may step over any number of areas. Crossing a protected
/// area costs nothing.
ProtConn protected_connected(const std::vector<ProtectedArea>& areas, const std::vector<ProtectedLink>& links,
                             const Dispersal& dispersal, double land_ha);

}  // namespace greenweave
