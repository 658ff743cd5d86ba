#include "model/visitors/demand.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Integral of min(max(v, 0), stay) up to y.
double stay_integral(double y, double stay) {
  if (y <= 0.0) return 0.0;
  return y <= stay ? y * y / 2.0 : stay * stay / 2.0 + stay * (y - stay);
}

/// Of someone who comes evenly within [walk, walk + 1) and stays: the mean time there before `time`, hours.
double stayed_before(double time, double walk, double stay) {
  return stay_integral(time - walk, stay) - stay_integral(time - walk - 1.0, stay);
}

double pull_at(const Sight& sight, double way_m, const VisitRule& rule) {
  return std::isfinite(way_m) ? sight.pull * std::exp(-way_m / rule.mean_way_m) : 0.0;
}

struct Sums {
  std::vector<double> per_day;
  double stay_home = 0.0;
  Sums& operator+=(const Sums& other) {
    if (per_day.empty()) per_day.assign(other.per_day.size(), 0.0);
    for (std::size_t i = 0; i < other.per_day.size(); ++i) per_day[i] += other.per_day[i];
    stay_home += other.stay_home;
    return *this;
  }
};

}  // namespace

std::vector<Origin> origins_of(const Frame& frame, const Raster<float>& population, double block_m) {
  const Shape& shape = frame.shape;
  const auto side = static_cast<std::int32_t>(std::max(1.0, std::round(block_m / frame.cell_m)));
  const Shape blocks{(shape.rows + side - 1) / side, (shape.cols + side - 1) / side};
  std::vector<Origin> all(at(blocks.cells()));
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!population.is_valid(cell) || !(population[cell] > 0.0F)) continue;
    Origin& origin = all[at(blocks.cell(shape.row(cell) / side, shape.col(cell) / side))];
    const double persons = static_cast<double>(population[cell]);
    const Point centre = frame.centre(cell);
    origin.at.x += persons * centre.x;
    origin.at.y += persons * centre.y;
    origin.persons += persons;
  }
  std::erase_if(all, [](const Origin& origin) { return !(origin.persons > 0.0); });
  for (Origin& origin : all) {
    origin.at.x /= origin.persons;
    origin.at.y /= origin.persons;
  }
  return all;
}

std::vector<AccessMode> default_access_modes() {
  return {{"foot", 0.35, 4.5, 0.0, 45.0, false},
          {"bicycle", 0.2, 12.0, 2.0, 45.0, true},
          {"metro", 0.2, 25.0, 15.0, 75.0, false},
          {"car", 0.25, 25.0, 8.0, 75.0, false}};
}

GateVisits huff_visits(std::span<const Origin> origins, std::span<const Gate> gates, std::span<const AccessMode> modes,
                       double visits_per_person_day, const HuffRule& rule) {
  double shares = 0.0;
  for (const AccessMode& mode : modes) shares += mode.share;
  if (!(std::abs(shares - 1.0) < 1e-6))
    throw InputError("", "access modes", fmt::format("their shares add up to {:g}", shares), "make them add up to 1");
  const std::size_t cells = gates.size() * modes.size();
  const Sums sums =
      deterministic_sum<Sums>(static_cast<std::int64_t>(origins.size()), 64, [&](std::int64_t begin, std::int64_t end) {
        Sums part{std::vector<double>(cells, 0.0), 0.0};
        std::vector<double> weight(gates.size());
        for (std::int64_t i = begin; i < end; ++i)
          for (std::size_t m = 0; m < modes.size(); ++m) {
            const double visits = origins[at(i)].persons * visits_per_person_day * modes[m].share;
            double all = 0.0;
            for (std::size_t g = 0; g < gates.size(); ++g) {
              const Point from = origins[at(i)].at, to = gates[g].at;
              const double way_km = rule.detour * std::hypot(from.x - to.x, from.y - to.y) / 1000.0;
              const double minutes = modes[m].fixed_minutes + 60.0 * way_km / modes[m].km_h;
              const bool may = gates[g].serves[m] && minutes <= modes[m].most_minutes;
              weight[g] =
                  may ? std::pow(gates[g].attractiveness, rule.alpha) * std::pow(std::max(1.0, minutes), -rule.beta)
                      : 0.0;
              all += weight[g];
            }
            if (!(all > 0.0)) {
              part.stay_home += visits;
              continue;
            }
            for (std::size_t g = 0; g < gates.size(); ++g)
              part.per_day[g * modes.size() + m] += visits * weight[g] / all;
          }
        return part;
      });
  GateVisits result{sums.per_day, sums.stay_home};
  result.per_day.resize(cells, 0.0);
  return result;
}

std::vector<double> entrance_attractiveness(const RouteSet& routes, std::span<const double> way_m,
                                            std::span<const Sight> sights, const VisitRule& rule) {
  std::vector<double> worth(routes.entrances.size(), 0.0);
  for (std::size_t e = 0; e < worth.size(); ++e)
    for (std::size_t k = 0; k < sights.size(); ++k) worth[e] += pull_at(sights[k], way_m[routes.pair(e, k)], rule);
  return worth;
}

VisitDay visit_day(const RouteSet& routes, std::span<const double> minutes, std::span<const double> way_m,
                   std::span<const double> visitors, std::span<const Sight> sights, std::span<const double> arrivals,
                   const VisitRule& rule) {
  const std::size_t entrances = routes.entrances.size(), pairs = routes.pairs(), hours = arrivals.size();
  assert(visitors.size() == entrances && sights.size() == routes.attractions.size());
  VisitDay day;
  day.legs.out.assign(hours * pairs, 0.0);
  day.legs.back.assign(hours * pairs, 0.0);
  day.present.assign(sights.size() * hours, 0.0);
  const std::vector<double> worth = entrance_attractiveness(routes, way_m, sights, rule);
  std::vector<double> exit(entrances);
  for (std::size_t e = 0; e < entrances; ++e) {
    if (!(visitors[e] > 0.0)) continue;
    if (!(worth[e] > 0.0))
      throw InputError("", fmt::format("entrance {}", e + 1), "it has visitors and leads to no attraction",
                       "join it to the net, or give an attraction a pull above 0");
    for (std::size_t k = 0; k < sights.size(); ++k) {
      const std::size_t pair = routes.pair(e, k);
      const double here = visitors[e] * pull_at(sights[k], way_m[pair], rule) / worth[e];
      if (!(here > 0.0)) continue;
      // By which entrance they leave.
      double others = 0.0;
      for (std::size_t x = 0; x < entrances; ++x) {
        const double way = way_m[routes.pair(x, k)];
        exit[x] = x != e && std::isfinite(way) ? std::exp(-way / rule.mean_way_m) : 0.0;
        others += exit[x];
      }
      const double through = others > 0.0 ? rule.through_share : 0.0;
      for (std::size_t x = 0; x < entrances; ++x) exit[x] = others > 0.0 ? through * exit[x] / others : 0.0;
      exit[e] = 1.0 - through;

      const double walk = minutes[pair] / 60.0, until = walk + sights[k].dwell_hours;
      const auto whole = static_cast<std::size_t>(until);
      const double later = until - std::floor(until);
      for (std::size_t h = 0; h < hours; ++h) {
        const double group = here * arrivals[h];
        if (!(group > 0.0)) continue;
        day.legs.out[h * pairs + pair] += group;
        const std::size_t one = std::min(h + whole, hours - 1), two = std::min(h + whole + 1, hours - 1);
        for (std::size_t x = 0; x < entrances; ++x) {
          if (!(exit[x] > 0.0)) continue;
          day.legs.back[one * pairs + routes.pair(x, k)] += group * exit[x] * (1.0 - later);
          day.legs.back[two * pairs + routes.pair(x, k)] += group * exit[x] * later;
        }
        for (std::size_t i = h; i < hours; ++i) {
          const double since = static_cast<double>(i - h);
          const double there = stayed_before(since + 1.0, walk, sights[k].dwell_hours) -
                               stayed_before(since, walk, sights[k].dwell_hours);
          day.present[k * hours + i] += group * std::max(0.0, there);  // rounding may leave less than nobody
        }
      }
    }
  }
  return day;
}

}  // namespace greenweave
