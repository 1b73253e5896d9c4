#include "train/export.h"

#include <ATen/ATen.h>

#include "checkpoints/manifest.h"
#include "checkpoints/vae_source.h"
#include "checkpoints/wan_vae_file.h"
#include "core/error.h"
#include "core/files.h"
#include "core/output_lock.h"
#include "model/vae/wan_vae.h"
#include "train/checkpoint.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

void export_dit(const fs::path& source, const CheckpointContent& content, const fs::path& folder,
                at::ScalarType dtype) {
  TensorMap weights;
  for (const auto& [name, tensor] : content.ema.empty() ? content.model : content.ema) {
    weights[name] = tensor.is_floating_point() ? tensor.to(dtype) : tensor;
  }
  save_safetensors(folder / "model.safetensors", weights, {{"format", "pt"}});
  for (const char* file : {"model.json", "pipeline.json"}) {
    write_file_atomically(folder / file, read_text_file(source / file));
  }
  if (!fs::is_directory(source / "vae")) return;
  const fs::path vae = source / "vae";
  if (!fs::exists(vae / checkpoints::kWanVaeFile)) {
    return checkpoints::copy_vae(checkpoints::find_vae(vae),
                                 folder / "vae");  // a public one, as it is
  }
  fs::create_directories(folder / "vae");
  checkpoints::save_wan_vae(folder / "vae", checkpoints::load_wan_vae(vae), dtype);
}

}  // namespace

void export_checkpoint(const fs::path& source, const fs::path& target, c10::ScalarType dtype) {
  const auto check_absent = [&] {
    require(!fs::exists(target), "'{}' exists already; choose a new folder", target.string());
  };
  check_absent();
  const CheckpointContent content = load_checkpoint(source);
  const OutputLock lock = OutputLock::of_target(target);
  check_absent();  // whoever held it may have made it
  StagedDirectory staged(target);
  if (content.task == "vae") {
    checkpoints::save_wan_vae(staged.path(), checkpoints::load_wan_vae(source), dtype);
  } else {
    export_dit(source, content, staged.path(), dtype);
  }
  checkpoints::write_manifest(staged.path(), {content.step, content.task});
  staged.commit();
}

}  // namespace sana::train
