// What `sana-video inspect` finds out, apart from printing it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "checkpoints/weight_source.h"
#include "core/safetensors.h"

namespace sana::cli {

// The tensors of one or more files that belong together.
struct TensorSummary {
  std::vector<std::filesystem::path> files;
  std::map<std::string, LazyTensor> tensors;
  Metadata metadata;                      // of all files
  std::map<std::string, int64_t> dtypes;  // "Float" -> number of tensors
  std::map<std::string, int64_t> groups;  // first part of the names -> elements
  int64_t num_elements = 0;
  int64_t num_bytes = 0;
};

// Reads the headers (not the data) of a .safetensors file, of the shards of an index, or of all
// .safetensors files of a folder. Throws UserError.
TensorSummary summarize_tensors(const std::filesystem::path& path);

// The same of weights that are open.
TensorSummary summarize_tensors(const checkpoints::WeightSource& source);

// kPublic: a checkpoint folder as others publish it.
enum class PathKind { kDataset, kModel, kRun, kVae, kPublic, kTensors };

// What a path is. Throws UserError when it is nothing that this program knows.
PathKind kind_of(const std::filesystem::path& path);

}  // namespace sana::cli
