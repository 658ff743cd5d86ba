#include "scenarios/analyses/regions.hpp"

namespace greenweave {

std::vector<Region> regions_of(const Study& study, const FrameworkOnFrame& framework, const RegionLevels& levels) {
  std::vector<Region> regions;
  if (levels.frame) regions.push_back({"frame", study.name, nullptr});
  if (levels.elements)
    for (std::size_t e = 0; e < study.elements.size(); ++e)
      regions.push_back({"element", study.elements[e].name, &framework.footprints[e].cells});
  if (levels.zones)
    for (const Zone& zone : study.zones) regions.push_back({"zone", zone.name, &zone.cells});
  return regions;
}

}  // namespace greenweave
