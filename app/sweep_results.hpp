#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "io/sweep.hpp"

namespace greenweave {

/// The variants whose results are there; `missing`: names of the others. InputError: none has results.
std::vector<const Variant*> variants_with_results(const Sweep& sweep, std::vector<std::string>& missing);

/// InputError where a sweep, or the folder of one, is given to a command that reads one results file: it names them.
void require_one_study(const std::filesystem::path& path);

/// A table across variants as CSV: columns in front say which it is of. A column that a variant lacks is empty there.
class VariantTable {
 public:
  explicit VariantTable(const Sweep& sweep) : sweep_(sweep) {}
  /// Adds a variant's own table with its head line; empty: it has none.
  void add(const Variant& variant, const std::string& csv);
  std::string text() const;  // empty: no variant has it

 private:
  struct Part {
    std::string front;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  // fields as they stand, quotes and all
  };
  const Sweep& sweep_;
  std::vector<Part> parts_;
};

}  // namespace greenweave
