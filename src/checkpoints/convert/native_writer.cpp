// model.json and model.safetensors, as training checkpoints and exports have them.
#include "checkpoints/convert/convert.h"
#include "checkpoints/model_file.h"
#include "core/error.h"
#include "core/files.h"

namespace sana::checkpoints {

void write_native(const TransformerSource& source, const ConvertOptions& options,
                  ConvertReport& report) {
  require(source.layout.layout != Layout::kNative,
          "'{}' is a checkpoint of this program already; 'sana-video export' makes a smaller one",
          source.layout.path.string());
  StagedDirectory staged(options.target);
  const std::string where = source.layout.path.string();
  if (source.config.is_video()) {
    write_model_file(staged.path(), sana_video_config(source.config, where));
  } else {
    write_image_model_file(staged.path(), sana_image_config(source.config, where));
  }
  save_tensor_list(staged.path() / "model.safetensors", source.tensors, public_metadata(source));
  write_original_names(staged.path(), source);
  staged.commit();
  report.written = {options.target};
  report.notes.push_back(
      "this folder starts a training (init.from); sampling needs pipeline.json and vae/ in it");
}

}  // namespace sana::checkpoints
