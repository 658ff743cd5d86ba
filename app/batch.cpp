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

#include "app/batch_studies.hpp"
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
  bool overwrite = false, restart = false, missing = false, dry_run = false, link = false, quiet = false;
  int threads = 0, jobs = 1;
  double silent_for_s = silent_for_s_by_default;
  fs::path cases;
  std::int64_t share = 0, task = 0;
};

void add_common(CLI::App& command, BatchOptions& options) {
  command.add_option("study", options.study, "Study file (study.toml), or a sweep of several")->required();
  command.add_option(
      "-o,--out", options.out,
      "Results file, or a sweep's folder; default: as the file says, or <name>.h5 (<name>.sweep) beside it");
  command.add_option("--cell", options.overrides.cell_m, "Cell size in metres instead of the study's");
  command.add_option("--draws", options.overrides.draws, "Draws of uncertain parameters instead of the study's");
  command.add_option("--scenario", options.overrides.scenarios, "Only these scenarios, and the baseline");
  command.add_option("--silent-for", options.silent_for_s,
                     "Seconds without a sign of life after which a case counts as given up");
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

/// What came of a share of the cases.
struct Share {
  std::size_t cases = 0;
  std::int64_t done = 0, failed = 0, left = 0;
};

/// The cases of a study that this process is to work out; `listed`: those of its share, if it has one.
void work_on(const BatchStudy& batch, const std::optional<std::vector<CaseId>>& listed, const BatchOptions& options,
             const RunContext& context, Share& share) {
  const Study study = load(batch, options.overrides);
  std::vector<CaseId> cases = cases_of(study);
  if (listed) {
    for (const CaseId& id : *listed)
      if (std::find(cases.begin(), cases.end(), id) == cases.end())
        throw InputError(options.cases.string(), "", fmt::format("the study has no case {}", label_of(id)),
                         "has the study changed since it was submitted? submit it again");
    cases = *listed;
  }
  share.cases += cases.size();
  // A variant that is joined already has nothing left to do.
  if (!batch.variant.empty() && !options.overwrite && is_joined(batch, study)) {
    share.left += static_cast<std::int64_t>(cases.size());
    return;
  }
  SharedStore store(study, out_of(batch, study), options.overwrite, options.restart, options.silent_for_s);
  run_cases(study, cases, store, context, options.jobs);
  share.done += store.done();
  share.failed += store.failures();
  share.left += store.left_to_others();
}

void work(const BatchOptions& options) {
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const BatchStudies batch = batch_studies(options.study, options.out, options.overrides);
  if (batch.sweep) write_variants(*batch.sweep, options.restart || options.overwrite);
  ProgressBar bar;
  const RunContext context{options.quiet ? nullptr : &bar, &interrupted};
  Share share;
  if (options.cases.empty()) {
    for (const BatchStudy& study : batch.studies) work_on(study, std::nullopt, options, context, share);
  } else if (!batch.sweep) {
    std::vector<CaseId> cases = read_cases(options.cases);
    if (options.share > 0) {
      const auto size = static_cast<std::int64_t>(cases.size());
      const auto begin = std::min(size, options.share * options.task), end = std::min(size, begin + options.share);
      cases = {cases.begin() + begin, cases.begin() + end};
    }
    work_on(batch.studies.front(), cases, options, context, share);
  } else {
    for (const VariantCases& part : read_task(options.cases, options.task)) {
      const auto found = std::find_if(batch.studies.begin(), batch.studies.end(),
                                      [&](const BatchStudy& study) { return study.variant == part.variant; });
      if (found == batch.studies.end())
        throw InputError(options.cases.string(), "", fmt::format("the sweep has no variant {}", part.variant),
                         "has the sweep changed since it was submitted? submit it again");
      work_on(*found, part.cases, options, context, share);
    }
  }
  fmt::print("{} of {} cases worked out here, {} failed, {} left to others\n", share.done, share.cases, share.failed,
             share.left);
  if (share.failed > 0) throw DemandUnmet{};
}

// --- status

struct Summary {
  std::int64_t total, done, running, stalled, failed, missing;
  explicit Summary(const std::vector<CaseState>& states)
      : total(static_cast<std::int64_t>(states.size())),
        done(count_of(states, CaseState::Kind::done)),
        running(count_of(states, CaseState::Kind::running)),
        stalled(count_of(states, CaseState::Kind::stalled)),
        failed(count_of(states, CaseState::Kind::failed)),
        missing(count_of(states, CaseState::Kind::missing)) {}
  bool is_complete() const { return done == total; }
  std::string words() const {
    return fmt::format("{} done, {} running, {} stalled, {} failed, {} missing", done, running, stalled, failed,
                       missing);
  }
};

/// The cases of a batch and where they stand, and of which variant each is.
struct BatchState {
  std::vector<CaseState> cases;
  std::vector<std::string> variants;  // of each case; empty: no sweep
  std::string label(std::size_t k) const {
    return variants[k].empty() ? label_of(cases[k].id) : fmt::format("{}: {}", variants[k], label_of(cases[k].id));
  }
};

void print_details(const BatchState& state) {
  double seconds = 0.0, least = 1e300, most = 0.0, peak = 0.0;
  std::int64_t measured = 0;
  for (const CaseState& c : state.cases) {
    // Cases of results that are joined have no file of their own any more.
    if (c.kind != CaseState::Kind::done || c.cost.peak_bytes == 0.0) continue;
    ++measured;
    seconds += c.cost.seconds;
    least = std::min(least, c.cost.seconds);
    most = std::max(most, c.cost.seconds);
    peak = std::max(peak, c.cost.peak_bytes);
  }
  if (measured > 0)
    fmt::print("done        {} a case ({} to {}), at most {:.2f} GiB\n",
               duration(seconds / static_cast<double>(measured)), duration(least), duration(most), peak / gib);
  std::vector<std::string> missing;
  for (std::size_t k = 0; k < state.cases.size(); ++k) {
    const CaseState& c = state.cases[k];
    if (c.kind == CaseState::Kind::running) fmt::print("running     {:<32} {}\n", state.label(k), c.mark.who);
    if (c.kind == CaseState::Kind::stalled)
      fmt::print("stalled     {:<32} {}, {} {}\n", state.label(k), c.mark.who,
                 c.mark.silent_s > 0.0 ? "no sign of life for" : "its clock is ahead by",
                 duration(std::abs(c.mark.silent_s)));
    if (c.kind == CaseState::Kind::failed)
      fmt::print("failed      {:<32} {}: {}\n", state.label(k), c.mark.who, c.mark.reason);
    if (c.kind == CaseState::Kind::missing) missing.push_back(state.label(k));
  }
  if (missing.empty()) return;
  const std::size_t shown = std::min<std::size_t>(missing.size(), 10);
  fmt::print("missing     {}{}\n",
             fmt::join(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
             missing.size() > shown ? fmt::format(" and {} more", missing.size() - shown) : "");
}

/// Adds what there is to say of the case files that joined results are linked to. False: they are not all there.
bool describe_links(const fs::path& out, std::string& lines) {
  const std::vector<ResultsFile::LinkedCase> linked = ResultsFile(out).linked_cases();
  if (linked.empty()) return true;
  const auto is_wrong = [](const ResultsFile::LinkedCase& c) { return !c.trouble.empty(); };
  const auto wrong = std::count_if(linked.begin(), linked.end(), is_wrong);
  lines += fmt::format("rasters     in {}: {} files", linked.front().file.parent_path().string(), linked.size());
  if (wrong > 0) {
    const auto first = std::find_if(linked.begin(), linked.end(), is_wrong);
    lines += fmt::format(", {} not as they were: {}, {}", wrong, first->file.filename().string(), first->trouble);
  }
  lines += "\n";
  return wrong == 0;
}

void status(const BatchOptions& options) {
  const BatchStudies batch = batch_studies(options.study, options.out, options.overrides);
  BatchState state;
  std::string name = batch.sweep ? batch.sweep->name : "", lines;
  bool all_joined = true, all_linked_there = true;
  fs::path out;
  for (const BatchStudy& part : batch.studies) {
    const Study study = load(part, options.overrides);
    if (!batch.sweep) name = study.name;
    out = out_of(part, study);
    const std::vector<CaseState> states = batch_state(study, out, options.silent_for_s);
    const bool joined = !fs::exists(partial_folder(out)) && fs::exists(out);
    all_joined = all_joined && joined;
    if (batch.sweep)
      lines += fmt::format("variant     {:<40} {}\n", part.variant,
                           joined ? fmt::format("{} done, joined", states.size()) : Summary(states).words());
    if (joined) all_linked_there = describe_links(out, lines) && all_linked_there;
    state.cases.insert(state.cases.end(), states.begin(), states.end());
    state.variants.resize(state.cases.size(), part.variant);
  }
  const Summary sum(state.cases);
  fmt::print("{}: {}{} cases: {}\n{}", name, batch.sweep ? fmt::format("{} variants, ", batch.studies.size()) : "",
             sum.total, sum.words(), lines);
  if (all_joined) {
    fmt::print("joined      {}\n", batch.sweep ? batch.sweep->folder.string() : out.string());
    if (!all_linked_there) throw DemandUnmet{};
    return;
  }
  print_details(state);
  const QueuedJobs queued = queued_jobs(batch.sweep ? batch.sweep->folder : partial_folder(out));
  if (!queued.ids.empty())
    fmt::print("queue       job {}: {} tasks wait, {} run\n", fmt::join(queued.ids, ", "), queued.waiting,
               queued.running);
  else if (sum.is_complete())
    fmt::print("next        {}\n", command_of(options, "gather"));
  else if (sum.running == 0)
    fmt::print("next        {} --missing\n            or on this machine: {}\n", command_of(options, "submit"),
               command_of(options, "run"));
  if (!sum.is_complete()) throw DemandUnmet{};
}

// --- gather

/// False if cases are not done.
bool gather_one(const BatchStudy& batch, const BatchOptions& options) {
  const Study study = load(batch, options.overrides);
  const fs::path out = out_of(batch, study), folder = partial_folder(out);
  const std::string of_variant = batch.variant.empty() ? "" : fmt::format("{}: ", batch.variant);
  if (!fs::exists(folder) && fs::exists(out)) {
    fmt::print("{} is there already, and no cases wait to be joined\n", out.string());
    return true;
  }
  const Summary sum(batch_state(study, out, options.silent_for_s));
  if (!sum.is_complete()) {
    fmt::print("{}{} of {} cases are done; {} running, {} stalled, {} failed, {} missing: nothing is joined yet\n",
               of_variant, sum.done, sum.total, sum.running, sum.stalled, sum.failed, sum.missing);
    return false;
  }
  double begun = time_at(folder);
  std::error_code ignored;
  const auto key_time = fs::last_write_time(folder / "key", ignored);
  if (!ignored) begun = std::chrono::duration<double>(fs::file_time_type::clock::now() - key_time).count();
  ResultsStore store(study, out, options.overwrite, false);
  store.finish(cases_of(study), std::max(0.0, begun), options.link ? Rasters::linked : Rasters::copied);
  fmt::print("{}{} cases joined: {}\n", of_variant, sum.total, out.string());
  return true;
}

void gather(const BatchOptions& options) {
  const BatchStudies batch = batch_studies(options.study, options.out, options.overrides);
  bool all = true;
  for (const BatchStudy& study : batch.studies) all = gather_one(study, options) && all;
  if (batch.sweep && all) {
    write_variant_list(*batch.sweep);
    fmt::print("next        greenweave compare {}\n", shell_word(options.study.string()));
  }
  if (!all) throw DemandUnmet{};
}

// --- submit

fs::path own_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path("greenweave") : path;
}

/// What a study of a batch still has to work out, and what a case of it takes.
struct Todo {
  std::string variant;
  std::vector<CaseId> cases;
  double case_s = 0.0, case_bytes = 0.0;
  std::int64_t share = 1;  // cases of a task
  std::int64_t tasks() const { return (static_cast<std::int64_t>(cases.size()) + share - 1) / share; }
};

/// All that a submission depends on.
struct Plan {
  std::string name;
  Cluster cluster;
  fs::path folder;  // of the scripts
  fs::path out;     // where the results go
  std::vector<Todo> parts;
  std::int64_t all = 0, done = 0, running = 0, tasks = 0, largest_share = 1;
  bool is_measured = true;
  std::int64_t count() const {
    std::int64_t sum = 0;
    for (const Todo& part : parts) sum += static_cast<std::int64_t>(part.cases.size());
    return sum;
  }
};

/// What a study still has to work out; adds it to the plan.
void plan_study(const BatchStudy& batch, const BatchOptions& options, Plan& plan) {
  const Study study = load(batch, options.overrides);
  const fs::path out = out_of(batch, study), folder = partial_folder(out);
  if (plan.name.empty()) plan.name = study.name;
  if (batch.variant.empty()) {
    plan.folder = folder;
    plan.out = out;
  }
  if (batch.variant.empty()) plan.cluster = study.cluster;
  // A variant that is joined already is done.
  const bool joined = !batch.variant.empty() && !options.overwrite && is_joined(batch, study);
  if (fs::exists(out) && !fs::exists(folder) && !options.overwrite && !joined)
    throw InputError(out.string(), "", "it exists already, and results are not overwritten",
                     "give another name with --out, move it away, or say --overwrite");
  const std::vector<CaseState> states =
      batch_state(study, fs::exists(folder) || joined ? out : folder, options.silent_for_s);
  const Summary sum(states);
  plan.all += sum.total;
  plan.done += sum.done;
  plan.running += sum.running;
  if (sum.done + sum.running + sum.stalled + sum.failed > 0 && !options.missing && !joined)
    throw InputError(folder.string(), "",
                     fmt::format("a batch is there: {} cases done, {} running, {} stalled, {} failed", sum.done,
                                 sum.running, sum.stalled, sum.failed),
                     "--missing submits those that are neither done nor running; or remove the folder to begin anew");
  Todo part;
  part.variant = batch.variant;
  double measured_s = 0.0, measured_bytes = 0.0;
  for (const CaseState& state : states) {
    if (state.kind == CaseState::Kind::done) {
      measured_s = std::max(measured_s, state.cost.seconds);
      measured_bytes = std::max(measured_bytes, state.cost.peak_bytes);
    } else if (state.kind != CaseState::Kind::running) {
      part.cases.push_back(state.id);
    }
  }
  if (part.cases.empty()) return;
  // What a case takes: as measured, with a margin; else as `check` estimates, with a larger one.
  const Estimate rough = estimate(study, 1);
  part.case_s = measured_s > 0.0 ? 1.5 * measured_s
                                 : 1.0 + 2.0 * rough.core_seconds / static_cast<double>(states.size()) /
                                             std::sqrt(static_cast<double>(plan.cluster.threads));
  part.case_bytes = measured_bytes > 0.0 ? 1.25 * measured_bytes : 0.25 * gib + 2.0 * rough.memory_bytes;
  plan.is_measured = plan.is_measured && measured_s > 0.0;
  plan.parts.push_back(std::move(part));
  // The store's folder and key first: whatever else goes on there is found out before anything is submitted.
  if (!options.dry_run) SharedStore(study, out, options.overwrite, options.restart, options.silent_for_s);
}

/// Cases to a task: as many as take about twenty minutes, and no more tasks than an array holds.
void share_out(Plan& plan) {
  for (double minutes = 20.0;; minutes *= 1.5) {
    plan.tasks = 0;
    plan.largest_share = 1;
    for (Todo& part : plan.parts) {
      const auto count = static_cast<std::int64_t>(part.cases.size());
      part.share = plan.cluster.cases_per_task > 0 && minutes == 20.0
                       ? plan.cluster.cases_per_task
                       : std::max<std::int64_t>(1, static_cast<std::int64_t>(60.0 * minutes / part.case_s));
      part.share = std::clamp<std::int64_t>(part.share, (count + most_tasks - 1) / most_tasks, count);
      plan.tasks += part.tasks();
      plan.largest_share = std::max(plan.largest_share, part.share);
    }
    if (plan.tasks <= most_tasks) return;
  }
}

/// The scripts' needs and commands.
Submission submission_of(const Plan& plan, const BatchOptions& options, const std::vector<std::string>& same,
                         bool is_sweep) {
  Submission submission;
  submission.name = plan.name;
  submission.cluster = plan.cluster;
  submission.tasks = plan.tasks;
  double task_s = 0.0, case_bytes = 0.0;
  for (const Todo& part : plan.parts) {
    // The baselines are worked out anew in each task: one more case.
    task_s = std::max(task_s, static_cast<double>(part.share + 1) * part.case_s);
    case_bytes = std::max(case_bytes, part.case_bytes);
  }
  const Cluster& cluster = plan.cluster;
  submission.minutes = cluster.time_minutes > 0.0 ? cluster.time_minutes : std::max(5.0, 2.0 + task_s / 60.0);
  submission.gib = cluster.memory_gib > 0.0 ? cluster.memory_gib : std::max(0.5, case_bytes / gib);
  submission.gather_minutes = std::max(10.0, static_cast<double>(plan.all) / 20.0);
  submission.gather_gib = std::max(1.0, submission.gib);
  int number = 1;
  while (fs::exists(plan.folder / fmt::format("batch-{}", number))) ++number;
  submission.folder = plan.folder / fmt::format("batch-{}", number);
  const std::string program = cluster.program.empty() ? own_path().string() : cluster.program;
  submission.work = {program, "work"};
  submission.gather = {program, "gather"};
  for (const std::string& word : same) {
    submission.work.push_back(word);
    submission.gather.push_back(word);
  }
  if (options.overwrite) {
    submission.work.emplace_back("--overwrite");
    submission.gather.emplace_back("--overwrite");
  }
  if (options.link) submission.gather.emplace_back("--link");
  submission.work.insert(submission.work.end(), {"--quiet", "--threads", fmt::format("{}", cluster.threads),
                                                 "--silent-for", fmt::format("{:g}", options.silent_for_s), "--cases",
                                                 (submission.folder / "cases.txt").string()});
  // A sweep's tasks stand in its file of cases, as they differ in size.
  if (!is_sweep)
    submission.work.insert(submission.work.end(), {"--share", fmt::format("{}", plan.parts.front().share)});
  submission.work.emplace_back("--task");
  return submission;
}

std::string cases_text(const Plan& plan, bool is_sweep) {
  if (!is_sweep) return format_cases(plan.parts.front().cases);
  std::vector<TaskCase> lines;
  std::int64_t first = 0;
  for (const Todo& part : plan.parts) {
    for (std::size_t k = 0; k < part.cases.size(); ++k)
      lines.push_back({first + static_cast<std::int64_t>(k) / part.share, part.variant, part.cases[k]});
    first += part.tasks();
  }
  return format_tasks(lines);
}

void submit(const BatchOptions& options) {
  const BatchStudies batch = batch_studies(options.study, options.out, options.overrides);
  Plan plan;
  if (batch.sweep) {
    plan.name = batch.sweep->name;
    plan.folder = plan.out = batch.sweep->folder;
    plan.cluster =
        batch.sweep->cluster ? *batch.sweep->cluster : load(batch.studies.front(), options.overrides).cluster;
    if (!options.dry_run) write_variants(*batch.sweep, options.restart || options.overwrite);
  }
  for (const BatchStudy& study : batch.studies) plan_study(study, options, plan);
  if (plan.parts.empty()) {
    fmt::print("nothing to submit: {} cases done, {} running\n", plan.done, plan.running);
    return;
  }
  if (const QueuedJobs queued = queued_jobs(plan.folder); !queued.ids.empty() && !options.dry_run)
    throw InputError(plan.folder.string(), "",
                     fmt::format("an earlier submission is still in the queue: job {}, {} tasks wait and {} run",
                                 fmt::join(queued.ids, ", "), queued.waiting, queued.running),
                     fmt::format("wait for it, or end it: scancel {}", fmt::join(queued.ids, " ")));
  share_out(plan);
  const bool is_sweep = batch.sweep.has_value();
  const Submission submission = submission_of(plan, options, same_study(options, plan.out), is_sweep);
  const std::string array = array_script(submission), joining = gather_script(submission);
  fmt::print("{} cases {}in {} tasks of {}{}, {:.1f} GiB and up to {} each{}\n", plan.count(),
             is_sweep ? fmt::format("of {} variants ", plan.parts.size()) : "", submission.tasks,
             is_sweep ? "at most " : "", plan.largest_share, submission.gib, duration(60.0 * submission.minutes),
             plan.is_measured ? ", from what cases took so far" : ", estimated");
  if (options.dry_run) {
    fmt::print("\n--- {}\n{}\n--- {}\n{}", (submission.folder / "array.sh").string(), array,
               (submission.folder / "gather.sh").string(), joining);
    return;
  }
  fs::create_directories(submission.folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream file(submission.folder / name, std::ios::trunc);
    file << text;
    if (!file.flush())
      throw InputError((submission.folder / name).string(), "", "cannot be written",
                       "is the disk full, or the folder read-only?");
  };
  write("cases.txt", cases_text(plan, is_sweep));
  write("array.sh", array);
  write("gather.sh", joining);
  const std::string remedy =
      "is this a machine from which jobs are submitted? `greenweave run` does the same work on this machine";
  // With several clusters an id is followed by the cluster's name.
  const auto id_of = [](const std::string& printed) { return printed.substr(0, printed.find(';')); };
  const std::string job = id_of(output_of({"sbatch", "--parsable", (submission.folder / "array.sh").string()}, remedy));
  const std::string joiner = id_of(output_of(
      {"sbatch", "--parsable", "--dependency=afterany:" + job, (submission.folder / "gather.sh").string()}, remedy));
  note_jobs(submission.folder, {job, joiner});
  fmt::print("submitted: job {}, and job {} joins the results into {}\nwatch:     {}\n", job, joiner, plan.out.string(),
             command_of(options, "status"));
}

}  // namespace

void add_batch_commands(CLI::App& app) {
  const std::string about_link =
      "Keep the case files beside the results file, which links to their rasters instead of copying them";
  auto* command = app.add_subcommand("submit", "Submit the cases of a study to a Slurm cluster");
  auto options = std::make_shared<BatchOptions>();
  add_common(*command, *options);
  command->add_flag("--missing", options->missing, "Only the cases that are neither done nor running");
  command->add_flag("--dry-run", options->dry_run, "Print the scripts, write and submit nothing");
  command->add_flag("--overwrite", options->overwrite, "Replace an existing results file at the end");
  command->add_flag("--link", options->link, about_link);
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
  command->add_flag("--link", options->link, about_link);
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
