#pragma once
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace greenweave {

// One file a subcommand. Each adds itself to the program with its options; its work runs as CLI11's callback and throws
// InputError for what the user can mend.
void add_init_command(CLI::App& app);
void add_check_command(CLI::App& app);
void add_run_command(CLI::App& app);
void add_batch_commands(CLI::App& app);  // submit, status, gather, work
void add_compare_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_tables_command(CLI::App& app);
void add_map_command(CLI::App& app);
void add_demo_data_command(CLI::App& app);
void add_cost_distance_command(CLI::App& app);
void add_circuitscape_command(CLI::App& app);
void add_conefor_command(CLI::App& app);

/// Conefor's words as ours: its long options have one dash, and one of them none.
std::vector<std::string> conefor_words(const std::vector<std::string>& words);
void add_terrain_command(CLI::App& app);

/// Exit code of a command that did its work but found a demand unmet (`compare --strict`). Thrown, so that main
/// decides.
struct DemandUnmet {};

}  // namespace greenweave
