// How a run trains: which modules, and what a step does with them. The trainer owns the loop, the
// data, the checkpoints and the log, and knows nothing of losses.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/counter_random.h"
#include "core/distributed/communicator.h"
#include "data/batch.h"
#include "train/objective.h"
#include "train/step_meter.h"
#include "train/trained_module.h"

namespace sana::train {

// What a step is given.
struct StepContext {
  int64_t number = 1;       // of the step, from 1 on
  int64_t micro_steps = 1;  // batches whose gradients make the step
  std::function<data::Batch()> next_batch;
  StepRandom random;    // of this step: samples are told apart by their place in the global batch
  StepMeter& meter;     // counts losses, and gets the result of the step
  Communicator& group;  // that shares the batch
};

class Method {
 public:
  virtual ~Method() = default;

  // All that is trained, the main module first; they live as long as this.
  virtual std::vector<TrainedModule*> modules() = 0;
  // One optimizer step, without making the host wait for the device. Nothing changes in a step
  // whose loss or gradient is not finite.
  virtual void step(StepContext& context) = 0;

  // Calls `body` on rank 0 while the modules compute with the weights that are measured, shown and
  // shipped; all processes call it.
  virtual void with_inference_weights(const std::function<void()>& body) = 0;

  // The rest is as in Objective; within with_inference_weights(), but for files that need none.
  virtual nlohmann::ordered_json validate() = 0;
  virtual void preview(const std::filesystem::path& directory) = 0;
  virtual void write_inference_files(const std::filesystem::path& directory) = 0;
  virtual bool inference_files_need_weights() const = 0;

  virtual std::vector<MetricPart> metric_parts() const = 0;
  virtual std::vector<std::pair<std::string, std::string>> describe() const = 0;
};

}  // namespace sana::train
