#pragma once
#include <vector>

#include "model/grid/geometry.hpp"

namespace greenweave {

/// Where things are in the demonstration landscape, in the frame's CRS (EPSG:32648).
struct DemoPlan {
  Geometry lake;               // polygon
  Geometry canal, outer_ring;  // lines
  std::vector<Geometry> roads;
  Point seat;  // of the district
};

/// A synthetic landscape. Land cover in ESA WorldCover codes, elevation in metres, persons per cell.
struct DemoLandscape {
  Raster<std::uint8_t> land_cover;
  Raster<float> elevation_m;
  Raster<float> population;
};

/// A day of the demonstration's weather.
struct DemoDay {
  int month = 1, day = 1;
  double rain_mm = 0.0, evaporation_mm = 0.0;
};

/// A year of weather like Chengdu's, 365 days: about 900 mm of rain, three quarters of it from June to September, and
/// 830 mm of evaporation from open water. Synthetic: monthly sums are near the normals, days are drawn.
std::vector<DemoDay> generate_weather();

/// The frame of the demonstration landscape at a cell size: 29.1 x 29.1 km of Longquanyi in EPSG:32648 (the CRS is left
/// to the caller).
Frame demo_frame(double cell_m);

/// Makes the landscape of Longquanyi: folded mountains dissected by streams, forest and orchards on them, a plain of
/// fields, hamlets and ponds, towns growing along the roads, the lake and the canal. Synthetic, but the same place at
/// every cell size, and the same bytes at any thread count. The recipe is in scenarios/studies/longquanyi/README.md.
DemoLandscape generate_longquanyi(const Frame& frame, const DemoPlan& plan);

}  // namespace greenweave
