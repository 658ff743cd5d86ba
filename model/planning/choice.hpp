#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/run/context.hpp"

namespace greenweave {

/// Something that may be done. What it brings is for the evaluator to say.
struct CandidateAction {
  std::string name;
  double cost = 0.0;
};

/// What a plan is judged by; more is better.
struct Aim {
  std::string name, unit, meaning;
  double weight = 1.0;
};

/// Judges any set of candidates for all aims at once. Gains need not add up: two links in series pay off together only.
class PlanEvaluator {
 public:
  virtual ~PlanEvaluator() = default;
  virtual const std::vector<Aim>& aims() const = 0;
  /// Values of the aims when exactly the candidates marked 1 are carried out. Called from several threads at once.
  virtual std::vector<double> value(const std::vector<std::uint8_t>& chosen) const = 0;
};

/// A set of candidates with what it costs and brings.
struct Plan {
  std::vector<std::uint8_t> chosen;
  double cost = 0.0;
  std::vector<double> values;
};

/// Plans that were judged already: each is judged once.
class PlanBook {
 public:
  PlanBook(const std::vector<CandidateAction>& candidates, const PlanEvaluator& evaluator)
      : candidates_(candidates), evaluator_(evaluator) {}

  const std::vector<CandidateAction>& candidates() const { return candidates_; }
  const std::vector<Aim>& aims() const { return evaluator_.aims(); }
  /// Judges those that are new, in parallel.
  void judge(const std::vector<std::vector<std::uint8_t>>& plans, const RunContext& context = {});
  const std::vector<double>& values(const std::vector<std::uint8_t>& chosen, const RunContext& context = {});
  double cost(const std::vector<std::uint8_t>& chosen) const;
  /// All of them, in the order of their marks.
  std::vector<Plan> plans() const;

 private:
  /// Element by element: GCC 12 warns of the library's own comparison of bytes.
  struct ByMarks {
    bool operator()(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) const {
      for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
        if (a[i] != b[i]) return a[i] < b[i];
      return a.size() < b.size();
    }
  };

  const std::vector<CandidateAction>& candidates_;
  const PlanEvaluator& evaluator_;
  std::map<std::vector<std::uint8_t>, std::vector<double>, ByMarks> known_;
};

struct GreedyStep {
  std::size_t candidate = 0;
  double score = 0.0;         // weighted gain per cost
  std::vector<double> gains;  // by aim, on top of those taken before
  double spent = 0.0;         // with it
};

/// Takes candidate after candidate, each time the one whose weighted gain per cost, on top of those taken, is greatest
/// (equal ones by number), as long as one fits the budget and gains anything. The gain of an aim counts as a share of
/// what all candidates together gain. Gains are found anew after each step: they may grow as well as fall, so no bound
/// says how far from the best plan the result is. `weights` by aim; empty: those of the aims.
std::vector<GreedyStep> greedy_order(PlanBook& book, double budget, std::vector<double> weights = {},
                                     const RunContext& context = {});

/// Judges every set that fits the budget: 2^n of them. InputError: more than 20 candidates.
void judge_all(PlanBook& book, double budget, const RunContext& context = {});

/// Plans that no other one betters: none has at least the same values at no higher cost and is better in one of them.
/// Of equal plans the first. Indices, ascending.
std::vector<std::size_t> pareto_front(std::span<const Plan> plans);

/// The year in which a step can be paid, if so much comes in each year from the first on and the rest is kept.
int year_of_spending(double spent, int first_year, double budget_per_year);

}  // namespace greenweave
