// One file with the authors' names: a .pth in one of their wrappers, or a .safetensors.
#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "checkpoints/convert/convert.h"
#include "checkpoints/public/dit_conversion.h"
#include "core/error.h"
#include "core/torch_file/torch_file.h"

namespace sana::checkpoints {
namespace {

// In the order of `names`, when these are the names of the tensors.
TensorList in_order_of(const std::vector<std::string>& names, TensorList tensors,
                       const std::string& where) {
  if (names.empty()) return tensors;
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < names.size(); ++i) places.emplace(names[i], i);
  const bool fits = places.size() == tensors.size() &&
                    std::all_of(tensors.begin(), tensors.end(), [&](const LazyTensor& tensor) {
                      return places.count(tensor.name) != 0;
                    });
  require(fits, "{} beside the weights of {} has other names than these; remove it",
          kOriginalNamesFile, where);
  std::sort(tensors.begin(), tensors.end(), [&](const LazyTensor& a, const LazyTensor& b) {
    return places.at(a.name) < places.at(b.name);
  });
  return tensors;
}

void save_pth(const std::filesystem::path& path, TensorList tensors, const std::string& wrapper) {
  const std::string prefix = wrapper == "generator" ? "model." : "";
  TorchValue::Dict dict;
  for (const LazyTensor& tensor : tensors) {
    const auto declared = at::empty(tensor.shape, at::device(at::kMeta).dtype(tensor.dtype));
    dict.emplace_back(prefix + tensor.name, TorchValue{declared});
  }
  TorchValue root{std::move(dict)};
  if (wrapper != "flat") {
    TorchValue::Dict outer;
    outer.emplace_back(wrapper, std::move(root));
    root = TorchValue{std::move(outer)};
  }
  save_torch_file(path, root, [&](size_t index) { return tensors[index].load(); });
}

}  // namespace

void write_original(const TransformerSource& source, const ConvertOptions& options,
                    ConvertReport& report) {
  const std::string where = source.layout.path.string();
  const TensorList tensors = in_order_of(
      source.original_order, dit_to_original(source.tensors, source.config, where), where);
  if (is_safetensors_name(options.target)) {
    save_tensor_list(options.target, tensors, {{"format", "pt"}});
  } else {
    require(is_torch_file_name(options.target),
            "'{}': the original layout is a file; end its name in .pth or .safetensors",
            options.target.string());
    save_pth(options.target, tensors, options.wrapper);
  }
  report.written = {options.target};
}

}  // namespace sana::checkpoints
