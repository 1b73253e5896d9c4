// The networks of a checkpoint: each is loaded when it is first used, and can be released.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <optional>

#include "checkpoints/checkpoint.h"
#include "infer/denoiser.h"

namespace sana::infer {

class PipelineParts {
 public:
  PipelineParts(const checkpoints::Checkpoint& checkpoint, c10::Device device,
                c10::ScalarType dtype, c10::ScalarType vae_dtype);

  // Throws UserError when the encoder on this machine is not the one that the checkpoint was
  // trained with.
  model::TextEncoder& text_encoder();
  const Denoiser& denoiser();
  model::VideoVae& vae();

  // Most of them that were loaded at once so far.
  int64_t most_loaded() const { return most_loaded_; }

  // Frees the memory of a part; its next use loads it again.
  void release_text_encoder();
  void release_denoiser();
  void release_vae();

 private:
  void note_loaded();

  const checkpoints::Checkpoint& checkpoint_;
  c10::Device device_;
  c10::ScalarType dtype_, vae_dtype_;
  std::unique_ptr<model::TextEncoder> text_encoder_;
  std::optional<Denoiser> denoiser_;
  std::unique_ptr<model::VideoVae> vae_;
  int64_t most_loaded_ = 0;
};

// The transformer without weights, on the meta device: shapes of results, for estimates of memory.
Denoiser denoiser_without_weights(const checkpoints::Checkpoint& checkpoint, c10::ScalarType dtype);

// Hash of the transformer's weights: of the whole file up to 256 MiB, else of a sample of its
// blocks.
std::string weights_identity(const checkpoints::Checkpoint& checkpoint);

}  // namespace sana::infer
