#include "io/slurm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/wait.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

/// As Slurm reads it, rounded up to whole minutes.
std::string time_limit(double minutes) {
  const auto whole = static_cast<std::int64_t>(std::ceil(minutes));
  return fmt::format("{}-{:02}:{:02}:00", whole / 1440, whole / 60 % 24, whole % 60);
}

std::string head(const Submission& s, const std::string& name, double minutes, double gib, int threads) {
  std::string text = fmt::format("#!/bin/bash\n#SBATCH --job-name={}\n", name);
  if (!s.cluster.account.empty()) text += fmt::format("#SBATCH --account={}\n", s.cluster.account);
  if (!s.cluster.partition.empty()) text += fmt::format("#SBATCH --partition={}\n", s.cluster.partition);
  text += fmt::format("#SBATCH --nodes=1\n#SBATCH --ntasks=1\n#SBATCH --cpus-per-task={}\n", threads);
  text += fmt::format("#SBATCH --mem={}M\n#SBATCH --time={}\n", static_cast<std::int64_t>(std::ceil(gib * 1024.0)),
                      time_limit(minutes));
  return text;
}

std::string tail(const Submission& s, const std::vector<std::string>& command, const std::string& more) {
  std::string text;
  for (const std::string& line : s.cluster.lines) text += fmt::format("{}\n", line);
  text += "\n";
  for (const std::string& module : s.cluster.modules) text += fmt::format("module load {}\n", shell_word(module));
  text += "exec";
  for (const std::string& word : command) text += fmt::format(" {}", shell_word(word));
  return fmt::format("{}{}\n", text, more);
}

}  // namespace

std::string shell_word(const std::string& word) {
  const bool is_plain = !word.empty() && word.find_first_not_of(
                                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789_-./=:,+@%") == std::string::npos;
  if (is_plain) return word;
  std::string quoted;
  for (const char c : word)
    if (c == '\'')
      quoted.append("'\\''");
    else
      quoted.push_back(c);
  return fmt::format("'{}'", quoted);
}

std::string array_script(const Submission& s) {
  std::string text = head(s, s.name, s.minutes, s.gib, s.cluster.threads);
  text += fmt::format("#SBATCH --array=0-{}%{}\n", s.tasks - 1, s.cluster.tasks_at_once);
  text += fmt::format("#SBATCH --output={}\n", shell_word((s.folder / "log-%a.txt").string()));
  // The signal ends the task in time, but not before it has done something; after a node was lost, Slurm begins it anew
  // and it goes on.
  text += fmt::format("#SBATCH --open-mode=append\n#SBATCH --requeue\n#SBATCH --signal=B:TERM@{:.0f}\n",
                      std::min(60.0, 15.0 * s.minutes));
  return text + tail(s, s.work, " \"$SLURM_ARRAY_TASK_ID\"");
}

std::string gather_script(const Submission& s) {
  std::string text = head(s, s.name + "-gather", s.gather_minutes, s.gather_gib, 1);
  text += fmt::format("#SBATCH --output={}\n#SBATCH --open-mode=append\n#SBATCH --requeue\n",
                      shell_word((s.folder / "log-gather.txt").string()));
  return text + tail(s, s.gather, "");
}

std::string output_of(const std::vector<std::string>& command, const std::string& remedy) {
  std::string line;
  for (const std::string& word : command) line += fmt::format("{}{}", line.empty() ? "" : " ", shell_word(word));
  FILE* const pipe = popen((line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw InputError(command.front(), "", "it cannot be started", remedy);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), count);
  const int status = pclose(pipe);
  while (!output.empty() && (output.back() == '\n' || output.back() == ' ')) output.pop_back();
  if (status != 0)
    throw InputError(command.front(), "",
                     WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "there is no such command here"
                                                                     : fmt::format("it failed: {}", output),
                     remedy);
  return output;
}

void note_jobs(const fs::path& folder, const std::vector<std::string>& jobs) {
  std::ofstream file(folder / "jobs", std::ios::trunc);
  for (const std::string& job : jobs) file << job << '\n';
}

QueuedJobs queued_jobs(const fs::path& folder) {
  QueuedJobs queued;
  std::string ids;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    std::ifstream file(entry.path() / "jobs");
    for (std::string id; std::getline(file, id);) ids += (ids.empty() ? "" : ",") + id;
  }
  if (ids.empty()) return queued;
  std::string lines;
  try {
    // A list with an id that Slurm has forgotten is refused as a whole: ask for all of the user's.
    lines = output_of({"squeue", "--noheader", "--array", "--me", "--format=%F %T"}, "");
  } catch (const InputError&) {
    return queued;
  }
  std::istringstream in(lines);
  for (std::string id, state; in >> id >> state;) {
    if (("," + ids + ",").find("," + id + ",") == std::string::npos) continue;
    if (std::find(queued.ids.begin(), queued.ids.end(), id) == queued.ids.end()) queued.ids.push_back(id);
    (state == "PENDING" || state == "REQUEUED" ? queued.waiting : queued.running) += 1;
  }
  return queued;
}

std::string format_cases(const std::vector<CaseId>& cases) {
  std::string text;
  for (const CaseId& id : cases) text += fmt::format("{}\t{}\t{}\n", id.scenario, id.year, id.draw);
  return text;
}

std::vector<CaseId> read_cases(const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw InputError(file.string(), "", "no such file", "correct the path");
  std::vector<CaseId> cases;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::istringstream fields(line);
    CaseId id;
    if (!std::getline(fields, id.scenario, '\t') || !(fields >> id.year >> id.draw))
      throw InputError(file.string(), fmt::format("line {}", number), "it is no case",
                       "a line is scenario, year and draw with tabs between");
    cases.push_back(id);
  }
  return cases;
}

std::string format_tasks(const std::vector<TaskCase>& cases) {
  std::string text;
  for (const TaskCase& c : cases)
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", c.task, c.variant, c.id.scenario, c.id.year, c.id.draw);
  return text;
}

std::vector<VariantCases> read_task(const fs::path& file, std::int64_t task) {
  std::ifstream in(file);
  if (!in) throw InputError(file.string(), "", "no such file", "correct the path");
  std::vector<VariantCases> parts;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::istringstream fields(line);
    TaskCase c;
    if (!(fields >> c.task) || fields.get() != '\t' || !std::getline(fields, c.variant, '\t') ||
        !std::getline(fields, c.id.scenario, '\t') || !(fields >> c.id.year >> c.id.draw))
      throw InputError(file.string(), fmt::format("line {}", number), "it is no case of a sweep",
                       "a line is task, variant, scenario, year and draw with tabs between");
    if (c.task != task) continue;
    if (parts.empty() || parts.back().variant != c.variant) parts.push_back({c.variant, {}});
    parts.back().cases.push_back(c.id);
  }
  return parts;
}

}  // namespace greenweave
