#include "data/prepared/hdf5_file.h"

#include <ATen/ATen.h>
#include <hdf5.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"

namespace sana::data {
namespace {

std::mutex& library_lock() {
  static std::mutex lock;
  return lock;
}

// Holds the lock; HDF5 keeps its errors to itself instead of printing them.
class LibraryGuard {
 public:
  LibraryGuard() : lock_(library_lock()) { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

 private:
  std::lock_guard<std::mutex> lock_;
};

// The innermost message of HDF5's error stack: the cause.
std::string hdf5_reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned position, const H5E_error2_t* error, void* out) -> herr_t {
        if (position == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &reason);
  return reason.empty() ? "unknown HDF5 error" : reason;
}

// An HDF5 handle and the function that closes it.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t get() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

hid_t memory_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kByte:
      return H5T_NATIVE_UINT8;
    case at::kFloat:
      return H5T_NATIVE_FLOAT;
    case at::kLong:
      return H5T_NATIVE_INT64;
    default:
      break;
  }
  throw InternalError(std::string("HDF5 files hold no ") + c10::toString(dtype));
}

// Little-endian on every machine.
hid_t file_type(at::ScalarType dtype) {
  if (dtype == at::kFloat) return H5T_IEEE_F32LE;
  return dtype == at::kByte ? H5T_STD_U8LE : H5T_STD_I64LE;
}

std::optional<at::ScalarType> scalar_type(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  const size_t size = H5Tget_size(type);
  if (kind == H5T_INTEGER && size == 1) return at::kByte;
  if (kind == H5T_INTEGER && size == 8) return at::kLong;
  if (kind == H5T_FLOAT && size == 4) return at::kFloat;
  return std::nullopt;
}

[[noreturn]] void throw_in_memory() {
  throw EnvironmentError("HDF5 cannot build a file in memory: " + hdf5_reason());
}

// One chunk for each index of the first dimension.
hid_t creation_properties(const std::vector<hsize_t>& dims, bool compress) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(properties, false);
  bool is_empty = dims.empty();
  for (const hsize_t dim : dims) is_empty = is_empty || dim == 0;
  if (!compress || is_empty) return properties;
  std::vector<hsize_t> chunk = dims;
  chunk[0] = 1;
  H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_deflate(properties, 1);
  return properties;
}

}  // namespace

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
  const LibraryGuard guard;
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0) throw UserError(fmt::format("{}: cannot be read: {}", path.string(), hdf5_reason()));
  return {path, id};
}

Hdf5File Hdf5File::create() {
  static std::atomic<int64_t> count = 0;
  // HDF5 takes files in memory of one name for one file.
  const std::string name = fmt::format("file {} in memory", count++);
  constexpr size_t kGrowth = size_t{1} << 20;
  const LibraryGuard guard;
  const Handle properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), kGrowth, /*backing_store=*/false);
  const hid_t id = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, properties.get(), access.get());
  if (id < 0) throw_in_memory();
  return {name, id};
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)), handle_(std::exchange(other.handle_, -1)) {}

Hdf5File::~Hdf5File() {
  if (handle_ < 0) return;
  const LibraryGuard guard;
  H5Fclose(handle_);
}

std::string Hdf5File::image() const {
  const LibraryGuard guard;
  if (H5Fflush(handle_, H5F_SCOPE_LOCAL) < 0) throw_in_memory();
  const ssize_t size = H5Fget_file_image(handle_, nullptr, 0);
  std::string bytes(static_cast<size_t>(std::max<ssize_t>(0, size)), '\0');
  if (size < 0 || H5Fget_file_image(handle_, bytes.data(), bytes.size()) != size) throw_in_memory();
  return bytes;
}

void Hdf5File::write(const std::string& name, const at::Tensor& tensor, bool compress) {
  const at::Tensor data = tensor.contiguous();
  const std::vector<hsize_t> dims(data.sizes().begin(), data.sizes().end());
  const hid_t type = memory_type(data.scalar_type());
  const LibraryGuard guard;
  const Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                     H5Sclose);
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.get(), 1);
  const Handle properties(creation_properties(dims, compress), H5Pclose);
  const Handle set(H5Dcreate2(handle_, name.c_str(), file_type(data.scalar_type()), space.get(),
                              links.get(), properties.get(), H5P_DEFAULT),
                   H5Dclose);
  if (!set.ok() || H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data_ptr()) < 0) {
    throw_in_memory();
  }
}

at::Tensor Hdf5File::read(const std::string& name) const {
  const LibraryGuard guard;
  const auto fail = [&](const std::string& reason) {
    return UserError(fmt::format("{}: {} cannot be read: {}", path_.string(), name, reason));
  };
  const Handle set(H5Dopen2(handle_, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.ok()) throw fail(hdf5_reason());
  const Handle space(H5Dget_space(set.get()), H5Sclose);
  const Handle type(H5Dget_type(set.get()), H5Tclose);
  const auto dtype = scalar_type(type.get());
  if (!dtype) throw fail("its numbers are of a type that is never written");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  std::vector<hsize_t> dims(static_cast<size_t>(std::max(rank, 0)));
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  at::Tensor tensor = at::empty(std::vector<int64_t>(dims.begin(), dims.end()), *dtype);
  if (H5Dread(set.get(), memory_type(*dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data_ptr()) <
      0) {
    throw fail(hdf5_reason());
  }
  return tensor;
}

void Hdf5File::copy_from(const Hdf5File& source, const std::string& name) {
  const LibraryGuard guard;
  if (H5Ocopy(source.handle_, name.c_str(), handle_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT) < 0) {
    throw UserError(
        fmt::format("{}: {} cannot be read: {}", source.path_.string(), name, hdf5_reason()));
  }
}

}  // namespace sana::data
