// Checkpoints of SANA transformers from one layout to another, without a value changing.
#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints/transformer_source.h"

namespace sana::checkpoints {

enum class CheckpointFormat {
  kDiffusers,  // folder with transformer/config.json and its weights
  kOriginal,   // one .pth or .safetensors with the authors' names
  kNative,     // folder with model.json and model.safetensors
};

// "diffusers", "original" or "native". Throws UserError.
CheckpointFormat parse_checkpoint_format(const std::string& name);

struct ConvertOptions {
  std::filesystem::path source, target;
  CheckpointFormat format = CheckpointFormat::kDiffusers;
  TransformerOptions transformer;
  std::optional<c10::ScalarType> dtype;     // none: every tensor keeps its own
  int64_t max_shard_bytes = 5'000'000'000;  // of diffusers files
  // Of .pth files: "state_dict", "generator" (names then begin with "model.", as the long-video
  // training has them), or "flat".
  std::string wrapper = "state_dict";
  bool overwrite = false;
  bool verifies = true;  // compares a checkpoint of this program with its hashes first
};

struct ConvertReport {
  TransformerSource source;  // what was converted; its tensors are still there
  std::vector<std::filesystem::path> written;
  std::vector<std::string> notes;  // what the user should know, also of the source
};

// Target folders and files appear whole or not at all, and need memory for one tensor beside the
// mapped source. Throws UserError when the source is no SANA transformer, the target exists (unless
// overwrite is set and it is a checkpoint) or overlaps the source.
ConvertReport convert_checkpoint(const ConvertOptions& options);

// The formats, each in its own file. `source` has its final dtypes.
void write_diffusers(const TransformerSource& source, const ConvertOptions& options,
                     ConvertReport& report);
void write_original(const TransformerSource& source, const ConvertOptions& options,
                    ConvertReport& report);
void write_native(const TransformerSource& source, const ConvertOptions& options,
                  ConvertReport& report);

// Throws UserError for a link in the folder of a source that leads out of it, or nowhere: what lies
// behind it is not the source's to give away. Links to a download cache's own files are followed.
void require_own_file(const std::filesystem::path& folder, const std::filesystem::path& path);

// Of a file with public names: as it was, so that the file comes out byte for byte; else what
// public files have.
Metadata public_metadata(const TransformerSource& source);

// Keeps the original order of the tensors beside converted weights, unless it is the usual one.
void write_original_names(const std::filesystem::path& folder, const TransformerSource& source);

}  // namespace sana::checkpoints
