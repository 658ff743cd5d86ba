#pragma once
#include <string>
#include <vector>

namespace greenweave {

/// Of `known`, the word most like `word`, if one is alike at all; empty otherwise. Words that begin alike are alike,
/// however they end.
std::string nearest_word(const std::string& word, const std::vector<std::string>& known);

/// "did you mean X?", or the list of what there is.
std::string suggest(const std::string& word, const std::vector<std::string>& known);

}  // namespace greenweave
