#include "train/datasets.h"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/device.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/encoding/data_encoders.h"
#include "data/loading/clip_dataset.h"
#include "data/loading/encoding_dataset.h"
#include "data/loading/mixed_dataset.h"
#include "data/prepared/prepare_rules.h"
#include "data/prepared/prepared_dataset.h"
#include "train/task.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

using DatasetPointer = std::shared_ptr<const data::Dataset>;

// "1,284 clips listed -> 1,201 usable ...", and the list of the others.
void report_unused(const TrainConfig& config, const std::string& key,
                   const data::ClipDataset& clips, bool writes) {
  std::set<ClipSize> buckets;
  for (int64_t i = 0; i < clips.size(); ++i) buckets.insert(clips.info(i).bucket);
  log::info("{}: {}", key,
            clips.unused().summary(clips.num_listed(), clips.size(), int64_t(buckets.size())));
  if (clips.hdr().total() > 0) log::warning("{}: {}", key, clips.hdr().text());
  if (!writes || clips.unused().clips().empty() || !fs::is_directory(config.run.dir)) return;
  const fs::path list = fs::path(config.run.dir) / ("unused_clips." + key + ".jsonl");
  clips.unused().write(list);
  log::info("{}: full list: {}", key, list.string());
}

class Opener {
 public:
  Opener(const TrainConfig& config, c10::Device device, bool writes)
      : config_(config), task_(find_task(config.task)), device_(device), writes_(writes) {}

  // `only`: which files are taken where clips are listed.
  DatasetPointer open(const std::string& key, const std::string& path, const std::string& only) {
    auto dataset = with_context(key, [&] {
      return data::is_prepared(path) ? open_prepared(path) : open_clips(key, path, only);
    });
    require(task_.kind == data::Kind::kLatents || dataset->kind() == data::Kind::kPixels,
            "{}: '{}' holds latents, but task {} trains on pixels; make these with `sana-video "
            "prepare`",
            key, path, task_.name);
    require(dataset->size() > 0, "{}: '{}' holds no sample", key, path);
    if (dataset->kind() == task_.kind) return dataset;
    return with_context(key, [&] {
      check_encoding();
      return std::make_shared<data::EncodingDataset>(dataset, encoders());
    });
  }

  // What was loaded to encode them; null: nothing.
  std::shared_ptr<model::VideoVae> vae() const { return encoders_ ? encoders_->vae() : nullptr; }

 private:
  DatasetPointer open_prepared(const std::string& path) const {
    const int64_t cache = config_.data.cache_mib << 20;
    return std::make_shared<data::PreparedDataset>(path, cache / config_.data.count_sets());
  }

  DatasetPointer open_clips(const std::string& key, const std::string& path,
                            const std::string& only) {
    data::ClipDatasetConfig config;
    config.source = path;
    config.only = only;
    config.needs_captions = task_.needs_captions;
    config.num_workers = config_.data.num_workers;
    config.clips = config_.data.decode;
    const auto vae = with_context("data.decode", [&] { return checked_vae(only); });
    const auto rules = vae ? data::explain_rules(config.clips, only, vae->geometry, vae->name)
                           : data::explain_rules(config.clips, only);
    for (const std::string& line : rules) log::info("{}: {}", key, line);
    const auto progress = make_console_progress();
    const auto clips = std::make_shared<data::ClipDataset>(config, *progress);
    report_unused(config_, key, *clips, writes_);
    return clips;
  }

  void check_encoding() const {
    require(
        !config_.vae_checkpoint.empty(),
        "pixels are encoded while training, and vae_checkpoint is empty; name the VAE's folder, or "
        "make latents with `sana-video prepare`");
    require(!config_.train.cuda_graphs,
            "pixels are encoded while training, which does not go with train.cuda_graphs; make "
            "latents with `sana-video prepare`, or set train.cuda_graphs=false");
  }

  // The VAE, which takes what data.decode gives; nothing where clips are not encoded. Asked before
  // anything is read.
  std::optional<checkpoints::VaeSource> checked_vae(const std::string& only) const {
    if (task_.kind == data::Kind::kPixels) return std::nullopt;
    check_encoding();
    auto vae = checkpoints::find_vae(config_.vae_checkpoint);
    data::require_fit(config_.data.decode, only, vae.geometry, vae.name);
    return vae;
  }

  // Loaded once for all data sets.
  data::Encoders encoders() {
    if (!encoders_) {
      const c10::Device where = device_.is_meta() ? c10::Device(at::kCPU) : device_;
      encoders_.emplace(checkpoints::find_vae(config_.vae_checkpoint), at::kFloat,
                        config_.text_encoder, where);
    }
    return encoders_->functions();
  }

  const TrainConfig& config_;
  const Task& task_;
  c10::Device device_;
  bool writes_;
  std::optional<data::DataEncoders> encoders_;
};

DatasetPointer open_videos(const TrainConfig& config, Opener& opener) {
  std::vector<data::MixturePart> parts;
  for (const auto& [key, set] : config.data.video_sets()) {
    parts.push_back({key, opener.open(key, set.path, "all"), set.weight});
  }
  if (config.data.mixture.empty()) return parts.front().dataset;
  return std::make_shared<data::MixedDataset>(std::move(parts));
}

}  // namespace

bool Datasets::are_encoded() const {
  return videos->is_encoded_anew() || (images && images->is_encoded_anew()) ||
         (validation && validation->is_encoded_anew());
}

Datasets build_datasets(const TrainConfig& config, c10::Device device, bool writes) {
  Opener opener(config, device, writes);
  Datasets sets;
  sets.videos = open_videos(config, opener);
  const std::string first = config.data.video_sets().front().first;
  if (config.data.image_every_steps > 0) {
    sets.images = opener.open("data.images", config.data.images, "images");
    data::check_same_encoders("data.images", *sets.images, first, *sets.videos);
  }
  if (!config.data.validation.empty()) {
    sets.validation = opener.open("data.validation", config.data.validation, "all");
    data::check_same_encoders("data.validation", *sets.validation, first, *sets.videos);
  }
  sets.vae = opener.vae();
  return sets;
}

}  // namespace sana::train
