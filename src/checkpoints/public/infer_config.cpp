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

  bool has_qk_norm() const {
    return has("blocks.0.attn.q_norm.weight", "transformer_blocks.0.attn1.norm_q.weight");
  }
  bool has_guidance() const {
    return has("cfg_embedder.mlp.0.weight", "time_embed.guidance_embedder.linear_1.weight");
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

// Heads of the public models, by kind and width.
struct PublicHeads {
  bool is_video;
  int64_t hidden_dim, num_heads, num_cross_heads;
};
constexpr PublicHeads kPublicHeads[] = {
    {true, 2240, 20, 20}, {false, 2240, 70, 20}, {false, 1152, 36, 16}};

struct Heads {
  int64_t self, cross;
  std::string note;  // what was assumed, if anything was
  bool is_unknown = false;
};

Heads infer_heads(bool is_video, int64_t dim) {
  for (const PublicHeads& known : kPublicHeads) {
    if (known.is_video != is_video || known.hidden_dim != dim) continue;
    return {known.num_heads, known.num_cross_heads, ""};
  }
  const int64_t head_dim = is_video ? 112 : 32, cross_head_dim = 112;
  if (dim % head_dim != 0) {
    return {1, 1,
            fmt::format("the number of heads of a model of {} channels cannot be read off its "
                        "tensors; --config FILE (a transformer/config.json) settles it",
                        dim),
            /*is_unknown=*/true};
  }
  const int64_t self = dim / head_dim;
  const int64_t cross = dim % cross_head_dim == 0 ? dim / cross_head_dim : self;
  return {self, cross,
          fmt::format("no public model has {} channels: {} heads of {} are assumed "
                      "(cross-attention {}); --config FILE (a transformer/config.json) settles it",
                      dim, self, head_dim, cross)};
}

bool is_video_model(const ShapeMap& shapes) {
  const auto original = shapes.find("x_embedder.proj.weight");
  return shapes.count("patch_embedding.weight") != 0 ||
         (original != shapes.end() && original->second.size() == 5);
}

// What both kinds of model have. patch: the shape of the first layer, [D, C, ...].
template <class Config>
Config infer_sizes(const Landmarks& landmarks, const std::vector<int64_t>& patch,
                   const Heads& heads) {
  Config config;
  const int64_t dim = patch[0];
  config.latent_channels = patch[1];
  config.num_layers = count_blocks(landmarks.shapes);
  require(config.num_layers > 0, "{}: no tensor of a transformer block", landmarks.where);
  config.num_heads = heads.self;
  config.head_dim = dim / heads.self;
  config.num_cross_heads = heads.cross;
  config.text_dim =
      landmarks.shape("y_embedder.y_proj.fc1.weight", "caption_projection.linear_1.weight", 2)[1];
  const auto& inverted = landmarks.shape("blocks.0.mlp.inverted_conv.conv.weight",
                                         "transformer_blocks.0.ff.conv_inverted.weight", 4);
  config.mlp_ratio = double(inverted[0]) / 2.0 / double(dim);
  return config;
}

TransformerConfig infer_video(const Landmarks& landmarks, const std::vector<int64_t>& patch,
                              const Heads& heads) {
  auto video = infer_sizes<model::SanaVideoConfig>(landmarks, patch, heads);
  video.patch_size = {patch[2], patch[3], patch[4]};
  TransformerConfig config = {video};
  config.not_computed.video_lacks_qk_norm = !landmarks.has_qk_norm();
  config.not_computed.video_guidance_embeds = landmarks.has_guidance();
  return config;
}

TransformerConfig infer_image(const Landmarks& landmarks, const std::vector<int64_t>& patch,
                              const Heads& heads) {
  auto image = infer_sizes<model::SanaImageConfig>(landmarks, patch, heads);
  image.patch_size = patch[2];
  image.qk_norm = landmarks.has_qk_norm();
  image.guidance_embeds = landmarks.has_guidance();
  return {image};
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
  const bool is_video = is_video_model(shapes);
  const auto& patch = landmarks.shape(
      "x_embedder.proj.weight", is_video ? "patch_embedding.weight" : "patch_embed.proj.weight",
      is_video ? 5 : 4);
  const Heads heads = infer_heads(is_video, patch[0]);
  TransformerConfig config =
      is_video ? infer_video(landmarks, patch, heads) : infer_image(landmarks, patch, heads);
  const auto& out = landmarks.shape("final_layer.linear.weight", "proj_out.weight", 2);
  const int64_t out_channels = out[0] / config.patch_volume();
  if (out_channels != config.latent_channels()) config.not_computed.out_channels = out_channels;
  config.not_computed.attention_bias =
      landmarks.has("blocks.0.attn.qkv.bias", "transformer_blocks.0.attn1.to_q.bias");
  config.not_computed.unknown_heads = heads.is_unknown;
  return {config, heads.note};
}

}  // namespace sana::checkpoints
