#include "checkpoints/public/dit_conversion.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <utility>

#include "checkpoints/public/dit_names.h"
#include "core/error.h"
#include "core/shape_map.h"

namespace sana::checkpoints {
namespace {

using ByName = std::map<std::string, const LazyTensor*>;

ByName by_name(const TensorList& tensors) {
  ByName map;
  for (const LazyTensor& tensor : tensors) map[tensor.name] = &tensor;
  return map;
}

// Some checkpoints hold the final table as [1, 2, D].
TensorList with_flat_final_table(TensorList tensors) {
  for (LazyTensor& tensor : tensors) {
    const bool has_extra_one = tensor.name == "final_layer.scale_shift_table" &&
                               tensor.shape.size() == 3 && tensor.shape.front() == 1;
    if (!has_extra_one) continue;
    tensor.shape.erase(tensor.shape.begin());
    tensor.load = [load = std::move(tensor.load)] { return load().squeeze(0); };
  }
  return tensors;
}

// Rows part * n .. (part + 1) * n of `whole`, n = shape[0].
LazyTensor part_of(const LazyTensor& whole, const std::string& name, std::vector<int64_t> shape,
                   int64_t part) {
  const int64_t rows = shape.front();
  return {name, whole.dtype, std::move(shape),
          [load = whole.load, part, rows] { return load().narrow(0, part * rows, rows); }};
}

LazyTensor joined(const DitTensor& row, const ByName& tensors, const std::string& where) {
  std::vector<LazyTensor> parts;
  for (const std::string& part : row.parts) parts.push_back(*tensors.at(part));
  for (const LazyTensor& part : parts) {
    require(part.dtype == parts.front().dtype, "{}: '{}' is {} but '{}' is {}", where,
            parts.front().name, c10::toString(parts.front().dtype), part.name,
            c10::toString(part.dtype));
  }
  if (parts.size() == 1) return {row.original, parts[0].dtype, parts[0].shape, parts[0].load};
  return {row.original, parts[0].dtype, row.shape, [parts] {
            std::vector<at::Tensor> rows;
            for (const LazyTensor& part : parts) rows.push_back(part.load());
            return at::cat(rows, 0);
          }};
}

}  // namespace

std::vector<std::string> remove_dit_leftovers(TensorList& tensors) {
  std::vector<std::string> removed;
  std::erase_if(tensors, [&](const LazyTensor& tensor) {
    const bool is_leftover = is_dit_leftover(tensor.name);
    if (is_leftover) removed.push_back(tensor.name);
    return is_leftover;
  });
  return removed;
}

TensorList dit_to_public(const TensorList& tensors, const TransformerConfig& config,
                         const std::string& where) {
  const TensorList flat = with_flat_final_table(tensors);
  check_shapes(original_dit_shapes(config), shapes_of(flat), where);
  const ByName originals = by_name(flat);
  TensorList result;
  for (const DitTensor& row : dit_tensors(config)) {
    const LazyTensor& whole = *originals.at(row.original);
    int64_t index = 0;
    for (const std::string& part : row.parts) {
      result.push_back(row.parts.size() == 1
                           ? LazyTensor{part, whole.dtype, whole.shape, whole.load}
                           : part_of(whole, part, row.part_shape(), index++));
    }
  }
  return result;
}

TensorList dit_to_original(const TensorList& tensors, const TransformerConfig& config,
                           const std::string& where) {
  check_shapes(public_dit_shapes(config), shapes_of(tensors), where);
  const ByName parts = by_name(tensors);
  TensorList result;
  for (const DitTensor& row : dit_tensors(config)) result.push_back(joined(row, parts, where));
  return result;
}

}  // namespace sana::checkpoints
