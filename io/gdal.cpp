#include "io/gdal.hpp"

#include <array>
#include <cassert>
#include <mutex>
#include <string_view>

#include <cpl_string.h>

namespace greenweave {

void use_gdal() {
  static std::once_flag once;
  std::call_once(once, [] { GDALAllRegister(); });
}

GdalErrors::GdalErrors() { CPLPushErrorHandlerEx(&GdalErrors::remember, this); }

GdalErrors::~GdalErrors() { CPLPopErrorHandler(); }

void CPL_STDCALL GdalErrors::remember(CPLErr severity, CPLErrorNum, const char* message) {
  if (severity < CE_Failure) return;
  auto* self = static_cast<GdalErrors*>(CPLGetErrorHandlerUserData());
  if (self->first_.empty()) self->first_ = message;
}

OGRSpatialReference crs_of(const std::string& wkt) {
  OGRSpatialReference crs;
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  if (!wkt.empty()) {
    const OGRErr error = crs.importFromWkt(wkt.c_str());
    assert(error == OGRERR_NONE && "frames hold WKT that GDAL wrote");
    static_cast<void>(error);
  }
  return crs;
}

Dataset in_memory(const Frame& frame, GDALDataType type, void* values) {
  auto* driver = GetGDALDriverManager()->GetDriverByName("MEM");
  Dataset dataset(driver->Create("", frame.shape.cols, frame.shape.rows, 0, type, nullptr));
  CPLStringList options;
  std::array<char, 64> pointer{};
  const int length = CPLPrintPointer(pointer.data(), values, static_cast<int>(pointer.size()) - 1);
  options.SetNameValue("DATAPOINTER", std::string(pointer.data(), static_cast<std::size_t>(length)).c_str());
  dataset->AddBand(type, options.List());
  std::array<double, 6> transform{frame.west, frame.cell_m, 0.0, frame.north, 0.0, -frame.cell_m};
  dataset->SetGeoTransform(transform.data());
  const OGRSpatialReference crs = crs_of(frame.crs);
  if (!crs.IsEmpty()) dataset->SetSpatialRef(&crs);
  return dataset;
}

bool is_missing(const OGRSpatialReference* crs) {
  if (crs == nullptr || crs->IsEmpty()) return true;
  const char* name = crs->GetName();
  return name != nullptr && std::string_view(name).starts_with("Undefined ");
}

std::string describe(const OGRSpatialReference& crs) {
  const char* authority = crs.GetAuthorityName(nullptr);
  const char* code = crs.GetAuthorityCode(nullptr);
  if (authority != nullptr && code != nullptr) return std::string(authority) + ":" + code;
  const char* name = crs.GetName();
  return name != nullptr ? name : "unknown CRS";
}

}  // namespace greenweave
