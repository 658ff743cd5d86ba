#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "model/habitat/recovery.hpp"
#include "model/movement/links.hpp"
#include "model/run/context.hpp"
#include "model/water/basins.hpp"
#include "scenarios/analyses/restoration.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;

/// [analysis.restoration_order]: which of the candidate sites of [analysis.wetland_sites] to restore first.
struct RestorationOrderAnalysis {
  int candidates = 10;  // so many sites, those with the most suitable area
  double budget = std::numeric_limits<double>::infinity();
  // What each aim weighs; 0: it is left out, and not computed.
  double ECA = 1.0, flood = 1.0, nutrients = 1.0, people = 1.0;
  std::vector<std::string> guilds;  // whose ECA; empty: every guild's
  std::string to;                   // class that sites become
  double walk_m = 500.0;            // as the crow flies (a choice)
  WetlandWater water;
  bool every_set = false;  // judge every set of sites that fits the budget, not only what greedy orders meet
  int first_year = 0;
  double budget_per_year = std::numeric_limits<double>::infinity();
  // For guilds that feel the water in a wetland: sites made in `first_year`, as restore_wetland makes them, and judged
  // in `target_year`.
  int target_year = 0;
  double dig_m = 0.0;
  std::optional<BasinShape> basin;
  RecoveryPath recovery;
};

/// Adds the tables `restoration_order` and `restoration_plans`, and the raster `restoration_order` (rank). `before`
/// holds each guild's link searches in the study's landscape, or is empty.
void add_restoration_order(const Study& study, const WaterBefore& untouched,
                           const std::vector<const LinkMemory*>& before, const RestorationOrderAnalysis& what,
                           const RunContext& context, CaseResult& result);

}  // namespace greenweave
