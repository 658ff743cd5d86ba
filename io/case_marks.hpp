#pragma once
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "scenarios/case_result.hpp"

namespace greenweave {

/// Name of a case's files in the folder of unfinished results, without an extension.
std::string file_stem_of(const CaseId& id);

/// Who works on cases: where Slurm says so the task of an array, which is the same after it was requeued; else the
/// process.
std::string own_name();

/// The time by the clock of the file system that holds `folder`, seconds: what times of files there can be compared
/// with, whatever the machines' clocks say.
double time_at(const std::filesystem::path& folder);

/// What the marks of a case say of it.
struct CaseMark {
  enum class Kind { none, claimed, stalled, failed } kind = Kind::none;
  std::string who;        // claims it, or failed at it
  std::string reason;     // of a failure
  double silent_s = 0.0;  // since a sign of life of the one who claims it
};

/// Files beside the finished cases by which several processes, on one machine or many, share out the rest: a claim is
/// made by one process alone (exclusive creation), shows its age while the process lives, and may be taken over when
/// that is silent for too long. A case that is worked out twice all the same yields the same bytes.
class CaseMarks {
 public:
  CaseMarks(std::filesystem::path folder, std::string who, double silent_for_s);
  ~CaseMarks();  // gives back what is still claimed
  CaseMarks(const CaseMarks&) = delete;
  CaseMarks& operator=(const CaseMarks&) = delete;

  /// Claims a case; false if someone else is at it.
  bool claim(const CaseId& id);
  void give_back(const CaseId& id);
  /// Notes that a case failed, and gives it back.
  void fail(const CaseId& id, const std::string& reason);

  /// Reads the marks of a case. `now` is `time_at` the folder.
  static CaseMark read(const std::filesystem::path& folder, const CaseId& id, double now, double silent_for_s);

 private:
  void keep_alive();

  std::filesystem::path folder_;
  std::string who_;
  double silent_for_s_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ends_ = false;
  std::set<CaseId> claimed_;
  std::thread pulse_;
};

}  // namespace greenweave
