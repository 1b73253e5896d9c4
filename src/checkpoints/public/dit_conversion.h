// The tensors of a SANA transformer between original and public names. Exact inverses of each
// other; what has to be joined is joined when it is read, so that no more than one tensor is in
// memory beside the mapped file.
#pragma once
#include <string>
#include <vector>

#include "checkpoints/public/transformer_public.h"
#include "core/safetensors.h"

namespace sana::checkpoints {

// Removes the leftovers of training from original tensors and returns their names.
std::vector<std::string> remove_dit_leftovers(TensorList& tensors);

// Original -> public names: rows of qkv and kv become tensors of their own (views). A final table
// of [1, 2, D] loses its 1. Throws UserError that lists what is missing, unexpected or of another
// shape; `where` names the source.
TensorList dit_to_public(const TensorList& tensors, const TransformerConfig& config,
                         const std::string& where);

// Public -> original names, in the order of the original implementation. Errors as above.
TensorList dit_to_original(const TensorList& tensors, const TransformerConfig& config,
                           const std::string& where);

}  // namespace sana::checkpoints
