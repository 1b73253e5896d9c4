// Cutting a checkpoint into files of limited size, as the public loaders expect them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/safetensors.h"

namespace sana::checkpoints {

// "5GB", "500MB", "800KiB", "123" -> bytes. Throws UserError.
int64_t parse_byte_size(const std::string& text);

// Writes `tensors` into `folder` as <stem>.safetensors or, when they exceed `max_bytes`, as
// <stem>-00001-of-0000N.safetensors and <stem>.safetensors.index.json. Shards are filled in the
// order of the public module, as its own writer does.
void save_public_transformer(const std::filesystem::path& folder, const std::string& stem,
                             TensorList tensors, const Metadata& metadata, int64_t max_bytes);

}  // namespace sana::checkpoints
