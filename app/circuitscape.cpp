#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "app/progress_bar.hpp"
#include "io/circuitscape_run.hpp"

namespace greenweave {

namespace {

struct CircuitscapeOptions {
  std::filesystem::path job, directory, out;
  CircuitscapeRunOptions run;
  int threads = 0;
  bool quiet = false;
};

std::atomic<bool> interrupted{false};

/// The first Ctrl-C stops the run between two pieces of work; a second one ends the program at once.
void on_interrupt(int) {
  interrupted.store(true);
  std::signal(SIGINT, SIG_DFL);
}

void run(const CircuitscapeOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));

  CircuitscapeJob job = read_circuitscape_job(options.job, options.directory);
  if (!options.out.empty()) job.output_file = options.out;
  const bool quiet = options.quiet || job.quiet;
  ProgressBar bar;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const RunContext context{quiet ? nullptr : &bar, &interrupted};
  const CircuitscapeOutcome outcome = run_circuitscape(job, options.run, context);

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!quiet) {
    for (const std::string& note : outcome.notes) fmt::print("Note: {}\n", note);
    fmt::print("{} of {} runs carry current{}, residual at most {:.0e}; {} files in {:.1f} s: {}*\n", outcome.solved,
               outcome.runs, outcome.resumed > 0 ? fmt::format(" ({} of an earlier run)", outcome.resumed) : "",
               outcome.worst_residual, outcome.files, seconds, output_prefix(job));
  }
  if (outcome.failed.empty()) return;
  std::string which;
  for (const std::string& failed : outcome.failed) which += "\n  " + failed;
  throw std::runtime_error(fmt::format("{} of {} runs did not converge and are marked {:g}, the others stand:{}",
                                       outcome.failed.size(), outcome.runs, failed_resistance, which));
}

}  // namespace

void add_circuitscape_command(CLI::App& app) {
  auto* command = app.add_subcommand("circuitscape", "Run a Circuitscape job file and write the same outputs");
  auto options = std::make_shared<CircuitscapeOptions>();
  command->add_option("job", options->job, "Job file (.ini)")->required();
  command->add_option("-C,--directory", options->directory,
                      "Folder that relative paths in the job are taken from; default: the working directory");
  command->add_option("-o,--out", options->out, "Name for the outputs instead of the job's output_file");
  command->add_option("-t,--threads", options->threads,
                      "Threads; default: all of the machine's. The numbers do not depend on it");
  command->add_flag("--overwrite", options->run.overwrite, "Replace existing outputs");
  command->add_flag("--restart", options->run.restart,
                    "Throw away what an earlier, unfinished run of another job left under this name");
  command->add_flag("-q,--quiet", options->quiet, "No progress and no notes");
  command->callback([options] { run(*options); });
}

}  // namespace greenweave
