#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "model/landscape/landscape.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// Everything a map of one scenario, year and guild shows. Empty parts are left out.
struct MapContent {
  std::string title, subtitle, notice;
  Frame frame;
  ClassTable classes;
  Raster<ClassIndex> cover;
  Raster<float> elevation_m;              // hillshade
  std::vector<Element> elements;          // outlines and names
  Raster<std::int32_t> patches;           // labels; 0: none
  std::vector<std::vector<Point>> links;  // paths
  std::vector<double> link_weight;        // 0..1, for line width; empty: all alike
  int width_px = 1600;
};

/// Draws the map with title, legend, scale bar and north arrow into a PNG. Never overwrites: InputError.
void write_map_png(const std::filesystem::path& path, const MapContent& content);

}  // namespace greenweave
