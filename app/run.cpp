#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "app/progress_bar.hpp"
#include "io/results_file.hpp"
#include "io/study_file.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace {

struct RunOptions {
  std::filesystem::path study, out;
  StudyOverrides overrides;
  int threads = 0, jobs = 0;
  bool overwrite = false, restart = false, quiet = false;
};

std::atomic<bool> interrupted{false};

/// The first Ctrl-C asks the run to stop between two pieces of work; a second one ends the program at once.
void on_interrupt(int) {
  interrupted.store(true);
  std::signal(SIGINT, SIG_DFL);
}

void run(const RunOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));

  const Study study = load_study(options.study, options.overrides);
  const std::filesystem::path out = options.out.empty() ? study.output : options.out;
  ResultsStore store(study, out, options.overwrite, options.restart);

  ProgressBar bar;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  RunContext context{options.quiet ? nullptr : &bar, &interrupted};
  run_study(study, store, context, options.jobs);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  store.finish(cases_of(study), seconds);
  if (!study.notice.empty()) fmt::print("Note: {}\n", study.notice);
  fmt::print("{} cases in {:.1f} s: {}\n", cases_of(study).size(), seconds, out.string());
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto* command = app.add_subcommand("run", "Run every case of a study and write the results file");
  auto options = std::make_shared<RunOptions>();
  command->add_option("study", options->study, "Study file (study.toml)")->required();
  command->add_option("-o,--out", options->out, "Results file; default: as the study says, or <name>.h5 beside it");
  command->add_option("--cell", options->overrides.cell_m, "Cell size in metres instead of the study's");
  command->add_option("--draws", options->overrides.draws, "Draws of uncertain parameters instead of the study's");
  command->add_option("--scenario", options->overrides.scenarios, "Only these scenarios, and the baseline");
  command->add_option("-t,--threads", options->threads,
                      "Threads; default: all of the machine's. The numbers do not depend on it");
  command->add_option("-j,--jobs", options->jobs, "Cases at once; default: as many as threads. Fewer need less memory");
  command->add_flag("--overwrite", options->overwrite, "Replace an existing results file");
  command->add_flag("--restart", options->restart, "Throw away what an earlier, unfinished run of another state left");
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->callback([options] { run(*options); });
}

}  // namespace greenweave
