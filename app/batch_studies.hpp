#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/study_file.hpp"
#include "io/sweep.hpp"

namespace greenweave {

/// One study of a batch: the study that was named, or a variant of a sweep.
struct BatchStudy {
  std::string variant;  // empty: no sweep
  std::filesystem::path file, sweep_file;
  std::optional<std::string> text;  // of the file, which need not be written yet
  std::filesystem::path out;        // empty: as the study says
};

/// What a study file or a sweep file names.
struct BatchStudies {
  std::optional<Sweep> sweep;
  std::vector<BatchStudy> studies;
};

/// `out`: results file of a study, or folder of a sweep's; empty: as the file says.
BatchStudies batch_studies(const std::filesystem::path& file, const std::filesystem::path& out,
                           const StudyOverrides& overrides);

/// Reads one of them. A mistake in a variant is told as one of the sweep.
Study load(const BatchStudy& study, const StudyOverrides& overrides);

std::filesystem::path out_of(const BatchStudy& batch, const Study& study);

/// Whether a variant's results are there, whole, of what the sweep says now. InputError: results of something else.
bool is_joined(const BatchStudy& batch, const Study& study);

/// Writes `variants.csv` beside the variants: each with its study, its parameters and its results file.
void write_variant_list(const Sweep& sweep);

}  // namespace greenweave
