#pragma once
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "model/run/error.hpp"
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
  double silent_s = 0.0;  // since a sign of life of the one who claims it; below 0: its time lies ahead of the clock
  double pulse_s = 0.0;   // between signs of life
};

/// Runs `write` again after 1, 5 and 25 s while it throws an InputError: a file system may be away for a moment.
template <class Write>
auto patiently(const Write& write) {
  for (const int pause_s : {1, 5, 25}) try {
      return write();
    } catch (const InputError&) {
      std::this_thread::sleep_for(std::chrono::seconds(pause_s));
    }
  return write();
}

/// Files beside the finished cases by which several processes, on one machine or many, share out the rest: a claim is
/// made by one process alone (exclusive creation), is touched while the process lives, and may be taken over when that
/// is silent for too long. Where machines stamp files with clocks of their own an age may be wrong by hours, so a claim
/// that looks old, or from the future, is watched for some beats before it is taken over. A case that is worked out
/// twice all the same yields the same bytes.
class CaseMarks {
 public:
  CaseMarks(std::filesystem::path folder, std::string who, double silent_for_s);
  ~CaseMarks();  // gives back what is still claimed
  CaseMarks(const CaseMarks&) = delete;
  CaseMarks& operator=(const CaseMarks&) = delete;

  /// Claims a case; false if someone else is at it. May take a few beats where one seems to have given up.
  bool claim(const CaseId& id);
  void give_back(const CaseId& id);
  /// Notes that a case failed, and gives it back.
  void fail(const CaseId& id, const std::string& reason);

  /// Reads the marks of a case. `now` is `time_at` the folder.
  static CaseMark read(const std::filesystem::path& folder, const CaseId& id, double now, double silent_for_s);

 private:
  void keep_alive();
  bool is_silent(const std::filesystem::path& claim, double pulse_s);

  std::filesystem::path folder_;
  std::string who_;
  double silent_for_s_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ends_ = false;
  std::set<CaseId> claimed_;
  /// Claims that were seen, with their time then, and when that was.
  struct Sight {
    double beat;
    std::chrono::steady_clock::time_point when;
  };
  std::map<std::filesystem::path, Sight> seen_;
  std::thread pulse_;
};

}  // namespace greenweave
