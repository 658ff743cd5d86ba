#include "io/study_analyses.hpp"

#include "io/sha256.hpp"

namespace greenweave {

void record_input(Study& study, const std::string& role, const std::filesystem::path& path) {
  for (const Provenance& known : study.inputs)
    if (known.role == role && known.path == path.string()) return;
  study.inputs.push_back({role, path.string(), sha256_of_file(path)});
}

Analyses read_analyses_of(Section& section, const StudySoFar& so_far) {
  static_cast<void>(so_far);
  Analyses analyses;
  analyses.patch_importance = section.boolean("patch_importance", true);
  analyses.elements = section.boolean("elements", true);
  analyses.element_contribution = section.boolean("element_contribution", true);
  section.done();
  return analyses;
}

}  // namespace greenweave
