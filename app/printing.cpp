#include "app/printing.hpp"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace greenweave {

Paint Paint::for_output() {
  if (isatty(STDOUT_FILENO) == 0) return {};
  return {"\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"};
}

std::string brief(double value) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double size = std::abs(value);
  if (size >= 1000.0 || value == std::floor(value)) return fmt::format("{:.0f}", value);
  if (size >= 100.0) return fmt::format("{:.1f}", value);
  if (size >= 1.0) return fmt::format("{:.2f}", value);
  if (size >= 0.001) return fmt::format("{:.4f}", value);
  return fmt::format("{:.2e}", value);
}

std::string with_sign(double value) {
  if (value == 0.0) return "0";
  return fmt::format("{}{}", value > 0.0 ? "+" : "", brief(value));
}

std::string percent(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0.0) return "=";
  const double size = std::abs(value);
  if (size >= 1e6) return fmt::format("x{:.3g}", 1.0 + value / 100.0);
  return fmt::format("{:+.{}f}%", value, size < 9.995 ? 2 : size < 999.95 ? 1 : 0);
}

std::string field(const std::string& text, std::size_t width, const char* colour, const char* off) {
  const std::string space(text.size() < width ? width - text.size() : 0, ' ');
  return space + colour + text + off;
}

}  // namespace greenweave
