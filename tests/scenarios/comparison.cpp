#include "scenarios/comparison.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace greenweave {
namespace {

CaseIndices case_of(const char* scenario, std::vector<double> eca, std::vector<double> gaps) {
  return {scenario, 2030, "frogs", {{"ECA", "ha", "", 1, std::move(eca)}, {"FW_gaps", "1", "", -1, std::move(gaps)}}};
}

TEST_CASE("changes are against the baseline, and a fall of what should be small is a gain") {
  const Comparison c = compare({case_of("baseline", {200.0}, {4.0}), case_of("plan", {250.0}, {3.0})}, "baseline", {});
  REQUIRE(c.changes.size() == 2);
  CHECK(c.changes[0].change == 50.0);
  CHECK(c.changes[0].change_percent == 25.0);
  CHECK(c.changes[0].verdict() == 1);
  CHECK(c.changes[1].change_percent == -25.0);
  CHECK(c.changes[1].verdict() == 1);
  CHECK(std::isnan(c.changes[0].change_p05));
}

TEST_CASE("what differs in rounding alone is no change, and no net loss is met") {
  Target no_loss{"", "ECA", "", "", 0, {}, {}, 0.0};
  const Comparison c =
      compare({case_of("baseline", {200.0}, {4.0}), case_of("plan", {200.0 - 3e-14}, {4.0})}, "baseline", {no_loss});
  CHECK(c.changes[0].change == 0.0);
  CHECK(c.changes[0].change_percent == 0.0);
  CHECK(c.changes[0].verdict() == 0);
  CHECK(c.outcomes[0].met);
  const Comparison less =
      compare({case_of("baseline", {200.0}, {4.0}), case_of("plan", {200.0 - 1e-8}, {4.0})}, "baseline", {no_loss});
  CHECK_FALSE(less.outcomes[0].met);
}

TEST_CASE("a change from nothing has no per cent") {
  const Comparison c = compare({case_of("baseline", {0.0}, {0.0}), case_of("plan", {5.0}, {0.0})}, "baseline", {});
  CHECK(std::isnan(c.changes[0].change_percent));
  CHECK(c.changes[1].change_percent == 0.0);
}

TEST_CASE("draws are compared with the same draw of the baseline") {
  // Both vary by 100 from draw to draw; the change does not.
  std::vector<double> base{100.0}, plan{110.0};
  for (int d = 0; d < 20; ++d) {
    base.push_back(100.0 + 5.0 * d);
    plan.push_back(110.0 + 5.0 * d);
  }
  const Comparison c = compare({case_of("baseline", base, {0.0}), case_of("plan", plan, {0.0})}, "baseline", {});
  CHECK(c.changes[0].change_p05 == doctest::Approx(10.0));
  CHECK(c.changes[0].change_p95 == doctest::Approx(10.0));
}

TEST_CASE("targets: absolute, relative, and on an index that is not there") {
  Target least{"", "ECA", "", "", 0, 240.0, {}, {}}, change{"", "ECA", "", "", 0, {}, {}, 30.0},
      typo{"", "ACE", "", "", 0, 0.0, {}, {}};
  const Comparison c = compare({case_of("baseline", {200.0}, {4.0}), case_of("plan", {250.0}, {3.0})}, "baseline",
                               {least, change, typo});
  REQUIRE(c.outcomes.size() == 3);
  CHECK(c.outcomes[0].met);
  CHECK_FALSE(c.outcomes[1].met);
  CHECK_FALSE(c.outcomes[2].met);
  CHECK_FALSE(c.all_met());
}

}  // namespace
}  // namespace greenweave
