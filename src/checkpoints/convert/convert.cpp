#include "checkpoints/convert/convert.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "checkpoints/manifest.h"
#include "checkpoints/public/dit_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/output_lock.h"
#include "core/path_inside.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

TensorList cast(TensorList tensors, c10::ScalarType dtype) {
  for (LazyTensor& tensor : tensors) {
    if (!c10::isFloatingType(tensor.dtype) || tensor.dtype == dtype) continue;
    tensor.dtype = dtype;
    tensor.load = [load = std::move(tensor.load), dtype] { return load().to(dtype); };
  }
  return tensors;
}

bool is_inside(const fs::path& inner, const fs::path& outer) {
  const fs::path a = fs::weakly_canonical(inner), b = fs::weakly_canonical(outer);
  return std::mismatch(b.begin(), b.end(), a.begin(), a.end()).first == b.end();
}

// Replacing a folder deletes what is in it: it must be what this command writes.
bool is_replaceable(const fs::path& target, CheckpointFormat format) {
  if (format == CheckpointFormat::kOriginal) return fs::is_regular_file(target);
  if (!fs::is_directory(target)) return false;
  return fs::is_empty(target) || fs::exists(target / "model.json") ||
         fs::exists(target / "transformer" / "config.json");
}

void check_target(const ConvertOptions& options) {
  const fs::path& target = options.target;
  require(!is_inside(target, options.source) && !is_inside(options.source, target),
          "'{}' and '{}' overlap; choose a target outside the source", options.source.string(),
          target.string());
  if (!fs::exists(target)) return;
  require(options.overwrite, "'{}' exists already; choose another name, or give --overwrite",
          target.string());
  require(is_replaceable(target, options.format),
          "'{}' is not what this command writes; it is not replaced, remove it yourself",
          target.string());
}

}  // namespace

CheckpointFormat parse_checkpoint_format(const std::string& name) {
  if (name == "diffusers") return CheckpointFormat::kDiffusers;
  if (name == "original") return CheckpointFormat::kOriginal;
  if (name == "native") return CheckpointFormat::kNative;
  throw UserError(fmt::format("unknown format '{}'; expected diffusers, original or native", name));
}

void require_own_file(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  require(fs::exists(path, error), "'{}' is a link to nothing", path.string());
  require(stays_inside(folder, path),
          "'{}' is a link out of '{}' (to '{}'), which is not followed; put the file itself there, "
          "or name it instead of the folder",
          path.string(), folder.string(), fs::weakly_canonical(path, error).string());
}

Metadata public_metadata(const TransformerSource& source) {
  const bool is_public = source.naming == DitNaming::kPublic && !source.file.is_torch_file;
  return is_public ? source.file.metadata : Metadata{{"format", "pt"}};
}

void write_original_names(const fs::path& folder, const TransformerSource& source) {
  std::vector<std::string> usual;
  for (const auto& row : dit_tensors(source.config)) usual.push_back(row.original);
  if (source.original_order.empty() || source.original_order == usual) return;
  write_file_atomically(folder / kOriginalNamesFile,
                        dump_json(nlohmann::json(source.original_order), 1) + "\n");
}

ConvertReport convert_checkpoint(const ConvertOptions& options) {
  check_target(options);
  ConvertReport report;
  report.source = open_transformer(options.source, options.transformer);
  TransformerSource& source = report.source;
  for (const fs::path& file : transformer_files(source)) {
    if (fs::is_directory(source.layout.path)) require_own_file(source.layout.path, file);
  }
  if (options.verifies) verify_files(transformer_files(source));
  report.notes = source.notes;
  if (options.dtype) source.tensors = cast(std::move(source.tensors), *options.dtype);
  const OutputLock lock = OutputLock::of_target(options.target);
  check_target(options);  // whoever held it may have made it
  switch (options.format) {
    case CheckpointFormat::kDiffusers:
      write_diffusers(source, options, report);
      break;
    case CheckpointFormat::kOriginal:
      write_original(source, options, report);
      break;
    case CheckpointFormat::kNative:
      write_native(source, options, report);
      break;
  }
  return report;
}

}  // namespace sana::checkpoints
