#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "app/estimate.hpp"
#include "app/progress_bar.hpp"
#include "io/shared_store.hpp"
#include "io/slurm.hpp"
#include "io/study_file.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;
constexpr std::int64_t most_tasks = 1000;  // Slurm's own limit of an array is 1001 unless it is told otherwise

struct BatchOptions {
  fs::path study, out;
  StudyOverrides overrides;
  bool overwrite = false, restart = false, missing = false, dry_run = false, quiet = false;
  int threads = 0, jobs = 1;
  double silent_for_s = silent_for_s_by_default;
  fs::path cases;
  std::int64_t share = 0, task = 0;
};

void add_common(CLI::App& command, BatchOptions& options) {
  command.add_option("study", options.study, "Study file (study.toml)")->required();
  command.add_option("-o,--out", options.out, "Results file; default: as the study says, or <name>.h5 beside it");
  command.add_option("--cell", options.overrides.cell_m, "Cell size in metres instead of the study's");
  command.add_option("--draws", options.overrides.draws, "Draws of uncertain parameters instead of the study's");
  command.add_option("--scenario", options.overrides.scenarios, "Only these scenarios, and the baseline");
  command.add_option("--silent-for", options.silent_for_s,
                     "Seconds without a sign of life after which a case counts as given up");
}

fs::path out_of(const BatchOptions& options, const Study& study) {
  return fs::absolute(options.out.empty() ? study.output : options.out);
}

/// The options that make it the same study elsewhere.
std::vector<std::string> same_study(const BatchOptions& options, const fs::path& out) {
  std::vector<std::string> words{fs::absolute(options.study).string(), "--out", out.string()};
  if (options.overrides.cell_m) words.insert(words.end(), {"--cell", fmt::format("{}", *options.overrides.cell_m)});
  if (options.overrides.draws) words.insert(words.end(), {"--draws", fmt::format("{}", *options.overrides.draws)});
  for (const std::string& scenario : options.overrides.scenarios) words.insert(words.end(), {"--scenario", scenario});
  return words;
}

/// The command on the same study for the user to type.
std::string command_of(const BatchOptions& options, const std::string& verb) {
  std::string text = fmt::format("greenweave {} {}", verb, shell_word(options.study.string()));
  if (!options.out.empty()) text += fmt::format(" --out {}", shell_word(options.out.string()));
  if (options.overrides.cell_m) text += fmt::format(" --cell {}", *options.overrides.cell_m);
  if (options.overrides.draws) text += fmt::format(" --draws {}", *options.overrides.draws);
  for (const std::string& scenario : options.overrides.scenarios)
    text += fmt::format(" --scenario {}", shell_word(scenario));
  return text;
}

std::string label_of(const CaseId& id) {
  return fmt::format("{} {}{}", id.scenario, id.year, id.draw > 0 ? fmt::format(" draw {}", id.draw) : "");
}

std::string duration(double seconds) {
  if (seconds < 120.0) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200.0) return fmt::format("{:.0f} min", seconds / 60.0);
  return fmt::format("{:.1f} h", seconds / 3600.0);
}

std::atomic<bool> interrupted{false};
void on_interrupt(int) {
  interrupted.store(true);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

// --- work

void work(const BatchOptions& options) {
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const Study study = load_study(options.study, options.overrides);
  std::vector<CaseId> cases = cases_of(study);
  if (!options.cases.empty()) {
    const std::vector<CaseId> listed = read_cases(options.cases);
    for (const CaseId& id : listed)
      if (std::find(cases.begin(), cases.end(), id) == cases.end())
        throw InputError(options.cases.string(), "", fmt::format("the study has no case {}", label_of(id)),
                         "has the study changed since it was submitted? submit it again");
    cases = listed;
    if (options.share > 0) {
      const auto size = static_cast<std::int64_t>(cases.size());
      const auto begin = std::min(size, options.share * options.task), end = std::min(size, begin + options.share);
      cases = {cases.begin() + begin, cases.begin() + end};
    }
  }
  SharedStore store(study, out_of(options, study), options.overwrite, options.restart, options.silent_for_s);
  ProgressBar bar;
  const RunContext context{options.quiet ? nullptr : &bar, &interrupted};
  run_cases(study, cases, store, context, options.jobs);
  fmt::print("{} of {} cases worked out here, {} failed, {} left to others\n", store.done(), cases.size(),
             store.failures(), store.left_to_others());
  if (store.failures() > 0) throw DemandUnmet{};
}

// --- status

struct Summary {
  std::int64_t done, running, stalled, failed, missing;
  explicit Summary(const std::vector<CaseState>& states)
      : done(count_of(states, CaseState::Kind::done)),
        running(count_of(states, CaseState::Kind::running)),
        stalled(count_of(states, CaseState::Kind::stalled)),
        failed(count_of(states, CaseState::Kind::failed)),
        missing(count_of(states, CaseState::Kind::missing)) {}
};

void status(const BatchOptions& options) {
  const Study study = load_study(options.study, options.overrides);
  const fs::path out = out_of(options, study);
  const std::vector<CaseState> states = batch_state(study, out, options.silent_for_s);
  const Summary sum(states);
  fmt::print("{}: {} cases: {} done, {} running, {} stalled, {} failed, {} missing\n", study.name, states.size(),
             sum.done, sum.running, sum.stalled, sum.failed, sum.missing);
  const bool is_joined = !fs::exists(partial_folder(out)) && fs::exists(out);
  if (is_joined) {
    fmt::print("joined      {}\n", out.string());
    return;
  }
  double seconds = 0.0, least = 1e300, most = 0.0, peak = 0.0;
  for (const CaseState& state : states) {
    if (state.kind != CaseState::Kind::done) continue;
    seconds += state.cost.seconds;
    least = std::min(least, state.cost.seconds);
    most = std::max(most, state.cost.seconds);
    peak = std::max(peak, state.cost.peak_bytes);
  }
  if (sum.done > 0)
    fmt::print("done        {} a case ({} to {}), at most {:.2f} GiB\n",
               duration(seconds / static_cast<double>(sum.done)), duration(least), duration(most), peak / gib);
  for (const CaseState& state : states) {
    if (state.kind == CaseState::Kind::running)
      fmt::print("running     {:<32} {}\n", label_of(state.id), state.mark.who);
    if (state.kind == CaseState::Kind::stalled)
      fmt::print("stalled     {:<32} {}, no sign of life for {}\n", label_of(state.id), state.mark.who,
                 duration(state.mark.silent_s));
    if (state.kind == CaseState::Kind::failed)
      fmt::print("failed      {:<32} {}: {}\n", label_of(state.id), state.mark.who, state.mark.reason);
  }
  std::vector<std::string> missing;
  for (const CaseState& state : states)
    if (state.kind == CaseState::Kind::missing) missing.push_back(label_of(state.id));
  if (!missing.empty()) {
    const std::size_t shown = std::min<std::size_t>(missing.size(), 10);
    fmt::print("missing     {}{}\n",
               fmt::join(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
               missing.size() > shown ? fmt::format(" and {} more", missing.size() - shown) : "");
  }
  if (sum.done == static_cast<std::int64_t>(states.size()))
    fmt::print("next        {}\n", command_of(options, "gather"));
  else if (sum.running == 0)
    fmt::print("next        {} --missing\n            or on this machine: {}\n", command_of(options, "submit"),
               command_of(options, "run"));
  if (sum.done != static_cast<std::int64_t>(states.size())) throw DemandUnmet{};
}

// --- gather

void gather(const BatchOptions& options) {
  const Study study = load_study(options.study, options.overrides);
  const fs::path out = out_of(options, study), folder = partial_folder(out);
  const std::vector<CaseState> states = batch_state(study, out, options.silent_for_s);
  const Summary sum(states);
  const auto total = static_cast<std::int64_t>(states.size());
  if (!fs::exists(folder) && fs::exists(out)) {
    fmt::print("{} is there already, and no cases wait to be joined\n", out.string());
    return;
  }
  if (sum.done != total) {
    fmt::print("{} of {} cases are done; {} running, {} stalled, {} failed, {} missing: nothing is joined yet\n",
               sum.done, total, sum.running, sum.stalled, sum.failed, sum.missing);
    throw DemandUnmet{};
  }
  double begun = time_at(folder);
  std::error_code ignored;
  const auto key_time = fs::last_write_time(folder / "key", ignored);
  if (!ignored) begun = std::chrono::duration<double>(fs::file_time_type::clock::now() - key_time).count();
  ResultsStore store(study, out, options.overwrite, false);
  store.finish(cases_of(study), std::max(0.0, begun));
  fmt::print("{} cases joined: {}\n", total, out.string());
}

// --- submit

fs::path own_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path("greenweave") : path;
}

void submit(const BatchOptions& options) {
  const Study study = load_study(options.study, options.overrides);
  const fs::path out = out_of(options, study), folder = partial_folder(out);
  if (fs::exists(out) && !fs::exists(folder) && !options.overwrite)
    throw InputError(out.string(), "", "it exists already, and results are not overwritten",
                     "give another name with --out, move it away, or say --overwrite");
  const std::vector<CaseState> states = batch_state(study, fs::exists(folder) ? out : folder, options.silent_for_s);
  const Summary sum(states);
  if (sum.done + sum.running + sum.stalled + sum.failed > 0 && !options.missing)
    throw InputError(folder.string(), "",
                     fmt::format("a batch is there: {} cases done, {} running, {} stalled, {} failed", sum.done,
                                 sum.running, sum.stalled, sum.failed),
                     "--missing submits those that are neither done nor running; or remove the folder to begin anew");
  std::vector<CaseId> todo;
  double measured_s = 0.0, measured_bytes = 0.0;
  for (const CaseState& state : states) {
    if (state.kind == CaseState::Kind::done) {
      measured_s = std::max(measured_s, state.cost.seconds);
      measured_bytes = std::max(measured_bytes, state.cost.peak_bytes);
    } else if (state.kind != CaseState::Kind::running) {
      todo.push_back(state.id);
    }
  }
  if (todo.empty()) {
    fmt::print("nothing to submit: {} cases done, {} running\n", sum.done, sum.running);
    return;
  }
  // What a case takes: as measured, with a margin; else as `check` estimates, with a larger one.
  const Cluster& cluster = study.cluster;
  const Estimate rough = estimate(study, 1);
  const double case_s = measured_s > 0.0 ? 1.5 * measured_s
                                         : 1.0 + 2.0 * rough.core_seconds / static_cast<double>(states.size()) /
                                                     std::sqrt(static_cast<double>(cluster.threads));
  const double case_bytes = measured_bytes > 0.0 ? 1.25 * measured_bytes : 0.25 * gib + 2.0 * rough.memory_bytes;
  const auto count = static_cast<std::int64_t>(todo.size());
  std::int64_t share = cluster.cases_per_task > 0
                           ? cluster.cases_per_task
                           : std::max<std::int64_t>(1, static_cast<std::int64_t>(1200.0 / case_s));
  share = std::clamp<std::int64_t>(share, (count + most_tasks - 1) / most_tasks, count);

  Submission submission;
  submission.name = study.name;
  submission.cluster = cluster;
  submission.tasks = (count + share - 1) / share;
  // The baselines are worked out anew in each task: one more case.
  submission.minutes = cluster.time_minutes > 0.0 ? cluster.time_minutes
                                                  : std::max(5.0, 2.0 + static_cast<double>(share + 1) * case_s / 60.0);
  submission.gib = cluster.memory_gib > 0.0 ? cluster.memory_gib : std::max(0.5, case_bytes / gib);
  submission.gather_minutes = std::max(10.0, static_cast<double>(states.size()) / 20.0);
  submission.gather_gib = std::max(1.0, submission.gib);
  int number = 1;
  while (fs::exists(folder / fmt::format("batch-{}", number))) ++number;
  submission.folder = folder / fmt::format("batch-{}", number);
  const std::string program = cluster.program.empty() ? own_path().string() : cluster.program;
  submission.work = {program, "work"};
  submission.gather = {program, "gather"};
  for (const std::string& word : same_study(options, out)) {
    submission.work.push_back(word);
    submission.gather.push_back(word);
  }
  if (options.overwrite) {
    submission.work.emplace_back("--overwrite");
    submission.gather.emplace_back("--overwrite");
  }
  submission.work.insert(submission.work.end(),
                         {"--quiet", "--threads", fmt::format("{}", cluster.threads), "--silent-for",
                          fmt::format("{:g}", options.silent_for_s), "--cases",
                          (submission.folder / "cases.txt").string(), "--share", fmt::format("{}", share), "--task"});
  const std::string array = array_script(submission), joining = gather_script(submission);
  fmt::print("{} cases in {} tasks of {}, {:.1f} GiB and up to {} each{}\n", count, submission.tasks, share,
             submission.gib, duration(60.0 * submission.minutes),
             measured_s > 0.0 ? ", from what cases took so far" : ", estimated");
  if (options.dry_run) {
    fmt::print("\n--- {}\n{}\n--- {}\n{}", (submission.folder / "array.sh").string(), array,
               (submission.folder / "gather.sh").string(), joining);
    return;
  }
  // The store's folder and key first: whatever else goes on there is found out before anything is submitted.
  { const SharedStore store(study, out, options.overwrite, options.restart, options.silent_for_s); }
  fs::create_directories(submission.folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream file(submission.folder / name, std::ios::trunc);
    file << text;
    if (!file.flush())
      throw InputError((submission.folder / name).string(), "", "cannot be written",
                       "is the disk full, or the folder read-only?");
  };
  write("cases.txt", format_cases(todo));
  write("array.sh", array);
  write("gather.sh", joining);
  const std::string remedy =
      "is this a machine from which jobs are submitted? `greenweave run` does the same work on this machine";
  // With several clusters an id is followed by the cluster's name.
  const auto id_of = [](const std::string& printed) { return printed.substr(0, printed.find(';')); };
  const std::string job = id_of(output_of({"sbatch", "--parsable", (submission.folder / "array.sh").string()}, remedy));
  const std::string joiner = id_of(output_of(
      {"sbatch", "--parsable", "--dependency=afterany:" + job, (submission.folder / "gather.sh").string()}, remedy));
  fmt::print("submitted: job {}, and job {} joins the results into {}\nwatch:     {}\n", job, joiner, out.string(),
             command_of(options, "status"));
}

}  // namespace

void add_batch_commands(CLI::App& app) {
  auto* command = app.add_subcommand("submit", "Submit the cases of a study to a Slurm cluster");
  auto options = std::make_shared<BatchOptions>();
  add_common(*command, *options);
  command->add_flag("--missing", options->missing, "Only the cases that are neither done nor running");
  command->add_flag("--dry-run", options->dry_run, "Print the scripts, write and submit nothing");
  command->add_flag("--overwrite", options->overwrite, "Replace an existing results file at the end");
  command->add_flag("--restart", options->restart, "Throw away what an earlier, unfinished run of another state left");
  command->callback([options] { submit(*options); });

  command = app.add_subcommand("status", "Say which cases of a batch are done, running, failed or missing");
  options = std::make_shared<BatchOptions>();
  add_common(*command, *options);
  command->callback([options] { status(*options); });

  command = app.add_subcommand("gather", "Join the finished cases of a batch into the results file");
  options = std::make_shared<BatchOptions>();
  add_common(*command, *options);
  command->add_flag("--overwrite", options->overwrite, "Replace an existing results file");
  command->callback([options] { gather(*options); });

  command =
      app.add_subcommand("work", "Work out a share of the cases, beside other processes: what a batch's tasks do");
  options = std::make_shared<BatchOptions>();
  add_common(*command, *options);
  command->add_option("--cases", options->cases, "File of cases; default: all");
  command->add_option("--share", options->share, "Cases of a task; default: all");
  command->add_option("--task", options->task, "Which share, from 0");
  command->add_option("-t,--threads", options->threads, "Threads; default: all of the machine's");
  command->add_option("-j,--jobs", options->jobs, "Cases at once");
  command->add_flag("--overwrite", options->overwrite, "The results file is to be replaced");
  command->add_flag("--restart", options->restart, "Throw away what an earlier, unfinished run of another state left");
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->callback([options] { work(*options); });
}

}  // namespace greenweave
