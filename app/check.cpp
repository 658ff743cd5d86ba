#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "io/study_file.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace {

struct CheckOptions {
  std::filesystem::path study;
  StudyOverrides overrides;
};

/// Rough cost of a run, from measurements of the shipped study at 30 m and 10 m (docs/methods.md).
struct Estimate {
  double memory_bytes = 0.0, core_seconds = 0.0;
};

/// Guilds an analysis runs for: all where it names none.
double guilds_of(const std::vector<std::string>& named, const Study& study) {
  return static_cast<double>(named.empty() ? study.guilds.size() : named.size());
}

double points_of(const CircuitAnalysis& circuit) { return static_cast<double>(circuit.points.size()); }

Estimate estimate(const Study& study, int threads) {
  const Analyses& what = study.analyses;
  const auto cells = static_cast<double>(study.landscape.frame.shape.cells());
  const auto guilds = static_cast<double>(study.guilds.size());
  const auto elements = static_cast<double>(study.elements.size());
  const double stated = static_cast<double>(study.scenarios.size() * study.years.size());
  const double drawn = stated * study.uncertainty.draws;
  // Microseconds a cell, by guild and case.
  constexpr double assessment = 0.55, contribution = 0.19, circuit_digit = 0.07, corridors = 0.41, barriers = 1.7,
                   nearest_source = 0.11, structure = 0.5, water = 0.3;
  double microseconds = guilds * (stated + drawn) * assessment;
  if (what.elements && what.element_contribution) microseconds += guilds * stated * elements * contribution;
  if (what.corridors) microseconds += guilds * stated * corridors;
  if (what.barriers)
    microseconds += guilds * stated * barriers * static_cast<double>(what.barriers->rule.radii_m.size());
  if (what.water) microseconds += stated * water;
  if (what.nearest_source) microseconds += guilds * stated * nearest_source;
  if (what.structure) microseconds += guilds * stated * structure;
  if (what.security) microseconds += stated * nearest_source * static_cast<double>(what.security->processes.size());
  if (what.encroachment && what.encroachment->cost_of_regions)
    microseconds += 2.0 * guilds * (elements + static_cast<double>(study.zones.size())) * contribution;
  // One search of the frame a source, or a protected area.
  if (what.gravity) microseconds += guilds * stated * nearest_source * what.gravity->sources;
  if (what.protection)
    microseconds +=
        guilds * (stated + drawn) * nearest_source * static_cast<double>(what.protection->areas->name.size());
  constexpr double bytes_of_study = 30.0, bytes_of_guild = 30.0, bytes_of_search = 60.0, bytes_of_circuit = 230.0;
  double bytes = bytes_of_study + guilds * bytes_of_guild + threads * (guilds * 10.0 + bytes_of_search);
  if (what.circuit) {
    const double terminals = what.circuit->focal == CircuitAnalysis::Focal::elements  ? elements
                             : what.circuit->focal == CircuitAnalysis::Focal::patches ? what.circuit->most_patches
                                                                                      : points_of(*what.circuit);
    const double circuit_guilds = guilds_of(what.circuit->guilds, study);
    const double digits = -std::log10(what.circuit->tolerance);
    microseconds += circuit_guilds * stated * std::max(0.0, terminals - 1.0) * digits * circuit_digit;
    bytes += threads * bytes_of_circuit;
  }
  return {cells * bytes, cells * microseconds * 1e-6};
}

void check(const CheckOptions& options) {
  const Study study = load_study(options.study, options.overrides);
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
  command->add_option("study", options->study, "Study file (study.toml)")->required();
  command->add_option("--cell", options->overrides.cell_m, "Cell size in metres instead of the study's");
  command->add_option("--draws", options->overrides.draws, "Draws of uncertain parameters instead of the study's");
  command->add_option("--scenario", options->overrides.scenarios, "Only these scenarios, and the baseline");
  command->callback([options] { check(*options); });
}

}  // namespace greenweave
