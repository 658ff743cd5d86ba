#pragma once
#include "model/indices/measure.hpp"
#include "scenarios/assess.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

/// What an analysis sees: one guild in one case, already assessed. With `indices_only` (draws > 0) an analysis adds
/// nothing but its indices, or, where they would cost too much, nothing at all: the file then says NaN for that draw.
struct GuildCase {
  const Study& study;
  const FrameworkOnFrame& framework;
  const Landscape& landscape;
  const Guild& guild;
  const Assessment& assessment;
  bool indices_only = false;
};

/// Adds an index to a guild's result: a column of its one-row table.
void add_index(GuildResult& result, const Measure& measure);

}  // namespace greenweave
