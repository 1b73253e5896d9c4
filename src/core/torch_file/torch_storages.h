// Tensors over the storages of a mapped torch.save archive. Used by torch_file.cpp only.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mapped_file.h"
#include "core/pickle/objects.h"
#include "core/zip/reader.h"

namespace sana::detail {

class TorchStorages {
 public:
  // `root` is the archive's folder; storage "0" is its entry <root>/data/0.
  TorchStorages(const MappedFile& file, const zip::Entries& entries, std::string_view root)
      : file_(file), entries_(entries), root_(root) {}

  // The tensor of a view, always the same one for the same view. Throws UserError unless every
  // element lies inside the storage and a contiguous copy would not be larger than the file.
  at::Tensor tensor(const pickle::TensorView& view);

 private:
  const c10::Storage& storage(const pickle::Storage& wanted, int64_t bytes);

  const MappedFile& file_;
  const zip::Entries& entries_;
  std::string root_;
  std::map<std::string_view, c10::Storage> storages_;
  std::unordered_map<const pickle::TensorView*, at::Tensor> tensors_;
};

}  // namespace sana::detail
