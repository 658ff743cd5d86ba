#include "model/habitat/recovery.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace greenweave;
using doctest::Approx;

TEST_CASE("recovery: a path in closed form, and its debt is the integral of the shortfall") {
  const RecoveryPath path{0.1, 0.8, 5.0};
  CHECK(path.at(-3.0) == 0.1);
  CHECK(path.at(0.0) == 0.1);
  CHECK(path.at(5.0) == Approx(0.1 + 0.7 * (1.0 - std::exp(-1.0))));
  CHECK(path.at(1e6) == Approx(0.8));
  double sum = 0.0;
  constexpr int pieces = 200000;
  for (int i = 0; i < pieces; ++i) sum += (1.0 - path.at(20.0 * (i + 0.5) / pieces)) * 20.0 / pieces;
  CHECK(path.debt(20.0) == Approx(sum).epsilon(1e-9));
  CHECK(path.debt(-1.0) == 0.0);
  const RecoveryPath at_once{0.0, 1.0, 0.0};
  CHECK(at_once.at(1.0) == 1.0);
  CHECK(at_once.debt(7.0) == 0.0);
  CHECK(RecoveryPath{0.0, 0.6, 0.0}.debt(10.0) == Approx(4.0));
}

TEST_CASE("recovery: the defaults say what the reviews say, and their bands hold what is expected") {
  const std::vector<AttributeRecovery> all = default_recoveries();
  REQUIRE(all.size() == 3);
  CHECK(all[0].expected.at(10.0) > 0.9);                           // animals in about a decade
  CHECK(all[1].expected.at(100.0) == Approx(0.74).epsilon(0.01));  // structure 26 % below after a century
  CHECK(all[2].expected.at(20.0) == Approx(0.5).epsilon(0.02));    // carbon: half at 20 years
  for (const AttributeRecovery& attribute : all)
    for (double years = 0.0; years <= 120.0; years += 1.5) {
      CHECK(attribute.low.at(years) <= attribute.expected.at(years));
      CHECK(attribute.expected.at(years) <= attribute.high.at(years));
      CHECK(attribute.high.debt(years) <= attribute.low.debt(years));
    }
}
