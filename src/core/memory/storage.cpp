#include "core/memory/storage.h"

#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>

#include <optional>

#include "core/error.h"

namespace sana {
namespace {

c10::StorageImpl& storage_of(const at::Tensor& tensor) {
  SANA_ASSERT(tensor.storage_offset() == 0);
  return *tensor.storage().unsafeGetStorageImpl();
}

}  // namespace

void release_storage(const at::Tensor& tensor) {
  c10::StorageImpl& storage = storage_of(tensor);
  storage.set_nbytes(0);
  storage.set_data_ptr_noswap(c10::DataPtr(nullptr, tensor.device()));
}

void restore_storage(const at::Tensor& tensor) {
  c10::StorageImpl& storage = storage_of(tensor);
  SANA_ASSERT(storage.nbytes() == 0);
  const size_t bytes = tensor.nbytes();
  // The allocator of GPUs takes memory of the current one. The meta device has no guard.
  const c10::OptionalDeviceGuard guard(tensor.is_meta() ? std::nullopt
                                                        : std::optional(tensor.device()));
  storage.set_data_ptr_noswap(c10::GetAllocator(tensor.device().type())->allocate(bytes));
  storage.set_nbytes(bytes);
}

}  // namespace sana
