// The JSON file beside a video: what made it, enough to make it again.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "checkpoints/checkpoint.h"
#include "infer/sample_job.h"
#include "model/text_encoder/prompt_length.h"

namespace sana::infer {

// Everything that determines the latents of a job.
nlohmann::ordered_json request_json(const SampleJob& job, const ClipSize& generated,
                                    const std::string& weights_identity,
                                    const std::string& text_identity);

// Which VAE decodes: its identity where the checkpoint states it, else what it is called.
std::string vae_name(const checkpoints::Checkpoint& checkpoint);

struct Timings {
  double sampling_s = 0.0;  // 0: the latents are of an earlier run
  double decode_and_write_s = 0.0;
};

// How much of each text the encoder used.
struct TextLengths {
  model::PromptLength prompt, negative;
};

// Writes `request` with the place of the checkpoint, program, device, times and peak memory beside
// the output (sample_output.h).
void write_provenance(const std::filesystem::path& out, nlohmann::ordered_json request,
                      const checkpoints::Checkpoint& checkpoint, c10::Device device,
                      c10::ScalarType dtype, const TextLengths& lengths, const Timings& timings);

}  // namespace sana::infer
