#include "train/initial_weights.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "model/state_dict.h"
#include "train/task.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

bool contains_a_word(const std::string& name, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

}  // namespace

void load_initial_weights(torch::nn::Module& module, const TrainConfig& config) {
  const InitConfig& init = config.init;
  if (init.from.empty()) return;
  auto [file, tensors] =
      with_context("init.from", [&] { return find_task(config.task).read_weights(init.from); });
  int64_t fresh = 0;
  for (const auto& [name, tensor] : model::state_dict(module)) {
    if (tensors.count(name) != 0 || !contains_a_word(name, init.allow_missing)) continue;
    tensors[name] = tensor.detach().clone();
    ++fresh;
  }
  model::load_state_dict(module, tensors, fmt::format("init.from: '{}'", file.string()));
  log::info("starting with the weights of {}{}", file.string(),
            fresh == 0 ? "" : fmt::format("; {} tensors start fresh (init.allow_missing)", fresh));
}

}  // namespace sana::train
