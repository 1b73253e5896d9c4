// A checkpoint to sample from: transformer, VAE, text encoder and defaults together.
#pragma once
#include <filesystem>
#include <vector>

#include "checkpoints/checkpoint_parts.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/transformer_source.h"
#include "checkpoints/vae_source.h"
#include "core/geometry/aspect_ratio_bins.h"
#include "core/geometry/clip_size.h"

namespace sana::checkpoints {

// An opened checkpoint; no weights are read yet.
struct Checkpoint {
  std::filesystem::path path;
  TransformerSource transformer;
  VaeSource vae;
  PipelineConfig pipeline;
  // Sizes that the model was trained on; empty: any size is generated as asked for.
  std::vector<AspectRatioBin> bins;
  // Whether its files were compared with their hashes: "yes", "no (not asked for)", "no (it has no
  // hashes)".
  std::string verified;

  bool is_video() const { return transformer.config.is_video(); }
};

// `path`: a checkpoint of this program (run/step-00002000, an exported one, or a run folder, of
// which the newest complete checkpoint is taken), a diffusers folder, the authors' repository, or a
// bare file of a transformer. Weights are the averaged ones where there are any. What will be read
// is compared with its hashes first, where it has some. Throws UserError when something is missing,
// damaged or does not fit, and says which option names it.
Checkpoint open_checkpoint(const std::filesystem::path& path, const CheckpointParts& parts = {});

// The size that is generated for a size asked for: the nearest bin, where there are bins.
ClipSize generated_size(const ClipSize& asked, const Checkpoint& checkpoint);

}  // namespace sana::checkpoints
