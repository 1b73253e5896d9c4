#include "train/micro_step.h"

#include <ATen/ATen.h>

#include <functional>

#include "core/build_config.h"
#include "core/error.h"
#include "core/log.h"
#if SANA_HAS_CUDA
#include <ATen/cuda/CUDAGraph.h>
#endif

namespace sana::train {
namespace {

// Each graph keeps the memory of its activations; a run has few shapes.
constexpr size_t kMostRecordings = 16;

std::string shapes_of(const std::vector<at::Tensor>& tensors) {
  std::string key;
  for (const at::Tensor& t : tensors) {
    key += fmt::format("{}[{}]", c10::toString(t.scalar_type()), fmt::join(t.sizes(), ","));
  }
  return key;
}

}  // namespace

#if SANA_HAS_CUDA

class RecordedStep {
 public:
  RecordedStep(const std::vector<at::Tensor>& inputs, torch::nn::Module& module,
               const std::function<LossOutput(const std::vector<at::Tensor>&)>& step) {
    for (const at::Tensor& input : inputs) inputs_.push_back(input.clone());
    // The threads of the loader lock pages of their own meanwhile, which must not end the recording.
    graph_.capture_begin(/*pool=*/{0, 0}, cudaStreamCaptureModeThreadLocal);
    output_ = step(inputs_);
    graph_.capture_end();
    // The gradients were made in the graph's memory: every replay writes them anew.
    for (at::Tensor& parameter : module.parameters()) {
      if (!parameter.mutable_grad().defined()) continue;
      parameters_.push_back(parameter);
      gradients_.push_back(std::exchange(parameter.mutable_grad(), at::Tensor()));
    }
  }

  LossOutput replay(const std::vector<at::Tensor>& inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) inputs_[i].copy_(inputs[i], /*non_blocking=*/true);
    graph_.replay();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      SANA_ASSERT(!parameters_[i].mutable_grad().defined());
      parameters_[i].mutable_grad() = gradients_[i];
    }
    // The next replay writes over what it returned.
    return {output_.loss.clone(), output_.sums.clone(), output_.counts.clone()};
  }

 private:
  at::cuda::CUDAGraph graph_;
  std::vector<at::Tensor> inputs_, parameters_, gradients_;
  LossOutput output_;
};

#else

class RecordedStep {
 public:
  RecordedStep(const std::vector<at::Tensor>&, torch::nn::Module&,
               const std::function<LossOutput(const std::vector<at::Tensor>&)>&) {
    throw EnvironmentError(
        "train.cuda_graphs: this program was built without CUDA; set it to false");
  }
  LossOutput replay(const std::vector<at::Tensor>&) { return {}; }
};

#endif

MicroStep::MicroStep(Objective& objective, double loss_scale, bool record)
    : objective_(objective), loss_scale_(loss_scale), record_(record) {}

MicroStep::~MicroStep() = default;

LossOutput MicroStep::eager(const std::vector<at::Tensor>& inputs) {
  LossOutput output = objective_.loss(inputs);
  (output.loss * loss_scale_).backward();
  output.loss = output.loss.detach();
  return output;
}

LossOutput MicroStep::run(const std::vector<at::Tensor>& inputs) {
  if (!record_) return eager(inputs);
  const std::string key = shapes_of(inputs);
  const auto found = recorded_.find(key);
  if (found == recorded_.end()) {
    if (recorded_.size() < kMostRecordings) {
      recorded_[key] = nullptr;
    } else if (!warned_) {
      warned_ = true;
      log::warning(
          "train.cuda_graphs: this run has more than {} batch shapes; those after the first {} run "
          "without recording. Fewer buckets would record them all",
          kMostRecordings, kMostRecordings);
    }
    return eager(inputs);
  }
  std::unique_ptr<RecordedStep>& recording = found->second;
  if (!recording) {
    recording = std::make_unique<RecordedStep>(
        inputs, objective_.module(),
        [this](const std::vector<at::Tensor>& fixed) { return eager(fixed); });
  }
  return recording->replay(inputs);
}

}  // namespace sana::train
