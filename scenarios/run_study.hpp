#pragma once
#include <memory>
#include <vector>

#include "model/run/context.hpp"
#include "scenarios/case_result.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// All cases of a study: scenarios in their order, years ascending, draws from 0.
std::vector<CaseId> cases_of(const Study& study);

/// Works out single cases of a study. A case depends on the study and its id alone; what cases have in common (the
/// framework on the frame, the baseline's link searches) is worked out once and only makes them quicker.
class CaseRunner {
 public:
  explicit CaseRunner(const Study& study);
  ~CaseRunner();

  /// Judges the untouched landscape for every guild once, which makes later cases quicker. The
  /// numbers are the same without, but for currents in the last digits, which start from the baseline's: where a study
  /// asks for circuits, call it always.
  void prepare_baselines(const RunContext& context);

  CaseResult run(const CaseId& id, const RunContext& context) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Runs every case that the sink does not have yet, in parallel over the TBB arena it is called in, and hands the
/// results to the sink as they finish. `cases_at_once` bounds memory; 0: as many as there are threads.
void run_study(const Study& study, CaseSink& sink, const RunContext& context, int cases_at_once = 0);
/// The same for some of the cases.
void run_cases(const Study& study, std::vector<CaseId> cases, CaseSink& sink, const RunContext& context,
               int cases_at_once = 0);

}  // namespace greenweave
