#include "infer/memory_estimate.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "checkpoints/text_encoder_memory.h"
#include "core/device.h"
#include "core/memory/meta_memory.h"
#include "infer/pipeline.h"
#include "infer/pipeline_parts.h"

namespace sana::infer {
namespace {

int64_t weight_bytes(const TensorList& tensors, c10::ScalarType dtype) {
  int64_t bytes = 0;
  for (const LazyTensor& tensor : tensors) {
    bytes += tensor.num_elements() * int64_t(c10::elementSize(dtype));
  }
  return bytes;
}

at::TensorOptions meta(c10::ScalarType dtype) {
  return at::TensorOptions().device(at::kMeta).dtype(dtype);
}

PartMemory transformer_memory(const checkpoints::Checkpoint& checkpoint, const SampleJob& job,
                              c10::ScalarType dtype) {
  const Denoiser denoiser = denoiser_without_weights(checkpoint, dtype);
  const VaeGeometry& geometry = checkpoint.vae.geometry;
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint);
  const int64_t length = checkpoint.pipeline.text_encoder.max_tokens;
  const int64_t width = checkpoint.transformer.config.text_dim();
  LatentRequest request;
  request.prompt = {at::zeros({1, length, width}), at::zeros({1, length}, at::kLong)};
  request.negative = request.prompt;
  request.size = geometry.latent_size(size);
  if (!job.image.empty()) {
    request.first_frame =
        at::zeros({1, geometry.latent_channels, 1, request.size.height, request.size.width});
  }
  request.sampler = job.sampler;
  request.sampler.steps = std::min<int64_t>(job.sampler.steps, 2);  // the later ones are alike
  const auto progress = make_silent_progress();
  PartMemory memory;
  memory.weights = weight_bytes(checkpoint.transformer.tensors, dtype);
  memory.activations = kMatrixWorkspaceBytes + peak_meta_bytes([&] {
                         sample_latents(denoiser, request, at::kMeta, dtype, *progress);
                       });
  return memory;
}

int64_t smaller(int64_t whole, const std::optional<int64_t>& tile, int64_t stride) {
  return tile ? std::min(whole, *tile / stride) : whole;
}

// What is decoded at once.
LatentSize decoded_size(const ClipSize& clip, const VaeGeometry& geometry,
                        const model::TilingConfig& tiling) {
  LatentSize size = geometry.latent_size(clip);
  size.height = smaller(size.height, tiling.tile_height, geometry.stride_h);
  size.width = smaller(size.width, tiling.tile_width, geometry.stride_w);
  return size;
}

PartMemory vae_memory(const checkpoints::Checkpoint& checkpoint, const SampleJob& job,
                      c10::ScalarType vae_dtype, const model::TilingConfig& tiling) {
  const VaeGeometry& geometry = checkpoint.vae.geometry;
  const LatentSize size =
      decoded_size(checkpoints::generated_size(job.size, checkpoint), geometry, tiling);
  PartMemory memory;
  std::unique_ptr<model::VideoVae> vae;
  memory.weights = peak_meta_bytes([&] { vae = checkpoint.vae.without_weights(vae_dtype); });
  const at::Tensor latents = at::empty(
      {1, geometry.latent_channels, size.frames, size.height, size.width}, meta(at::kFloat));
  memory.activations = kMatrixWorkspaceBytes + peak_meta_bytes([&] { vae->decode(latents); });
  return memory;
}

PartMemory text_encoder_memory(const checkpoints::Checkpoint& checkpoint) {
  const auto encoder = checkpoints::text_encoder_memory(checkpoint.pipeline.text_encoder);
  return {encoder.weights, encoder.activations + kMatrixWorkspaceBytes};
}

}  // namespace

int64_t MemoryEstimate::peak() const {
  const int64_t text = text_encoder.total();
  const int64_t sampling = text_encoder.weights + transformer.total();
  const int64_t decoding = text_encoder.weights + transformer.weights + vae.total();
  return std::max({text, sampling, decoding});
}

int64_t MemoryEstimate::peak_offloaded() const {
  return std::max({text_encoder.total(), transformer.total(), vae.total()});
}

MemoryEstimate estimate_sampling(const checkpoints::Checkpoint& checkpoint, const SampleJob& job,
                                 c10::ScalarType dtype, c10::ScalarType vae_dtype,
                                 const model::TilingConfig& tiling) {
  return {text_encoder_memory(checkpoint), transformer_memory(checkpoint, job, dtype),
          vae_memory(checkpoint, job, vae_dtype, tiling)};
}

}  // namespace sana::infer
