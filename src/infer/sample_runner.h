// Runs sampling jobs with one opened checkpoint: latents to disk, then frames to a video, with a
// provenance file beside it.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checkpoints/checkpoint.h"
#include "core/progress.h"
#include "infer/pipeline.h"
#include "infer/pipeline_parts.h"
#include "infer/sample_job.h"
#include "media/encode/video_writer.h"
#include "model/vae/tiling_config.h"

namespace sana::infer {

struct RunnerOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType dtype = c10::kFloat;
  c10::ScalarType vae_dtype = c10::kFloat;
  bool overwrite = false;    // else an existing output is left alone
  bool keep_latents = true;  // <out>.latents.safetensors stays after the video is written
  // Text encoder, transformer and VAE are loaded, used for all jobs and released in turn; else all
  // of them stay loaded.
  bool offload = false;
  model::TilingConfig tiling;
};

enum class JobOutcome { kWritten, kSkipped };

class SampleRunner {
 public:
  SampleRunner(checkpoints::Checkpoint checkpoint, const RunnerOptions& options,
               ProgressSink& progress);

  // Called after each job; `written` names the video or the folder of PNG files.
  using OnDone =
      std::function<void(const SampleJob&, JobOutcome, const media::WrittenVideo& written)>;

  // Samples all jobs, as far as no stop signal comes. Latents are on disk before decoding starts;
  // when a run was stopped in between, the next one decodes them instead of sampling again. Returns
  // how many jobs are done.
  size_t run(const std::vector<SampleJob>& jobs, const OnDone& on_done);

  // Most networks that were in memory at once so far.
  int64_t most_parts_loaded() const { return parts_.most_loaded(); }

 private:
  // What a job needs before its latents can be sampled.
  struct Conditions {
    model::TextFeatures prompt, negative;
    at::Tensor first_frame;  // latents
  };

  bool is_done(const SampleJob& job) const;
  Conditions conditions_of(const SampleJob& job);
  at::Tensor encode_first_frame(const SampleJob& job);
  // Latents of an earlier run of exactly this job, or undefined.
  at::Tensor kept_latents(const SampleJob& job);
  void sample(const SampleJob& job, const Conditions& conditions);
  media::WrittenVideo decode(const SampleJob& job);
  size_t run_offloaded(const std::vector<SampleJob>& jobs, const OnDone& on_done);
  std::string request_of(const SampleJob& job);

  checkpoints::Checkpoint checkpoint_;
  RunnerOptions options_;
  ProgressSink& progress_;
  PipelineParts parts_;
  std::string weights_identity_;
  // Empty until the part was loaded; kept, so that no part is loaded again for its identity.
  std::string text_identity_, vae_identity_;
  std::map<std::string, double> sampling_s_;  // by output
};

}  // namespace sana::infer
