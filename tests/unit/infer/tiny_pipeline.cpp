#include "tiny_pipeline.h"

#include <ATen/ATen.h>

#include "checkpoints/public/gemma2_public.h"
#include "core/files.h"
#include "core/random.h"
#include "core/safetensors.h"
#include "model/parameter.h"
#include "model/state_dict.h"
#include "model/text_encoder/gemma2/gemma2.h"
#include "model/vae/wan_vae.h"
#include "support/tiny_dit.h"

namespace sana_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kTextWidth = 96;     // what dit_480_tiny was made for
constexpr int64_t kVocabulary = 1024;  // at least that of the tiny tokenizer

void write_json(const fs::path& path, const json& value) {
  fs::create_directories(path.parent_path());
  sana::write_file_atomically(path, value.dump());
}

// Random tensors of a module's names and shapes.
void write_random_weights(const fs::path& path, const torch::nn::Module& module, double scale) {
  sana::RandomStreams streams(7);
  sana::TensorMap tensors;
  for (const auto& [name, tensor] : sana::model::state_dict(module)) {
    const bool is_norm = name.find("gamma") != std::string::npos;
    const at::Tensor random = at::randn(tensor.sizes(), streams.get("weights"), at::kFloat) * scale;
    tensors[name] = is_norm ? random + 1.0 : random;
  }
  fs::create_directories(path.parent_path());
  sana::save_safetensors(path, tensors, {{"format", "pt"}});
}

void write_transformer(const fs::path& folder) {
  write_json(folder / "config.json", tiny_dit_json());
  sana::save_safetensors(folder / "diffusion_pytorch_model.safetensors", to_map(tiny_dit_tensors()),
                         {{"format", "pt"}});
}

void write_vae(const fs::path& folder) {
  sana::model::WanVaeConfig config;
  config.base_dim = 4;
  config.num_res_blocks = 1;
  write_json(folder / "config.json",
             {{"_class_name", "AutoencoderKLWan"},
              {"base_dim", config.base_dim},
              {"z_dim", config.latent_channels},
              {"dim_mult", config.dim_mult},
              {"num_res_blocks", config.num_res_blocks},
              {"attn_scales", json::array()},
              {"temperal_downsample", config.temporal_downsample},
              {"latents_mean", std::vector<double>(size_t(config.latent_channels), 0.1)},
              {"latents_std", std::vector<double>(size_t(config.latent_channels), 1.5)}});
  write_random_weights(folder / "diffusion_pytorch_model.safetensors", *sana::model::WanVae(config),
                       0.1);
}

void write_text_encoder(const fs::path& folder) {
  const json config = {{"architectures", {"Gemma2Model"}},
                       {"model_type", "gemma2"},
                       {"vocab_size", kVocabulary},
                       {"hidden_size", kTextWidth},
                       {"intermediate_size", 64},
                       {"num_hidden_layers", 2},
                       {"num_attention_heads", 4},
                       {"num_key_value_heads", 2},
                       {"head_dim", 16},
                       {"max_position_embeddings", 4096},
                       {"sliding_window", 64},
                       {"query_pre_attn_scalar", 16},
                       {"attn_logit_softcapping", 50.0},
                       {"rms_norm_eps", 1e-6},
                       {"rope_theta", 10000.0},
                       {"hidden_activation", "gelu_pytorch_tanh"}};
  write_json(folder / "config.json", config);
  const sana::model::Gemma2 gemma(sana::checkpoints::gemma2_config_from_json(config, "tiny"));
  write_random_weights(folder / "model.safetensors", *gemma, 0.05);
}

}  // namespace

void write_tiny_pipeline(const fs::path& folder) {
  write_json(folder / "model_index.json",
             {{"_class_name", "SanaVideoPipeline"},
              {"scheduler", {"diffusers", "DPMSolverMultistepScheduler"}},
              {"text_encoder", {"transformers", "Gemma2Model"}},
              {"tokenizer", {"transformers", "GemmaTokenizerFast"}},
              {"transformer", {"diffusers", "SanaVideoTransformer3DModel"}},
              {"vae", {"diffusers", "AutoencoderKLWan"}}});
  write_transformer(folder / "transformer");
  write_vae(folder / "vae");
  write_text_encoder(folder / "text_encoder");
  fs::create_directories(folder / "tokenizer");
  fs::copy_file(fs::path(SANA_TEST_DATA) / "tokenizer" / "tiny.model",
                folder / "tokenizer" / "tokenizer.model");
  // As Python writes it, with a number that is no JSON.
  fs::create_directories(folder / "scheduler");
  sana::write_file_atomically(
      folder / "scheduler" / "scheduler_config.json",
      R"({"_class_name": "DPMSolverMultistepScheduler", "use_flow_sigmas": true, "flow_shift": 8.0,
          "prediction_type": "flow_prediction", "lambda_min_clipped": -Infinity})");
}

}  // namespace sana_test
