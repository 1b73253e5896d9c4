#include "unit/train/train_together.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <mutex>

#include "core/config/config.h"
#include "core/distributed/mesh.h"
#include "core/distributed/thread_world.h"
#include "core/random.h"
#include "core/safetensors.h"
#include "model/sana_video.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "train/build.h"
#include "train/data_streams.h"
#include "train/train.h"
#include "unit/train/tiny_run.h"

namespace sana_test {
namespace fs = std::filesystem;
using namespace sana;
namespace {

Trained train_as(train::TrainConfig config, Communicator& group, int64_t micro_steps,
                 int64_t steps) {
  const Mesh mesh = join_mesh(config.parallel.mesh(group.size()),
                              {group.rank(), group.size(), group.rank()}, group);
  config.train.accumulation = micro_steps;
  config.data.batch_size = config.data.image_batch_size =
      kGlobalBatch / (mesh.sizes.batch_parts() * micro_steps);
  // The VAE draws its weights from the global generator.
  static std::mutex building;
  std::unique_lock one_builds(building);
  const train::Datasets datasets = train::build_datasets(config, at::kCPU, /*writes=*/false);
  auto objective = train::build_objective(config, datasets, at::kCPU, /*load_init=*/true);
  one_builds.unlock();
  const auto method = train::build_method(std::move(objective), config, at::kCPU, group, mesh);
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
  module.weights().settle();
  for (const auto& item : module.module().named_parameters()) {
    // With full sharding those of blocks are gone between steps.
    if (mesh.shard && item.key().starts_with("transformer_blocks.")) continue;
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

// Says everything as `inner` does, but what is summed or given under one name comes out wrong by a
// factor.
class WrongFactor : public Communicator {
 public:
  WrongFactor(std::unique_ptr<Communicator> inner, std::string name, double factor)
      : inner_(std::move(inner)), name_(std::move(name)), factor_(factor) {}

  int64_t rank() const override { return inner_->rank(); }
  int64_t size() const override { return inner_->size(); }
  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    return inner_->start_all_reduce(name, spoilt(name, tensor), reduction);
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override {
    return inner_->start_reduce_scatter(name, part, spoilt(name, tensor));
  }
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override {
    return inner_->start_all_gather(name, tensor, name == name_ ? part * factor_ : part);
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    return inner_->start_exchange(name, received, spoilt(name, sent), std::move(counts));
  }
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override {
    return inner_->start_broadcast(name, tensor, root);
  }
  void barrier(const std::string& name, bool patient) override { inner_->barrier(name, patient); }
  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override {
    return std::make_unique<WrongFactor>(inner_->split(name, members), name_, factor_);
  }

 private:
  at::Tensor spoilt(const std::string& name, at::Tensor tensor) const {
    const at::NoGradGuard no_grad;
    if (name == name_) tensor.mul_(factor_);
    return tensor;
  }

  std::unique_ptr<Communicator> inner_;
  std::string name_;
  double factor_;
};

class Acting final : public WrongFactor {
 public:
  Acting(std::unique_ptr<Communicator> inner, std::function<void()> act)
      : WrongFactor(std::move(inner), /*name=*/"nothing", 1.0), act_(std::move(act)) {}
  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    if (name == "losses") act_();
    return WrongFactor::start_all_reduce(name, std::move(tensor), reduction);
  }

 private:
  std::function<void()> act_;
};

// Fresh weights, but for those that are zero then: where frames meet, and the output.
void write_start(const fs::path& file, const train::TrainConfig& config) {
  model::SanaVideo model(config.model);
  RandomStreams streams(5);
  at::Generator& generator = streams.get("weights");
  model::initialize_weights(model, generator);
  const at::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    const bool is_zero = item.value().count_nonzero().item<int64_t>() == 0;
    if (is_zero) item.value().normal_(0.0, 0.1, generator);
  }
  save_safetensors(file, model::state_dict(*model));
}

}  // namespace

Trained train_alone(const train::TrainConfig& config, int64_t steps) {
  train::TrainConfig alone = config;
  alone.parallel.replicate = "auto";
  alone.parallel.shard = "auto";
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

train::TrainConfig long_clips(const TemporaryDirectory& folder, int64_t layers) {
  write_tiny_latents(folder / "latents", {.samples = 10, .frames = 17});
  write_tiny_latents(folder / "images", {.samples = 7, .frames = 1, .name = "image", .seed = 2});
  train::TrainConfig config = tiny_dit_config(folder.path());
  config.model.num_layers = layers;
  config.data.images = (folder / "images").string();
  config.data.image_every_steps = 3;
  config.optimizer.eps = 1e-5;  // as in parallel_test.cpp
  config.init.from = (folder / "start.safetensors").string();
  write_start(config.init.from, config);
  return config;
}

void run_together(const train::TrainConfig& config, int64_t size, const Through& through) {
  ThreadWorld threads(size), control(size);
  threads.run([&](Communicator& group) {
    at::set_num_threads(1);
    World world;
    world.ranks = {group.rank(), size, group.rank()};
    world.control = control.member(group.rank());
    world.data = threads.member(group.rank());
    if (through) world.data = through(std::move(world.data));
    if (train::train(config, config::to_yaml(config), world) != ExitCode::kOk) {
      throw InternalError("the run ended early");
    }
  });
}

std::unique_ptr<Communicator> wrong_factor(std::unique_ptr<Communicator> inner,
                                           const std::string& name, double factor) {
  return std::make_unique<WrongFactor>(std::move(inner), name, factor);
}

std::unique_ptr<Communicator> acting(std::unique_ptr<Communicator> inner,
                                     std::function<void()> act) {
  return std::make_unique<Acting>(std::move(inner), std::move(act));
}

}  // namespace sana_test
