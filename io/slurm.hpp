#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/case_result.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// What one submission asks for.
struct Submission {
  std::string name;  // of the jobs
  Cluster cluster;
  std::filesystem::path folder;                   // for scripts and logs, absolute
  std::int64_t tasks = 0;                         // of the array
  double minutes = 0.0, gib = 0.0;                // of a task
  double gather_minutes = 0.0, gather_gib = 0.0;  // of the job that joins them
  std::vector<std::string> work, gather;          // the commands, word by word; a task's number follows `work`
};

/// A word as the shell takes it back.
std::string shell_word(const std::string& word);

/// The script of the array: a task a share of the cases. It ends by itself a minute before its time, between two pieces
/// of work, and may be requeued.
std::string array_script(const Submission& submission);
/// The script of the job that joins what the array has made.
std::string gather_script(const Submission& submission);

/// Runs a command and returns what it prints. InputError: there is no such command, or it fails (its message is in it).
std::string output_of(const std::vector<std::string>& command, const std::string& remedy);

/// Notes in a submission's folder which jobs came of it.
void note_jobs(const std::filesystem::path& folder, const std::vector<std::string>& jobs);
/// Jobs of earlier submissions, whose folders are in `folder`, that Slurm still has in its queue; empty if it has none,
/// or cannot be asked.
struct QueuedJobs {
  std::vector<std::string> ids;
  std::int64_t waiting = 0, running = 0;  // tasks
};
QueuedJobs queued_jobs(const std::filesystem::path& folder);

/// A case a line: scenario, year and draw, with tabs between.
std::string format_cases(const std::vector<CaseId>& cases);
/// InputError: a line that is none.
std::vector<CaseId> read_cases(const std::filesystem::path& file);

/// A case of a sweep and the task of the array that works it out.
struct TaskCase {
  std::int64_t task = 0;
  std::string variant;
  CaseId id;
};
/// Cases of one variant.
struct VariantCases {
  std::string variant;
  std::vector<CaseId> cases;
};
/// A case a line: task, variant, scenario, year and draw, with tabs between.
std::string format_tasks(const std::vector<TaskCase>& cases);
/// The cases of one task, variant by variant. InputError: a line that is none.
std::vector<VariantCases> read_task(const std::filesystem::path& file, std::int64_t task);

}  // namespace greenweave
