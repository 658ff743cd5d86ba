#pragma once
// Vector layers for tests, as GeoJSON in EPSG:32648.
#include <string>

namespace greenweave::testing {

/// A layer of features, each as GeoJSON, with commas between them.
inline std::string layer(const std::string& features) {
  return R"({"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32648"}},"features":[)" +
         features + "]}";
}

}  // namespace greenweave::testing
