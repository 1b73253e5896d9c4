#include "checkpoints/public/dit_names.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace sana::checkpoints {
namespace {

using Shape = std::vector<int64_t>;

constexpr int64_t kTimestepFeatures = 256;

class Table {
 public:
  explicit Table(const TransformerConfig& config) : config_(config), dim_(config.hidden_dim()) {}

  std::vector<DitTensor> rows() && {
    embeddings();
    for (int64_t i = 0; i < config_.num_layers(); ++i) block(std::to_string(i));
    add("final_layer.scale_shift_table", {2, dim_}, {"scale_shift_table"});
    linear("final_layer.linear", {"proj_out"}, config_.patch_volume() * config_.out_channels(),
           dim_);
    return std::move(rows_);
  }

 private:
  using Names = std::initializer_list<std::string>;

  void add(const std::string& original, const Shape& shape, Names parts) {
    rows_.push_back({original, shape, parts});
  }

  void weight_and_bias(const std::string& original, Names parts, const Shape& shape,
                       bool has_bias = true) {
    for (const char* kind : {".weight", ".bias"}) {
      const bool is_bias = kind[1] == 'b';
      if (is_bias && !has_bias) continue;
      DitTensor row = {original + kind, is_bias ? Shape{shape[0]} : shape, parts};
      for (std::string& part : row.parts) part += kind;
      rows_.push_back(std::move(row));
    }
  }

  void linear(const std::string& original, Names parts, int64_t out, int64_t in,
              bool has_bias = true) {
    weight_and_bias(original, parts, {out, in}, has_bias);
  }

  void norm(const std::string& original, const std::string& part) {
    add(original + ".weight", {dim_}, {part + ".weight"});
  }

  // Two layers from sinusoidal features to the width of the model.
  void feature_embedder(const std::string& original, const std::string& part) {
    linear(original + ".mlp.0", {part + ".linear_1"}, dim_, kTimestepFeatures);
    linear(original + ".mlp.2", {part + ".linear_2"}, dim_, dim_);
  }

  void embeddings() {
    const auto [frames, rows, columns] = config_.patch_size();
    Shape patch = {dim_, config_.latent_channels(), rows, columns};
    if (config_.is_video()) patch.insert(patch.begin() + 2, frames);
    weight_and_bias("x_embedder.proj",
                    {config_.is_video() ? "patch_embedding" : "patch_embed.proj"}, patch);
    // The class with a guidance input holds its embedders without the folder between.
    feature_embedder("t_embedder", config_.guidance_embeds() ? "time_embed.timestep_embedder"
                                                             : "time_embed.emb.timestep_embedder");
    if (config_.guidance_embeds()) feature_embedder("cfg_embedder", "time_embed.guidance_embedder");
    linear("t_block.1", {"time_embed.linear"}, 6 * dim_, dim_);
    linear("y_embedder.y_proj.fc1", {"caption_projection.linear_1"}, dim_, config_.text_dim());
    linear("y_embedder.y_proj.fc2", {"caption_projection.linear_2"}, dim_, dim_);
    norm("attention_y_norm", "caption_norm");
  }

  void block(const std::string& index) {
    const std::string original = "blocks." + index + ".",
                      ours = "transformer_blocks." + index + ".";
    add(original + "scale_shift_table", {6, dim_}, {ours + "scale_shift_table"});
    self_attention(original + "attn.", ours + "attn1.");
    cross_attention(original + "cross_attn.", ours + "attn2.");
    mix_ffn(original + "mlp.", ours + "ff.");
  }

  void query_key_norms(const std::string& original, const std::string& ours) {
    if (!config_.qk_norm()) return;
    norm(original + "q_norm", ours + "norm_q");
    norm(original + "k_norm", ours + "norm_k");
  }

  void self_attention(const std::string& original, const std::string& ours) {
    linear(original + "qkv", {ours + "to_q", ours + "to_k", ours + "to_v"}, 3 * dim_, dim_,
           config_.not_computed.attention_bias);
    query_key_norms(original, ours);
    linear(original + "proj", {ours + "to_out.0"}, dim_, dim_);
  }

  void cross_attention(const std::string& original, const std::string& ours) {
    linear(original + "q_linear", {ours + "to_q"}, dim_, dim_);
    linear(original + "kv_linear", {ours + "to_k", ours + "to_v"}, 2 * dim_, dim_);
    linear(original + "proj", {ours + "to_out.0"}, dim_, dim_);
    query_key_norms(original, ours);
  }

  void mix_ffn(const std::string& original, const std::string& ours) {
    const int64_t hidden = config_.mlp_dim();
    weight_and_bias(original + "inverted_conv.conv", {ours + "conv_inverted"},
                    {2 * hidden, dim_, 1, 1});
    weight_and_bias(original + "depth_conv.conv", {ours + "conv_depth"}, {2 * hidden, 1, 3, 3});
    add(original + "point_conv.conv.weight", {dim_, hidden, 1, 1}, {ours + "conv_point.weight"});
    if (config_.is_video()) {
      add(original + "t_conv.weight", {dim_, dim_, 3, 1}, {ours + "conv_temp.weight"});
    }
  }

  const TransformerConfig& config_;
  const int64_t dim_;  // D
  std::vector<DitTensor> rows_;
};

}  // namespace

std::vector<int64_t> DitTensor::part_shape() const {
  Shape result = shape;
  result[0] /= static_cast<int64_t>(parts.size());
  return result;
}

std::vector<DitTensor> dit_tensors(const TransformerConfig& config) { return Table(config).rows(); }

ShapeMap original_dit_shapes(const TransformerConfig& config) {
  ShapeMap shapes;
  for (const DitTensor& row : dit_tensors(config)) shapes[row.original] = row.shape;
  return shapes;
}

ShapeMap public_dit_shapes(const TransformerConfig& config) {
  ShapeMap shapes;
  for (const DitTensor& row : dit_tensors(config)) {
    for (const std::string& part : row.parts) shapes[part] = row.part_shape();
  }
  return shapes;
}

int64_t count_dit_parameters(const TransformerConfig& config) {
  int64_t total = 0;
  for (const DitTensor& row : dit_tensors(config)) {
    int64_t count = 1;
    for (const int64_t size : row.shape) count *= size;
    total += count;
  }
  return total;
}

bool is_dit_leftover(const std::string& name) {
  constexpr std::array<std::string_view, 4> kLeftovers = {
      "pos_embed", "y_embedder.y_embedding", "logvar_linear.weight", "logvar_linear.bias"};
  return std::find(kLeftovers.begin(), kLeftovers.end(), name) != kLeftovers.end();
}

}  // namespace sana::checkpoints
