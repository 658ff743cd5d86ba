#include "app/progress_bar.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace greenweave {

namespace {

std::string duration(double seconds) {
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02} min", s / 60, s % 60);
  return fmt::format("{}:{:02} h", s / 3600, s / 60 % 60);
}

}  // namespace

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressBar::begin(std::string_view what, std::int64_t total) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  total_ = total;
  done_ = shown_ = 0;
  shown_at_ = 0.0;
  begun_ = std::chrono::steady_clock::now();
  draw("");
}

void ProgressBar::advance(std::int64_t units, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  done_ += units;
  draw(detail);
}

void ProgressBar::end() {
  const std::lock_guard lock(mutex_);
  if (terminal_) fmt::print(stderr, "\n");
}

void ProgressBar::draw(std::string_view detail) {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  if (!terminal_) {
    // A log is to be read: a line now and then, and the last.
    constexpr double least_seconds = 2.0;
    if (done_ == 0 || done_ == shown_ || (done_ < total_ && elapsed - shown_at_ < least_seconds && shown_ > 0)) return;
    fmt::print(stderr, "{}/{} {} {}\n", done_, total_, what_, detail);
    shown_ = done_;
    shown_at_ = elapsed;
    return;
  }
  constexpr int width = 30;
  const int filled = total_ > 0 ? static_cast<int>(width * done_ / total_) : width;
  std::string rest;
  if (done_ > 0 && done_ < total_)
    rest = "  " + duration(elapsed / static_cast<double>(done_) * static_cast<double>(total_ - done_)) + " left";
  else if (done_ == total_)
    rest = "  " + duration(elapsed);
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}/{} {}{}  {:.30}\x1b[K", "", filled, "", width - filled, done_, total_,
             what_, rest, detail);
  std::fflush(stderr);
}

}  // namespace greenweave
