// The only place that speaks HDF5. Its C library is not thread-safe: one lock guards every call.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace sana::data {

class Hdf5File {
 public:
  // Opens for reading. Throws UserError naming the file and HDF5's reason (truncated, not HDF5).
  static Hdf5File open(const std::filesystem::path& path);
  // A new file in memory; image() gives its bytes. HDF5 never writes to the disk itself: it crashes
  // when the disk is full.
  static Hdf5File create();
  ~Hdf5File();
  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&&) = delete;

  // Writes a tensor (uint8, float32 or int64, CPU) as data set `name` ("sample-00000001/pixels";
  // groups are made as needed), one chunk for each index of the first dimension, with light gzip
  // where `compress`.
  void write(const std::string& name, const at::Tensor& tensor, bool compress);
  // Throws UserError when there is no such data set or it cannot be read.
  at::Tensor read(const std::string& name) const;
  // Copies a group or data set as it lies, without decompressing. Throws UserError when the source
  // is damaged.
  void copy_from(const Hdf5File& source, const std::string& name);
  // The whole file. Equal contents give equal bytes: no times are stored.
  std::string image() const;

 private:
  Hdf5File(std::filesystem::path path, int64_t handle) : path_(std::move(path)), handle_(handle) {}

  std::filesystem::path path_;
  int64_t handle_ = -1;
};

}  // namespace sana::data
