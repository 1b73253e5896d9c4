// One module, one loss, one optimizer: the method of both tasks.
#pragma once
#include <memory>

#include "train/method.h"
#include "train/micro_step.h"

namespace sana::train {

class SingleLossMethod final : public Method {
 public:
  // `groups`: the processes that share every batch.
  SingleLossMethod(std::unique_ptr<Objective> objective, const TrainConfig& config,
                   c10::Device device, const WeightGroups& groups);

  std::vector<TrainedModule*> modules() override { return {&module_}; }
  void step(StepContext& context) override;
  std::vector<MetricPart> metric_parts() const override { return objective_->metric_parts(); }
  void with_inference_weights(const std::function<void()>& body) override {
    module_.with_inference_weights(inference_dtype_, body);
  }
  nlohmann::ordered_json validate() override { return objective_->validate(); }
  void preview(const std::filesystem::path& directory) override { objective_->preview(directory); }
  void write_inference_files(const std::filesystem::path& directory) override {
    objective_->write_inference_files(directory);
  }
  bool inference_files_need_weights() const override {
    return objective_->inference_files_need_weights();
  }
  std::vector<std::pair<std::string, std::string>> describe() const override {
    return objective_->describe();
  }

 private:
  std::unique_ptr<Objective> objective_;
  TrainedModule module_;
  MicroStep micro_step_;
  at::ScalarType inference_dtype_;
  bool gradients_checked_ = false;
};

}  // namespace sana::train
