#include "io/version.hpp"

namespace greenweave {

std::string program_version() { return GREENWEAVE_VERSION; }

}  // namespace greenweave
