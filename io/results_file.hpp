#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/case_result.hpp"
#include "scenarios/comparison.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// Whether a guild cannot have that name, because something else of a case stands under it in a results file.
bool is_taken_in_results(const std::string& guild);

/// What was measured of a finished case.
struct CaseCost {
  double seconds = 0.0;
  double peak_bytes = 0.0;  // of the process by then
  std::string program_version;
};

/// Where the cases of unfinished results wait.
std::filesystem::path partial_folder(const std::filesystem::path& results);
/// Where the case files stay that rasters of a results file are linked to.
std::filesystem::path cases_folder(const std::filesystem::path& results);
/// Whether joined results hold the rasters, or links to them in the case files, which are kept beside.
enum class Rasters { copied, linked };

/// The finished case in that folder; nullopt if there is none, or a damaged one.
std::optional<CaseCost> finished_case(const std::filesystem::path& partial, const CaseId& id);

/// Takes the cases of a run as they finish, each into a file of its own under `<results>.partial/`, and at the end
/// joins them into one results file, which is written to a temporary name, checked and renamed. A run that was killed
/// finds its finished cases there again if study text, inputs, options and program version are the same.
class ResultsStore : public CaseSink {
 public:
  /// `shared`: other processes, on this machine or others, may work on the same results in the same manner; `alone`
  /// keeps all others out.
  enum class Use { alone, shared };
  /// InputError: `path` exists and `overwrite` is false; its folder does not exist; another run is at work there; cases
  /// of another state of the study wait there and `restart` is false (true: they are thrown away).
  ResultsStore(const Study& study, std::filesystem::path path, bool overwrite, bool restart, Use use = Use::alone);
  ~ResultsStore() override;

  bool has(const CaseId& id) const override;
  void store(const CaseResult& result) override;
  const std::filesystem::path& partial() const;
  /// Joins `cases`, all of which must be stored, into the results file; removes the partial folder. Not if shared.
  void finish(const std::vector<CaseId>& cases, double wall_seconds, Rasters rasters = Rasters::copied);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A results file, opened for reading. What a comparison, a map or a report shows comes from here alone.
class ResultsFile {
 public:
  explicit ResultsFile(const std::filesystem::path& path);  // throws InputError if it is not a results file
  ~ResultsFile();

  struct Header {
    int schema_version = 0;
    std::string program_version, study_name, study_title, notice, study_text, created;
  };
  const Header& header() const;
  const Frame& frame() const;
  std::vector<std::string> scenarios() const;  // in the study's order, baseline first
  std::vector<std::string> scenario_titles() const;
  std::vector<int> years() const;
  std::vector<std::string> guilds() const;
  std::vector<std::string> guild_titles() const;
  int draws() const;  // number of draws beyond the stated values
  std::vector<Target> targets() const;
  ClassTable classes() const;
  std::vector<Element> elements() const;  // with geometry

  /// Indices of a guild in a case; empty if the file has no such case.
  std::vector<IndexSample> indices(const std::string& scenario, int year, const std::string& guild) const;
  /// A table of a guild's assessment, or of the case itself where `guild` is empty. nullopt if the file has none such.
  std::optional<Table> table(const std::string& scenario, int year, const std::string& guild,
                             const std::string& name) const;
  /// Names of the tables of a guild, or of the case itself where `guild` is empty.
  std::vector<std::string> table_names(const std::string& scenario, int year, const std::string& guild) const;
  /// Names of the rasters of a guild, or of the case itself where `guild` is empty.
  std::vector<std::string> raster_names(const std::string& scenario, int year, const std::string& guild) const;
  /// InputError: it is linked to a case file that is not there.
  std::optional<NamedRaster> raster(const std::string& scenario, int year, const std::string& guild,
                                    const std::string& name) const;
  /// The same error before any raster of the case is read.
  void require_rasters(const std::string& scenario, int year) const;
  /// The case files that rasters are linked to, and what is wrong with each, if anything. None where they are copied.
  struct LinkedCase {
    std::filesystem::path file;
    std::string trouble;
  };
  std::vector<LinkedCase> linked_cases() const;
  std::optional<NamedLines> lines(const std::string& scenario, int year, const std::string& guild,
                                  const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenweave
