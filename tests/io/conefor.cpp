#include <cmath>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "io/conefor_run.hpp"
#include "tests/support/files.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

ConeforInput read(const Folder& folder, const std::string& nodes, const std::string& connections,
                  ConeforConnection connection = ConeforConnection::distance, bool all = false,
                  bool candidates = false) {
  return read_conefor(folder.write("nodes.txt", nodes), folder.write("links.txt", connections), connection, all,
                      candidates);
}

/// A value of a table by node and column.
double value_of(const std::string& table, const std::string& node, const std::string& column) {
  std::stringstream lines(table);
  std::string line, cell;
  std::getline(lines, line);
  std::stringstream head(line);
  int at = 0, found = -1;
  for (; std::getline(head, cell, '\t'); ++at)
    if (cell == column) found = at;
  REQUIRE(found >= 0);
  while (std::getline(lines, line)) {
    std::stringstream cells(line);
    std::getline(cells, cell, '\t');
    if (cell != node) continue;
    for (int k = 0; k < found; ++k) std::getline(cells, cell, '\t');
    return std::stod(cell);
  }
  FAIL("no node " << node);
  return 0.0;
}

ConeforJob job_of(const Folder& folder, std::set<std::string> indices) {
  ConeforJob job;
  job.node_file = folder.path() / "nodes.txt";
  job.connection_file = folder.path() / "links.txt";
  job.conf_adj = 1000.0;
  job.conf_prob = {600.0, 0.5};
  job.indices = std::move(indices);
  job.out = folder / "out";
  return job;
}

}  // namespace

TEST_CASE("conefor files: tabs, commas, semicolons or blanks, with a header or without, either direction") {
  const Folder folder;
  for (const auto& [nodes, links] : std::vector<std::pair<std::string, std::string>>{
           {"7\t1.5\n3\t2\n9\t0\n", "7\t3\t600\n9\t3\t1e3\n"},
           {"id,area\r\n7,1.5\r\n3,2\r\n9,0\r\n", "from,to,d\r\n3,7,600\r\n3,9,1000\r\n"},
           {"7; 1.5\n3; 2\n\n9; 0\n", "\"7\";\"3\";600\n3;7;600\n9;3;1000.0"},
           {"\xEF\xBB\xBF  7   1.5 \n 3 2\n9.0 0", "7 3  600\n9\t3 1000\n7 7 0\n"}}) {
    const ConeforInput input = read(folder, nodes, links);
    CHECK(input.id == std::vector<std::int64_t>{7, 3, 9});
    REQUIRE(boost::num_edges(input.network.graph) == 2);
    CHECK(input.network.graph[0].attribute == 1.5);
    const auto edge = boost::edge(0, 1, input.network.graph);
    REQUIRE(edge.second);
    CHECK(input.network.graph[edge.first].cost_m == 600.0);
    CHECK(boost::edge(1, 2, input.network.graph).second);
  }
}

TEST_CASE("conefor files: probabilities become lengths, links count one") {
  const Folder folder;
  const ConeforInput p =
      read(folder, "1 1\n2 1\n3 1\n4 1\n", "1 2 0.5\n1 3 1\n1 4 0\n", ConeforConnection::probability);
  CHECK(boost::num_edges(p.network.graph) == 2);
  CHECK(p.network.graph[boost::edge(0, 1, p.network.graph).first].cost_m == doctest::Approx(std::log(2.0)));
  CHECK(p.network.graph[boost::edge(0, 2, p.network.graph).first].cost_m == 0.0);
  const ConeforInput l = read(folder, "1 1\n2 1\n3 1\n", "1 2\n1 3 0\n", ConeforConnection::link);
  CHECK(boost::num_edges(l.network.graph) == 1);
  CHECK(l.network.graph[boost::edge(0, 1, l.network.graph).first].cost_m == 1.0);
}

TEST_CASE("conefor files: one error that says where, why and what to do") {
  const Folder folder;
  const auto refuses = [&](const std::string& nodes, const std::string& links, std::initializer_list<std::string> words,
                           ConeforConnection type = ConeforConnection::distance, bool all = false, bool add = false) {
    check_input_error([&] { read(folder, nodes, links, type, all, add); }, words);
  };
  const std::string nodes = "1 1\n2 1\n3 1\n";
  refuses("", "1 2 3\n", {"nodes.txt", "no node"});
  refuses("1 1\n2\n", "", {"nodes.txt", "line 2", "1 column where there should be 2"});
  refuses("1 1\n2 x\n", "", {"nodes.txt", "line 2", "\"x\" is no number"});
  refuses("1;1\n2;1,5\n", "", {"nodes.txt", "line 2", "\"1,5\"", "point"});
  refuses("1 1\nwood 1\n", "", {"line 2", "\"wood\" is no node"});
  refuses("1 1\n1 2\n", "", {"line 2", "node 1 is there twice"});
  refuses("1 1\n2 -1\n", "", {"line 2", "negative"});
  refuses("1 1\n2 nan\n", "", {"line 2", "\"nan\" is no number"});
  refuses(nodes, "1 2 5\n1 4 5\n", {"links.txt", "line 2", "no node 4 in nodes.txt"});
  refuses(nodes, "1 2 -5\n", {"line 1", "negative"});
  refuses(nodes, "1 2\n", {"line 1", "2 columns where there should be 3"});
  refuses(nodes, "1 2 5\n3 1 1\n2 1 6\n", {"line 3", "nodes 1 and 2 have 6, but 5 in line 1", "directed"});
  refuses(nodes, "1 2 1.5\n", {"line 1", "no probability", "-t dist"}, ConeforConnection::probability);
  refuses(nodes, "1 2 7\n", {"line 1", "neither"}, ConeforConnection::link);
  refuses(nodes, "1 2 7\n3 2 7\n", {"links.txt", "1 of 3 pairs are missing, such as 1 and 3", "notall"},
          ConeforConnection::distance, true);
  refuses("1 1 1\n2 1 2\n", "", {"line 2", "2 in the third column"}, ConeforConnection::distance, false, true);
  refuses("1 1 1\n2 1\n", "", {"line 2", "2 columns where there should be 3"}, ConeforConnection::distance, false,
          true);
  check_input_error(
      [&] { read_conefor(folder / "none.txt", folder / "links.txt", ConeforConnection::distance, false, false); },
      {"none.txt", "no such file"});
}

TEST_CASE("conefor: tables of a small graph, series gathered, nothing overwritten") {
  const Folder folder;
  folder.write("nodes.txt", "10 1\n20 2\n30 3\n");
  folder.write("links.txt", "10 20 600\n20 30 1200\n");
  ConeforJob job = job_of(folder, {"PC", "IIC", "NC", "BC"});
  job.land_area = 10.0;
  job.write_components = job.write_links = job.write_direct = job.write_largest = true;
  const ConeforOutcome outcome = run_conefor(job);
  const std::string overall = text_of(folder / "out/overall_indices.txt");
  CHECK(overall.find("NC\t2\n") == 0);
  CHECK(overall.find("IICnum\t16\n") != std::string::npos);
  CHECK(overall.find("PCnum\t19.75\n") != std::string::npos);
  CHECK(overall.find("PC\t0.1975\n") != std::string::npos);
  const std::string nodes = text_of(folder / "out/node_importances.txt");
  CHECK(
      nodes.starts_with("Node\tdA\tvarA\tdNC\tvarNC\tBC\tdIIC\tdIICintra\tdIICflux\tdIICconnector\tvarIIC\t"
                        "varIICintra\tvarIICflux\tvarIICconnector\tdPC\t"));
  CHECK(value_of(nodes, "20", "dPC") == doctest::Approx(100.0 * (19.75 - 10.0) / 19.75));
  CHECK(value_of(nodes, "20", "varPCconnector") == doctest::Approx(0.0075));
  CHECK(value_of(nodes, "30", "varNC") == 1.0);
  CHECK(text_of(folder / "out/components.txt") == "Node\tComponent\n10\t1\n20\t1\n30\t2\n");
  CHECK(text_of(folder / "out/links.txt") == "10\t20\t1\n");
  CHECK(text_of(folder / "out/direct_probabilities.txt") == "10\t20\t0.5\n20\t30\t0.25\n");
  CHECK(text_of(folder / "out/maximum_probabilities.txt") == "10\t20\t0.5\n10\t30\t0.125\n20\t30\t0.25\n");
  CHECK(outcome.files.size() == 9);

  check_input_error([&] { run_conefor(job); }, {"overall_indices.txt", "exists", "--overwrite"});
  job.prefix = "second";
  job.only_overall = true;
  job.conf_prob = {1200.0, 0.5};
  run_conefor(job);
  // 14 + 2 (2 s + 6 / 2 + 3 s / 2), s = 1 / sqrt 2: 24.94974747.
  CHECK_FALSE(std::filesystem::exists(folder / "out/second_node_importances.txt"));
  CHECK(text_of(folder / "out/results_all_EC(PC).txt") ==
        "Prefix\tDistance\tProbability\tEC(PC)\nnodes.txt\t600\t0.5\t4.444097209\nsecond\t1200\t0.5\t4.994972219\n");
  CHECK(text_of(folder / "out/results_all_EC(IIC).txt") ==
        "Prefix\tDistance\tEC(IIC)\nnodes.txt\t1000\t4\nsecond\t1000\t4\n");
  const std::string all = text_of(folder / "out/results_all_overall_indices.txt");
  CHECK(all.find("nodes.txt\t1000\tNC\t2\n") == 0);
  CHECK(all.find("second\t1200\t0.5\tPCnum\t24.94974747") != std::string::npos);
}

TEST_CASE("conefor: nodes to add are judged by what they bring to those that exist") {
  const Folder folder;
  // 3 joins 1 and 2, which are apart; 4 is apart from all.
  folder.write("nodes.txt", "1 10 1\n2 10 1\n3 1 0\n4 5 0\n");
  folder.write("links.txt", "1 3 600\n3 2 600\n3 4 600\n");
  ConeforJob job = job_of(folder, {"PC", "IIC", "NC", "CCP", "H", "NL", "F"});
  job.add = true;
  run_conefor(job);
  const std::string nodes = text_of(folder / "out/node_importances.txt");
  CHECK(text_of(folder / "out/overall_indices.txt").find("PCnum\t200\n") != std::string::npos);
  CHECK(value_of(nodes, "3", "dPCintra") == doctest::Approx(100.0 * 1.0 / 200.0));
  CHECK(value_of(nodes, "3", "dPCflux") == doctest::Approx(100.0 * 2 * (5.0 + 5.0) / 200.0));
  CHECK(value_of(nodes, "3", "dPCconnector") == doctest::Approx(100.0 * 2 * 100 * 0.25 / 200.0));
  CHECK(value_of(nodes, "3", "dPC") == doctest::Approx(100.0 * (1 + 20 + 50) / 200.0));
  CHECK(value_of(nodes, "3", "varNC") == -1.0);
  CHECK(value_of(nodes, "3", "varNL") == 2.0);
  CHECK(value_of(nodes, "3", "varCCP") == doctest::Approx(1.0 - 0.5));
  CHECK(value_of(nodes, "4", "dPC") == doctest::Approx(100.0 * 25.0 / 200.0));
  CHECK(value_of(nodes, "4", "varNC") == 1.0);
  CHECK(nodes.find("\n1\t") == std::string::npos);
}

TEST_CASE("conefor: probabilities give what the distances they stand for give") {
  const Folder folder;
  folder.write("nodes.txt", "1 3\n2 4\n3 5\n");
  folder.write("links.txt", "1 2 600\n2 3 1200\n");
  ConeforJob job = job_of(folder, {"PC", "IIC", "F", "NL"});
  job.conf_adj = 600.0;
  const auto by_distance = run_conefor(job).overall;
  folder.write("links.txt", "1 2 0.5\n2 3 0.25\n");
  job.connection = ConeforConnection::probability;
  job.conf_adj = 0.5;
  job.conf_prob.reset();
  job.overwrite = true;
  const auto by_probability = run_conefor(job).overall;
  REQUIRE(by_distance.size() == by_probability.size());
  for (std::size_t k = 0; k < by_distance.size(); ++k) {
    CAPTURE(by_distance[k].first);
    CHECK(by_distance[k].second == doctest::Approx(by_probability[k].second).epsilon(1e-13));
  }
}

TEST_CASE("conefor: options that lack another are refused before anything is read") {
  const Folder folder;
  const auto refuses = [&](const auto& change, std::initializer_list<std::string> words) {
    ConeforJob job = job_of(folder, {"PC", "IIC"});
    change(job);
    check_input_error([&] { run_conefor(job); }, words);
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  };
  refuses([](ConeforJob& j) { j.indices.clear(); }, {"no index", "-PC"});
  refuses([](ConeforJob& j) { j.conf_adj.reset(); }, {"-confAdj", "missing"});
  refuses([](ConeforJob& j) { j.conf_prob.reset(); }, {"-confProb", "missing"});
  refuses([](ConeforJob& j) { j.conf_prob = {600.0, 1.5}; }, {"-confProb", "no such pair"});
  refuses([](ConeforJob& j) { j.indices.insert("LCP"); }, {"-landArea", "LCP"});
  refuses([](ConeforJob& j) { j.land_area = 0.0; }, {"-landArea"});
  refuses([](ConeforJob& j) { j.connection = ConeforConnection::link; }, {"-t", "PC"});
  refuses([](ConeforJob& j) { j.connection = ConeforConnection::probability; }, {"-confAdj", "no probability"});
  refuses([](ConeforJob& j) { j.add = j.only_overall = true; }, {"-add", "onlyoverall"});
  refuses([](ConeforJob& j) { j.prefix = "a/b"; }, {"-prefix", "slash"});
}

TEST_CASE("conefor: the same bytes on one thread and on two") {
  const Folder folder;
  std::string nodes, links;
  for (int i = 0; i < 120; ++i) {
    nodes += fmt::format("{} {}\n", i, 1 + i % 17);
    for (int j = i + 1; j < 120; j += 1 + (i * 7 + j) % 23)
      links += fmt::format("{} {} {}\n", i, j, 100 + (i * j) % 997);
  }
  folder.write("nodes.txt", nodes);
  folder.write("links.txt", links);
  const auto run = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    ConeforJob job = job_of(folder, {"PC", "IIC", "BC", "BCIIC", "BCPC", "H", "F", "AWF", "NC", "NL", "CCP"});
    job.overwrite = true;
    run_conefor(job);
    return text_of(folder / "out/node_importances.txt") + text_of(folder / "out/overall_indices.txt");
  };
  CHECK(run(1) == run(2));
}
