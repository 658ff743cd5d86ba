#include "model/indices/gravity.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

using namespace greenweave;

TEST_CASE("gravity: both variants by hand, and grades by the stated breaks") {
  const double e = std::exp(1.0);
  // Logarithms 1, 2, 3; resistances 1, 2, 4.
  const std::vector<GravitySource> sources{{e, 1.0}, {e * e, 2.0}, {e * e * e, 4.0}};
  std::vector<GravityPair> pairs{{0, 1, 100.0}, {0, 2, 200.0}, {1, 2, 50.0}};
  GravityRule rule;
  rule.breaks = {1.0, 5.0};  // in any order
  CHECK(rate_by_gravity(sources, rule, pairs) == 200.0);
  CHECK(pairs[0].product_of_logs == doctest::Approx(4.0 * 1 * 2 / 2.0));
  CHECK(pairs[1].product_of_logs == doctest::Approx(1.0 * 1 * 3 / 4.0));
  CHECK(pairs[2].product_of_logs == doctest::Approx(16.0 * 2 * 3 / 8.0));
  CHECK(pairs[0].log_of_product == doctest::Approx(4.0 * (1 + 2) / 2.0));
  CHECK(pairs[1].log_of_product == doctest::Approx(1.0 * (1 + 3) / 4.0));
  CHECK(pairs[2].log_of_product == doctest::Approx(16.0 * (2 + 3) / 8.0));
  CHECK(pairs[0].grade == 2);
  CHECK(pairs[1].grade == 3);
  CHECK(pairs[2].grade == 1);
  // By the other variant the first and the second pair move up.
  rule.graded_by = GravityVariant::log_of_product;
  rate_by_gravity(sources, rule, pairs);
  CHECK(pairs[0].grade == 1);
  CHECK(pairs[1].grade == 2);
}

TEST_CASE("gravity: a stated longest corridor keeps cases comparable; pairs without path or mass have no grade") {
  const std::vector<GravitySource> sources{{10.0, 1.0}, {20.0, 1.0}, {0.5, 1.0}};
  std::vector<GravityPair> pairs{{0, 1, 100.0}, {0, 2, 200.0}, {1, 2, std::numeric_limits<double>::infinity()}};
  GravityRule rule;
  rule.longest = 1000.0;
  CHECK(rate_by_gravity(sources, rule, pairs) == 1000.0);
  CHECK(pairs[0].product_of_logs == doctest::Approx(100.0 * std::log(10.0) * std::log(20.0)));
  CHECK(std::isnan(pairs[1].product_of_logs));
  CHECK(std::isnan(pairs[1].log_of_product));
  CHECK(pairs[1].grade == 0);
  CHECK(pairs[2].product_of_logs == 0.0);
  CHECK(pairs[2].grade == 0);
}
