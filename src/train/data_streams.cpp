#include "train/data_streams.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "core/distributed/world.h"
#include "core/error.h"
#include "core/log.h"
#include "core/random.h"
#include "data/prepared/sample_store.h"

namespace sana::train {
namespace {

data::LoaderOptions loader_options(const TrainConfig& config, const StreamSpec& spec,
                                   c10::Device device, LaunchRank ranks, bool lists_damage) {
  data::LoaderOptions options;
  options.batch_size = spec.batch_size;
  options.micro_steps = config.train.accumulation;
  options.ranks = ranks;
  // The data set is part of the seed: streams are shuffled independently.
  options.seed = stream_seed(uint64_t(config.run.seed), spec.dataset->fingerprint());
  options.num_workers = config.data.num_workers;
  options.prefetch = config.data.prefetch;
  options.pinned = device.is_cuda();
  options.damage = {spec.key, config.data.max_damaged, {}};
  if (lists_damage) {
    options.damage.list = std::filesystem::path(config.run.dir) / "damaged_samples.jsonl";
  }
  return options;
}

// Where the order is the saved one, its position; else the start of an epoch not seen yet.
data::Position continued(const std::map<std::string, StreamState>& saved, const StreamSpec& spec,
                         const OrderKey& order) {
  const auto found = saved.find(spec.name);
  if (found == saved.end()) return {};
  if (found->second.order == order) return found->second.position;
  log::warning(
      "{}: data set, global batch or seed changed since the checkpoint: a new epoch begins",
      spec.key);
  return {found->second.position.epoch + 1, 0};
}

}  // namespace

std::vector<StreamSpec> stream_specs(const TrainConfig& config, const Datasets& datasets) {
  std::vector<StreamSpec> specs = {
      {"videos", "data.videos", "loss", config.data.batch_size, 0, datasets.videos}};
  if (datasets.images) {
    specs.push_back({"images", "data.images", "image_loss", config.data.image_batch_size,
                     config.data.image_every_steps, datasets.images});
  }
  return specs;
}

std::string global_batch_text(const StreamSpec& spec, int64_t accumulation,
                              const MeshSizes& sizes) {
  const std::string processes =
      sizes.sequence == 1 ? "processes" : fmt::format("groups of {} processes", sizes.sequence);
  return fmt::format("global batch {} = {} x {} accumulated x {} {}",
                     spec.batch_size * accumulation * sizes.batch_parts(), spec.batch_size,
                     accumulation, sizes.batch_parts(), processes);
}

void require_same_samples(Communicator& control, const data::Batch& batch) {
  const std::string ids = fmt::format("{}", fmt::join(batch.ids, ", "));
  const auto hash = static_cast<int64_t>(stream_seed(0, ids) >> 1);
  const at::Tensor most = at::tensor({hash, -hash}, at::kLong);
  control.all_reduce("samples of a sequence", most, Reduction::kMax);
  if (most[0].item<int64_t>() == -most[1].item<int64_t>()) return;
  try {
    require_same(control, "what the processes of a sequence read", ids);
  } catch (const UserError& error) {
    // A disk or network that failed for one of them; another try may go well.
    throw EnvironmentError(error.what());
  }
}

DataStreams::DataStreams(const TrainConfig& config, std::vector<StreamSpec> specs,
                         const std::map<std::string, StreamState>& saved, c10::Device device,
                         LaunchRank ranks, bool lists_damage)
    : prefetch_(config.data.prefetch) {
  for (StreamSpec& spec : specs) {
    const data::LoaderOptions options = loader_options(config, spec, device, ranks, lists_damage);
    const OrderKey order = {spec.dataset->fingerprint(), options.global_batch(), config.run.seed};
    auto loader = with_context(spec.key, [&] {
      return std::make_unique<data::PrefetchLoader>(spec.dataset, options,
                                                    continued(saved, spec, order));
    });
    streams_.push_back({std::move(spec), order, std::move(loader)});
  }
}

size_t DataStreams::due(int64_t number) const {
  for (size_t i = 0; i < streams_.size(); ++i) {
    const int64_t every = streams_[i].spec.every_steps;
    if (every > 0 && number % every == 0) return i;
  }
  return 0;
}

std::map<std::string, StreamState> DataStreams::state() const {
  std::map<std::string, StreamState> state;
  for (const Stream& stream : streams_) {
    state[stream.spec.name] = {stream.order, stream.loader->position()};
  }
  return state;
}

int64_t DataStreams::num_damaged() const {
  int64_t count = 0;
  for (const Stream& stream : streams_) count += stream.loader->damaged().size();
  return count;
}

int64_t DataStreams::bytes_read_ahead() const {
  int64_t bytes = 0;
  for (const Stream& stream : streams_) {
    const data::Dataset& dataset = *stream.spec.dataset;
    int64_t largest = 0;
    for (int64_t i = 1; i < dataset.size(); ++i) {
      if (dataset.info(i).bucket.pixels() > dataset.info(largest).bucket.pixels()) largest = i;
    }
    bytes += prefetch_ * stream.spec.batch_size * data::sample_bytes(dataset.like(largest));
  }
  return bytes;
}

}  // namespace sana::train
