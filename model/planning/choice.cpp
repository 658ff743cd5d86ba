#include "model/planning/choice.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// Budgets are sums of decimal numbers: what exceeds one by rounding alone still fits.
bool fits(double cost, double budget) { return cost <= budget + 1e-9 * std::abs(budget); }

}  // namespace

void PlanBook::judge(const std::vector<std::vector<std::uint8_t>>& plans, const RunContext& context) {
  std::set<std::vector<std::uint8_t>, ByMarks> unknown;
  for (const auto& plan : plans)
    if (known_.count(plan) == 0) unknown.insert(plan);
  std::vector<std::vector<std::uint8_t>> fresh(unknown.begin(), unknown.end());
  std::vector<std::vector<double>> values(fresh.size());
  parallel_for(static_cast<std::int64_t>(fresh.size()), [&](std::int64_t i) {
    context.check();
    values[static_cast<std::size_t>(i)] = evaluator_.value(fresh[static_cast<std::size_t>(i)]);
  });
  for (std::size_t i = 0; i < fresh.size(); ++i) known_.emplace(std::move(fresh[i]), std::move(values[i]));
}

const std::vector<double>& PlanBook::values(const std::vector<std::uint8_t>& chosen, const RunContext& context) {
  judge({chosen}, context);
  return known_.at(chosen);
}

double PlanBook::cost(const std::vector<std::uint8_t>& chosen) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i] != 0) sum += candidates_[i].cost;
  return sum;
}

std::vector<Plan> PlanBook::plans() const {
  std::vector<Plan> plans;
  for (const auto& [chosen, values] : known_) plans.push_back({chosen, cost(chosen), values});
  return plans;
}

std::vector<GreedyStep> greedy_order(PlanBook& book, double budget, std::vector<double> weights,
                                     const RunContext& context) {
  const std::vector<CandidateAction>& candidates = book.candidates();
  const std::size_t aims = book.aims().size();
  if (weights.empty())
    for (const Aim& aim : book.aims()) weights.push_back(aim.weight);
  std::vector<std::uint8_t> taken(candidates.size(), 0);
  const std::vector<std::uint8_t> all(candidates.size(), 1);
  book.judge({taken, all}, context);
  std::vector<double> now = book.values(taken);
  std::vector<double> scale(aims, 0.0);
  for (std::size_t a = 0; a < aims; ++a) {
    const double range = std::abs(book.values(all)[a] - now[a]);
    if (range > 0.0) scale[a] = weights[a] / range;
  }

  std::vector<GreedyStep> steps;
  double spent = 0.0;
  while (true) {
    std::vector<std::size_t> open;
    std::vector<std::vector<std::uint8_t>> plans;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (taken[i] != 0 || !fits(spent + candidates[i].cost, budget)) continue;
      open.push_back(i);
      plans.push_back(taken);
      plans.back()[i] = 1;
    }
    book.judge(plans, context);
    GreedyStep best;
    for (std::size_t k = 0; k < open.size(); ++k) {
      const std::vector<double>& values = book.values(plans[k]);
      double gain = 0.0;
      for (std::size_t a = 0; a < aims; ++a) gain += scale[a] * (values[a] - now[a]);
      const double cost = candidates[open[k]].cost;
      const double score = cost > 0.0 ? gain / cost : gain > 0.0 ? std::numeric_limits<double>::infinity() : 0.0;
      if (!(score > best.score)) continue;
      best = {open[k], score, {}, spent + cost};
      for (std::size_t a = 0; a < aims; ++a) best.gains.push_back(values[a] - now[a]);
    }
    if (!(best.score > 0.0)) return steps;
    taken[best.candidate] = 1;
    spent = best.spent;
    now = book.values(taken);
    steps.push_back(std::move(best));
  }
}

void judge_all(PlanBook& book, double budget, const RunContext& context) {
  const std::size_t n = book.candidates().size();
  if (n > 20)
    throw InputError("", "candidates", fmt::format("{} have more than a million sets", n),
                     "take at most 20, or leave the exhaustive search out");
  std::vector<std::vector<std::uint8_t>> plans;
  for (std::uint32_t set = 0; set < (1U << n); ++set) {
    std::vector<std::uint8_t> chosen(n, 0);
    for (std::size_t i = 0; i < n; ++i) chosen[i] = (set >> i) & 1U;
    if (fits(book.cost(chosen), budget)) plans.push_back(std::move(chosen));
  }
  book.judge(plans, context);
}

std::vector<std::size_t> pareto_front(std::span<const Plan> plans) {
  // Sorted by values, then by lower cost, whatever betters a plan stands before it.
  std::vector<std::size_t> order(plans.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (plans[a].values != plans[b].values) return plans[a].values > plans[b].values;
    return plans[a].cost < plans[b].cost;
  });
  const auto as_good = [&](const Plan& a, const Plan& b) {
    for (std::size_t k = 0; k < a.values.size(); ++k)
      if (a.values[k] < b.values[k]) return false;
    return a.cost <= b.cost;
  };
  std::vector<std::size_t> front;
  for (const std::size_t i : order)
    if (std::none_of(front.begin(), front.end(), [&](std::size_t f) { return as_good(plans[f], plans[i]); }))
      front.push_back(i);
  std::sort(front.begin(), front.end());
  return front;
}

int year_of_spending(double spent, int first_year, double budget_per_year) {
  if (!(budget_per_year > 0.0) || std::isinf(budget_per_year)) return first_year;
  return first_year + std::max(0, static_cast<int>(std::ceil(spent / budget_per_year - 1e-9)) - 1);
}

}  // namespace greenweave
