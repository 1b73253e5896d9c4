// The Gemma-2 decoder on a fixture.
#include <ATen/ATen.h>

#include "checkpoints/public/gemma2_public.h"
#include "core/error.h"
#include "infer/verify/verify.h"
#include "model/state_dict.h"
#include "model/text_encoder/gemma2/gemma2.h"

namespace sana::infer {

// Rows of padding mean nothing in either implementation: they stand as stored and always agree.
std::vector<ComputedTensor> run_gemma2_fixture(const Fixture& fixture,
                                               const VerifyOptions& options) {
  const auto config = checkpoints::gemma2_config_from_json(fixture.config, fixture.where);
  model::Gemma2 gemma(config);
  model::adopt_state_dict(*gemma, model::gemma2_weights(fixture.weights), options.device,
                          options.dtype, fixture.where);
  const at::Tensor ids = fixture.input("ids"), mask = fixture.input("mask");
  require(ids.numel() > 0 && ids.scalar_type() == at::kLong && ids.min().item<int64_t>() >= 0 &&
              ids.max().item<int64_t>() < config.vocab_size,
          "{}: in.ids must hold int64 numbers from 0 to {}", fixture.where, config.vocab_size - 1);
  const at::Tensor hidden = gemma->forward(ids.to(options.device), mask.to(options.device));

  const auto stored = fixture.stored.find("out.hidden");
  if (stored == fixture.stored.end() || stored->second.sizes() != hidden.sizes()) {
    return {{"out.hidden", hidden, ""}};
  }
  const at::Tensor real = mask.ne(0).unsqueeze(-1);  // [B, L, 1]
  const at::Tensor compared = hidden.to(at::kCPU, stored->second.scalar_type());
  return {{"out.hidden", at::where(real, compared, stored->second), ""}};
}

}  // namespace sana::infer
