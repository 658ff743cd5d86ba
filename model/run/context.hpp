#pragma once
#include <atomic>
#include <cstdint>
#include <string_view>

#include "model/run/error.hpp"

namespace greenweave {

/// Receives progress. Calls may come from any thread, in any order.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `total` units of work named `what` begin.
  virtual void begin(std::string_view what, std::int64_t total) = 0;
  /// `units` more are done; `detail` names the last of them.
  virtual void advance(std::int64_t units, std::string_view detail) = 0;
  virtual void end() = 0;
};

/// What travels with a run: how to report, and whether to stop. Threads are those of the TBB arena the caller is in.
struct RunContext {
  Progress* progress = nullptr;
  const std::atomic<bool>* cancelled = nullptr;

  bool is_cancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  /// Throws Cancelled when the user asked to stop. Long loops call it now and then.
  void check() const {
    if (is_cancelled()) throw Cancelled();
  }
};

}  // namespace greenweave
