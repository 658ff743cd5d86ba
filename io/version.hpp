#pragma once
#include <string>

namespace greenweave {

/// Version of the program, as the results record it.
std::string program_version();

}  // namespace greenweave
