#include "train/shard_choice.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "train/training_memory.h"

namespace sana::train {
namespace {

// What an estimate does not see: the context, NCCL's buffers, what the allocator cannot use.
constexpr double kUsable = 0.92;

bool is_open(const TrainConfig& config, int64_t processes) {
  return config.parallel.shard == "auto" && config.parallel.replicate == "auto" &&
         config.task != "vae" && !config.train.cuda_graphs &&
         processes > config.parallel.sequence && processes % config.parallel.sequence == 0;
}

// The fewest processes that any host has.
int64_t processes_of_a_host(Communicator& control) {
  std::map<std::string, int64_t> counts;
  for (const std::string& host : control.gather_text("hosts", host_name())) ++counts[host];
  int64_t fewest = control.size();
  for (const auto& [host, count] : counts) fewest = std::min(fewest, count);
  return fewest;
}

}  // namespace

bool fits(int64_t peak, int64_t bytes) { return double(peak) <= kUsable * double(bytes); }

int64_t shard_that_fits(const TrainConfig& config, const Datasets& datasets, int64_t processes,
                        int64_t per_host, int64_t bytes) {
  if (!is_open(config, processes)) return config.parallel.mesh(processes).shard;
  const int64_t all = processes / config.parallel.sequence;
  std::vector<int64_t> choices = {1};
  const int64_t near = per_host / config.parallel.sequence;
  if (near > 1 && near < all && all % near == 0) choices.push_back(near);
  TrainConfig tried = config;
  for (const int64_t shard : choices) {
    tried.parallel.shard = fmt::format("{}", shard);
    if (fits(estimate_training(tried, datasets, processes).peak(), bytes)) return shard;
  }
  return all;
}

int64_t agreed_shard(const TrainConfig& config, const World& world, c10::Device device) {
  if (!is_open(config, world.ranks.count) || !device.is_cuda()) {
    const int64_t shard = config.parallel.mesh(world.ranks.count).shard;
    require(shard == 1 || !config.train.cuda_graphs,
            "parallel.replicate={} leaves parallel.shard={}, with which train.cuda_graphs does not "
            "go; set train.cuda_graphs=false, or parallel.replicate=auto",
            config.parallel.replicate, shard);
    return shard;
  }
  Communicator& control = *world.control;
  const int64_t per_host = processes_of_a_host(control);
  const auto bytes = int64_t(
      control.all_reduce("memory of devices", double(device_memory(device)), Reduction::kMin));
  int64_t shard = 0;
  if (world.is_main()) {
    const Datasets datasets = build_datasets(config, at::kMeta, /*writes=*/false);
    shard = shard_that_fits(config, datasets, world.ranks.count, per_host, bytes);
    if (shard > 1) {
      log::info("the training does not fit into {} of each GPU as a whole: parallel.shard={}",
                bytes_string(bytes), shard);
    }
  }
  return int64_t(control.all_reduce("parallel.shard", double(shard), Reduction::kMax));
}

}  // namespace sana::train
