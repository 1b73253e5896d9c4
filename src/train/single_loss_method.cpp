#include "train/single_loss_method.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/device.h"

namespace sana::train {

SingleLossMethod::SingleLossMethod(std::unique_ptr<Objective> objective, const TrainConfig& config,
                                   c10::Device device, const WeightGroups& groups)
    : objective_(std::move(objective)),
      module_(kMainModule, objective_->module(), TrainedModule::settings_of(config), groups),
      micro_step_(*objective_, 1.0 / double(config.train.accumulation * groups.all.size()),
                  config.train.cuda_graphs && device.is_cuda()),
      inference_dtype_(objective_->inference_dtype(parse_dtype(config.precision))) {}

void SingleLossMethod::step(StepContext& context) {
  for (int64_t micro = 0; micro < context.micro_steps; ++micro) {
    const data::Batch batch = context.next_batch();
    const std::vector<at::Tensor> inputs = objective_->draw(batch, context.random);
    module_.weights().begin_pass(/*is_last=*/micro + 1 == context.micro_steps,
                                 /*overlap=*/!micro_step_.records());
    const LossOutput output = micro_step_.run(inputs);
    module_.weights().collect_gradients();
    context.meter.add(output, batch);
  }
  context.meter.share(context.group);
  if (!gradients_checked_) module_.weights().require_gradients(objective_->may_lack_gradient());
  gradients_checked_ = true;
  const at::Tensor norm = module_.clip();
  const at::Tensor finite = context.meter.step_loss().isfinite().logical_and(norm.isfinite());
  const at::Tensor skip = finite.logical_not().to(at::kFloat);
  module_.update(context.number, skip);
  context.meter.finish_step(context.number, norm, skip);
}

}  // namespace sana::train
