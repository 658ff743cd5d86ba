#include "model/visitors/demand.hpp"

#include <cmath>
#include <numeric>

#include <doctest/doctest.h>

#include "model/run/error.hpp"
#include "tests/support/trails.hpp"

using namespace greenweave;
using greenweave::testing::plain_link;
using greenweave::testing::plain_nodes;

namespace {

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// Two entrances, one attraction between them, 10 and 20 minutes away.
struct Between {
  TrailNetwork network{plain_nodes(2, 0, 1), {plain_link(0, 2), plain_link(1, 2)}};
  std::vector<double> minutes{10.0, 20.0}, way_m{600.0, 1200.0};
  RouteSet routes = find_routes(network, minutes, std::vector<int>{0, 1}, std::vector<int>{2}, {}, {});
};

}  // namespace

TEST_CASE("Huff: shares of two gates by hand") {
  const std::vector<Origin> origins{{{0, 0}, 1000.0}};
  // 1 km and 2 km off on foot at 6 km/h without detour: 10 and 20 minutes; the further is twice as attractive.
  const std::vector<Gate> gates{{{1000, 0}, 1.0, {true}}, {{0, 2000}, 2.0, {true}}};
  const std::vector<AccessMode> foot{{"foot", 1.0, 6.0, 0.0, 60.0, false}};
  const GateVisits visits = huff_visits(origins, gates, foot, 0.1, {1.0, 2.0, 1.0});
  // 1 / 100 against 2 / 400.
  CHECK(visits.per_day[0] == doctest::Approx(100.0 * 2.0 / 3.0));
  CHECK(visits.per_day[1] == doctest::Approx(100.0 / 3.0));
  CHECK(visits.stay_home_per_day == 0.0);
}

TEST_CASE("modes reach only the gates that they serve and that lie within their time; the rest stay home") {
  const std::vector<Origin> origins{{{0, 0}, 1000.0}, {{50000, 0}, 500.0}};
  const std::vector<Gate> gates{{{3000, 0}, 1.0, {true, false}}, {{6000, 0}, 1.0, {true, true}}};
  const std::vector<AccessMode> modes{{"foot", 0.4, 6.0, 0.0, 30.0, false}, {"metro", 0.6, 30.0, 10.0, 60.0, false}};
  const GateVisits visits = huff_visits(origins, gates, modes, 1.0, {1.0, 2.0, 1.0});
  CHECK(visits.per_day[0] == doctest::Approx(400.0));  // foot, 30 minutes
  CHECK(visits.per_day[1] == 0.0);
  CHECK(visits.per_day[2] == 0.0);                     // an hour's walk
  CHECK(visits.per_day[3] == doctest::Approx(600.0));  // metro
  CHECK(visits.stay_home_per_day == doctest::Approx(500.0));
  CHECK(sum(visits.per_day) + visits.stay_home_per_day == doctest::Approx(1500.0));
  CHECK_THROWS_AS(huff_visits(origins, gates, std::vector<AccessMode>{{"foot", 0.4, 6.0, 0.0, 30.0, false}}, 1.0),
                  InputError);
}

TEST_CASE("blocks hold everyone, at the middle of their people") {
  const Frame frame{{4, 4}, 100.0, 0.0, 400.0, ""};
  Raster<float> people(frame.shape, 0.0F);
  people.at(0, 0) = 30.0F;
  people.at(1, 1) = 10.0F;
  people.at(3, 3) = 5.0F;
  const std::vector<Origin> origins = origins_of(frame, people, 200.0);
  REQUIRE(origins.size() == 2);
  CHECK(origins[0].persons == 40.0);
  CHECK(origins[0].at.x == doctest::Approx(75.0));
  CHECK(origins[0].at.y == doctest::Approx(325.0));
  CHECK(origins[1].persons == 5.0);
}

TEST_CASE("a day's visitors walk out, stay as long as they stay, and go back") {
  const Between place;
  // Everyone comes in hour 1; 10 minutes' walk and 80 minutes' stay: they set out after an hour and a half.
  const std::vector<Sight> sights{{1.0, 80.0 / 60.0}};
  const VisitDay day = visit_day(place.routes, place.minutes, place.way_m, std::vector<double>{90.0, 0.0}, sights,
                                 std::vector<double>{0.0, 1.0, 0.0, 0.0, 0.0, 0.0}, {1000.0, 0.0});
  CHECK(day.legs.out == std::vector<double>{0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(day.legs.back[2 * 2] == doctest::Approx(45.0));
  CHECK(day.legs.back[3 * 2] == doctest::Approx(45.0));
  // Little: persons x hours.
  CHECK(sum(day.present) == doctest::Approx(90.0 * 80.0 / 60.0));
  // Of hour 1 they miss the walk: integral of (1 - u - 1/6) over u, (5/6)^2 / 2.
  CHECK(day.present[1] == doctest::Approx(90.0 * 25.0 / 72.0));
  CHECK(day.present[0] == 0.0);
  CHECK(day.present[4] == 0.0);
}

TEST_CASE("who enters leaves, the same day, some by another entrance") {
  const Between place;
  const std::vector<Sight> sights{{1.0, 2.5}};
  const std::vector<double> arrivals{0.1, 0.2, 0.3, 0.4};
  const VisitDay day = visit_day(place.routes, place.minutes, place.way_m, std::vector<double>{100.0, 50.0}, sights,
                                 arrivals, {1000.0, 0.2});
  CHECK(sum(day.legs.out) == doctest::Approx(150.0));
  CHECK(sum(day.legs.back) == doctest::Approx(150.0));
  double first = 0.0;
  for (std::size_t h = 0; h < 4; ++h) first += day.legs.back[2 * h];
  CHECK(first == doctest::Approx(0.8 * 100.0 + 0.2 * 50.0));
}

TEST_CASE("visitors spread over attractions by pull and way") {
  TrailNetwork network{plain_nodes(1, 0, 2), {plain_link(0, 1), plain_link(0, 2)}};
  const std::vector<double> minutes{5.0, 10.0}, way_m{500.0, 1500.0};
  const RouteSet routes = find_routes(network, minutes, std::vector<int>{0}, std::vector<int>{1, 2}, {}, {});
  const std::vector<Sight> sights{{1.0, 1.0}, {2.0, 1.0}};
  const VisitRule rule{1000.0, 0.0};
  const double near = std::exp(-0.5), far = 2.0 * std::exp(-1.5);
  CHECK(entrance_attractiveness(routes, way_m, sights, rule)[0] == doctest::Approx(near + far));
  const VisitDay day =
      visit_day(routes, minutes, way_m, std::vector<double>{100.0}, sights, std::vector<double>{1.0, 0.0, 0.0}, rule);
  CHECK(day.legs.out[0] == doctest::Approx(100.0 * near / (near + far)));
  CHECK(day.legs.out[1] == doctest::Approx(100.0 * far / (near + far)));
  CHECK_THROWS_WITH_AS(visit_day(routes, minutes, way_m, std::vector<double>{100.0},
                                 std::vector<Sight>{{0.0, 1.0}, {0.0, 1.0}}, std::vector<double>{1.0}, rule),
                       doctest::Contains("leads to no attraction"), InputError);
}
