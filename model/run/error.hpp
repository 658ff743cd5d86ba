#pragma once
#include <stdexcept>
#include <string>

namespace greenweave {

/// Something the user gave us cannot be used. Says which file, where in it, why, and what to do about it.
/// Our own mistakes are assertions instead; only `main` turns either into an exit code.
class InputError : public std::runtime_error {
 public:
  InputError(std::string file, std::string place, std::string reason, std::string remedy);

  const std::string& file() const { return file_; }
  const std::string& place() const { return place_; }
  const std::string& reason() const { return reason_; }
  const std::string& remedy() const { return remedy_; }

 private:
  std::string file_, place_, reason_, remedy_;
};

/// Thrown out of a run whose RunContext was cancelled (Ctrl-C): nothing is wrong, but there is no result.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

}  // namespace greenweave
