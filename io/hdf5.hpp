#pragma once
// A thin layer over HDF5's C interface: handles that close themselves, errors that throw. Included by io/*.cpp only.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

namespace greenweave::h5 {

/// HDF5 reported a failure: what it was doing and why.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Silences HDF5's own printing in this thread.
void quiet();

/// Throws Error with HDF5's reason if `result` is negative.
template <class Result>
Result check(Result result, const std::string& what);

/// An HDF5 object that closes itself.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(check(id, what)), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): it stands for the id
  void reset() {
    if (id_ >= 0) close_(id_);
    id_ = -1;
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

Handle create_file(const std::string& path);  // replaces what is there
Handle open_file(const std::string& path);    // for reading
/// Creates a group and the groups on the way to it; links keep the order in which they were made.
Handle create_group(hid_t parent, const std::string& path);
Handle open_group(hid_t parent, const std::string& path);
bool exists(hid_t parent, const std::string& path);
/// Names of the objects in a group in the order in which they were made.
std::vector<std::string> names_in(hid_t group);
bool is_group(hid_t parent, const std::string& name);

void set_attribute(hid_t object, const std::string& name, const std::string& value);
void set_attribute(hid_t object, const std::string& name, double value);
void set_attribute(hid_t object, const std::string& name, std::int64_t value);
void set_attribute(hid_t object, const std::string& name, float value);
void set_attribute(hid_t object, const std::string& name, std::int32_t value);
void set_attribute(hid_t object, const std::string& name, std::uint8_t value);
void set_attribute(hid_t object, const std::string& name, const std::vector<double>& values);
std::string text_attribute(hid_t object, const std::string& name);  // "" if there is none
std::int64_t integer_attribute(hid_t object, const std::string& name, std::int64_t missing);
double number_attribute(hid_t object, const std::string& name);

template <class T>
hid_t native_type();

Handle write_column(hid_t group, const std::string& name, const std::vector<double>& values);
Handle write_column(hid_t group, const std::string& name, const std::vector<std::int64_t>& values);
Handle write_column(hid_t group, const std::string& name, const std::vector<std::string>& values);
void write_scalar_text(hid_t group, const std::string& name, const std::string& value);

enum class ColumnType { number, integer, text };
ColumnType type_of_column(hid_t dataset);
std::vector<double> read_numbers(hid_t group, const std::string& name);
std::vector<std::int64_t> read_integers(hid_t group, const std::string& name);
std::vector<std::string> read_texts(hid_t group, const std::string& name);

/// Makes a dataset the scale of a dimension of that length which has no coordinates (netCDF-4's convention).
Handle create_bare_dimension(hid_t group, const std::string& name, std::size_t length);
void make_scale(hid_t dataset, const std::string& name);
void attach_scale(hid_t dataset, hid_t scale, unsigned dimension);

/// A dataset whose values stay in another file (a virtual dataset), with the type, extent, fill value and attributes of
/// `source`, which is `path` in that file. `file` is looked for from the folder of the new dataset's own file on.
Handle create_virtual(hid_t group, const std::string& name, hid_t source, const std::string& file,
                      const std::string& path);

/// A raster cut into chunks, each shuffled, deflated and checksummed as HDF5's own filters would, but in parallel and
/// outside of the library, which works on one thread at a time.
class PackedRaster {
 public:
  template <class T>
  static PackedRaster pack(const std::vector<T>& values, std::int32_t rows, std::int32_t cols, T fill);
  Handle write(hid_t group, const std::string& name) const;

 private:
  struct Chunk {
    hsize_t row, col;
    std::vector<std::uint8_t> bytes;
  };
  hid_t type_ = -1;
  hsize_t rows_ = 0, cols_ = 0, chunk_rows_ = 0, chunk_cols_ = 0;
  std::vector<std::uint8_t> fill_;
  std::vector<Chunk> chunks_;
};

/// Reads a whole two-dimensional dataset.
template <class T>
std::vector<T> read_raster(hid_t dataset, std::int32_t rows, std::int32_t cols);

}  // namespace greenweave::h5
