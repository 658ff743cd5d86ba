#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <oneapi/tbb/info.h>

#include "app/batch_studies.hpp"
#include "app/commands.hpp"
#include "app/estimate.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace {

struct CheckOptions {
  std::filesystem::path study;
  StudyOverrides overrides;
};

/// A line a variant, and what they take together.
void check_sweep(const BatchStudies& batch, const CheckOptions& options) {
  const int threads = tbb::info::default_concurrency();
  std::size_t cases = 0;
  double core_seconds = 0.0, memory_bytes = 0.0;
  fmt::print("{}: {}\n", batch.sweep->name, batch.sweep->title);
  for (const BatchStudy& part : batch.studies) {
    const Study study = load(part, options.overrides);
    const Estimate cost = estimate(study, threads);
    const std::size_t of_study = cases_of(study).size();
    fmt::print("variant    {:<48} {:>5} cases, {:.0f} s\n", part.variant, of_study, cost.core_seconds / threads);
    cases += of_study;
    core_seconds += cost.core_seconds;
    memory_bytes = std::max(memory_bytes, cost.memory_bytes);
  }
  fmt::print("would run  {} cases of {} variants\n", cases, batch.studies.size());
  fmt::print("roughly    {:.0f} s on {} threads, {:.1f} GiB of memory\n", 1.0 + core_seconds / threads, threads,
             0.1 + memory_bytes / (1024.0 * 1024.0 * 1024.0));
  fmt::print("results    {}\n", batch.sweep->folder.string());
}

void check(const CheckOptions& options) {
  const BatchStudies batch = batch_studies(options.study, {}, options.overrides);
  if (batch.sweep) {
    check_sweep(batch, options);
    return;
  }
  const Study study = load(batch.studies.front(), options.overrides);
  const Frame& frame = study.landscape.frame;
  const int threads = tbb::info::default_concurrency();
  const auto cases = static_cast<std::int64_t>(cases_of(study).size());
  fmt::print("{}: {}\n", study.name, study.title);
  if (!study.notice.empty()) fmt::print("note       {}\n", study.notice);
  fmt::print("frame      {} x {} cells of {:g} m, {:.1f} x {:.1f} km\n", frame.shape.rows, frame.shape.cols,
             frame.cell_m, frame.shape.cols * frame.cell_m / 1e3, frame.shape.rows * frame.cell_m / 1e3);
  for (const Provenance& input : study.inputs) fmt::print("input      {:<12} {}\n", input.role, input.path);
  for (const Element& element : study.elements)
    fmt::print("element    {:<24} {:<11} {:<11} {}\n", element.name, name_of(element.kind), element.greenway_type,
               element.geometry.kind == Geometry::Kind::lines
                   ? fmt::format("{:.1f} km, {:g} m wide", length_m(element.geometry) / 1e3, element.width_m)
                   : "an area");
  for (const Guild& guild : study.guilds)
    fmt::print("guild      {:<24} patches from {:g} ha, {:g} % disperse {:g} m\n", guild.name, guild.minimum_patch_ha,
               100.0 * guild.dispersal.probability, guild.dispersal.distance_m);
  for (const Scenario& scenario : study.scenarios) {
    fmt::print("scenario   {:<24} {} actions\n", scenario.name, scenario.actions.size());
    for (const Action& action : scenario.actions)
      fmt::print("             {} {}\n", action.name,
                 action.start_year == always ? "(in every year)" : fmt::format("(from {})", action.start_year));
  }
  for (const Target& target : study.targets) fmt::print("target     {}\n", target.name);
  const Estimate cost = estimate(study, threads);
  fmt::print("would run  {} cases ({} scenarios x {} years x {} draws), {} guilds each\n", cases,
             study.scenarios.size(), study.years.size(), study.uncertainty.draws + 1, study.guilds.size());
  fmt::print("roughly    {:.0f} s on {} threads, {:.1f} GiB of memory\n", 1.0 + cost.core_seconds / threads, threads,
             0.1 + cost.memory_bytes / (1024.0 * 1024.0 * 1024.0));
  fmt::print("results    {}\n", study.output.string());
}

}  // namespace

void add_check_command(CLI::App& app) {
  auto* command = app.add_subcommand("check", "Read and check everything a study names, and say what would run");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("study", options->study, "Study file (study.toml), or a sweep of several")->required();
  command->add_option("--cell", options->overrides.cell_m, "Cell size in metres instead of the study's");
  command->add_option("--draws", options->overrides.draws, "Draws of uncertain parameters instead of the study's");
  command->add_option("--scenario", options->overrides.scenarios, "Only these scenarios, and the baseline");
  command->callback([options] { check(*options); });
}

}  // namespace greenweave
