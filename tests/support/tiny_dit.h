// The tiny video DiT of tests/data, as the checkpoints that public models come in.
#pragma once
#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoints/public/dit_conversion.h"
#include "checkpoints/public/transformer_public.h"
#include "core/safetensors.h"
#include "core/torch_file/torch_file.h"

namespace sana_test {

inline sana::SafetensorsFile tiny_dit_file() {
  return sana::SafetensorsFile(std::filesystem::path(SANA_TEST_DATA) / "dit_480_tiny.safetensors");
}

// Its configuration as the public class writes it.
inline nlohmann::json tiny_dit_json() {
  nlohmann::json json = nlohmann::json::parse(tiny_dit_file().metadata().at("config"));
  json["_class_name"] = "SanaVideoTransformer3DModel";
  return json;
}

inline sana::checkpoints::TransformerConfig tiny_dit_config() {
  return sana::checkpoints::transformer_config_from_diffusers(tiny_dit_json(), "dit_480_tiny");
}

// Weights under public names.
inline sana::TensorList tiny_dit_tensors() {
  sana::TensorList list;
  for (const auto& [name, tensor] : tiny_dit_file().tensors()) {
    if (name.rfind("w.", 0) == 0) list.push_back(sana::lazy_tensor(name.substr(2), tensor));
  }
  return list;
}

inline sana::TensorMap to_map(const sana::TensorList& list) {
  sana::TensorMap map;
  for (const sana::LazyTensor& tensor : list) map[tensor.name] = tensor.load();
  return map;
}

// The same under original names, between leftovers of training, in an order of its own: last
// things first.
inline sana::TorchValue::Dict original_dit(const std::string& prefix = "") {
  const sana::TensorList list =
      sana::checkpoints::dit_to_original(tiny_dit_tensors(), tiny_dit_config(), "dit_480_tiny");
  sana::TorchValue::Dict dict;
  for (const sana::LazyTensor& tensor : list) {
    dict.insert(dict.begin(), {prefix + tensor.name, sana::TorchValue{tensor.load()}});
  }
  dict.insert(dict.begin() + 3,
              {prefix + "y_embedder.y_embedding", sana::TorchValue{at::ones({300, 96})}});
  dict.emplace_back(prefix + "pos_embed", sana::TorchValue{at::zeros({1, 4, 112})});
  return dict;
}

// {"state_dict": ..., "epoch": 3, "step": 1234}
inline sana::TorchValue original_checkpoint() {
  sana::TorchValue::Dict root;
  root.emplace_back("state_dict", sana::TorchValue{original_dit()});
  root.emplace_back("epoch", sana::TorchValue{int64_t{3}});
  root.emplace_back("step", sana::TorchValue{int64_t{1234}});
  return {std::move(root)};
}

inline bool is_leftover(const std::string& name) {
  return name.ends_with("y_embedder.y_embedding") || name.ends_with("pos_embed");
}

// Same dtype, shape and bits.
inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && at::equal(a, b);
}

inline bool same_bits(const sana::TensorMap& a, const sana::TensorMap& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& item) {
           return b.count(item.first) != 0 && same_bits(item.second, b.at(item.first));
         });
}

}  // namespace sana_test
