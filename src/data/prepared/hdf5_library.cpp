#include "data/prepared/hdf5_library.h"

namespace sana::data {
namespace {

std::mutex& library_lock() {
  static std::mutex lock;
  return lock;
}

}  // namespace

Hdf5Guard::Hdf5Guard() : lock_(library_lock()) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

std::string hdf5_reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned position, const H5E_error2_t* error, void* out) -> herr_t {
        if (position == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &reason);
  return reason.empty() ? "unknown HDF5 error" : reason;
}

}  // namespace sana::data
