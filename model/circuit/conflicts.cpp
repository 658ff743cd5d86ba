#include "model/circuit/conflicts.hpp"

#include <cmath>
#include <vector>

namespace greenweave {

void resolve_conflicts(std::map<std::int32_t, double>& sources, std::map<std::int32_t, double>& grounds,
                       ConflictPolicy policy) {
  std::vector<std::int32_t> conflicts;
  for (const auto& [node, amperes] : sources)
    if (const auto ground = grounds.find(node); amperes != 0.0 && ground != grounds.end() && ground->second != 0.0)
      conflicts.push_back(node);
  for (const std::int32_t node : conflicts) {
    if (policy == ConflictPolicy::remove_source || policy == ConflictPolicy::remove_both) sources.erase(node);
    if (policy == ConflictPolicy::remove_ground || policy == ConflictPolicy::remove_both) grounds.erase(node);
    const auto source = sources.find(node);
    const auto ground = grounds.find(node);
    if (source != sources.end() && source->second > 0.0 && ground != grounds.end() && std::isinf(ground->second))
      grounds.erase(ground);
  }
}

}  // namespace greenweave
