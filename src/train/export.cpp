#include "train/export.h"

#include <ATen/ATen.h>

#include "checkpoints/manifest.h"
#include "checkpoints/model_file.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/run_folder.h"
#include "checkpoints/vae_source.h"
#include "checkpoints/wan_vae_file.h"
#include "core/error.h"
#include "core/files.h"
#include "core/output_lock.h"
#include "core/path_inside.h"
#include "core/safetensors.h"
#include "model/vae/wan_vae.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// The averaged weights where there are any.
fs::path weights_of(const fs::path& source) {
  for (const char* name : {"ema.safetensors", "model.safetensors"}) {
    const fs::path file = find_safetensors(source / name);
    if (!file.empty()) return file;
  }
  throw UserError(
      fmt::format("'{}' holds no model.safetensors and no index of its shards", source.string()));
}

void export_dit(const fs::path& source, const fs::path& folder, at::ScalarType dtype) {
  TensorMap weights;
  for (const auto& [name, tensor] : load_safetensors(weights_of(source))) {
    weights[name] = tensor.is_floating_point() ? tensor.to(dtype) : tensor;
  }
  save_safetensors(folder / "model.safetensors", weights, {{"format", "pt"}});
  const checkpoints::PipelineConfig pipeline = checkpoints::read_pipeline_file(source);
  for (const char* file : {checkpoints::kModelFile, checkpoints::kPipelineFile}) {
    copy_whole_file(source / file, folder / file);
  }
  const fs::path vae =
      path_inside(source, pipeline.vae,
                  fmt::format("'{}': vae", (source / checkpoints::kPipelineFile).string()));
  const fs::path target = folder / pipeline.vae;
  if (!fs::is_directory(vae)) return;
  if (!fs::exists(vae / checkpoints::kWanVaeFile)) {
    return checkpoints::copy_vae(checkpoints::find_vae(vae), target);  // a public one, as it is
  }
  fs::create_directories(target);
  checkpoints::save_wan_vae(target, checkpoints::load_wan_vae(vae), dtype);
}

}  // namespace

void export_checkpoint(const fs::path& path, const fs::path& target, c10::ScalarType dtype,
                       bool verifies) {
  const auto check_absent = [&] {
    require(!fs::exists(target), "'{}' exists already; choose a new folder", target.string());
  };
  check_absent();
  const fs::path source = checkpoints::resolve_checkpoint(path);
  const bool is_dit = fs::exists(source / checkpoints::kModelFile);
  require(is_dit || fs::exists(source / checkpoints::kWanVaeFile),
          "'{}' is no checkpoint of this program (it holds no model.json or vae.json); what others "
          "publish is brought into another layout or dtype by 'sana-video convert'",
          source.string());
  const checkpoints::Manifest manifest =
      verifies ? checkpoints::check_manifest(source) : checkpoints::read_manifest(source);
  const OutputLock lock = OutputLock::of_target(target);
  check_absent();  // whoever held it may have made it
  StagedDirectory staged(target);
  if (is_dit) {
    export_dit(source, staged.path(), dtype);
  } else {
    checkpoints::save_wan_vae(staged.path(), checkpoints::load_wan_vae(source), dtype);
  }
  checkpoints::write_manifest(staged.path(), {manifest.step, manifest.task});
  staged.commit();
}

}  // namespace sana::train
