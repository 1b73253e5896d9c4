#include "train/task.h"

#include <array>

#include "checkpoints/model_weights.h"
#include "core/error.h"
#include "train/dit_objective.h"
#include "train/measuring_memory.h"
#include "train/vae_objective.h"

namespace sana::train {
namespace {

template <class Kind>
std::unique_ptr<Objective> make(const TrainConfig& config, const Datasets& datasets,
                                c10::Device device) {
  return std::make_unique<Kind>(config, datasets, device);
}

Task::Weights dit_weights(const std::filesystem::path& path) {
  auto [file, tensors] = checkpoints::transformer_weights(path);
  return {std::move(file), std::move(tensors)};
}

Task::Weights vae_weights(const std::filesystem::path& path) {
  auto [file, tensors] = checkpoints::wan_vae_weights(path);
  return {std::move(file), std::move(tensors)};
}

constexpr std::array<Task, 2> kTasks = {{
    {"video_dit", data::Kind::kLatents, /*needs_captions=*/true, /*is_convolutional=*/false,
     make<DitObjective>, dit_weights, add_dit_measuring},
    {"vae", data::Kind::kPixels, /*needs_captions=*/false, /*is_convolutional=*/true,
     make<VaeObjective>, vae_weights, add_vae_measuring},
}};

}  // namespace

const Task& find_task(const std::string& name) {
  for (const Task& task : kTasks) {
    if (task.name == name) return task;
  }
  throw InternalError("there is no task '" + name + "'");
}

}  // namespace sana::train
