#include "app/estimate.hpp"

#include <algorithm>
#include <cmath>

namespace greenweave {

namespace {

/// Guilds an analysis runs for: all where it names none.
double guilds_of(const std::vector<std::string>& named, const Study& study) {
  return static_cast<double>(named.empty() ? study.guilds.size() : named.size());
}

double points_of(const CircuitAnalysis& circuit) { return static_cast<double>(circuit.points.size()); }

}  // namespace

Estimate estimate(const Study& study, int threads) {
  const Analyses& what = study.analyses;
  const auto cells = static_cast<double>(study.landscape.frame.shape.cells());
  const auto guilds = static_cast<double>(study.guilds.size());
  const auto elements = static_cast<double>(study.elements.size());
  const double stated = static_cast<double>(study.scenarios.size() * study.years.size());
  const double drawn = stated * study.uncertainty.draws;
  // Microseconds a cell, by guild and case.
  constexpr double assessment = 0.55, contribution = 0.14, circuit_digit = 0.07, corridors = 0.41, barriers = 1.7,
                   nearest_source = 0.11, structure = 0.5, water = 0.3, restoration = 0.5, order_of_guild = 0.13,
                   visitor_limit = 1.7;
  double microseconds = guilds * (stated + drawn) * assessment;
  if (what.elements && what.element_contribution) microseconds += guilds * stated * elements * contribution;
  if (what.corridors) microseconds += guilds * stated * corridors;
  if (what.barriers)
    microseconds += guilds * stated * barriers * static_cast<double>(what.barriers->rule.radii_m.size());
  if (what.water) microseconds += stated * water;
  if (what.restoration) microseconds += stated * restoration;
  if (what.restoration_order && what.restoration_order->ECA > 0.0) {
    // Greedy orders by every aim and by each alone judge about so many sets, many of them alike.
    const double sites = what.restoration_order->candidates;
    microseconds += guilds_of(what.restoration_order->guilds, study) * sites * sites * order_of_guild;
  }
  if (what.nearest_source) microseconds += guilds * stated * nearest_source;
  if (what.structure) microseconds += guilds * stated * structure;
  if (what.security) microseconds += stated * nearest_source * static_cast<double>(what.security->processes.size());
  if (what.encroachment && what.encroachment->cost_of_regions)
    microseconds += 2.0 * guilds * (elements + static_cast<double>(study.zones.size())) * contribution;
  if (what.visitor_limit) {
    const VisitorLimitAnalysis& limit = *what.visitor_limit;
    const std::size_t scenarios = limit.scenarios.empty() ? study.scenarios.size() : limit.scenarios.size();
    microseconds +=
        guilds_of(limit.guilds, study) * static_cast<double>(scenarios * limit.years.size()) * visitor_limit;
  }
  // One search of the frame a source, or a protected area.
  if (what.gravity) microseconds += guilds * stated * nearest_source * what.gravity->sources;
  if (what.protection)
    microseconds +=
        guilds * (stated + drawn) * nearest_source * static_cast<double>(what.protection->areas->name.size());
  if (what.threats) {
    // Levels once a case, and again for each guild without each element.
    constexpr double nearest = 0.05, summed = 0.5, of_guild = 0.03;
    const auto feel = static_cast<double>(what.threats->guilds.size());
    const double levels = static_cast<double>(what.threats->threats.size()) *
                          (what.threats->mode == ThreatMode::nearest ? nearest : summed);
    microseconds += (stated + drawn) * (levels + feel * of_guild);
    if (what.elements && what.element_contribution) microseconds += stated * feel * elements * (levels + of_guild);
  }
  constexpr double bytes_of_study = 30.0, bytes_of_guild = 30.0, bytes_of_search = 60.0, bytes_of_circuit = 230.0;
  double bytes = bytes_of_study + guilds * bytes_of_guild + threads * (guilds * 10.0 + bytes_of_search);
  if (what.threats)
    bytes += threads * (4.0 * static_cast<double>(what.threats->threats.size()) +
                        8.0 * static_cast<double>(what.threats->guilds.size()));
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

}  // namespace greenweave
