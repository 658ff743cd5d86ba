#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "io/circuitscape_job.hpp"
#include "model/circuit/solver.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct CircuitscapeRunOptions {
  bool overwrite = false;  // replace existing outputs
  bool restart = false;    // throw away what an unfinished run of another job left under the same name
  SolverOptions solver{1e-9, 500};
};

/// How a job ended.
struct CircuitscapeOutcome {
  std::int64_t runs = 0;            // pairs, or focal nodes against all others; 1 in advanced mode
  std::int64_t solved = 0;          // those in which current flowed
  std::int64_t resumed = 0;         // those that an earlier, unfinished run had made
  std::int64_t files = 0;           // written
  double worst_residual = 0;        // of the solutions that stand
  std::vector<std::string> failed;  // runs whose solution did not converge, and how far it came
  std::vector<std::string> notes;   // what is worth saying about job and files
};

/// The resistance written for a pair whose solution did not converge, as Circuitscape 4 marks it.
inline constexpr double failed_resistance = -777.0;

/// Runs a Circuitscape job and writes its outputs. They appear all at once at the end; until then they stand in a
/// folder "<prefix>.partial" with what is needed to go on after a kill: the same job finds it and makes the rest. A run
/// that does not converge is reported, and the others stand. InputError: what the readers refuse; outputs that exist
/// already, without `overwrite`; what an unfinished run of another state left, without `restart`.
CircuitscapeOutcome run_circuitscape(const CircuitscapeJob& job, const CircuitscapeRunOptions& options,
                                     const RunContext& context);

}  // namespace greenweave
