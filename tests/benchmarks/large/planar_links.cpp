// Planar least-cost links on a large landscape, once: seconds and peak memory of each step. As many patches a cell as
// the published landscape of 252 million cells with 22,634 patches (Graphab: 295 s on 4 cores). usage:
// greenweave_planar_links [SIDE_CELLS] [THREADS]
#include <chrono>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <sys/resource.h>

#include "model/habitat/patches.hpp"
#include "model/movement/links.hpp"
#include "model/run/parallel.hpp"
#include "model/run/random.hpp"

namespace {

using namespace greenweave;

/// Plots of 20 x 20 cells in ten classes, and discs of habitat of resistance 1.
HabitatSurface landscape(const Shape& shape, std::int64_t discs) {
  constexpr float resistance_of_class[10] = {1, 2, 3, 5, 8, 10, 20, 30, 50, 100};
  HabitatSurface surface{Raster<float>(shape), Raster<float>(shape)};
  parallel_for(shape.rows, [&](std::int64_t row) {
    const auto r = static_cast<std::int32_t>(row);
    for (std::int32_t c = 0; c < shape.cols; ++c) {
      const auto plot = static_cast<std::uint64_t>(r / 20 * 100003 + c / 20);
      surface.resistance.at(r, c) = resistance_of_class[static_cast<std::size_t>(10.0 * random_uniform(1, 1, plot))];
    }
  });
  for (std::int64_t k = 0; k < discs; ++k) {
    const auto uniform = [&](std::uint64_t what) { return random_uniform(4, what, static_cast<std::uint64_t>(k)); };
    const double radius = 2.0 + 14.0 * uniform(0), row = uniform(1) * shape.rows, col = uniform(2) * shape.cols;
    for (auto r = static_cast<std::int32_t>(row - radius); r <= static_cast<std::int32_t>(row + radius); ++r)
      for (auto c = static_cast<std::int32_t>(col - radius); c <= static_cast<std::int32_t>(col + radius); ++c)
        if (shape.holds(r, c) && std::hypot(r - row, c - col) <= radius)
          surface.resistance.at(r, c) = surface.quality.at(r, c) = 1.0F;
  }
  return surface;
}

class Clock {
 public:
  explicit Clock(std::int64_t cells) : cells_(cells) {}
  void say(const char* step) {
    const auto now = std::chrono::steady_clock::now();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const double peak = static_cast<double>(usage.ru_maxrss) * 1024.0;
    fmt::print("{:<12} {:8.1f} s   user {:8.1f} s   peak {:6.2f} GiB ({:.1f} bytes a cell)\n", step,
               std::chrono::duration<double>(now - begun_).count(), static_cast<double>(usage.ru_utime.tv_sec),
               peak / 1073741824.0, peak / static_cast<double>(cells_));
    begun_ = std::chrono::steady_clock::now();
  }

 private:
  std::int64_t cells_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

int main(int count, char** words) {
  const int side = count > 1 ? std::atoi(words[1]) : 5000;
  const int threads = count > 2 ? std::atoi(words[2]) : 0;
  if (side < 100 || side > 46000) {
    fmt::print(stderr, "usage: greenweave_planar_links [SIDE_CELLS from 100 to 46000] [THREADS]\n");
    return 2;
  }
  const oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism,
                                            threads > 0
                                                ? static_cast<std::size_t>(threads)
                                                : static_cast<std::size_t>(tbb::this_task_arena::max_concurrency()));
  const Frame frame{{side, side}, 30.0, 0.0, 30.0 * side, ""};
  const std::int64_t cells = frame.shape.cells();
  Clock clock(cells);
  HabitatSurface surface = landscape(frame.shape, cells * 22634 / 252000000);
  clock.say("landscape");
  Guild guild;
  guild.minimum_patch_ha = 0.0;
  const PatchSet patches = find_patches(frame, surface, guild);
  clock.say("patches");
  surface.quality = {};  // links do not read it
  const LinkSet set = find_links(frame, surface, patches, LinkRule{}, RunContext{});
  clock.say("links");
  double cost_m = 0.0;
  for (const Link& link : set.links) cost_m += link.cost_m;
  fmt::print("{} cells, {} patches, {} links, mean cost {:.1f} m\n", cells, patches.count(), set.links.size(),
             cost_m / static_cast<double>(set.links.size()));
  return 0;
}
