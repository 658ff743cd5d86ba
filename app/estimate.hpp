#pragma once
#include "scenarios/study.hpp"

namespace greenweave {

/// Rough cost of a run, from measurements of the shipped study at 30 m and 10 m (docs/methods.md).
struct Estimate {
  double memory_bytes = 0.0, core_seconds = 0.0;
};

/// Of all cases of a study, `cases_at_once` at a time.
Estimate estimate(const Study& study, int cases_at_once);

}  // namespace greenweave
