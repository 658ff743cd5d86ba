#pragma once
#include <string>
#include <vector>

#include "scenarios/table.hpp"

namespace greenweave {

/// Scenario x year x draw: the unit of parallelism, of resuming and of a cluster task.
struct CaseId {
  std::string scenario;
  int year = 0;
  int draw = 0;  // 0: the stated values

  auto operator<=>(const CaseId&) const = default;
};

/// What one guild's assessment yields. `indices` has the columns name-by-name of its measures and one row.
struct GuildResult {
  std::string guild;
  Table indices;                     // one row; one column an index
  std::vector<Table> tables;         // patches, links, elements, element_pairs, gaps; draw 0 only
  std::vector<NamedRaster> rasters;  // quality, resistance, patches; draw 0 only
  std::vector<NamedLines> lines;     // link paths; draw 0 only
};

struct CaseResult {
  CaseId id;
  std::vector<NamedRaster> rasters;  // land cover and what is common to all guilds; draw 0 only
  std::vector<Table> tables;         // what is common to all guilds: actions taken, land cover areas
  std::vector<NamedLines> lines;     // of tables that are common to all guilds; draw 0 only
  std::vector<GuildResult> guilds;
  double seconds = 0.0;
};

/// Takes finished cases, from any thread, and knows which ones an earlier, killed run has already finished.
class CaseSink {
 public:
  virtual ~CaseSink() = default;
  virtual bool has(const CaseId& id) const = 0;
  virtual void store(const CaseResult& result) = 0;
  /// Asked before a case begins: false leaves it to someone else.
  virtual bool begin(const CaseId&) { return true; }
  /// Told that a case failed and why. True: the others go on; false: the run ends with the error.
  virtual bool failed(const CaseId&, const std::string&) { return false; }
};

}  // namespace greenweave
