#pragma once
#include "io/toml_section.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// [cluster] of a study or a sweep.
Cluster read_cluster(Section& section);

}  // namespace greenweave
