#include "io/results_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/case_marks.hpp"
#include "io/gdal.hpp"
#include "io/hdf5.hpp"
#include "io/raster_io.hpp"
#include "io/sha256.hpp"
#include "io/version.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t schema_version = 1;

template <class T>
constexpr T fill_value() {
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::quiet_NaN();
  if constexpr (std::is_same_v<T, std::int32_t>) return std::numeric_limits<std::int32_t>::min();
  if constexpr (std::is_same_v<T, std::uint8_t>) return 255;
}

std::string case_path(const std::string& scenario, int year) { return fmt::format("/scenarios/{}/{}", scenario, year); }

void describe(hid_t object, const std::string& unit, const std::string& meaning) {
  if (!unit.empty()) h5::set_attribute(object, "units", unit);
  if (!meaning.empty()) h5::set_attribute(object, "long_name", meaning);
}

/// A table is a group with one dataset a column. Its dimension is attached later, when the file is whole.
void write_table(hid_t parent, const Table& table) {
  const h5::Handle group = h5::create_group(parent, table.name);
  for (const Column& column : table.columns) {
    const h5::Handle dataset =
        std::visit([&](const auto& values) { return h5::write_column(group, column.name, values); }, column.values);
    describe(dataset, column.unit, column.meaning);
  }
}

/// Lines as ragged arrays: the points of line i follow those of line i - 1; `node_count` says how many.
void write_lines(hid_t parent, const NamedLines& lines) {
  const h5::Handle group = h5::create_group(parent, lines.name);
  describe(group, "", lines.meaning);
  std::vector<std::int64_t> counts;
  std::vector<double> x, y;
  for (const auto& line : lines.lines) {
    counts.push_back(static_cast<std::int64_t>(line.size()));
    for (const Point& p : line) {
      x.push_back(p.x);
      y.push_back(p.y);
    }
  }
  describe(h5::write_column(group, "node_count", counts), "1", "Points of each line");
  describe(h5::write_column(group, "x", x), "m", "Easting of each point");
  describe(h5::write_column(group, "y", y), "m", "Northing of each point");
}

/// Attaches a dimension of its own to the columns of a table or of ragged lines.
void give_dimensions(hid_t group) {
  std::optional<h5::Handle> row, node;
  for (const std::string& name : h5::names_in(group)) {
    const bool is_node = (name == "x" || name == "y") && h5::exists(group, "node_count");
    const h5::Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "dataset " + name);
    const h5::Handle space(H5Dget_space(dataset), H5Sclose, "space");
    const auto length = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
    std::optional<h5::Handle>& scale = is_node ? node : row;
    if (!scale) scale = h5::create_bare_dimension(group, is_node ? "node" : "row", length);
    h5::attach_scale(dataset, *scale, 0);
  }
}

struct PackedRasters {
  struct Item {
    const NamedRaster* raster;
    h5::PackedRaster packed;
  };
  std::vector<Item> items;

  explicit PackedRasters(const std::vector<NamedRaster>& rasters) {
    for (const NamedRaster& named : rasters)
      std::visit(
          [&](const auto& raster) {
            using T = typename std::decay_t<decltype(raster)>::value_type;
            if (raster.valid.empty()) {
              items.push_back({&named, h5::PackedRaster::pack<T>(raster.values, raster.shape.rows, raster.shape.cols,
                                                                 fill_value<T>())});
              return;
            }
            std::vector<T> values = raster.values;
            for (std::size_t i = 0; i < values.size(); ++i)
              if (raster.valid[i] == 0) values[i] = fill_value<T>();
            items.push_back(
                {&named, h5::PackedRaster::pack<T>(values, raster.shape.rows, raster.shape.cols, fill_value<T>())});
          },
          named.raster);
  }

  void write(hid_t group) const {
    for (const Item& item : items) {
      const h5::Handle dataset = item.packed.write(group, item.raster->name);
      describe(dataset, item.raster->unit, item.raster->meaning);
      h5::set_attribute(dataset, "grid_mapping", std::string("crs"));
    }
  }
};

std::vector<std::string> column_of(const std::vector<Scenario>& scenarios, std::string Scenario::*member) {
  std::vector<std::string> values;
  for (const Scenario& s : scenarios) values.push_back(s.*member);
  return values;
}

/// The study as tables: what a comparison needs to know besides the cases.
std::vector<Table> study_tables(const Study& study) {
  std::vector<Table> tables;
  tables.push_back({"scenarios",
                    {{"name", "", "Name", column_of(study.scenarios, &Scenario::name)},
                     {"title", "", "Title", column_of(study.scenarios, &Scenario::title)}}});
  std::vector<std::int64_t> years(study.years.begin(), study.years.end());
  tables.push_back({"years", {{"year", "1", "Year", std::move(years)}}});

  Table guilds{"guilds", {}};
  std::vector<std::string> names, titles;
  std::vector<double> distance, probability, minimum;
  for (const Guild& guild : study.guilds) {
    names.push_back(guild.name);
    titles.push_back(guild.title);
    distance.push_back(guild.dispersal.distance_m);
    probability.push_back(guild.dispersal.probability);
    minimum.push_back(guild.minimum_patch_ha);
  }
  guilds.columns = {{"name", "", "Name", names},
                    {"title", "", "Title", titles},
                    {"dispersal_m", "m", "Effective distance reached with the dispersal probability", distance},
                    {"dispersal_probability", "1", "That probability", probability},
                    {"minimum_patch_ha", "ha", "Least area of a patch", minimum}};
  tables.push_back(std::move(guilds));

  std::vector<std::int64_t> codes, colours;
  std::vector<std::string> class_names;
  for (const LandCoverClass& c : study.landscape.classes->classes) {
    codes.push_back(c.code);
    colours.push_back(c.colour);
    class_names.push_back(c.name);
  }
  tables.push_back({"classes",
                    {{"code", "1", "Code in the land-cover rasters", codes},
                     {"name", "", "Name", class_names},
                     {"colour", "1", "Colour as 0xRRGGBB", colours}}});

  std::vector<std::string> e_names, e_titles, e_kinds, e_types, e_geometry;
  std::vector<double> e_width;
  for (const Element& e : study.elements) {
    e_names.push_back(e.name);
    e_titles.push_back(e.title);
    e_kinds.emplace_back(name_of(e.kind));
    e_types.push_back(e.greenway_type);
    e_geometry.emplace_back(e.geometry.kind == Geometry::Kind::lines ? "lines" : "polygons");
    e_width.push_back(e.width_m);
  }
  tables.push_back({"elements",
                    {{"name", "", "Name", e_names},
                     {"title", "", "Title", e_titles},
                     {"kind", "", "belt, core, vertical or horizontal", e_kinds},
                     {"greenway", "", "Greenway type", e_types},
                     {"geometry", "", "lines or polygons", e_geometry},
                     {"width_m", "m", "Width of the strip around a line", e_width}}});

  Table targets{"targets", {}};
  std::vector<std::string> t_name, t_index, t_guild, t_scenario;
  std::vector<std::int64_t> t_year;
  std::vector<double> t_least, t_most, t_change;
  const auto or_nan = [](const std::optional<double>& v) {
    return v.value_or(std::numeric_limits<double>::quiet_NaN());
  };
  for (const Target& t : study.targets) {
    t_name.push_back(t.name);
    t_index.push_back(t.index);
    t_guild.push_back(t.guild);
    t_scenario.push_back(t.scenario);
    t_year.push_back(t.year);
    t_least.push_back(or_nan(t.at_least));
    t_most.push_back(or_nan(t.at_most));
    t_change.push_back(or_nan(t.min_change_percent));
  }
  targets.columns = {{"name", "", "Name", t_name},
                     {"index", "", "Index it is about", t_index},
                     {"guild", "", "Guild; empty: every one", t_guild},
                     {"scenario", "", "Scenario; empty: every one but the baseline", t_scenario},
                     {"year", "1", "Year; 0: every one", t_year},
                     {"at_least", "", "Least value; NaN: none", t_least},
                     {"at_most", "", "Greatest value; NaN: none", t_most},
                     {"min_change_percent", "%", "Least change against the baseline; NaN: none", t_change}};
  tables.push_back(std::move(targets));

  std::vector<std::string> roles, paths, hashes;
  for (const Provenance& input : study.inputs) {
    roles.push_back(input.role);
    paths.push_back(input.path);
    hashes.push_back(input.sha256);
  }
  tables.push_back({"inputs",
                    {{"role", "", "What it is to the study", roles},
                     {"path", "", "Path, from the study file's folder on", paths},
                     {"sha256", "", "SHA-256 of the file", hashes}}});
  return tables;
}

/// The study's text without what only says how to ask a cluster for machines.
std::string without_cluster(const std::string& text) {
  std::stringstream lines(text);
  std::string kept;
  bool is_cluster = false;
  for (std::string line; std::getline(lines, line);) {
    if (const auto first = line.find_first_not_of(" \t"); first != std::string::npos && line[first] == '[')
      is_cluster = line.compare(first, 9, "[cluster]") == 0;
    if (!is_cluster) kept += line + "\n";
  }
  return kept;
}

/// Which run a folder of finished cases belongs to: everything that the numbers depend on, a line each.
std::string run_key(const Study& study) {
  const Frame& frame = study.landscape.frame;
  std::string text = fmt::format(
      "program: greenweave {}\nresults: schema {}\nframe: {} x {} cells of {:g} m from {:.17g}, {:.17g}\nyears: "
      "{}\ndraws: {}\nseed: {}\n",
      program_version(), schema_version, frame.shape.rows, frame.shape.cols, frame.cell_m, frame.west, frame.north,
      fmt::join(study.years, " "), study.uncertainty.draws, study.seed);
  text += "scenarios:";
  for (const Scenario& scenario : study.scenarios) text += " " + scenario.name;
  text += "\n";
  for (const Provenance& input : study.inputs) text += fmt::format("{}: {}\n", input.role, input.sha256);
  return text + fmt::format("study file: {}\n", sha256_of(without_cluster(study.text)));
}

/// The first line in which two keys differ.
std::string first_difference(const std::string& there, const std::string& here) {
  std::stringstream a(there), b(here);
  for (std::string x, y; std::getline(a, x) || !b.eof();) {
    std::getline(b, y);
    if (x != y) {
      const std::string of_y = y.substr(std::min(y.size(), y.find(':') + 2));
      // Digests say nothing to a reader.
      return of_y.size() == 64 ? fmt::format("the {} is another", y.substr(0, y.find(':')))
                               : fmt::format("there {}, here {}", x, y);
    }
    x.clear();
    y.clear();
    if (a.eof() && b.eof()) break;
  }
  return "an older program began them";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

[[noreturn]] void fail_writing(const fs::path& path, const std::string& reason) {
  throw InputError(path.string(), "", "cannot be written: " + reason,
                   "is the disk full, or the folder read-only? Finished cases are kept; run the same command to go on");
}

/// Before a file gets its final name, its bytes are where a crash or another machine finds them. File systems of a
/// network say only then that a disk is full.
void sync_to_disk(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw h5::Error(std::strerror(errno));
  const int error = fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP ? errno : 0;
  close(descriptor);
  if (error != 0) throw h5::Error(std::strerror(error));
}

std::string file_name_of(const CaseId& id) { return file_stem_of(id) + ".h5"; }

void copy_object(hid_t part, hid_t file, const std::string& path) {
  h5::check(H5Ocopy(part, path.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), "joining " + path);
}

/// A case's or a guild's group of `part` with all that is in it, but for the cells of rasters, which stay there.
/// `name`: of that file, as the new one is to look for it.
void link_rasters(hid_t part, hid_t file, const std::string& path, const std::string& name) {
  const h5::Handle from = h5::open_group(part, path), to = h5::create_group(file, path);
  for (const std::string& item : h5::names_in(from)) {
    const std::string inner = path + "/" + item;
    if (!h5::is_group(from, item)) {
      const h5::Handle source(H5Dopen2(from, item.c_str(), H5P_DEFAULT), H5Dclose, "dataset " + item);
      h5::create_virtual(to, item, source, name, inner);
    } else if (item == "tables" || item == "paths") {
      copy_object(part, file, inner);
    } else {
      link_rasters(part, file, inner, name);
    }
  }
}

}  // namespace

bool is_taken_in_results(const std::string& guild) {
  // The rasters and the tables of a case stand beside its guilds, and netCDF's readers look for axes there.
  static constexpr std::array names{"tables",
                                    "paths",
                                    "land_cover",
                                    "elevation",
                                    "recovery",
                                    "disturbed",
                                    "x",
                                    "y",
                                    "walk",
                                    "green_per_person",
                                    "water_days",
                                    "water_depth",
                                    "water_depth_most",
                                    "depressions",
                                    "wetland_sites",
                                    "wetland_suitability",
                                    "wetland_type",
                                    "restoration_order",
                                    "security",
                                    "encroachment"};
  return std::find(names.begin(), names.end(), guild) != names.end() || guild.rfind("security_", 0) == 0;
}

struct ResultsStore::Impl {
  const Study& study;
  fs::path out, partial;
  Use use;
  int lock = -1;
  mutable std::mutex mutex;  // HDF5 works on one thread at a time

  Impl(const Study& s, fs::path p, Use u) : study(s), out(std::move(p)), partial(partial_folder(out)), use(u) {}
  ~Impl() {
    if (lock < 0) return;
    if (use == Use::shared) {
      close(lock);
      return;
    }
    // A run that failed before its first case leaves nothing behind.
    bool any = false;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(partial, ignored)) any = any || entry.path().extension() == ".h5";
    if (!any) fs::remove_all(partial, ignored);
    close(lock);
  }

  void write_common(hid_t file) const;
  void join_case(hid_t file, const CaseId& id, hid_t x, hid_t y, Rasters rasters) const;
  void keep_case_files(const std::vector<CaseId>& cases, const fs::path& folder) const;
  void join_indices(hid_t file, const std::string& scenario, int year, hid_t draw) const;
};

fs::path partial_folder(const fs::path& results) { return results.string() + ".partial"; }
fs::path cases_folder(const fs::path& results) { return results.string() + ".cases"; }

std::optional<CaseCost> finished_case(const fs::path& partial, const CaseId& id) {
  const fs::path path = partial / file_name_of(id);
  if (!fs::exists(path)) return std::nullopt;
  static std::mutex one_at_a_time;  // HDF5 works on one thread at a time
  const std::lock_guard<std::mutex> guard(one_at_a_time);
  h5::quiet();
  try {
    const h5::Handle file = h5::open_file(path.string());
    return CaseCost{h5::number_attribute(file, "seconds"), h5::number_attribute(file, "peak_bytes"),
                    h5::text_attribute(file, "program")};
  } catch (const h5::Error&) {
    return std::nullopt;
  }
}

ResultsStore::ResultsStore(const Study& study, fs::path path, bool overwrite, bool restart, Use use)
    : impl_(std::make_unique<Impl>(study, std::move(path), use)) {
  h5::quiet();
  const fs::path& out = impl_->out;
  const fs::path& partial = impl_->partial;
  if (fs::exists(out) && !overwrite)
    throw InputError(out.string(), "", "it exists already, and results are not overwritten",
                     "give another name with --out, move it away, or say --overwrite");
  const fs::path folder = fs::absolute(out).parent_path();
  if (!fs::is_directory(folder))
    throw InputError(out.string(), "", fmt::format("there is no folder {}", folder.string()),
                     "make it, or choose another with --out");
  std::error_code error;
  fs::create_directory(partial, error);
  if (error) fail_writing(partial, error.message());
  const int lock = open((partial / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (lock < 0) fail_writing(partial / "lock", std::strerror(errno));
  // Some shared file systems have no locks; claims of cases do without.
  if (flock(lock, (use == Use::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(lock);
    throw InputError(partial.string(), "",
                     use == Use::shared ? "a run that shares with no other is at work on these results"
                                        : "another run is at work on these results",
                     "wait for it, or give another name with --out");
  }
  impl_->lock = lock;
  const std::string key = run_key(study);
  const fs::path key_file = partial / "key";
  std::int64_t waiting = 0;
  for (const auto& entry : fs::directory_iterator(partial)) waiting += entry.path().extension() == ".h5";
  const std::string known = fs::exists(key_file) ? read_file(key_file) : "";
  if ((waiting > 0 || (use == Use::shared && !known.empty())) && known != key) {
    if (!restart) {
      throw InputError(
          partial.string(), "",
          fmt::format("{} finished cases wait there, of a run whose study, inputs, options or program differ ({})",
                      waiting, first_difference(known, key)),
          "--restart throws them away and begins anew; --out keeps them and writes elsewhere");
    }
    for (const auto& entry : fs::directory_iterator(partial))
      if (entry.path().extension() == ".h5") fs::remove(entry.path());
  }
  if (known == key) return;
  // Others may read it at any time: it is there whole or not at all.
  const fs::path unfinished = fmt::format("{}.{}", key_file.string(), getpid());
  std::ofstream(unfinished, std::ios::binary | std::ios::trunc) << key;
  fs::rename(unfinished, key_file);
}

ResultsStore::~ResultsStore() = default;

bool ResultsStore::has(const CaseId& id) const { return finished_case(impl_->partial, id).has_value(); }
const fs::path& ResultsStore::partial() const { return impl_->partial; }

void ResultsStore::store(const CaseResult& result) {
  // Packing is the slow part, and runs beside other cases; writing is quick.
  const PackedRasters common(result.rasters);
  std::vector<PackedRasters> of_guild;
  of_guild.reserve(result.guilds.size());
  for (const GuildResult& guild : result.guilds) of_guild.emplace_back(guild.rasters);

  const fs::path target = impl_->partial / file_name_of(result.id);
  // Two processes may be at the same case: each has a name of its own until it is whole.
  const fs::path unfinished = fmt::format("{}.{}.unfinished", target.string(), getpid());
  const std::lock_guard<std::mutex> guard(impl_->mutex);
  h5::quiet();
  try {
    h5::Handle file = h5::create_file(unfinished.string());
    h5::set_attribute(file, "seconds", result.seconds);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    h5::set_attribute(file, "peak_bytes", 1024.0 * static_cast<double>(usage.ru_maxrss));
    h5::set_attribute(file, "program", program_version());
    if (result.id.draw == 0) {
      const std::string path = case_path(result.id.scenario, result.id.year);
      const h5::Handle group = h5::create_group(file, path);
      common.write(group);
      for (const Table& table : result.tables) write_table(h5::create_group(group, "tables"), table);
      for (const NamedLines& lines : result.lines) write_lines(h5::create_group(group, "paths"), lines);
      for (std::size_t g = 0; g < result.guilds.size(); ++g) {
        const GuildResult& guild = result.guilds[g];
        const h5::Handle inner = h5::create_group(group, guild.guild);
        of_guild[g].write(inner);
        for (const Table& table : guild.tables) write_table(h5::create_group(inner, "tables"), table);
        for (const NamedLines& lines : guild.lines) write_lines(h5::create_group(inner, "paths"), lines);
      }
    }
    for (const GuildResult& guild : result.guilds) {
      const h5::Handle group = h5::create_group(file, "/indices/" + guild.guild);
      for (const Column& column : guild.indices.columns) {
        const h5::Handle dataset = h5::write_column(group, column.name, std::get<std::vector<double>>(column.values));
        describe(dataset, column.unit, column.meaning);
        h5::set_attribute(dataset, "better", static_cast<std::int64_t>(column.better));
      }
    }
    h5::check(H5Fflush(file, H5F_SCOPE_GLOBAL), "writing " + unfinished.string());
    file.reset();
    if (impl_->use == Use::shared) sync_to_disk(unfinished);
  } catch (const h5::Error& error) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    fail_writing(target, error.what());
  }
  std::error_code error;
  fs::rename(unfinished, target, error);
  if (error) fail_writing(target, error.message());
}

void ResultsStore::Impl::write_common(hid_t file) const {
  h5::set_attribute(file, "Conventions", std::string("CF-1.8"));
  h5::set_attribute(file, "title", study.title);
  if (!study.notice.empty()) h5::set_attribute(file, "notice", study.notice);
  h5::set_attribute(file, "source", "greenweave " + program_version());
  h5::set_attribute(file, "greenweave_schema", schema_version);

  const Frame& frame = study.landscape.frame;
  const OGRSpatialReference crs = crs_of(frame.crs);
  const h5::Handle space(H5Screate(H5S_SCALAR), H5Sclose, "space");
  const h5::Handle mapping(H5Dcreate2(file, "crs", H5T_NATIVE_INT32, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                           H5Dclose, "crs");
  char* wkt = nullptr;
  crs.exportToWkt(&wkt);
  const std::string wkt1 = wkt != nullptr ? wkt : "";
  CPLFree(wkt);
  h5::set_attribute(mapping, "crs_wkt", frame.crs);
  h5::set_attribute(mapping, "spatial_ref", wkt1);
  h5::set_attribute(
      mapping, "GeoTransform",
      fmt::format("{:.17g} {:.17g} 0 {:.17g} 0 {:.17g}", frame.west, frame.cell_m, frame.north, -frame.cell_m));
  std::vector<double> x, y;
  for (std::int32_t c = 0; c < frame.shape.cols; ++c) x.push_back(frame.centre(frame.shape.cell(0, c)).x);
  for (std::int32_t r = 0; r < frame.shape.rows; ++r) y.push_back(frame.centre(frame.shape.cell(r, 0)).y);
  for (const auto& [name, values] : {std::pair{"y", &y}, std::pair{"x", &x}}) {
    const h5::Handle axis = h5::write_column(file, name, *values);
    describe(axis, "m", *name == 'x' ? "Easting of the cells' centres" : "Northing of the cells' centres");
    h5::set_attribute(axis, "standard_name", fmt::format("projection_{}_coordinate", name));
    h5::set_attribute(axis, "axis", std::string(*name == 'x' ? "X" : "Y"));
    h5::make_scale(axis, name);
  }
  std::vector<std::int64_t> draws;
  for (int d = 0; d <= study.uncertainty.draws; ++d) draws.push_back(d);
  const h5::Handle draw = h5::write_column(file, "draw", draws);
  describe(draw, "1", "Draw of the uncertain parameters; 0: the stated values");
  h5::make_scale(draw, "draw");

  const h5::Handle about = h5::create_group(file, "study");
  h5::set_attribute(about, "name", study.name);
  h5::set_attribute(about, "title", study.title);
  h5::set_attribute(about, "notice", study.notice);
  h5::set_attribute(about, "seed", static_cast<std::int64_t>(study.seed));
  h5::write_scalar_text(about, "text", study.text);
  for (const Table& table : study_tables(study)) {
    write_table(about, table);
    give_dimensions(h5::open_group(about, table.name));
  }
  NamedLines outlines{"element_outlines", "Lines or rings of the framework's elements", {}};
  std::vector<std::int64_t> element;
  for (std::size_t e = 0; e < study.elements.size(); ++e)
    for (const auto& part : study.elements[e].geometry.parts) {
      outlines.lines.push_back(part);
      element.push_back(static_cast<std::int64_t>(e));
    }
  write_lines(about, outlines);
  const h5::Handle group = h5::open_group(about, outlines.name);
  describe(h5::write_column(group, "element", element), "1", "Row of the element that each line belongs to");
  give_dimensions(group);
}

void ResultsStore::Impl::join_case(hid_t file, const CaseId& id, hid_t x, hid_t y, Rasters rasters) const {
  const std::string path = case_path(id.scenario, id.year);
  const h5::Handle part = h5::open_file((partial / file_name_of(id)).string());
  h5::create_group(file, "/scenarios/" + id.scenario);
  if (rasters == Rasters::linked)
    link_rasters(part, file, path, (cases_folder(out).filename() / file_name_of(id)).string());
  else
    copy_object(part, file, path);
  const auto complete = [&](const h5::Handle& group) {
    for (const std::string& name : h5::names_in(group)) {
      if (h5::is_group(group, name)) continue;
      const h5::Handle raster(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "dataset " + name);
      h5::attach_scale(raster, y, 0);
      h5::attach_scale(raster, x, 1);
    }
    // The axes and the CRS stand in every group that has rasters, as hard links to the one copy: GDAL and xarray look
    // for them there.
    for (const char* common : {"y", "x", "crs"})
      h5::check(H5Lcreate_hard(file, common, group, common, H5P_DEFAULT, H5P_DEFAULT), "linking an axis");
    for (const char* folder : {"tables", "paths"}) {
      if (!h5::exists(group, folder)) continue;
      const h5::Handle inner = h5::open_group(group, folder);
      for (const std::string& name : h5::names_in(inner)) give_dimensions(h5::open_group(inner, name));
    }
  };
  const h5::Handle group = h5::open_group(file, path);
  complete(group);
  for (const Guild& guild : study.guilds) complete(h5::open_group(group, guild.name));
}

void ResultsStore::Impl::join_indices(hid_t file, const std::string& scenario, int year, hid_t draw) const {
  std::vector<h5::Handle> parts;
  for (int d = 0; d <= study.uncertainty.draws; ++d)
    parts.push_back(h5::open_file((partial / file_name_of({scenario, year, d})).string()));
  for (const Guild& guild : study.guilds) {
    const std::string from = "/indices/" + guild.name;
    const h5::Handle to = h5::create_group(file, case_path(scenario, year) + "/" + guild.name + "/indices");
    for (const std::string& name : h5::names_in(h5::open_group(parts.front(), from))) {
      std::vector<double> values;
      // An analysis may leave draws out.
      for (const h5::Handle& part : parts)
        values.push_back(h5::exists(part, from + "/" + name) ? h5::read_numbers(part, from + "/" + name).at(0)
                                                             : std::numeric_limits<double>::quiet_NaN());
      const h5::Handle source(H5Dopen2(parts.front(), (from + "/" + name).c_str(), H5P_DEFAULT), H5Dclose,
                              "index " + name);
      const h5::Handle dataset = h5::write_column(to, name, values);
      describe(dataset, h5::text_attribute(source, "units"), h5::text_attribute(source, "long_name"));
      h5::set_attribute(dataset, "better", h5::integer_attribute(source, "better", 0));
      h5::attach_scale(dataset, draw, 0);
    }
  }
}

void ResultsStore::Impl::keep_case_files(const std::vector<CaseId>& cases, const fs::path& folder) const {
  fs::remove_all(folder);
  fs::create_directory(folder);
  for (const CaseId& id : cases) {
    if (id.draw != 0) continue;  // only the first draw has rasters
    const fs::path from = partial / file_name_of(id), to = folder / file_name_of(id);
    // They stay among the unfinished as well until all is done. Not every file system has second names.
    std::error_code error;
    fs::create_hard_link(from, to, error);
    if (error) fs::copy_file(from, to);
  }
}

void ResultsStore::finish(const std::vector<CaseId>& cases, double wall_seconds, Rasters rasters) {
  const std::lock_guard<std::mutex> guard(impl_->mutex);
  const fs::path& out = impl_->out;
  const fs::path unfinished = out.string() + ".unfinished", kept = cases_folder(out),
                 kept_unfinished = kept.string() + ".unfinished";
  try {
    {
      const h5::Handle file = h5::create_file(unfinished.string());
      impl_->write_common(file);
      const auto open_scale = [&](const char* name) {
        return h5::Handle(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose, name);
      };
      const h5::Handle x = open_scale("x"), y = open_scale("y"), draw = open_scale("draw");
      std::vector<std::string> scenarios;
      std::vector<std::int64_t> years, draws;
      std::vector<double> seconds;
      for (const CaseId& id : cases) {
        if (id.draw == 0) {
          impl_->join_case(file, id, x, y, rasters);
          impl_->join_indices(file, id.scenario, id.year, draw);
        }
        const h5::Handle part = h5::open_file((impl_->partial / file_name_of(id)).string());
        scenarios.push_back(id.scenario);
        years.push_back(id.year);
        draws.push_back(id.draw);
        seconds.push_back(h5::number_attribute(part, "seconds"));
      }
      // All that differs from run to run of the same study stands in this group.
      const h5::Handle run = h5::create_group(file, "run");
      h5::set_attribute(run, "finished", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))));
      h5::set_attribute(run, "wall_seconds", wall_seconds);
      if (rasters == Rasters::linked) h5::set_attribute(run, "case_folder", kept.filename().string());
      write_table(run, {"cases",
                        {{"scenario", "", "Scenario", scenarios},
                         {"year", "1", "Year", years},
                         {"draw", "1", "Draw", draws},
                         {"seconds", "s", "Time it took", seconds}}});
      give_dimensions(h5::open_group(run, "cases"));
      h5::check(H5Fflush(file, H5F_SCOPE_GLOBAL), "writing " + unfinished.string());
    }
    // Read it back before it takes the place of anything.
    const ResultsFile written(unfinished);
    for (const CaseId& id : cases)
      for (const Guild& guild : impl_->study.guilds)
        if (written.indices(id.scenario, id.year, guild.name).empty())
          throw h5::Error("a case is missing in what was written");
    sync_to_disk(unfinished);
    if (rasters == Rasters::linked) impl_->keep_case_files(cases, kept_unfinished);
  } catch (const std::runtime_error& error) {  // of HDF5 or of the file system
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    fs::remove_all(kept_unfinished, ignored);
    fail_writing(out, error.what());
  }
  // Case files of results that are replaced go last: whenever this ends, a results file has its own beside it.
  const fs::path replaced = kept.string() + ".replaced";
  fs::remove_all(replaced);
  if (fs::exists(kept)) fs::rename(kept, replaced);
  if (rasters == Rasters::linked) fs::rename(kept_unfinished, kept);
  fs::rename(unfinished, out);
  fs::remove_all(replaced);
  // Under another name first: a kill meanwhile leaves nothing that looks like a batch with cases missing.
  const fs::path joined = impl_->partial.string() + ".joined";
  fs::remove_all(joined);
  fs::rename(impl_->partial, joined);
  fs::remove_all(joined);
  close(impl_->lock);
  impl_->lock = -1;
}

struct ResultsFile::Impl {
  fs::path path;
  h5::Handle file;
  Header header;
  Frame frame;
  /// Where rasters are linked: file and seconds of each case that has some. Seconds tell a run's case from another's.
  std::map<std::pair<std::string, int>, std::pair<fs::path, double>> linked;

  void read_links() {
    const h5::Handle run = h5::open_group(file, "run");
    const std::string folder = h5::text_attribute(run, "case_folder");
    if (folder.empty()) return;
    const auto scenarios = h5::read_texts(run, "cases/scenario");
    const auto years = h5::read_integers(run, "cases/year"), draws = h5::read_integers(run, "cases/draw");
    const auto seconds = h5::read_numbers(run, "cases/seconds");
    for (std::size_t k = 0; k < scenarios.size(); ++k) {
      if (draws[k] != 0) continue;
      const CaseId id{scenarios[k], static_cast<int>(years[k]), 0};
      linked[{id.scenario, id.year}] = {path.parent_path() / folder / file_name_of(id), seconds[k]};
    }
  }
  /// What is wrong with a case file; empty: nothing.
  static std::string trouble_of(const fs::path& case_file, double seconds) {
    if (!fs::exists(case_file)) return "it is not there";
    try {
      if (h5::number_attribute(h5::open_file(case_file.string()), "seconds") == seconds) return "";
      return "it is of another run";
    } catch (const h5::Error&) {
      return "it is damaged";
    }
  }

  std::vector<std::string> texts(const std::string& table, const std::string& column) const {
    return h5::read_texts(file, "/study/" + table + "/" + column);
  }
  std::vector<std::int64_t> integers(const std::string& table, const std::string& column) const {
    return h5::read_integers(file, "/study/" + table + "/" + column);
  }
  std::vector<double> numbers(const std::string& table, const std::string& column) const {
    return h5::read_numbers(file, "/study/" + table + "/" + column);
  }
  /// The group of a guild's results, or of the case where `guild` is empty.
  std::string group_of(const std::string& scenario, int year, const std::string& guild) const {
    return case_path(scenario, year) + (guild.empty() ? "" : "/" + guild);
  }

  std::vector<std::vector<Point>> read_lines(const std::string& group) const {
    const auto counts = h5::read_integers(file, group + "/node_count");
    const auto x = h5::read_numbers(file, group + "/x"), y = h5::read_numbers(file, group + "/y");
    std::vector<std::vector<Point>> lines;
    std::size_t at = 0;
    for (const std::int64_t count : counts) {
      auto& line = lines.emplace_back();
      for (std::int64_t k = 0; k < count; ++k, ++at) line.push_back({x.at(at), y.at(at)});
    }
    return lines;
  }
};

ResultsFile::ResultsFile(const fs::path& path) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  if (!fs::exists(path)) throw InputError(path.string(), "", "no such file", "give the results file of a run");
  try {
    impl_->file = h5::open_file(path.string());
    const std::int64_t schema = h5::integer_attribute(impl_->file, "greenweave_schema", -1);
    if (schema < 0) throw h5::Error("it lacks the mark of a results file");
    if (schema > schema_version)
      throw InputError(
          path.string(), "",
          fmt::format("its layout, version {}, is newer than this program knows ({})", schema, schema_version),
          "use the program's version that wrote it, or a later one");
    Header& header = impl_->header;
    header.schema_version = static_cast<int>(schema);
    header.program_version = h5::text_attribute(impl_->file, "source");
    const h5::Handle study = h5::open_group(impl_->file, "study");
    header.study_name = h5::text_attribute(study, "name");
    header.study_title = h5::text_attribute(study, "title");
    header.notice = h5::text_attribute(study, "notice");
    header.study_text = h5::read_texts(study, "text").at(0);
    if (h5::exists(impl_->file, "run")) {
      header.created = h5::text_attribute(h5::open_group(impl_->file, "run"), "finished");
      impl_->read_links();
    }
    const auto x = h5::read_numbers(impl_->file, "x"), y = h5::read_numbers(impl_->file, "y");
    const h5::Handle crs(H5Dopen2(impl_->file, "crs", H5P_DEFAULT), H5Dclose, "crs");
    Frame& frame = impl_->frame;
    frame.shape = {static_cast<std::int32_t>(y.size()), static_cast<std::int32_t>(x.size())};
    frame.crs = h5::text_attribute(crs, "crs_wkt");
    double zero = 0.0;
    if (std::sscanf(h5::text_attribute(crs, "GeoTransform").c_str(), "%lf %lf %lf %lf", &frame.west, &frame.cell_m,
                    &zero, &frame.north) != 4)
      throw h5::Error("its place on the map is missing");
  } catch (const h5::Error& error) {
    throw InputError(path.string(), "", fmt::format("not a results file: {}", error.what()),
                     "give a file that `greenweave run` wrote");
  }
}

ResultsFile::~ResultsFile() = default;

const ResultsFile::Header& ResultsFile::header() const { return impl_->header; }
const Frame& ResultsFile::frame() const { return impl_->frame; }
std::vector<std::string> ResultsFile::scenarios() const { return impl_->texts("scenarios", "name"); }
std::vector<std::string> ResultsFile::scenario_titles() const { return impl_->texts("scenarios", "title"); }
std::vector<std::string> ResultsFile::guilds() const { return impl_->texts("guilds", "name"); }
std::vector<std::string> ResultsFile::guild_titles() const { return impl_->texts("guilds", "title"); }

std::vector<int> ResultsFile::years() const {
  std::vector<int> years;
  for (const std::int64_t year : impl_->integers("years", "year")) years.push_back(static_cast<int>(year));
  return years;
}

int ResultsFile::draws() const { return static_cast<int>(h5::read_integers(impl_->file, "draw").size()) - 1; }

std::vector<Target> ResultsFile::targets() const {
  const auto or_none = [](double v) { return std::isnan(v) ? std::nullopt : std::optional<double>(v); };
  const auto names = impl_->texts("targets", "name"), indices = impl_->texts("targets", "index"),
             guilds = impl_->texts("targets", "guild"), scenarios = impl_->texts("targets", "scenario");
  const auto years = impl_->integers("targets", "year");
  const auto least = impl_->numbers("targets", "at_least"), most = impl_->numbers("targets", "at_most"),
             change = impl_->numbers("targets", "min_change_percent");
  std::vector<Target> targets;
  for (std::size_t i = 0; i < names.size(); ++i)
    targets.push_back({names[i], indices[i], guilds[i], scenarios[i], static_cast<int>(years[i]), or_none(least[i]),
                       or_none(most[i]), or_none(change[i])});
  return targets;
}

ClassTable ResultsFile::classes() const {
  const auto codes = impl_->integers("classes", "code"), colours = impl_->integers("classes", "colour");
  const auto names = impl_->texts("classes", "name");
  ClassTable table;
  for (std::size_t i = 0; i < names.size(); ++i)
    table.classes.push_back({static_cast<int>(codes[i]), names[i], static_cast<std::uint32_t>(colours[i])});
  return table;
}

std::vector<Element> ResultsFile::elements() const {
  const auto names = impl_->texts("elements", "name"), titles = impl_->texts("elements", "title"),
             kinds = impl_->texts("elements", "kind"), types = impl_->texts("elements", "greenway"),
             geometries = impl_->texts("elements", "geometry");
  const auto widths = impl_->numbers("elements", "width_m");
  std::vector<Element> elements(names.size());
  for (std::size_t e = 0; e < names.size(); ++e) {
    Element& element = elements[e];
    element.name = names[e];
    element.title = titles[e];
    for (const auto kind :
         {Element::Kind::belt, Element::Kind::core, Element::Kind::vertical, Element::Kind::horizontal})
      if (kinds[e] == name_of(kind)) element.kind = kind;
    element.greenway_type = types[e];
    element.width_m = widths[e];
    element.geometry.kind = geometries[e] == "lines" ? Geometry::Kind::lines : Geometry::Kind::polygons;
  }
  const auto owners = impl_->integers("element_outlines", "element");
  auto lines = impl_->read_lines("/study/element_outlines");
  for (std::size_t i = 0; i < lines.size(); ++i)
    elements.at(static_cast<std::size_t>(owners.at(i))).geometry.parts.push_back(std::move(lines[i]));
  return elements;
}

std::vector<IndexSample> ResultsFile::indices(const std::string& scenario, int year, const std::string& guild) const {
  const std::string path = impl_->group_of(scenario, year, guild) + "/indices";
  std::vector<IndexSample> result;
  if (!h5::exists(impl_->file, path)) return result;
  const h5::Handle group = h5::open_group(impl_->file, path);
  for (const std::string& name : h5::names_in(group)) {
    const h5::Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "index " + name);
    result.push_back({name, h5::text_attribute(dataset, "units"), h5::text_attribute(dataset, "long_name"),
                      static_cast<int>(h5::integer_attribute(dataset, "better", 0)), h5::read_numbers(group, name)});
  }
  return result;
}

std::optional<Table> ResultsFile::table(const std::string& scenario, int year, const std::string& guild,
                                        const std::string& name) const {
  const std::string path = impl_->group_of(scenario, year, guild) + "/tables/" + name;
  if (!h5::exists(impl_->file, path)) return std::nullopt;
  const h5::Handle group = h5::open_group(impl_->file, path);
  Table table{name, {}};
  for (const std::string& column : h5::names_in(group)) {
    if (column == "row") continue;
    const h5::Handle dataset(H5Dopen2(group, column.c_str(), H5P_DEFAULT), H5Dclose, "column " + column);
    Column read{column, h5::text_attribute(dataset, "units"), h5::text_attribute(dataset, "long_name"), {}};
    switch (h5::type_of_column(dataset)) {
      case h5::ColumnType::number:
        read.values = h5::read_numbers(group, column);
        break;
      case h5::ColumnType::integer:
        read.values = h5::read_integers(group, column);
        break;
      case h5::ColumnType::text:
        read.values = h5::read_texts(group, column);
        break;
    }
    table.columns.push_back(std::move(read));
  }
  return table;
}

std::vector<std::string> ResultsFile::table_names(const std::string& scenario, int year,
                                                  const std::string& guild) const {
  const std::string path = impl_->group_of(scenario, year, guild) + "/tables";
  if (!h5::exists(impl_->file, path)) return {};
  return h5::names_in(h5::open_group(impl_->file, path));
}

std::vector<std::string> ResultsFile::raster_names(const std::string& scenario, int year,
                                                   const std::string& guild) const {
  const std::string path = impl_->group_of(scenario, year, guild);
  std::vector<std::string> names;
  if (!h5::exists(impl_->file, path)) return names;
  const h5::Handle group = h5::open_group(impl_->file, path);
  for (const std::string& name : h5::names_in(group))
    if (!h5::is_group(group, name) && name != "x" && name != "y" && name != "crs") names.push_back(name);
  return names;
}

void ResultsFile::require_rasters(const std::string& scenario, int year) const {
  const auto found = impl_->linked.find({scenario, year});
  if (found == impl_->linked.end()) return;
  const auto& [file, seconds] = found->second;
  if (const std::string trouble = Impl::trouble_of(file, seconds); !trouble.empty())
    throw InputError(impl_->path.string(), case_path(scenario, year),
                     fmt::format("its rasters are linked to {}: {}", file.string(), trouble),
                     "a results file that was joined with --link and its folder of cases are moved together; the "
                     "tables can be read without");
}

std::vector<ResultsFile::LinkedCase> ResultsFile::linked_cases() const {
  std::vector<LinkedCase> cases;
  for (const auto& [id, linked] : impl_->linked)
    cases.push_back({linked.first, Impl::trouble_of(linked.first, linked.second)});
  return cases;
}

std::optional<NamedRaster> ResultsFile::raster(const std::string& scenario, int year, const std::string& guild,
                                               const std::string& name) const {
  const std::string path = impl_->group_of(scenario, year, guild) + "/" + name;
  if (!h5::exists(impl_->file, path) || h5::is_group(impl_->file, path)) return std::nullopt;
  require_rasters(scenario, year);
  const h5::Handle dataset(H5Dopen2(impl_->file, path.c_str(), H5P_DEFAULT), H5Dclose, "raster " + name);
  NamedRaster named{name, h5::text_attribute(dataset, "units"), h5::text_attribute(dataset, "long_name"), {}};
  const h5::Handle type(H5Dget_type(dataset), H5Tclose, "type");
  const auto fill = [&]<class T>(T) {
    Raster<T> raster;
    raster.shape = impl_->frame.shape;
    raster.values = h5::read_raster<T>(dataset, raster.shape.rows, raster.shape.cols);
    const auto is_fill = [](T value) {
      if constexpr (std::is_floating_point_v<T>)
        return std::isnan(value);
      else
        return value == fill_value<T>();
    };
    if (std::any_of(raster.values.begin(), raster.values.end(), is_fill)) {
      raster.valid.resize(raster.values.size());
      for (std::size_t i = 0; i < raster.values.size(); ++i) {
        raster.valid[i] = !is_fill(raster.values[i]);
        if (raster.valid[i] == 0) raster.values[i] = T{};
      }
    }
    named.raster = std::move(raster);
  };
  if (H5Tget_class(type) == H5T_FLOAT)
    fill(float{});
  else if (H5Tget_size(type) == 1)
    fill(std::uint8_t{});
  else
    fill(std::int32_t{});
  return named;
}

std::optional<NamedLines> ResultsFile::lines(const std::string& scenario, int year, const std::string& guild,
                                             const std::string& name) const {
  const std::string path = impl_->group_of(scenario, year, guild) + "/paths/" + name;
  if (!h5::exists(impl_->file, path)) return std::nullopt;
  return NamedLines{name, h5::text_attribute(h5::open_group(impl_->file, path), "long_name"), impl_->read_lines(path)};
}

}  // namespace greenweave
