#include "cli/gpu_probe.h"

#include <dlfcn.h>

#include <cstddef>
#include <memory>

namespace sana::cli {
namespace {

struct CloseLibrary {
  void operator()(void* handle) const { dlclose(handle); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

// Calls a function of the driver by name; -1 when the driver has no such function.
template <class... Args>
int call_driver(const Library& driver, const char* name, Args... args) {
  auto* function = reinterpret_cast<int (*)(Args...)>(dlsym(driver.get(), name));
  return function == nullptr ? -1 : function(args...);
}

// Free memory is known only inside a context, which takes a moment and some memory of the GPU.
int64_t free_memory(const Library& driver, int device) {
  void* context = nullptr;
  if (call_driver(driver, "cuDevicePrimaryCtxRetain", &context, device) != 0) return -1;
  size_t free = 0, total = 0;
  const bool is_known = call_driver(driver, "cuCtxSetCurrent", context) == 0 &&
                        call_driver(driver, "cuMemGetInfo_v2", &free, &total) == 0;
  call_driver(driver, "cuCtxSetCurrent", static_cast<void*>(nullptr));
  call_driver(driver, "cuDevicePrimaryCtxRelease_v2", device);
  return is_known ? static_cast<int64_t>(free) : -1;
}

GpuInfo describe_gpu(const Library& driver, int device) {
  constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;  // CUdevice_attribute
  GpuInfo info;
  char name[256] = {};
  size_t total = 0;
  call_driver(driver, "cuDeviceGetName", &name[0], int{sizeof(name)}, device);
  call_driver(driver, "cuDeviceTotalMem_v2", &total, device);
  call_driver(driver, "cuDeviceGetAttribute", &info.capability_major, kCapabilityMajor, device);
  call_driver(driver, "cuDeviceGetAttribute", &info.capability_minor, kCapabilityMinor, device);
  info.name = name;
  info.total_bytes = static_cast<int64_t>(total);
  info.free_bytes = free_memory(driver, device);
  return info;
}

int count_peer_pairs(const Library& driver, int devices) {
  int pairs = 0;
  for (int a = 0; a < devices; ++a) {
    for (int b = a + 1; b < devices; ++b) {
      int can_reach = 0;
      call_driver(driver, "cuDeviceCanAccessPeer", &can_reach, a, b);
      pairs += can_reach != 0 ? 1 : 0;
    }
  }
  return pairs;
}

}  // namespace

GpuProbe probe_gpus() {
  GpuProbe probe;
  const Library driver(dlopen("libcuda.so.1", RTLD_NOW));
  if (!driver) {
    probe.problem = "no NVIDIA driver (libcuda.so.1)";
    return probe;
  }
  if (const int status = call_driver(driver, "cuInit", 0U); status != 0) {
    probe.problem =
        "the NVIDIA driver does not start (cuInit: error " + std::to_string(status) + ")";
    return probe;
  }
  int version = 0, devices = 0;
  call_driver(driver, "cuDriverGetVersion", &version);
  call_driver(driver, "cuDeviceGetCount", &devices);
  probe.driver_major = version / 1000;
  probe.driver_minor = version % 1000 / 10;
  for (int device = 0; device < devices; ++device) {
    probe.devices.push_back(describe_gpu(driver, device));
  }
  if (devices == 0) probe.problem = "the NVIDIA driver sees no GPU";
  probe.num_peer_pairs = count_peer_pairs(driver, devices);
  return probe;
}

int64_t library_version(const std::string& library, const std::string& function, bool by_pointer) {
  const Library handle(dlopen(library.c_str(), RTLD_LAZY));
  void* symbol = handle ? dlsym(handle.get(), function.c_str()) : nullptr;
  if (symbol == nullptr) return 0;
  if (!by_pointer) return static_cast<int64_t>(reinterpret_cast<size_t (*)()>(symbol)());
  int version = 0;
  reinterpret_cast<int (*)(int*)>(symbol)(&version);
  return version;
}

}  // namespace sana::cli
