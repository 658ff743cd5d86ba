#include "io/conefor_files.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "io/packed_file.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

/// A line of a text table, split into its fields.
struct Fields {
  std::int64_t line = 0;
  std::vector<std::string_view> values;
};

/// Reads a text table line by line. The first line with content settles what separates its fields.
class TextTable {
 public:
  TextTable(const fs::path& path, const std::string& what) : path_(path), text_(read_packed(path, what)) {
    if (text_.find('\0') != std::string::npos)
      throw InputError(path.string(), "", "it is no text", "Conefor's files are plain text; save spreadsheets as text");
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  bool next(Fields& fields) {
    while (at_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line(text_.data() + at_, end - at_);
      at_ = end + 1;
      ++fields.line;
      while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
      while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
      if (line.empty()) continue;
      if (separator_ == 0)
        for (const char c : {'\t', ';', ',', ' '})
          if (separator_ == 0 && (line.find(c) != std::string_view::npos || c == ' ')) separator_ = c;
      split(line, fields.values);
      return true;
    }
    return false;
  }

  [[noreturn]] void fail(const Fields& fields, const std::string& reason, const std::string& remedy) const {
    throw InputError(path_.string(), fmt::format("line {}", fields.line), reason, remedy);
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  void split(std::string_view line, std::vector<std::string_view>& values) const {
    values.clear();
    for (std::size_t i = 0; i <= line.size();) {
      const bool by_blanks = separator_ == ' ';
      std::size_t end = by_blanks ? line.find_first_of(" \t", i) : line.find(separator_, i);
      end = std::min(end, line.size());
      std::string_view value = line.substr(i, end - i);
      while (!value.empty() && (is_blank(value.back()) || value.back() == '"')) value.remove_suffix(1);
      while (!value.empty() && (is_blank(value.front()) || value.front() == '"')) value.remove_prefix(1);
      if (!(by_blanks && value.empty())) values.push_back(value);
      i = end + 1;
    }
  }

  fs::path path_;
  std::string text_;
  std::size_t at_ = 0;
  char separator_ = 0;
};

std::optional<double> number_of(std::string_view word) {
  if (word.size() > 1 && word.front() == '+') word.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || end != word.data() + word.size() || error != std::errc() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

double required_number(const TextTable& table, const Fields& fields, std::size_t field, const char* what) {
  const auto value = number_of(fields.values[field]);
  if (!value)
    table.fail(fields, fmt::format("\"{}\" is no number ({})", fields.values[field], what),
               "write decimals with a point, and no text but in a first line");
  return *value;
}

std::int64_t required_id(const TextTable& table, const Fields& fields, std::size_t field) {
  const auto value = number_of(fields.values[field]);
  if (!value || *value != std::floor(*value) || std::abs(*value) > 9e15)
    table.fail(fields, fmt::format("\"{}\" is no node: a whole number is", fields.values[field]),
               "number the nodes; names cannot be used");
  return static_cast<std::int64_t>(*value);
}

/// A first line without a single number names the columns.
bool is_header(const Fields& fields) {
  return std::none_of(fields.values.begin(), fields.values.end(), [](std::string_view v) { return number_of(v); });
}

struct Connection {
  int a, b;
  double value;
  std::int64_t line;
};

void read_nodes(const fs::path& path, bool with_candidates, ConeforInput& input, std::vector<double>& attributes,
                std::unordered_map<std::int64_t, int>& place) {
  TextTable table(path, "node file");
  Fields fields;
  bool is_first = true, has_more = false;
  while (table.next(fields)) {
    if (std::exchange(is_first, false) && is_header(fields)) {
      input.notes.push_back(fmt::format("{}: the first line is taken as a header", path.filename().string()));
      continue;
    }
    const std::size_t least = with_candidates ? 3 : 2;
    if (fields.values.size() < least)
      table.fail(fields,
                 fmt::format("{} column{} where there should be {}", fields.values.size(),
                             fields.values.size() == 1 ? "" : "s", least),
                 with_candidates ? "each line holds a node, its attribute, and 1 (exists) or 0 (could be added)"
                                 : "each line holds a node and its attribute");
    const std::int64_t id = required_id(table, fields, 0);
    const double attribute = required_number(table, fields, 1, "attribute");
    if (attribute < 0.0)
      table.fail(fields, fmt::format("the attribute {:g} is negative", attribute),
                 "attributes are areas or other amounts, 0 or more");
    bool candidate = false;
    if (with_candidates) {
      const double exists = required_number(table, fields, 2, "1: exists, 0: could be added");
      if (exists != 0.0 && exists != 1.0)
        table.fail(fields, fmt::format("{:g} in the third column", exists), "write 1 (exists) or 0 (could be added)");
      candidate = exists == 0.0;
    } else if (fields.values.size() > 2) {
      has_more = true;
    }
    if (!place.try_emplace(id, static_cast<int>(input.id.size())).second)
      table.fail(fields, fmt::format("node {} is there twice", id), "give each node one line");
    input.id.push_back(id);
    input.is_candidate.push_back(candidate);
    attributes.push_back(attribute);
  }
  if (has_more)
    input.notes.push_back(
        fmt::format("{}: columns after the second are not used (-add reads the third)", path.filename().string()));
  if (input.id.empty())
    throw InputError(path.string(), "", "it holds no node", "each line holds a node and its attribute");
}

}  // namespace

ConeforInput read_conefor(const fs::path& nodes, const fs::path& connections, ConeforConnection connection,
                          bool all_pairs, bool with_candidates) {
  ConeforInput input;
  std::vector<double> attributes;
  std::unordered_map<std::int64_t, int> place;
  read_nodes(nodes, with_candidates, input, attributes, place);

  TextTable table(connections, "connection file");
  Fields fields;
  bool is_first = true;
  std::int64_t loops = 0;
  std::vector<Connection> found;
  while (table.next(fields)) {
    if (std::exchange(is_first, false) && is_header(fields)) {
      input.notes.push_back(fmt::format("{}: the first line is taken as a header", connections.filename().string()));
      continue;
    }
    const bool may_be_pair = connection == ConeforConnection::link;
    if (fields.values.size() < (may_be_pair ? 2U : 3U))
      table.fail(fields,
                 fmt::format("{} column{} where there should be {}", fields.values.size(),
                             fields.values.size() == 1 ? "" : "s", may_be_pair ? 2 : 3),
                 "each line holds two nodes and a number; matrices have to be written as lists");
    Connection c{0, 0, 1.0, fields.line};
    for (const std::size_t end : {std::size_t{0}, std::size_t{1}}) {
      const std::int64_t id = required_id(table, fields, end);
      const auto known = place.find(id);
      if (known == place.end())
        table.fail(fields, fmt::format("there is no node {} in {}", id, nodes.filename().string()),
                   "add it to the node file, or take the line out");
      (end == 0 ? c.a : c.b) = known->second;
    }
    if (fields.values.size() > 2) c.value = required_number(table, fields, 2, "connection");
    if (connection == ConeforConnection::distance && c.value < 0.0)
      table.fail(fields, fmt::format("the distance {:g} is negative", c.value), "distances are 0 or more");
    if (connection == ConeforConnection::probability && !(c.value >= 0.0 && c.value <= 1.0))
      table.fail(fields, fmt::format("{:g} is no probability", c.value), "give 0 to 1, or -t dist for distances");
    if (connection == ConeforConnection::link && c.value != 0.0 && c.value != 1.0)
      table.fail(fields, fmt::format("{:g} is neither 1 (a link) nor 0 (none)", c.value), "give -t dist or -t prob");
    if (c.a == c.b) {
      ++loops;
      continue;
    }
    if (c.a > c.b) std::swap(c.a, c.b);
    found.push_back(c);
  }
  if (loops > 0)
    input.notes.push_back(fmt::format("{}: {} line{} from a node to itself left out", connections.filename().string(),
                                      loops, loops == 1 ? "" : "s"));
  std::stable_sort(found.begin(), found.end(),
                   [](const Connection& x, const Connection& y) { return x.a != y.a ? x.a < y.a : x.b < y.b; });
  const std::size_t n = input.id.size();
  input.network.graph = HabitatGraph(n);
  for (std::size_t v = 0; v < n; ++v) input.network.graph[v].attribute = attributes[v];
  std::size_t pairs = 0;
  const auto name = [&](int node) { return input.id[static_cast<std::size_t>(node)]; };
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Connection& c = found[i];
    if (i > 0 && found[i - 1].a == c.a && found[i - 1].b == c.b) {
      if (found[i - 1].value != c.value)
        throw InputError(
            connections.string(), fmt::format("line {}", std::max(c.line, found[i - 1].line)),
            fmt::format("nodes {} and {} have {:g}, but {:g} in line {}", name(c.a), name(c.b),
                        c.line > found[i - 1].line ? c.value : found[i - 1].value,
                        c.line > found[i - 1].line ? found[i - 1].value : c.value, std::min(c.line, found[i - 1].line)),
            "a pair has one number for both directions: directed networks are not read here");
      continue;
    }
    ++pairs;
    double cost = c.value;
    if (connection == ConeforConnection::probability) {
      if (c.value == 0.0) continue;
      cost = c.value == 1.0 ? 0.0 : -std::log(c.value);
    } else if (connection == ConeforConnection::link) {
      if (c.value == 0.0) continue;
    }
    boost::add_edge(static_cast<std::size_t>(c.a), static_cast<std::size_t>(c.b),
                    NetworkEdge{static_cast<int>(i), cost}, input.network.graph);
  }
  if (all_pairs && pairs != n * (n - 1) / 2) {
    std::size_t i = 0;
    for (int a = 0; a < static_cast<int>(n); ++a)
      for (int b = a + 1; b < static_cast<int>(n); ++b) {
        while (i < found.size() && (found[i].a < a || (found[i].a == a && found[i].b < b))) ++i;
        if (i < found.size() && found[i].a == a && found[i].b == b) continue;
        throw InputError(connections.string(), "",
                         fmt::format("{} of {} pairs are missing, such as {} and {}", n * (n - 1) / 2 - pairs,
                                     n * (n - 1) / 2, name(a), name(b)),
                         "complete the file, or say notall: missing pairs then have no link");
      }
  }
  return input;
}

}  // namespace greenweave
