// Choosing among candidate actions: by hand, and against every set.
#include "model/planning/choice.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/run/error.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::Dice;

namespace {

/// Values of each candidate alone, and of pairs on top of that (above 0: in series; below: they overlap).
struct Paired : PlanEvaluator {
  std::vector<Aim> all;
  std::vector<std::vector<double>> single;             // by aim, candidate
  std::vector<std::vector<std::vector<double>>> pair;  // by aim, candidate, candidate
  mutable std::atomic<int> calls{0};

  const std::vector<Aim>& aims() const override { return all; }
  std::vector<double> value(const std::vector<std::uint8_t>& chosen) const override {
    ++calls;
    std::vector<double> values;
    for (std::size_t a = 0; a < all.size(); ++a) {
      double sum = 0.0;
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i] == 0) continue;
        sum += single[a][i];
        for (std::size_t j = 0; j < i; ++j)
          if (chosen[j] != 0) sum += pair[a][i][j];
      }
      values.push_back(sum);
    }
    return values;
  }
};

Paired& random_problem(Dice& dice, Paired& problem, std::size_t n, std::size_t aims) {
  for (std::size_t a = 0; a < aims; ++a) {
    problem.all.push_back({"aim", "1", "", 0.2 + dice.uniform()});
    problem.single.emplace_back(n);
    problem.pair.emplace_back(n, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      problem.single[a][i] = dice.below(4);  // small whole numbers: many are equal
      for (std::size_t j = 0; j < i; ++j) problem.pair[a][i][j] = dice.chance(0.5) ? dice.below(5) - 1 : 0;
    }
  }
  return problem;
}

}  // namespace

TEST_CASE("greedy: stepping stones in series, by hand") {
  // A path over stones 0 and 1 is worth 10 once both lie there; stone 2 alone is worth 3. Each costs 1.
  Paired stones;
  stones.all = {{"ECA", "ha", "", 1.0}};
  stones.single = {{1.0, 0.5, 3.0}};
  stones.pair = {{{0, 0, 0}, {10, 0, 0}, {0, 0, 0}}};
  const std::vector<CandidateAction> candidates{{"a", 1.0}, {"b", 1.0}, {"c", 1.0}};
  PlanBook book(candidates, stones);
  const std::vector<GreedyStep> steps = greedy_order(book, 2.0);
  // It takes the lone stone, then the better half of the pair: 4, where the pair is worth 11.5. No bound holds.
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].candidate == 2);
  CHECK(steps[0].gains == std::vector<double>{3.0});
  CHECK(steps[0].score == Approx(3.0 / 14.5));
  CHECK(steps[1].candidate == 0);
  CHECK(steps[1].spent == 2.0);
  // With money for all three, the second half gains 10.5 on top: more than alone.
  const std::vector<GreedyStep> all = greedy_order(book, 3.0);
  REQUIRE(all.size() == 3);
  CHECK(all[2].candidate == 1);
  CHECK(all[2].gains == std::vector<double>{10.5});
  judge_all(book, 2.0);
  double best = 0.0;
  for (const Plan& plan : book.plans())
    if (plan.cost <= 2.0) best = std::max(best, plan.values[0]);
  CHECK(best == 11.5);
}

TEST_CASE("greedy: costs, budgets, free candidates, and what gains nothing") {
  Paired plain;
  plain.all = {{"x", "1", "", 1.0}};
  plain.single = {{4.0, 3.0, 0.0, 1.0, -2.0}};
  plain.pair = {std::vector<std::vector<double>>(5, std::vector<double>(5))};
  const std::vector<CandidateAction> candidates{{"a", 8.0}, {"b", 2.0}, {"c", 0.1}, {"d", 0.0}, {"e", 0.0}};
  PlanBook book(candidates, plain);
  std::vector<std::size_t> order;
  for (const GreedyStep& step : greedy_order(book, 10.0)) order.push_back(step.candidate);
  CHECK(order == std::vector<std::size_t>{3, 1, 0});  // free, then 1.5 and 0.5 for each unit; c and e bring nothing
  order.clear();
  for (const GreedyStep& step : greedy_order(book, 9.9)) order.push_back(step.candidate);
  CHECK(order == std::vector<std::size_t>{3, 1});
  CHECK(greedy_order(book, 10.0, {0.0}).empty());
}

TEST_CASE("greedy and front: against every set, on random problems whose gains depend on each other") {
  Dice dice(5150);
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    const std::size_t n = 1 + static_cast<std::size_t>(dice.below(7)),
                      aims = 1 + static_cast<std::size_t>(dice.below(3));
    Paired problem;
    random_problem(dice, problem, n, aims);
    std::vector<CandidateAction> candidates;
    double total = 0.0;
    for (std::size_t i = 0; i < n; ++i) candidates.push_back({"c", 1.0 + dice.below(4)});
    for (const CandidateAction& c : candidates) total += c.cost;
    const double budget = std::floor(total * dice.uniform());

    PlanBook book(candidates, problem);
    const std::vector<GreedyStep> steps = greedy_order(book, budget);
    // Greedy as it reads: every candidate tried after every step.
    std::vector<std::uint8_t> taken(n, 0);
    const std::vector<double> none = problem.value(taken), whole = problem.value(std::vector<std::uint8_t>(n, 1));
    double spent = 0.0;
    std::size_t step = 0;
    while (true) {
      const std::vector<double> now = problem.value(taken);
      double best = 0.0;
      std::size_t pick = n;
      for (std::size_t i = 0; i < n; ++i) {
        if (taken[i] != 0 || spent + candidates[i].cost > budget) continue;
        std::vector<std::uint8_t> with = taken;
        with[i] = 1;
        const std::vector<double> then = problem.value(with);
        double gain = 0.0;
        for (std::size_t a = 0; a < aims; ++a)
          if (whole[a] != none[a]) gain += problem.all[a].weight / std::abs(whole[a] - none[a]) * (then[a] - now[a]);
        if (gain / candidates[i].cost > best) best = gain / candidates[i].cost, pick = i;
      }
      if (pick == n) break;
      REQUIRE(step < steps.size());
      CHECK(steps[step].candidate == pick);
      taken[pick] = 1;
      spent += candidates[pick].cost;
      CHECK(steps[step].spent == spent);
      ++step;
    }
    CHECK(step == steps.size());

    judge_all(book, budget);
    const std::vector<Plan> plans = book.plans();
    const std::vector<std::size_t> front = pareto_front(plans);
    for (std::size_t i = 0; i < plans.size(); ++i) {
      bool bettered = false;
      for (std::size_t j = 0; j < plans.size(); ++j) {
        bool as_good = plans[j].cost <= plans[i].cost, better = plans[j].cost < plans[i].cost;
        for (std::size_t a = 0; a < aims; ++a) {
          as_good = as_good && plans[j].values[a] >= plans[i].values[a];
          better = better || plans[j].values[a] > plans[i].values[a];
        }
        bettered = bettered || (as_good && (better || j < i));
      }
      CHECK(std::binary_search(front.begin(), front.end(), i) == !bettered);
    }

    // Each set is judged once, and threads change nothing.
    const int calls = problem.calls;
    judge_all(book, budget);
    CHECK(problem.calls == calls);
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    PlanBook again(candidates, problem);
    const std::vector<GreedyStep> same = greedy_order(again, budget);
    REQUIRE(same.size() == steps.size());
    for (std::size_t k = 0; k < steps.size(); ++k) CHECK(same[k].score == steps[k].score);
  }
}

TEST_CASE("plans: too many for every set; years of spending") {
  Paired none;
  const std::vector<CandidateAction> many(21);
  PlanBook book(many, none);
  CHECK_THROWS_AS(judge_all(book, 1.0), InputError);
  CHECK(year_of_spending(0.0, 2026, 10.0) == 2026);
  CHECK(year_of_spending(10.0, 2026, 10.0) == 2026);
  CHECK(year_of_spending(10.1, 2026, 10.0) == 2027);
  CHECK(year_of_spending(35.0, 2026, 10.0) == 2029);
  CHECK(year_of_spending(35.0, 2026, std::numeric_limits<double>::infinity()) == 2026);
}
