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
  if (source.config.is_video) {
    model::SanaVideoConfig config = sana_video_config(source.config, where);
    if (source.attention_eps) config.attention_eps = *source.attention_eps;
    write_model_file(staged.path(), config);
  } else {
    model::SanaImageConfig config = sana_image_config(source.config, where);
    if (source.attention_eps) config.attention_eps = *source.attention_eps;
    write_image_model_file(staged.path(), config);
  }
  save_tensor_list(staged.path() / "model.safetensors", source.tensors, public_metadata(source));
  write_original_names(staged.path(), source);
  staged.commit();
  report.written = {options.target};
  report.notes.push_back(
      "this folder starts a training (init.from); sampling needs pipeline.json and vae/ in it");
}

}  // namespace sana::checkpoints
