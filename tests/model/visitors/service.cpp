#include "model/visitors/service.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

using namespace greenweave;
using doctest::Approx;

namespace {

/// Level of a path one metre wide by persons a minute.
char by_flow(ServiceScale scale, double per_min) {
  PathUse use;
  use.width_m = 1.0;
  use.persons_per_hour = 60.0 * per_min;
  return level_of_service(scale, use);
}

char by_space(double m2) {
  PathUse use;
  use.width_m = 1.0;
  use.m2_per_person = m2;
  return level_of_service(ServiceScale::hcm_walkway, use);
}

char shared(ServiceScale scale, double one_way, double width_m) {
  PathUse use;
  use.width_m = width_m;
  use.persons_per_hour = 2.0 * one_way;
  use.in_busier_direction = one_way;
  use.peak_factor = 0.85;
  return level_of_service(scale, use);
}

}  // namespace

TEST_CASE("service: the bounds of the walkway scales; their letters differ") {
  std::string hcm, fruin;
  for (const double flow : {0.0, 16.0, 16.1, 23.0, 24.0, 33.0, 40.0, 49.0, 60.0, 66.0, 75.0, 80.0, 82.0, 83.0}) {
    hcm += by_flow(ServiceScale::hcm_walkway, flow);
    fruin += by_flow(ServiceScale::fruin, flow);
  }
  CHECK(hcm == "AABBCCDDEEEFFF");
  CHECK(fruin == "AAAABBCCDDEEEF");
  std::string space;
  for (const double m2 : {9.0, 5.7, 5.6, 3.8, 3.7, 2.3, 2.2, 1.5, 1.4, 0.8, 0.75, 0.2}) space += by_space(m2);
  CHECK(space == "AABBCCDDEEFF");
  CHECK(by_space(std::numeric_limits<double>::infinity()) == 'A');
  // The worse of the two counts; the busiest quarter of an hour too; a path without width has broken down.
  PathUse use{60.0 * 20.0, 0.0, 1.0, 1.0, 1.0};
  CHECK(level_of_service(ServiceScale::hcm_walkway, use) == 'E');
  use = {60.0 * 20.0, 0.0, 1.0, 0.0, 0.8};
  CHECK(level_of_service(ServiceScale::hcm_walkway, use) == 'C');
  use.width_m = 0.0;
  CHECK(level_of_service(ServiceScale::hcm_walkway, use) == 'F');
}

TEST_CASE("service: shared paths by the published table, at its entries and between them") {
  const auto typical = ServiceScale::shared_path, bicycles = ServiceScale::shared_path_bicycles;
  CHECK(shared(typical, 25.0, 8 * 0.3048) == 'B');
  CHECK(shared(typical, 75.0, 10 * 0.3048) == 'C');
  CHECK(shared(typical, 300.0, 16 * 0.3048) == 'D');
  CHECK(shared(typical, 500.0, 20 * 0.3048) == 'F');
  CHECK(shared(bicycles, 200.0, 8 * 0.3048) == 'E');
  CHECK(shared(bicycles, 600.0, 16 * 0.3048) == 'D');
  CHECK(shared(bicycles, 100.0, 20 * 0.3048) == 'A');
  CHECK(shared(typical, 151.0, 3.5) == shared(typical, 200.0, 10 * 0.3048));
  CHECK(shared(typical, 10.0, 2.0) == '-');
  CHECK(shared(typical, 5000.0, 6.5) == 'F');
  // Wider is never worse, busier never better.
  for (const auto scale : {typical, bicycles})
    for (double flow = 10.0; flow < 1100.0; flow *= 1.3)
      for (double width = 2.5; width < 6.5; width += 0.3) {
        CHECK(shared(scale, flow, width + 0.3) <= shared(scale, flow, width));
        // The published table itself has one row (75) that is better than the one before; not asked of it.
        if (flow > 75.0) CHECK(shared(scale, flow * 1.5, width) >= shared(scale, flow, width));
      }
}

TEST_CASE("service: Weidmann's speed, and the flow that it peaks at") {
  CHECK(walking_speed_m_s(0.0) == 1.34);
  CHECK(walking_speed_m_s(5.4) == Approx(0.0));
  CHECK(walking_speed_m_s(9.0) == 0.0);
  double most = 0.0, at = 0.0;
  for (double rho = 0.01; rho < 5.4; rho += 0.001)
    if (const double flow = rho * walking_speed_m_s(rho); flow > most) {
      most = flow;
      at = rho;
    }
  CHECK(std::abs(most - 1.225) < 1e-3);
  CHECK(std::abs(at - 1.75) < 1e-2);
}
