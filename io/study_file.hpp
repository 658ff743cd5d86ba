#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/study.hpp"

namespace greenweave {

/// What the command line may change of a study.
struct StudyOverrides {
  std::optional<double> cell_m;
  std::optional<int> draws;
  std::vector<std::string> scenarios;  // only these and the baseline; empty: all
};

/// Reads a study file and everything it names, checks it all, and returns values. The format is docs/study-file.md.
/// InputError with file, line and remedy for anything that cannot be used. `unwritten`: what the file is going to say,
/// where it is not written yet.
Study load_study(const std::filesystem::path& path, const StudyOverrides& overrides = {},
                 const std::string* unwritten = nullptr);

}  // namespace greenweave
