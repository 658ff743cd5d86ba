#pragma once
// Runs a study in memory, and looks up what it found.
#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/run_study.hpp"

namespace greenweave::testing {

/// Keeps results in memory.
struct Memory final : CaseSink {
  std::mutex mutex;
  std::map<CaseId, CaseResult> cases;
  bool has(const CaseId& id) const override { return cases.count(id) != 0; }
  void store(const CaseResult& result) override {
    const std::lock_guard<std::mutex> guard(mutex);
    cases[result.id] = result;
  }
};

inline std::map<CaseId, CaseResult> results_of(const Study& study) {
  Memory memory;
  run_study(study, memory, RunContext{});
  return std::move(memory.cases);
}

/// The first guild in the first case.
inline GuildResult baseline_of(const Study& study) { return results_of(study).begin()->second.guilds.front(); }

inline const std::vector<Table>& tables_in(const std::vector<Table>& tables) { return tables; }
inline const std::vector<Table>& tables_in(const GuildResult& result) { return result.tables; }
inline const std::vector<Table>& tables_in(const CaseResult& result) { return result.tables; }
inline const std::vector<NamedRaster>& rasters_in(const std::vector<NamedRaster>& rasters) { return rasters; }
inline const std::vector<NamedRaster>& rasters_in(const GuildResult& result) { return result.rasters; }
inline const std::vector<NamedRaster>& rasters_in(const CaseResult& result) { return result.rasters; }

/// Null if there is none of that name.
template <class From>
const Table* find_table(const From& from, const std::string& name) {
  for (const Table& table : tables_in(from))
    if (table.name == name) return &table;
  return nullptr;
}

template <class From>
const Table& table_of(const From& from, const std::string& name) {
  if (const Table* table = find_table(from, name)) return *table;
  throw std::out_of_range(name);
}

template <class T, class From>
const Raster<T>& raster_of(const From& from, const std::string& name) {
  for (const NamedRaster& raster : rasters_in(from))
    if (raster.name == name) return std::get<Raster<T>>(raster.raster);
  throw std::out_of_range(name);
}

/// The row of a table whose texts are these.
inline std::size_t row_of(const Table& table, const std::map<std::string, std::string>& texts) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (std::all_of(texts.begin(), texts.end(), [&](const auto& t) { return table.texts(t.first)[row] == t.second; }))
      return row;
  throw std::out_of_range("no such row");
}

inline double index_of(const GuildResult& result, const std::string& name) {
  return result.indices.numbers(name).at(0);
}

}  // namespace greenweave::testing
