#pragma once
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/landscape/landscape.hpp"

namespace greenweave {

/// An element of the planned green framework.
struct Element {
  enum class Kind { belt, core, vertical, horizontal };
  std::string name;   // identifier in tables
  std::string title;  // for maps and reports
  Kind kind = Kind::vertical;
  std::string greenway_type;
  double width_m = 0.0;    // of the strip around a line; ignored for polygons
  Geometry geometry;       // lines or polygons, in the frame's CRS
  std::string reverts_to;  // class the element reverts to for its contribution; empty: that of its nearest surroundings
};
const char* name_of(Element::Kind kind);

/// Where an element lies on the frame, and how its cells follow one another along its axis. The axis is the line
/// itself, or for a polygon the principal axis of its cells. It depends on the frame and the mask alone, not on the
/// case.
struct Footprint {
  std::vector<Cell> cells;            // ascending, inside the landscape's mask
  std::vector<std::int32_t> station;  // of each cell: which piece of the axis, one cell long, it belongs to
  std::int32_t stations = 0;
  std::vector<std::int32_t> part_begins;  // stations at which a part of a multi-part line begins; the first is 0
  double station_m = 0.0;                 // length of axis a station stands for
  double length_m = 0.0;                  // of the line; of a polygon: the extent along its principal axis
  std::vector<Cell> surroundings;         // of each cell: the nearest cell outside the element, -1 if there is none
};

/// The element's cells within the landscape's mask, ascending: the strip around a line, the inside of a polygon.
std::vector<Cell> cells_of(const Landscape& landscape, const Element& element);

Footprint footprint_of(const Landscape& landscape, const Element& element);

/// The landscape as if the element were not there: each of its cells takes the class named in `reverts_to`, or that of
/// its nearest surroundings, fully developed.
Landscape without_element(const Landscape& landscape, const Element& element, const Footprint& footprint);

}  // namespace greenweave
