#include "model/water/streams.hpp"

#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/water/conditioning.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

struct Place {
  Raster<float> dem;
  D8Flow flow;
  Raster<double> accumulated;
};

Place placed(const Raster<float>& dem) {
  Place place{fill_depressions(dem), {}, {}};
  place.flow = d8_flow(place.dem);
  place.accumulated = accumulate(place.flow);
  return place;
}

std::int32_t plain_order(const StreamNetwork& network, const D8Flow& flow, Cell cell) {
  std::int32_t highest = 0, times = 0;
  for_each_neighbour(flow.shape(), cell, Neighbourhood::eight, [&](Cell n, bool) {
    if (network.link[n] == 0 || flow.receiver(n) != cell) return;
    const std::int32_t order = plain_order(network, flow, n);
    if (order > highest) highest = order, times = 0;
    if (order == highest) ++times;
  });
  return std::max(1, times > 1 ? highest + 1 : highest);
}

}  // namespace

TEST_CASE("streams: two valleys meet in a third") {
  // Valleys at both sides fall to the south and meet in the middle of the fifth row; everything counts as stream from 4
  // cells on.
  const Place place = placed(drawn_heights({
      "9799979",
      "9699969",
      "9598959",
      "9948499",
      "9993999",
      "9992999",
      "9991999",
  }));
  const StreamNetwork network = stream_network(place.flow, place.accumulated, 4.0, 10.0);
  REQUIRE(network.links.size() == 3);
  CHECK(network.links[0].strahler == 1);
  CHECK(network.links[1].strahler == 1);
  CHECK(network.links[2].strahler == 2);
  CHECK(network.links[2].cells == std::vector<Cell>{31, 38, 45});
  CHECK(network.links[2].downstream == 0);
  CHECK(network.links[2].flows_to == -1);
  CHECK(network.links[2].length_m == 20.0);
  CHECK(network.links[2].cells_drained == place.accumulated[45]);
  CHECK(network.links[0].downstream == 3);
  CHECK(network.links[0].flows_to == 31);
  // Both upper links end with two diagonal steps into the confluence.
  const auto steps = static_cast<double>(network.links[0].cells.size()) - 2.0;
  CHECK(network.links[0].length_m == doctest::Approx(10.0 * (steps + 2.0 * std::numbers::sqrt2)));
  // Every cell stands above the valley floor that it drains to.
  const Raster<float> hand = height_above_drainage(place.dem, place.flow, network.link);
  CHECK(hand.at(6, 3) == 0.0F);
  CHECK(hand.at(4, 2) >= 6.0F);
}

TEST_CASE("streams: orders, links, catchments and heights on random surfaces, by brute force") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Place place = placed(random_dem(dice, random_shape(dice, 24)));
    const D8Flow& flow = place.flow;
    const StreamNetwork network = stream_network(flow, place.accumulated, 2.0 + dice.below(6), 1.0);
    const Raster<std::int32_t> catchment = watersheds(flow, network.link);
    const Raster<float> hand = height_above_drainage(place.dem, flow, network.link);
    std::set<Cell> seen;
    for (std::size_t i = 0; i < network.links.size(); ++i) {
      const StreamLink& link = network.links[i];
      for (const Cell cell : link.cells) {
        REQUIRE(seen.insert(cell).second);
        REQUIRE(network.link[cell] == static_cast<std::int32_t>(i) + 1);
        REQUIRE(network.strahler[cell] == link.strahler);
        REQUIRE(plain_order(network, flow, cell) == link.strahler);
      }
    }
    for (Cell cell = 0; cell < flow.shape().cells(); ++cell) {
      if (flow.to[cell] == D8Flow::none) continue;
      REQUIRE((network.link[cell] > 0) == (seen.count(cell) == 1));
      Cell at = cell;
      while (at >= 0 && network.link[at] == 0) at = flow.receiver(at);
      REQUIRE(catchment[cell] == (at < 0 ? 0 : network.link[at]));
      REQUIRE(hand.is_valid(cell) == (at >= 0));
      if (at >= 0) REQUIRE(hand[cell] == place.dem[cell] - place.dem[at]);
      if (at >= 0) REQUIRE(hand[cell] >= 0.0F);
    }
  }
}

TEST_CASE("basins: one for each way out, the same for heights moved by a constant, and at any thread count") {
  const Shape shape{200, 240};
  Raster<float> dem(shape);
  dem.values = fractal(shape, 11);
  for (float& z : dem.values) z = std::round(z * 256.0F);
  const auto basins_of = [](const Raster<float>& heights, std::int32_t* count) {
    return basins(d8_flow(fill_depressions(heights)), count);
  };
  std::int32_t count = 0;
  const Raster<std::int32_t> found = basins_of(dem, &count);
  std::map<std::int32_t, std::int64_t> size;
  for (const std::int32_t label : found.values) ++size[label];
  CHECK(static_cast<std::int32_t>(size.size()) == count);
  CHECK(size.begin()->first == 1);
  CHECK(size.rbegin()->first == count);
  Raster<float> higher = dem;
  for (float& z : higher.values) z += 1000.0F;
  CHECK(basins_of(higher, nullptr).values == found.values);
  for (const std::size_t threads : {1U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    CHECK(basins_of(dem, nullptr).values == found.values);
  }
}
