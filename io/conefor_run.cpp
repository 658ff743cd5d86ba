#include "io/conefor_run.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "io/packed_file.hpp"
#include "model/indices/conefor.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string number(double value) { return fmt::format("{:.10g}", value); }

[[noreturn]] void fail(const char* option, const char* reason, const char* remedy) {
  throw InputError("", option, reason, remedy);
}

bool any_of(const ConeforJob& job, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return job.indices.contains(name); });
}

bool is_binary(const ConeforJob& job) { return any_of(job, {"NL", "NC", "H", "CCP", "LCP", "IIC", "BC", "BCIIC"}); }
bool is_probabilistic(const ConeforJob& job) { return any_of(job, {"F", "AWF", "PC", "BCPC"}); }

/// Completes the job and refuses what does not fit together.
void check(ConeforJob& job) {
  if (job.indices.empty())
    fail("indices", "no index is asked for",
         "add one or more of -PC -IIC -BC -BCIIC -BCPC -F -AWF -NL -NC -H -CCP -LCP");
  if (job.indices.contains("BCIIC")) job.indices.insert("IIC");
  if (job.indices.contains("BCPC")) job.indices.insert("PC");
  const bool by_distance = job.connection == ConeforConnection::distance;
  if (is_binary(job) && job.connection != ConeforConnection::link && !job.conf_adj)
    fail("-confAdj", "it is missing, and the indices of links need it",
         by_distance ? "add -confAdj DISTANCE: nodes up to so far apart have a link"
                     : "add -confAdj PROBABILITY: nodes from that probability on have a link");
  if (job.conf_adj && !(*job.conf_adj >= 0.0)) fail("-confAdj", "it is negative", "give 0 or more");
  if (job.connection == ConeforConnection::probability && job.conf_adj &&
      !(*job.conf_adj > 0.0 && *job.conf_adj <= 1.0))
    fail("-confAdj", "it is no probability", "with -t prob give a number above 0, up to 1");
  if (is_probabilistic(job)) {
    if (job.connection == ConeforConnection::link)
      fail("-t", "F, AWF, PC and BCPC need distances or probabilities", "give -t dist or -t prob, or leave them out");
    if (by_distance && !job.conf_prob)
      fail("-confProb", "it is missing, and PC, BCPC, F and AWF of distances need it",
           "add -confProb DISTANCE PROBABILITY: the probability of dispersing so far");
  }
  if (job.conf_prob && !(job.conf_prob->first > 0.0 && job.conf_prob->second > 0.0 && job.conf_prob->second < 1.0))
    fail("-confProb", "a distance and a probability are no such pair",
         "give a distance above 0 and a probability between 0 and 1, such as -confProb 10000 0.5");
  if (job.land_area && !(*job.land_area > 0.0))
    fail("-landArea", "it is not above 0", "give it in the attribute's unit");
  if (job.indices.contains("LCP") && !job.land_area)
    fail("-landArea", "it is missing, and LCP needs it", "add the landscape's area in the attribute's unit");
  if (job.add && job.only_overall)
    fail("-add", "importances of nodes to add are no overall indices", "leave out onlyoverall, or -add");
  if (job.prefix.find_first_of("/\\") != std::string::npos)
    fail("-prefix", "it holds a slash", "give a name; --out says which folder");
}

ConeforRule rule_of(const ConeforJob& job) {
  ConeforRule rule;
  rule.most_cost = infinity;
  switch (job.connection) {
    case ConeforConnection::distance:
      if (job.conf_adj) rule.most_cost = *job.conf_adj;
      if (job.conf_prob) rule.dispersal = {job.conf_prob->first, job.conf_prob->second};
      break;
    case ConeforConnection::probability:
      // A threshold as written and a probability as written give the same logarithm.
      if (job.conf_adj) rule.most_cost = *job.conf_adj == 1.0 ? 0.0 : -std::log(*job.conf_adj);
      rule.dispersal = {1.0, std::exp(-1.0)};
      break;
    case ConeforConnection::link:
      rule.most_cost = 1.0;
      break;
  }
  rule.land_area = job.land_area.value_or(0.0);
  rule.per_node = !job.only_overall;
  rule.harary_per_node = job.indices.contains("H");
  rule.betweenness_per_node = any_of(job, {"BC", "BCIIC"});
  return rule;
}

struct OverallRow {
  const char* name;
  bool is_probabilistic;
  double value;
};

std::vector<OverallRow> overall_rows(const ConeforJob& job, const ConeforOverall& all) {
  std::vector<OverallRow> rows;
  const auto add = [&](const char* index, std::initializer_list<OverallRow> more) {
    if (job.indices.contains(index)) rows.insert(rows.end(), more.begin(), more.end());
  };
  add("NL", {{"NL", false, all.NL}});
  add("NC", {{"NC", false, all.NC}});
  add("H", {{"H", false, all.H}});
  add("CCP", {{"CCP", false, all.CCP}});
  add("LCP", {{"LCP", false, all.LCP}});
  add("IIC", {{"IICnum", false, all.IICnum}, {"EC(IIC)", false, all.EC_IIC}});
  if (job.land_area) add("IIC", {{"IIC", false, all.IIC}});
  add("IIC", {{"IICintra(%)", false, all.IICintra},
              {"IICdirect(%)", false, all.IICdirect},
              {"IICstep(%)", false, all.IICstep}});
  add("F", {{"F", true, all.F}});
  add("AWF", {{"AWF", true, all.AWF}});
  add("PC", {{"PCnum", true, all.PCnum}, {"EC(PC)", true, all.EC_PC}});
  if (job.land_area) add("PC", {{"PC", true, all.PC}});
  add("PC", {{"PCintra(%)", true, all.PCintra}, {"PCdirect(%)", true, all.PCdirect}, {"PCstep(%)", true, all.PCstep}});
  return rows;
}

/// One column of node_importances.txt; `whole` is what a value is a percentage of, 0: it is written as it is.
struct NodeColumn {
  std::string name;
  std::function<double(const ConeforNode&)> value;
  double whole = 0.0;
};

std::vector<NodeColumn> node_columns(const ConeforJob& job, const ConeforOverall& all) {
  using Node = ConeforNode;
  std::vector<NodeColumn> columns;
  // d in per cent of the whole index, then var in its unit; `unit` divides both numerator and index.
  const auto add = [&](const std::string& name, auto member, double whole) {
    columns.push_back({fmt::format("d{}", name), member, whole});
    columns.push_back({fmt::format("var{}", name), member, 0.0});
  };
  add(
      "A", [](const Node& n) { return n.attribute; }, all.attribute);
  if (job.indices.contains("NL"))
    add(
        "NL", [](const Node& n) { return n.varNL; }, all.NL);
  if (job.indices.contains("NC"))
    add(
        "NC", [](const Node& n) { return n.varNC; }, all.NC);
  if (job.indices.contains("H"))
    add(
        "H", [](const Node& n) { return n.varH; }, all.H);
  if (job.indices.contains("BC")) columns.push_back({"BC", [](const Node& n) { return n.BC; }, 0.0});
  if (job.indices.contains("CCP"))
    add(
        "CCP", [](const Node& n) { return n.varCCP; }, all.CCP);
  const double area = job.land_area ? *job.land_area * *job.land_area : 1.0;
  if (job.indices.contains("LCP"))
    add(
        "LCP", [area](const Node& n) { return n.varLCPnum / area; }, all.LCP);
  // The parts of an index: all d columns, then all var columns. Without a land area var is that of the numerator.
  using Get = double (*)(const Node&);
  const auto add_parts = [&](const std::string& name, Get whole_of, Get intra, Get flux, Get connector, double num) {
    const std::pair<const char*, Get> parts[] = {
        {"", whole_of}, {"intra", intra}, {"flux", flux}, {"connector", connector}};
    for (const auto& [part, get] : parts) columns.push_back({fmt::format("d{}{}", name, part), get, num});
    for (const auto& part : parts)
      columns.push_back({fmt::format("var{}{}{}", name, job.land_area ? "" : "num", part.first),
                         [get = part.second, area](const Node& n) { return get(n) / area; }, 0.0});
  };
  if (job.indices.contains("IIC"))
    add_parts(
        "IIC", [](const Node& n) { return n.IICintra + n.IICflux + n.IICconnector; },
        [](const Node& n) { return n.IICintra; }, [](const Node& n) { return n.IICflux; },
        [](const Node& n) { return n.IICconnector; }, all.IICnum);
  if (job.indices.contains("F"))
    add(
        "F", [](const Node& n) { return n.varF; }, all.F);
  if (job.indices.contains("AWF"))
    add(
        "AWF", [](const Node& n) { return n.varAWF; }, all.AWF);
  if (job.indices.contains("PC"))
    add_parts(
        "PC", [](const Node& n) { return n.PCintra + n.PCflux + n.PCconnector; },
        [](const Node& n) { return n.PCintra; }, [](const Node& n) { return n.PCflux; },
        [](const Node& n) { return n.PCconnector; }, all.PCnum);
  if (job.indices.contains("BCPC"))
    add(
        "BC_PC", [](const Node& n) { return n.BC_PC; }, all.PCnum);
  if (job.indices.contains("BCIIC"))
    add(
        "BC_IIC", [](const Node& n) { return n.BC_IIC; }, all.IICnum);
  return columns;
}

std::string format_nodes(const std::vector<std::int64_t>& ids, const std::vector<ConeforNode>& nodes,
                         const std::vector<NodeColumn>& columns) {
  std::string text = "Node";
  for (const NodeColumn& column : columns) text += fmt::format("\t{}", column.name);
  text += "\n";
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    text += fmt::format("{}", ids[k]);
    for (const NodeColumn& column : columns) {
      double value = column.value(nodes[k]);
      if (column.name[0] == 'd') value = column.whole != 0.0 ? 100.0 * value / column.whole : 0.0;
      text += fmt::format("\t{}", number(value));
    }
    text += "\n";
  }
  return text;
}

/// What a network gains by each candidate: it is judged with that candidate alone.
std::vector<ConeforNode> gains(const ConeforInput& input, const std::vector<int>& existing,
                               const std::vector<int>& candidates, const ConeforRule& rule,
                               const ConeforOverall& before) {
  std::vector<ConeforNode> result(candidates.size());
  parallel_for(static_cast<std::int64_t>(candidates.size()), [&](std::int64_t c) {
    const auto k = static_cast<std::size_t>(c);
    std::vector<int> nodes = existing;
    nodes.push_back(candidates[k]);
    const ConeforIndices with = conefor_indices(part_of(input.network, nodes), rule);
    result[k] = with.nodes.back();
    // The rest of it is the network before, so all but what is relative follows.
    result[k].varCCP = with.overall.CCP - before.CCP;
  });
  return result;
}

std::string read_if_there(const fs::path& path) {
  return fs::exists(path) ? read_packed(path, "results of earlier runs") : std::string();
}

}  // namespace

const std::vector<std::string>& conefor_index_names() {
  static const std::vector<std::string> names{"NL", "NC",    "H", "CCP", "LCP", "IIC",
                                              "BC", "BCIIC", "F", "AWF", "PC",  "BCPC"};
  return names;
}

ConeforOutcome run_conefor(ConeforJob job) {
  check(job);
  const std::string begin = job.prefix.empty() ? "" : job.prefix + "_";
  const auto file = [&](const char* name) { return job.out / (begin + name); };
  std::vector<fs::path> fresh{file("overall_indices.txt")};
  if (!job.only_overall) fresh.push_back(file("node_importances.txt"));
  if (job.write_components) fresh.push_back(file("components.txt"));
  if (job.write_links) fresh.push_back(file("links.txt"));
  if (job.write_direct) fresh.push_back(file("direct_probabilities.txt"));
  if (job.write_largest) fresh.push_back(file("maximum_probabilities.txt"));
  if (!job.overwrite)
    for (const fs::path& path : fresh)
      if (fs::exists(path))
        throw InputError(path.string(), "", "it exists already", "add --overwrite, or another -prefix or --out");

  ConeforInput input = read_conefor(job.node_file, job.connection_file, job.connection, job.all_pairs, job.add);
  ConeforOutcome outcome;
  outcome.notes = std::move(input.notes);
  ConeforRule rule = rule_of(job);
  std::vector<int> existing, candidates;
  for (std::size_t v = 0; v < input.id.size(); ++v)
    (input.is_candidate[v] ? candidates : existing).push_back(static_cast<int>(v));
  if (job.add && candidates.empty())
    throw InputError(job.node_file.string(), "", "no node could be added", "mark them by 0 in the third column");
  const bool per_node = rule.per_node;
  rule.per_node = per_node && !job.add;
  const HabitatNetwork part = job.add ? part_of(input.network, existing) : HabitatNetwork{};
  const HabitatNetwork& network = job.add ? part : input.network;
  const ConeforIndices indices = conefor_indices(network, rule);
  const std::vector<int>& judged = job.add ? candidates : existing;
  std::vector<std::int64_t> ids;
  for (const int v : judged) ids.push_back(input.id[static_cast<std::size_t>(v)]);
  std::vector<std::int64_t> network_ids;
  for (const int v : existing) network_ids.push_back(input.id[static_cast<std::size_t>(v)]);

  const std::vector<OverallRow> rows = overall_rows(job, indices.overall);
  const std::string label = job.prefix.empty() ? job.node_file.filename().string() : job.prefix;
  const std::string adjacency = job.conf_adj ? number(*job.conf_adj) : "-";
  const std::string dispersal =
      job.conf_prob ? fmt::format("{}\t{}", number(job.conf_prob->first), number(job.conf_prob->second)) : "-\t-";
  std::string overall, all;
  for (const OverallRow& row : rows) {
    overall += fmt::format("{}\t{}\n", row.name, number(row.value));
    all += fmt::format("{}\t{}\t{}\t{}\n", label, row.is_probabilistic ? dispersal : adjacency, row.name,
                       number(row.value));
    outcome.overall.emplace_back(row.name, row.value);
  }

  std::error_code ignored;
  fs::create_directories(job.out, ignored);
  const auto write = [&](const fs::path& path, const std::string& text) {
    write_whole(path, text);
    outcome.files.push_back(path);
  };
  write(file("overall_indices.txt"), overall);
  if (per_node) {
    rule.per_node = true;
    const std::vector<ConeforNode> nodes =
        job.add ? gains(input, existing, candidates, rule, indices.overall) : indices.nodes;
    write(file("node_importances.txt"), format_nodes(ids, nodes, node_columns(job, indices.overall)));
  }
  const HabitatGraph& graph = network.graph;
  const auto links = [&](double most_cost, const auto& value_of) {
    std::string text;
    for (const auto& e : boost::make_iterator_range(boost::edges(graph)))
      if (graph[e].cost_m <= most_cost)
        text += fmt::format("{}\t{}\t{}\n", network_ids[boost::source(e, graph)], network_ids[boost::target(e, graph)],
                            value_of(graph[e].cost_m));
    return text;
  };
  if (job.write_components) {
    HabitatNetwork binary{HabitatGraph(boost::num_vertices(graph)), {}};
    for (const auto& e : boost::make_iterator_range(boost::edges(graph)))
      if (graph[e].cost_m <= rule.most_cost)
        boost::add_edge(boost::source(e, graph), boost::target(e, graph), graph[e], binary.graph);
    const std::vector<int> component = network_components(binary, nullptr);
    std::string text = "Node\tComponent\n";
    for (std::size_t v = 0; v < component.size(); ++v)
      text += fmt::format("{}\t{}\n", network_ids[v], component[v] + 1);
    write(file("components.txt"), text);
  }
  if (job.write_links) write(file("links.txt"), links(rule.most_cost, [](double) { return 1; }));
  const double alpha = rule.dispersal.alpha();
  if (job.write_direct)
    write(file("direct_probabilities.txt"),
          links(infinity, [&](double cost) { return number(std::exp(-alpha * cost)); }));
  if (job.write_largest) {
    std::string text;
    for (const ConeforPair& pair : largest_products(network, rule.dispersal))
      text += fmt::format("{}\t{}\t{}\n", network_ids[static_cast<std::size_t>(pair.a)],
                          network_ids[static_cast<std::size_t>(pair.b)], number(pair.probability));
    write(file("maximum_probabilities.txt"), text);
  }
  // Runs of a series gather here, as in Conefor.
  const auto gather = [&](const char* name, const std::string& header, const std::string& lines) {
    const fs::path path = job.out / name;
    const std::string before = read_if_there(path);
    write(path, (before.empty() ? header : before) + lines);
  };
  gather("results_all_overall_indices.txt", "", all);
  if (job.indices.contains("IIC"))
    gather("results_all_EC(IIC).txt", "Prefix\tDistance\tEC(IIC)\n",
           fmt::format("{}\t{}\t{}\n", label, adjacency, number(indices.overall.EC_IIC)));
  if (job.indices.contains("PC"))
    gather("results_all_EC(PC).txt", "Prefix\tDistance\tProbability\tEC(PC)\n",
           fmt::format("{}\t{}\t{}\n", label, dispersal, number(indices.overall.EC_PC)));
  return outcome;
}

}  // namespace greenweave
