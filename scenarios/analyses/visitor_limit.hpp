#pragma once
#include <string>
#include <vector>

#include "model/run/context.hpp"
#include "model/visitors/limit.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct Landscape;
struct FrameworkOnFrame;
struct LinkMemory;
class VisitorModel;

/// [visitors.limit]: how many visitors a stated loss allows, and what any number of them costs the habitat.
struct VisitorLimitAnalysis {
  std::vector<std::string> guilds;     // none: all
  std::vector<std::string> scenarios;  // none: all
  std::vector<int> years;              // none: the study's last
  double eca_loss_percent = 5.0;       // that is allowed, against the same case without visitors (a choice)
  double quality_loss_percent = 10.0;  // of the mean quality of an element's cells (a choice)
  std::vector<double> factors{0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0};  // of the visitors, for the curve
  LimitRule rule;
};

/// Adds to the guilds of a case that is asked for the tables `visitor_tradeoff` (habitat of the whole network by number
/// of visitors), `visitor_tradeoff_elements` (quality of each element) and `visitor_limits`. All visitors of the case
/// are multiplied by one factor; quotas and closures hold. `before`: link searches of the untouched landscape, one a
/// guild, or none. Stated values only.
void add_visitor_limits(const Study& study, const FrameworkOnFrame& framework, const VisitorModel& visitors,
                        const Landscape& landscape, const CaseId& id, const std::vector<const LinkMemory*>& before,
                        const RunContext& context, CaseResult& result);

}  // namespace greenweave
