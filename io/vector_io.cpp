#include "io/vector_io.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_alg.h>
#include <ogrsf_frmts.h>

#include "io/gdal.hpp"
#include "io/raster_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

OGRLayer& choose_layer(GDALDataset& dataset, const std::string& layer, const fs::path& path, const std::string& what) {
  std::vector<std::string> names;
  for (int i = 0; i < dataset.GetLayerCount(); ++i) names.emplace_back(dataset.GetLayer(i)->GetName());
  if (names.empty())
    throw InputError(path.string(), "", fmt::format("it has no layer ({})", what), "give a file with features");
  if (layer.empty()) {
    if (names.size() > 1)
      throw InputError(path.string(), "", fmt::format("it has several layers ({})", what),
                       fmt::format("name one of: {}", fmt::join(names, ", ")));
    return *dataset.GetLayer(0);
  }
  OGRLayer* found = dataset.GetLayerByName(layer.c_str());
  if (found == nullptr)
    throw InputError(path.string(), "", fmt::format("it has no layer \"{}\" ({})", layer, what),
                     fmt::format("its layers are: {}", fmt::join(names, ", ")));
  return *found;
}

void add_line(const OGRSimpleCurve& curve, std::vector<std::vector<Point>>& parts) {
  std::vector<Point> line;
  line.reserve(static_cast<std::size_t>(curve.getNumPoints()));
  for (int i = 0; i < curve.getNumPoints(); ++i) line.push_back({curve.getX(i), curve.getY(i)});
  if (!line.empty()) parts.push_back(std::move(line));
}

/// Appends the parts of a geometry without curves. False if it mixes points, lines and polygons.
bool add_parts(const OGRGeometry& geometry, Geometry& result, bool& first) {
  const auto is = [&](Geometry::Kind kind) {
    if (first) result.kind = kind;
    first = false;
    return result.kind == kind;
  };
  switch (wkbFlatten(geometry.getGeometryType())) {
    case wkbPoint:
      if (!is(Geometry::Kind::points)) return false;
      result.parts.push_back({{geometry.toPoint()->getX(), geometry.toPoint()->getY()}});
      return true;
    case wkbLineString:
    case wkbLinearRing:
      if (!is(Geometry::Kind::lines)) return false;
      add_line(*geometry.toLineString(), result.parts);
      return true;
    case wkbPolygon:
    case wkbTriangle:
      if (!is(Geometry::Kind::polygons)) return false;
      for (const auto* ring : *geometry.toPolygon()) add_line(*ring, result.parts);
      return true;
    case wkbMultiPoint:
    case wkbMultiLineString:
    case wkbMultiPolygon:
    case wkbGeometryCollection:
      for (const auto* part : *geometry.toGeometryCollection())
        if (!add_parts(*part, result, first)) return false;
      return true;
    default:
      return false;
  }
}

OGRwkbGeometryType type_of(Geometry::Kind kind) {
  switch (kind) {
    case Geometry::Kind::points:
      return wkbMultiPoint;
    case Geometry::Kind::lines:
      return wkbMultiLineString;
    case Geometry::Kind::polygons:
      return wkbMultiPolygon;
  }
  return wkbUnknown;
}

std::unique_ptr<OGRGeometry> to_ogr(const Geometry& geometry) {
  if (geometry.kind == Geometry::Kind::points) {
    auto points = std::make_unique<OGRMultiPoint>();
    for (const auto& part : geometry.parts) points->addGeometryDirectly(new OGRPoint(part[0].x, part[0].y));
    return points;
  }
  if (geometry.kind == Geometry::Kind::lines) {
    auto lines = std::make_unique<OGRMultiLineString>();
    for (const auto& part : geometry.parts) {
      auto line = std::make_unique<OGRLineString>();
      for (const Point& p : part) line->addPoint(p.x, p.y);
      lines->addGeometryDirectly(line.release());
    }
    return lines;
  }
  // Rings by the even-odd rule: GDAL sorts out which are holes of which.
  std::vector<OGRGeometry*> rings;
  for (const auto& part : geometry.parts) {
    auto ring = std::make_unique<OGRLinearRing>();
    for (const Point& p : part) ring->addPoint(p.x, p.y);
    ring->closeRings();
    auto polygon = std::make_unique<OGRPolygon>();
    polygon->addRingDirectly(ring.release());
    rings.push_back(polygon.release());
  }
  int valid = 0;
  std::unique_ptr<OGRGeometry> organised(
      OGRGeometryFactory::organizePolygons(rings.data(), static_cast<int>(rings.size()), &valid, nullptr));
  return std::unique_ptr<OGRGeometry>(OGRGeometryFactory::forceToMultiPolygon(organised.release()));
}

void write_layer(GDALDataset& dataset, const Frame& frame, const VectorLayer& layer) {
  OGRSpatialReference crs = crs_of(frame.crs);
  OGRLayer* target = dataset.CreateLayer(layer.name.c_str(), &crs, type_of(layer.kind));
  if (target == nullptr) return;
  for (const Column& column : layer.table.columns) {
    const OGRFieldType type = column.values.index() == 0   ? OFTReal
                              : column.values.index() == 1 ? OFTInteger64
                                                           : OFTString;
    OGRFieldDefn field(column.name.c_str(), type);
    const std::string comment = column.meaning + (column.unit.empty() || column.unit == "1" ? "" : ", " + column.unit);
    field.SetAlternativeName(comment.c_str());
    if (target->CreateField(&field) != OGRERR_NONE) return;
  }
  for (std::size_t row = 0; row < layer.geometries.size(); ++row) {
    const std::unique_ptr<OGRFeature> feature(OGRFeature::CreateFeature(target->GetLayerDefn()));
    for (std::size_t k = 0; k < layer.table.columns.size(); ++k) {
      const int field = static_cast<int>(k);
      std::visit(
          [&](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, double>) {
              if (std::isfinite(values[row])) feature->SetField(field, values[row]);
            } else if constexpr (std::is_same_v<T, std::int64_t>) {
              feature->SetField(field, static_cast<GIntBig>(values[row]));
            } else {
              feature->SetField(field, values[row].c_str());
            }
          },
          layer.table.columns[k].values);
    }
    feature->SetGeometryDirectly(to_ogr(layer.geometries[row]).release());
    if (target->CreateFeature(feature.get()) != OGRERR_NONE) return;
  }
}

}  // namespace

std::vector<Feature> read_features(const fs::path& path, const std::string& layer_name, const Frame& frame,
                                   const std::string& what, const std::string& wanted_field) {
  use_gdal();
  if (!fs::exists(path))
    throw InputError(path.string(), "", fmt::format("no such file ({})", what),
                     "correct the path; it is relative to the study file");
  GdalErrors errors;
  const Dataset dataset(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY));
  if (dataset == nullptr)
    throw InputError(path.string(), "",
                     fmt::format("not a vector file that GDAL can read ({}){}", what, errors.because()),
                     "give a GeoPackage, GeoJSON or Shapefile; `ogrinfo FILE` tells what GDAL sees");
  OGRLayer& layer = choose_layer(*dataset, layer_name, path, what);
  const OGRSpatialReference* found = layer.GetSpatialRef();
  if (is_missing(found))
    throw InputError(path.string(), fmt::format("layer {}", layer.GetName()), fmt::format("it has no CRS ({})", what),
                     "write the right one into it: ogr2ogr -a_srs EPSG:... OUT IN");
  OGRSpatialReference source = *found;
  source.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  const OGRSpatialReference target = crs_of(frame.crs);
  const std::unique_ptr<OGRCoordinateTransformation> change(OGRCreateCoordinateTransformation(&source, &target));

  std::vector<Feature> features;
  bool any_within = false;
  const int name_field = layer.GetLayerDefn()->GetFieldIndex(wanted_field.empty() ? "name" : wanted_field.c_str());
  if (name_field < 0 && !wanted_field.empty()) {
    std::vector<std::string> fields;
    for (int i = 0; i < layer.GetLayerDefn()->GetFieldCount(); ++i)
      fields.emplace_back(layer.GetLayerDefn()->GetFieldDefn(i)->GetNameRef());
    throw InputError(path.string(), fmt::format("layer {}", layer.GetName()),
                     fmt::format("it has no attribute \"{}\" ({})", wanted_field, what),
                     fields.empty() ? fmt::format("give each feature an attribute \"{}\"", wanted_field)
                                    : fmt::format("name one of its attributes: {}", fmt::join(fields, ", ")));
  }
  layer.ResetReading();
  while (const auto feature = std::unique_ptr<OGRFeature>(layer.GetNextFeature())) {
    const std::string place =
        fmt::format("layer {}, feature {}", layer.GetName(), static_cast<long long>(feature->GetFID()));
    const OGRGeometry* raw = feature->GetGeometryRef();
    if (raw == nullptr || raw->IsEmpty())
      throw InputError(path.string(), place, fmt::format("it has no geometry ({})", what),
                       "draw it or delete the feature");
    const std::unique_ptr<OGRGeometry> geometry(raw->getLinearGeometry());
    if (change == nullptr || geometry->transform(change.get()) != OGRERR_NONE)
      throw InputError(path.string(), place,
                       fmt::format("it cannot be carried to the frame's CRS ({}): {}", what, errors.first()),
                       "check the layer's CRS");
    const bool is_area = OGR_GT_IsSubClassOf(wkbFlatten(geometry->getGeometryType()), wkbSurface) != 0 ||
                         wkbFlatten(geometry->getGeometryType()) == wkbMultiPolygon;
    if (is_area && geometry->IsValid() == 0)
      throw InputError(path.string(), place,
                       fmt::format("its polygon is broken, for instance crosses itself ({})", what),
                       "mend it: in QGIS \"Fix geometries\", or ogr2ogr -makevalid OUT IN");
    Feature result;
    if (name_field >= 0 && feature->IsFieldSetAndNotNull(name_field))
      result.name = feature->GetFieldAsString(name_field);
    else if (name_field < 0)
      result.name = layer.GetName();
    if (result.name.empty() && !wanted_field.empty())
      throw InputError(path.string(), place, fmt::format("its \"{}\" is empty ({})", wanted_field, what),
                       "give every feature a name, or name another attribute");
    for (int i = 0; i < feature->GetFieldCount(); ++i)
      if (feature->IsFieldSetAndNotNull(i) != 0)
        result.attributes[feature->GetFieldDefnRef(i)->GetNameRef()] = feature->GetFieldAsString(i);
    bool first = true;
    if (!add_parts(*geometry, result.geometry, first))
      throw InputError(path.string(), place, fmt::format("it mixes points, lines and polygons ({})", what),
                       "split it into one feature each");
    any_within = any_within || is_near(frame, result.geometry);
    features.push_back(std::move(result));
  }
  if (errors.any())
    throw InputError(path.string(), "", "cannot be read: " + errors.first(), "it may be truncated or damaged");
  if (features.empty())
    throw InputError(path.string(), fmt::format("layer {}", layer.GetName()), fmt::format("it is empty ({})", what),
                     "give a layer with features");
  if (!any_within)
    throw InputError(path.string(), fmt::format("layer {}", layer.GetName()),
                     fmt::format("none of its features lies within the study's frame ({})", what),
                     "check the layer's CRS and the frame's extent");
  return features;
}

bool is_near(const Frame& frame, const Geometry& geometry) {
  for (const auto& part : geometry.parts) {
    double low_x = HUGE_VAL, low_y = HUGE_VAL, high_x = -HUGE_VAL, high_y = -HUGE_VAL;
    for (const Point& p : part) {
      low_x = std::min(low_x, p.x);
      high_x = std::max(high_x, p.x);
      low_y = std::min(low_y, p.y);
      high_y = std::max(high_y, p.y);
    }
    if (low_x <= frame.east() && high_x >= frame.west && low_y <= frame.north && high_y >= frame.south()) return true;
  }
  return false;
}

std::optional<Geometry> geometry_named(const std::vector<Feature>& features, const std::string& name,
                                       const fs::path& path) {
  std::vector<const Geometry*> found;
  for (const Feature& feature : features)
    if (feature.name == name) found.push_back(&feature.geometry);
  if (found.empty()) return std::nullopt;
  for (const Geometry* geometry : found)
    if (geometry->kind != found.front()->kind)
      throw InputError(path.string(), "", fmt::format("the features named \"{}\" are of different kinds", name),
                       "give points, lines and polygons names of their own");
  Geometry joined = *found.front();
  if (found.size() == 1) return joined;
  if (joined.kind != Geometry::Kind::polygons) {
    for (std::size_t i = 1; i < found.size(); ++i)
      joined.parts.insert(joined.parts.end(), found[i]->parts.begin(), found[i]->parts.end());
    return joined;
  }
  // Rings are read by the even-odd rule, by which the overlap of two areas would be a hole.
  GdalErrors errors;
  OGRMultiPolygon all;
  for (const Geometry* geometry : found) {
    const std::unique_ptr<OGRGeometry> areas = to_ogr(*geometry);
    for (const auto* area : *areas->toMultiPolygon()) all.addGeometry(area);
  }
  const std::unique_ptr<OGRGeometry> whole(all.UnionCascaded());
  joined.parts.clear();
  bool first = true;
  if (whole == nullptr || !add_parts(*whole, joined, first))
    throw InputError(path.string(), "",
                     fmt::format("the areas named \"{}\" cannot be joined{}", name, errors.because()),
                     "mend them: ogr2ogr -makevalid OUT IN");
  return joined;
}

std::vector<Geometry> outlines_of(const Frame& frame, const Raster<std::int32_t>& labels, std::int32_t count) {
  use_gdal();
  GdalErrors errors;
  std::vector<std::int32_t> values = labels.values;
  const Dataset raster = in_memory(frame, GDT_Int32, values.data());
  auto* driver = GetGDALDriverManager()->GetDriverByName("Memory");
  const Dataset vectors(driver->Create("", 0, 0, 0, GDT_Unknown, nullptr));
  OGRLayer* layer = vectors->CreateLayer("outlines", nullptr, wkbPolygon);
  OGRFieldDefn field("label", OFTInteger);
  layer->CreateField(&field);
  GDALRasterBand* band = raster->GetRasterBand(1);
  band->SetNoDataValue(0.0);
  if (GDALPolygonize(band, band->GetMaskBand(), layer, 0, nullptr, nullptr, nullptr) != CE_None)
    throw std::runtime_error("patches cannot be turned into polygons: " + errors.first());
  std::vector<Geometry> outlines(static_cast<std::size_t>(count));
  for (Geometry& outline : outlines) outline.kind = Geometry::Kind::polygons;
  layer->ResetReading();
  while (const auto feature = std::unique_ptr<OGRFeature>(layer->GetNextFeature())) {
    bool first = false;
    const int label = feature->GetFieldAsInteger(0);
    add_parts(*feature->GetGeometryRef(), outlines.at(static_cast<std::size_t>(label - 1)), first);
  }
  return outlines;
}

std::vector<NamedExtent> named_extents(const fs::path& path, const std::string& layer_name) {
  use_gdal();
  if (!fs::exists(path)) throw InputError(path.string(), "", "no such file", "correct the path");
  GdalErrors errors;
  const Dataset dataset(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY));
  if (dataset == nullptr)
    throw InputError(path.string(), "", "not a vector file that GDAL can read" + errors.because(),
                     "give a GeoPackage, GeoJSON or Shapefile");
  OGRLayer& layer = choose_layer(*dataset, layer_name, path, "framework");
  const int field = layer.GetLayerDefn()->GetFieldIndex("name");
  const OGRSpatialReference* const crs = layer.GetSpatialRef();
  const bool in_degrees = crs != nullptr && crs->IsGeographic() != 0;
  std::vector<NamedExtent> named;
  std::vector<OGREnvelope> boxes;
  while (const auto feature = std::unique_ptr<OGRFeature>(layer.GetNextFeature())) {
    if (field >= 0 && feature->IsFieldSetAndNotNull(field) == 0) continue;
    const std::string name = field >= 0 ? feature->GetFieldAsString(field) : layer.GetName();
    auto found = std::find_if(named.begin(), named.end(), [&](const NamedExtent& n) { return n.name == name; });
    if (found == named.end()) {
      found = named.insert(named.end(), {name, false, 0.0, 0.0});
      boxes.emplace_back();
    }
    const OGRGeometry* const geometry = feature->GetGeometryRef();
    if (geometry == nullptr || geometry->IsEmpty() != 0) continue;
    found->has_area = found->has_area || geometry->getDimension() == 2;
    OGREnvelope box;
    geometry->getEnvelope(&box);
    boxes[static_cast<std::size_t>(found - named.begin())].Merge(box);
  }
  for (std::size_t k = 0; k < named.size(); ++k) {
    if (boxes[k].IsInit() == 0) continue;
    const double latitude = 0.5 * (boxes[k].MinY + boxes[k].MaxY) * std::numbers::pi / 180.0;
    named[k].width = (boxes[k].MaxX - boxes[k].MinX) * (in_degrees ? std::cos(latitude) : 1.0);
    named[k].height = boxes[k].MaxY - boxes[k].MinY;
  }
  return named;
}

void write_geopackage(const fs::path& path, const Frame& frame, const std::vector<VectorLayer>& layers) {
  use_gdal();
  require_new_file(path);
  fs::path unfinished = path;
  unfinished.replace_extension(".unfinished.gpkg");
  GdalErrors errors;
  {
    auto* driver = GetGDALDriverManager()->GetDriverByName("GPKG");
    const Dataset dataset(driver->Create(unfinished.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
    if (dataset != nullptr) {
      dataset->StartTransaction();
      for (const VectorLayer& layer : layers) write_layer(*dataset, frame, layer);
      dataset->CommitTransaction();
    }
  }
  if (errors.any()) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw InputError(path.string(), "", "cannot be written: " + errors.first(),
                     "is the disk full, or the folder read-only?");
  }
  fs::rename(unfinished, path);
}

}  // namespace greenweave
