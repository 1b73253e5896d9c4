#include "checkpoints/convert/shards.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr const char* kBlocks = "transformer_blocks.";
// Modules in the order in which the public class registers them, of the model and of one block.
constexpr std::array<std::string_view, 9> kModules = {
    "scale_shift_table",   "patch_embed", "time_embed.timestep_embedder",
    "time_embed.guidance", "time_embed",  "caption_projection",
    "caption_norm",        kBlocks,       "proj_out"};
constexpr std::array<std::string_view, 15> kBlockModules = {
    "scale_shift_table", "attn1.norm_q", "attn1.norm_k", "attn1.to_q",       "attn1.to_k",
    "attn1.to_v",        "attn1.to_out", "attn2.norm_q", "attn2.norm_k",     "attn2.to_q",
    "attn2.to_k",        "attn2.to_v",   "attn2.to_out", "ff.conv_inverted", "ff."};

template <size_t N>
size_t place_in(const std::array<std::string_view, N>& modules, std::string_view name) {
  return size_t(std::find_if(modules.begin(), modules.end(),
                             [&](std::string_view start) { return name.starts_with(start); }) -
                modules.begin());
}

// Sorts a name to its place in the public module: top module, block, module of the block, name of
// the layer, weight before bias.
using Place = std::tuple<size_t, size_t, size_t, std::string, bool>;

Place place_of(const std::string& name) {
  const size_t top = place_in(kModules, name);
  size_t block = 0, module = 0;
  if (name.starts_with(kBlocks)) {
    const size_t begin = std::string_view(kBlocks).size(), end = name.find('.', begin);
    block = std::stoul(name.substr(begin, end - begin));
    module = place_in(kBlockModules, std::string_view(name).substr(end + 1));
  }
  const bool is_bias = name.ends_with(".bias");
  return {top, block, module, name.substr(0, name.rfind('.')), is_bias};
}

// Greedily, as the public writer: a shard ends before the tensor that would exceed the limit.
std::vector<TensorList> cut(TensorList tensors, int64_t max_bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const LazyTensor& a, const LazyTensor& b) {
    return place_of(a.name) < place_of(b.name);
  });
  std::vector<TensorList> shards(1);
  int64_t bytes = 0;
  for (LazyTensor& tensor : tensors) {
    if (!shards.back().empty() && bytes + tensor.num_bytes() > max_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    bytes += tensor.num_bytes();
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

}  // namespace

int64_t parse_byte_size(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, int64_t>, 8> kUnits = {
      {{"", 1},
       {"B", 1},
       {"KB", 1000},
       {"MB", 1000000},
       {"GB", 1000000000},
       {"KIB", int64_t{1} << 10},
       {"MIB", int64_t{1} << 20},
       {"GIB", int64_t{1} << 30}}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string unit = text.substr(digits);
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  for (const auto& [name, factor] : kUnits) {
    const bool fits = digits > 0 && digits <= 9 && name == unit;
    if (fits && std::stoll(text.substr(0, digits)) > 0) {
      return std::stoll(text.substr(0, digits)) * factor;
    }
  }
  throw UserError(fmt::format("'{}' is no size in bytes; expected for example 5GB or 500MB", text));
}

void save_public_transformer(const fs::path& folder, const std::string& stem, TensorList tensors,
                             const Metadata& metadata, int64_t max_bytes) {
  const std::vector<TensorList> shards = cut(std::move(tensors), max_bytes);
  const std::string whole = stem + ".safetensors";
  if (shards.size() == 1) {
    save_tensor_list(folder / whole, shards[0], metadata);
    return;
  }
  std::map<std::string, std::string> shard_of_tensor;
  int64_t total = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string file = shard_name(whole, int64_t(i) + 1, int64_t(shards.size()));
    for (const LazyTensor& tensor : shards[i]) {
      shard_of_tensor[tensor.name] = file;
      total += tensor.num_bytes();
    }
    save_tensor_list(folder / file, shards[i], metadata);
  }
  write_safetensors_index(safetensors_index_of(folder / whole), shard_of_tensor, total);
}

}  // namespace sana::checkpoints
