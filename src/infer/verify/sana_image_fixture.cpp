// The text-to-image SANA on a fixture.
#include <ATen/ATen.h>

#include "checkpoints/public/transformer_public.h"
#include "infer/verify/verify.h"
#include "model/sana_image.h"
#include "model/state_dict.h"

namespace sana::infer {

std::vector<ComputedTensor> run_sana_image_fixture(const Fixture& fixture,
                                                   const VerifyOptions& options) {
  at::NoGradGuard no_grad;
  model::SanaImage model(
      checkpoints::sana_image_config_from_diffusers(fixture.config, fixture.where));
  model::load_state_dict(*model, fixture.weights, fixture.where);
  model->to(options.device, options.dtype);
  const auto on_device = [&](const std::string& name) {
    return fixture.has_input(name) ? fixture.input(name).to(options.device) : at::Tensor();
  };
  for (const char* name : {"x", "timestep", "text"}) fixture.input(name);  // not optional
  return {{"out.sample",
           model->forward(on_device("x"), on_device("timestep"), on_device("text"),
                          on_device("text_mask"), on_device("guidance")),
           ""}};
}

}  // namespace sana::infer
