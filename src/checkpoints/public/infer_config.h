// The configuration of a SANA transformer from the names and shapes of its tensors.
#pragma once
#include <optional>
#include <string>

#include "checkpoints/public/dit_names.h"
#include "checkpoints/public/transformer_public.h"

namespace sana::checkpoints {

enum class DitNaming { kOriginal, kPublic };

// How a set of tensors is named; nothing when it is no SANA transformer.
std::optional<DitNaming> dit_naming(const ShapeMap& shapes);

struct InferredConfig {
  TransformerConfig config;
  // What could not be read off the shapes and was taken from elsewhere; empty when the sizes are
  // those of a public model, whose heads are known.
  std::string note;
};

// Layers, widths, channels, patch, norms and kind come from the shapes. Heads cannot: those of the
// public models are known, else 112 channels a head for video and 32 for images are assumed
// (unknown_heads where that does not divide the width). `where` names the source. Throws
// UserError when the set is no SANA transformer.
InferredConfig infer_transformer_config(const ShapeMap& shapes, const std::string& where);

}  // namespace sana::checkpoints
