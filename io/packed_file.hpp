#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace greenweave {

/// A file's bytes, unpacked if it is a gzip file. InputError: no such file (`what` names it in the message), one that
/// cannot be read, a damaged or truncated gzip file.
std::string read_packed(const std::filesystem::path& path, const std::string& what);

/// A text as a gzip file holds it.
std::string gzip(std::string_view text);

/// Writes a file under a temporary name and renames it, so that no reader ever sees half of it. InputError if that
/// fails.
void write_whole(const std::filesystem::path& path, std::string_view bytes);

}  // namespace greenweave
