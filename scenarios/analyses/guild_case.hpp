#pragma once
#include "model/indices/measure.hpp"
#include "scenarios/assess.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct RestoredSites;

/// What a guild's untouched landscape leaves for the cases that change it: where link searches and solutions may begin.
struct BaselineMemory {
  LinkMemory links;
  CellVoltages voltages;
};

/// What an analysis sees: one guild in one case, already assessed. With `indices_only` (draws > 0) an analysis adds
/// nothing but its indices, or, where they would cost too much, nothing at all: the file then says NaN for that draw.
struct GuildCase {
  const Study& study;
  const FrameworkOnFrame& framework;
  const Landscape& landscape;
  const Guild& guild;
  const Assessment& assessment;
  bool indices_only = false;
  const BaselineMemory* before = nullptr;  // of the untouched landscape; may be null
  BaselineMemory* after = nullptr;         // receives this landscape's, if given
  const RestoredSites* sites = nullptr;    // the case's restored wetlands; null: none
  const LinkMemory* searches = nullptr;    // of this landscape; there if `sites` are
  int year = 0;
};

/// Whether a guild is among those that an analysis is asked for by name; none named: all are.
bool is_asked_for(const std::vector<std::string>& guilds, const Guild& guild);

/// Adds an index to a guild's result: a column of its one-row table.
void add_index(GuildResult& result, const Measure& measure);

}  // namespace greenweave
