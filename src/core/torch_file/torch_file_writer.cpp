// save_torch_file: the values become a pickle first, the tensors are streamed behind it.
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/files.h"
#include "core/pickle/writer.h"
#include "core/torch_file/torch_file.h"
#include "core/zip/writer.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxDepth = 64;  // what load_torch_file reads

class TorchPickler {
 public:
  void add(const TorchValue& value, size_t depth = 0) {
    require(depth <= kMaxDepth, "values nested deeper than {} levels cannot be saved", kMaxDepth);
    if (const auto* list = std::get_if<TorchValue::List>(&value.value)) {
      pickle_.begin_list();
      for (const TorchValue& item : *list) add(item, depth + 1);
      pickle_.end_list();
    } else if (const auto* dict = std::get_if<TorchValue::Dict>(&value.value)) {
      add_dict(*dict, depth);
    } else if (const auto* tensor = std::get_if<at::Tensor>(&value.value)) {
      add_tensor(*tensor);
    } else {
      add_scalar(value);
    }
  }

  std::string finish() { return pickle_.finish(); }
  // Storage "i" is the contiguous data of tensor i.
  const std::vector<at::Tensor>& tensors() const { return tensors_; }

 private:
  void add_dict(const TorchValue::Dict& dict, size_t depth) {
    std::set<std::string_view> keys;
    pickle_.begin_dict();
    for (const auto& [key, value] : dict) {
      require(keys.insert(key).second, "a dict has the key '{}' twice", key);
      pickle_.text(key);
      with_context(fmt::format("'{}'", key), [&] { add(value, depth + 1); });
    }
    pickle_.end_dict();
  }

  void add_scalar(const TorchValue& value) {
    if (const auto* flag = std::get_if<bool>(&value.value)) {
      pickle_.boolean(*flag);
    } else if (const auto* integer = std::get_if<int64_t>(&value.value)) {
      pickle_.integer(*integer);
    } else if (const auto* number = std::get_if<double>(&value.value)) {
      pickle_.number(*number);
    } else if (const auto* text = std::get_if<std::string>(&value.value)) {
      pickle_.text(*text);
    } else {
      pickle_.none();
    }
  }

  void add_tensor(const at::Tensor& tensor) {
    require(tensor.defined() && tensor.layout() == at::kStrided, "the tensor has no dense data");
    if (tensor.is_meta()) {
      pickle_.tensor(tensor.scalar_type(), std::to_string(tensors_.size()), tensor.sizes());
      tensors_.push_back(tensor);
      return;
    }
    // Weights that are tied are the same view of the same memory. Empty ones share none.
    const View view{tensor.numel() == 0 ? nullptr : tensor.const_data_ptr(), tensor.scalar_type(),
                    tensor.sizes().vec(), tensor.strides().vec()};
    const auto [place, is_new] = storage_of_.emplace(view, tensors_.size());
    if (is_new) tensors_.push_back(tensor);
    pickle_.tensor(tensor.scalar_type(), std::to_string(place->second), tensor.sizes());
  }

  using View = std::tuple<const void*, at::ScalarType, std::vector<int64_t>, std::vector<int64_t>>;

  pickle::Writer pickle_;
  std::vector<at::Tensor> tensors_;
  std::map<View, size_t> storage_of_;
};

// The data that a tensor on the meta device stands for.
at::Tensor loaded(const at::Tensor& declared, const TensorLoader& load, size_t index) {
  SANA_ASSERT(load != nullptr);
  at::Tensor tensor = load(index);
  SANA_ASSERT(tensor.scalar_type() == declared.scalar_type() && tensor.sizes() == declared.sizes());
  return tensor;
}

}  // namespace

void save_torch_file(const fs::path& path, const TorchValue& root) {
  save_torch_file(path, root, nullptr);
}

void save_torch_file(const fs::path& path, const TorchValue& root, const TensorLoader& load) {
  TorchPickler pickler;
  with_context(fmt::format("cannot save '{}'", path.string()), [&] { pickler.add(root); });
  // As torch.save names it.
  const std::string stem = path.stem().string();
  const std::string folder = stem.empty() ? "archive" : stem;
  AtomicFile file(path);
  zip::Writer archive(file);
  archive.add(folder + "/data.pkl", pickler.finish());
  archive.add(folder + "/byteorder", "little");
  size_t num_loaded = 0;
  for (size_t i = 0; i < pickler.tensors().size(); ++i) {
    const at::Tensor& tensor = pickler.tensors()[i];
    const at::Tensor data = (tensor.is_meta() ? loaded(tensor, load, num_loaded++) : tensor)
                                .detach()
                                .cpu()
                                .contiguous();
    const auto* bytes = data.nbytes() == 0 ? "" : static_cast<const char*>(data.const_data_ptr());
    archive.add(fmt::format("{}/data/{}", folder, i), {bytes, data.nbytes()});
  }
  archive.add(folder + "/version", "3\n");
  archive.finish();
  file.commit();
}

}  // namespace sana
