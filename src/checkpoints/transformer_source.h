// The transformer in a checkpoint of any layout, under public names.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints/checkpoint_layout.h"
#include "checkpoints/public/infer_config.h"
#include "checkpoints/weight_source.h"

namespace sana::checkpoints {

struct TransformerOptions {
  std::filesystem::path config;  // a transformer/config.json that settles the sizes; empty: none
  bool prefers_ema = true;       // averaged weights where both are there
};

struct TransformerSource {
  CheckpointLayout layout;
  WeightSource file;                      // facts about it; its tensors are moved to `tensors`
  DitNaming naming = DitNaming::kPublic;  // of the file
  TransformerConfig config;
  std::optional<nlohmann::json> public_config;  // as the source has it
  TensorList tensors;                           // public names
  // Original names in the order in which the file, or the file that it was converted from, has
  // them; empty: that of the original implementation.
  std::vector<std::string> original_order;
  std::vector<std::string> left_out;  // leftovers of training that were in the file
  std::vector<std::string> notes;     // what the user should know

  bool is_distilled() const { return file.wrapper.rfind("generator", 0) == 0; }
};

// File beside converted weights that keeps their original order where it is not the usual one.
inline constexpr const char* kOriginalNamesFile = "original_names.json";

struct FoundConfig {
  TransformerConfig config;
  std::optional<nlohmann::json> public_config;  // the file that it was read from, if it is public
  std::string note;                             // what had to be assumed
};

// The configuration of a transformer with tensors of these shapes: of the file `given` (a
// transformer/config.json), else of the file beside the weights, else what the shapes tell. Throws
// UserError.
FoundConfig find_transformer_config(const CheckpointLayout& layout, const ShapeMap& shapes,
                                    const std::filesystem::path& given = {});

// The files that it is read from.
std::vector<std::filesystem::path> transformer_files(const TransformerSource& source);

// Throws UserError when there is no SANA transformer, or when tensors and configuration disagree.
TransformerSource open_transformer(const std::filesystem::path& path,
                                   const TransformerOptions& options = {});

}  // namespace sana::checkpoints
