#pragma once
#include <string>
#include <vector>

#include "app/printing.hpp"
#include "io/results_file.hpp"

namespace greenweave {

/// Visitors, trails, disturbance, access and limits, the scenarios beside each other, the baseline first. Prints
/// nothing of what the results do not have.
void print_visitors(const ResultsFile& file, const std::vector<int>& years, const std::vector<std::string>& guilds,
                    const std::vector<std::string>& scenarios, const Paint& paint);

/// The lines of the first of these tables as CSV, one a figure; empty if there are no visitors.
std::string csv_of_visitors(const ResultsFile& file, const std::vector<CaseIndices>& cases);

}  // namespace greenweave
