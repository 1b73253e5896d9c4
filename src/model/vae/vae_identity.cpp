#include "model/vae/vae_identity.h"

#include <ATen/ATen.h>

#include "core/hash.h"
#include "model/state_dict.h"

namespace sana::model {

std::string module_identity(const std::string& kind, const std::string& configuration,
                            const torch::nn::Module& module) {
  Hasher hasher;
  hasher.add(configuration);
  for (const auto& [name, tensor] : state_dict(module)) {
    const at::Tensor bytes = tensor.detach().to(at::kCPU, at::kBFloat16).contiguous();
    hasher.add(name);
    hasher.add({static_cast<const char*>(bytes.const_data_ptr()), size_t(bytes.nbytes())});
  }
  return kind + ":" + hasher.hex();
}

}  // namespace sana::model
