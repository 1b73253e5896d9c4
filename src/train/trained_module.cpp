#include "train/trained_module.h"

#include <utility>

#include "core/device.h"
#include "core/log.h"
#include "core/shape_map.h"
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
  return {config.optimizer,
          config.schedule,
          config.train.steps,
          config.train.ema_decay,
          parse_dtype(config.precision),
          {config.parallel.bucket_mib << 20, parse_dtype(config.parallel.reduce_precision),
           config.parallel.shard_optimizer}};
}

TrainedModule::TrainedModule(std::string name, torch::nn::Module& module, Settings settings,
                             const WeightGroups& groups)
    : name_(std::move(name)),
      module_(module),
      settings_(std::move(settings)),
      group_(groups.all),
      weights_(module, settings_.precision, groups, settings_.share),
      optimizer_(weights_.weights(), settings_.optimizer) {
  if (settings_.ema_decay) average_.emplace(weights_.weights(), *settings_.ema_decay);
}

double TrainedModule::learning_rate(int64_t steps_done) const {
  return train::learning_rate(settings_.schedule, settings_.optimizer.lr, steps_done,
                              settings_.steps);
}

at::Tensor TrainedModule::clip() {
  return clip_gradients(weights_.gradients(), settings_.optimizer.gradient_clip,
                        weights_.group_of_parts(), weights_.replicas());
}

void TrainedModule::update(int64_t number, const at::Tensor& skip) {
  const int64_t steps_done = number - 1;
  optimizer_.step(weights_.weights(), weights_.gradients(), learning_rate(steps_done), skip);
  weights_.clear_gradients();
  if (average_) average_->update(weights_.weights(), steps_done);
  weights_.publish();
}

void TrainedModule::with_inference_weights(at::ScalarType dtype,
                                           const std::function<void()>& body) {
  const auto whole = weights_.whole(average_ ? average_->weights() : weights_.weights());
  if (group_.rank() != 0) return;
  const WeightSwap swap(weights_, whole, dtype);
  body();
}

namespace {
constexpr const char* kFirst = "first_moment.";
constexpr const char* kSecond = "second_moment.";
}  // namespace

ModuleState TrainedModule::state() const {
  ModuleState state{name_, weights_.state(), {}, {}};
  if (average_) state.average = weights_.state_with(average_->weights());
  state.optimizer = weights_.by_name(optimizer_.first_moment(), kFirst);
  state.optimizer.merge(weights_.by_name(optimizer_.second_moment(), kSecond));
  if (!state.weights.empty()) state.optimizer["step"] = optimizer_.steps();
  return state;
}

// All that have the weights among them write; of replicas one.
Writer TrainedModule::writer() const {
  const Communicator* parts = weights_.group_of_parts();
  const Communicator& writers = parts != nullptr ? *parts : group_;
  return {writers.rank(), writers.size(), weights_.is_of_first_replica()};
}

std::vector<SavedPart> TrainedModule::saved_parts(HostCopies& copies) const {
  const TensorMap fixed = weights_.fixed();
  const OwnedTensors owned(weights_.layout(), fixed, writer());
  const auto take = [&](const char* part, const std::vector<OwnedTensors::Values>& values,
                        const TensorMap& others) {
    return owned.take(module_file(name_, part), values, others, copies);
  };
  std::vector<SavedPart> parts = {take("weights", {{"", weights_.weights()}}, fixed)};
  if (average_) parts.push_back(take("average", {{"", average_->weights()}}, fixed));
  for (SavedPart& part : parts) part.metadata = {{"format", "pt"}};
  parts.push_back(take("optimizer",
                       {{kFirst, optimizer_.first_moment()}, {kSecond, optimizer_.second_moment()}},
                       {{"step", optimizer_.steps()}}));
  return parts;
}

void TrainedModule::restore(const ModuleState& state, const std::filesystem::path& checkpoint) {
  const auto file = [&](const char* part) {
    return (checkpoint / module_file(name_, part)).string();
  };
  weights_.restore(state.weights, file("weights"));
  ShapeMap moments = weights_.shapes(kFirst);
  moments.merge(weights_.shapes(kSecond));
  moments["step"] = {};
  check_shapes(moments, shapes_of(state.optimizer), file("optimizer"));
  weights_.copy_by_name(state.optimizer, kFirst, optimizer_.first_moment());
  weights_.copy_by_name(state.optimizer, kSecond, optimizer_.second_moment());
  at::Tensor steps = optimizer_.steps();
  steps.copy_(state.optimizer.at("step"));
  if (!average_) return;
  if (state.average.empty()) {
    log::warning("{} has no averaged weights: the average starts anew", checkpoint.string());
    average_.emplace(weights_.weights(), *settings_.ema_decay);
    return;
  }
  check_shapes(shapes_of(model::state_dict(module_)), shapes_of(state.average), file("average"));
  weights_.copy_by_name(state.average, "", average_->weights());
}

}  // namespace sana::train
