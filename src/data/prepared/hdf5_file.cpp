#include "data/prepared/hdf5_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "data/prepared/hdf5_library.h"
#include "data/prepared/hdf5_listing.h"

namespace sana::data {
namespace {

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

[[noreturn]] void throw_in_memory() {
  throw EnvironmentError("HDF5 cannot build a file in memory: " + hdf5_reason());
}

hid_t creation_properties(const std::vector<hsize_t>& dims, bool compress) {
  constexpr size_t kPictures = 4;
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(properties, false);
  bool is_empty = dims.empty();
  for (const hsize_t dim : dims) is_empty = is_empty || dim == 0;
  if (!compress || is_empty) return properties;
  std::vector<hsize_t> chunk = dims;
  if (chunk.size() == kPictures) chunk[0] = 1;
  H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_deflate(properties, 1);
  return properties;
}

// Access to a file in memory.
hid_t access_properties() {
  constexpr size_t kGrowth = size_t{1} << 20;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, kGrowth, /*backing_store=*/false);
  return access;
}

// HDF5 takes files in memory of one name for one file.
std::string next_name() {
  static std::atomic<int64_t> count = 0;
  return fmt::format("file {} in memory", count++);
}

}  // namespace

Hdf5File Hdf5File::create() {
  const Hdf5Guard guard;
  const Hdf5Handle properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  const Hdf5Handle access(access_properties(), H5Pclose);
  const hid_t id = H5Fcreate(next_name().c_str(), H5F_ACC_TRUNC, properties.get(), access.get());
  if (id < 0) throw_in_memory();
  return Hdf5File(id);
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

Hdf5File::~Hdf5File() {
  if (handle_ < 0) return;
  const Hdf5Guard guard;
  H5Fclose(handle_);
}

std::string Hdf5File::image() const {
  const Hdf5Guard guard;
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
  const Hdf5Guard guard;
  const Hdf5Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                         H5Sclose);
  const Hdf5Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.get(), 1);
  const Hdf5Handle properties(creation_properties(dims, compress), H5Pclose);
  const Hdf5Handle set(H5Dcreate2(handle_, name.c_str(), file_type(data.scalar_type()), space.get(),
                                  links.get(), properties.get(), H5P_DEFAULT),
                       H5Dclose);
  if (!set.ok() || H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data_ptr()) < 0) {
    throw_in_memory();
  }
}

void Hdf5File::copy_from(std::string image, const std::string& group) {
  const Hdf5Guard guard;
  const Hdf5Handle access(access_properties(), H5Pclose);
  H5Pset_file_image(access.get(), image.data(), image.size());
  const Hdf5Handle source(H5Fopen(next_name().c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!source.ok() ||
      H5Ocopy(source.get(), group.c_str(), handle_, group.c_str(), H5P_DEFAULT, H5P_DEFAULT) < 0) {
    throw UserError(fmt::format("{} cannot be read: {}", group, hdf5_reason()));
  }
}

ShardIndex Hdf5File::index(const std::string& image, const std::vector<std::string>& names) const {
  ShardIndex index;
  index.bytes = static_cast<int64_t>(image.size());
  index.hash = hash_text(image);
  const Hdf5Guard guard;
  for (const std::string& name : names) {
    if (H5Lexists(handle_, name.c_str(), H5P_DEFAULT) <= 0) continue;
    std::string problem;
    StoredTensor tensor = describe_tensor(handle_, name, problem);
    if (problem.empty()) problem = complaint_of(tensor, index.bytes);
    if (!problem.empty()) throw InternalError("cannot index " + name + ": " + problem);
    index.tensors.emplace(name, std::move(tensor));
  }
  return index;
}

}  // namespace sana::data
