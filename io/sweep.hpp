#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/study.hpp"

namespace greenweave {

/// One study of a sweep: a base study with some keys of its own.
struct Variant {
  std::string name;                 // identifier; of its files too
  std::string base;                 // name of the study it comes from
  std::vector<std::string> values;  // of the sweep's parameters, as they stand in the file; empty: the base's
  std::filesystem::path file;       // its study file, which `extends` the base
  std::string text;                 // of that file
  std::filesystem::path results;
};

/// Several studies, cell sizes and parameter grids as one batch.
struct Sweep {
  std::string name, title;
  std::filesystem::path folder;         // of its variants and their results, absolute
  std::vector<std::string> parameters;  // what varies, in short
  std::vector<Variant> variants;
  std::optional<Cluster> cluster;
};

/// Whether a file is a sweep rather than a study: it lists `studies`. False for what cannot be read.
bool is_sweep(const std::filesystem::path& path);

/// Reads a sweep file (docs/study-file.md) and works out its variants; writes nothing. `folder`: where they are to be;
/// empty: as the file says. InputError with file, line and remedy.
Sweep read_sweep(const std::filesystem::path& path, const std::filesystem::path& folder = {});

/// Writes the variants' study files, each whole or not at all. InputError: a file of that name says something else and
/// has results, and `replace` is false.
void write_variants(const Sweep& sweep, bool replace);

}  // namespace greenweave
