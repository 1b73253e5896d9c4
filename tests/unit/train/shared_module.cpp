#include "unit/train/shared_module.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/counter_random.h"
#include "core/distributed/thread_world.h"

namespace sana_test {
using namespace sana;

train::TrainedModule::Settings SharedModule::settings() const {
  train::TrainedModule::Settings settings;
  settings.optimizer.lr = 1e-2;
  settings.schedule.name = "constant";
  settings.schedule.warmup_steps = 0;
  settings.steps = 10;
  settings.ema_decay = 0.9;
  settings.precision = precision;
  settings.share = {.bucket_bytes = bucket_bytes, .gradient_dtype = at::kFloat, .shard = shard};
  return settings;
}

Groups::Groups(const SharedModule& how, Communicator& group)
    : mesh(join_mesh({group.size() / how.full, how.full, 1},
                     {group.rank(), group.size(), group.rank()}, group)),
      weights{group, mesh.shard.get(), mesh.replicas.get()} {}

Parameters::Parameters(const SharedModule& how) {
  for (const auto& [name, size] : how.sizes) {
    const at::Tensor value = StepRandom(7, 0).stream(name).noise(0, 1, {1, 1, 1, size}, at::kCPU);
    const bool is_frozen = std::count(how.frozen.begin(), how.frozen.end(), name) > 0;
    register_parameter(name, value.view({size}).clone(), /*requires_grad=*/!is_frozen);
  }
  register_buffer("count", at::ones({2}));
}

void take_step(train::TrainedModule& module, int64_t number, int64_t members) {
  module.weights().begin_pass(/*is_last=*/true);
  module.weights().settle();  // they are read here
  at::Tensor loss = at::zeros({});
  for (const at::Tensor& parameter : module.module().parameters()) {
    loss = loss + (parameter.to(at::kFloat) - double(number)).square().sum();
  }
  (loss / double(members)).backward();
  module.weights().collect_gradients();
  module.clip();
  module.update(number, at::zeros({}));
}

void in_world(int64_t size, const std::function<void(World&)>& body) {
  ThreadWorld data(size), control(size);
  data.run([&](Communicator& group) {
    at::set_num_threads(1);
    World world;
    world.ranks = {group.rank(), size, group.rank()};
    world.control = control.member(group.rank());
    world.data = data.member(group.rank());
    body(world);
  });
}

}  // namespace sana_test
