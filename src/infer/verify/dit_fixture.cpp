// The linear video DiT on a fixture: both kinds of timesteps, tokens after every block, loss and
// every gradient.
#include <ATen/ATen.h>

#include "checkpoints/public/transformer_public.h"
#include "infer/verify/verify.h"
#include "model/sana_video.h"
#include "model/state_dict.h"

namespace sana::infer {
namespace {

void add_gradients(model::SanaVideo& model, std::vector<ComputedTensor>& results) {
  for (const auto& item : model->named_parameters()) {
    const at::Tensor& gradient = item.value().grad();
    if (gradient.defined()) results.push_back({"grad." + item.key(), gradient, ""});
  }
}

}  // namespace

std::vector<ComputedTensor> run_dit_fixture(const Fixture& fixture, const VerifyOptions& options) {
  model::SanaVideo model(
      checkpoints::sana_video_config_from_diffusers(fixture.config, fixture.where));
  model::load_state_dict(*model, fixture.weights, fixture.where);
  model->to(options.device, options.dtype);
  const auto on_device = [&](const std::string& name) {
    return fixture.input(name).to(options.device);
  };
  const at::Tensor x = on_device("x"), text = on_device("text");
  const at::Tensor mask = fixture.has_input("text_mask") ? on_device("text_mask") : at::Tensor();

  std::vector<ComputedTensor> results;
  model->set_block_observer([&](int64_t index, const at::Tensor& tokens) {
    results.push_back({"out.block." + std::to_string(index), tokens.detach(), ""});
  });
  const at::Tensor sample = model->forward(x, on_device("timestep"), text, mask);
  model->set_block_observer({});
  results.push_back({"out.sample", sample.detach(), ""});

  if (fixture.has_input("target")) {
    const at::Tensor loss = at::mse_loss(sample.to(at::kFloat), on_device("target"));
    loss.backward();
    results.push_back({"out.loss", loss.detach(), ""});
    add_gradients(model, results);
  }
  if (fixture.has_input("frame_timestep")) {
    at::NoGradGuard no_grad;
    results.push_back({"out.sample_frame_timestep",
                       model->forward(x, on_device("frame_timestep"), text, mask), ""});
  }
  return results;
}

}  // namespace sana::infer
