#include "checkpoints/public/infer_config.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/shape.h"

namespace sana::checkpoints {
namespace {

// The few tensors that tell the sizes, under either name.
struct Landmarks {
  const ShapeMap& shapes;
  const std::string& where;

  bool has(const std::string& original, const std::string& ours) const {
    return shapes.count(original) != 0 || shapes.count(ours) != 0;
  }

  const std::vector<int64_t>& shape(const std::string& original, const std::string& ours,
                                    size_t dims) const {
    auto found = shapes.find(original);
    if (found == shapes.end()) found = shapes.find(ours);
    require(found != shapes.end(), "{}: tensor '{}' (or '{}') of a SANA transformer is missing",
            where, original, ours);
    require(found->second.size() == dims &&
                std::count(found->second.begin(), found->second.end(), 0) == 0,
            "{}: tensor '{}' is {}, expected {} sizes other than 0", where, found->first,
            shape_string(found->second), dims);
    return found->second;
  }
};

int64_t count_blocks(const ShapeMap& shapes) {
  std::set<std::string> indices;
  for (const auto& [name, shape] : shapes) {
    for (const std::string start : {"blocks.", "transformer_blocks."}) {
      if (name.rfind(start, 0) == 0) {
        indices.insert(name.substr(start.size(), name.find('.', start.size()) - start.size()));
      }
    }
  }
  return static_cast<int64_t>(indices.size());
}

void infer_patch(TransformerConfig& config, const Landmarks& landmarks) {
  const ShapeMap& shapes = landmarks.shapes;
  const auto original = shapes.find("x_embedder.proj.weight");
  config.is_video = shapes.count("patch_embedding.weight") != 0 ||
                    (original != shapes.end() && original->second.size() == 5);
  const char* ours = config.is_video ? "patch_embedding.weight" : "patch_embed.proj.weight";
  const auto& patch = landmarks.shape("x_embedder.proj.weight", ours, config.is_video ? 5 : 4);
  config.hidden_dim = patch[0];
  config.in_channels = patch[1];
  config.patch_size = {config.is_video ? patch[2] : 1, patch.end()[-2], patch.end()[-1]};
}

// Heads of the public models, by kind and width.
struct PublicHeads {
  bool is_video;
  int64_t hidden_dim, num_heads, num_cross_heads;
};
constexpr PublicHeads kPublicHeads[] = {
    {true, 2240, 20, 20}, {false, 2240, 70, 20}, {false, 1152, 36, 16}};

// Sets the heads; says what was assumed, if anything was.
std::string infer_heads(TransformerConfig& config) {
  for (const PublicHeads& known : kPublicHeads) {
    if (known.is_video != config.is_video || known.hidden_dim != config.hidden_dim) continue;
    config.num_heads = known.num_heads;
    config.num_cross_heads = known.num_cross_heads;
    return "";
  }
  const auto heads_of = [&](int64_t head_dim) {
    return config.hidden_dim % head_dim == 0 ? config.hidden_dim / head_dim : 0;
  };
  config.num_heads = heads_of(config.is_video ? 112 : 32);
  config.num_cross_heads = heads_of(112);
  if (config.num_cross_heads == 0) config.num_cross_heads = config.num_heads;
  if (config.num_heads == 0) {
    return fmt::format(
        "the number of heads of a model of {} channels cannot be read off its tensors; "
        "--config FILE (a transformer/config.json) settles it",
        config.hidden_dim);
  }
  return fmt::format(
      "no public model has {} channels: {} heads of {} are assumed (cross-attention {}); "
      "--config FILE (a transformer/config.json) settles it",
      config.hidden_dim, config.num_heads, config.hidden_dim / config.num_heads,
      config.num_cross_heads);
}

}  // namespace

std::optional<DitNaming> dit_naming(const ShapeMap& shapes) {
  const auto has = [&](const char* name) { return shapes.count(name) != 0; };
  if (has("x_embedder.proj.weight") && has("t_block.1.weight")) return DitNaming::kOriginal;
  const bool has_patch = has("patch_embedding.weight") || has("patch_embed.proj.weight");
  if (has_patch && has("caption_norm.weight")) return DitNaming::kPublic;
  return std::nullopt;
}

InferredConfig infer_transformer_config(const ShapeMap& shapes, const std::string& where) {
  require(dit_naming(shapes).has_value(),
          "{}: these are not the tensors of a SANA or SANA-Video transformer", where);
  const Landmarks landmarks{shapes, where};
  InferredConfig inferred;
  TransformerConfig& config = inferred.config;
  infer_patch(config, landmarks);
  config.num_layers = count_blocks(shapes);
  require(config.num_layers > 0, "{}: no tensor of a transformer block", where);
  config.caption_channels =
      landmarks.shape("y_embedder.y_proj.fc1.weight", "caption_projection.linear_1.weight", 2)[1];
  const auto& inverted = landmarks.shape("blocks.0.mlp.inverted_conv.conv.weight",
                                         "transformer_blocks.0.ff.conv_inverted.weight", 4);
  config.mlp_ratio = double(inverted[0]) / 2.0 / double(config.hidden_dim);
  const auto& out = landmarks.shape("final_layer.linear.weight", "proj_out.weight", 2);
  config.out_channels = out[0] / config.patch_volume();
  config.has_qk_norm =
      landmarks.has("blocks.0.attn.q_norm.weight", "transformer_blocks.0.attn1.norm_q.weight");
  config.has_guidance =
      landmarks.has("cfg_embedder.mlp.0.weight", "time_embed.guidance_embedder.linear_1.weight");
  config.has_attention_bias =
      landmarks.has("blocks.0.attn.qkv.bias", "transformer_blocks.0.attn1.to_q.bias");
  const bool is_480p = config.is_video && config.patch_volume() > 1;
  config.sample_size = !config.is_video ? 32 : is_480p ? 30 : 22;
  inferred.note = infer_heads(config);
  return inferred;
}

}  // namespace sana::checkpoints
