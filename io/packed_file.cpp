#include "io/packed_file.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <libdeflate.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

// Numbers as text pack well at any level; 1 is several times faster than the usual 6 and gives files a tenth larger.
constexpr int packing_level = 1;

[[noreturn]] void fail_damaged(const fs::path& path) {
  throw InputError(path.string(), "", "its gzip packing is damaged or truncated", "fetch or write it again");
}

std::string gunzip(const std::string& packed, const fs::path& path) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (decompressor == nullptr) throw std::bad_alloc();
  std::string text;
  // A gzip file is one or more members, one after the other.
  for (std::size_t at = 0; at < packed.size();) {
    const std::size_t before = text.size();
    std::size_t room = std::max<std::size_t>(1 << 16, 4 * (packed.size() - at));
    for (;;) {
      text.resize(before + room);
      std::size_t used = 0, made = 0;
      const auto outcome = libdeflate_gzip_decompress_ex(decompressor.get(), packed.data() + at, packed.size() - at,
                                                         text.data() + before, room, &used, &made);
      if (outcome == LIBDEFLATE_INSUFFICIENT_SPACE) {
        room *= 2;
        continue;
      }
      if (outcome != LIBDEFLATE_SUCCESS) fail_damaged(path);
      text.resize(before + made);
      at += used;
      break;
    }
  }
  return text;
}

}  // namespace

std::string read_packed(const fs::path& path, const std::string& what) {
  if (!fs::exists(path))
    throw InputError(path.string(), "", fmt::format("no such file ({})", what), "correct the path");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || fs::is_directory(path))
    throw InputError(path.string(), "", fmt::format("cannot be read ({})", what), "give a file that can be read");
  std::string bytes(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    throw InputError(path.string(), "", fmt::format("cannot be read ({})", what), "give a file that can be read");
  const bool is_packed = bytes.size() > 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
  return is_packed ? gunzip(bytes, path) : bytes;
}

std::string gzip(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(packing_level), libdeflate_free_compressor);
  if (compressor == nullptr) throw std::bad_alloc();
  std::string packed(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  packed.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), packed.data(), packed.size()));
  return packed;
}

void write_whole(const fs::path& path, std::string_view bytes) {
  const fs::path unfinished = path.string() + ".unfinished";
  std::error_code failed;
  {
    std::ofstream file(unfinished, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) failed = std::make_error_code(std::errc::io_error);
  }
  if (!failed) fs::rename(unfinished, path, failed);
  if (failed) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw InputError(path.string(), "", "cannot be written", "is the disk full, or the folder read-only or missing?");
  }
}

}  // namespace greenweave
