// Names and shapes of the tensors of a SANA transformer: in the original checkpoints (.pth), and
// the public (diffusers) ones, which are also those of our modules.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "checkpoints/public/transformer_public.h"
#include "core/shape_map.h"

namespace sana::checkpoints {

// One original tensor, and the public ones that hold its rows in equal parts: to_q, to_k, to_v of a
// qkv, to_k and to_v of a kv, else one.
struct DitTensor {
  std::string original;
  std::vector<int64_t> shape;  // of the original
  std::vector<std::string> parts;

  std::vector<int64_t> part_shape() const;
};

// Every tensor of the model, in the order in which the original implementation registers them.
std::vector<DitTensor> dit_tensors(const TransformerConfig& config);

// The same by name.
ShapeMap original_dit_shapes(const TransformerConfig& config);
ShapeMap public_dit_shapes(const TransformerConfig& config);
// Elements of all of them.
int64_t count_dit_parameters(const TransformerConfig& config);

// Left behind in original checkpoints by training, without a place in the model: position tables,
// the caption of dropped conditions, loss weights by noise level.
bool is_dit_leftover(const std::string& original_name);

}  // namespace sana::checkpoints
