#include "io/sweep.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "io/results_file.hpp"
#include "io/study_cluster.hpp"
#include "io/toml_section.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_variants = 1000;  // one array of a cluster holds about so many tasks

using Path = std::vector<std::string>;

/// A key of the studies and the values it takes in turn.
struct Parameter {
  Path path;
  std::vector<Toml> values;
  bool varies = false;  // false: one value for all, which is not worth a column
  std::string label;
};
using Grid = std::vector<Parameter>;

struct Base {
  std::string name, title;
  fs::path file;
  Toml toml;
};

bool is_bare(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(),
                                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

/// A text as TOML takes it back.
std::string quoted_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04X}", static_cast<int>(c));
    else
      result += c;
  }
  return result + "\"";
}

std::string key_word(const std::string& key) { return is_bare(key) ? key : quoted_text(key); }

std::string dotted(const Path& path) {
  std::vector<std::string> words;
  for (const std::string& key : path) words.push_back(key_word(key));
  return fmt::format("{}", fmt::join(words, "."));
}

/// A value in one line, with all its digits. nullopt: dates and times, which no key takes.
std::optional<std::string> literal(const Toml& value) {
  if (value.is_boolean()) return value.as_boolean() ? "true" : "false";
  if (value.is_integer()) return fmt::format("{}", value.as_integer());
  if (value.is_floating()) {
    std::string text = fmt::format("{}", value.as_floating());
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text;
  }
  if (value.is_string()) return quoted_text(value.as_string().str);
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const Toml& item : value.as_array()) {
      const auto part = literal(item);
      if (!part) return std::nullopt;
      parts.push_back(*part);
    }
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  if (!value.is_table()) return std::nullopt;
  for (const auto& [key, item] : value.as_table()) {
    const auto part = literal(item);
    if (!part) return std::nullopt;
    parts.push_back(fmt::format("{} = {}", key_word(key), *part));
  }
  return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

/// A value as part of a name.
std::string name_part(const std::string& value) {
  std::string part;
  for (const char c : value) {
    if (c == '.')
      part += 'p';
    else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-')
      part += c;
    else if (!part.empty() && part.back() != '_' && c != '"')
      part += '_';
  }
  while (!part.empty() && part.back() == '_') part.pop_back();
  return part.substr(0, 32);
}

class SweepReader {
 public:
  SweepReader(const fs::path& path, fs::path folder)
      : path_(fs::absolute(path).lexically_normal()), toml_(parse_study(path, &text_)), root_(toml_, "study") {
    sweep_.folder = std::move(folder);
  }

  Sweep read() {
    sweep_.name = root_.text("name", path_.stem().string());
    if (!is_bare(sweep_.name))
      root_.fail("name", fmt::format("\"{}\" is no identifier", sweep_.name), "use letters, digits, _ and - only");
    sweep_.title = root_.text("title", sweep_.name);
    if (auto output = root_.table("output")) {
      const auto folder = output->path("folder");
      if (sweep_.folder.empty() && folder) sweep_.folder = *folder;
      output->done();
    }
    if (sweep_.folder.empty()) sweep_.folder = path_.parent_path() / (sweep_.name + ".sweep");
    sweep_.folder = fs::absolute(sweep_.folder).lexically_normal();
    if (auto cluster = root_.table("cluster")) sweep_.cluster = read_cluster(*cluster);
    read_bases();
    std::vector<Grid> grids = read_grids();
    root_.done();
    give_labels(grids);
    for (const Base& base : bases_)
      for (const Grid& grid : grids) add_variants(base, grid);
    return std::move(sweep_);
  }

 private:
  void read_bases() {
    const auto paths = root_.texts("studies");
    if (!paths || paths->empty())
      root_.fail("studies", "there is no study", "add studies = [\"study.toml\"]: the studies to begin from");
    std::set<std::string> names;
    for (const std::string& given : *paths) {
      Base base;
      base.file = fs::path(given).is_absolute() ? fs::path(given) : (path_.parent_path() / given).lexically_normal();
      if (!fs::exists(base.file))
        root_.fail("studies", fmt::format("there is no study {}", base.file.string()), "correct the path");
      if (is_sweep(base.file))
        root_.fail("studies", fmt::format("{} is a sweep itself", given), "list the studies themselves");
      std::string text;
      base.toml = parse_study(base.file, &text);
      Section study(base.toml, "study");
      base.name = study.text("name", fs::absolute(base.file).parent_path().filename().string());
      base.title = study.text("title", base.name);
      if (!names.insert(base.name).second)
        root_.fail("studies", fmt::format("two of them are called \"{}\"", base.name),
                   "give each study its own `name`, and list it once");
      bases_.push_back(std::move(base));
    }
  }

  /// One key of the sweep's own that stands for a key of the studies.
  void add_shorthand(const std::string& key, const Path& path, Grid& grid) {
    // A number for all, or a list of them; anything else is refused here.
    if (root_.has(key) && toml_.at(key).is_array())
      root_.numbers(key);
    else if (!root_.number(key))
      return;
    add_parameter(root_, toml_.at(key), key, path, grid);
  }

  void add_parameter(const Section& section, const Toml& value, const std::string& key, const Path& path,
                     Grid& grid) const {
    Parameter parameter{path, {}, value.is_array(), ""};
    if (value.is_array())
      parameter.values.assign(value.as_array().begin(), value.as_array().end());
    else
      parameter.values = {value};
    if (parameter.values.empty())
      section.fail(key, "the list is empty", "give the values that it takes in turn, or take the key out");
    std::set<std::string> seen;
    for (const Toml& item : parameter.values) {
      const auto text = literal(item);
      if (!text) section.fail(key, "it holds a date or time, which no key of a study is", "give numbers or texts");
      if (!seen.insert(*text).second) section.fail(key, fmt::format("{} is there twice", *text), "leave one out");
    }
    grid.push_back(std::move(parameter));
  }

  /// Every list below a table, by its path.
  void walk(const Toml& table, Path& path, Grid& grid) const {
    const Section section(table, fmt::format("grid{}{}", path.empty() ? "" : ".", dotted(path)));
    for (const auto& [key, value] : table.as_table()) {
      path.push_back(key);
      if (value.is_table()) {
        walk(value, path, grid);
      } else {
        if (path == Path{"extends"} || path == Path{"name"} || path.front() == "cluster" || path.front() == "output")
          section.fail(key, "it says nothing that varies from study to study of a sweep",
                       path.front() == "cluster" ? "write it as the sweep's own [cluster]" : "take it out");
        add_parameter(section, value, key, path, grid);
      }
      path.pop_back();
    }
  }

  std::vector<Grid> read_grids() {
    Grid common;
    add_shorthand("cell_m", {"frame", "cell_m"}, common);
    add_shorthand("draws", {"uncertainty", "draws"}, common);
    std::vector<Grid> grids;
    const auto add = [&](const Toml& table) {
      Grid grid = common;
      Path path;
      walk(table, path, grid);
      std::set<Path> seen;
      for (const Parameter& parameter : grid)
        if (!seen.insert(parameter.path).second)
          Section(table, "grid")
              .fail("", fmt::format("{} is there twice", dotted(parameter.path)),
                    "say it once: above the grids, or in each of them");
      grids.push_back(std::move(grid));
    };
    if (toml_.contains("grid") && toml_.at("grid").is_array()) {
      root_.tables("grid");  // each is a table, or it is refused here
      for (const Toml& table : toml_.at("grid").as_array()) add(table);
    } else if (root_.table("grid")) {
      add(toml_.at("grid"));
    }
    if (grids.empty()) grids.push_back(common);
    return grids;
  }

  /// The shortest ends of the paths that tell the parameters apart.
  void give_labels(std::vector<Grid>& grids) {
    std::set<Path> varying;
    for (const Grid& grid : grids)
      for (const Parameter& parameter : grid)
        if (parameter.varies) varying.insert(parameter.path);
    const auto end_of = [](const Path& path, std::size_t length) {
      return fmt::format(
          "{}", fmt::join(path.end() - static_cast<std::ptrdiff_t>(std::min(length, path.size())), path.end(), "."));
    };
    for (Grid& grid : grids)
      for (Parameter& parameter : grid) {
        if (!parameter.varies) continue;
        std::size_t length = 1;
        const auto is_shared = [&] {
          return std::count_if(varying.begin(), varying.end(), [&](const Path& other) {
                   return end_of(other, length) == end_of(parameter.path, length);
                 }) > 1;
        };
        while (length < parameter.path.size() && is_shared()) ++length;
        parameter.label = end_of(parameter.path, length);
        auto& all = sweep_.parameters;
        if (std::find(all.begin(), all.end(), parameter.label) == all.end()) all.push_back(parameter.label);
      }
  }

  /// Texts that are paths lead from the sweep's folder; in a variant they must lead from there too.
  Toml placed(const Parameter& parameter, const Toml& value) const {
    if (!value.is_string()) return value;
    const std::string text = value.as_string().str;
    const std::string& key = parameter.path.back();
    const bool is_input = parameter.path.size() == 2 && parameter.path.front() == "inputs" &&
                          !key.ends_with("_layer") && !key.ends_with("_name");
    const fs::path there = (path_.parent_path() / text).lexically_normal();
    std::error_code ignored;
    if (fs::path(text).is_absolute() || (!is_input && !fs::is_regular_file(there, ignored))) return value;
    return Toml(there.lexically_proximate(sweep_.folder).string());
  }

  /// The lines of a variant's study file that set one key: those of tables, and those of items of lists.
  void set_key(const Base& base, const Parameter& parameter, const Toml& value, std::string& plain,
               std::string& items) const {
    const auto fail = [&](const std::string& reason, const std::string& remedy) {
      throw InputError(path_.string(), "[grid] " + dotted(parameter.path),
                       fmt::format("in the study \"{}\" {}", base.name, reason), remedy);
    };
    const Toml* node = &base.toml;
    Path list, inside;  // names of the lists met so far; keys since the last
    std::string header;
    for (std::size_t k = 0; k < parameter.path.size(); ++k) {
      const std::string& key = parameter.path[k];
      const bool is_last = k + 1 == parameter.path.size();
      inside.push_back(key);
      node = node != nullptr && node->is_table() && node->contains(key) ? &node->at(key) : nullptr;
      if (is_last) break;
      if (node == nullptr) {
        static const std::set<std::string> lists{"guild", "scenario", "target"};
        if (list.empty() && k == 0 && lists.contains(key))
          fail(fmt::format("there is no [[{}]]", key), fmt::format("list it in the study: [[{}]] with its name", key));
        continue;
      }
      if (node->is_table()) continue;
      if (!node->is_array() || node->as_array().empty() || !node->as_array().front().is_table())
        fail(fmt::format("`{}` is a value with no keys below it",
                         dotted({parameter.path.begin(), parameter.path.begin() + static_cast<std::ptrdiff_t>(k) + 1})),
             "correct the path of the key");
      const std::string& wanted = parameter.path[++k];
      if (k + 1 == parameter.path.size())
        fail(fmt::format("\"{}\" is an item of a list, not a key", wanted), "name a key of it");
      std::vector<std::string> names;
      const Toml* found = nullptr;
      for (const Toml& item : node->as_array()) {
        if (!item.is_table() || !item.contains("name") || !item.at("name").is_string()) continue;
        names.push_back(item.at("name").as_string().str);
        if (names.back() == wanted) found = &item;
      }
      if (names.size() != node->as_array().size())
        fail(fmt::format("not every [[{}]] has a name, and items are found by name", dotted(inside)),
             "give each a `name`");
      if (found == nullptr) fail(fmt::format("there is no {} \"{}\"", key, wanted), suggest(wanted, names));
      list.insert(list.end(), inside.begin(), inside.end());
      inside.clear();
      header += fmt::format("[[{}]]\nname = {}\n", dotted(list), quoted_text(wanted));
      node = found;
    }
    const std::string line = fmt::format("{} = {}\n", dotted(inside), *literal(placed(parameter, value)));
    (list.empty() ? plain : items) += header + line;
  }

  void add_variants(const Base& base, const Grid& grid) {
    std::vector<std::size_t> at(grid.size(), 0);
    for (;;) {
      Variant variant;
      variant.base = base.name;
      variant.name = base.name;
      variant.values.resize(sweep_.parameters.size());
      std::string plain, items;
      std::vector<std::string> words;
      for (std::size_t k = 0; k < grid.size(); ++k) {
        const Toml& value = grid[k].values[at[k]];
        set_key(base, grid[k], value, plain, items);
        if (!grid[k].varies) continue;
        const std::string text = value.is_string() ? value.as_string().str : *literal(value);
        const auto column = std::find(sweep_.parameters.begin(), sweep_.parameters.end(), grid[k].label);
        variant.values[static_cast<std::size_t>(column - sweep_.parameters.begin())] = text;
        variant.name += fmt::format("-{}-{}", name_part(grid[k].label), name_part(text));
        words.push_back(fmt::format("{} {}", grid[k].label, text));
      }
      const auto same = std::find_if(sweep_.variants.begin(), sweep_.variants.end(),
                                     [&](const Variant& v) { return v.name == variant.name; });
      variant.file = sweep_.folder / (variant.name + ".toml");
      variant.results = sweep_.folder / (variant.name + ".h5");
      variant.text = fmt::format(
          "# A variant of the sweep \"{}\". It is written anew when the sweep is read: change the sweep instead.\n"
          "extends = {}\nname = {}\ntitle = {}\noutput.path = {}\n{}{}",
          sweep_.name, quoted_text(base.file.lexically_proximate(sweep_.folder).string()), quoted_text(variant.name),
          quoted_text(words.empty() ? base.title : fmt::format("{} ({})", base.title, fmt::join(words, ", "))),
          quoted_text(variant.results.filename().string()), plain, items);
      if (same == sweep_.variants.end())
        sweep_.variants.push_back(std::move(variant));
      else if (same->text != variant.text)
        root_.fail("", fmt::format("two different variants would be called \"{}\"", variant.name),
                   "make their values differ in the first 32 letters or digits, or give the grids a key that tells "
                   "them apart");
      if (sweep_.variants.size() > most_variants)
        root_.fail("", fmt::format("there are more than {} variants", most_variants), "make several sweeps of it");
      std::size_t k = grid.size();
      while (k > 0 && ++at[k - 1] == grid[k - 1].values.size()) at[--k] = 0;
      if (k == 0) return;
    }
  }

  fs::path path_;
  std::string text_;
  Toml toml_;
  Section root_;
  std::vector<Base> bases_;
  Sweep sweep_;
};

}  // namespace

bool is_sweep(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) return false;
  // Before all of TOML: a study with a mistake in it is still a study, and its reader says what is wrong.
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    if (line[first] == '[') return false;
    if (line.compare(first, 7, "studies") != 0) continue;
    const std::size_t next = line.find_first_not_of(" \t", first + 7);
    if (next != std::string::npos && line[next] == '=') return true;
  }
  return false;
}

Sweep read_sweep(const fs::path& path, const fs::path& folder) { return SweepReader(path, folder).read(); }

void write_variants(const Sweep& sweep, bool replace) {
  const auto fail = [](const fs::path& path) {
    throw InputError(path.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
  };
  std::error_code error;
  fs::create_directories(sweep.folder, error);
  if (error) fail(sweep.folder);
  const auto content_of = [](const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  };
  for (const Variant& variant : sweep.variants) {
    if (!fs::exists(variant.file)) continue;
    const bool has_results = fs::exists(variant.results) || fs::exists(partial_folder(variant.results));
    if (has_results && !replace && content_of(variant.file) != variant.text)
      throw InputError(variant.file.string(), "",
                       "this variant has results already, and the sweep now says something else of it",
                       "give the sweep another name or [output] folder, or say --restart or --overwrite");
  }
  for (const Variant& variant : sweep.variants) {
    if (fs::exists(variant.file) && content_of(variant.file) == variant.text) continue;
    // Several may write the same at once, and others read it at any time.
    const fs::path unfinished = fmt::format("{}.{}", variant.file.string(), getpid());
    std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
    file << variant.text;
    file.close();
    if (!file) fail(variant.file);
    fs::rename(unfinished, variant.file, error);
    if (error) fail(variant.file);
  }
}

}  // namespace greenweave
