#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "app/circuit.hpp"
#include "app/commands.hpp"
#include "io/version.hpp"
#include "model/run/error.hpp"

namespace {

enum ExitCode { ok = 0, failed = 1, bad_input = 2, demand_unmet = 3, interrupted = 130 };

int parse_and_run(int argc, char** argv) {
  using namespace greenweave;
  CLI::App app{"Simulator for ecological and greenway networks: connectivity, wetland and visitor scenarios.",
               "greenweave"};
  app.set_version_flag("--version", program_version());
  app.require_subcommand(1);
  add_init_command(app);
  add_check_command(app);
  add_run_command(app);
  add_batch_commands(app);
  add_compare_command(app);
  add_map_command(app);
  add_export_command(app);
  add_tables_command(app);
  add_demo_data_command(app);
  add_cost_distance_command(app);
#ifdef GREENWEAVE_PETSC
  add_circuit_command(app, solve_distributed);
#else
  add_circuit_command(app, nullptr);
#endif
  add_circuitscape_command(app);
  add_conefor_command(app);
  add_terrain_command(app);
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words.front() == "conefor") words = conefor_words(words);
    // CLI11 takes them from the back.
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
    return ok;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ok : bad_input;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const greenweave::InputError& error) {
    std::fprintf(stderr, "greenweave: %s\n", error.what());
    return bad_input;
  } catch (const greenweave::DemandUnmet&) {
    return demand_unmet;
  } catch (const greenweave::Cancelled&) {
    std::fputs("greenweave: stopped; finished cases are kept, run the same command to go on\n", stderr);
    return interrupted;
  } catch (const std::bad_alloc&) {
    std::fputs("greenweave: out of memory\n  remedy: a larger cell size (--cell), or fewer cases at once (--jobs 1)\n",
               stderr);
    return failed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "greenweave: %s\n", error.what());
    return failed;
  }
}
