#include "train/traffic.h"

#include <algorithm>

#include "core/device.h"
#include "core/distributed/silent_member.h"

namespace sana::train {

int64_t bytes_sent_per_step(const TrainConfig& config, int64_t parameters, int64_t processes) {
  const auto bytes = [&](const std::string& dtype) {
    return parameters * (dtype == "float32" ? 4 : 2);
  };
  const int64_t gradients = bytes(config.parallel.reduce_precision);
  const int64_t whole =
      gradients + (config.parallel.shard_optimizer ? bytes(config.precision) : gradients);
  return whole / processes * (processes - 1);
}

int64_t sequence_bytes_per_step(const TrainConfig& config, at::IntArrayRef latents) {
  const model::SanaVideoConfig& model = config.model;
  const auto& patch = model.patch_size;
  const int64_t members = config.parallel.sequence;
  if (members == 1 || latents[2] / patch[0] < members) return 0;
  const int64_t sums =
      latents[0] * model.num_heads * model.head_dim * (model.head_dim + 1) * int64_t(sizeof(float));
  const int64_t frame = latents[0] * (latents[3] / patch[1]) * (latents[4] / patch[2]) *
                        model.hidden_dim() *
                        int64_t(c10::elementSize(parse_dtype(config.precision)));
  const int64_t times = config.train.gradient_checkpointing ? 3 : 2;
  return config.train.accumulation * model.num_layers * times *
         (ring_bytes(sums, members) + std::min<int64_t>(2, members - 1) * frame);
}

}  // namespace sana::train
