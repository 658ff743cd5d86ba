#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/batch_studies.hpp"
#include "app/commands.hpp"
#include "app/progress_bar.hpp"
#include "io/results_file.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace {

struct RunOptions {
  std::filesystem::path study, out;
  StudyOverrides overrides;
  int threads = 0, jobs = 0;
  bool overwrite = false, restart = false, link = false, quiet = false;
};

std::atomic<bool> interrupted{false};

/// The first Ctrl-C asks the run to stop between two pieces of work; a second one ends the program at once.
void on_interrupt(int) {
  interrupted.store(true);
  std::signal(SIGINT, SIG_DFL);
}

/// The number of cases; 0: the results of a sweep's variant are there already.
std::size_t run_one(const BatchStudy& batch, const RunOptions& options, const RunContext& context) {
  const auto begin = std::chrono::steady_clock::now();
  const Study study = load(batch, options.overrides);
  const std::filesystem::path out = batch.out.empty() ? study.output : batch.out;
  if (!batch.variant.empty() && !options.overwrite && is_joined(batch, study)) {
    fmt::print("{}: there already\n", batch.variant);
    return 0;
  }
  ResultsStore store(study, out, options.overwrite, options.restart);
  run_study(study, store, context, options.jobs);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  store.finish(cases_of(study), seconds, options.link ? Rasters::linked : Rasters::copied);
  if (!study.notice.empty() && batch.variant.empty()) fmt::print("Note: {}\n", study.notice);
  fmt::print("{} cases in {:.1f} s: {}\n", cases_of(study).size(), seconds, out.string());
  return cases_of(study).size();
}

void run(const RunOptions& options) {
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  const BatchStudies batch = batch_studies(options.study, options.out, options.overrides);
  if (batch.sweep) write_variants(*batch.sweep, options.restart || options.overwrite);
  ProgressBar bar;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const RunContext context{options.quiet ? nullptr : &bar, &interrupted};
  std::size_t cases = 0;
  for (const BatchStudy& study : batch.studies) cases += run_one(study, options, context);
  if (!batch.sweep) return;
  write_variant_list(*batch.sweep);
  fmt::print("{} variants, {} cases: {}\n", batch.studies.size(), cases, batch.sweep->folder.string());
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("run", "Run every case of a study, or of a sweep of studies, and write the results");
  auto options = std::make_shared<RunOptions>();
  command->add_option("study", options->study, "Study file (study.toml), or a sweep of several")->required();
  command->add_option(
      "-o,--out", options->out,
      "Results file, or a sweep's folder; default: as the file says, or <name>.h5 (<name>.sweep) beside it");
  command->add_option("--cell", options->overrides.cell_m, "Cell size in metres instead of the study's");
  command->add_option("--draws", options->overrides.draws, "Draws of uncertain parameters instead of the study's");
  command->add_option("--scenario", options->overrides.scenarios, "Only these scenarios, and the baseline");
  command->add_option("-t,--threads", options->threads,
                      "Threads; default: all of the machine's. The numbers do not depend on it");
  command->add_option("-j,--jobs", options->jobs, "Cases at once; default: as many as threads. Fewer need less memory");
  command->add_flag("--overwrite", options->overwrite, "Replace an existing results file");
  command->add_flag("--restart", options->restart, "Throw away what an earlier, unfinished run of another state left");
  command->add_flag(
      "--link", options->link,
      "Keep the case files beside the results file, which links to their rasters instead of copying them");
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->callback([options] { run(*options); });
}

}  // namespace greenweave
