#include "train/trained_module.h"

#include <utility>

#include "core/device.h"
#include "core/log.h"
#include "model/state_dict.h"

namespace sana::train {

std::string module_file(const std::string& module, const std::string& part) {
  if (module == kMainModule) {
    // The names under which `sample` and public programs look for them.
    if (part == "weights") return "model.safetensors";
    return part == "average" ? "ema.safetensors" : "optimizer.safetensors";
  }
  return module + "." + part + ".safetensors";
}

TrainedModule::Settings TrainedModule::settings_of(const TrainConfig& config) {
  return {config.optimizer, config.schedule, config.train.steps, config.train.ema_decay,
          parse_dtype(config.precision)};
}

TrainedModule::TrainedModule(std::string name, torch::nn::Module& module, Settings settings)
    : name_(std::move(name)),
      module_(module),
      settings_(std::move(settings)),
      weights_(module, settings_.precision),
      optimizer_(weights_.names(), weights_.weights(), settings_.optimizer) {
  if (settings_.ema_decay) average_.emplace(weights_.weights(), *settings_.ema_decay);
}

double TrainedModule::learning_rate(int64_t steps_done) const {
  return train::learning_rate(settings_.schedule, settings_.optimizer.lr, steps_done,
                              settings_.steps);
}

at::Tensor TrainedModule::clip() {
  return clip_gradients(weights_.gradients(), settings_.optimizer.gradient_clip);
}

void TrainedModule::update(int64_t number, const at::Tensor& skip) {
  const int64_t steps_done = number - 1;
  optimizer_.step(weights_.weights(), weights_.gradients(), learning_rate(steps_done), skip);
  weights_.clear_gradients();
  weights_.publish();
  if (average_) average_->update(weights_.weights(), steps_done);
}

WeightSwap TrainedModule::with_inference_weights(at::ScalarType dtype) {
  return {weights_, average_ ? average_->weights() : weights_.weights(), dtype};
}

ModuleState TrainedModule::state() const {
  return {name_, weights_.state(),
          average_ ? weights_.state_with(average_->weights()) : TensorMap(), optimizer_.state()};
}

void TrainedModule::restore(const ModuleState& state, const std::filesystem::path& checkpoint) {
  const auto file = [&](const char* part) {
    return (checkpoint / module_file(name_, part)).string();
  };
  weights_.restore(state.weights, file("weights"));
  optimizer_.restore(state.optimizer, file("optimizer"));
  if (!average_) return;
  if (state.average.empty()) {
    log::warning("{} has no averaged weights: the average starts anew", checkpoint.string());
    average_.emplace(weights_.weights(), *settings_.ema_decay);
    return;
  }
  model::copy_tensors(weights_.state_with(average_->weights()), state.average, file("average"));
}

}  // namespace sana::train
