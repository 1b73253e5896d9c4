#include "cli/sample_arguments.h"

#include <tuple>

#include "core/device.h"
#include "core/error.h"
#include "core/text.h"

namespace sana::cli {
namespace {

// Image-to-video is sampled by Euler steps in the public pipelines.
std::string default_sampler(const SampleArguments& a, const checkpoints::PipelineConfig& pipeline) {
  return a.image.empty() ? pipeline.sampler.name : "euler";
}

}  // namespace

void add_checkpoint_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--checkpoint", a.checkpoint,
                 "Checkpoint: a folder or run of this program, a diffusers folder, the authors' "
                 "repository, or a file of a transformer.")
      ->required();
  app.add_option("--vae", a.parts.vae,
                 "Folder or file of the VAE, if it is not in the checkpoint.");
  app.add_option("--text-encoder", a.parts.text_encoder,
                 "Folder of the text encoder, if it is not in the checkpoint.");
  app.add_option("--config", a.parts.config,
                 "A transformer/config.json, for a bare file of unusual sizes.");
  app.add_flag(
         "--verify,!--no-verify", a.parts.verifies,
         "Compare a checkpoint of this program with the hashes in its manifest.json before it "
         "is used (default).")
      ->default_val(true);
}

void add_job_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--negative", a.negative, "What to keep away from.");
  app.add_option(
      "--image", a.image,
      "Begin the video with this image (image-to-video): JPEG, PNG, ..., or safetensors with "
      "'image' [H, W, 3] uint8.");
  app.add_option("--motion-score", a.motion_score,
                 "How much moves, for models trained with it: 1 to 30 or so.");
  app.add_option("--seed", a.seed,
                 "Seed of the starting noise; -1: a random one, which is told and stored.")
      ->capture_default_str();
  app.add_option("--steps", a.steps, "Evaluations of the model.");
  app.add_option("--guidance", a.guidance, "Classifier-free guidance; 1 turns it off.");
  app.add_option("--shift", a.shift, "Flow shift.");
  app.add_option("--sampler", a.sampler, "dpm-solver++ or euler.");
  app.add_option("--height", a.height, "Rows of pixels.");
  app.add_option("--width", a.width, "Columns of pixels.");
  app.add_option("--frames", a.frames, "Frames, 4k+1 (8k+1 with the LTX-2 VAE).");
  app.add_flag("--no-binning", a.no_binning,
               "Generate exactly this size; public checkpoints otherwise generate the nearest size "
               "that they were trained on, which is then resized.");
}

void add_precision_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--device", a.device, "auto, cpu or cuda.")->capture_default_str();
  app.add_option("--dtype", a.dtype,
                 "float32 or bfloat16; default bfloat16 on CUDA, else float32.");
  app.add_option(
      "--vae-dtype", a.vae_dtype,
      "Of the VAE; default on CUDA as the public pipelines: float32 for Wan, bfloat16 for LTX-2 "
      "and DC-AE.");
  app.add_flag("--offload", a.offload,
               "Load, use and release text encoder, transformer and VAE in turn.");
  app.add_option("--tile", a.tile,
                 "Decode in tiles of this many rows and columns of pixels (less memory).");
}

checkpoints::Checkpoint open_checkpoint(const SampleArguments& a) {
  checkpoints::Checkpoint checkpoint = checkpoints::open_checkpoint(a.checkpoint, a.parts);
  if (a.motion_score) checkpoint.pipeline.text_encoder.motion_score = a.motion_score;
  if (a.no_binning) checkpoint.bins.clear();
  return checkpoint;
}

infer::SampleJob default_job(const SampleArguments& a,
                             const checkpoints::PipelineConfig& pipeline) {
  infer::SampleJob job;
  job.image = a.image;
  job.prompt = decode_text(a.prompt, "--prompt");
  job.negative = decode_text(a.negative, "--negative");
  std::tie(job.seed, job.has_random_seed) = infer::parse_seed(a.seed);
  job.size = checkpoints::default_clip_size(pipeline);
  job.size = {a.height.value_or(job.size.height), a.width.value_or(job.size.width),
              a.frames.value_or(job.size.frames)};
  job.sampler = pipeline.sampler;
  job.sampler.name = a.sampler.value_or(default_sampler(a, pipeline));
  job.sampler.steps = a.steps.value_or(job.sampler.steps);
  job.sampler.guidance = a.guidance.value_or(job.sampler.guidance);
  job.sampler.shift = a.shift.value_or(job.sampler.shift);
  require(job.sampler.steps >= 1, "--steps must be at least 1, got {}", job.sampler.steps);
  require(job.sampler.shift > 0, "--shift must be above 0, got {}", job.sampler.shift);
  infer::make_sampler(job.sampler.name);  // an unknown name fails before anything is loaded
  job.out = a.out;
  return job;
}

c10::Device rank_device(const std::string& asked, c10::Device found, const LaunchRank& rank) {
  const bool is_named = asked != "auto" && asked != "cuda";
  if (!found.is_cuda() || is_named || rank.count == 1) return found;
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(rank.local_rank));
}

c10::Device device_of(const SampleArguments& a, const LaunchRank& rank) {
  // Parsed once more: a rank without a GPU of its own is told so.
  return parse_device(rank_device(a.device, parse_device(a.device), rank).str());
}

infer::RunnerOptions runner_options(const SampleArguments& a,
                                    const checkpoints::Checkpoint& checkpoint, c10::Device device) {
  infer::RunnerOptions options;
  options.device = device;
  options.dtype = parse_dtype(!a.dtype.empty()   ? a.dtype
                              : device.is_cuda() ? "bfloat16"
                                                 : "float32");
  options.vae_dtype = !a.vae_dtype.empty() ? parse_dtype(a.vae_dtype)
                      : device.is_cuda()   ? checkpoint.vae.default_dtype
                                           : at::kFloat;
  options.overwrite = a.overwrite;
  options.keep_latents = !a.discard_latents;
  options.offload = a.offload;
  options.tiling.tile_height = options.tiling.tile_width = a.tile;
  return options;
}

}  // namespace sana::cli
