#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

/// Reads all features of a layer (empty name: the only one) of any GDAL vector file, transformed to the frame's CRS.
/// Multi-geometries become one geometry of several parts; `name` is the layer's attribute of that name; in a layer
/// without one, the layer's own name. With `name_field` it is that attribute, which every feature must have.
/// InputError: no such file or layer, several layers and none named, no CRS, an empty layer, a broken geometry,
/// nothing within the frame; no `name_field`.
std::vector<Feature> read_features(const std::filesystem::path& path, const std::string& layer, const Frame& frame,
                                   const std::string& what, const std::string& name_field = "");

/// All features of one name as one geometry: lines and points side by side, areas united. nullopt: there is none.
/// InputError: they are of different kinds (`path` is the file they come from).
std::optional<Geometry> geometry_named(const std::vector<Feature>& features, const std::string& name,
                                       const std::filesystem::path& path);

/// Whether the box around any part of the geometry touches the frame.
bool is_near(const Frame& frame, const Geometry& geometry);

/// A layer to write: row i of the table belongs to geometry i, all of one kind.
struct VectorLayer {
  std::string name;
  Geometry::Kind kind = Geometry::Kind::lines;
  Table table;
  std::vector<Geometry> geometries;
};

/// The areas of labels 1..count of a raster as polygons along the cells' edges, one geometry a label. Cells that touch
/// at a corner only lie in different rings.
std::vector<Geometry> outlines_of(const Frame& frame, const Raster<std::int32_t>& labels, std::int32_t count);

/// The features of one name: what box they fill together, in metres or the layer's unit, eastward and northward.
struct NamedExtent {
  std::string name;
  bool has_area = false;
  double width = 0.0, height = 0.0;
};
/// Of a layer (empty name: the only one), in the file's order; read without a frame.
std::vector<NamedExtent> named_extents(const std::filesystem::path& path, const std::string& layer);

/// Writes layers into a new GeoPackage. Numbers that are not finite become NULL. Never overwrites: InputError.
void write_geopackage(const std::filesystem::path& path, const Frame& frame, const std::vector<VectorLayer>& layers);

}  // namespace greenweave
