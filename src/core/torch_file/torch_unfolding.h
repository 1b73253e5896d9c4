// Values of a pickle as values of their own. Used by torch_file.cpp only.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/pickle/objects.h"
#include "core/torch_file/torch_file.h"
#include "core/torch_file/torch_storages.h"

namespace sana::detail {

// In a pickle one value may be referred to many times, even from inside itself; here each reference
// becomes a copy (tensors share their data), within bounds of depth and memory.
class Unfolding {
 public:
  // `pickle_bytes` is the length of the pickle, which bounds the memory of the copies.
  Unfolding(TorchStorages& storages, size_t pickle_bytes);

  // Throws UserError that begins with the path to what is refused ("at 'optimizer.state.0.step'").
  TorchValue root(const pickle::Value& value);

 private:
  TorchValue unfold(const pickle::Value& value);
  TorchValue unfold_list(const pickle::Sequence& sequence);
  TorchValue unfold_dict(const pickle::Dict& dict);
  std::string text_of_key(const pickle::Value& key);
  // Adds a name to the path.
  void enter(std::string name);
  void spend(size_t bytes);

  TorchStorages& storages_;
  size_t budget_;
  std::vector<std::string> path_;
};

}  // namespace sana::detail
