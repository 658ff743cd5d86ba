#include "app/batch_studies.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "app/csv.hpp"
#include "io/results_file.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

BatchStudies batch_studies(const fs::path& file, const fs::path& out, const StudyOverrides& overrides) {
  BatchStudies batch;
  if (!is_sweep(file)) {
    batch.studies.push_back({"", file, "", std::nullopt, out});
    return batch;
  }
  batch.sweep = read_sweep(file, out.empty() ? out : fs::absolute(out));
  const auto varies = [&](const char* name) {
    const auto& all = batch.sweep->parameters;
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  if (overrides.cell_m && varies("cell_m"))
    throw InputError(file.string(), "--cell", "the sweep has cell sizes of its own", "leave the option out");
  if (overrides.draws && varies("draws"))
    throw InputError(file.string(), "--draws", "the sweep has numbers of draws of its own", "leave the option out");
  for (const Variant& variant : batch.sweep->variants)
    batch.studies.push_back({variant.name, variant.file, file, variant.text, variant.results});
  return batch;
}

Study load(const BatchStudy& batch, const StudyOverrides& overrides) try {
  return load_study(batch.file, overrides, batch.text ? &*batch.text : nullptr);
} catch (const InputError& error) {
  if (batch.variant.empty() || error.file() != batch.file.string()) throw;
  throw InputError(batch.sweep_file.string(), fmt::format("variant \"{}\", {}", batch.variant, error.place()),
                   error.reason(), error.remedy());
}

fs::path out_of(const BatchStudy& batch, const Study& study) {
  return fs::absolute(batch.out.empty() ? study.output : batch.out);
}

bool is_joined(const BatchStudy& batch, const Study& study) {
  const fs::path out = out_of(batch, study);
  if (!fs::exists(out) || fs::exists(partial_folder(out))) return false;
  const ResultsFile file(out);
  if (file.header().study_text != study.text || file.draws() != study.uncertainty.draws ||
      !(file.frame().shape == study.landscape.frame.shape))
    throw InputError(out.string(), "", "these are results of another state of the variant",
                     "--overwrite replaces them; or give the sweep another [output] folder");
  return true;
}

void write_variant_list(const Sweep& sweep) {
  std::string text = "variant,study";
  for (const std::string& parameter : sweep.parameters) text += fmt::format(",{}", quoted(parameter));
  text += ",results\n";
  for (const Variant& variant : sweep.variants) {
    text += fmt::format("{},{}", variant.name, variant.base);
    for (const std::string& value : variant.values) text += fmt::format(",{}", quoted(value));
    text += fmt::format(",{}\n", variant.results.filename().string());
  }
  const fs::path path = sweep.folder / "variants.csv";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush())
    throw InputError(path.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
}

}  // namespace greenweave
