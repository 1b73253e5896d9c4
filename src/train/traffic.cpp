#include "train/traffic.h"

#include <algorithm>

#include "core/device.h"
#include "core/distributed/silent_member.h"

namespace sana::train {

namespace {

int64_t size_of(const std::string& dtype) { return int64_t(c10::elementSize(parse_dtype(dtype))); }

int64_t full_sharding_bytes(const TrainConfig& config, int64_t parameters, int64_t outside,
                            const MeshSizes& mesh) {
  const int64_t weight = size_of(config.precision);
  const int64_t gradient = size_of(config.parallel.reduce_precision);
  const int64_t inside = parameters - outside;
  const int64_t gathered = (2 * inside - inside / config.model.num_layers) * weight;
  const int64_t micro_steps = config.train.accumulation;
  const int64_t whole = outside * weight + micro_steps * (gathered + parameters * gradient);
  const int64_t replicas = mesh.count() / mesh.shard;
  return whole / mesh.shard * (mesh.shard - 1) +
         micro_steps * ring_bytes(parameters * gradient / mesh.shard, replicas);
}

}  // namespace

int64_t bytes_sent_per_step(const TrainConfig& config, int64_t parameters, int64_t outside,
                            int64_t processes) {
  if (config.parallel.is_full()) {
    return full_sharding_bytes(config, parameters, outside, config.parallel.mesh(processes));
  }
  const int64_t gradients = parameters * size_of(config.parallel.reduce_precision);
  const int64_t whole =
      gradients +
      (config.parallel.shard_optimizer ? parameters * size_of(config.precision) : gradients);
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
