#include "io/study_cluster.hpp"

namespace greenweave {

Cluster read_cluster(Section& section) {
  Cluster cluster;
  cluster.account = section.text("account", "");
  cluster.partition = section.text("partition", "");
  cluster.threads = static_cast<int>(section.number("threads", cluster.threads, 1, 1024));
  cluster.cases_per_task = static_cast<int>(section.number("cases_per_task", 0, 0, 1e6));
  cluster.tasks_at_once = static_cast<int>(section.number("tasks_at_once", cluster.tasks_at_once, 1, 1e5));
  cluster.time_minutes = section.number("time_minutes", 0.0, 0.0, 1e6);
  cluster.memory_gib = section.number("memory_gib", 0.0, 0.0, 1e5);
  cluster.modules = section.texts("modules").value_or(std::vector<std::string>{});
  cluster.lines = section.texts("lines").value_or(std::vector<std::string>{});
  cluster.program = section.text("program", "");
  section.done();
  return cluster;
}

}  // namespace greenweave
