#include <cctype>
#include <chrono>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "io/conefor_run.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace {

struct ConeforOptions {
  ConeforJob job;
  std::vector<std::string> type{"dist"};
  double adjacency = 0.0, land_area = 0.0;
  std::vector<double> dispersal;
  int threads = 0;
  bool quiet = false;
};

std::string option_of(const std::string& index) { return fmt::format("{}{}", index.size() == 1 ? "-" : "--", index); }

void run(ConeforOptions options, const CLI::App& command) {
  const auto begin = std::chrono::steady_clock::now();
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  ConeforJob& job = options.job;
  for (const std::string& word : options.type) {
    if (word == "dist")
      job.connection = ConeforConnection::distance;
    else if (word == "prob")
      job.connection = ConeforConnection::probability;
    else if (word == "adj")
      job.connection = ConeforConnection::link;
    else if (word == "all" || word == "notall")
      job.all_pairs = word == "all";
    else
      throw InputError("", "-t", fmt::format("there is no type \"{}\"", word),
                       "give dist, prob or adj, and after it all or notall, such as -t dist notall");
  }
  if (command.count("--confAdj") > 0) job.conf_adj = options.adjacency;
  if (!options.dispersal.empty()) job.conf_prob = {options.dispersal.front(), options.dispersal.back()};
  if (command.count("--landArea") > 0) job.land_area = options.land_area;
  for (const std::string& name : conefor_index_names())
    if (command.count(option_of(name)) > 0) job.indices.insert(name);
  const ConeforOutcome outcome = run_conefor(job);
  if (options.quiet) return;
  for (const std::string& note : outcome.notes) fmt::print("Note: {}\n", note);
  for (const auto& [name, value] : outcome.overall) fmt::print("{:<14}{:.7g}\n", name, value);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{} files in {:.1f} s: {}\n", outcome.files.size(), seconds, job.out.string());
}

}  // namespace

std::vector<std::string> conefor_words(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  for (const std::string& word : words) {
    const bool has_one_dash = word.size() > 2 && word[0] == '-' && word[1] != '-' && std::isalpha(word[1]) != 0;
    if (word == "onlyoverall")
      result.push_back("--onlyoverall");
    else
      result.push_back(has_one_dash ? fmt::format("-{}", word) : word);
  }
  return result;
}

void add_conefor_command(CLI::App& app) {
  auto* command = app.add_subcommand("conefor", "Indices of a graph given as Conefor's node and connection files");
  auto options = std::make_shared<ConeforOptions>();
  ConeforJob& job = options->job;
  command->footer(
      "Options may have one dash, as in Conefor: -nodeFile nodes.txt -conFile links.txt -t dist notall ...");
  command->add_option("--nodeFile", job.node_file, "Node file: node and attribute a line")->required();
  command->add_option("--conFile", job.connection_file, "Connection file: node, node and number a line")->required();
  command
      ->add_option("-t", options->type,
                   "What the numbers are: dist, prob or adj; and whether all pairs are there: all or notall (default)")
      ->expected(1, 2);
  command->add_option("--confAdj", options->adjacency,
                      "Nodes up to this distance, or from this probability on, have a link");
  command->add_option("--confProb", options->dispersal, "A distance, and the probability of dispersing so far")
      ->expected(2);
  for (const std::string& name : conefor_index_names()) {
    const std::string about = fmt::format("Compute {}", name);
    command->add_flag(option_of(name), about)->group("Indices");
  }
  command->add_flag("--onlyoverall", job.only_overall, "No node importances");
  command->add_flag("--add", job.add,
                    "Importances of nodes to add: 0 in the node file's third column, 1 for those that exist");
  command->add_option("--landArea", options->land_area, "Area of the landscape, in the attribute's unit");
  command->add_option("--prefix", job.prefix, "Begins the names of the outputs, and names the run in results_all_*");
  command->add_flag("--wcomp", job.write_components, "Write components.txt");
  command->add_flag("--wlinks", job.write_links, "Write links.txt");
  command->add_flag("--wprobdir", job.write_direct, "Write direct_probabilities.txt");
  command->add_flag("--wprobmax", job.write_largest, "Write maximum_probabilities.txt: over all paths");
  command->add_option("-o,--out", job.out, "Folder for the outputs; default: the working directory");
  command->add_option("--threads", options->threads, "Threads; default: all of the machine's");
  command->add_flag("--overwrite", job.overwrite, "Replace existing outputs");
  command->add_flag("-q,--quiet", options->quiet, "No indices and no notes on the terminal");
  command->callback([options, command] { run(*options, *command); });
}

}  // namespace greenweave
