#include "train/initial_weights.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "model/state_dict.h"
#include "train/checkpoint.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// The weights file of a checkpoint folder, or of the newest checkpoint of a run folder; any other
// path is the file itself.
fs::path weights_file(fs::path from) {
  if (fs::is_directory(from)) from = newest_checkpoint(from).value_or(from);
  for (const char* name : {"ema.safetensors", "model.safetensors", "vae.safetensors"}) {
    if (fs::is_regular_file(from / name)) return from / name;
  }
  return from;
}

bool contains_a_word(const std::string& name, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

}  // namespace

void load_initial_weights(torch::nn::Module& module, const InitConfig& config) {
  if (config.from.empty()) return;
  const fs::path file = weights_file(config.from);
  TensorMap tensors = with_context("init.from", [&] { return load_safetensors(file); });
  int64_t fresh = 0;
  for (const auto& [name, tensor] : model::state_dict(module)) {
    if (tensors.count(name) != 0 || !contains_a_word(name, config.allow_missing)) continue;
    tensors[name] = tensor.detach().clone();
    ++fresh;
  }
  model::load_state_dict(module, tensors, fmt::format("init.from: '{}'", file.string()));
  log::info("starting with the weights of {}{}", file.string(),
            fresh == 0 ? "" : fmt::format("; {} tensors start fresh (init.allow_missing)", fresh));
}

}  // namespace sana::train
