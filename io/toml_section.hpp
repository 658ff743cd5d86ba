#pragma once
// Reading a TOML file with messages that a planner can act on. Included by the study reader's files only.
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <toml.hpp>

#include "io/nearest_word.hpp"

namespace greenweave {

using Toml = toml::basic_value<toml::discard_comments, std::map, std::vector>;

/// Parses a TOML file and what it `extends`, nearest last: tables merge key by key, arrays of tables with names merge
/// by name, everything else is replaced. `text` receives the files as they were read. InputError: no such file, a
/// syntax error (with its line), a chain that comes back to itself. `unwritten`: what the file is going to say, where
/// it is not written yet.
Toml parse_study(const std::filesystem::path& path, std::string* text, const std::string* unwritten = nullptr);

/// A table of the file. Remembers which keys it was asked for, so that `done` can name those nobody knows.
class Section {
 public:
  Section(const Toml& table, std::string name);

  std::optional<double> number(const std::string& key);
  std::optional<std::int64_t> integer(const std::string& key);
  std::optional<bool> boolean(const std::string& key);
  std::optional<std::string> text(const std::string& key);
  std::optional<std::vector<std::string>> texts(const std::string& key);
  std::optional<std::vector<double>> numbers(const std::string& key);
  /// A path, relative to the file that names it.
  std::optional<std::filesystem::path> path(const std::string& key);
  std::optional<Section> table(const std::string& key);
  std::vector<Section> tables(const std::string& key);
  /// Name -> number or word, in any order of keys.
  std::optional<std::map<std::string, std::variant<double, std::string>>> values(const std::string& key);

  /// The same, with a default and a range check (both ends included).
  double number(const std::string& key, double default_value, double least, double most);
  bool boolean(const std::string& key, bool default_value) { return boolean(key).value_or(default_value); }
  std::string text(const std::string& key, const std::string& default_value) {
    return text(key).value_or(default_value);
  }
  std::string required_text(const std::string& key);
  /// One of the given words.
  std::string choice(const std::string& key, const std::string& default_value, const std::vector<std::string>& words);
  bool has(const std::string& key) const;
  bool is_text(const std::string& key) const;
  bool is_table(const std::string& key) const;
  /// Keys of the table, in alphabetical order.
  std::vector<std::string> keys() const;

  /// Throws InputError at a key of this table (empty: at the table itself).
  [[noreturn]] void fail(const std::string& key, const std::string& reason, const std::string& remedy) const;
  /// Throws InputError if the table has a key that was never asked for.
  void done() const;
  const std::string& name() const { return name_; }

 private:
  const Toml* find(const std::string& key);
  std::string place_of(const Toml& value) const;

  const Toml* table_;
  std::string name_;
  std::set<std::string> asked_;
};

}  // namespace greenweave
