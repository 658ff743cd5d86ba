#pragma once
// The one header that knows TBB's loops. Everything here gives the same numbers at any thread count: work is cut into
// pieces whose bounds depend on the problem alone, and partial results are joined in the order of the pieces.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_group.h>

#include "model/run/error.hpp"

namespace greenweave {

/// Calls `body(i)` for i in [0, n) in parallel; the calls must not depend on each other. Throws Cancelled if an error
/// elsewhere in the run stopped the loop half-way: the caller must not go on with half its work.
template <class Body>
void parallel_for(std::int64_t n, const Body& body, std::int64_t grain = 1) {
  tbb::task_group_context group;
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, n, static_cast<std::size_t>(grain)),
      [&](const auto& range) {
        for (std::int64_t i = range.begin(); i != range.end(); ++i) body(i);
      },
      group);
  if (group.is_group_execution_cancelled()) throw Cancelled();
}

/// Cuts [0, n) into pieces of `piece` and calls `body(begin, end)` for each, in parallel.
template <class Body>
void parallel_pieces(std::int64_t n, std::int64_t piece, const Body& body) {
  const std::int64_t count = (n + piece - 1) / piece;
  parallel_for(count, [&](std::int64_t k) { body(k * piece, std::min(n, (k + 1) * piece)); });
}

/// Joins `partial(begin, end)` over the pieces of [0, n) with +=, in the order of the pieces. `T{}` is the neutral
/// start.
template <class T, class Partial>
T deterministic_sum(std::int64_t n, std::int64_t piece, const Partial& partial) {
  const std::int64_t count = n == 0 ? 0 : (n + piece - 1) / piece;
  std::vector<T> parts(static_cast<std::size_t>(count));
  parallel_for(count, [&](std::int64_t k) {
    parts[static_cast<std::size_t>(k)] = partial(k * piece, std::min(n, (k + 1) * piece));
  });
  T total{};
  for (const T& part : parts) total += part;
  return total;
}

}  // namespace greenweave
