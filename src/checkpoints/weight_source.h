// Named tensors out of any file that public checkpoints use.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints/public/unwrap.h"
#include "core/safetensors.h"

namespace sana::checkpoints {

struct WeightSource {
  std::vector<std::filesystem::path> files;
  // Read when asked for, without the names of wrappers of training in theirs; of a .pth in its
  // order, else by the names in the file.
  TensorList tensors;
  Metadata metadata;  // of safetensors files
  // Of .pth files: see UnwrappedState.
  bool is_torch_file = false;
  std::string wrapper;
  std::optional<int64_t> step, epoch;
  std::vector<std::string> unread;
};

bool is_torch_file_name(const std::filesystem::path& path);  // .pth, .pt, .bin, .ckpt
bool is_safetensors_name(const std::filesystem::path& path);

// The weights directly in a folder: its indices, else its whole .safetensors files, else its .pth
// and .pt files. Of variants of one file ("model.fp16.safetensors") only the full one, else the
// bf16, else the fp16 one.
std::vector<std::filesystem::path> weight_candidates(const std::filesystem::path& folder);
// The one candidate; nothing when there is none. Throws UserError that lists several.
std::optional<std::filesystem::path> weights_in(const std::filesystem::path& folder);

// `path`: such a file, or such a folder. Throws UserError.
WeightSource open_weights(const std::filesystem::path& path, const UnwrapOptions& options = {});

}  // namespace sana::checkpoints
