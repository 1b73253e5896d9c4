// Choice of device and precision, and memory figures.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/launch_rank.h"

namespace sana {

// "auto" (CUDA when present, else CPU), "cpu", "cuda", "cuda:1". Throws UserError for other words,
// EnvironmentError when CUDA is asked for and missing (with the reason).
c10::Device parse_device(const std::string& name);

// The device of one of several processes: "auto" and "cuda" are the GPU of its number on the host,
// or the only one that it sees. Throws as parse_device(), and UserError where there are fewer GPUs
// than processes.
c10::Device device_of_rank(const std::string& name, const LaunchRank& ranks);

// What tells the GPUs of a host apart, in whatever order a process sees them; empty for the CPU.
std::string device_identity(c10::Device device);

// "float32" or "bfloat16". Throws UserError.
c10::ScalarType parse_dtype(const std::string& name);
std::string dtype_name(c10::ScalarType dtype);

// Makes float32 mean float32 on the GPU: convolutions and matrix products no longer round their
// inputs to TF32 (10 bits), which LibTorch allows by default for convolutions.
void use_full_float32();

// Highest number of bytes held by tensors since the last reset (0 on the CPU).
int64_t peak_device_memory(c10::Device device);
void reset_peak_device_memory(c10::Device device);
// Bytes of memory of the GPU (0 on the CPU).
int64_t device_memory(c10::Device device);
// Bytes that nobody holds now (0 on the CPU).
int64_t free_device_memory(c10::Device device);
// Gives the GPU memory that LibTorch keeps for reuse back to the driver (nothing without a GPU).
void release_cached_device_memory();
// Most floating point operations in a second, of dense matrices in bfloat16 or of float32 without
// TF32, as the card's data sheet has it; 0: not known (every CPU).
double peak_flops(c10::Device device, c10::ScalarType precision);
// Waits for all queued work (nothing on the CPU).
void synchronize(c10::Device device);

// While it lives, the work of this thread goes to a CUDA stream of its own, which CUDA graphs need
// (nothing on the CPU). Waits for the device when it begins and when it ends.
class SideStream {
 public:
  explicit SideStream(c10::Device device);
  ~SideStream();
  SideStream(const SideStream&) = delete;
  SideStream& operator=(const SideStream&) = delete;

 private:
  struct Guard;
  c10::Device device_;
  std::unique_ptr<Guard> guard_;
};

// Bytes of physical memory of the machine, free and in all; peak resident bytes of this process.
struct HostMemory {
  int64_t total = 0;
  int64_t available = 0;
  int64_t peak_resident = 0;
};
HostMemory host_memory();

// "61.2 GiB", "3.4 MiB"
std::string bytes_string(int64_t bytes);

}  // namespace sana
