#pragma once
#include <chrono>
#include <mutex>
#include <string>

#include "model/run/context.hpp"

namespace greenweave {

/// Progress on standard error: a bar that redraws itself on a terminal, plain lines otherwise.
class ProgressBar final : public Progress {
 public:
  ProgressBar();
  void begin(std::string_view what, std::int64_t total) override;
  void advance(std::int64_t units, std::string_view detail) override;
  void end() override;

 private:
  void draw(std::string_view detail);

  std::mutex mutex_;
  bool terminal_;
  std::string what_;
  std::int64_t total_ = 0, done_ = 0, shown_ = 0;  // shown: in the last line of a log
  double shown_at_ = 0.0;                          // seconds after the beginning
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace greenweave
