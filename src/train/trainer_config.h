// Everything a training run is told, one struct per section of the YAML file. Defaults suit the
// small example models.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoints/sampler_config.h"
#include "core/config/checks.h"
#include "core/distributed/mesh.h"
#include "data/clips/clip_config.h"
#include "model/sana_video_config.h"
#include "model/text_encoder/text_encoder.h"
#include "model/vae/wan_vae.h"
#include "train/flow_matching.h"
#include "train/lr_schedule.h"
#include "train/optimizer.h"
#include "train/vae_loss.h"

namespace sana::train {

struct RunConfig {
  std::string dir;
  int64_t seed = 0;
  std::string resume = "auto";

  template <class Binder>
  void bind(Binder& b) {
    b.required("dir", dir, "Folder of the run: checkpoints, logs, previews.");
    b.field("seed", seed, "Seed of data order, noise, dropout and fresh weights.",
            config::at_least<int64_t>(0));
    b.field("resume", resume,
            "auto: go on from the newest complete checkpoint, if any; never: refuse a folder that "
            "has one; or the path of a checkpoint, of a link to one, or of a run's folder.");
  }
};

// Random window of each sample (VAE training). 0: the whole extent; a larger window than the sample
// is cut to it, so images (one frame) pass.
struct CropConfig {
  int64_t frames = 17;
  int64_t height = 128;
  int64_t width = 128;
  bool flip = true;

  template <class Binder>
  void bind(Binder& b) {
    b.field("frames", frames, "Frames of the window; 4k+1, or 0 for all.",
            config::at_least<int64_t>(0));
    b.field("height", height, "Rows of the window; 0 for all.", config::at_least<int64_t>(0));
    b.field("width", width, "Columns of the window; 0 for all.", config::at_least<int64_t>(0));
    b.field("flip", flip, "Mirror half of the samples left to right.");
  }
};

// One of several data sets.
struct MixtureConfig {
  std::string path;
  double weight = 1.0;

  template <class Binder>
  void bind(Binder& b) {
    b.required("path", path, "As data.videos.");
    b.field(
        "weight", weight,
        "Times that each of its samples is drawn in an epoch, on average: 0.5 takes turns, half of "
        "them in each.",
        config::between(0.001, 1000.0));
  }
};

// Says of a key that only one task has that it is not this one's.
template <class Binder>
void refuse_key(Binder& b, std::string_view name, const std::string& task) {
  b.elsewhere(name, fmt::format("is no key of task {}", task));
}

struct DataConfig {
  std::string task = "video_dit";  // of the run: which keys there are
  std::string videos;
  std::vector<MixtureConfig> mixture;
  std::string images;
  std::string validation;
  data::ClipConfig decode;
  int64_t batch_size = 4;
  int64_t image_batch_size = 16;
  int64_t image_every_steps = 0;
  int64_t num_workers = 2;
  int64_t prefetch = 4;
  int64_t cache_mib = 1024;
  double max_damaged = 0.05;
  double caption_dropout = 0.1;
  CropConfig crop;

  template <class Binder>
  void bind(Binder& b) {
    using config::at_least;
    b.field(
        "videos", videos,
        "What is trained on: a prepared folder, or clips to be decoded while training: a folder, a "
        "shard or a JSONL list, as `source` of prepare. For video_dit pixels and clips are also "
        "encoded, each time anew: for trials and sets that change.");
    b.field("mixture", mixture, "Instead of videos: several of these, each with its weight.");
    b.field("images", images, "The same of images for joint steps; empty: none.");
    b.field("validation", validation, "The same of held-out samples; empty: none.");
    b.field("decode", decode, "How clips are decoded that are not prepared.");
    b.field("batch_size", batch_size,
            "Samples of videos per micro-step of each GPU, or of those that share clips.",
            at_least<int64_t>(1));
    b.field("image_batch_size", image_batch_size,
            "Samples of images per micro-step of each GPU, or of those that share clips.",
            at_least<int64_t>(1));
    b.field("image_every_steps", image_every_steps,
            "Every k-th step trains on images; 0: only videos.", at_least<int64_t>(0));
    b.field("num_workers", num_workers, "Threads that read ahead.", at_least<int64_t>(1));
    b.field("prefetch", prefetch, "Batches that are read ahead; they bound the memory.",
            at_least<int64_t>(1));
    b.field("cache_mib", cache_mib,
            "Samples of prepared folders that have been read stay in memory up to this size.",
            at_least<int64_t>(0));
    b.field("max_damaged", max_damaged,
            "Share of damaged samples above which the run stops; fewer are replaced, counted and "
            "listed in damaged_samples.jsonl. 0: none is tolerated.",
            config::between(0.0, 1.0));
    if (task == "vae") {
      b.field("crop", crop, "Random window of each sample.");
      refuse_key(b, "caption_dropout", task);
    } else {
      b.field("caption_dropout", caption_dropout,
              "Share of captions replaced by the empty one, for classifier-free guidance.",
              config::between(0.0, 1.0));
      refuse_key(b, "crop", task);
    }
  }

  // Data sets that are drawn from, by key.
  std::vector<std::pair<std::string, MixtureConfig>> video_sets() const {
    if (mixture.empty()) return {{"data.videos", {videos, 1.0}}};
    std::vector<std::pair<std::string, MixtureConfig>> sets;
    for (size_t i = 0; i < mixture.size(); ++i) {
      sets.emplace_back(fmt::format("data.mixture.{}", i), mixture[i]);
    }
    return sets;
  }

  // That share the cache.
  int64_t count_sets() const {
    return int64_t(video_sets().size()) + (image_every_steps > 0 ? 1 : 0) +
           (validation.empty() ? 0 : 1);
  }

  template <class Problems>
  void validate(Problems& problems) const {
    if (videos.empty() && mixture.empty()) {
      problems.add("videos", "is missing: name what to train on, or several sets in mixture");
    }
    if (!videos.empty() && !mixture.empty()) {
      problems.add(
          "mixture",
          "is given, and so is videos: put that data set into the mixture, and set videos: \"\"");
    }
    if (image_every_steps > 0 && images.empty()) {
      problems.add("images", fmt::format("is empty, but image_every_steps is {}: name a prepared "
                                         "folder of images or set image_every_steps=0",
                                         image_every_steps));
    }
    if (image_every_steps == 1) {
      problems.add("image_every_steps",
                   "is 1, so no video would ever be seen: give the image folder as data.videos");
    }
  }
};

struct LoopConfig {
  std::string task = "video_dit";  // of the run: which keys there are
  int64_t steps = 10000;
  int64_t accumulation = 1;
  bool gradient_checkpointing = false;
  bool cuda_graphs = false;
  std::optional<double> ema_decay = 0.999;
  std::vector<std::string> freeze;
  int64_t log_every_steps = 10;
  int64_t checkpoint_every_steps = 500;
  int64_t keep_last = 3;
  int64_t keep_every_steps = 0;
  int64_t validate_every_steps = 500;
  int64_t validation_batches = 8;
  int64_t latent_statistics_samples = 32;
  int64_t max_skipped_steps = 20;

  template <class Binder>
  void bind(Binder& b) {
    using config::at_least;
    b.field("steps", steps,
            "Optimizer steps in all; 0: only measure, show previews and save the start.",
            at_least<int64_t>(0));
    b.field("accumulation", accumulation, "Micro-steps whose gradients make one step.",
            at_least<int64_t>(1));
    if (task == "vae") {
      refuse_key(b, "gradient_checkpointing", task);
    } else {
      b.field("gradient_checkpointing", gradient_checkpointing,
              "Recompute each block in the backward pass: less memory, about a third slower.");
    }
    b.field("cuda_graphs", cuda_graphs,
            "Record the kernels of a step once per batch shape and replay them: for small models, "
            "whose steps are mostly launches. Takes memory for each shape; nothing on the CPU.");
    b.field("ema_decay", ema_decay,
            "Decay of the averaged weights per step; null: no average is kept.",
            config::between(0.0, 1.0));
    b.field("freeze", freeze, "Parameters whose name contains one of these words do not train.");
    b.field("log_every_steps", log_every_steps, "Steps between log lines.", at_least<int64_t>(1));
    b.field("checkpoint_every_steps", checkpoint_every_steps,
            "Steps between checkpoints; the last step always makes one.", at_least<int64_t>(1));
    b.field("keep_last", keep_last, "Checkpoints kept; older ones are deleted.",
            at_least<int64_t>(1));
    b.field("keep_every_steps", keep_every_steps,
            "Checkpoints of every so many steps are kept for good; 0: none.", at_least<int64_t>(0));
    b.field("validate_every_steps", validate_every_steps,
            "Steps between measurements on data.validation.", at_least<int64_t>(1));
    b.field("validation_batches", validation_batches, "Batches of one such measurement.",
            at_least<int64_t>(1));
    if (task == "vae") {
      b.field("latent_statistics_samples", latent_statistics_samples,
              "Clips whose latents give the mean and deviation stored with the VAE.",
              at_least<int64_t>(1));
    } else {
      refuse_key(b, "latent_statistics_samples", task);
    }
    b.field("max_skipped_steps", max_skipped_steps,
            "Steps with a loss or gradient that is not finite before the run stops.",
            at_least<int64_t>(0));
  }

  template <class Problems>
  void validate(Problems& problems) const {
    if (checkpoint_every_steps > 0 && keep_every_steps % checkpoint_every_steps != 0) {
      problems.add("keep_every_steps",
                   fmt::format("is {}, and checkpoints are made every {} steps: give a multiple",
                               keep_every_steps, checkpoint_every_steps));
    }
  }
};

struct PreviewConfig {
  std::string task = "video_dit";  // of the run: which keys there are
  int64_t every_steps = 0;
  std::vector<std::string> prompts;
  int64_t seed = 0;
  checkpoints::SamplerConfig sampler{
      .name = "dpm-solver++", .steps = 20, .shift = 3.0, .guidance = 4.0};

  template <class Binder>
  void bind(Binder& b) {
    b.field("every_steps", every_steps, "Steps between previews; 0: none.",
            config::at_least<int64_t>(0));
    if (task == "vae") {
      for (const char* name : {"prompts", "seed", "sampler"}) refuse_key(b, name, task);
      return;
    }
    b.field("prompts", prompts, "What the previews show.");
    b.field("seed", seed, "Seed of the first preview's noise; the next ones count up.",
            config::at_least<int64_t>(0));
    b.field("sampler", sampler, "How previews are sampled; checkpoints carry it as their default.");
  }
};

struct InitConfig {
  std::string from;
  std::vector<std::string> allow_missing;

  template <class Binder>
  void bind(Binder& b) {
    b.field("from", from,
            "Weights to start with: any checkpoint that `sample` takes, a run folder (its newest "
            "checkpoint) or a file of tensors; empty: fresh ones.");
    b.field("allow_missing", allow_missing,
            "Words; weights with one in their name may be absent there and start fresh, for "
            "example conv_temp, the temporal convolution, which starts at zero.");
  }
};

// "auto", or a number of processes.
struct AutoOrCount {
  std::optional<std::string> operator()(const std::string& value) const {
    const bool is_count = !value.empty() && value.size() <= 6 && value.front() != '0' &&
                          value.find_first_not_of("0123456789") == std::string::npos;
    if (value == "auto" || is_count) return std::nullopt;
    return fmt::format("must be auto or a number from 1 on, got '{}'", value);
  }
  std::string describe() const { return "auto, or a number from 1 on"; }
};

// How processes share the work.
struct ParallelConfig {
  std::string task = "video_dit";  // of the run: which keys there are
  std::string replicate = "auto";
  std::string shard = "auto";
  int64_t sequence = 1;
  bool shard_optimizer = true;
  int64_t bucket_mib = 25;
  std::string reduce_precision = "float32";
  int64_t timeout_s = 600;
  int64_t silence_s = 20;

  template <class Binder>
  void bind(Binder& b) {
    b.field("replicate", replicate,
            "Groups of processes, each of which has all weights and samples of its own in every "
            "batch. Times shard and sequence it is the number of processes; auto: what that gives.",
            AutoOrCount());
    if (task == "vae") {
      refuse_key(b, "shard", task);
      refuse_key(b, "sequence", task);
    } else {
      b.field("shard", shard,
              "Processes of a group, each of which keeps a part of all that concerns the weights, "
              "and has those of a transformer block only while it computes: for models that do not "
              "fit on one GPU (docs/parallel.md). auto: what replicate leaves, or else 1, or more "
              "where the GPUs need it.",
              AutoOrCount());
      b.field("sequence", sequence,
              "Processes of a group, neighbours in rank, each of which has a part of the frames of "
              "every clip: for clips that are too long for one GPU (docs/parallel.md).",
              config::between<int64_t>(1, 1024));
    }
    b.field("shard_optimizer", shard_optimizer,
            "Each process keeps and updates its part of the float32 weights, moments and average, "
            "instead of all of them. With shard > 1 that is so anyway, among those processes.");
    b.field("bucket_mib", bucket_mib,
            "Size of the parts in which gradients travel while the backward pass runs.",
            config::between<int64_t>(1, 4096));
    b.field("reduce_precision", reduce_precision, "In which gradients travel.",
            config::one_of({"float32", "bfloat16"}));
    b.field("timeout_s", timeout_s,
            "Seconds after which a process that waits for another gives up.",
            config::between<int64_t>(1, 86400));
    b.field("silence_s", silence_s,
            "Seconds after which a process that gives no sign of life counts as lost.",
            config::between<int64_t>(2, 3600));
  }

  // 0: auto.
  int64_t replicate_count() const { return replicate == "auto" ? 0 : std::stoll(replicate); }
  int64_t shard_count() const { return shard == "auto" ? 1 : std::stoll(shard); }
  bool is_full() const { return shard_count() > 1; }
  // The fewest processes that such a run can have.
  int64_t fewest_processes() const {
    return std::max<int64_t>(replicate_count(), 1) * shard_count() * sequence;
  }
  // Of so many processes. Throws UserError that names the factors where they are not their product.
  MeshSizes mesh(int64_t processes) const {
    const int64_t group = replicate_count() * sequence;
    // What a given replicate leaves.
    const bool is_left = shard == "auto" && task != "vae" && group > 0 && processes % group == 0;
    return mesh_sizes({replicate_count(), is_left ? processes / group : shard_count(), sequence},
                      processes);
  }
};

struct TrainConfig {
  std::string task = "video_dit";
  std::string device = "auto";
  std::string precision = "float32";
  RunConfig run;
  model::SanaVideoConfig model;
  model::WanVaeConfig vae;
  std::string vae_checkpoint;
  model::TextEncoderConfig text_encoder;
  DataConfig data;
  FlowConfig flow;
  VaeLossConfig vae_loss;
  OptimizerConfig optimizer;
  LrScheduleConfig schedule;
  LoopConfig train;
  PreviewConfig preview;
  InitConfig init;
  ParallelConfig parallel;

  template <class Binder>
  void bind(Binder& b) {
    b.field("task", task, "What is trained.", config::one_of({"video_dit", "vae"}));
    data.task = train.task = preview.task = parallel.task = task;
    b.field("device", device, "auto, cpu, cuda or cuda:<index>.");
    b.field("precision", precision,
            "Of the forward and backward pass; weights are always kept in float32 as well.",
            config::one_of({"float32", "bfloat16"}));
    b.field("run", run, "Where the run lives.");
    if (task == "vae") {
      bind_vae(b);
    } else {
      bind_video_dit(b);
    }
    b.field("data", data, "What is trained on.");
    b.field("optimizer", optimizer, "AdamW.");
    b.field("schedule", schedule, "Learning rate over the run.");
    b.field("train", train, "The loop.");
    b.field("preview", preview, "Pictures of the progress.");
    b.field("init", init, "Weights of step 0.");
    b.field("parallel", parallel, "How processes share the work.");
  }

  template <class Problems>
  void validate(Problems& problems) const;

 private:
  template <class Binder>
  void bind_video_dit(Binder& b) {
    b.field("model", model, "The video DiT.");
    b.field("vae_checkpoint", vae_checkpoint,
            "The VAE that made the latents, of any kind that `sample` takes: decodes previews and "
            "travels with every checkpoint.");
    b.field("text_encoder", text_encoder, "Encodes preview prompts; named in every checkpoint.");
    b.field("flow", flow, "Noise levels of flow matching.");
    for (const char* name : {"vae", "vae_loss"}) refuse_key(b, name, task);
  }
  template <class Binder>
  void bind_vae(Binder& b) {
    b.field("vae", vae, "The VAE.");
    b.field("vae_loss", vae_loss, "Terms of the loss.");
    for (const char* name : {"model", "vae_checkpoint", "text_encoder", "flow"}) {
      refuse_key(b, name, task);
    }
  }
  template <class Problems>
  void validate_video_dit(Problems& problems) const;
  template <class Problems>
  void validate_vae(Problems& problems) const;
};

template <class Problems>
void TrainConfig::validate(Problems& problems) const {
  if (train.cuda_graphs && train.accumulation > 1 && precision == "float32") {
    problems.add(
        "train.cuda_graphs",
        fmt::format("does not go with train.accumulation={} in float32; use bfloat16 or one "
                    "micro-step",
                    train.accumulation));
  }
  if (train.cuda_graphs && parallel.sequence > 1) {
    problems.add("train.cuda_graphs",
                 fmt::format("does not go with parallel.sequence={}: what its processes tell each "
                             "other within a step is not recorded; set train.cuda_graphs=false",
                             parallel.sequence));
  }
  if (train.cuda_graphs && parallel.is_full()) {
    problems.add(
        "train.cuda_graphs",
        fmt::format("does not go with parallel.shard={}: where weights are gathered within "
                    "a step is not recorded; set train.cuda_graphs=false",
                    parallel.shard));
  }
  if (task == "vae") {
    validate_vae(problems);
  } else {
    validate_video_dit(problems);
  }
}

template <class Problems>
void TrainConfig::validate_video_dit(Problems& problems) const {
  const bool previews = preview.every_steps > 0;
  if (previews && vae_checkpoint.empty()) {
    problems.add("vae_checkpoint", fmt::format("is empty, but preview.every_steps is {}: previews "
                                               "need the VAE; name its folder or set "
                                               "preview.every_steps=0",
                                               preview.every_steps));
  }
  if (previews && preview.prompts.empty()) {
    problems.add("preview.prompts",
                 fmt::format("is empty, but preview.every_steps is {}", preview.every_steps));
  }
}

template <class Problems>
void TrainConfig::validate_vae(Problems& problems) const {
  const auto stride = vae.geometry();
  const CropConfig& crop = data.crop;
  if (crop.frames > 0 && (crop.frames - 1) % stride.stride_t != 0) {
    problems.add("data.crop.frames",
                 fmt::format("({}) must be {}k+1 for this VAE", crop.frames, stride.stride_t));
  }
  if (crop.height % stride.stride_h != 0 || crop.width % stride.stride_w != 0) {
    problems.add("data.crop",
                 fmt::format("height ({}) must be a multiple of {} and width ({}) of {}",
                             crop.height, stride.stride_h, crop.width, stride.stride_w));
  }
}

}  // namespace sana::train
