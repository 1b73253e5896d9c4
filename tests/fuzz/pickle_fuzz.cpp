// Any bytes as a file of torch.save, and any bytes that begin like a pickle as the pickle of one: a
// UserError, or values whose tensors lie inside the file.
#include <string>

#include "core/error.h"
#include "core/pickle/unpickle.h"
#include "core/torch_file/torch_file.h"
#include "core/torch_file/torch_unfolding.h"
#include "in_memory.h"
#include "touch.h"

namespace {

void touch_all(const sana::TorchValue& value) {
  if (const auto* tensor = std::get_if<at::Tensor>(&value.value)) {
    sana_fuzz::touch(*tensor);
  } else if (const auto* list = std::get_if<sana::TorchValue::List>(&value.value)) {
    for (const auto& item : *list) touch_all(item);
  } else if (const auto* dict = std::get_if<sana::TorchValue::Dict>(&value.value)) {
    for (const auto& [key, item] : *dict) touch_all(item);
  }
}

// Sizes of storages "0", "1", ... of corpus/pickle/views.pkl.
constexpr size_t kStorageBytes[] = {48, 8, 4, 0};

// As load_torch_file does it, without the archive: the storages are the pickle's own first bytes.
sana::TorchValue load_pickle(const sana::MappedFile& file) {
  sana::pickle::Arena arena;
  const auto value = sana::pickle::unpickle(file.bytes(), arena);
  sana::zip::Entries entries;
  const std::string names[] = {"x/data/0", "x/data/1", "x/data/2", "x/data/3"};
  for (size_t i = 0; i < std::size(names); ++i) {
    entries[names[i]] = file.bytes().substr(0, kStorageBytes[i]);
  }
  sana::detail::TorchStorages storages(file, entries, "x");
  return sana::detail::Unfolding(storages, file.size).root(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sana::MappedFile file = sana_fuzz::in_memory(data, size);
  const bool is_pickle = size > 0 && data[0] == 0x80;
  try {
    touch_all(is_pickle ? load_pickle(file) : sana::load_torch_file("fuzz.pt", file));
  } catch (const sana::UserError&) {
  }
  return 0;
}
