// A module of a few parameters that several processes train, for tests of what they save.
#pragma once
#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/distributed/mesh.h"
#include "core/distributed/world.h"
#include "train/trained_module.h"

namespace sana_test {

// How it is trained.
struct SharedModule {
  std::vector<std::pair<std::string, int64_t>> sizes = {{"a", 5}, {"b", 12}, {"c", 1},
                                                        {"d", 7}, {"e", 30}, {"f", 4}};
  std::vector<std::string> frozen = {};
  bool shard = true;  // the optimizer
  int64_t full = 1;   // processes that have the weights among them: full sharding
  at::ScalarType precision = at::kFloat;
  int64_t bucket_bytes = 16;

  sana::train::TrainedModule::Settings settings() const;
};

// Who shares it: the mesh of `how.full` in a world.
struct Groups {
  Groups(const SharedModule& how, sana::Communicator& group);
  sana::Mesh mesh;
  sana::train::WeightGroups weights;
};

// Parameters of these names and sizes, drawn by name, and a buffer.
class Parameters : public torch::nn::Module {
 public:
  explicit Parameters(const SharedModule& how);
};

// One step with gradients that differ between parameters and steps.
void take_step(sana::train::TrainedModule& module, int64_t number, int64_t members);

// Runs `body` as every process of a world of threads.
void in_world(int64_t size, const std::function<void(sana::World&)>& body);

}  // namespace sana_test
