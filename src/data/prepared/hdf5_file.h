// Writing HDF5, in memory. What comes from outside is never handed to HDF5's library by this
// process: tensor_reader reads shards, hdf5_listing looks into those without an index.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/prepared/shard_index.h"

namespace sana::data {

class Hdf5File {
 public:
  // A new file in memory; image() gives its bytes. HDF5 never writes to the disk itself: it crashes
  // when the disk is full.
  static Hdf5File create();
  ~Hdf5File();
  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&&) = delete;

  // Writes a tensor (uint8, float32 or int64, CPU) as data set `name` ("sample-00000001/pixels";
  // groups are made as needed), with light gzip where `compress`: then pictures [F, H, W, 3] in one
  // chunk each, other tensors in one.
  void write(const std::string& name, const at::Tensor& tensor, bool compress);
  // Copies a group as it lies, without decompressing, out of the bytes of a file that this program
  // has made and whose hash was compared. Throws UserError when there is no such group.
  void copy_from(std::string image, const std::string& group);
  // The whole file. Equal contents give equal bytes: no times are stored.
  std::string image() const;
  // Where the tensors of these names lie in what image() has just given; names that the file does
  // not have are passed over.
  ShardIndex index(const std::string& image, const std::vector<std::string>& names) const;

 private:
  explicit Hdf5File(int64_t handle) : handle_(handle) {}

  int64_t handle_ = -1;
};

}  // namespace sana::data
