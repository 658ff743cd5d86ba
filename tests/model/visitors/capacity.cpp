#include "model/visitors/capacity.hpp"

#include <array>

#include <doctest/doctest.h>

#include "tests/support/files.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

TEST_CASE("capacity: line and area method, by hand") {
  // A trail of 3,000 m x 2 m at 5 m2 a person, open 10 hours for visits of 4, 300 days.
  const Capacity line = ground_capacity(3000.0 * 2.0, 5.0, {10.0, 4.0, 300.0});
  CHECK(line.instant == Approx(1200.0));
  CHECK(line.daily == Approx(3000.0));
  CHECK(line.annual == Approx(900000.0));
  // A main sight of 2 ha at the two ends of 50 to 100 m2.
  CHECK(ground_capacity(2e4, 50.0, {}).instant == Approx(400.0));
  CHECK(ground_capacity(2e4, 100.0, {}).instant == Approx(200.0));
  CHECK_THROWS_AS(ground_capacity(100.0, 0.0, {}), InputError);
  check_input_error([] { turnover({10.0, 0.0, 300.0}); }, {"a visit of 0"});
}

TEST_CASE("capacity: sites of LB/T 034 take whole visits only") {
  const std::array<SitePart, 2> parts{{{5000.0, 10.0, 3.0}, {600.0, 2.0, 1.2}}};
  const Capacity site = site_capacity(parts, 9.6, 350.0);
  CHECK(site.instant == Approx(500.0 + 300.0));
  CHECK(site.daily == Approx(500.0 * 3.0 + 300.0 * 8.0));  // Int(3.2), Int(8)
  CHECK(site.annual == Approx(3900.0 * 350.0));
  CHECK(whole_turnover({9.6, 1.2, 0.0}) == 8.0);
  CHECK(whole_turnover({0.3, 0.1, 0.0}) == 3.0);
}

TEST_CASE("capacity: parks with water, lengths, bottlenecks and batches, by hand") {
  CHECK(park_capacity(60000.0, 30.0) == Approx(2000.0));
  CHECK(park_capacity(60000.0, 30.0, 10000.0, 200.0) == Approx(2050.0));
  // 4 km one behind the other at 5 m, two hours around, open eight.
  CHECK(spaced_way_capacity({4000.0, 5.0, 2.0, 0.0}, 8.0) == Approx(3200.0));
  // The same there and back in another two: half as many rounds, and the way back takes half the spacing again.
  CHECK(spaced_way_capacity({4000.0, 5.0, 2.0, 2.0}, 8.0) == Approx(4000.0 * 2.0 / 7.5));
  CHECK(bottleneck_capacity(450.0, 9.0) == Approx(4050.0));
  // Groups of 20 every 10 minutes; the last of eight hours must be through in 80.
  CHECK(batch_capacity(20.0, 480.0, 80.0, 10.0) == Approx(800.0));
  CHECK(batch_capacity(20.0, 60.0, 80.0, 10.0) == 0.0);
}

TEST_CASE("capacity: Cifuentes from physical to effective, by hand") {
  CifuentesRule rule;
  rule.group_size = 10.0;
  rule.times = {8.0, 2.0, 365.0};
  rule.management = 0.6;
  // 2,400 m hold 40 groups of 10 m and a gap of 50; each metre holds a person.
  CHECK(occupied_m(2400.0, rule) == Approx(400.0));
  CHECK(occupied_m(2459.0, rule) == Approx(400.0));
  CHECK(occupied_m(59.0, rule) == 0.0);
  const std::array<CorrectionFactor, 3> factors{
      {slope_factor(300.0, 200.0, 2400.0), {"rain", 3.0, 12.0}, {"closed", 1.0, 7.0}}};
  CHECK(factors[0].limited == Approx(600.0));
  const CifuentesCapacity capacity = cifuentes_capacity(occupied_m(2400.0, rule), rule.person_m, factors, rule);
  CHECK(capacity.physical == Approx(400.0 * 4.0));
  CHECK(capacity.real == Approx(1600.0 * 0.75 * 0.75 * 6.0 / 7.0));
  CHECK(capacity.effective == Approx(capacity.real * 0.6));
  CHECK(slope_factor(0.0, 2000.0, 2400.0).limited == 2400.0);
  CHECK_THROWS_AS(cifuentes_capacity(1.0, 1.0, std::array<CorrectionFactor, 1>{{{"rain", 13.0, 12.0}}}, rule),
                  InputError);
  // More limits never raise it.
  CHECK(capacity.effective <= capacity.real);
  CHECK(capacity.real <= capacity.physical);
}
