#include "model/visitors/assignment.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/landscape/step_effects.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

// Self-regulated averages (Liu, He and He 2009): the step 1 / n of successive averages falls fast where the gap grew,
// slowly where it fell.
constexpr double more_pieces = 0.3, more_pieces_if_grown = 1.9;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

std::vector<double> minutes_at(const TrailNetwork& network, double km_h, const PaceRule& rule) {
  SlopeResponse hiking;
  hiking.kind = SlopeResponse::Kind::tobler;
  const auto both_ways = [&](double gradient) { return (hiking.factor(gradient) + hiking.factor(-gradient)) / 2.0; };
  std::vector<double> minutes;
  for (const TrailLink& link : network.links)
    minutes.push_back(link.length_m / (km_h * 1000.0 / 60.0) * rule.surface[static_cast<std::size_t>(link.surface)] *
                      both_ways(link.mean_slope_percent / 100.0) / both_ways(0.0));
  return minutes;
}

/// One hour's search. All volumes are persons an hour, by step: 2 x link + direction.
class Hour {
 public:
  Hour(const TrailNetwork& network, const RouteSet& routes, std::span<const double> walking,
       std::span<const double> cycling, const TrailDemand& demand, int hour, const std::vector<double>& capacity,
       const CrowdRule& crowd, const ChoiceRule& choice)
      : network_(network),
        routes_(routes),
        walking_(walking),
        cycling_(cycling),
        capacity_(capacity),
        crowd_(crowd),
        choice_(choice),
        walkers_(legs_of(demand.walkers, hour)),
        cyclists_(legs_of(demand.cyclists, hour)) {
    const std::size_t steps = 2 * network.links.size();
    for (Class* one : {&walkers_, &cyclists_}) {
      one->volume.assign(steps, 0.0);
      one->next.assign(steps, 0.0);
      one->cost.assign(network.links.size(), 0.0);
    }
    walk_minutes_.assign(network.links.size(), 0.0);
    ride_minutes_.assign(network.links.size(), 0.0);
  }

  void search(HourOfAssignment& report) {
    price();
    if (walkers_.pairs.empty() && cyclists_.pairs.empty()) return;
    load(walkers_);
    load(cyclists_);
    walkers_.volume.swap(walkers_.next);
    cyclists_.volume.swap(cyclists_.next);
    double pieces = 1.0;  // of the step to the volumes that follow, one is gone
    for (int n = 0; n < choice_.most_iterations; ++n) {
      price();
      load(walkers_);
      load(cyclists_);
      double changed = 0.0, all = 0.0;
      for (Class* one : {&walkers_, &cyclists_})
        for (std::size_t s = 0; s < one->volume.size(); ++s) {
          changed += std::abs(one->next[s] - one->volume[s]);
          all += one->volume[s];
        }
      report.gaps.push_back(all > 0.0 ? changed / all : 0.0);
      if (report.gaps.back() <= choice_.least_gap) break;
      const bool grew = n > 0 && report.gaps.back() >= report.gaps[at(n) - 1];
      pieces += grew ? more_pieces_if_grown : more_pieces;
      const double share = 1.0 / pieces;
      for (Class* one : {&walkers_, &cyclists_})
        for (std::size_t s = 0; s < one->volume.size(); ++s) one->volume[s] += share * (one->next[s] - one->volume[s]);
    }
    price();
  }

  void take(int hour, int hours, Assignment& result, HourOfAssignment& report) const {
    for (std::size_t l = 0; l < network_.links.size(); ++l) {
      const std::size_t k = l * at(hours) + at(hour);
      const double along = walkers_.volume[2 * l] + cyclists_.volume[2 * l];
      const double against = walkers_.volume[2 * l + 1] + cyclists_.volume[2 * l + 1];
      const double riding = cyclists_.volume[2 * l] + cyclists_.volume[2 * l + 1];
      const double walking = along + against - riding;
      result.load.along[k] = along;
      result.load.against[k] = against;
      result.cyclists[k] = riding;
      result.minutes[k] = walk_minutes_[l];
      // Persons an hour x hours on the link: Little's law. A closed link has nobody, however long it takes.
      const double person_minutes =
          (walking > 0.0 ? walking * walk_minutes_[l] : 0.0) + (riding > 0.0 ? riding * ride_minutes_[l] : 0.0);
      result.load.present[k] = person_minutes / 60.0;
      report.person_minutes += person_minutes;
    }
  }

 private:
  struct PairLegs {
    std::size_t pair;
    double out, back;
  };
  struct Class {
    std::vector<PairLegs> pairs;
    std::vector<double> volume, next, cost;
  };

  Class legs_of(const Legs& legs, int hour) const {
    Class one;
    if (legs.out.empty()) return one;
    for (std::size_t p = 0; p < routes_.pairs(); ++p) {
      const double out = legs.out[at(hour) * routes_.pairs() + p], back = legs.back[at(hour) * routes_.pairs() + p];
      if (!(out > 0.0 || back > 0.0)) continue;
      if (!routes_.is_joined(p)) {
        const TrailNode& from = network_.nodes[at(routes_.entrances[p / routes_.attractions.size()])];
        const TrailNode& to = network_.nodes[at(routes_.attractions[p % routes_.attractions.size()])];
        throw InputError("", fmt::format("entrance \"{}\"", from.name),
                         fmt::format("visitors for \"{}\" have no way there", to.name),
                         "draw the trail that is missing, or open what is closed");
      }
      one.pairs.push_back({p, out, back});
    }
    return one;
  }

  /// Minutes and perceived costs of all links under the volumes assumed.
  void price() {
    for (std::size_t l = 0; l < network_.links.size(); ++l) {
      const double riding = cyclists_.volume[2 * l] + cyclists_.volume[2 * l + 1];
      const double walking = walkers_.volume[2 * l] + walkers_.volume[2 * l + 1];
      const double load = (walking + crowd_.cyclist_room * riding) / capacity_[l];
      const double raised = crowd_.power == 4.0 ? load * load * load * load : std::pow(load, crowd_.power);
      const double slower = 1.0 + crowd_.alpha * raised;
      const double hindered = std::min(1.0, walking / capacity_[l]);
      walk_minutes_[l] = walking_[l] * slower;
      ride_minutes_[l] = (cycling_[l] + hindered * (walking_[l] - cycling_[l])) * slower;
      const double feels = (1.0 + crowd_.repels * load) * (1.0 - crowd_.shade_gain * network_.links[l].shade);
      walkers_.cost[l] = walk_minutes_[l] * feels;
      cyclists_.cost[l] = ride_minutes_[l] * feels;
    }
  }

  /// The volumes that follow from the costs, into `next`.
  void load(Class& one) {
    std::fill(one.next.begin(), one.next.end(), 0.0);
    const double* const cost = one.cost.data();
    double* const next = one.next.data();
    for (const PairLegs& legs : one.pairs) {
      const auto first = at(routes_.first_way[legs.pair]), end = at(routes_.first_way[legs.pair + 1]);
      double least = std::numeric_limits<double>::infinity();
      way_cost_.clear();
      for (std::size_t w = first; w < end; ++w) {
        double sum = 0.0;
        for (const std::int32_t step : routes_.way(w)) sum += cost[at(step >> 1)];
        way_cost_.push_back(sum);
        least = std::min(least, sum);
      }
      double all = 0.0;
      for (std::size_t w = first; w < end; ++w) {
        double& weight = way_cost_[w - first];
        weight = std::exp(-choice_.theta_per_min * (weight - least)) * (choice_.path_size ? routes_.path_size[w] : 1.0);
        all += weight;
      }
      for (std::size_t w = first; w < end; ++w) {
        const double share = way_cost_[w - first] / all;
        const double out = legs.out * share, back = legs.back * share;
        for (const std::int32_t step : routes_.way(w)) {
          next[at(step)] += out;
          next[at(step ^ 1)] += back;
        }
      }
    }
  }

  const TrailNetwork& network_;
  const RouteSet& routes_;
  std::span<const double> walking_, cycling_;
  const std::vector<double>& capacity_;
  const CrowdRule& crowd_;
  const ChoiceRule& choice_;
  Class walkers_, cyclists_;
  std::vector<double> walk_minutes_, ride_minutes_, way_cost_;
};

}  // namespace

std::vector<double> walking_minutes(const TrailNetwork& network, const PaceRule& rule) {
  return minutes_at(network, rule.walking_km_h, rule);
}

std::vector<double> cycling_minutes(const TrailNetwork& network, const PaceRule& rule) {
  const std::vector<double> walking = walking_minutes(network, rule);
  std::vector<double> cycling = minutes_at(network, rule.cycling_km_h, rule);
  for (std::size_t l = 0; l < cycling.size(); ++l) {
    if (network.links[l].surface == TrailSurface::steps) cycling[l] = walking[l];
    cycling[l] = std::min(cycling[l], walking[l]);
  }
  return cycling;
}

double capacity_per_hour(const TrailLink& link, const CrowdRule& rule) {
  return 60.0 * rule.capacity_per_min_m[static_cast<std::size_t>(link.kind)] * link.width_m;
}

double Assignment::worst_gap() const {
  double worst = 0.0;
  for (const HourOfAssignment& hour : hours)
    if (!hour.gaps.empty()) worst = std::max(worst, hour.gaps.back());
  return worst;
}

Assignment assign(const TrailNetwork& network, const RouteSet& routes, std::span<const double> walking_minutes,
                  std::span<const double> cycling_minutes, const TrailDemand& demand, const CrowdRule& crowd,
                  const ChoiceRule& choice, const RunContext& context) {
  const std::size_t links = network.links.size(), cells = links * at(demand.hours);
  assert(walking_minutes.size() == links && cycling_minutes.size() == links);
  std::vector<double> capacity;
  for (const TrailLink& link : network.links) {
    capacity.push_back(capacity_per_hour(link, crowd));
    if (!(capacity.back() > 0.0))
      throw InputError("", fmt::format("trail of {:.0f} m", link.length_m),
                       fmt::format("a width of {:g} m", link.width_m), "give widths and capacities above 0");
  }
  Assignment result;
  result.load = {demand.hours,
                 std::vector<double>(cells, 0.0),
                 std::vector<double>(cells, 0.0),
                 std::vector<double>(cells, 0.0),
                 {}};
  result.cyclists.assign(cells, 0.0);
  result.minutes.assign(cells, 0.0);
  result.hours.resize(at(demand.hours));
  parallel_for(demand.hours, [&](std::int64_t h) {
    context.check();
    HourOfAssignment& report = result.hours[at(h)];
    Hour hour(network, routes, walking_minutes, cycling_minutes, demand, static_cast<int>(h), capacity, crowd, choice);
    hour.search(report);
    hour.take(static_cast<int>(h), demand.hours, result, report);
  });
  return result;
}

}  // namespace greenweave
