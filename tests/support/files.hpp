#pragma once
// Folders and files for tests that read and write.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "model/run/error.hpp"

namespace greenweave::testing {

/// A fresh folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() / fmt::format("greenweave-test-{}-{}", ::getpid(), count++);
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// Expects an InputError whose message holds every one of the words.
template <class Work>
void check_input_error(const Work& work, std::initializer_list<std::string> words) {
  try {
    work();
  } catch (const InputError& error) {
    const std::string message = error.what();
    CAPTURE(message);
    for (const std::string& word : words) {
      CAPTURE(word);
      CHECK(message.find(word) != std::string::npos);
    }
    CHECK_FALSE(error.remedy().empty());
    return;
  }
  FAIL("no InputError");
}

}  // namespace greenweave::testing
