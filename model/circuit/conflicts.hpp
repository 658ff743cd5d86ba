#pragma once
#include <cstdint>
#include <map>

namespace greenweave {

/// What becomes of a node that is source and ground at once. Under every policy a direct ground (an infinite
/// conductance) is taken away where a source of positive current is left.
enum class ConflictPolicy { keep_all, remove_source, remove_ground, remove_both };

/// Takes away what the policy says from sources (amperes) and grounds (conductance; infinity: direct) by node.
void resolve_conflicts(std::map<std::int32_t, double>& sources, std::map<std::int32_t, double>& grounds,
                       ConflictPolicy policy);

}  // namespace greenweave
