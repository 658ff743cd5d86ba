#include "io/toml_section.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

std::string file_of(const Toml& value) { return value.location().file_name(); }

/// What TOML calls a value, in a planner's words.
std::string kind_of(const Toml& value) {
  switch (value.type()) {
    case toml::value_t::boolean:
      return "true or false";
    case toml::value_t::integer:
    case toml::value_t::floating:
      return "a number";
    case toml::value_t::string:
      return "a text";
    case toml::value_t::array:
      return "a list";
    case toml::value_t::table:
      return "a table";
    default:
      return "a date or time";
  }
}

/// The line that a parser's message points at, and the message without its drawing.
std::pair<std::string, std::string> line_and_reason(const std::string& message) {
  std::string reason = message.substr(0, message.find('\n')), line;
  if (const auto bracket = reason.find("[error] "); bracket != std::string::npos) reason = reason.substr(bracket + 8);
  if (reason.rfind("toml::", 0) == 0)
    if (const auto colon = reason.find(": "); colon != std::string::npos) reason = reason.substr(colon + 2);
  const auto bar = message.find(" | ");
  if (bar != std::string::npos) {
    const auto begin = message.find_last_of('\n', bar);
    line = message.substr(begin + 1, bar - begin - 1);
    line.erase(0, line.find_first_not_of(' '));
  }
  return {line, reason};
}

Toml parse_file(const fs::path& path, std::string* text, const std::string* unwritten) {
  std::stringstream content;
  if (unwritten != nullptr) {
    content << *unwritten;
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file || fs::is_directory(path))
      throw InputError(path.string(), "", "no such file",
                       "give the path of a study file; `greenweave init DIR` writes one");
    content << file.rdbuf();
  }
  *text += fmt::format("# {}\n{}", path.filename().string(), content.str());
  if (text->back() != '\n') *text += '\n';
  try {
    return toml::parse<toml::discard_comments, std::map, std::vector>(content, path.string());
  } catch (const std::exception& error) {
    const auto [line, reason] = line_and_reason(error.what());
    throw InputError(path.string(), line.empty() ? "" : "line " + line, "not valid TOML: " + reason,
                     "correct this line");
  }
}

bool all_named(const Toml& value) {
  if (!value.is_array() || value.as_array().empty()) return false;
  return std::all_of(value.as_array().begin(), value.as_array().end(), [](const Toml& item) {
    return item.is_table() && item.contains("name") && item.at("name").is_string();
  });
}

void merge(Toml& base, const Toml& over) {
  for (const auto& [key, value] : over.as_table()) {
    if (!base.contains(key)) {
      base.as_table()[key] = value;
      continue;
    }
    Toml& old = base.as_table()[key];
    if (old.is_table() && value.is_table()) {
      merge(old, value);
    } else if (all_named(old) && all_named(value)) {
      for (const Toml& item : value.as_array()) {
        auto& items = old.as_array();
        const auto same = std::find_if(items.begin(), items.end(), [&](const Toml& candidate) {
          return candidate.at("name").as_string().str == item.at("name").as_string().str;
        });
        if (same == items.end())
          items.push_back(item);
        else
          merge(*same, item);
      }
    } else {
      old = value;
    }
  }
}

Toml parse_chain(const fs::path& path, std::string* text, std::vector<fs::path>& chain,
                 const std::string* unwritten = nullptr) {
  const fs::path here = fs::weakly_canonical(path);
  if (std::find(chain.begin(), chain.end(), here) != chain.end()) {
    std::vector<std::string> names;
    for (const fs::path& link : chain) names.push_back(link.filename().string());
    names.push_back(here.filename().string());
    throw InputError(chain.back().string(), "extends",
                     fmt::format("the studies extend each other in a circle: {}", fmt::join(names, " -> ")),
                     "take `extends` out of one of them");
  }
  chain.push_back(here);
  std::string own;
  Toml study = parse_file(path, &own, unwritten);
  if (!study.contains("extends")) {
    *text += own;
    return study;
  }
  Section section(study, "study");
  const fs::path base_path = section.path("extends").value();
  if (!fs::exists(base_path))
    section.fail("extends", fmt::format("there is no study {}", base_path.string()), "correct the path");
  Toml base = parse_chain(base_path, text, chain);
  study.as_table().erase("extends");
  merge(base, study);
  *text += own;
  return base;
}

}  // namespace

Toml parse_study(const fs::path& path, std::string* text, const std::string* unwritten) {
  std::vector<fs::path> chain;
  return parse_chain(path, text, chain, unwritten);
}

Section::Section(const Toml& table, std::string name) : table_(&table), name_(std::move(name)) {}

bool Section::has(const std::string& key) const { return table_->contains(key); }
bool Section::is_text(const std::string& key) const { return has(key) && table_->at(key).is_string(); }
bool Section::is_table(const std::string& key) const { return has(key) && table_->at(key).is_table(); }

std::vector<std::string> Section::keys() const {
  std::vector<std::string> keys;
  for (const auto& item : table_->as_table()) keys.push_back(item.first);
  return keys;
}

const Toml* Section::find(const std::string& key) {
  asked_.insert(key);
  return table_->contains(key) ? &table_->at(key) : nullptr;
}

std::string Section::place_of(const Toml& value) const {
  return fmt::format("line {}, [{}]", value.location().line(), name_);
}

void Section::fail(const std::string& key, const std::string& reason, const std::string& remedy) const {
  const Toml& at = !key.empty() && table_->contains(key) ? table_->at(key) : *table_;
  throw InputError(file_of(at), place_of(at) + (key.empty() ? "" : " " + key), reason, remedy);
}

std::optional<double> Section::number(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  double result = 0.0;
  if (value->is_floating())
    result = value->as_floating();
  else if (value->is_integer())
    result = static_cast<double>(value->as_integer());
  else
    fail(key, fmt::format("it is {}, not a number", kind_of(*value)), "give a number");
  if (std::isnan(result)) fail(key, "it is not a number (nan)", "give a number");
  return result;
}

std::optional<std::int64_t> Section::integer(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_integer())
    fail(key, fmt::format("it is {}, not a whole number", kind_of(*value)), "give a whole number");
  return value->as_integer();
}

std::optional<bool> Section::boolean(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail(key, fmt::format("it is {}", kind_of(*value)), "give true or false");
  return value->as_boolean();
}

std::optional<std::string> Section::text(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(key, fmt::format("it is {}, not a text", kind_of(*value)), "put it in quotation marks");
  return value->as_string().str;
}

std::optional<std::vector<std::string>> Section::texts(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array())
    fail(key, fmt::format("it is {}, not a list", kind_of(*value)), "give a list: [\"...\", \"...\"]");
  std::vector<std::string> result;
  for (const Toml& item : value->as_array()) {
    if (!item.is_string())
      fail(key, fmt::format("the list holds {}", kind_of(item)), "give a list of texts: [\"...\", \"...\"]");
    result.push_back(item.as_string().str);
  }
  return result;
}

std::optional<std::vector<double>> Section::numbers(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array())
    fail(key, fmt::format("it is {}, not a list", kind_of(*value)), "give a list of numbers: [1, 2]");
  std::vector<double> result;
  for (const Toml& item : value->as_array()) {
    if (item.is_integer())
      result.push_back(static_cast<double>(item.as_integer()));
    else if (item.is_floating() && !std::isnan(item.as_floating()))
      result.push_back(item.as_floating());
    else
      fail(key, fmt::format("the list holds {}", item.is_floating() ? "nan" : kind_of(item)),
           "give a list of numbers: [1, 2]");
  }
  return result;
}

std::optional<fs::path> Section::path(const std::string& key) {
  const auto given = text(key);
  if (!given) return std::nullopt;
  if (given->empty()) fail(key, "the path is empty", "give a path or take the key out");
  const fs::path path = *given;
  return path.is_absolute() ? path : (fs::path(file_of(table_->at(key))).parent_path() / path).lexically_normal();
}

std::optional<Section> Section::table(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_table())
    fail(key, fmt::format("it is {}, not a table", kind_of(*value)), fmt::format("write [{}]", key));
  return Section(*value, name_ == "study" ? key : name_ + "." + key);
}

std::vector<Section> Section::tables(const std::string& key) {
  const Toml* value = find(key);
  if (value == nullptr) return {};
  const auto is_table = [](const Toml& item) { return item.is_table(); };
  if (!value->is_array() || !std::all_of(value->as_array().begin(), value->as_array().end(), is_table))
    fail(key, fmt::format("it is {}, not a list of tables", kind_of(*value)), fmt::format("write [[{}]]", key));
  std::vector<Section> result;
  for (const Toml& item : value->as_array()) {
    const std::string name = name_ == "study" ? key : name_ + "." + key;
    const bool named = item.contains("name") && item.at("name").is_string();
    result.emplace_back(item, named ? fmt::format("{} \"{}\"", name, item.at("name").as_string().str) : name);
  }
  return result;
}

std::optional<std::map<std::string, std::variant<double, std::string>>> Section::values(const std::string& key) {
  const auto section = table(key);
  if (!section) return std::nullopt;
  std::map<std::string, std::variant<double, std::string>> result;
  Section copy = *section;
  for (const auto& [name, value] : section->table_->as_table()) {
    if (value.is_string())
      result[name] = value.as_string().str;
    else
      result[name] = *copy.number(name);
  }
  return result;
}

double Section::number(const std::string& key, double default_value, double least, double most) {
  const double value = number(key).value_or(default_value);
  if (value < least || value > most)
    fail(key, fmt::format("{:g} is out of range", value), fmt::format("give a number from {:g} to {:g}", least, most));
  return value;
}

std::string Section::required_text(const std::string& key) {
  const auto value = text(key);
  if (!value || value->empty()) fail("", fmt::format("`{}` is missing", key), fmt::format("add {} = \"...\"", key));
  return *value;
}

std::string Section::choice(const std::string& key, const std::string& default_value,
                            const std::vector<std::string>& words) {
  std::string value = text(key).value_or(default_value);
  if (std::find(words.begin(), words.end(), value) == words.end())
    fail(key, value.empty() ? "it is missing" : fmt::format("\"{}\" is unknown", value),
         fmt::format("give one of: {}", fmt::join(words, ", ")));
  return value;
}

void Section::done() const {
  for (const auto& [key, value] : table_->as_table()) {
    if (asked_.count(key) != 0) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    const std::string nearest = nearest_word(key, known);
    throw InputError(file_of(value), place_of(value), fmt::format("unknown key `{}`", key),
                     nearest.empty() ? fmt::format("the keys here are: {}", fmt::join(known, ", "))
                                     : fmt::format("did you mean `{}`?", nearest));
  }
}

}  // namespace greenweave
