#include "unit/train/train_together.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <mutex>

#include "core/distributed/mesh.h"
#include "core/distributed/thread_world.h"
#include "support/catch.h"
#include "train/build.h"
#include "train/data_streams.h"

namespace sana_test {
using namespace sana;
namespace {

Trained train_as(train::TrainConfig config, Communicator& group, int64_t micro_steps,
                 int64_t steps) {
  const Mesh mesh = join_mesh(config.parallel.mesh(group.size()),
                              {group.rank(), group.size(), group.rank()}, group);
  config.train.accumulation = micro_steps;
  config.data.batch_size = config.data.image_batch_size =
      kGlobalBatch / (mesh.sizes.replicate * micro_steps);
  // The VAE draws its weights from the global generator.
  static std::mutex building;
  std::unique_lock one_builds(building);
  const train::Datasets datasets = train::build_datasets(config, at::kCPU, /*writes=*/false);
  const auto method = train::build_method(config, datasets, at::kCPU, /*load_init=*/true, group,
                                          mesh.sequence.get());
  one_builds.unlock();
  train::DataStreams streams(config, train::stream_specs(config, datasets), {}, at::kCPU,
                             mesh.samples, /*lists_damage=*/mesh.place == 0);
  train::StepMeter meter(method->metric_parts());
  Trained result;
  for (int64_t number = 1; number <= steps; ++number) {
    const size_t stream = streams.due(number);
    meter.begin_step(streams.spec(stream).loss_name);
    train::StepContext context = {number,
                                  micro_steps,
                                  [&] { return streams.next(stream); },
                                  StepRandom(uint64_t(config.run.seed), number),
                                  meter,
                                  group};
    method->step(context);
    const train::WindowReport report = meter.take();
    result.bad_steps += report.bad_steps.size();
    for (const auto& [name, loss] : report.losses) result.losses.push_back(loss);
    for (const auto& part : report.parts.flatten()) {
      result.parts.push_back(part.is_number() ? part.get<double>() : 0.0);
    }
    if (report.grad_norm) result.norms.push_back(*report.grad_norm);
  }
  train::TrainedModule& module = *method->modules().front();
  for (const auto& item : module.module().named_parameters()) {
    result.module[item.key()] = item.value().detach().clone();
  }
  const train::ModuleState state = module.state();  // on rank 0
  for (const auto& [name, tensor] : state.weights) result.weights[name] = tensor.clone();
  for (const auto& [name, tensor] : state.average) result.average[name] = tensor.clone();
  for (const auto& [name, tensor] : state.optimizer) result.optimizer[name] = tensor.clone();
  return result;
}

std::string difference(const std::vector<double>& one, const std::vector<double>& many,
                       const std::string& what, double tolerance) {
  if (one.size() != many.size()) return fmt::format("{} {}, {}", what, one.size(), many.size());
  for (size_t i = 0; i < one.size(); ++i) {
    if (std::abs(many[i] - one[i]) <= tolerance * std::abs(one[i])) continue;
    return fmt::format("{} {}: {}, {}", what, i, one[i], many[i]);
  }
  return "";
}

std::string difference(const TensorMap& one, const TensorMap& many) {
  if (one.size() != many.size()) return fmt::format("{}, {} tensors", one.size(), many.size());
  for (const auto& [name, tensor] : one) {
    if (at::allclose(tensor, many.at(name), /*rtol=*/1e-3, /*atol=*/2e-5)) continue;
    return fmt::format("{}: by {}", name, (tensor - many.at(name)).abs().max().item<double>());
  }
  return "";
}

}  // namespace

Trained train_alone(const train::TrainConfig& config, int64_t steps) {
  train::TrainConfig alone = config;
  alone.parallel.replicate = "auto";
  alone.parallel.sequence = 1;
  return train_as(alone, *single_process(), 1, steps);
}

Trained train_together(const train::TrainConfig& config, int64_t size, int64_t micro_steps,
                       int64_t steps, const Through& through) {
  std::vector<Trained> members(static_cast<size_t>(size));
  ThreadWorld world(size);
  world.run([&](Communicator& group) {
    at::set_num_threads(1);
    const auto other = through ? through(world.member(group.rank())) : nullptr;
    members[size_t(group.rank())] = train_as(config, other ? *other : group, micro_steps, steps);
  });
  for (size_t r = 1; r < members.size(); ++r) {
    for (const auto& [name, tensor] : members[0].module) {
      INFO("rank " << r << " " << name);
      CHECK(at::equal(tensor, members[r].module.at(name)));
    }
  }
  return members[0];
}

std::string difference(const Trained& one, const Trained& many) {
  for (const std::string& found :
       {difference(one.losses, many.losses, "loss", 1e-5),
        difference(one.parts, many.parts, "part of the loss", 1e-4),
        difference(one.norms, many.norms, "gradient norm", 1e-4),
        difference(one.weights, many.weights), difference(one.average, many.average),
        difference(one.optimizer, many.optimizer)}) {
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace sana_test
