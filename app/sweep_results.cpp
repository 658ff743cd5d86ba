#include "app/sweep_results.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/csv.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

/// The lines of a CSV text as fields, which keep their quotes.
std::vector<std::vector<std::string>> fields_of(const std::string& csv) {
  std::vector<std::vector<std::string>> lines;
  bool is_quoted = false, is_new = true;
  for (const char c : csv) {
    if (is_new) lines.emplace_back(1);
    is_new = c == '\n' && !is_quoted;
    if (is_new) continue;
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted)
      lines.back().emplace_back();
    else
      lines.back().back() += c;
  }
  return lines;
}

std::string shown(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.string());
  const std::size_t count = std::min<std::size_t>(names.size(), 5);
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "),
                     names.size() > count ? fmt::format(" and {} more", names.size() - count) : "");
}

}  // namespace

std::vector<const Variant*> variants_with_results(const Sweep& sweep, std::vector<std::string>& missing) {
  std::vector<const Variant*> found;
  for (const Variant& variant : sweep.variants)
    if (fs::exists(variant.results))
      found.push_back(&variant);
    else
      missing.push_back(variant.name);
  if (found.empty())
    throw InputError(sweep.folder.string(), "", "no variant of the sweep has results there yet",
                     "run the sweep: greenweave run, or submit; `greenweave status` says how far it is");
  return found;
}

void require_one_study(const fs::path& path) {
  std::vector<fs::path> files;
  const bool is_folder = fs::is_directory(path);
  if (is_folder) {
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".h5" && entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  } else if (is_sweep(path)) {
    std::vector<std::string> missing;
    const Sweep sweep = read_sweep(path);
    for (const Variant* variant : variants_with_results(sweep, missing)) files.push_back(variant->results);
  } else {
    return;
  }
  throw InputError(path.string(), "", is_folder ? "it is a folder" : "it is a sweep, and this is about one study",
                   files.empty() ? "give a results file"
                                 : fmt::format("give one of its results files: {}{}", shown(files),
                                               is_folder ? "; or, to compare and tables, the sweep's file" : ""));
}

void VariantTable::add(const Variant& variant, const std::string& csv) {
  if (csv.empty()) return;
  Part part;
  part.front = fmt::format("{},{}", variant.name, variant.base);
  for (const std::string& value : variant.values) part.front += fmt::format(",{}", quoted(value));
  part.rows = fields_of(csv);
  part.columns = part.rows.front();
  part.rows.erase(part.rows.begin());
  parts_.push_back(std::move(part));
}

std::string VariantTable::text() const {
  if (parts_.empty()) return "";
  std::vector<std::string> columns;
  for (const Part& part : parts_)
    for (const std::string& column : part.columns)
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
  std::string text = "variant,study";
  for (const std::string& parameter : sweep_.parameters) text += fmt::format(",{}", quoted(parameter));
  text += fmt::format(",{}\n", fmt::join(columns, ","));
  for (const Part& part : parts_) {
    std::vector<std::size_t> place;  // of each column among the part's own
    for (const std::string& column : columns)
      place.push_back(
          static_cast<std::size_t>(std::find(part.columns.begin(), part.columns.end(), column) - part.columns.begin()));
    for (const auto& row : part.rows) {
      text += part.front;
      for (const std::size_t k : place) text += fmt::format(",{}", k < row.size() ? row[k] : "");
      text += "\n";
    }
  }
  return text;
}

}  // namespace greenweave
