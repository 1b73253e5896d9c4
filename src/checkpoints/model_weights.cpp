#include "checkpoints/model_weights.h"

#include "checkpoints/checkpoint_layout.h"
#include "checkpoints/manifest.h"
#include "checkpoints/public/infer_config.h"
#include "checkpoints/public/wan_vae_names.h"
#include "checkpoints/run_folder.h"
#include "checkpoints/transformer_source.h"
#include "checkpoints/wan_vae_file.h"
#include "checkpoints/weight_source.h"
#include "core/error.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;

ModelWeights transformer_weights(const fs::path& path) {
  const fs::path checkpoint = resolve_checkpoint(path);
  const CheckpointLayout layout = recognize_checkpoint(checkpoint);
  require(!layout.weights.empty(), "'{}': {} without weights of a transformer", checkpoint.string(),
          layout.description());
  const WeightSource source = open_weights(layout.weights);
  verify_files(source.files);
  TensorList tensors = source.tensors;
  if (dit_naming(shapes_of(tensors)) == DitNaming::kOriginal) {
    tensors = open_transformer(checkpoint).tensors;
  }
  return {layout.weights, load_all(tensors)};
}

ModelWeights wan_vae_weights(const fs::path& path) {
  fs::path place = resolve_checkpoint(path);
  if (fs::exists(place / kWanVaeFile)) {
    place /= kWanVaeWeights;
  } else if (fs::is_directory(place / "vae")) {
    return wan_vae_weights(place / "vae");
  }
  const WeightSource source = open_weights(place);
  verify_files(source.files);
  const TensorMap tensors = load_all(source.tensors);
  const fs::path& file = source.files.front();
  return {file,
          is_original_wan_vae(tensors) ? wan_vae_from_original(tensors, file.string()) : tensors};
}

}  // namespace sana::checkpoints
