#include "io/hdf5.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <hdf5_hl.h>
#include <libdeflate.h>

#include "model/run/parallel.hpp"

namespace greenweave::h5 {

namespace {

constexpr hsize_t chunk_side = 512;
constexpr int deflate_level = 4;

/// The innermost reason on HDF5's error stack.
std::string reason() {
  std::string found;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_DOWNWARD,
      [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
        if (error->desc != nullptr && *error->desc != '\0') *static_cast<std::string*>(data) = error->desc;
        return 0;
      },
      &found);
  // The system's own words where there are some: the rest is about HDF5's insides.
  const std::string mark = "error message = '";
  if (const auto at = found.find(mark); at != std::string::npos) {
    found.erase(0, at + mark.size());
    found.resize(std::min(found.size(), found.find('\'')));
  }
  return found;
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "text type");
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

Handle vector_space(std::size_t size) {
  const hsize_t extent = size;
  return {H5Screate_simple(1, &extent, nullptr), H5Sclose, "space"};
}

Handle scalar_space() { return {H5Screate(H5S_SCALAR), H5Sclose, "space"}; }

void write_attribute(hid_t object, const std::string& name, hid_t type, hid_t space, const void* data) {
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "attribute " + name);
  check(H5Awrite(attribute, type, data), "attribute " + name);
}

/// Data sets do not carry the time of their making: the same results are the same bytes.
Handle dataset_properties() {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "properties");
  H5Pset_obj_track_times(properties, false);
  return properties;
}

Handle create_dataset(hid_t group, const std::string& name, hid_t type, hid_t space, hid_t properties) {
  return {H5Dcreate2(group, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose,
          "dataset " + name};
}

template <class T>
Handle write_numbers(hid_t group, const std::string& name, const std::vector<T>& values) {
  Handle properties = dataset_properties();
  if (values.size() > 1024) {
    const hsize_t chunk = std::min<hsize_t>(values.size(), 1 << 16);
    H5Pset_chunk(properties, 1, &chunk);
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, deflate_level);
    H5Pset_fletcher32(properties);
  }
  Handle dataset = create_dataset(group, name, native_type<T>(), vector_space(values.size()), properties);
  if (!values.empty())
    check(H5Dwrite(dataset, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "writing " + name);
  return dataset;
}

std::size_t length_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "space");
  return static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(space), "space"));
}

template <class T>
std::vector<T> read_column(hid_t group, const std::string& name) {
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "dataset " + name);
  std::vector<T> values(length_of(dataset));
  if (!values.empty())
    check(H5Dread(dataset, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "reading " + name);
  return values;
}

/// The checksum of HDF5's fletcher32 filter: Fletcher's sums over big-endian 16-bit words.
std::uint32_t fletcher32(const std::uint8_t* data, std::size_t size) {
  std::uint32_t sum1 = 0, sum2 = 0;
  const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  std::size_t words = size / 2;
  while (words > 0) {
    // 360 words are the most whose sums cannot overflow.
    const std::size_t block = std::min<std::size_t>(words, 360);
    words -= block;
    for (std::size_t i = 0; i < block; ++i, data += 2) {
      sum1 += static_cast<std::uint32_t>(data[0]) << 8 | data[1];
      sum2 += sum1;
    }
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  if (size % 2 != 0) {
    sum1 += static_cast<std::uint32_t>(*data) << 8;
    sum2 += sum1;
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  return fold(sum2) << 16 | fold(sum1);
}

/// What HDF5's filters shuffle, deflate and fletcher32 make of a chunk.
std::vector<std::uint8_t> filter(const std::vector<std::uint8_t>& chunk, std::size_t item) {
  std::vector<std::uint8_t> shuffled(chunk.size());
  const std::size_t items = chunk.size() / item;
  for (std::size_t byte = 0; byte < item; ++byte)
    for (std::size_t i = 0; i < items; ++i) shuffled[byte * items + i] = chunk[i * item + byte];
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(deflate_level), &libdeflate_free_compressor);
  std::vector<std::uint8_t> packed(libdeflate_zlib_compress_bound(compressor.get(), shuffled.size()) + 4);
  const std::size_t size =
      libdeflate_zlib_compress(compressor.get(), shuffled.data(), shuffled.size(), packed.data(), packed.size() - 4);
  assert(size > 0);
  const std::uint32_t sum = fletcher32(packed.data(), size);
  for (std::size_t k = 0; k < 4; ++k) packed[size + k] = static_cast<std::uint8_t>(sum >> (8 * k));
  packed.resize(size + 4);
  packed.shrink_to_fit();
  return packed;
}

}  // namespace

void quiet() {
  // Files are closed by their handles. What the library would do at exit crashes where a disk was full.
  static const herr_t at_exit = H5dont_atexit();
  static_cast<void>(at_exit);
  // A thread-safe HDF5 keeps an error stack for each thread.
  thread_local bool done = false;
  if (!done) H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  done = true;
}

template <class Result>
Result check(Result result, const std::string& what) {
  if (result < 0) throw Error(fmt::format("{}: {}", what, reason()));
  return result;
}
template herr_t check(herr_t, const std::string&);
template hid_t check(hid_t, const std::string&);

template <>
hid_t native_type<double>() {
  return H5T_NATIVE_DOUBLE;
}
template <>
hid_t native_type<float>() {
  return H5T_NATIVE_FLOAT;
}
template <>
hid_t native_type<std::int64_t>() {
  return H5T_NATIVE_INT64;
}
template <>
hid_t native_type<std::int32_t>() {
  return H5T_NATIVE_INT32;
}
template <>
hid_t native_type<std::uint8_t>() {
  return H5T_NATIVE_UINT8;
}

Handle create_file(const std::string& path) {
  quiet();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "properties");
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "properties");
  H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_obj_track_times(creation, false);
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose, "creating " + path};
}

Handle open_file(const std::string& path) {
  quiet();
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "opening " + path};
}

Handle create_group(hid_t parent, const std::string& path) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "properties");
  H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_obj_track_times(creation, false);
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string way = path.substr(0, slash);
    if (!exists(parent, way))
      Handle(H5Gcreate2(parent, way.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose, "group " + way).reset();
  }
  if (exists(parent, path)) return open_group(parent, path);
  return {H5Gcreate2(parent, path.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose, "group " + path};
}

Handle open_group(hid_t parent, const std::string& path) {
  return {H5Gopen2(parent, path.c_str(), H5P_DEFAULT), H5Gclose, "group " + path};
}

bool exists(hid_t parent, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (H5Lexists(parent, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  return H5Lexists(parent, path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> names_in(hid_t group) {
  std::vector<std::string> names;
  hsize_t position = 0;
  check(H5Literate(
            group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &position,
            [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
              static_cast<std::vector<std::string>*>(data)->emplace_back(name);
              return 0;
            },
            &names),
        "listing a group");
  return names;
}

bool is_group(hid_t parent, const std::string& name) {
  const Handle object(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose, "object " + name);
  return H5Iget_type(object) == H5I_GROUP;
}

void set_attribute(hid_t object, const std::string& name, const std::string& value) {
  // Fixed length: netCDF reads it as its ordinary text attribute.
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "text type");
  H5Tset_size(type, std::max<std::size_t>(value.size(), 1));
  H5Tset_cset(type, H5T_CSET_UTF8);
  const std::string padded = value.empty() ? std::string(1, '\0') : value;
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  write_attribute(object, name, type, scalar_space(), padded.data());
}
void set_attribute(hid_t object, const std::string& name, double value) {
  write_attribute(object, name, H5T_NATIVE_DOUBLE, scalar_space(), &value);
}
void set_attribute(hid_t object, const std::string& name, std::int64_t value) {
  write_attribute(object, name, H5T_NATIVE_INT64, scalar_space(), &value);
}
void set_attribute(hid_t object, const std::string& name, float value) {
  write_attribute(object, name, H5T_NATIVE_FLOAT, vector_space(1), &value);
}
void set_attribute(hid_t object, const std::string& name, std::int32_t value) {
  write_attribute(object, name, H5T_NATIVE_INT32, vector_space(1), &value);
}
void set_attribute(hid_t object, const std::string& name, std::uint8_t value) {
  write_attribute(object, name, H5T_NATIVE_UINT8, vector_space(1), &value);
}
void set_attribute(hid_t object, const std::string& name, const std::vector<double>& values) {
  write_attribute(object, name, H5T_NATIVE_DOUBLE, vector_space(values.size()), values.data());
}

std::string text_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return "";
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  const Handle type(H5Aget_type(attribute), H5Tclose, "type");
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0) return "";
  std::string value(H5Tget_size(type), '\0');
  check(H5Aread(attribute, type, value.data()), "attribute " + name);
  value.resize(std::strlen(value.c_str()));
  return value;
}

double number_attribute(hid_t object, const std::string& name) {
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  double value = 0.0;
  check(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value), "attribute " + name);
  return value;
}

std::int64_t integer_attribute(hid_t object, const std::string& name, std::int64_t missing) {
  if (H5Aexists(object, name.c_str()) <= 0) return missing;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  std::int64_t value = missing;
  check(H5Aread(attribute, H5T_NATIVE_INT64, &value), "attribute " + name);
  return value;
}

Handle write_column(hid_t group, const std::string& name, const std::vector<double>& values) {
  return write_numbers(group, name, values);
}
Handle write_column(hid_t group, const std::string& name, const std::vector<std::int64_t>& values) {
  return write_numbers(group, name, values);
}
Handle write_column(hid_t group, const std::string& name, const std::vector<std::string>& values) {
  const Handle type = text_type();
  Handle dataset = create_dataset(group, name, type, vector_space(values.size()), dataset_properties());
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  if (!pointers.empty())
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "writing " + name);
  return dataset;
}

void write_scalar_text(hid_t group, const std::string& name, const std::string& value) {
  const Handle type = text_type();
  const Handle dataset = create_dataset(group, name, type, scalar_space(), dataset_properties());
  const char* pointer = value.c_str();
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer), "writing " + name);
}

ColumnType type_of_column(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose, "type");
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return ColumnType::integer;
    case H5T_STRING:
      return ColumnType::text;
    default:
      return ColumnType::number;
  }
}

std::vector<double> read_numbers(hid_t group, const std::string& name) { return read_column<double>(group, name); }
std::vector<std::int64_t> read_integers(hid_t group, const std::string& name) {
  return read_column<std::int64_t>(group, name);
}
std::vector<std::string> read_texts(hid_t group, const std::string& name) {
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "dataset " + name);
  const Handle type = text_type();
  const Handle space(H5Dget_space(dataset), H5Sclose, "space");
  std::vector<char*> pointers(length_of(dataset), nullptr);
  std::vector<std::string> values;
  if (pointers.empty()) return values;
  check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "reading " + name);
  for (const char* pointer : pointers) values.emplace_back(pointer != nullptr ? pointer : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return values;
}

Handle create_bare_dimension(hid_t group, const std::string& name, std::size_t length) {
  Handle dataset = create_dataset(group, name, H5T_IEEE_F32BE, vector_space(length), dataset_properties());
  make_scale(dataset, fmt::format("This is a netCDF dimension but not a netCDF variable.{:10}", length));
  return dataset;
}

Handle create_virtual(hid_t group, const std::string& name, hid_t source, const std::string& file,
                      const std::string& path) {
  const Handle type(H5Dget_type(source), H5Tclose, "type"), space(H5Dget_space(source), H5Sclose, "space");
  const Handle its(H5Dget_create_plist(source), H5Pclose, "properties");
  std::vector<std::uint8_t> fill(H5Tget_size(type));
  check(H5Pget_fill_value(its, type, fill.data()), "fill value");
  const Handle properties = dataset_properties();
  check(H5Pset_fill_value(properties, type, fill.data()), "fill value");
  check(H5Pset_virtual(properties, space, file.c_str(), path.c_str(), space), "linking " + name);
  Handle dataset = create_dataset(group, name, type, space, properties);
  const int count = H5Aget_num_attrs(source);
  for (int k = 0; k < count; ++k) {
    const Handle from(
        H5Aopen_by_idx(source, ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(k), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose, "attribute");
    std::string attribute(static_cast<std::size_t>(check<hid_t>(H5Aget_name(from, 0, nullptr), "attribute")), '\0');
    H5Aget_name(from, attribute.size() + 1, attribute.data());
    const Handle its_type(H5Aget_type(from), H5Tclose, "type"), its_space(H5Aget_space(from), H5Sclose, "space");
    std::vector<std::uint8_t> bytes(H5Tget_size(its_type) *
                                    static_cast<std::size_t>(H5Sget_simple_extent_npoints(its_space)));
    check(H5Aread(from, its_type, bytes.data()), "attribute " + attribute);
    write_attribute(dataset, attribute, its_type, its_space, bytes.data());
  }
  return dataset;
}

void make_scale(hid_t dataset, const std::string& name) {
  check(H5DSset_scale(dataset, name.c_str()), "dimension " + name);
}

void attach_scale(hid_t dataset, hid_t scale, unsigned dimension) {
  check(H5DSattach_scale(dataset, scale, dimension), "attaching a dimension");
}

template <class T>
PackedRaster PackedRaster::pack(const std::vector<T>& values, std::int32_t rows, std::int32_t cols, T fill) {
  PackedRaster packed;
  packed.type_ = native_type<T>();
  packed.rows_ = static_cast<hsize_t>(rows);
  packed.cols_ = static_cast<hsize_t>(cols);
  packed.chunk_rows_ = std::min(chunk_side, packed.rows_);
  packed.chunk_cols_ = std::min(chunk_side, packed.cols_);
  packed.fill_.resize(sizeof(T));
  std::memcpy(packed.fill_.data(), &fill, sizeof(T));
  for (hsize_t r = 0; r < packed.rows_; r += packed.chunk_rows_)
    for (hsize_t c = 0; c < packed.cols_; c += packed.chunk_cols_) packed.chunks_.push_back({r, c, {}});
  parallel_for(static_cast<std::int64_t>(packed.chunks_.size()), [&](std::int64_t k) {
    Chunk& chunk = packed.chunks_[static_cast<std::size_t>(k)];
    std::vector<T> cells(packed.chunk_rows_ * packed.chunk_cols_, fill);
    const hsize_t height = std::min(packed.chunk_rows_, packed.rows_ - chunk.row);
    const hsize_t width = std::min(packed.chunk_cols_, packed.cols_ - chunk.col);
    for (hsize_t r = 0; r < height; ++r)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((chunk.row + r) * packed.cols_ + chunk.col), width,
                  cells.begin() + static_cast<std::ptrdiff_t>(r * packed.chunk_cols_));
    std::vector<std::uint8_t> bytes(cells.size() * sizeof(T));
    std::memcpy(bytes.data(), cells.data(), bytes.size());
    chunk.bytes = filter(bytes, sizeof(T));
  });
  return packed;
}
template PackedRaster PackedRaster::pack(const std::vector<float>&, std::int32_t, std::int32_t, float);
template PackedRaster PackedRaster::pack(const std::vector<double>&, std::int32_t, std::int32_t, double);
template PackedRaster PackedRaster::pack(const std::vector<std::int32_t>&, std::int32_t, std::int32_t, std::int32_t);
template PackedRaster PackedRaster::pack(const std::vector<std::uint8_t>&, std::int32_t, std::int32_t, std::uint8_t);

Handle PackedRaster::write(hid_t group, const std::string& name) const {
  const hsize_t extent[2] = {rows_, cols_}, chunk[2] = {chunk_rows_, chunk_cols_};
  const Handle space(H5Screate_simple(2, extent, nullptr), H5Sclose, "space");
  const Handle properties = dataset_properties();
  H5Pset_chunk(properties, 2, chunk);
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, deflate_level);
  H5Pset_fletcher32(properties);
  H5Pset_fill_value(properties, type_, fill_.data());
  Handle dataset = create_dataset(group, name, type_, space, properties);
  for (const Chunk& part : chunks_) {
    const hsize_t offset[2] = {part.row, part.col};
    check(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, part.bytes.size(), part.bytes.data()), "writing " + name);
  }
  const Handle attribute(H5Acreate2(dataset, "_FillValue", type_, vector_space(1), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "attribute _FillValue");
  check(H5Awrite(attribute, type_, fill_.data()), "attribute _FillValue");
  return dataset;
}

template <class T>
std::vector<T> read_raster(hid_t dataset, std::int32_t rows, std::int32_t cols) {
  std::vector<T> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols));
  if (length_of(dataset) != values.size()) throw Error("a raster's extent is not the frame's");
  check(H5Dread(dataset, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "reading a raster");
  return values;
}
template std::vector<float> read_raster(hid_t, std::int32_t, std::int32_t);
template std::vector<double> read_raster(hid_t, std::int32_t, std::int32_t);
template std::vector<std::int32_t> read_raster(hid_t, std::int32_t, std::int32_t);
template std::vector<std::uint8_t> read_raster(hid_t, std::int32_t, std::int32_t);

}  // namespace greenweave::h5
