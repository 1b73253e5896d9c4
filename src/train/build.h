// Construction of the parts of a run out of its configuration.
#pragma once
#include <memory>

#include "core/distributed/mesh.h"
#include "train/datasets.h"
#include "train/method.h"
#include "train/objective.h"

namespace sana::train {

// The task's model on the device, with fresh weights or, if asked for, those of init.from (a run
// that resumes has no use for them). Parameters named in train.freeze do not require gradients.
std::unique_ptr<Objective> build_objective(const TrainConfig& config, const Datasets& datasets,
                                           c10::Device device, bool load_init);

// How the run trains; no two methods share a task yet. `group`: of all processes, over which
// gradients are summed; `mesh`: what each of them has. Both outlive the method. Throws InternalError
// where the processes begin with other weights.
std::unique_ptr<Method> build_method(std::unique_ptr<Objective> objective,
                                     const TrainConfig& config, c10::Device device,
                                     Communicator& group, const Mesh& mesh);

}  // namespace sana::train
