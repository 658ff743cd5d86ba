#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.hpp"
#include "io/raster_io.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct InitOptions {
  fs::path folder, land_cover, elevation, framework;
  std::string scheme = "worldcover";
};

/// The path as the study file should name it: from its folder where that is short, else absolute.
std::string path_in_study(const fs::path& path, const fs::path& folder) {
  const fs::path relative =
      fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(folder).lexically_normal());
  return relative.empty() ? fs::absolute(path).string() : relative.string();
}

/// A line that runs rather north is a vertical, else a horizontal; a compact area is a core, a long one a belt.
const char* likely_kind(const NamedExtent& element) {
  if (!element.has_area) return element.height >= element.width ? "vertical" : "horizontal";
  const auto [narrow, wide] = std::minmax(element.width, element.height);
  return 2.0 * narrow >= wide ? "core" : "belt";
}

std::string identifier_of(const std::string& name) {
  std::string result;
  for (const char c : name)
    result += std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 128
                  ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                  : '_';
  return result;
}

std::string study_text(const InitOptions& options) {
  const std::string name = identifier_of(fs::absolute(options.folder).lexically_normal().filename().string());
  std::string text = fmt::format(
      R"(# A greenweave study. Every key is in docs/study-file.md; unknown keys are errors, so nothing here is read past.
name = "{}"
years = [2030]                 # the scenarios are judged in these years

[inputs]                       # any raster and vector that GDAL reads, in any CRS and cell size
land_cover = "{}"
)",
      name, options.land_cover.empty() ? "land_cover.tif" : path_in_study(options.land_cover, options.folder));
  text += options.elevation.empty()
              ? "# elevation = \"elevation.tif\"   # metres; for slopes and the map's relief\n"
              : fmt::format("elevation = \"{}\"\n", path_in_study(options.elevation, options.folder));
  text += options.framework.empty()
              ? "# framework = \"framework.gpkg\"  # lines and polygons with a `name`\n"
              : fmt::format("framework = \"{}\"\n", path_in_study(options.framework, options.folder));
  text += "# places = \"places.gpkg\"        # what actions name, with a `name`\n";
  text += fmt::format(R"(
# [frame]                      # default: CRS, cell size and extent of the land cover
# crs = "EPSG:32648"           # projected, in metres
# cell_m = 30

[classes]
scheme = "{}"          # worldcover or nlcd; "none" with [[classes.class]] code and name for another scheme
)",
                      options.scheme);
  std::vector<NamedExtent> names;
  if (!options.framework.empty()) names = named_extents(options.framework, "");
  if (names.empty()) {
    text += R"(
# [[framework.element]]        # one for each element of the plan
# name = "canal"               # the `name` of its features in inputs.framework
# kind = "vertical"            # belt, core, vertical or horizontal
)";
  } else {
    text +=
        "\n# The elements of the plan. Their kinds (belt, core, vertical or horizontal) are guessed from their shapes: "
        "say "
        "what they are.\n";
    for (const NamedExtent& element : names)
      text += fmt::format(
          "[[framework.element]]\nname = \"{}\"\n{}kind = \"{}\"\n\n", identifier_of(element.name),
          identifier_of(element.name) == element.name ? "" : fmt::format("feature = \"{}\"\n", element.name),
          likely_kind(element));
  }
  const std::string built = options.scheme == "nlcd" ? "developed_medium" : "built_up";
  text += fmt::format(R"(
[[guild]]                      # presets: forest_mammals, wetland_amphibians, ground_birds; every value can be set
name = "forest_mammals"
# minimum_patch_ha = 10
# dispersal_m = 5000           # effective distance (metres at resistance 1) that half of them reach

# [threats.towns]              # what degrades habitat around it
# classes = {{ {} = 1.0 }}
# reach_m = 2000

[[scenario]]                   # "baseline", without actions, is always there
name = "growth"
[[scenario.action]]            # what it does; other types: restore_wetland, restore_habitat, build_greenway,
type = "develop"               # open_crossing, visitors
grow_from = "{}"
area_ha = 100

[[target]]
name = "no net loss"
index = "ECA"
min_change_percent = 0
)",
                      built, built);
  return text;
}

void init(const InitOptions& options) {
  for (const fs::path* input : {&options.land_cover, &options.elevation, &options.framework})
    if (!input->empty() && !fs::exists(*input))
      throw InputError(input->string(), "", "no such file", "correct the path");
  const std::string text = study_text(options);
  const fs::path study = options.folder / "study.toml";
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) throw InputError(options.folder.string(), "", error.message(), "choose a folder you may write to");
  require_new_file(study);
  std::ofstream out(study, std::ios::binary);
  out << text;
  out.flush();
  if (!out) throw InputError(study.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
  fmt::print("{}\nnext: fill it in, then greenweave check {}\n", study.string(), study.string());
}

}  // namespace

void add_init_command(CLI::App& app) {
  auto* command = app.add_subcommand("init", "Write a commented study file to start from");
  auto options = std::make_shared<InitOptions>();
  command->add_option("folder", options->folder, "Folder for the study; made if it is not there")->required();
  command->add_option("--land-cover", options->land_cover, "Raster of land-cover classes");
  command->add_option("--elevation", options->elevation, "Raster of elevations in metres");
  command->add_option("--framework", options->framework, "Vector file of the plan's elements, with a `name` attribute");
  command->add_option("--scheme", options->scheme, "Class scheme of the land cover: worldcover, nlcd or none")
      ->check(CLI::IsMember({"worldcover", "nlcd", "none"}));
  command->callback([options] { init(*options); });
}

}  // namespace greenweave
