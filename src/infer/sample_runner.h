// Runs sampling jobs with one opened checkpoint: latents to disk, then frames to a video, with a
// provenance file beside it.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <string>

#include "core/progress.h"
#include "infer/checkpoint_folder.h"
#include "infer/sample_job.h"
#include "infer/video_writer.h"
#include "model/text_encoder/text_encoder.h"
#include "model/vae/video_vae.h"

namespace sana::infer {

struct RunnerOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType dtype = c10::kFloat;
  bool overwrite = false;    // else an existing output is left alone
  bool keep_latents = true;  // <out>.latents.safetensors stays after the video is written
};

enum class JobOutcome { kWritten, kSkipped };

class SampleRunner {
 public:
  // Loads weights to the device and the text encoder that the checkpoint names. Throws UserError
  // when the encoder on this machine is not the one that it was trained with.
  SampleRunner(CheckpointFolder checkpoint, const RunnerOptions& options, ProgressSink& progress);

  // Samples one job. Latents are on disk before decoding starts; when a run was stopped in between,
  // the next one decodes them instead of sampling again. Returns what was done; `written` names the
  // video or the folder of PNG files.
  JobOutcome run(const SampleJob& job, WrittenVideo& written);

 private:
  at::Tensor latents_for(const SampleJob& job, const std::filesystem::path& file);

  CheckpointFolder checkpoint_;
  RunnerOptions options_;
  ProgressSink& progress_;
  std::unique_ptr<model::TextEncoder> text_encoder_;
  std::unique_ptr<model::VideoVae> vae_;
  std::string weights_hash_;
};

}  // namespace sana::infer
