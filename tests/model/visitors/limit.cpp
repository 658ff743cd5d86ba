#include "model/visitors/limit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/files.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

TEST_CASE("limit: a smooth loss in closed form") {
  LimitRule rule;
  rule.tolerance = 1e-6;
  const std::array<double, 2> allowed{9.0, 8.0};
  const VisitorLimits found = most_visitors(
      [](double x) {
        return std::vector<double>{x * x, 5.0 * x};
      },
      allowed, rule);
  CHECK(found.limits[0].factor == Approx(3.0).epsilon(1e-6));
  CHECK(found.limits[1].factor == Approx(1.6).epsilon(1e-6));
  CHECK(found.limits[0].loss <= 9.0);
  CHECK(found.limits[0].loss_beyond > 9.0);
  CHECK(found.limits[0].is_reached);
  CHECK(found.is_monotone);
}

TEST_CASE("limit: steps are bracketed, never crossed; each judgement is made once") {
  Dice dice(31);
  for (int round = 0; round < 200; ++round) {
    // Losses that jump at random numbers of visitors.
    std::vector<double> jumps;
    for (int k = 1 + dice.below(6); k > 0; --k) jumps.push_back(4.0 * dice.uniform());
    const auto loss = [&](double x) {
      return static_cast<double>(std::count_if(jumps.begin(), jumps.end(), [&](double j) { return x > j; }));
    };
    const std::array<double, 2> allowed{static_cast<double>(dice.below(4)), static_cast<double>(dice.below(4))};
    std::vector<double> asked;
    const VisitorLimits found = most_visitors(
        [&](double x) {
          asked.push_back(x);
          return std::vector<double>{loss(x), loss(x)};
        },
        allowed);
    std::sort(asked.begin(), asked.end());
    CHECK(std::adjacent_find(asked.begin(), asked.end()) == asked.end());
    CHECK(found.points.size() == asked.size());
    CHECK(found.is_monotone);
    for (std::size_t k = 0; k < 2; ++k) {
      const VisitorLimit& limit = found.limits[k];
      std::sort(jumps.begin(), jumps.end());
      const auto allowed_jumps = static_cast<std::size_t>(allowed[k]);
      const double truth = allowed_jumps < jumps.size() ? jumps[allowed_jumps] : 4.0;
      CHECK(limit.loss <= allowed[k]);
      CHECK(limit.factor <= truth);
      CHECK(limit.factor >= truth - 0.02);
      CHECK(limit.is_reached == (allowed_jumps < jumps.size()));
    }
  }
}

TEST_CASE("limit: where few are too many already the bracket is as narrow against them, down to a thousandth") {
  const auto found_at = [](double threshold) {
    const std::array<double, 1> allowed{0.5};
    return most_visitors([=](double x) { return std::vector<double>{x > threshold ? 1.0 : 0.0}; }, allowed).limits[0];
  };
  const VisitorLimit few = found_at(0.0123);
  CHECK(few.factor <= 0.0123);
  CHECK(few.too_many > 0.0123);
  CHECK(few.too_many - few.factor <= 0.02 * few.too_many);
  const VisitorLimit nearly_none = found_at(1e-6);
  CHECK(nearly_none.factor == 0.0);
  CHECK(nearly_none.too_many <= 1e-3);
  CHECK(nearly_none.is_reached);
}

TEST_CASE("limit: all are allowed, none are, and a loss that falls is told") {
  const std::array<double, 1> allowed{1.0};
  const VisitorLimits all = most_visitors([](double) { return std::vector<double>{0.5}; }, allowed);
  CHECK(all.limits[0].factor == 4.0);
  CHECK_FALSE(all.limits[0].is_reached);
  CHECK(std::isinf(all.limits[0].too_many));
  const VisitorLimits none = most_visitors([](double) { return std::vector<double>{2.0}; }, allowed);
  CHECK(none.limits[0].factor == 0.0);
  CHECK(none.limits[0].loss == 2.0);
  CHECK_FALSE(none.limits[0].is_reached);
  CHECK_FALSE(
      most_visitors([](double x) { return std::vector<double>{x < 3.0 ? 2.0 * x : 1.5}; }, allowed).is_monotone);
  LimitRule rule;
  rule.tolerance = 0.0;
  check_input_error([&] { most_visitors([](double) { return std::vector<double>{0.0}; }, allowed, rule); }, {"range"});
}

TEST_CASE("limit: the trade-off curve is ascending, each number once") {
  const std::array<double, 4> factors{2.0, 0.0, 1.0, 2.0};
  const auto curve = tradeoff_curve([](double x) { return std::vector<double>{x, 2.0 * x}; }, factors);
  REQUIRE(curve.size() == 3);
  CHECK(curve[2].factor == 2.0);
  CHECK(curve[2].losses == std::vector<double>{2.0, 4.0});
}
