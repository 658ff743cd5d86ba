#pragma once
// Reading the [analysis] table of a study file. Included by the study reader's files only.
#include <filesystem>
#include <string>
#include <vector>

#include "io/toml_section.hpp"
#include "model/grid/geometry.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// What reading an analysis may need: the study so far (frame, classes, elements, guilds) and its places. Files that an
/// analysis reads are recorded in the study.
struct StudySoFar {
  Study& study;
  const std::vector<Feature>& places;
  std::string scheme = "none";  // of the land-cover classes
};

/// Reads [analysis] and its tables, one a topic. InputError with file, line and remedy.
Analyses read_analyses_of(Section& section, const StudySoFar& so_far);

/// The names of a list; InputError: one that is not among those known, with the nearest of them. `what` they name.
std::vector<std::string> names_among(Section& section, const std::string& key, const std::string& what,
                                     const std::vector<std::string>& known);
std::vector<std::string> guild_names(const Study& study);

/// Which classes a list of names means. InputError: no such class, no list.
std::vector<bool> classes_of(Section& section, const std::string& key, const StudySoFar& so_far);

/// Which parts of the frame a table reports by: all that the study has, unless `levels` says so.
RegionLevels read_levels(Section& section, const Study& study);

/// The guild beside whose indices those that belong to no guild stand; the first unless `guild` says otherwise.
std::string guild_for_indices(Section& section, const Study& study);

/// Notes a file that the study reads, with its hash, once a role.
void record_input(Study& study, const std::string& role, const std::filesystem::path& path);

}  // namespace greenweave
