#include "checkpoints/public/wan_vae_names.h"

#include <utility>
#include <vector>

#include "checkpoints/public/translate_names.h"

namespace sana::checkpoints {
namespace {

using Replacements = std::vector<std::pair<std::string, std::string>>;

// A level of the decoder: three residual blocks, then its upsampler.
constexpr size_t kResnetsPerLevel = 3;

std::optional<std::string> first_replacement(const std::string& text, const Replacements& table) {
  for (const auto& [from, to] : table) {
    if (auto replaced = replace_start(text, from, to)) return replaced;
  }
  return std::nullopt;
}

// Inside a residual block or resampler. Indices 1, 4 and 5 of `residual` have no tensors.
std::optional<std::string> layer_name(const std::string& name) {
  return first_replacement(name, {{"residual.0.", "norm1."},
                                  {"residual.2.", "conv1."},
                                  {"residual.3.", "norm2."},
                                  {"residual.6.", "conv2."},
                                  {"shortcut.", "conv_shortcut."},
                                  {"resample.1.", "resample.1."},
                                  {"time_conv.", "time_conv."}});
}

std::optional<std::string> with_layer(const std::string& block, const std::string& rest) {
  const auto layer = layer_name(rest);
  if (!layer) return std::nullopt;
  return block + *layer;
}

std::string wan_up_block(size_t index) {
  const size_t level = index / (kResnetsPerLevel + 1), layer = index % (kResnetsPerLevel + 1);
  const std::string block = "up_blocks." + std::to_string(level) + ".";
  return layer < kResnetsPerLevel ? block + "resnets." + std::to_string(layer) + "."
                                  : block + "upsamplers.0.";
}

// Inside the encoder or decoder.
std::optional<std::string> coder_name(const std::string& name) {
  if (auto simple = first_replacement(name, {{"conv1.", "conv_in."},
                                             {"head.0.", "norm_out."},
                                             {"head.2.", "conv_out."},
                                             {"middle.1.", "mid_block.attentions.0."}})) {
    return simple;
  }
  for (const auto& [from, to] :
       Replacements{{"middle.0.", "mid_block.resnets.0."}, {"middle.2.", "mid_block.resnets.1."}}) {
    if (name.starts_with(from)) return with_layer(to, name.substr(from.size()));
  }
  for (const std::string list : {"downsamples.", "upsamples."}) {
    if (!name.starts_with(list)) continue;
    std::string rest = name.substr(list.size());
    const auto index = take_index(rest);
    if (!index) return std::nullopt;
    return with_layer(
        list == "upsamples." ? wan_up_block(*index) : "down_blocks." + std::to_string(*index) + ".",
        rest);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> wan_vae_name_from_original(const std::string& name) {
  for (const std::string half : {"encoder.", "decoder."}) {
    if (!name.starts_with(half)) continue;
    const auto inside = coder_name(name.substr(half.size()));
    if (!inside) return std::nullopt;
    return half + *inside;
  }
  return first_replacement(name, {{"conv1.", "quant_conv."}, {"conv2.", "post_quant_conv."}});
}

bool is_original_wan_vae(const TensorMap& tensors) {
  return tensors.count("encoder.conv1.weight") != 0;
}

TensorMap wan_vae_from_original(const TensorMap& tensors, const std::string& what) {
  return translate_names(tensors, wan_vae_name_from_original, what);
}

}  // namespace sana::checkpoints
