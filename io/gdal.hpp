#pragma once
// What the readers and writers of GDAL formats share. Included by io/*.cpp only.
#include <memory>
#include <string>

#include <cpl_error.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Registers GDAL's drivers, once.
void use_gdal();

struct CloseDataset {
  void operator()(GDALDataset* dataset) const { GDALClose(dataset); }
};
using Dataset = std::unique_ptr<GDALDataset, CloseDataset>;

/// A dataset on a frame that reads and writes `values` where they are.
Dataset in_memory(const Frame& frame, GDALDataType type, void* values);

/// Keeps GDAL's messages off the terminal and remembers the first error, for ours.
class GdalErrors {
 public:
  GdalErrors();
  ~GdalErrors();
  GdalErrors(const GdalErrors&) = delete;
  GdalErrors& operator=(const GdalErrors&) = delete;
  bool any() const { return !first_.empty(); }
  const std::string& first() const { return first_; }
  /// ": " and the first error, for the end of a message; nothing if GDAL said nothing.
  std::string because() const { return first_.empty() ? "" : ": " + first_; }

 private:
  static void CPL_STDCALL remember(CPLErr severity, CPLErrorNum number, const char* message);
  std::string first_;
};

/// The CRS of a WKT, with axes as x, y. Empty WKT: an empty CRS.
OGRSpatialReference crs_of(const std::string& wkt);

/// Whether a dataset says nothing of where on earth it lies: no CRS, or GeoPackage's "undefined" ones.
bool is_missing(const OGRSpatialReference* crs);

/// "EPSG:32648" or the CRS's name, for messages.
std::string describe(const OGRSpatialReference& crs);

}  // namespace greenweave
