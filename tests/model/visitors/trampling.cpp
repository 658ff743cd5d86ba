#include "model/visitors/trampling.hpp"

#include <doctest/doctest.h>

using namespace greenweave;
using doctest::Approx;

TEST_CASE("trampling: cover by passes in closed form, and it never grows again") {
  const TramplingCurve curve{0.9, 4e-3, 5e-6};
  CHECK(cover_after(curve, 0.0) == Approx(0.9));
  CHECK(cover_after(curve, -3.0) == Approx(0.9));
  CHECK(cover_after(curve, 100.0) == Approx(0.9 - 0.4 + 0.05));
  CHECK(cover_after(curve, 400.0) == Approx(0.9 - 1.6 + 0.8));
  CHECK(cover_after(curve, 4000.0) == cover_after(curve, 400.0));
  CHECK(cover_after({0.9, 4e-3, 0.0}, 1000.0) == 0.0);
  double last = 2.0;
  for (double x = 0.0; x < 800.0; x += 25.0) {
    CHECK(cover_after({}, x) <= last);
    last = cover_after({}, x);
  }
  CHECK(cover_after({}, 500.0) == Approx(0.2));
}

TEST_CASE("trampling: those who leave the trail spread over its two strips") {
  // 10,000 persons, 2 % of them over 4 m in lanes of 0.5 m: 25 passes a lane.
  CHECK(off_trail_passes(10000.0, 0.02, {}, {}) == Approx(25.0));
  CHECK(off_trail_passes(10000.0, 0.0, {}, {}) == 0.0);
  // A strip narrower than one lane is one lane.
  OffTrail narrow;
  narrow.strip_m = 0.1;
  CHECK(off_trail_passes(100.0, 0.5, narrow, {}) == Approx(50.0));
}
