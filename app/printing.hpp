#pragma once
#include <string>

namespace greenweave {

/// Colours on a terminal, nothing elsewhere.
struct Paint {
  const char *good = "", *bad = "", *head = "", *off = "";
  static Paint for_output();
};

/// Four significant digits or whole numbers, without exponents where one can read it; "-" for NaN.
std::string brief(double value);
/// The same with a plus where it is one.
std::string with_sign(double value);
/// A change in per cent; "=" for none.
std::string percent(double value);
/// Text at the right of a field.
std::string field(const std::string& text, std::size_t width, const char* colour = "", const char* off = "");

}  // namespace greenweave
