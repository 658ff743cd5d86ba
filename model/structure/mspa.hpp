#pragma once
#include <array>
#include <cstdint>

#include "model/grid/raster.hpp"

namespace greenweave {

/// What a cell is to the pattern of the habitat (Soille and Vogt 2009).
enum class MspaClass : std::uint8_t {
  background = 0,   // no habitat
  core = 1,         // far enough from everything that is no habitat
  islet = 2,        // too small to hold any core
  perforation = 3,  // rim of a core along a hole in it
  edge = 4,         // outer rim of a core
  loop = 5,         // joins a core to itself
  bridge = 6,       // joins different cores
  branch = 7        // ends nowhere
};
inline constexpr std::size_t mspa_classes = 8;
const char* name_of(MspaClass c);

/// Settings of MSPA. Defaults are those of GuidosToolbox.
struct MspaRule {
  int edge_width_cells = 1;                         // width of the rim between core and background; 1 to 100
  Neighbourhood foreground = Neighbourhood::eight;  // of the habitat; what is not habitat has the other one
  bool transition = true;  // a bridge or loop shows where it runs through an edge or perforation; otherwise those do
  bool interior = false;   // say too what lies within holes of cores ("intext")
};

struct Mspa {
  Raster<std::uint8_t> classes;   // MspaClass; mask: that of the habitat
  Raster<std::uint8_t> interior;  // 1: inside a hole of a core, whatever the class; empty unless asked for
  std::array<std::int64_t, mspa_classes> cells{};  // of each class, valid cells only
};

/// Morphological spatial pattern analysis of a binary map: non-zero valid cells are habitat, zero valid cells the
/// background. What is not valid, and what lies beyond the frame, is neither: it makes no edge, but habitat does not
/// run through it, and a hole that reaches it is none.
///
/// With s the edge width, alpha the habitat's neighbourhood and beta the other one (4 for 8, 8 for 4):
///  - core: habitat at least s + 1 cells (centre to centre, straight line) from the nearest background;
///  - islet: alpha-components of habitat without core;
///  - rim: habitat less than s + 1 cells from a core. It is perforation if its beta-component of what is not core lies
///  in
///    a hole of a core, unless another core inside that same hole is that near; otherwise it is edge;
///  - the rest, and the rim, is thinned down to curves that keep cores, rest and holes joined as they are (homotopic
///    thinning with the cores as anchors): in each round the simple cells are removed in four turns, those of even row
///    and column, even row, even column, none even, each if it is still simple when its turn comes. alpha-components of
///    what stays are bridges if they touch two or more alpha-components of core, else loops. Cells of the rest within s
///    steps of a curve, through the rest, belong to the nearest curve, to a bridge rather than a loop;
///  - branch: what is left.
/// Numbers do not depend on threads.
Mspa mspa(const Raster<std::uint8_t>& habitat, const MspaRule& rule = {});

}  // namespace greenweave
