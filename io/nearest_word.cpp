#include "io/nearest_word.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace greenweave {

namespace {

/// Edits that turn one word into the other: insertions, deletions, substitutions.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_word(const std::string& word, const std::vector<std::string>& known) {
  const std::size_t most = std::max<std::size_t>(2, word.size() / 2);
  std::string best;
  std::size_t least = 0;
  for (const std::string& candidate : known) {
    const auto differs = std::mismatch(word.begin(), word.end(), candidate.begin(), candidate.end()).first;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > most && differs - word.begin() < 4) continue;
    if (best.empty() || distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggest(const std::string& word, const std::vector<std::string>& known) {
  const std::string nearest = nearest_word(word, known);
  if (known.empty()) return "there are none";
  if (!nearest.empty()) return fmt::format("did you mean \"{}\"?", nearest);
  return fmt::format("there are: {}", fmt::join(known, ", "));
}

}  // namespace greenweave
