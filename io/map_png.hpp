#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "model/framework/element.hpp"
#include "model/landscape/landscape.hpp"
#include "model/visitors/trail_network.hpp"

namespace greenweave {

/// A stretch of trail in its busiest hour.
struct MapTrail {
  std::vector<Point> line;
  double per_hour = 0.0;  // persons, both ways
  double load = 0.0;      // over what it takes in comfort
  bool is_closed = false;
};

/// An entrance, attraction or station.
struct MapStop {
  Point at;
  TrailNodeKind kind = TrailNodeKind::entrance;
  std::string name;
  double per_day = 0.0;  // who come in, on the mean day
};

/// Everything a map of one scenario, year and guild shows. Empty parts are left out.
struct MapContent {
  std::string title, subtitle, caption, notice;
  std::vector<std::pair<std::string, std::string>> numbers;  // name, value: beside the map
  Frame frame;
  ClassTable classes;
  Raster<std::int32_t> land_cover;        // class codes
  Raster<float> elevation_m;              // for the hillshade
  std::vector<Element> elements;          // outlines and names
  Raster<std::int32_t> patches;           // labels; 0: none
  std::vector<std::vector<Point>> links;  // paths
  std::vector<double> link_weight;        // 0..1, one a link: width and strength of its line
  std::vector<Point> gaps;                // middles of the gaps along elements
  Raster<std::uint8_t> disturbed;         // 1: disturbed
  std::vector<MapTrail> trails;           // with them elements are drawn quietly
  std::vector<MapStop> stops;             // on the trails
  std::string crs_name;
  int width_px = 1600;
};

/// Draws the map with title, legend, scale bar and north arrow into a PNG. Never overwrites: InputError.
void write_map_png(const std::filesystem::path& path, const MapContent& content);

/// The short name of a frame's CRS, such as EPSG:32648.
std::string name_of_crs(const Frame& frame);

}  // namespace greenweave
