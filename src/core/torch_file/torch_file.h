// Files of torch.save (.pth, .pt): a ZIP archive of one pickle and the bytes of its tensors.
// Reading is memory-mapped and never runs code; writing is atomic.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/mapped_file.h"

namespace sana {

// One value of a torch.save file; nothing else can be in one.
struct TorchValue {
  using List = std::vector<TorchValue>;                          // lists and tuples
  using Dict = std::vector<std::pair<std::string, TorchValue>>;  // in file order, keys are unique
  // std::monostate is None. Integer keys of a Dict become decimal text.
  using Variant =
      std::variant<std::monostate, bool, int64_t, double, std::string, at::Tensor, List, Dict>;

  // Defined elsewhere, since inside the class a pair of a text and a TorchValue is incomplete.
  TorchValue();
  TorchValue(Variant some);
  TorchValue(const TorchValue& other);
  TorchValue(TorchValue&& other) noexcept;
  TorchValue& operator=(const TorchValue& other);
  TorchValue& operator=(TorchValue&& other) noexcept;
  ~TorchValue();

  Variant value;
};

// What torch.save of PyTorch 1.6 and later wrote. Tensors are CPU tensors over the mapping (no
// copy; pages are private, so writing to one never reaches the file) and keep it alive; they have
// the strides of the file, and those that shared a storage share it again. Parameters are plain
// tensors, OrderedDicts plain dicts: attributes of them (`_metadata` of a state dict),
// requires_grad and devices are not kept. Nothing of the file is executed: classes and functions
// other than those that make up tensors, parameters, torch.Size and OrderedDict are refused by
// name. Throws UserError naming the file and what is refused: other objects, old formats,
// compressed or overlapping entries, big-endian data, tensors that reach outside their storage,
// nesting deeper than 64.
TorchValue load_torch_file(const std::filesystem::path& path);

// The same of bytes that are in memory already; `path` names them in errors.
TorchValue load_torch_file(const std::filesystem::path& path, const MappedFile& file);

// Writes what torch.load(path, weights_only=True) opens; the same values give the same bytes.
// Tensors may be on any device and are written contiguous, one at a time, each at a multiple of 64
// bytes; those that are the same view of the same memory are written once. Lists and tuples become
// lists. Throws UserError for what Python could not read (a text that is not UTF-8, a dtype that
// torch.load refuses, two equal keys), EnvironmentError when the disk is full or the path not
// writable; the old file, if any, is then untouched.
void save_torch_file(const std::filesystem::path& path, const TorchValue& root);

// The same for tensors that are made when their turn comes, so that no more than one is in memory:
// a tensor on the meta device (dtype and sizes, no data) stands for load(i), i counting them.
using TensorLoader = std::function<at::Tensor(size_t index)>;
void save_torch_file(const std::filesystem::path& path, const TorchValue& root,
                     const TensorLoader& load);

}  // namespace sana
