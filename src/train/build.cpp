#include "train/build.h"

#include <utility>

#include "core/distributed/world.h"
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

std::unique_ptr<Method> build_method(std::unique_ptr<Objective> objective,
                                     const TrainConfig& config, c10::Device device,
                                     Communicator& group, const Mesh& mesh) {
  if (mesh.sequence) objective->share_samples(mesh.sequence.get());
  // Before processes have parts only.
  require_same_tensors(group, "weights", objective->module().parameters());
  const WeightGroups groups = {group, mesh.shard.get(), mesh.replicas.get()};
  return std::make_unique<SingleLossMethod>(std::move(objective), config, device, groups);
}

}  // namespace sana::train
