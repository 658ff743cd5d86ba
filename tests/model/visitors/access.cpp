#include "model/visitors/access.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/grid/distance.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/files.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

constexpr std::array kernels{AccessKernel::dichotomy, AccessKernel::exponential, AccessKernel::gaussian,
                             AccessKernel::density};

Raster<float> random_values(Dice& dice, const Shape& shape, double share, double most) {
  Raster<float> values(shape, 0.0F);
  values.valid.assign(values.values.size(), 1);
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    if (dice.chance(share)) values.values[i] = static_cast<float>(most * dice.uniform());
    if (dice.chance(0.05)) values.valid[i] = 0;
  }
  return values;
}

CatchmentRule random_catchment(Dice& dice, double cell_m) {
  CatchmentRule rule;
  rule.kernel = kernels[static_cast<std::size_t>(dice.below(4))];
  if (dice.chance(0.5)) {
    rule.groups = {{"young", 0.75, cell_m * (0.5 + 8.0 * dice.uniform())}, {"old", 0.25, cell_m * 2.0}};
  } else {
    rule.groups.front().reach_m = cell_m * (dice.chance(0.5) ? 1 + dice.below(9) : 0.3 + 9.0 * dice.uniform());
  }
  return rule;
}

}  // namespace

TEST_CASE("access: the four kernels' goldens") {
  const std::array<std::array<double, 5>, 4> golden{{{1, 1, 1, 1, 0},
                                                     {1, std::exp(-1.0 / 3.0), std::exp(-2.0 / 3.0), std::exp(-1.0), 0},
                                                     {1, 0.8626563, 0.4935753, 0, 0},
                                                     {0.75, 2.0 / 3.0, 5.0 / 12.0, 0, 0}}};
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t d = 0; d < 5; ++d) {
      CAPTURE(k);
      CAPTURE(d);
      CHECK(std::abs(kernel_at(kernels[k], static_cast<double>(d), 3.0) - golden[k][d]) < 5e-8);
    }
}

TEST_CASE("access: two parks and three houses in a row, by hand") {
  // Cells of 100 m, reach 200 m. Park A (column 0, 600 m2) is reached from columns 0 to 2, park B (column 5, 90 m2)
  // from 3 to 7. Persons: 2 in column 2, 0.5 in column 3, 40 in column 9.
  Raster<float> green(Shape{1, 10}, 0.0F), persons(Shape{1, 10}, 0.0F);
  green[0] = 600.0F;
  green[5] = 90.0F;
  persons[2] = 2.0F;
  persons[3] = 0.5F;
  persons[9] = 40.0F;
  CatchmentRule rule;
  rule.groups.front().reach_m = 200.0;
  const Catchment found = two_step_catchment(green, persons, 100.0, rule);
  CHECK(found.m2_per_person[2] == Approx(300.0));
  CHECK(found.m2_per_person[3] == Approx(90.0));  // less than one person is in reach of B: all of it
  CHECK(found.m2_per_person[8] == 0.0F);          // exactly
  CHECK(found.m2_per_person[9] == 0.0F);
  CHECK(found.m2_of_group.front().values == found.m2_per_person.values);
}

TEST_CASE("access: two-step catchment by brute force; green is shared out completely; threads") {
  Dice dice(90210);
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    const Shape shape = random_shape(dice, 16);
    const double cell_m = dice.chance(0.5) ? 10.0 : 30.0;
    const Raster<float> green = random_values(dice, shape, 0.2, cell_m * cell_m),
                        persons = random_values(dice, shape, 0.5, 6.0);
    const CatchmentRule rule = random_catchment(dice, cell_m);
    const Catchment found = two_step_catchment(green, persons, cell_m, rule);
    const auto f = [&](Cell a, Cell b, const PeopleGroup& group) {
      const double d = std::hypot(shape.row(a) - shape.row(b), shape.col(a) - shape.col(b));
      // The grid's distances are in cells; the same rounding at the reach.
      return d <= group.reach_m / cell_m ? kernel_at(rule.kernel, std::min(d * cell_m, group.reach_m), group.reach_m)
                                         : 0.0;
    };
    std::vector<double> ratio(green.values.size(), 0.0);
    double given = 0.0, had = 0.0;
    for (Cell j = 0; j < shape.cells(); ++j) {
      if (!green.is_valid(j)) continue;
      double demand = 0.0;
      for (const PeopleGroup& group : rule.groups)
        for (Cell k = 0; k < shape.cells(); ++k)
          if (persons.is_valid(k)) demand += group.share * static_cast<double>(persons[k]) * f(j, k, group);
      ratio[static_cast<std::size_t>(j)] = static_cast<double>(green[j]) / (demand < 1.0 ? 1.0 : demand);
      given += static_cast<double>(green[j]) * std::min(1.0, demand);
    }
    for (Cell i = 0; i < shape.cells(); ++i) {
      if (!persons.is_valid(i)) continue;
      double mean = 0.0;
      for (std::size_t g = 0; g < rule.groups.size(); ++g) {
        double sum = 0.0;
        for (Cell j = 0; j < shape.cells(); ++j) sum += ratio[static_cast<std::size_t>(j)] * f(i, j, rule.groups[g]);
        REQUIRE(static_cast<double>(found.m2_of_group[g][i]) == Approx(sum).epsilon(1e-6));
        if (sum < 1e-12) CHECK(found.m2_of_group[g][i] == 0.0F);
        mean += rule.groups[g].share * sum;
      }
      REQUIRE(static_cast<double>(found.m2_per_person[i]) == Approx(mean).epsilon(1e-6));
      had += static_cast<double>(persons[i]) * static_cast<double>(found.m2_per_person[i]);
    }
    CHECK(had == Approx(given).epsilon(1e-5));
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    CHECK(two_step_catchment(green, persons, cell_m, rule).m2_per_person.values == found.m2_per_person.values);
  }
}

TEST_CASE("access: the walk, the gaps and their people on a drawn town") {
  // Cells of 200 m. G: a park of two cells; g: a lawn too small to go to; digits: persons in hundreds.
  const Raster<float> persons = drawn<float>({"1..........", "..5.....33.", ".........2.", "1.........."},
                                             {{'.', 0.0F}, {'1', 100.0F}, {'2', 200.0F}, {'3', 300.0F}, {'5', 500.0F}});
  const Raster<float> green = drawn<float>({"GG.........", "...........", ".......g...", "..........."},
                                           {{'.', 0.0F}, {'G', 4e4F}, {'g', 3e3F}});
  const std::vector<Cell> goals = worth_a_walk(green, 0.4);
  CHECK(goals == std::vector<Cell>{0, 1});
  WalkRule rule;
  rule.minutes = 10.0;
  rule.speed_m_s = 1.0;
  rule.detour = 1.0;  // 600 m: three cells
  Raster<float> distance = nearest_cell(persons.shape, goals).distance_cells;
  for (float& d : distance.values) d *= 200.0F;
  const WalkAccess found = walk_access(distance, persons, rule);
  CHECK(found.served.at(0, 0) == 1);
  CHECK(found.served.at(1, 2) == 1);
  CHECK(found.served.at(3, 0) == 1);  // 600 m
  CHECK(found.served.at(1, 4) == 0);
  REQUIRE(found.gaps.size() == 1);
  CHECK(found.gaps[0].persons == 800.0);
  CHECK(found.gaps[0].cells == 3);
  CHECK(found.gaps[0].most_people == persons.shape.cell(1, 8));
  CHECK(found.gaps[0].farthest_m == Approx(200.0 * std::hypot(8.0, 2.0)));
  CHECK(found.gap.at(2, 9) == 1);
  CHECK(found.gap.at(1, 4) == 0);  // nobody lives there
  // A third of the way: two gaps more, the largest first.
  rule.detour = 3.0;
  const WalkAccess less = walk_access(distance, persons, rule);
  REQUIRE(less.gaps.size() == 3);
  CHECK(less.gaps[0].persons == 800.0);
  CHECK(less.gaps[1].persons == 500.0);
  CHECK(less.gaps[2].persons == 100.0);
  CHECK(less.gap.at(1, 2) == 2);
  CHECK(less.gap.at(3, 0) == 3);

  AccessSummary sum;
  for (Cell cell = 0; cell < persons.shape.cells(); ++cell)
    sum.add(static_cast<double>(persons[cell]), found.served[cell] != 0, cell == 0 ? 6.0 : 12.0, 10.0);
  CHECK(sum.persons == 1500.0);
  CHECK(sum.served == 700.0);
  CHECK(sum.m2_per_person == Approx((100.0 * 6.0 + 1400.0 * 12.0) / 1500.0));
  CHECK(sum.short_persons == 100.0);
  CHECK(sum.missing_m2 == Approx(400.0));
}

TEST_CASE("access: a longer walk never serves fewer, and without green nobody is served") {
  Dice dice(5);
  for (int round = 0; round < 60; ++round) {
    const Shape shape = random_shape(dice, 20);
    const Raster<float> persons = random_values(dice, shape, 0.6, 50.0), green = random_values(dice, shape, 0.1, 900.0);
    Raster<float> distance = nearest_cell(shape, worth_a_walk(green, 0.05)).distance_cells;
    for (float& d : distance.values) d *= 30.0F;
    double last = -1.0;
    for (const double minutes : {0.5, 2.0, 5.0, 15.0}) {
      WalkRule rule;
      rule.minutes = minutes;
      const WalkAccess found = walk_access(distance, persons, rule);
      double served = 0.0, all = 0.0, in_gaps = 0.0;
      for (Cell cell = 0; cell < shape.cells(); ++cell) {
        if (!persons.is_valid(cell)) continue;
        all += static_cast<double>(persons[cell]);
        if (found.served[cell] != 0) served += static_cast<double>(persons[cell]);
      }
      for (const AccessGap& gap : found.gaps) in_gaps += gap.persons;
      CHECK(served + in_gaps == Approx(all));
      CHECK(served >= last);
      last = served;
    }
  }
  const Raster<float> persons(Shape{2, 2}, 1.0F);
  const Raster<float> none = nearest_cell(Shape{2, 2}, {}).distance_cells;
  CHECK(std::isinf(walk_access(none, persons, {}).gaps.front().farthest_m));
}

TEST_CASE("access: what cannot be used is an error") {
  Raster<float> green(Shape{1, 2}, 1.0F), persons(Shape{1, 2}, 1.0F);
  CatchmentRule rule;
  rule.groups.front().share = 0.9;
  check_input_error([&] { two_step_catchment(green, persons, 10.0, rule); }, {"sum to 0.9"});
  rule.groups = {{"all", 1.0, 0.0}};
  check_input_error([&] { two_step_catchment(green, persons, 10.0, rule); }, {"reach"});
  persons[1] = -1.0F;
  check_input_error([&] { two_step_catchment(green, persons, 10.0, {}); }, {"persons below 0"});
}
