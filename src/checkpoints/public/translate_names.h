// Tensors of a checkpoint of another program under the names that our models have.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "core/safetensors.h"

namespace sana::checkpoints {

// Our name of an original tensor, or nothing for a name that the original does not have.
using NameTranslation = std::function<std::optional<std::string>(const std::string&)>;

// The same tensors under our names. Throws one UserError naming `what` (the file) and up to ten
// names that `translate` does not know, or a name that two tensors would get.
TensorMap translate_names(const TensorMap& tensors, const NameTranslation& translate,
                          const std::string& what);

// `text` with `from` at its start replaced by `to`; nothing when it does not start so.
std::optional<std::string> replace_start(const std::string& text, const std::string& from,
                                         const std::string& to);

// Takes "<number>." from the start of `text`; nothing, and `text` unchanged, when there is none.
std::optional<size_t> take_index(std::string& text);

}  // namespace sana::checkpoints
