#pragma once
#include <string>
#include <vector>

#include "io/results_file.hpp"

namespace greenweave {

/// Text as a field of CSV.
std::string quoted(const std::string& text);
/// A number with all its digits; NaN: an empty field.
std::string exact(double value);

/// A table of every case as CSV, one row a row, after the columns that say which case it is (no guild where the table
/// is none's). A column that some cases do not have is empty there. Empty: no case has the table.
std::string csv_of(const ResultsFile& file, const std::vector<CaseIndices>& cases, const std::string& name);

}  // namespace greenweave
