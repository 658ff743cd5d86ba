#include "io/study_file.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/climate_csv.hpp"
#include "io/presets.hpp"
#include "io/raster_io.hpp"
#include "io/results_file.hpp"
#include "io/study_analyses.hpp"
#include "io/study_cluster.hpp"
#include "io/study_indices.hpp"
#include "io/study_people.hpp"
#include "io/study_threats.hpp"
#include "io/study_visitors.hpp"
#include "io/study_wetlands.hpp"
#include "io/toml_section.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"
#include "model/water/conditioning.hpp"
#include "scenarios/tabulate.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_identifier(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

std::string identifier(Section& section, const std::string& key) {
  std::string name = section.required_text(key);
  if (!is_identifier(name))
    section.fail(key, fmt::format("\"{}\" is no identifier", name),
                 "use letters, digits, _ and - only; a title may say more");
  return name;
}

void require_new_name(std::set<std::string>& names, const Section& section, const std::string& name) {
  if (!names.insert(name).second)
    section.fail("name", fmt::format("\"{}\" is there twice", name), "give each its own name");
}

std::vector<std::string> names_of(const std::vector<Feature>& features) {
  std::set<std::string> names;
  for (const Feature& feature : features)
    if (!feature.name.empty()) names.insert(feature.name);
  return {names.begin(), names.end()};
}

const char* word_of(Geometry::Kind kind) {
  switch (kind) {
    case Geometry::Kind::points:
      return "points";
    case Geometry::Kind::lines:
      return "lines";
    case Geometry::Kind::polygons:
      return "polygons";
  }
  return "";
}

class StudyReader {
 public:
  StudyReader(const fs::path& path, const StudyOverrides& overrides, const std::string* unwritten)
      : path_(path), overrides_(overrides), toml_(parse_study(path, &study_.text, unwritten)), root_(toml_, "study") {}

  Study read() {
    study_.name = root_.text("name", fs::absolute(path_).parent_path().filename().string());
    if (!is_identifier(study_.name))
      root_.fail("name", fmt::format("\"{}\" is no identifier", study_.name),
                 "set name to letters, digits, _ and - only; a title may say more");
    study_.title = root_.text("title", study_.name);
    study_.notice = root_.text("notice", "");
    study_.seed = static_cast<std::uint64_t>(root_.integer("seed").value_or(1));
    read_years();
    read_output();
    read_classes();
    read_inputs();
    read_greenway_types();
    read_framework();
    read_guilds();
    read_disturbance();
    read_analyses();
    read_wetland_responses();
    if (auto threats = root_.table("threats")) read_threats(*threats, {study_, places_, scheme_});
    std::optional<Section> visitors = root_.table("visitors");
    if (visitors) study_.analyses.visitors = read_visitors(*visitors, {study_, places_, scheme_});
    read_scenarios();
    if (visitors) read_visitor_limit(*visitors, study_);
    read_uncertainty();
    read_targets();
    read_cluster_of_study();
    root_.done();
    // The same from whatever folder the program was called.
    const fs::path home = fs::absolute(path_).lexically_normal().parent_path();
    for (Provenance& input : study_.inputs) {
      const fs::path path = fs::absolute(input.path).lexically_normal(), inside = path.lexically_relative(home);
      input.path = !inside.empty() && *inside.begin() != ".." ? inside.string() : path.string();
    }
    return std::move(study_);
  }

 private:
  Study& study() { return study_; }

  void read_cluster_of_study() {
    if (auto section = root_.table("cluster")) study_.cluster = read_cluster(*section);
  }

  void read_years() {
    study_.years = {0};
    if (const auto years = root_.numbers("years")) {
      study_.years.clear();
      for (const double year : *years) {
        if (year != std::floor(year) || std::abs(year) > 100000)
          root_.fail("years", fmt::format("{:g} is no year", year), "give whole numbers, such as [2030, 2040]");
        study_.years.push_back(static_cast<int>(year));
      }
      if (study_.years.empty())
        root_.fail("years", "the list is empty", "give at least one year, or leave the key out");
      std::sort(study_.years.begin(), study_.years.end());
      study_.years.erase(std::unique(study_.years.begin(), study_.years.end()), study_.years.end());
    }
  }

  void read_output() {
    study_.output = fs::absolute(path_).parent_path() / (study_.name + ".h5");
    if (auto output = root_.table("output")) {
      if (const auto path = output->path("path")) study_.output = *path;
      output->done();
    }
  }

  void read_classes() {
    auto classes = std::make_shared<ClassTable>();
    scheme_ = "worldcover";
    if (auto section = root_.table("classes")) {
      scheme_ = section->choice("scheme", "worldcover", class_schemes());
      *classes = class_scheme(scheme_);
      for (Section& item : section->tables("class")) {
        LandCoverClass added;
        const auto code = item.integer("code");
        if (!code)
          item.fail("", "`code` is missing", "add the class's code in the land-cover raster, such as code = 51");
        added.code = static_cast<int>(*code);
        added.name = identifier(item, "name");
        added.colour = colour(item);
        const int same_code = classes->index_of_code(added.code), same_name = classes->index_of_name(added.name);
        if (same_name >= 0 && same_name != same_code)
          item.fail("name", fmt::format("\"{}\" is there twice", added.name), "give each class its own name");
        if (same_code >= 0) {
          classes->classes[static_cast<std::size_t>(same_code)] = added;
        } else {
          classes->classes.push_back(added);
          added_classes_.push_back(added.name);
        }
        item.done();
      }
      section->done();
    } else {
      *classes = class_scheme(scheme_);
    }
    if (classes->classes.empty())
      root_.fail("classes", "there is no class", "with scheme = \"none\", list every class as [[classes.class]]");
    if (classes->classes.size() > 255) root_.fail("classes", "there are more than 255 classes", "join some of them");
    for (const LandCoverClass& c : classes->classes) class_names_.push_back(c.name);
    study_.landscape.classes = std::move(classes);
  }

  static std::uint32_t colour(Section& item) {
    const std::string text = item.text("colour", "#808080");
    if (text.size() != 7 || text[0] != '#' || text.find_first_not_of("0123456789abcdefABCDEF", 1) != std::string::npos)
      item.fail("colour", fmt::format("\"{}\" is no colour", text), "give it as \"#rrggbb\"");
    return static_cast<std::uint32_t>(std::stoul(text.substr(1), nullptr, 16));
  }

  std::string class_name(Section& section, const std::string& key, const std::string& name) const {
    if (std::find(class_names_.begin(), class_names_.end(), name) == class_names_.end())
      section.fail(key, name.empty() ? "it is missing" : fmt::format("there is no class \"{}\"", name),
                   suggest(name, class_names_));
    return name;
  }

  std::vector<std::string> class_list(Section& section, const std::string& key,
                                      const std::vector<std::string>& default_names) const {
    const auto names = section.texts(key);
    if (!names) return default_names;
    for (const std::string& name : *names) class_name(section, key, name);
    return *names;
  }

  void record(const std::string& role, const fs::path& path) { record_input(study_, role, path); }

  void read_inputs() {
    auto inputs = root_.table("inputs");
    if (!inputs)
      root_.fail("", "there is no [inputs]", "add [inputs] with land_cover = \"...\": a raster of land-cover classes");
    const auto land_cover = inputs->path("land_cover");
    if (!land_cover)
      inputs->fail("", "`land_cover` is missing", "add land_cover = \"...\": a raster of land-cover classes");
    read_frame(*land_cover);
    Landscape& landscape = study_.landscape;
    const Raster<std::int32_t> codes = read_codes(*land_cover, landscape.frame, "land_cover");
    record("land_cover", *land_cover);
    classify(codes, *land_cover);
    for (Section& burn : inputs->tables("burn")) burn_in(burn);

    const auto optional_raster = [&](const std::string& key, Resampling resampling) {
      std::shared_ptr<const Raster<float>> raster;
      if (const auto path = inputs->path(key)) {
        raster = std::make_shared<Raster<float>>(read_raster(*path, landscape.frame, resampling, key));
        record(key, *path);
      }
      return raster;
    };
    landscape.elevation_m = optional_raster("elevation", Resampling::bilinear);
    burn_streams_in(*inputs);
    landscape.population = optional_raster("population", Resampling::area_preserving);
    if (landscape.population != nullptr)
      require_values(*landscape.population, inputs->path("population")->string(), "persons per cell", 0.0F,
                     "population");
    read_people(*inputs, study_);
    landscape.given_resistance = optional_raster("resistance", Resampling::nearest);
    if (landscape.given_resistance != nullptr)
      require_values(*landscape.given_resistance, inputs->path("resistance")->string(), "a resistance",
                     std::numeric_limits<float>::min(), "resistance");
    if (const auto path = inputs->path("framework")) {
      framework_path_ = *path;
      framework_ = read_features(*path, inputs->text("framework_layer", ""), landscape.frame, "framework");
      record("framework", *path);
    } else {
      inputs->text("framework_layer");
    }
    if (const auto path = inputs->path("places")) {
      places_path_ = *path;
      places_ = read_features(*path, inputs->text("places_layer", ""), landscape.frame, "places");
      record("places", *path);
    } else {
      inputs->text("places_layer");
    }
    study_.zones = read_areas(*inputs, "zones", "name", "a zone");
    study_.owners = read_areas(*inputs, "owners", "owner", "an owner's land");
    read_water_inputs(*inputs);
    study_.protection = read_protection_of(*inputs, study_);
    inputs->done();
  }

  /// Mapped streams, along which the heights are lowered: what heights do not show of channels and culverts.
  void burn_streams_in(Section& inputs) {
    const auto path = inputs.path("streams");
    for (const char* key : {"streams_layer", "streams_depth_m"})
      if (!path && inputs.has(key))
        inputs.fail(key, "it goes with inputs.streams, which is missing", "add streams = \"...\"");
    if (!path) return;
    if (study_.landscape.elevation_m == nullptr)
      inputs.fail("streams", "there are no heights to lower", "add elevation = \"...\" to [inputs]");
    const Frame& frame = study_.landscape.frame;
    const double depth_m = inputs.number("streams_depth_m", 5.0, 0.01, 1000.0);
    std::vector<Cell> cells;
    for (const Feature& feature : read_features(*path, inputs.text("streams_layer", ""), frame, "streams"))
      for (const Cell cell : cells_along(frame, feature.geometry)) cells.push_back(cell);
    if (cells.empty())
      throw InputError(path->string(), "", "no stream runs through the study's frame (streams)",
                       "check the frame's extent and the file's CRS");
    record("streams", *path);
    study_.landscape.elevation_m =
        std::make_shared<const Raster<float>>(burn_streams(*study_.landscape.elevation_m, cells, depth_m));
  }

  /// Weather, soil groups and curve numbers.
  void read_water_inputs(Section& inputs) {
    const Frame& frame = study_.landscape.frame;
    if (const auto path = inputs.path("climate")) {
      study_.weather = read_climate(*path);
      record("climate", *path);
    }
    const auto fail_at = [&](const fs::path& path, Cell cell, const std::string& reason, const std::string& remedy) {
      throw InputError(
          path.string(),
          fmt::format("row {}, column {} of the study's frame", frame.shape.row(cell) + 1, frame.shape.col(cell) + 1),
          reason, remedy);
    };
    if (const auto path = inputs.path("soil")) {
      const Raster<std::int32_t> codes = read_codes(*path, frame, "soil");
      auto soil = std::make_shared<Raster<std::uint8_t>>(frame.shape);
      soil->valid = codes.valid;
      for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
        if (!codes.is_valid(cell)) continue;
        if (codes[cell] < 1 || codes[cell] > 4)
          fail_at(*path, cell, fmt::format("{} is no hydrological soil group (soil)", codes[cell]),
                  "give 1 for A, 2 for B, 3 for C, 4 for D, and NoData where it is not known");
        (*soil)[cell] = static_cast<std::uint8_t>(codes[cell]);
      }
      study_.soil = std::move(soil);
      record("soil", *path);
    }
    if (const auto path = inputs.path("curve_number")) {
      auto numbers = std::make_shared<Raster<float>>(read_raster(*path, frame, Resampling::nearest, "curve_number"));
      for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
        if (numbers->is_valid(cell) && !((*numbers)[cell] >= 0.0F && (*numbers)[cell] <= 100.0F))
          fail_at(*path, cell, fmt::format("{:g} is no curve number (curve_number)", (*numbers)[cell]),
                  "curve numbers lie from 0 to 100");
      study_.curve_number = std::move(numbers);
      record("curve_number", *path);
    }
  }

  /// Zones by name: features of one name are united, those without a cell of the study are left out.
  /// Areas of `inputs.ROLE`, those of one name together; `what` one of them is.
  std::vector<Zone> read_areas(Section& inputs, const std::string& role, const std::string& usual_field,
                               const std::string& what) {
    std::vector<Zone> zones;
    const auto path = inputs.path(role);
    const std::string layer_key = role + "_layer", name_key = role + "_name";
    const std::string layer = inputs.text(layer_key, ""), field = inputs.text(name_key, usual_field);
    if (!path) {
      for (const std::string& key : {layer_key, name_key})
        if (inputs.has(key))
          inputs.fail(key, fmt::format("it goes with inputs.{}, which is missing", role),
                      fmt::format("add {} = \"...\"", role));
      return zones;
    }
    const Landscape& landscape = study_.landscape;
    const std::vector<Feature> features = read_features(*path, layer, landscape.frame, role, field);
    record(role, *path);
    std::set<std::string> seen;
    for (const Feature& feature : features) {
      if (!seen.insert(feature.name).second) continue;
      const Geometry geometry = *geometry_named(features, feature.name, *path);
      if (geometry.kind != Geometry::Kind::polygons)
        throw InputError(path->string(), fmt::format("feature \"{}\"", feature.name),
                         fmt::format("it is of {}, and {} is an area ({})", word_of(geometry.kind), what, role),
                         "give a layer of polygons");
      Zone zone{feature.name, cells_inside(landscape.frame, geometry)};
      std::erase_if(zone.cells, [&](Cell cell) { return !landscape.cover.is_valid(cell); });
      if (!zone.cells.empty()) zones.push_back(std::move(zone));
    }
    if (zones.empty())
      throw InputError(path->string(), "",
                       fmt::format("no cell of the study lies within any of its {} ({})", role, role),
                       "check the frame's extent and where the land cover has values");
    return zones;
  }

  void require_values(const Raster<float>& raster, const std::string& path, const std::string& what, float least,
                      const std::string& role) const {
    for (Cell cell = 0; cell < raster.shape.cells(); ++cell)
      if (raster.is_valid(cell) && !(raster[cell] >= least))
        throw InputError(path,
                         fmt::format("row {}, column {} of the study's frame", raster.shape.row(cell) + 1,
                                     raster.shape.col(cell) + 1),
                         fmt::format("{:g} cannot be {} ({})", raster[cell], what, role),
                         least > 0.0F ? "values must be above 0; make cells that cannot be entered NoData"
                                      : "values must not be negative");
  }

  void read_frame(const fs::path& land_cover) {
    FrameWish wish;
    if (auto section = root_.table("frame")) {
      wish.crs = section->text("crs", "");
      wish.cell_m = section->number("cell_m");
      if (wish.cell_m && !(*wish.cell_m > 0.0 && *wish.cell_m < 1e6))
        section->fail("cell_m", fmt::format("{:g} is no cell size", *wish.cell_m), "give a number of metres above 0");
      if (const auto extent = section->numbers("extent")) {
        if (extent->size() != 4 || (*extent)[0] >= (*extent)[2] || (*extent)[1] >= (*extent)[3])
          section->fail("extent", "it is no extent", "give [xmin, ymin, xmax, ymax] in the frame's CRS");
        wish.extent = {(*extent)[0], (*extent)[1], (*extent)[2], (*extent)[3]};
      }
      section->done();
    }
    if (overrides_.cell_m) {
      if (!(*overrides_.cell_m > 0.0))
        throw InputError("", "--cell", "it is no cell size", "give a number of metres above 0");
      wish.cell_m = overrides_.cell_m;
    }
    try {
      study_.landscape.frame = frame_from(wish, land_cover);
    } catch (const InputError& error) {
      if (!error.file().empty()) throw;
      throw InputError(path_.string(), error.place(), error.reason(), error.remedy());
    }
  }

  void classify(const Raster<std::int32_t>& codes, const fs::path& path) {
    const ClassTable& classes = *study_.landscape.classes;
    std::map<std::int32_t, int> index;
    for (std::size_t i = 0; i < classes.classes.size(); ++i) index[classes.classes[i].code] = static_cast<int>(i);
    Raster<ClassIndex>& cover = study_.landscape.cover;
    cover = Raster<ClassIndex>(codes.shape);
    cover.valid = codes.valid;
    std::map<std::int32_t, std::int64_t> unknown;
    std::int32_t last_code = std::numeric_limits<std::int32_t>::min();
    int last_class = -1;
    for (Cell cell = 0; cell < codes.shape.cells(); ++cell) {
      if (!codes.is_valid(cell)) continue;
      const std::int32_t code = codes[cell];
      if (code != last_code) {
        const auto found = index.find(code);
        last_class = found == index.end() ? -1 : found->second;
        last_code = code;
      }
      if (last_class < 0)
        ++unknown[code];
      else
        cover[cell] = static_cast<ClassIndex>(last_class);
    }
    if (unknown.empty()) return;
    std::vector<std::string> list;
    for (const auto& [code, cells] : unknown) {
      list.push_back(fmt::format("{} ({} cells)", code, cells));
      if (list.size() == 8 && unknown.size() > 8) {
        list.push_back(fmt::format("and {} more", unknown.size() - 8));
        break;
      }
    }
    const bool zero_only = unknown.size() == 1 && unknown.begin()->first == 0;
    throw InputError(
        path.string(), "",
        fmt::format("the class table (scheme {}) lacks the codes {}", scheme_, fmt::join(list, ", ")),
        zero_only ? "if 0 means no data, declare it: gdal_edit.py -a_nodata 0 FILE; else add it as [[classes.class]]"
                  : "add each as [[classes.class]] with code and name, or choose another scheme in [classes]");
  }

  void burn_in(Section& burn) {
    const auto path = burn.path("path");
    if (!path) burn.fail("", "`path` is missing", "add path = \"...\": a vector file");
    const std::string name = class_name(burn, "class", burn.required_text("class"));
    const auto to = static_cast<ClassIndex>(study_.landscape.classes->index_of_name(name));
    const double width = burn.number("width_m", 0.0, 0.0, 1e5);
    const auto names = burn.texts("names");
    const auto features = read_features(*path, burn.text("layer", ""), study_.landscape.frame, "burn");
    record("burn", *path);
    if (names)
      for (const std::string& wanted : *names)
        if (!geometry_named(features, wanted, *path))
          burn.fail("names", fmt::format("{} has no feature named \"{}\"", path->string(), wanted),
                    suggest(wanted, names_of(features)));
    Landscape& landscape = study_.landscape;
    for (const Feature& feature : features) {
      if (names && std::find(names->begin(), names->end(), feature.name) == names->end()) continue;
      for (const Cell cell : cells_within(landscape.frame, feature.geometry, width / 2.0))
        if (landscape.cover.is_valid(cell)) landscape.cover[cell] = to;
    }
    burn.done();
  }

  void read_greenway_types() {
    study_.greenway_types = greenway_presets(scheme_);
    auto section = root_.table("greenway");
    if (!section) return;
    const Toml& types = toml_.at("greenway");
    for (const auto& [name, value] : types.as_table()) {
      auto type = section->table(name);
      auto found = std::find_if(study_.greenway_types.begin(), study_.greenway_types.end(),
                                [&, &wanted = name](const GreenwayType& t) { return t.name == wanted; });
      if (found == study_.greenway_types.end()) {
        GreenwayType fresh = study_.greenway_types.front();
        fresh.name = name;
        if (!type->has("belt_width_m"))
          type->fail("", "`belt_width_m` is missing", "a greenway type of one's own needs its belt's width in metres");
        found = study_.greenway_types.insert(study_.greenway_types.end(), fresh);
        found->control_width_m = type->number("belt_width_m", 0.0, 0.0, 1e5);
      }
      found->control_width_m = type->number("control_width_m", found->control_width_m, 0.0, 1e5);
      found->belt_width_m = type->number("belt_width_m", found->belt_width_m, 0.0, 1e5);
      found->trail_width_m = type->number("trail_width_m", found->trail_width_m, 0.0, 1e3);
      found->disturbance_width_m = type->number("disturbance_width_m", found->disturbance_width_m, 0.0, 1e4);
      found->belt_class = type->text("belt_class", found->belt_class);
      class_name(*type, "belt_class", found->belt_class);
      type->done();
    }
  }

  std::vector<std::string> greenway_names() const {
    std::vector<std::string> names;
    for (const GreenwayType& type : study_.greenway_types) names.push_back(type.name);
    return names;
  }

  void read_framework() {
    auto section = root_.table("framework");
    if (!section) {
      if (!framework_.empty())
        root_.fail("", "inputs.framework is given, but no [[framework.element]]",
                   fmt::format("add one for each element; the layer has: {}", fmt::join(names_of(framework_), ", ")));
      return;
    }
    std::set<std::string> names;
    for (Section& item : section->tables("element")) {
      Element element;
      element.name = identifier(item, "name");
      require_new_name(names, item, element.name);
      element.title = item.text("title", element.name);
      const std::string kind = item.choice("kind", "", {"belt", "core", "vertical", "horizontal"});
      element.kind = kind == "belt"       ? Element::Kind::belt
                     : kind == "core"     ? Element::Kind::core
                     : kind == "vertical" ? Element::Kind::vertical
                                          : Element::Kind::horizontal;
      const std::string usual = kind == "vertical" ? "suburban" : kind == "horizontal" ? "urban" : "ecological";
      element.greenway_type = item.choice("greenway", usual, greenway_names());
      const auto type = std::find_if(study_.greenway_types.begin(), study_.greenway_types.end(),
                                     [&](const GreenwayType& t) { return t.name == element.greenway_type; });
      element.width_m = item.number("width_m", type->control_width_m, 0.0, 1e5);
      element.reverts_to = item.text("reverts_to", "");
      if (!element.reverts_to.empty()) class_name(item, "reverts_to", element.reverts_to);
      const std::string feature = item.text("feature", element.name);
      if (framework_.empty())
        item.fail("", "there is no inputs.framework to find it in",
                  "add framework = \"...\" to [inputs]: a vector file");
      const auto geometry = geometry_named(framework_, feature, framework_path_);
      if (!geometry)
        item.fail(item.has("feature") ? "feature" : "name",
                  fmt::format("{} has no feature named \"{}\"", framework_path_.string(), feature),
                  suggest(feature, names_of(framework_)));
      element.geometry = *geometry;
      if (element.geometry.kind == Geometry::Kind::points)
        item.fail("name", "its feature is a point", "draw the element as a line or a polygon");
      if (cells_of(study_.landscape, element).empty())
        item.fail("name", "no cell of the study lies within it",
                  is_near(study_.landscape.frame, element.geometry)
                      ? "choose smaller cells, or draw it where the land cover has values"
                      : "correct [frame] extent, or leave the element out");
      item.done();
      study_.elements.push_back(std::move(element));
    }
    section->done();
  }

  /// Per-class values of a guild: the preset's, the shorthand's, then the table's.
  std::vector<float> per_class(Section& guild, const std::string& key, std::map<std::string, double> values,
                               double least, double most) const {
    if (const auto given = guild.values(key)) {
      for (const auto& [name, value] : *given) {
        if (name != "default") class_name(guild, key, name);
        if (const auto* word = std::get_if<std::string>(&value)) {
          if (key != "resistance" || *word != "barrier")
            guild.fail(key, fmt::format("{} = \"{}\" is no number", name, *word),
                       key == "resistance" ? "give a number above 0, or \"barrier\"" : "give a number from 0 to 1");
          values[name] = infinity;
          continue;
        }
        const double number = std::get<double>(value);
        if (number < least || number > most)
          guild.fail(key, fmt::format("{} = {:g} is out of range", name, number),
                     key == "resistance" ? "give a number above 0, or \"barrier\"" : "give a number from 0 to 1");
        values[name] = number;
      }
    }
    std::vector<float> result;
    std::vector<std::string> missing;
    for (const std::string& name : class_names_) {
      const auto found = values.count(name) != 0 ? values.find(name) : values.find("default");
      if (found == values.end())
        missing.push_back(name);
      else
        result.push_back(static_cast<float>(found->second));
    }
    if (missing.size() == class_names_.size() && !guild.has("preset"))
      guild.fail("", fmt::format("it has no {}, and no preset has its name", key),
                 fmt::format("use a preset ({}), or add `{}` with a value for each class or for `default`",
                             fmt::join(guild_presets(), ", "), key));
    if (!missing.empty())
      guild.fail(key, fmt::format("there is no {} for {}", key, fmt::join(missing, ", ")),
                 fmt::format("add them to `{}`, or a value for `default`", key));
    return result;
  }

  void read_guilds() {
    std::set<std::string> names;
    for (Section& item : root_.tables("guild")) {
      const std::string name = identifier(item, "name");
      require_new_name(names, item, name);
      if (is_taken_in_results(name))
        item.fail("name", fmt::format("\"{}\" is the name of something else in the results file", name),
                  "give the guild another name");
      GuildPreset preset;
      const auto presets = guild_presets();
      const bool is_preset = std::find(presets.begin(), presets.end(), name) != presets.end() && scheme_ != "none";
      const std::string wanted = item.text("preset", is_preset ? name : "");
      if (!wanted.empty()) {
        const auto found = guild_preset(wanted, scheme_);
        if (!found) item.fail("preset", fmt::format("there is no preset \"{}\"", wanted), suggest(wanted, presets));
        if (scheme_ == "none")
          item.fail("preset", "presets need a known class scheme",
                    "choose a scheme in [classes], or give quality and resistance");
        preset = *found;
      }
      Guild guild = preset.guild;
      guild.name = name;
      guild.title = item.text("title", guild.title.empty() ? name : guild.title);
      if (const auto habitat = item.texts("habitat")) {
        preset.quality = {{"default", 0.0}};
        for (const std::string& c : *habitat) preset.quality[class_name(item, "habitat", c)] = 1.0;
      }
      guild.quality = per_class(item, "quality", preset.quality, 0.0, 1.0);
      guild.resistance = per_class(item, "resistance", preset.resistance, std::numeric_limits<float>::min(), 1e9);
      guild.quality_threshold = item.number("quality_threshold", guild.quality_threshold, 1e-6, 1.0);
      guild.minimum_patch_ha = item.number("minimum_patch_ha", guild.minimum_patch_ha, 0.0, 1e9);
      const double neighbours = item.number("patch_neighbours", static_cast<double>(guild.patch_neighbourhood), 4, 8);
      if (neighbours != 4 && neighbours != 8) item.fail("patch_neighbours", "it is neither 4 nor 8", "give 4 or 8");
      guild.patch_neighbourhood = neighbours == 4 ? Neighbourhood::four : Neighbourhood::eight;
      guild.quality_weighted_area = item.choice("attribute", guild.quality_weighted_area ? "quality_area" : "area",
                                                {"quality_area", "area"}) == "quality_area";
      guild.dispersal.distance_m = item.number("dispersal_m", guild.dispersal.distance_m, 1e-3, 1e9);
      guild.dispersal.probability = item.number("dispersal_probability", guild.dispersal.probability, 1e-9, 1.0 - 1e-9);
      guild.disturbance_sensitivity = item.number("disturbance_sensitivity", guild.disturbance_sensitivity, 0.0, 1.0);
      if (auto links = item.table("links")) {
        LinkRule& rule = guild.links;
        static const std::vector<std::string> topologies{"planar", "complete", "nearest"};  // as in the enumeration
        const std::string topology =
            links->choice("topology", topologies[static_cast<std::size_t>(rule.topology)], topologies);
        rule.topology = static_cast<LinkRule::Topology>(std::find(topologies.begin(), topologies.end(), topology) -
                                                        topologies.begin());
        if (links->has("neighbours") && rule.topology != LinkRule::Topology::nearest)
          links->fail("neighbours", "it goes with topology = \"nearest\" only", "set that, or take the key out");
        rule.neighbours = static_cast<int>(links->number("neighbours", rule.neighbours, 1, 1e6));
        rule.max_cost_m = links->number("max_cost_m", rule.max_cost_m, 1e-3, infinity);
        rule.cross_patches = links->boolean("cross_patches", rule.cross_patches);
        rule.intra_patch = links->boolean("intra_patch", rule.intra_patch);
        links->done();
      }
      read_slope(item, guild);
      read_lines(item, guild);
      item.table("wetlands");  // read once the analyses are known
      item.done();
      require_habitat(item, guild);
      study_.guilds.push_back(std::move(guild));
    }
    if (study_.guilds.empty())
      root_.fail("", "there is no guild",
                 fmt::format("add [[guild]] with a name; presets: {}", fmt::join(guild_presets(), ", ")));
  }

  /// `slope = "tobler"`, or a table of gradients and factors.
  void read_slope(Section& item, Guild& guild) const {
    if (!item.has("slope")) return;
    SlopeResponse& slope = guild.slope;
    if (item.is_text("slope")) {
      item.choice("slope", "", {"tobler"});
      slope.kind = SlopeResponse::Kind::tobler;
    } else {
      auto section = item.table("slope");
      const auto gradients = section->numbers("gradients_percent"), factors = section->numbers("factors");
      if (section->has("curve")) {
        section->choice("curve", "", {"tobler"});
        slope.kind = SlopeResponse::Kind::tobler;
        if (gradients || factors)
          section->fail("curve", "there are `gradients_percent` and `factors` too", "give one or the other");
      }
      if (gradients || factors) {
        slope.kind = SlopeResponse::Kind::table;
        if (!gradients || !factors || gradients->size() != factors->size() || gradients->empty())
          section->fail("", "`gradients_percent` and `factors` are no two lists of one length",
                        "give a factor on the cost of a step for each gradient, uphill positive");
        for (std::size_t i = 0; i < gradients->size(); ++i) {
          if (i > 0 && (*gradients)[i] <= (*gradients)[i - 1])
            section->fail("gradients_percent", "they do not ascend", "sort them, downhill (negative) first");
          if (!((*factors)[i] > 0.0 && (*factors)[i] < 1e9))
            section->fail("factors", fmt::format("{:g} is out of range", (*factors)[i]), "give numbers above 0");
          slope.table.emplace_back((*gradients)[i] / 100.0, (*factors)[i]);
        }
      }
      if (section->has("steepest_percent")) slope.steepest = section->number("steepest_percent", 0.0, 0.0, 1e6) / 100.0;
      section->done();
    }
    if (slope.is_none()) item.fail("slope", "it changes nothing", "give a curve, a table or steepest_percent");
    if (study_.landscape.elevation_m == nullptr)
      item.fail("slope", "there are no heights to take slopes from", "add elevation = \"...\" to [inputs]");
    if (guild.links.intra_patch)
      item.fail("slope", "costs across patches (links.intra_patch) are the same there and back, slopes are not",
                "leave one of them out");
  }

  /// Lines that the guild follows or crosses: features of inputs.places or inputs.framework.
  void read_lines(Section& item, Guild& guild) const {
    std::vector<LineOnGround> lines;
    for (Section& line : item.tables("line")) {
      const auto geometry = place(line, {Geometry::Kind::lines, Geometry::Kind::polygons}, true);
      lines.push_back({line.required_text("place"), *geometry, line.number("width_m", 0.0, 0.0, 1e5)});
      LineResponse response;
      response.line = static_cast<int>(lines.size()) - 1;
      response.along = line.number("along", response.along, 1e-6, 1e6);
      response.across = line.number("across", response.across, 1e-6, 1e6);
      guild.lines.push_back(response);
      line.done();
    }
    if (lines.size() > 364) item.fail("line", "there are more than 364", "join lines that are alike");
    if (!lines.empty()) guild.axes = std::make_shared<LineAxes>(line_axes(study_.landscape.frame, lines));
  }

  /// `[guild.wetlands]`: what restored wetlands are to a guild. Read after the analyses, whose attributes it names.
  void read_wetland_responses() {
    std::vector<Section> items = root_.tables("guild");
    for (std::size_t g = 0; g < items.size(); ++g) {
      auto section = items[g].table("wetlands");
      if (!section) continue;
      if (!study_.analyses.restoration)
        section->fail("", "there is no [analysis.restoration]", "add it: it finds what the water makes of wetlands");
      WetlandResponse response;
      for (const auto& [key, quality] :
           {std::pair{"open_water", &response.open_water}, std::pair{"marsh", &response.marsh},
            std::pair{"wet_meadow", &response.wet_meadow}, std::pair{"dry", &response.dry}})
        if (section->number(key)) *quality = static_cast<float>(section->number(key, 0.0, 0.0, 1.0));
      std::vector<std::string> known;
      for (const AttributeRecovery& attribute : study_.analyses.restoration->attributes)
        known.push_back(attribute.name);
      const auto names = section->texts("recovery");
      if (!names)
        section->fail("", "`recovery` is missing",
                      fmt::format("name what it needs to have recovered, such as recovery = [\"{}\"]; [] for nothing",
                                  known.front()));
      for (const std::string& name : *names) {
        const auto found = std::find(known.begin(), known.end(), name);
        if (found == known.end())
          section->fail("recovery", fmt::format("[analysis.restoration] has no attribute \"{}\"", name),
                        suggest(name, known));
        response.attributes.push_back(static_cast<std::size_t>(found - known.begin()));
      }
      section->done();
      study_.guilds[g].wetlands = response;
    }
  }

  static void require_habitat(const Section& item, const Guild& guild) {
    const bool any = std::any_of(guild.quality.begin(), guild.quality.end(),
                                 [&](float q) { return q >= static_cast<float>(guild.quality_threshold); });
    if (!any)
      item.fail("quality_threshold",
                fmt::format("no class reaches the quality {:g}, so the guild has no habitat", guild.quality_threshold),
                "lower the threshold or raise a class's quality");
  }

  void read_disturbance() {
    if (auto section = root_.table("disturbance")) {
      study_.disturbance.quality_loss = section->number("quality_loss", study_.disturbance.quality_loss, 0.0, 1.0);
      study_.disturbance.resistance_factor =
          section->number("resistance_factor", study_.disturbance.resistance_factor, 1e-3, 1e6);
      section->done();
    }
  }

  void read_analyses() {
    if (auto section = root_.table("analysis")) {
      study_.analyses = read_analyses_of(*section, {study_, places_, scheme_});
    }
  }

  /// The place an action names: features of inputs.places or of inputs.framework.
  std::optional<Geometry> place(Section& action, const std::vector<Geometry::Kind>& kinds, bool required) const {
    const auto name = action.text("place");
    if (!name) {
      if (required)
        action.fail("", "`place` is missing", "add place = \"...\": the name of a feature in inputs.places");
      return std::nullopt;
    }
    auto found = geometry_named(places_, *name, places_path_);
    if (!found) found = geometry_named(framework_, *name, framework_path_);
    if (!found) {
      std::vector<std::string> known = names_of(places_);
      for (const std::string& more : names_of(framework_)) known.push_back(more);
      if (known.empty())
        action.fail("place", "there is no inputs.places to find it in",
                    "add places = \"...\" to [inputs]: a vector file");
      action.fail("place", fmt::format("no feature is named \"{}\"", *name), suggest(*name, known));
    }
    if (std::find(kinds.begin(), kinds.end(), found->kind) == kinds.end()) {
      std::vector<std::string> words;
      for (const Geometry::Kind kind : kinds) words.emplace_back(word_of(kind));
      action.fail("place", fmt::format("\"{}\" is of {}", *name, word_of(found->kind)),
                  fmt::format("what is asked for are {}", fmt::join(words, " or ")));
    }
    if (!is_near(study_.landscape.frame, *found))
      action.fail("place", fmt::format("\"{}\" lies outside the study's frame", *name),
                  "correct [frame] extent, or leave the action out");
    return found;
  }

  std::vector<std::string> classes_except(const std::vector<std::vector<std::string>>& lists) const {
    std::vector<std::string> names;
    for (const std::string& name : class_names_) {
      const bool listed = std::any_of(lists.begin(), lists.end(), [&](const auto& list) {
        return std::find(list.begin(), list.end(), name) != list.end();
      });
      if (!listed) names.push_back(name);
    }
    return names;
  }

  /// Cells of the best sites that [analysis.wetland_sites] finds, at most `best` of them within `budget`.
  std::vector<Cell> best_site_cells(Section& item, bool micro_only) {
    if (!study_.analyses.wetland_sites)
      item.fail("best", "there is no [analysis.wetland_sites] to choose sites by", "add that table");
    if (item.has("place")) item.fail("place", "`best` chooses the places", "take one of them out");
    if (!item.has("best")) item.fail("", "`best` is missing", "say how many sites it takes at most, such as best = 10");
    const auto most = static_cast<std::int64_t>(item.number("best", 1.0, 1.0, 1e9));
    const double budget = item.number("budget", infinity, 0.0, infinity);
    if (!sites_) sites_ = find_wetland_sites(study_.landscape, study_.soil.get(), study_.analyses.wetland_sites->rule);
    const std::vector<std::size_t> chosen = best_sites(sites_->sites, most, budget, micro_only);
    if (chosen.empty())
      item.fail(item.has("budget") ? "budget" : "best", "no site can be had",
                "raise the budget, or lower `threshold` in [analysis.wetland_sites]");
    std::vector<Cell> cells;
    for (Cell cell = 0; cell < sites_->label.shape.cells(); ++cell)
      for (const std::size_t k : chosen)
        if (sites_->label[cell] == static_cast<std::int32_t>(k) + 1) cells.push_back(cell);
    return cells;
  }

  Action read_action(Section& item, int number) {
    static const std::vector<std::string> types{
        "restore_wetland", "restore_habitat", "build_greenway", "open_crossing", "develop",
        "visitors",        "plant",           "micro_wetlands", "regrade",       "remove_weir",
        "entrance_quota",  "close_entrance",  "close_trail",    "improve_trail", "screen_trail"};
    using Kind = Geometry::Kind;
    const SchemeWords words = words_of_scheme(scheme_);
    Action action;
    const std::string type = item.choice("type", "", types);
    action.name = item.text("name", fmt::format("{} {}", type, number));
    if (const auto start = item.integer("start")) action.start_year = static_cast<int>(*start);
    if (type == "restore_wetland" || type == "restore_habitat" || type == "plant" || type == "micro_wetlands") {
      RestoreHabitat what;
      const bool wetland = type == "restore_wetland" || type == "micro_wetlands";
      if (wetland && (type == "micro_wetlands" || item.has("best"))) {
        what.cells = best_site_cells(item, type == "micro_wetlands");
        what.place.kind = Kind::polygons;
      } else {
        what.place = *place(item, {Kind::polygons}, true);
      }
      what.to = class_name(item, "to", item.text("to", wetland ? words.wetland : ""));
      what.from = class_list(item, "from", classes_except({words.water, words.built, added_classes_}));
      what.recovery = read_recovery(item, type == "plant" ? "plants" : "animals");
      if (wetland) what.dig_m = item.number("dig_m", 0.0, 0.0, 100.0);
      if (what.dig_m > 0.0) require_heights(item, study_, "dig_m");
      if (wetland) what.basin = read_basin(item, study_);
      if (what.basin && what.dig_m > 0.0)
        item.fail("dig_m", "the ground is made into basins (`basin_m`) already", "take one of them out");
      action.what = std::move(what);
    } else if (type == "regrade") {
      Regrade what;
      require_heights(item, study_, "");
      what.place = *place(item, {Kind::polygons}, true);
      if (item.has("by_m")) what.by_m = item.number("by_m", 0.0, -1000.0, 1000.0);
      if (item.has("to_m")) what.to_m = item.number("to_m", 0.0, -1e4, 1e4);
      what.basin = read_basin(item, study_);
      if (what.by_m.has_value() + what.to_m.has_value() + what.basin.has_value() != 1)
        item.fail(
            what.basin               ? "basin_m"
            : what.by_m && what.to_m ? "to_m"
                                     : "",
            "it needs one of `by_m`, `to_m` and `basin_m`",
            "say by how much the ground rises (negative: sinks), to which height it goes, or how deep the water of "
            "level basins is");
      action.what = std::move(what);
    } else if (type == "remove_weir") {
      RemoveWeir what;
      require_heights(item, study_, "");
      what.place = *place(item, {Kind::points, Kind::lines, Kind::polygons}, true);
      what.width_m = item.number("width_m", what.width_m, 0.0, 1e4);
      if (item.has("to_m")) what.to_m = item.number("to_m", 0.0, -1e4, 1e4);
      what.to = item.text("to", "");
      if (!what.to.empty()) class_name(item, "to", what.to);
      action.what = std::move(what);
    } else if (type == "build_greenway") {
      BuildGreenway what;
      what.line = *place(item, {Kind::lines}, true);
      what.type = item.choice("greenway", "", greenway_names());
      if (item.has("belt_width_m")) what.belt_width_m = item.number("belt_width_m", 0.0, 0.0, 1e5);
      std::vector<std::string> spare = added_classes_;
      for (const auto* list : {&words.water, &words.wetlands, &words.forest, &words.built})
        spare.insert(spare.end(), list->begin(), list->end());
      what.spare = class_list(item, "spare", spare);
      what.recovery = read_recovery(item);
      action.what = std::move(what);
    } else if (type == "open_crossing") {
      OpenCrossing what;
      what.place = *place(item, {Kind::points, Kind::lines}, true);
      what.width_m = item.number("width_m", what.width_m, 1e-3, 1e4);
      what.to = class_name(item, "to", item.text("to", words.grassland));
      what.across = class_list(item, "across", added_classes_);
      if (what.across.empty())
        item.fail("", "there is no class to bridge", "add across = [\"...\"]: the classes of roads or railways");
      action.what = std::move(what);
    } else if (type == "develop") {
      Develop what;
      what.place = place(item, {Kind::polygons}, false);
      what.to = class_name(item, "to", item.text("to", words.built_up));
      what.grow_from = item.text("grow_from", what.place ? "" : what.to);
      if (!what.place) class_name(item, "grow_from", what.grow_from);
      what.area_ha = item.number("area_ha", 0.0, 0.0, 1e9);
      if (!what.place && what.area_ha == 0.0)
        item.fail("", "it has neither `place` nor `area_ha`",
                  "draw the place, or say how many hectares grow from `grow_from`");
      what.on = class_list(item, "on", classes_except({words.water, words.wetlands, words.built, added_classes_}));
      what.spare_elements = item.boolean("spare_elements", true);
      what.max_slope_percent = item.number("max_slope_percent", 25.0, 0.0, 1e4);
      action.what = std::move(what);
    } else if (type != "visitors" || study_.analyses.visitors) {
      read_visitor_action(
          type, item, study_, [&] { return place(item, {Kind::polygons}, false); }, action);
    } else {
      Visitors what;
      what.element = item.text("element", "");
      if (!what.element.empty()) {
        std::vector<std::string> names;
        for (const Element& element : study_.elements) names.push_back(element.name);
        if (std::find(names.begin(), names.end(), what.element) == names.end())
          item.fail("element", fmt::format("there is no element \"{}\"", what.element), suggest(what.element, names));
      } else if (const auto entrances = place(item, {Kind::points}, false)) {
        what.entrances = *entrances;
      } else {
        item.fail("", "it has neither `element` nor `place`",
                  "name an element of the framework, or points in inputs.places");
      }
      if (!item.has("groups_per_day"))
        item.fail("", "`groups_per_day` is missing", "add the number of visitor groups a day");
      what.groups_per_day = item.number("groups_per_day", 0.0, 0.0, 1e9);
      what.mean_distance_m = item.number("mean_distance_m", what.mean_distance_m, 1.0, 1e6);
      action.what = std::move(what);
    }
    item.done();
    return action;
  }

  void read_scenarios() {
    study_.scenarios.push_back({"baseline", "Baseline", {}});
    std::vector<Section> items = root_.tables("scenario");
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (Section& item : items) {
      names.push_back(identifier(item, "name"));
      require_new_name(seen, item, names.back());
    }
    // Which scenario each builds on; resolved depth first.
    std::map<std::string, std::vector<Action>> resolved{{"baseline", {}}};
    std::vector<Scenario> scenarios(items.size());
    std::vector<std::string> chain;
    const auto index_of = [&](const std::string& name) {
      return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    };
    const auto resolve = [&](const auto& self, std::size_t k) -> void {
      if (resolved.count(names[k]) != 0 && names[k] != "baseline") return;
      Section& item = items[k];
      chain.push_back(names[k]);
      Scenario& scenario = scenarios[k];
      scenario.name = names[k];
      scenario.title = item.text("title", names[k] == "baseline" ? "Baseline" : names[k]);
      const std::string base = item.text("extends", "");
      if (!base.empty() && base != "baseline") {
        if (std::find(chain.begin(), chain.end(), base) != chain.end())
          item.fail(
              "extends",
              fmt::format("the scenarios extend each other in a circle: {} -> {}", fmt::join(chain, " -> "), base),
              "take `extends` out of one of them");
        const std::size_t b = index_of(base);
        if (b == names.size())
          item.fail("extends", fmt::format("there is no scenario \"{}\"", base), suggest(base, names));
        self(self, b);
        scenario.actions = resolved.at(base);
      }
      int number = 0;
      for (Section& action : item.tables("action")) scenario.actions.push_back(read_action(action, ++number));
      item.done();
      if (scenario.name == "baseline" && !scenario.actions.empty())
        item.fail("action", "the baseline has no actions: it is what the others are compared with",
                  "give the scenario another name");
      resolved[names[k]] = scenario.actions;
      chain.pop_back();
    };
    for (std::size_t k = 0; k < items.size(); ++k) resolve(resolve, k);
    for (std::size_t k = 0; k < items.size(); ++k) {
      if (names[k] == "baseline")
        study_.scenarios.front().title = scenarios[k].title;
      else if (wanted(names[k]))
        study_.scenarios.push_back(std::move(scenarios[k]));
    }
    for (const std::string& name : overrides_.scenarios)
      if (name != "baseline" && index_of(name) == names.size())
        throw InputError(path_.string(), "--scenario", fmt::format("there is no scenario \"{}\"", name),
                         suggest(name, names));
  }

  bool wanted(const std::string& scenario) const {
    const auto& chosen = overrides_.scenarios;
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), scenario) != chosen.end();
  }

  void read_uncertainty() {
    Uncertainty& uncertainty = study_.uncertainty;
    if (auto section = root_.table("uncertainty")) {
      uncertainty.draws = static_cast<int>(section->number("draws", 0, 0, 1e6));
      uncertainty.resistance_cv = section->number("resistance_cv", uncertainty.resistance_cv, 0.0, 10.0);
      uncertainty.dispersal_cv = section->number("dispersal_cv", uncertainty.dispersal_cv, 0.0, 10.0);
      uncertainty.recovery_cv = section->number("recovery_cv", uncertainty.recovery_cv, 0.0, 10.0);
      section->done();
    }
    if (overrides_.draws) {
      if (*overrides_.draws < 0) throw InputError("", "--draws", "it is negative", "give 0 or more");
      uncertainty.draws = *overrides_.draws;
    }
  }

  void read_targets() {
    std::vector<std::string> guilds, scenarios, all_scenarios;
    for (const Guild& guild : study_.guilds) guilds.push_back(guild.name);
    for (Section& item : root_.tables("scenario")) all_scenarios.push_back(item.required_text("name"));
    for (const Scenario& scenario : study_.scenarios) scenarios.push_back(scenario.name);
    const auto known = [&](Section& item, const std::string& key, const std::string& word,
                           const std::vector<std::string>& words) {
      if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
        item.fail(key, fmt::format("there is no {} \"{}\"", key, word), suggest(word, words));
    };
    for (Section& item : root_.tables("target")) {
      Target target;
      target.index = item.required_text("index");
      known(item, "index", target.index, index_names(study_.analyses));
      target.guild = item.text("guild", "");
      known(item, "guild", target.guild, guilds);
      target.scenario = item.text("scenario", "");
      known(item, "scenario", target.scenario, all_scenarios);
      target.year = static_cast<int>(item.integer("year").value_or(0));
      if (item.has("year") && std::find(study_.years.begin(), study_.years.end(), target.year) == study_.years.end())
        item.fail("year", fmt::format("{} is not among the study's years", target.year),
                  fmt::format("give one of {}", fmt::join(study_.years, ", ")));
      target.at_least = item.number("at_least");
      target.at_most = item.number("at_most");
      target.min_change_percent = item.number("min_change_percent");
      if (!target.at_least && !target.at_most && !target.min_change_percent)
        item.fail("", "it demands nothing", "add at_least, at_most or min_change_percent");
      std::string words = target.index;
      if (target.at_least) words += fmt::format(" >= {:g}", *target.at_least);
      if (target.at_most) words += fmt::format(" <= {:g}", *target.at_most);
      if (target.min_change_percent) words += fmt::format(" {:+g} % or better", *target.min_change_percent);
      target.name = item.text("name", words);
      item.done();
      // Demands on scenarios that this run leaves out have nothing to judge.
      if (target.scenario.empty() || std::find(scenarios.begin(), scenarios.end(), target.scenario) != scenarios.end())
        study_.targets.push_back(std::move(target));
    }
  }

  fs::path path_;
  StudyOverrides overrides_;
  Study study_;
  Toml toml_;
  Section root_;
  std::string scheme_;
  std::vector<std::string> class_names_, added_classes_;
  fs::path framework_path_, places_path_;
  std::vector<Feature> framework_, places_;
  std::optional<WetlandSites> sites_;  // found once an action asks for the best
};

}  // namespace

Study load_study(const fs::path& path, const StudyOverrides& overrides, const std::string* unwritten) {
  return StudyReader(path, overrides, unwritten).read();
}

}  // namespace greenweave
