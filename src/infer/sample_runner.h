// Runs sampling jobs with one opened checkpoint: latents to disk, then frames to a video, with a
// provenance file beside it.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <array>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints/checkpoint.h"
#include "core/output_lock.h"
#include "core/progress.h"
#include "infer/pipeline.h"
#include "infer/pipeline_parts.h"
#include "infer/provenance.h"
#include "infer/sample_job.h"
#include "infer/sample_output.h"
#include "media/encode/video_writer.h"
#include "model/vae/tiling_config.h"

namespace sana::infer {

struct RunnerOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType dtype = c10::kFloat;
  c10::ScalarType vae_dtype = c10::kFloat;
  bool overwrite = false;    // else what is there is left alone, or an error (sample_output.h)
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
  // A job on its way through the phases, and what they hand on.
  struct Work {
    const SampleJob* job = nullptr;
    at::Tensor first_frame = {};  // latents
    model::TextFeatures prompt = {}, negative = {};
    TextLengths lengths = {};
    nlohmann::ordered_json request = {};
    bool has_latents = false;  // of an earlier run of this request
    std::optional<OutputLock> lock = {};
    media::WrittenVideo written = {};
  };
  // One phase of every job, and the network that it alone needs.
  struct Phase {
    void (SampleRunner::*run)(Work&);
    void (PipelineParts::*release)();
  };
  static const std::array<Phase, 4> kPhases;
  void encode_image(Work& work);
  void encode_text(Work& work);
  void sample(Work& work);
  void decode(Work& work);

  // All phases of one job after the other, or all jobs of one phase, after which its network goes.
  size_t run_job_by_job(const std::vector<SampleJob>& jobs, const OnDone& on_done);
  size_t run_in_turn(const std::vector<SampleJob>& jobs, const OnDone& on_done);

  // What needs no network to be seen wrong. Throws UserError.
  void check(const std::vector<SampleJob>& jobs) const;
  // Takes the output for this process.
  Work begin(const SampleJob& job) const;
  // Removes what a killed run left beside a finished output. Throws UserError when it is no run that
  // was killed, but one at work.
  void tidy(const SampleJob& job) const;
  OutputState state_of(const SampleJob& job) const;
  at::Tensor encode_first_frame(const SampleJob& job);
  // The stored request of latents of an earlier run of this job; null: there are none.
  nlohmann::ordered_json kept_request(const SampleJob& job);
  // What determines the latents, without and with what only a loaded network tells.
  nlohmann::ordered_json known_request(const SampleJob& job) const;
  nlohmann::ordered_json request_of(const SampleJob& job);

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
