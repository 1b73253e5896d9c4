// Small folders for inference out of training checkpoints.
#pragma once
#include <c10/core/ScalarType.h>

#include <filesystem>

namespace sana::train {

// Copies what inference needs of `source`, a checkpoint of this program, a run's folder or an earlier
// export, to the new folder `target`: the averaged weights where there are any, converted to
// `dtype`, and no optimizer.
//   DiT: model.safetensors, model.json, pipeline.json, vae/
//   VAE: vae.json, vae.safetensors
// and a manifest.json. `verifies`: the source is compared with its own manifest first. Throws
// UserError when source is not a complete checkpoint, or damaged, or target exists.
void export_checkpoint(const std::filesystem::path& source, const std::filesystem::path& target,
                       c10::ScalarType dtype, bool verifies = true);

}  // namespace sana::train
