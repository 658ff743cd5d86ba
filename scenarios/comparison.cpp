#include "scenarios/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace greenweave {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const CaseIndices* find_case(const std::vector<CaseIndices>& cases, const std::string& scenario, int year,
                             const std::string& guild) {
  for (const CaseIndices& c : cases)
    if (c.scenario == scenario && c.year == year && c.guild == guild) return &c;
  return nullptr;
}

const IndexSample* find_index(const CaseIndices* c, const std::string& name) {
  if (c == nullptr) return nullptr;
  for (const IndexSample& index : c->indices)
    if (index.name == name) return &index;
  return nullptr;
}

/// value - baseline; 0 where they differ in the rounding of sums alone, which patches elsewhere can change.
double difference(double value, double baseline) {
  const double change = value - baseline;
  constexpr double rounding = 1e-12;
  return std::abs(change) <= rounding * std::abs(baseline) ? 0.0 : change;
}

double percent(double change, double baseline) {
  if (change == 0.0) return 0.0;
  return baseline != 0.0 ? 100.0 * change / std::abs(baseline) : nan;
}

/// Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

IndexChange change_of(const CaseIndices& c, const IndexSample& index, const IndexSample& before) {
  IndexChange result{c.scenario, c.year, c.guild, index.name, index.unit, index.meaning, index.better};
  result.baseline = before.draws.front();
  result.value = index.draws.front();
  result.change = difference(result.value, result.baseline);
  result.change_percent = percent(result.change, result.baseline);
  result.change_p05 = result.change_p95 = nan;
  const std::size_t draws = std::min(index.draws.size(), before.draws.size());
  if (draws > 1) {
    std::vector<double> changes;
    // Some indices are worked out for the stated values only.
    for (std::size_t d = 1; d < draws; ++d)
      if (!std::isnan(index.draws[d]) && !std::isnan(before.draws[d]))
        changes.push_back(difference(index.draws[d], before.draws[d]));
    std::sort(changes.begin(), changes.end());
    if (!changes.empty()) {
      result.change_p05 = quantile(changes, 0.05);
      result.change_p95 = quantile(changes, 0.95);
    }
  }
  return result;
}

bool concerns(const Target& target, const CaseIndices& c, const std::string& baseline) {
  return (target.scenario.empty() ? c.scenario != baseline : c.scenario == target.scenario) &&
         (target.year == 0 || target.year == c.year) && (target.guild.empty() || target.guild == c.guild);
}

TargetOutcome judge(const Target& target, const CaseIndices& c, const CaseIndices* before) {
  TargetOutcome outcome{target, c.scenario, c.year, c.guild, nan, nan, false};
  const IndexSample* index = find_index(&c, target.index);
  if (index == nullptr) return outcome;
  outcome.value = index->draws.front();
  if (const IndexSample* base = find_index(before, target.index))
    outcome.change_percent = percent(difference(outcome.value, base->draws.front()), base->draws.front());
  // NaN meets no demand: each is asked as "is it so", never as "is it not otherwise".
  outcome.met = (!target.at_least || outcome.value >= *target.at_least) &&
                (!target.at_most || outcome.value <= *target.at_most) &&
                (!target.min_change_percent || outcome.change_percent >= *target.min_change_percent);
  return outcome;
}

}  // namespace

int IndexChange::verdict() const {
  const double gain = change * better;
  return gain > 0.0 ? 1 : gain < 0.0 ? -1 : 0;
}

bool Comparison::all_met() const {
  return std::all_of(outcomes.begin(), outcomes.end(), [](const TargetOutcome& o) { return o.met; });
}

Comparison compare(const std::vector<CaseIndices>& cases, const std::string& baseline,
                   const std::vector<Target>& targets) {
  Comparison result;
  for (const CaseIndices& c : cases) {
    if (c.scenario == baseline) continue;
    const CaseIndices* before = find_case(cases, baseline, c.year, c.guild);
    for (const IndexSample& index : c.indices)
      if (const IndexSample* base = find_index(before, index.name))
        result.changes.push_back(change_of(c, index, *base));
  }
  for (const Target& target : targets)
    for (const CaseIndices& c : cases)
      if (concerns(target, c, baseline))
        result.outcomes.push_back(judge(target, c, find_case(cases, baseline, c.year, c.guild)));
  return result;
}

}  // namespace greenweave
