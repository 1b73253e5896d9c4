#include "core/device.h"

#include <ATen/Context.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

#include "core/build_config.h"
#include "core/error.h"
#if SANA_HAS_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#endif

namespace sana {
namespace {

#if SANA_HAS_CUDA
// TFLOP/s of dense matrices, as the data sheets have them; the first whose name is in the card's.
struct Card {
  const char* name;
  double bfloat16, float32;
};
constexpr std::array<Card, 9> kCards = {{{"B200", 2250, 75},
                                         {"H200", 989, 67},
                                         {"H100 PCIe", 756, 51},
                                         {"H100 NVL", 835, 60},
                                         {"H100", 989, 67},
                                         {"A100-", 312, 19.5},
                                         {"A100 ", 312, 19.5},
                                         {"L40S", 362, 91.6},
                                         {"RTX 4090", 165, 82.6}}};
#endif

int64_t cuda_device_count() {
#if SANA_HAS_CUDA
  return c10::cuda::device_count();
#else
  return 0;
#endif
}

// Why there is no CUDA device.
std::string cuda_obstacle() {
#if SANA_HAS_CUDA
  try {
    c10::cuda::device_count_ensure_non_zero();
    return "";
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
#else
  return "this program was built without CUDA; install the CUDA toolkit and build again";
#endif
}

// -1 for anything but plain digits.
int64_t parse_index(const std::string& text) {
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != text.npos) {
    return -1;
  }
  return std::stoll(text);
}

// A line "MemTotal:   32617284 kB" of /proc/meminfo, in bytes; 0 when it is not there.
int64_t meminfo_bytes(const std::string& key) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == key + ":") return kibibytes * 1024;
  }
  return 0;
}

}  // namespace

c10::Device parse_device(const std::string& name) {
  if (name == "cpu") return c10::kCPU;
  const int64_t count = cuda_device_count();
  if (name == "auto") return count > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  const int64_t index = name == "cuda"                ? 0
                        : name.rfind("cuda:", 0) == 0 ? parse_index(name.substr(5))
                                                      : -1;
  require(index >= 0, "device '{}' is not known: expected auto, cpu, cuda or cuda:<number>", name);
  if (count == 0) {
    throw EnvironmentError(
        fmt::format("device '{}' is not there: {}. Use device cpu or auto", name, cuda_obstacle()));
  }
  if (index >= count) {
    throw EnvironmentError(fmt::format(
        "device '{}' is not there: this machine has cuda:0 to cuda:{}", name, count - 1));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

c10::Device device_of_rank(const std::string& name, const LaunchRank& ranks) {
  const c10::Device device = parse_device(name);
  if (ranks.count == 1 || !device.is_cuda()) return device;
  require(
      name == "auto" || name == "cuda",
      "device is {}, but {} processes were started, each with a GPU of its own; set device=auto",
      name, ranks.count);
  const int64_t count = cuda_device_count();
  if (count == 1) return device;
  require(ranks.local_rank < count,
          "this host has {} GPUs, and process {} of it was started: start one for each GPU", count,
          ranks.local_rank);
  return parse_device(fmt::format("cuda:{}", ranks.local_rank));
}

std::string device_identity([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    std::array<char, 32> bus{};
    if (cudaDeviceGetPCIBusId(bus.data(), int(bus.size()), device.index()) == cudaSuccess) {
      return fmt::format("the GPU at PCI {}", bus.data());
    }
  }
#endif
  return "";
}

c10::ScalarType parse_dtype(const std::string& name) {
  if (name == "float32") return c10::kFloat;
  if (name == "bfloat16") return c10::kBFloat16;
  throw UserError(fmt::format("dtype '{}' is not known: expected float32 or bfloat16", name));
}

std::string dtype_name(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::kFloat:
      return "float32";
    case c10::kBFloat16:
      return "bfloat16";
    case c10::kHalf:
      return "float16";
    case c10::kDouble:
      return "float64";
    default:
      return c10::toString(dtype);
  }
}

void use_full_float32() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

int64_t peak_device_memory([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    at::globalContext().lazyInitDevice(c10::kCUDA);
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
    return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
        .peak;
  }
#endif
  return 0;
}

int64_t device_memory([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, device.index()) == cudaSuccess) {
      return static_cast<int64_t>(properties.totalGlobalMem);
    }
  }
#endif
  return 0;
}

double peak_flops([[maybe_unused]] c10::Device device, [[maybe_unused]] c10::ScalarType precision) {
#if SANA_HAS_CUDA
  cudaDeviceProp properties{};
  if (device.is_cuda() && cudaGetDeviceProperties(&properties, device.index()) == cudaSuccess) {
    for (const Card& card : kCards) {
      if (std::string_view(properties.name).find(card.name) == std::string_view::npos) continue;
      return 1e12 * (precision == c10::kBFloat16 ? card.bfloat16 : card.float32);
    }
  }
#endif
  return 0;
}

int64_t free_device_memory([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    const c10::cuda::CUDAGuard guard(device);
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) == cudaSuccess) return static_cast<int64_t>(free);
  }
#endif
  return 0;
}

void reset_peak_device_memory([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    at::globalContext().lazyInitDevice(c10::kCUDA);
    c10::cuda::CUDACachingAllocator::resetPeakStats(device.index());
  }
#endif
}

void release_cached_device_memory() {
#if SANA_HAS_CUDA
  if (cuda_device_count() > 0 && at::globalContext().hasCUDA()) {
    at::globalContext().lazyInitDevice(c10::kCUDA);
    c10::cuda::CUDACachingAllocator::emptyCache();
  }
#endif
}

void synchronize([[maybe_unused]] c10::Device device) {
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    const auto previous = c10::cuda::current_device();
    c10::cuda::set_device(device.index());
    c10::cuda::device_synchronize();
    c10::cuda::set_device(previous);
  }
#endif
}

#if SANA_HAS_CUDA
struct SideStream::Guard {
  explicit Guard(c10::Device device)
      : guard(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}
  c10::cuda::CUDAStreamGuard guard;
};
#else
struct SideStream::Guard {};
#endif

SideStream::SideStream(c10::Device device) : device_(device) {
#if SANA_HAS_CUDA
  if (!device.is_cuda()) return;
  synchronize(device);
  guard_ = std::make_unique<Guard>(device);
#endif
}

SideStream::~SideStream() {
  try {
    if (guard_) synchronize(device_);
  } catch (const std::exception&) {
    // A broken device has been reported by the work that broke it.
  }
}

HostMemory host_memory() {
  HostMemory memory;
  memory.total = meminfo_bytes("MemTotal");
  memory.available = meminfo_bytes("MemAvailable");
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) memory.peak_resident = int64_t{usage.ru_maxrss} * 1024;
  return memory;
}

std::string bytes_string(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1023.95) break;
    value /= 1024.0;
    unit = larger;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

}  // namespace sana
