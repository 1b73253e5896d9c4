#include "checkpoints/public/dc_ae_names.h"

#include <ATen/ATen.h>

#include <array>
#include <optional>
#include <regex>
#include <string_view>

#include "core/error.h"

namespace sana::checkpoints {
namespace {

struct Renaming {
  std::string_view original, diffusers;
};

// Outside the stages. The longer forms are those of models whose finest stage is empty.
constexpr std::array kEnds = {
    Renaming{"encoder.project_in.conv", "encoder.conv_in"},
    Renaming{"encoder.project_in.conv.conv", "encoder.conv_in.conv"},
    Renaming{"encoder.project_out.main.op_list.0.conv", "encoder.conv_out"},
    Renaming{"decoder.project_in.main.conv", "decoder.conv_in"},
    Renaming{"decoder.project_out.op_list.0", "decoder.norm_out"},
    Renaming{"decoder.project_out.op_list.2.conv", "decoder.conv_out"},
    Renaming{"decoder.project_out.op_list.2.conv.conv", "decoder.conv_out.conv"},
};

// Within one layer of a stage.
constexpr std::array kLayers = {
    Renaming{"main.conv1.conv", "conv1"},
    Renaming{"main.conv2.conv", "conv2"},
    Renaming{"main.conv2.norm", "norm"},
    Renaming{"main.conv", "conv"},       // strided
    Renaming{"main.conv.conv", "conv"},  // with (un)shuffling or interpolation
    Renaming{"context_module.main.proj.conv", "attn.to_out"},
    Renaming{"context_module.main.proj.norm", "attn.norm_out"},
    Renaming{"local_module.main.inverted_conv.conv", "conv_out.conv_inverted"},
    Renaming{"local_module.main.depth_conv.conv", "conv_out.conv_depth"},
    Renaming{"local_module.main.point_conv.conv", "conv_out.conv_point"},
    Renaming{"local_module.main.point_conv.norm", "conv_out.norm"},
};

template <size_t N>
std::optional<std::string> look_up(const std::array<Renaming, N>& table, const std::string& name) {
  for (const Renaming& renaming : table) {
    if (renaming.original == name) return std::string(renaming.diffusers);
  }
  return std::nullopt;
}

std::optional<std::string> layer_name(const std::string& name) {
  static const std::regex scale(R"(context_module\.main\.aggreg\.(\d+)\.([01]))");
  std::smatch match;
  if (!std::regex_match(name, match, scale)) return look_up(kLayers, name);
  return "attn.to_qkv_multiscale." + match[1].str() + (match[2] == "0" ? ".proj_in" : ".proj_out");
}

// A name without its last part ("weight"), or nothing if it is unknown.
std::optional<std::string> diffusers_name(const std::string& name) {
  // std::regex recurses for every character.
  constexpr size_t kLongestName = 256;
  if (name.size() > kLongestName) return std::nullopt;
  static const std::regex stage(R"((encoder|decoder)\.stages\.(\d+)\.op_list\.(\d+)\.(.+))");
  std::smatch match;
  if (!std::regex_match(name, match, stage)) return look_up(kEnds, name);
  const auto layer = layer_name(match[4]);
  if (!layer) return std::nullopt;
  const std::string side = match[1] == "encoder" ? ".down_blocks." : ".up_blocks.";
  return match[1].str() + side + match[2].str() + "." + match[3].str() + "." + *layer;
}

constexpr std::string_view kJoined = ".context_module.main.qkv.conv.weight";

// [3C, C, 1, 1] -> to_q, to_k and to_v [C, C].
void cut_into_thirds(const std::string& name, const at::Tensor& joined, const std::string& what,
                     TensorMap& result) {
  require(joined.dim() == 4 && joined.size(0) % 3 == 0 && joined[0][0].numel() == 1,
          "{}: tensor {} has {} axes and {} rows, expected [3C, C, 1, 1]", what, name, joined.dim(),
          joined.dim() == 0 ? 0 : joined.size(0));
  // Any other tensor of the layer tells where it is.
  const std::string neighbour =
      name.substr(0, name.size() - kJoined.size()) + ".context_module.main.proj.conv";
  const auto out = diffusers_name(neighbour);
  require(out.has_value(), "{}: tensor {} is not one of a DC-AE checkpoint", what, name);
  const std::string attention = out->substr(0, out->rfind('.'));
  const auto parts = joined.flatten(1).chunk(3, 0);
  result.emplace(attention + ".to_q.weight", parts[0]);
  result.emplace(attention + ".to_k.weight", parts[1]);
  result.emplace(attention + ".to_v.weight", parts[2]);
}

}  // namespace

bool has_original_dc_ae_names(const TensorMap& tensors) {
  const auto first = tensors.lower_bound("encoder.stages.");
  return first != tensors.end() && first->first.rfind("encoder.stages.", 0) == 0;
}

TensorMap dc_ae_from_original(const TensorMap& tensors, const std::string& what) {
  TensorMap result;
  for (const auto& [name, tensor] : tensors) {
    if (name.ends_with(kJoined)) {
      cut_into_thirds(name, tensor, what, result);
      continue;
    }
    const size_t dot = name.rfind('.');
    const auto stem = diffusers_name(name.substr(0, dot));
    require(dot != std::string::npos && stem.has_value(),
            "{}: tensor {} is not one of a DC-AE checkpoint", what, name);
    const bool matrix = stem->ends_with(".attn.to_out") && tensor.dim() == 4;
    result.emplace(*stem + name.substr(dot), matrix ? tensor.flatten(1) : tensor);
  }
  return result;
}

TensorMap dc_ae_public_names(const TensorMap& tensors, const std::string& what) {
  return has_original_dc_ae_names(tensors) ? dc_ae_from_original(tensors, what) : tensors;
}

}  // namespace sana::checkpoints
