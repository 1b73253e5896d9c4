// The state dictionary inside what a public .pth file holds.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "core/torch_file/torch_file.h"

namespace sana::checkpoints {

struct UnwrapOptions {
  bool prefers_ema = true;  // generator_ema before generator
};

struct UnwrappedState {
  TensorList tensors;   // in file order, without wrapper prefixes in their names
  std::string wrapper;  // "state_dict", "generator_ema", ...; empty: the tensors lie at the top
  std::optional<int64_t> step, epoch;  // where a number of that name stands beside the tensors
  std::vector<std::string> unread;     // other entries beside them
};

// Descends into the first of model_state_dict, state_dict, generator_ema, generator, model, module
// that is there, repeatedly; else the file itself is the dictionary. Names lose the parts that
// wrappers of training put into them: "model.", "module.", "_fsdp_wrapped_module.", "_orig_mod.",
// "_checkpoint_wrapped_module.", anywhere. `where` names the file. Throws UserError when there is
// no tensor, or when two names become one.
UnwrappedState unwrap_state_dict(const TorchValue& root, const std::string& where,
                                 const UnwrapOptions& options = {});

// "model.blocks.0._fsdp_wrapped_module.attn.qkv.weight" -> "blocks.0.attn.qkv.weight"
std::string strip_wrapper_names(const std::string& name);

// The same of every name. Throws UserError that gives both when two names become one.
TensorList without_wrapper_names(TensorList tensors, const std::string& where);

}  // namespace sana::checkpoints
