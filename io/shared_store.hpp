#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "io/case_marks.hpp"
#include "io/results_file.hpp"

namespace greenweave {

/// Seconds without a sign of life after which a claim may be taken over.
inline constexpr double silent_for_s_by_default = 300.0;

/// A store that several processes share: cases are claimed before they begin, a case that fails is noted and the others
/// go on, and a file system that is gone for a moment is waited for.
class SharedStore final : public ResultsStore {
 public:
  SharedStore(const Study& study, std::filesystem::path path, bool overwrite, bool restart, double silent_for_s);

  bool begin(const CaseId& id) override;
  void store(const CaseResult& result) override;
  bool failed(const CaseId& id, const std::string& reason) override;

  std::int64_t done() const { return done_; }
  std::int64_t left_to_others() const { return left_; }
  std::int64_t failures() const { return failures_; }

 private:
  CaseMarks marks_;
  std::atomic<std::int64_t> done_ = 0, left_ = 0, failures_ = 0;
  std::atomic<bool> cannot_write_ = false;
};

/// What became of a case of a batch.
struct CaseState {
  enum class Kind { done, running, stalled, failed, missing } kind = Kind::missing;
  CaseId id;
  CaseCost cost;  // of a done one
  CaseMark mark;  // of a running, stalled or failed one
};

/// Of every case of a study whose results are to be `out`; all done once that file is there.
std::vector<CaseState> batch_state(const Study& study, const std::filesystem::path& out, double silent_for_s);

/// How many are in a state.
std::int64_t count_of(const std::vector<CaseState>& states, CaseState::Kind kind);

}  // namespace greenweave
