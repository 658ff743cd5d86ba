#include "scenarios/analyses/wetland_sites.hpp"

#include "scenarios/table_of.hpp"

namespace greenweave {

void add_wetland_sites(const Frame& frame, const WetlandSites& found, CaseResult& result) {
  using S = WetlandSite;
  const S* const first = found.sites.data();
  result.tables.push_back(
      TableOf("wetland_sites", found.sites)
          .integer("id", "1", "Label in the raster wetland_sites", [&](const S& s) { return &s - first + 1; })
          .text("class", "micro_wetland: small and near people; wetland",
                [](const S& s) { return s.micro ? "micro_wetland" : "wetland"; })
          .number("x", "m", "Most suitable cell, easting", [&](const S& s) { return frame.centre(s.seed).x; })
          .number("y", "m", "Most suitable cell, northing", [&](const S& s) { return frame.centre(s.seed).y; })
          .number("suitability", "1", "Mean suitability, 0 to 1", [](const S& s) { return s.suitability; })
          .number("area_ha", "ha", "Area", [](const S& s) { return s.area_ha; })
          .number("natural_m3", "m3", "What the ground holds without digging", [](const S& s) { return s.natural_m3; })
          .number("volume_m3", "m3", "What it holds when dug to the stated depth",
                  [](const S& s) { return s.volume_m3; })
          .number("dug_m3", "m3", "Earth to be dug for it", [](const S& s) { return s.dug_m3; })
          .number("catchment_ha", "ha", "Land whose runoff reaches it before any other site, itself included",
                  [](const S& s) { return s.catchment_ha; })
          .number("cost", "1", "Cost, in the study's unit", [](const S& s) { return s.cost; })
          .number("people", "1", "Persons for whom it is the nearest site, within reach of a micro-wetland",
                  [](const S& s) { return s.people; })
          .number("to_built_m", "m", "Distance to built-up land; infinity: none",
                  [](const S& s) { return s.to_built_m; })
          .take());
  result.rasters.push_back(
      {"wetland_suitability", "1", "Suitability for wetlands, 0 to 1; 0: none may be there", found.suitability});
  result.rasters.push_back({"wetland_sites", "1", "Candidate sites of wetlands by id; 0: none", found.label});
}

}  // namespace greenweave
