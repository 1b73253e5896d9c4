#include "core/random.h"

#include <ATen/CPUGeneratorImpl.h>

#include "core/build_config.h"
#include "core/error.h"
#if SANA_HAS_CUDA
#include <ATen/cuda/CUDAGeneratorImpl.h>
#endif

namespace sana {
namespace {

// Finaliser of SplitMix64: each input bit reaches each output bit.
uint64_t scramble(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

at::Generator make_stream(uint64_t seed, c10::Device device) {
  // Nothing is drawn on the meta device, but its operations take a generator.
  if (device.is_cpu() || device.is_meta()) return at::make_generator<at::CPUGeneratorImpl>(seed);
#if SANA_HAS_CUDA
  if (device.is_cuda()) {
    auto generator = at::make_generator<at::CUDAGeneratorImpl>(device.index());
    generator.set_current_seed(seed);
    return generator;
  }
#endif
  throw EnvironmentError(
      fmt::format("this program was built without random numbers on '{}'", device.str()));
}

std::string stream_key(const std::string& name, c10::Device device) {
  return name + (device.is_cuda() ? "@cuda" : "@cpu");
}

}  // namespace

uint64_t stream_seed(uint64_t seed, const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return scramble(scramble(seed) ^ hash);
}

at::Generator& RandomStreams::get(const std::string& name, c10::Device device) {
  const std::string key = stream_key(name, device);
  auto found = streams_.find(key);
  if (found == streams_.end()) {
    found = streams_.emplace(key, make_stream(stream_seed(seed_, name), device)).first;
  }
  return found->second;
}

TensorMap RandomStreams::state() const {
  TensorMap state;
  for (const auto& [key, generator] : streams_) state[key] = generator.get_state();
  return state;
}

void RandomStreams::restore(const TensorMap& state, c10::Device device) {
  // Nothing changes unless every stream can be restored.
  std::map<std::string, at::Generator> restored;
  for (const auto& [key, bytes] : state) {
    const size_t at_sign = key.rfind('@');
    const std::string kind = at_sign == std::string::npos ? "" : key.substr(at_sign + 1);
    require(at_sign > 0 && (kind == "cpu" || kind == "cuda"),
            "random stream '{}': expected a name of the form <stream>@cpu or <stream>@cuda", key);
    require(kind == "cpu" || device.is_cuda(),
            "random stream '{}' was saved on a GPU and cannot go on on '{}'; resume with "
            "device=cuda",
            key, device.str());
    require(bytes.defined() && bytes.scalar_type() == at::kByte && bytes.dim() == 1,
            "random stream '{}': its state is not a list of bytes", key);
    auto generator = make_stream(0, kind == "cpu" ? c10::Device(c10::kCPU) : device);
    try {
      generator.set_state(bytes.cpu().clone());
    } catch (const c10::Error& error) {
      throw UserError(fmt::format("random stream '{}': its state cannot be restored: {}", key,
                                  error.what_without_backtrace()));
    }
    restored.emplace(key, std::move(generator));
  }
  streams_ = std::move(restored);
}

}  // namespace sana
