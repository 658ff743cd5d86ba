#include "model/visitors/disturbance.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/drawn.hpp"
#include "tests/support/files.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

std::vector<UsedCell> random_use(Dice& dice, const Shape& shape) {
  std::vector<UsedCell> used;
  for (int k = dice.below(30); k > 0; --k)
    used.push_back({dice.below(shape.cells()), dice.chance(0.1) ? 0.0 : 150.0 * dice.uniform() * dice.uniform()});
  return used;
}

ZoneRule random_rule(Dice& dice) {
  ZoneRule rule;
  if (dice.chance(0.2)) rule = threshold_rule(300.0 * dice.uniform());
  if (dice.chance(0.3))
    for (std::size_t k = 0; k < rule.steps.size(); ++k)
      rule.steps[k].strength = static_cast<double>(k + 1) / static_cast<double>(rule.steps.size());
  constexpr std::array shapes{ZoneShape::flat, ZoneShape::linear, ZoneShape::exponential};
  rule.shape = shapes[static_cast<std::size_t>(dice.below(3))];
  return rule;
}

}  // namespace

TEST_CASE("disturbance: the step table's example, its bounds, and what leaves no trace") {
  const ZoneRule rule;
  CHECK_NOTHROW(check(rule));
  CHECK(step_at(rule, 0.0) == nullptr);
  CHECK(step_at(rule, 0.5) == nullptr);
  const std::vector<std::pair<double, double>> rows{{0.6, 30}, {1, 30},    {2, 60},    {5, 60},   {6, 100},
                                                    {15, 100}, {16, 200},  {30, 200},  {31, 300}, {60, 300},
                                                    {61, 400}, {100, 400}, {101, 600}, {1e6, 600}};
  for (const auto& [groups, width] : rows) {
    CAPTURE(groups);
    CHECK(step_at(rule, groups)->width_m == width);
  }
  CHECK(threshold_rule(250.0).steps.front().width_m == 250.0);
}

TEST_CASE("disturbance: a path of three uses, cell by cell") {
  // 20 m cells; a straight path along the middle row, used more and more towards the east.
  const Frame frame = frame_of({41, 90}, 20.0);
  std::vector<UsedCell> used;
  for (std::int32_t c = 0; c < 90; ++c) used.push_back({frame.shape.cell(20, c), c < 30 ? 1.0 : c < 60 ? 15.0 : 30.0});
  const Raster<float> level = disturbance_level(frame, used, {});
  const auto rows_disturbed = [&](std::int32_t col) {
    int rows = 0;
    for (std::int32_t r = 0; r < 41; ++r) rows += level.at(r, col) > 0.0F;
    return rows;
  };
  CHECK(rows_disturbed(5) == 1 + 2 * 1);    // 30 m
  CHECK(rows_disturbed(45) == 1 + 2 * 5);   // 100 m
  CHECK(rows_disturbed(80) == 1 + 2 * 10);  // 200 m
  // The wider zone rounds its end: four columns before it, within 200 m of its first cell.
  CHECK(rows_disturbed(56) == 1 + 2 * 9);
}

TEST_CASE("disturbance: decay in closed form") {
  const Frame frame = frame_of({1, 20}, 10.0);
  const std::vector<UsedCell> used{{0, 3.0}};
  ZoneRule rule;
  rule.steps[1].strength = rule.steps[2].strength = 0.8;
  for (std::size_t k = 3; k < rule.steps.size(); ++k) rule.steps[k].strength = 1.0;
  rule.steps[0].strength = 0.1;
  for (const ZoneShape shape : {ZoneShape::linear, ZoneShape::exponential}) {
    rule.shape = shape;
    const Raster<float> level = disturbance_level(frame, used, rule);
    for (int c = 0; c < 20; ++c) {
      const double share = c / 6.0;  // of 60 m
      const double decay = shape == ZoneShape::linear ? 1.0 - share : std::exp(-2.99 * share);
      CHECK(level[c] == Approx(c > 6 ? 0.0 : 0.8 * decay));
    }
  }
}

TEST_CASE("disturbance: every rule by brute force, more visitors never disturb less, and 1 thread gives the same") {
  Dice dice(4411);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const Frame frame = frame_of(random_shape(dice, 36), dice.chance(0.5) ? 20.0 : 30.0);
    const ZoneRule rule = random_rule(dice);
    std::vector<UsedCell> used = random_use(dice, frame.shape);
    const Raster<float> level = disturbance_level(frame, used, rule);
    bool any = false;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
      double most = 0.0;
      for (const UsedCell& u : used)
        if (const ZoneStep* step = step_at(rule, u.groups_per_day)) {
          any = true;
          const double d = std::hypot(frame.shape.row(cell) - frame.shape.row(u.cell),
                                      frame.shape.col(cell) - frame.shape.col(u.cell));
          most = std::max(most, level_at(rule, *step, d * frame.cell_m));
        }
      if (any) REQUIRE(static_cast<double>(level[cell]) == Approx(most).epsilon(1e-5));
    }
    CHECK(level.empty() == !any);
    {
      const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
      CHECK(disturbance_level(frame, used, rule).values == level.values);
    }
    for (UsedCell& u : used) u.groups_per_day *= 1.0 + 3.0 * dice.uniform();
    const Raster<float> more = disturbance_level(frame, used, rule);
    for (std::size_t i = 0; i < level.values.size(); ++i) CHECK(more.values[i] >= level.values[i]);
  }
}

TEST_CASE("disturbance: groups are felt in the hours in which a guild is awake") {
  CHECK(active_between(20, 6)[23] == 1.0);
  CHECK(active_between(20, 6)[6] == 0.0);
  CHECK(active_between(6, 20)[6] == 1.0);
  CHECK(active_between(6, 20)[20] == 0.0);
  CHECK(active_between(7, 7)[3] == 1.0);
  TrailLoad load;
  load.hours = 3;  // 17, 18 and 19 o'clock
  load.along = {10, 20, 30, 0, 0, 4};
  load.against = {0, 0, 2, 0, 0, 0};
  CHECK(groups_felt(load, 17, 2.0, active_between(0, 0)) == std::vector<double>{31.0, 2.0});
  CHECK(groups_felt(load, 17, 2.0, active_between(18, 19)) == std::vector<double>{10.0, 0.0});
  CHECK(groups_felt(load, 17, 2.0, active_between(22, 5)) == std::vector<double>{0.0, 0.0});
  CHECK(groups_felt(TrailLoad{}, 6, 2.0, active_between(0, 0)).empty());
}

TEST_CASE("disturbance: cells of links once each, with the busiest link's groups; unused links have none") {
  const Frame frame = frame_of({5, 10}, 10.0);
  TrailNetwork network;
  const auto add = [&](Point a, Point b) {
    TrailLink link;
    link.line = {a, b};
    network.links.push_back(link);
  };
  add({5, 25}, {45, 25});
  add({45, 25}, {45, 45});
  add({45, 25}, {95, 25});
  const std::vector<UsedCell> used = used_cells(frame, network, std::vector<double>{2.0, 7.0, 0.0});
  CHECK(used.size() == 5 + 2);
  CHECK(std::is_sorted(used.begin(), used.end(), [](const auto& a, const auto& b) { return a.cell < b.cell; }));
  for (const UsedCell& u : used) CHECK(u.groups_per_day == (frame.shape.col(u.cell) == 4 ? 7.0 : 2.0));
}

TEST_CASE("disturbance: tables that cannot be used") {
  const auto fails = [](const ZoneRule& rule, const std::string& words) {
    check_input_error([&] { check(rule); }, {words});
  };
  ZoneRule rule;
  rule.steps.clear();
  fails(rule, "no row");
  rule.steps = {{5, 30}, {1, 60}};
  fails(rule, "order the rows");
  rule.steps = {{5, 60}, {10, 30}};
  fails(rule, "disturb less");
  rule.steps = {{5, 60}};
  fails(rule, "infinity");
  rule = threshold_rule(-1.0);
  fails(rule, "width");
  rule = threshold_rule(50.0);
  rule.steps[0].strength = 1.5;
  fails(rule, "strength");
}
