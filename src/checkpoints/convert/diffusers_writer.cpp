// transformer/ with config.json and weights, the scheduler, and the other parts of a pipeline.
#include "checkpoints/convert/convert.h"
#include "checkpoints/convert/shards.h"
#include "checkpoints/public/public_models.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxDepth = 8;  // of the folders of a pipeline
constexpr const char* kStem = "diffusion_pytorch_model";
constexpr double kPublicAttentionEps = 1e-15;

void write_json(const fs::path& file, const nlohmann::json& json) {
  fs::create_directories(file.parent_path());
  write_file_atomically(file, dump_json(json, 2) + "\n");
}

nlohmann::json scheduler_config(const TransformerConfig& config) {
  return {{"_class_name", "DPMSolverMultistepScheduler"},
          {"_diffusers_version", "0.36.0"},
          {"algorithm_type", "dpmsolver++"},
          {"final_sigmas_type", "zero"},
          {"flow_shift", public_flow_shift(config)},
          {"lower_order_final", true},
          {"num_train_timesteps", 1000},
          {"prediction_type", "flow_prediction"},
          {"solver_order", 2},
          {"solver_type", "midpoint"},
          {"use_flow_sigmas", true}};
}

// Everything of a pipeline but its transformer, as files of their own. Links are followed inside
// the pipeline, and to the files of the download cache that it is a snapshot of.
void copy_other_parts(const fs::path& pipeline, const fs::path& target) {
  for (auto it = fs::recursive_directory_iterator(pipeline,
                                                  fs::directory_options::follow_directory_symlink);
       it != fs::recursive_directory_iterator(); ++it) {
    const fs::path relative = it->path().lexically_relative(pipeline);
    require(it.depth() < kMaxDepth, "'{}' is nested too deeply (a link to a folder above it?)",
            it->path().string());
    const bool is_hidden = it->path().filename().string().starts_with(".");
    if (is_hidden || relative == "transformer") {
      it.disable_recursion_pending();
      continue;
    }
    require_own_file(pipeline, it->path());
    if (it->is_directory()) {
      fs::create_directories(target / relative);
    } else {
      copy_whole_file(it->path(), target / relative);
    }
  }
}

void note_missing_parts(const TransformerConfig& config, ConvertReport& report) {
  const std::string vae = public_vae_class(config);
  report.notes.push_back(fmt::format(
      "a whole pipeline also needs model_index.json, text_encoder/ and tokenizer/ (gemma-2-2b-it) "
      "and vae/{}",
      vae.empty() ? "" : fmt::format(" ({})", vae)));
}

}  // namespace

void write_diffusers(const TransformerSource& source, const ConvertOptions& options,
                     ConvertReport& report) {
  const nlohmann::json config = source.public_config.value_or(nlohmann::json());
  StagedDirectory staged(options.target);
  const fs::path folder = staged.path() / "transformer";
  write_json(folder / "config.json", config.is_null() ? to_json(source.config) : config);
  save_public_transformer(folder, kStem, source.tensors, public_metadata(source),
                          options.max_shard_bytes);
  write_original_names(folder, source);
  if (source.layout.layout == Layout::kPipeline) {
    copy_other_parts(source.layout.path, staged.path());
  } else {
    write_json(staged.path() / "scheduler" / "scheduler_config.json",
               scheduler_config(source.config));
  }
  if (!fs::exists(staged.path() / "model_index.json")) note_missing_parts(source.config, report);
  if (source.config.attention_eps() != kPublicAttentionEps) {
    report.notes.push_back(
        fmt::format("attention_eps {} of model.json has no place in this layout: its readers add "
                    "{} to the denominator of the linear attention",
                    source.config.attention_eps(), kPublicAttentionEps));
  }
  staged.commit();
  report.written = {options.target};
}

}  // namespace sana::checkpoints
