#include "model/run/error.hpp"

#include <utility>

namespace greenweave {

namespace {

std::string compose(const std::string& file, const std::string& place, const std::string& reason,
                    const std::string& remedy) {
  std::string text = file;
  if (!place.empty()) text += (text.empty() ? "" : ": ") + place;
  if (!text.empty()) text += ": ";
  text += reason;
  if (!remedy.empty()) text += "\n  remedy: " + remedy;
  return text;
}

}  // namespace

InputError::InputError(std::string file, std::string place, std::string reason, std::string remedy)
    : std::runtime_error(compose(file, place, reason, remedy)),
      file_(std::move(file)),
      place_(std::move(place)),
      reason_(std::move(reason)),
      remedy_(std::move(remedy)) {}

}  // namespace greenweave
