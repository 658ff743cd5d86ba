#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace greenweave {

/// SHA-256 of a text, in hexadecimal.
std::string sha256_of(std::string_view text);

/// SHA-256 of a file's bytes, in hexadecimal. InputError if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace greenweave
