#include "scenarios/analyses/wetland_sites.hpp"

#include "scenarios/study.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

/// Whose land most of a site is; of equal shares the first owner's.
struct Ownership {
  std::string owner;
  std::int64_t cells = 0;
};

std::vector<Ownership> ownership_of(const Study& study, const WetlandSites& found) {
  std::vector<Ownership> of_sites(found.sites.size());
  for (const Zone& owner : study.owners) {
    std::vector<std::int64_t> cells(of_sites.size(), 0);
    for (const Cell cell : owner.cells)
      if (const std::int32_t site = found.label[cell]; site > 0) ++cells[static_cast<std::size_t>(site) - 1];
    for (std::size_t k = 0; k < cells.size(); ++k)
      if (cells[k] > of_sites[k].cells) of_sites[k] = {owner.name, cells[k]};
  }
  return of_sites;
}

}  // namespace

void add_wetland_sites(const Study& study, const WetlandSites& found, CaseResult& result) {
  const Frame& frame = study.landscape.frame;
  using S = WetlandSite;
  const S* const first = found.sites.data();
  TableOf table("wetland_sites", found.sites);
  table.integer("id", "1", "Label in the raster wetland_sites", [&](const S& s) { return &s - first + 1; })
      .text("class", "micro_wetland: small and near people; wetland",
            [](const S& s) { return s.micro ? "micro_wetland" : "wetland"; })
      .number("x", "m", "Most suitable cell, easting", [&](const S& s) { return frame.centre(s.seed).x; })
      .number("y", "m", "Most suitable cell, northing", [&](const S& s) { return frame.centre(s.seed).y; })
      .number("suitability", "1", "Mean suitability, 0 to 1", [](const S& s) { return s.suitability; })
      .number("area_ha", "ha", "Area", [](const S& s) { return s.area_ha; })
      .number("natural_m3", "m3", "What the ground holds without digging", [](const S& s) { return s.natural_m3; })
      .number("volume_m3", "m3", "What it holds when dug to the stated depth", [](const S& s) { return s.volume_m3; })
      .number("dug_m3", "m3", "Earth to be dug for it", [](const S& s) { return s.dug_m3; })
      .number("catchment_ha", "ha", "Land whose runoff reaches it before any other site, itself included",
              [](const S& s) { return s.catchment_ha; })
      .number("cost", "1", "Cost, in the study's unit", [](const S& s) { return s.cost; })
      .number("people", "1", "Persons for whom it is the nearest site, within reach of a micro-wetland",
              [](const S& s) { return s.people; })
      .number("to_built_m", "m", "Distance to built-up land; infinity: none", [](const S& s) { return s.to_built_m; });
  if (!study.owners.empty()) {
    const std::vector<Ownership> owned = ownership_of(study, found);
    const auto of = [&](const S& s) -> const Ownership& { return owned[static_cast<std::size_t>(&s - first)]; };
    table
        .text("owner", "Whose land most of it is; empty: nobody's that is known",
              [&](const S& s) { return of(s).owner; })
        .number("owner_percent", "%", "Share of it that is theirs",
                [&](const S& s) { return 100.0 * static_cast<double>(of(s).cells) / static_cast<double>(s.cells); });
  }
  result.tables.push_back(table.take());
  result.rasters.push_back(
      {"wetland_suitability", "1", "Suitability for wetlands, 0 to 1; 0: none may be there", found.suitability});
  result.rasters.push_back({"wetland_sites", "1", "Candidate sites of wetlands by id; 0: none", found.label});
}

}  // namespace greenweave
