#include "model/visitors/access.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "model/grid/components.hpp"
#include "model/grid/convolution.hpp"
#include "model/grid/reach.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

double kernel_at(AccessKernel kernel, double distance, double reach) {
  if (distance > reach) return 0.0;
  const double share = distance / reach;
  switch (kernel) {
    case AccessKernel::dichotomy:
      return 1.0;
    case AccessKernel::exponential:
      return std::exp(-share);
    case AccessKernel::gaussian:
      return (std::exp(-0.5 * share * share) - std::exp(-0.5)) / (1.0 - std::exp(-0.5));
    case AccessKernel::density:
      return 0.75 * (1.0 - share * share);
  }
  return 0.0;
}

namespace {

void check(const Raster<float>& green_m2, const Raster<float>& persons, const CatchmentRule& rule) {
  const auto fail = [](const std::string& reason, const std::string& remedy) {
    throw InputError("", "access", reason, remedy);
  };
  double shares = 0.0;
  for (const PeopleGroup& group : rule.groups) {
    if (!(group.reach_m > 0.0)) fail(fmt::format("a reach of {:g} m", group.reach_m), "give a distance above 0");
    if (!(group.share >= 0.0)) fail(fmt::format("a share of {:g}", group.share), "give 0 or more");
    shares += group.share;
  }
  if (std::abs(shares - 1.0) > 1e-6) fail(fmt::format("the groups' shares sum to {:g}", shares), "let them sum to 1");
  for (const Raster<float>* raster : {&green_m2, &persons})
    for (Cell cell = 0; cell < raster->shape.cells(); ++cell)
      if (raster->is_valid(cell) && !((*raster)[cell] >= 0.0F))
        fail(fmt::format("{} below 0", raster == &persons ? "persons" : "an area of green"), "give 0 or more");
}

}  // namespace

Catchment two_step_catchment(const Raster<float>& green_m2, const Raster<float>& persons, double cell_m,
                             const CatchmentRule& rule) {
  check(green_m2, persons, rule);
  const Shape& shape = green_m2.shape;
  const auto over_cells = [&](const auto& body) {
    parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) body(static_cast<Cell>(i));
    });
  };
  const auto sums = [&](const Raster<float>& of, const PeopleGroup& group) {
    return convolve_disc(of, group.reach_m / cell_m,
                         [&](double d) { return kernel_at(rule.kernel, d * cell_m, group.reach_m); });
  };
  Raster<double> demand(shape, 0.0);
  for (const PeopleGroup& group : rule.groups) {
    const Raster<double> near = sums(persons, group);
    over_cells([&](Cell cell) { demand[cell] += group.share * near[cell]; });
  }
  Raster<float> ratio(shape, 0.0F);
  std::vector<Cell> green;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (green_m2.is_valid(cell) && green_m2[cell] > 0.0F) {
      ratio[cell] = static_cast<float>(static_cast<double>(green_m2[cell]) / std::max(demand[cell], 1.0));
      green.push_back(cell);
    }
  demand = {};

  Catchment result;
  result.m2_per_person = Raster<float>(shape, 0.0F);
  result.m2_per_person.valid = persons.valid;
  Raster<double> mean(shape, 0.0);
  for (const PeopleGroup& group : rule.groups) {
    const Raster<double> sum = sums(ratio, group);
    // The transform leaves traces where there is nothing, be it on the rim of a kernel that ends at 0.
    const bool ends_at_0 = rule.kernel == AccessKernel::gaussian || rule.kernel == AccessKernel::density;
    const double reach_cells = group.reach_m / cell_m * (ends_at_0 ? 1.0 - 1e-9 : 1.0);
    std::vector<ReachingCell> discs;
    discs.reserve(green.size());
    for (const Cell cell : green) discs.push_back({cell, reach_cells});
    const Raster<std::uint8_t> reached = within_reach(shape, discs);
    Raster<float> own(shape, 0.0F);
    own.valid = persons.valid;
    over_cells([&](Cell cell) {
      if (reached[cell] == 0 || !own.is_valid(cell)) return;
      const double m2 = std::max(0.0, sum[cell]);
      own[cell] = static_cast<float>(m2);
      mean[cell] += group.share * m2;
    });
    result.m2_of_group.push_back(std::move(own));
  }
  over_cells([&](Cell cell) { result.m2_per_person[cell] = static_cast<float>(mean[cell]); });
  return result;
}

std::vector<Cell> worth_a_walk(const Raster<float>& green_m2, double least_green_ha) {
  const Shape& shape = green_m2.shape;
  Raster<std::uint8_t> mask(shape, 0);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    mask[cell] = green_m2.is_valid(cell) && green_m2[cell] > 0.0F ? 1 : 0;
  std::int32_t count = 0;
  const Raster<std::int32_t> label = label_components(mask, Neighbourhood::eight, &count);
  std::vector<double> area_m2(static_cast<std::size_t>(count) + 1, 0.0);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (label[cell] > 0) area_m2[static_cast<std::size_t>(label[cell])] += static_cast<double>(green_m2[cell]);
  std::vector<Cell> cells;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (label[cell] > 0 && area_m2[static_cast<std::size_t>(label[cell])] >= least_green_ha * 1e4)
      cells.push_back(cell);
  return cells;
}

WalkAccess walk_access(const Raster<float>& distance_m, const Raster<float>& persons, const WalkRule& rule) {
  const Shape& shape = persons.shape;
  WalkAccess result;
  result.served = Raster<std::uint8_t>(shape, 0);
  result.served.valid = persons.valid;
  Raster<std::uint8_t> left_out(shape, 0);
  const double reach_m = rule.reach_m();
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!persons.is_valid(cell)) continue;
    const bool is_served = static_cast<double>(distance_m[cell]) <= reach_m;
    result.served[cell] = is_served ? 1 : 0;
    left_out[cell] = !is_served && persons[cell] > 0.0F ? 1 : 0;
  }
  std::int32_t count = 0;
  result.gap = label_components(left_out, Neighbourhood::eight, &count);
  result.gaps.resize(static_cast<std::size_t>(count));
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (result.gap[cell] == 0) continue;
    AccessGap& gap = result.gaps[static_cast<std::size_t>(result.gap[cell] - 1)];
    ++gap.cells;
    gap.persons += static_cast<double>(persons[cell]);
    gap.farthest_m = std::max(gap.farthest_m, static_cast<double>(distance_m[cell]));
    if (gap.most_people < 0 || persons[cell] > persons[gap.most_people]) gap.most_people = cell;
  }
  std::vector<std::size_t> order(result.gaps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return result.gaps[a].persons > result.gaps[b].persons; });
  std::vector<std::int32_t> row(order.size() + 1, 0);
  std::vector<AccessGap> sorted;
  for (std::size_t k = 0; k < order.size(); ++k) {
    row[order[k] + 1] = static_cast<std::int32_t>(k + 1);
    sorted.push_back(result.gaps[order[k]]);
  }
  result.gaps = std::move(sorted);
  for (std::int32_t& label : result.gap.values) label = row[static_cast<std::size_t>(label)];
  return result;
}

void AccessSummary::add(double cell_persons, bool is_served, double cell_m2_per_person, double needed_m2) {
  if (!(cell_persons > 0.0)) return;
  const double m2 = m2_per_person * persons + cell_m2_per_person * cell_persons;
  persons += cell_persons;
  m2_per_person = m2 / persons;
  if (is_served) served += cell_persons;
  if (cell_m2_per_person < needed_m2) {
    short_persons += cell_persons;
    missing_m2 += (needed_m2 - cell_m2_per_person) * cell_persons;
  }
}

}  // namespace greenweave
