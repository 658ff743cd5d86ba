#pragma once
#include <memory>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/landscape/landscape.hpp"
#include "model/run/context.hpp"
#include "scenarios/analyses/zone.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct FrameworkOnFrame;

/// [analysis.encroachment]: built ground that no approval covers. The stock is built in the study's land cover, the
/// increment at a later date only.
struct EncroachmentAnalysis {
  static constexpr ClassIndex not_built = 255;
  std::vector<bool> built;                               // by class
  std::shared_ptr<const Raster<ClassIndex>> later;       // class of what is built at the later date, else `not_built`
  bool later_is_complete = false;                        // a land cover: what it does not show as built is gone
  std::shared_ptr<const Raster<std::uint8_t>> approved;  // 1: an approval covers it
  bool cost_of_regions = true;  // cost to connectivity of each element and zone, not of all alone
  RegionLevels levels;
};

/// Adds the table `encroachment` (hectares by region), the table `encroachment_cost` (what stock and increment cost
/// each guild's ECA, by region) and the raster `encroachment`. The stock's cost is what ECA would gain if its cells had
/// the class of the nearest ground that is not stock; the increment's is what it loses when its cells are built.
void add_encroachment(const Study& study, const FrameworkOnFrame& framework, const EncroachmentAnalysis& what,
                      const RunContext& context, CaseResult& result);

}  // namespace greenweave
