#pragma once
#include <string>
#include <vector>

namespace greenweave {

/// What a number in the results is. One object per index, defined where the index is computed; the results file, the
/// comparison and the documentation all read it from here.
struct MeasureSpec {
  const char* name;     // the field's standard abbreviation: ECA, PC, ...
  const char* unit;     // UDUNITS style; "1" for a pure number
  const char* meaning;  // one line
  int better;           // +1: more is better, -1: less is better, 0: neither
};

struct Measure {
  const MeasureSpec* spec = nullptr;
  double value = 0.0;
};

using Measures = std::vector<Measure>;

}  // namespace greenweave
