#include "io/case_marks.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double beats = 10.0;   // while a claim may be silent
constexpr double watched = 2.5;  // beats for which a claim is watched before it is taken over

fs::path claim_of(const fs::path& folder, const CaseId& id) { return folder / (file_stem_of(id) + ".claim"); }
fs::path failure_of(const fs::path& folder, const CaseId& id) { return folder / (file_stem_of(id) + ".failed"); }

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Time of a file's last change, seconds; below 0 if there is no such file.
double time_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return -1.0;
  return static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string host() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

/// Creates a file that must not be there yet. False if it is.
bool create_alone(const fs::path& path, const std::string& content) {
  const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) {
    if (errno == EEXIST) return false;
    const std::string reason = std::system_category().message(errno);
    throw InputError(path.string(), "", "cannot be written: " + reason, "is the disk full, or the folder read-only?");
  }
  const bool is_whole = write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(file);
  if (!is_whole) {
    unlink(path.c_str());
    throw InputError(path.string(), "", "cannot be written", "is the disk full?");
  }
  return true;
}

}  // namespace

std::string file_stem_of(const CaseId& id) { return fmt::format("{}-{}-{}", id.scenario, id.year, id.draw); }

std::string own_name() {
  const std::string job = variable("SLURM_ARRAY_JOB_ID"), task = variable("SLURM_ARRAY_TASK_ID");
  if (!job.empty() && !task.empty()) return fmt::format("job {}_{}", job, task);
  if (const std::string single = variable("SLURM_JOB_ID"); !single.empty()) return "job " + single;
  return fmt::format("process {} on {}", getpid(), host());
}

double time_at(const fs::path& folder) {
  const fs::path probe = folder / fmt::format("clock-{}-{}", host(), getpid());
  std::ofstream(probe, std::ios::trunc) << '.';
  const double now = time_of(probe);
  std::error_code ignored;
  fs::remove(probe, ignored);
  if (now >= 0.0) return now;
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

CaseMarks::CaseMarks(fs::path folder, std::string who, double silent_for_s)
    : folder_(std::move(folder)), who_(std::move(who)), silent_for_s_(silent_for_s), pulse_([this] { keep_alive(); }) {}

CaseMarks::~CaseMarks() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  pulse_.join();
  std::error_code ignored;
  for (const CaseId& id : claimed_) fs::remove(claim_of(folder_, id), ignored);
}

void CaseMarks::keep_alive() {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto pause = std::chrono::duration<double>(silent_for_s_ / beats);
  while (!wake_.wait_for(lock, pause, [this] { return ends_; }))
    // A failure only makes us look silent: it may be over the next time.
    for (const CaseId& id : claimed_) utimensat(AT_FDCWD, claim_of(folder_, id).c_str(), nullptr, 0);
}

bool CaseMarks::is_silent(const fs::path& claim, double pulse_s) {
  const auto enough = std::chrono::duration<double>(watched * pulse_s);
  std::unique_lock<std::mutex> lock(mutex_);
  const auto look_at = [&](const fs::path& path) {
    const double beat = time_of(path);
    if (const auto seen = seen_.find(path); seen == seen_.end() || seen->second.beat != beat)
      seen_[path] = {beat, std::chrono::steady_clock::now()};
  };
  // At all of them: whoever waits for one need not wait again for the next.
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored))
    if (entry.path().extension() == claim.extension()) look_at(entry.path());
  look_at(claim);
  const Sight first = seen_.at(claim);
  while (std::chrono::steady_clock::now() - first.when < enough) {
    if (ends_ || time_of(claim) != first.beat) break;
    wake_.wait_for(lock, std::chrono::duration<double>(pulse_s / 4.0));
  }
  return !ends_ && time_of(claim) == first.beat;
}

bool CaseMarks::claim(const CaseId& id) {
  const fs::path path = claim_of(folder_, id);
  const std::string content = fmt::format("{}\n{}\n{:g}\n", who_, host(), silent_for_s_ / beats);
  bool is_ours = create_alone(path, content);
  if (!is_ours) {
    const CaseMark mark = read(folder_, id, time_at(folder_), silent_for_s_);
    // Ours from before a kill: the task was requeued. Or of one who gives no sign of life.
    if (mark.who != who_) {
      if (mark.kind == CaseMark::Kind::claimed) return false;
      if (mark.kind == CaseMark::Kind::stalled && !is_silent(path, mark.pulse_s)) return false;
    }
    // Whoever moves it away may have it; of two who try, one does.
    const fs::path aside = fmt::format("{}.{}-{}", path.string(), host(), getpid());
    std::error_code error;
    fs::rename(path, aside, error);
    if (error) return false;
    fs::remove(aside, error);
    is_ours = create_alone(path, content);
  }
  if (!is_ours) return false;
  std::error_code ignored;
  fs::remove(failure_of(folder_, id), ignored);
  const std::lock_guard<std::mutex> guard(mutex_);
  claimed_.insert(id);
  return true;
}

void CaseMarks::give_back(const CaseId& id) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (claimed_.erase(id) == 0) return;
  }
  std::error_code ignored;
  fs::remove(claim_of(folder_, id), ignored);
}

void CaseMarks::fail(const CaseId& id, const std::string& reason) {
  for (const int pause_s : {0, 1, 5}) {
    std::this_thread::sleep_for(std::chrono::seconds(pause_s));
    std::ofstream file(failure_of(folder_, id), std::ios::trunc);
    file << who_ << '\n' << reason << '\n';
    if (file.flush()) break;
  }
  give_back(id);
}

CaseMark CaseMarks::read(const fs::path& folder, const CaseId& id, double now, double silent_for_s) {
  CaseMark mark;
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  if (const double beat = time_of(claim_of(folder, id)); beat >= 0.0) {
    mark.silent_s = now - beat;
    mark.kind = std::abs(mark.silent_s) > silent_for_s ? CaseMark::Kind::stalled : CaseMark::Kind::claimed;
    std::istringstream lines(content_of(claim_of(folder, id)));
    std::string machine;
    std::getline(lines, mark.who);
    std::getline(lines, machine);
    if (!(lines >> mark.pulse_s)) mark.pulse_s = silent_for_s / beats;
    return mark;
  }
  if (const fs::path failure = failure_of(folder, id); fs::exists(failure)) {
    mark.kind = CaseMark::Kind::failed;
    const std::string text = content_of(failure);
    mark.who = first_line(text);
    if (const std::size_t end = text.find('\n'); end != std::string::npos) mark.reason = text.substr(end + 1);
    while (!mark.reason.empty() && mark.reason.back() == '\n') mark.reason.pop_back();
  }
  return mark;
}

}  // namespace greenweave
