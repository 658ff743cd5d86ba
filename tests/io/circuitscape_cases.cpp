// The verification cases of Circuitscape's own test suite, through our readers, modes and writers. Their expected files
// come from the program's versions 4 and 5; they are not part of this project and are read where they lie.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "io/circuitscape_run.hpp"
#include "tests/support/files.hpp"

using namespace greenweave;
using namespace greenweave::testing;
namespace fs = std::filesystem;

namespace {

using Rows = std::vector<std::vector<double>>;

Rows rows_of(const fs::path& file, bool is_grid) {
  std::ifstream text(file);
  Rows rows;
  std::string line;
  for (int skipped = 0; std::getline(text, line); ++skipped) {
    if (is_grid && skipped < 6) continue;
    std::istringstream words(line);
    std::vector<double> row;
    for (double value = 0.0; words >> value;) row.push_back(value);
    if (!row.empty()) rows.push_back(std::move(row));
  }
  // Lists of branches come in any order.
  if (!is_grid) std::sort(rows.begin(), rows.end());
  return rows;
}

/// Files of a case that another state of its settings or inputs left there; the settings at hand do not ask for them.
bool is_of_another_job(const std::string& name, const CircuitscapeJob& job) {
  const auto holds = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (holds("voltmap") && !job.voltage_maps) return true;
  if (holds("cum_curmap")) return !job.current_maps && !job.cumulative_only;
  if (holds("_curmap") && !holds("max_curmap")) return !job.current_maps || job.cumulative_only;
  // Two focal nodes of seven were taken out of this one.
  return holds("sgNetworkVerify2") && (holds("_5.txt") || holds("_6.txt") || holds("_5_"));
}

}  // namespace

TEST_CASE("Circuitscape's verification cases: resistances to 1e-6, maps to 1e-5") {
  const fs::path cases = fs::path(GREENWEAVE_CASES_DIR) / "circuitscape";
  if (!fs::is_directory(cases)) {
    MESSAGE("skipped: no cases in " << cases.string());
    return;
  }
  const Folder folder;
  std::vector<fs::path> jobs;
  for (const auto& entry : fs::recursive_directory_iterator(cases / "input"))
    if (entry.path().extension() == ".ini" && entry.path().string().find("Verify") != std::string::npos)
      jobs.push_back(entry.path());
  std::sort(jobs.begin(), jobs.end());
  std::vector<fs::path> expected;
  for (const auto& entry : fs::directory_iterator(cases / "output_verify")) expected.push_back(entry.path());
  std::sort(expected.begin(), expected.end());
  int compared = 0, number = 0;
  double worst_resistance = 0.0, worst_map = 0.0, worst_list = 0.0;
  for (const fs::path& file : jobs) {
    CAPTURE(file.string());
    CircuitscapeJob job = read_circuitscape_job(file, cases);
    const std::string name = file.stem().string();
    const fs::path out = folder / std::to_string(number++);
    job.output_file = out / (name + ".out");
    const CircuitscapeOutcome outcome = run_circuitscape(job, {}, RunContext{});
    CHECK(outcome.failed.empty());
    for (const fs::path& path : expected) {
      const std::string wanted = path.filename().string();
      if (wanted.rfind(name + "_", 0) != 0 || is_of_another_job(wanted, job)) continue;
      CAPTURE(wanted);
      REQUIRE(fs::exists(out / wanted));
      const bool is_grid = path.extension() == ".asc", is_resistance = wanted.find("_resistances") != std::string::npos;
      const Rows a = rows_of(path, is_grid), b = rows_of(out / wanted, is_grid);
      REQUIRE(a.size() == b.size());
      for (std::size_t r = 0; r < a.size(); ++r) {
        REQUIRE(a[r].size() == b[r].size());
        for (std::size_t c = 0; c < a[r].size(); ++c) {
          // A resistance of nothing is written as 1e-13 now and then.
          const double scale = is_resistance ? std::max(std::abs(a[r][c]), 1e-3) : 1.0;
          const double off = std::abs(a[r][c] - b[r][c]) / scale;
          double& worst = is_resistance ? worst_resistance : is_grid ? worst_map : worst_list;
          worst = std::max(worst, off);
          if (off > (is_resistance ? 1e-6 : 1e-5)) FAIL_CHECK(a[r][c] << " expected, " << b[r][c] << " found");
        }
      }
      ++compared;
    }
  }
  MESSAGE(jobs.size() << " jobs, " << compared << " files; worst: resistances " << worst_resistance
                      << " relative, maps " << worst_map << ", lists " << worst_list);
  CHECK(compared > 300);
}
