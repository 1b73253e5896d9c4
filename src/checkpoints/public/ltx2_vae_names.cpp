#include "checkpoints/public/ltx2_vae_names.h"

#include "checkpoints/public/translate_names.h"

namespace sana::checkpoints {
namespace {

const std::string kVaePrefix = "vae.";
const std::string kStatisticsPrefix = "per_channel_statistics.";

// Original lists count residual groups and resamplers alike; the encoder's ninth is its middle.
constexpr size_t kEncoderMiddle = 8;

std::string numbered(const std::string& list, size_t index, const std::string& inside) {
  return list + "." + std::to_string(index) + "." + inside + ".";
}

std::string ltx2_down_block(size_t index) {
  if (index == kEncoderMiddle) return "mid_block.resnets.";
  return numbered("down_blocks", index / 2, index % 2 == 0 ? "resnets" : "downsamplers.0");
}

std::string ltx2_up_block(size_t index) {
  if (index == 0) return "mid_block.resnets.";
  return numbered("up_blocks", (index - 1) / 2, index % 2 == 0 ? "resnets" : "upsamplers.0");
}

// "<half>.<list>.<index>.res_blocks.<rest>" or "<half>.<list>.<index>.conv.<rest>"
std::optional<std::string> block_name(const std::string& name, const std::string& list,
                                      std::string (*ours)(size_t)) {
  if (!name.starts_with(list)) return std::nullopt;
  std::string rest = name.substr(list.size());
  const auto index = take_index(rest);
  if (!index) return std::nullopt;
  const std::string block = ours(*index);
  return block.ends_with("resnets.") ? replace_start(rest, "res_blocks.", block)
                                     : replace_start(rest, "conv.", block + "conv.");
}

bool is_unused_statistic(const std::string& name) {
  return name == kStatisticsPrefix + "channel" ||
         name.starts_with(kStatisticsPrefix + "mean-of-stds");
}

}  // namespace

std::optional<std::string> ltx2_vae_name_from_original(const std::string& name) {
  if (name == kStatisticsPrefix + "mean-of-means") return "latents_mean";
  if (name == kStatisticsPrefix + "std-of-means") return "latents_std";
  for (const std::string half : {"encoder.", "decoder."}) {
    if (!name.starts_with(half)) continue;
    const std::string inside = name.substr(half.size());
    if (inside.starts_with("conv_in.") || inside.starts_with("conv_out.")) return name;
    const auto block = half == "encoder." ? block_name(inside, "down_blocks.", ltx2_down_block)
                                          : block_name(inside, "up_blocks.", ltx2_up_block);
    if (!block) return std::nullopt;
    return half + *block;
  }
  return std::nullopt;
}

bool is_original_ltx2_vae(const TensorMap& tensors) {
  const std::string key = kStatisticsPrefix + "mean-of-means";
  return tensors.count(key) != 0 || tensors.count(kVaePrefix + key) != 0;
}

TensorMap ltx2_vae_from_original(const TensorMap& tensors, const std::string& what) {
  const auto first = tensors.lower_bound(kVaePrefix);
  const bool combined = first != tensors.end() && first->first.starts_with(kVaePrefix);
  TensorMap own;
  for (const auto& [name, tensor] : tensors) {
    const auto inside = combined ? replace_start(name, kVaePrefix, "") : name;
    if (inside && !is_unused_statistic(*inside)) own.emplace(*inside, tensor);
  }
  return translate_names(own, ltx2_vae_name_from_original, what);
}

}  // namespace sana::checkpoints
