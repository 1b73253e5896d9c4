#include "train/build.h"

#include "core/error.h"
#include "core/random.h"
#include "train/dit_objective.h"
#include "train/initial_weights.h"
#include "train/vae_objective.h"

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
  std::unique_ptr<Objective> objective;
  if (config.trains_vae()) {
    objective = std::make_unique<VaeObjective>(config, datasets, device);
  } else {
    objective = std::make_unique<DitObjective>(config, datasets, device);
  }
  if (load_init) load_initial_weights(objective->module(), config);
  freeze_parameters(objective->module(), config.train.freeze);
  objective->module().train();
  return objective;
}

OrderKey video_order(const TrainConfig& config, const Datasets& datasets) {
  return {datasets.videos->fingerprint(), config.data.batch_size, config.run.seed};
}

OrderKey image_order(const TrainConfig& config, const Datasets& datasets) {
  if (!datasets.images) return {};
  return {datasets.images->fingerprint(), config.data.image_batch_size, config.run.seed};
}

std::unique_ptr<data::PrefetchLoader> build_loader(const TrainConfig& config,
                                                   const std::string& key,
                                                   std::shared_ptr<const data::Dataset> dataset,
                                                   const StreamState& stream, c10::Device device) {
  if (!dataset) return nullptr;
  data::LoaderOptions options;
  options.batch_size = stream.order.batch_size;
  // The data set is part of the seed: videos and images are shuffled independently.
  options.seed = stream_seed(uint64_t(stream.order.seed), stream.order.fingerprint);
  options.num_workers = config.data.num_workers;
  options.prefetch = config.data.prefetch;
  options.pinned = device.is_cuda();
  options.damage = {key, config.data.max_damaged,
                    std::filesystem::path(config.run.dir) / "damaged_samples.jsonl"};
  return std::make_unique<data::PrefetchLoader>(std::move(dataset), options, stream.position);
}

}  // namespace sana::train
