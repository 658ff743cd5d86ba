#include "model/run/parallel.hpp"

#include <atomic>

#include <doctest/doctest.h>

using namespace greenweave;

TEST_CASE("a loop that an error elsewhere stops half-way throws") {
  tbb::task_group_context outer;
  bool thrown = false;
  std::atomic<int> done{0};
  tbb::parallel_for(
      0, 1,
      [&](int) {
        outer.cancel_group_execution();  // what TBB does when another task of the group throws
        try {
          parallel_for(1000, [&](std::int64_t) { ++done; });
        } catch (const Cancelled&) {
          thrown = true;
        }
      },
      outer);
  CHECK(thrown);
  CHECK(done < 1000);
  done = 0;
  parallel_for(1000, [&](std::int64_t) { ++done; });
  CHECK(done == 1000);
}
