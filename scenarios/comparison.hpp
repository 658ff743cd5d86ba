#pragma once
#include <string>
#include <vector>

#include "scenarios/study.hpp"

namespace greenweave {

/// An index of a case, one value a draw; the first is that of the stated values.
struct IndexSample {
  std::string name, unit, meaning;
  int better = 0;  // +1: more is better, -1: less is better, 0: neither
  std::vector<double> draws;
};

/// The indices of one guild in one scenario and year.
struct CaseIndices {
  std::string scenario;
  int year = 0;
  std::string guild;
  std::vector<IndexSample> indices;
};

/// An index of a scenario against that of the baseline in the same year.
struct IndexChange {
  std::string scenario;
  int year = 0;
  std::string guild;
  std::string index, unit, meaning;
  int better = 0;
  double baseline = 0.0, value = 0.0;
  double change = 0.0;          // value - baseline; 0 where only rounding differs
  double change_percent = 0.0;  // of the baseline; NaN where that is 0
  // Range that holds 90 % of the draws' changes, draw against the same draw of the baseline; NaN without draws.
  double change_p05 = 0.0, change_p95 = 0.0;
  /// +1: better than the baseline, -1: worse, 0: equal or neither.
  int verdict() const;
};

/// A target judged for one guild, scenario and year.
struct TargetOutcome {
  Target target;
  std::string scenario;
  int year = 0;
  std::string guild;
  double value = 0.0, change_percent = 0.0;
  bool met = false;
};

struct Comparison {
  std::vector<IndexChange> changes;     // scenarios other than the baseline, in the order of the cases
  std::vector<TargetOutcome> outcomes;  // target by target
  bool all_met() const;
};

/// Compares every case with the baseline of the same year and guild and judges the targets. A target on an index that a
/// case does not have is not met.
Comparison compare(const std::vector<CaseIndices>& cases, const std::string& baseline,
                   const std::vector<Target>& targets);

}  // namespace greenweave
