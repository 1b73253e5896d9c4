#include "checkpoints/transformer_source.h"

#include "checkpoints/model_file.h"
#include "checkpoints/public/dit_conversion.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

// The weights of a native checkpoint: averaged ones unless the others are asked for.
fs::path weights_file(const CheckpointLayout& layout, const TransformerOptions& options) {
  if (layout.layout != Layout::kNative || options.prefers_ema) return layout.weights;
  const fs::path plain = find_safetensors(layout.path / "model.safetensors");
  return plain.empty() ? layout.weights : plain;
}

FoundConfig read_public_config(const fs::path& file) {
  const nlohmann::json json = read_json_file(file, kMaxConfigBytes);
  return {transformer_config_from_diffusers(json, file.string()), json, ""};
}

TransformerConfig read_native_config(const fs::path& folder) {
  if (has_image_model_file(folder)) return {read_image_model_file(folder)};
  return {read_model_file(folder)};
}

std::vector<std::string> read_original_order(const fs::path& weights) {
  const fs::path file = weights.parent_path() / kOriginalNamesFile;
  if (!fs::exists(file)) return {};
  try {
    return read_json_file(file, kMaxConfigBytes).get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    throw UserError(fmt::format("'{}' is no list of names", file.string()));
  }
}

void take_original(TransformerSource& source, TensorList tensors, const std::string& where) {
  source.left_out = remove_dit_leftovers(tensors);
  if (source.file.is_torch_file) {
    for (const LazyTensor& tensor : tensors) source.original_order.push_back(tensor.name);
  }
  source.tensors = dit_to_public(tensors, source.config, where);
}

void take_public(TransformerSource& source, TensorList tensors, const std::string& where) {
  check_shapes(public_dit_shapes(source.config), shapes_of(tensors), where);
  source.original_order = read_original_order(source.layout.weights);
  source.tensors = std::move(tensors);
}

}  // namespace

FoundConfig find_transformer_config(const CheckpointLayout& layout, const ShapeMap& shapes,
                                    const fs::path& given) {
  if (!given.empty()) return read_public_config(given);
  if (layout.layout == Layout::kNative) return {read_native_config(layout.path), std::nullopt, ""};
  if (!layout.config.empty()) return read_public_config(layout.config);
  require(layout.layout != Layout::kPipeline,
          "'{}' holds no config.json: copy it there, or name it with --config FILE",
          (layout.path / "transformer").string());
  const InferredConfig inferred = infer_transformer_config(shapes, layout.weights.string());
  return {inferred.config, std::nullopt, inferred.note};
}

std::vector<fs::path> transformer_files(const TransformerSource& source) {
  std::vector<fs::path> files = source.file.files;
  if (!source.layout.config.empty()) files.push_back(source.layout.config);
  return files;
}

TransformerSource open_transformer(const fs::path& path, const TransformerOptions& options) {
  TransformerSource source;
  source.layout = recognize_checkpoint(path);
  require(!source.layout.weights.empty(), "'{}': {} without weights of a transformer",
          path.string(), source.layout.description());
  source.layout.weights = weights_file(source.layout, options);
  source.file = open_weights(source.layout.weights, {options.prefers_ema});
  const std::string where = fmt::format("'{}'", source.layout.weights.string());
  const ShapeMap shapes = shapes_of(source.file.tensors);
  const auto naming = dit_naming(shapes);
  require(naming.has_value(),
          "{}: these are not the tensors of a SANA or SANA-Video transformer; 'sana-video inspect "
          "{}' says what they are",
          where, path.string());
  source.naming = *naming;
  FoundConfig found = find_transformer_config(source.layout, shapes, options.config);
  source.config = std::move(found.config);
  source.public_config = std::move(found.public_config);
  if (!found.note.empty()) source.notes.push_back(found.note);
  TensorList tensors = std::move(source.file.tensors);
  source.file.tensors.clear();
  if (source.naming == DitNaming::kOriginal) {
    take_original(source, std::move(tensors), where);
  } else {
    take_public(source, std::move(tensors), where);
  }
  return source;
}

}  // namespace sana::checkpoints
