#include "train/build.h"

#include <utility>

#include "core/error.h"
#include "train/initial_weights.h"
#include "train/single_loss_method.h"
#include "train/task.h"

namespace sana::train {
namespace {

void freeze_parameters(torch::nn::Module& module, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    bool found = false;
    for (auto& item : module.named_parameters()) {
      if (item.key().find(word) == std::string::npos) continue;
      item.value().set_requires_grad(false);
      found = true;
    }
    require(found, "train.freeze: no parameter has '{}' in its name", word);
  }
}

}  // namespace

std::unique_ptr<Objective> build_objective(const TrainConfig& config, const Datasets& datasets,
                                           c10::Device device, bool load_init) {
  auto objective = find_task(config.task).make_objective(config, datasets, device);
  if (load_init) load_initial_weights(objective->module(), config);
  freeze_parameters(objective->module(), config.train.freeze);
  objective->module().train();
  return objective;
}

std::unique_ptr<Method> build_method(const TrainConfig& config, const Datasets& datasets,
                                     c10::Device device, bool load_init, Communicator& group,
                                     Communicator* sequence) {
  auto objective = build_objective(config, datasets, device, load_init);
  if (sequence != nullptr) objective->share_samples(sequence);
  return std::make_unique<SingleLossMethod>(std::move(objective), config, device, group);
}

}  // namespace sana::train
