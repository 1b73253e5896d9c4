#include "train/trained_module.h"

#include <ATen/ATen.h>

#include "core/counter_random.h"
#include "core/distributed/thread_world.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana::train {
namespace {

using sana_test::contains;
using sana_test::message_of;

// Parameters of these names and sizes, drawn by name.
class Parameters : public torch::nn::Module {
 public:
  explicit Parameters(const std::vector<std::pair<std::string, int64_t>>& sizes) {
    for (const auto& [name, size] : sizes) {
      const at::Tensor value = StepRandom(7, 0).stream(name).noise(0, 1, {1, 1, 1, size}, at::kCPU);
      register_parameter(name, value.view({size}).clone());
    }
    register_buffer("count", at::ones({2}));
  }
};

TrainedModule::Settings settings(at::ScalarType precision) {
  TrainedModule::Settings settings;
  settings.optimizer.lr = 1e-2;
  settings.schedule.name = "constant";
  settings.schedule.warmup_steps = 0;
  settings.steps = 10;
  settings.ema_decay = 0.9;
  settings.precision = precision;
  return settings;
}

// One step with gradients that differ between parameters and steps.
void take_step(TrainedModule& module, int64_t number, int64_t members) {
  module.weights().begin_pass(/*is_last=*/true);
  at::Tensor loss = at::zeros({});
  for (const at::Tensor& parameter : module.module().parameters()) {
    loss = loss + (parameter.to(at::kFloat) - double(number)).square().sum();
  }
  (loss / double(members)).backward();
  module.weights().collect_gradients();
  module.clip();
  module.update(number, at::zeros({}));
}

std::vector<std::pair<std::string, int64_t>> sizes() { return {{"a", 5}, {"b", 12}, {"c", 1}}; }

TEST_CASE("a trained module continues from its saved state bit for bit", "[train]") {
  for (const auto precision : {at::kFloat, at::kBFloat16}) {
    const auto alone = single_process();
    Parameters first(sizes()), second(sizes());
    TrainedModule a(kMainModule, first, settings(precision), {*alone});
    take_step(a, 1, 1);
    TrainedModule b(kMainModule, second, settings(precision), {*alone});
    b.restore(a.state(), "run");
    take_step(a, 2, 1);
    take_step(b, 2, 1);
    const ModuleState left = a.state(), right = b.state();
    REQUIRE(left.optimizer.size() == 7);
    for (const auto& [name, tensor] : left.weights)
      CHECK(at::equal(tensor, right.weights.at(name)));
    for (const auto& [name, tensor] : left.average)
      CHECK(at::equal(tensor, right.average.at(name)));
    for (const auto& [name, tensor] : left.optimizer) {
      CHECK(at::equal(tensor, right.optimizer.at(name)));
    }
  }
}

TEST_CASE("the state of another module is refused, and every difference named", "[train]") {
  const auto alone = single_process();
  Parameters mine({{"w", 6}, {"old", 2}}), other({{"w", 5}, {"new", 2}});
  TrainedModule a(kMainModule, mine, settings(at::kFloat), {*alone});
  TrainedModule b(kMainModule, other, settings(at::kFloat), {*alone});
  const std::string weights = message_of<UserError>([&] { b.restore(a.state(), "run"); });
  for (const char* part : {"run/model.safetensors", "w", "old", "new", "[6]", "[5]"}) {
    CHECK(contains(weights, part));
  }
  ModuleState state = b.state();
  state.optimizer.erase("first_moment.new");
  const std::string moments = message_of<UserError>([&] { b.restore(state, "run"); });
  CHECK(contains(moments, "run/optimizer.safetensors"));
  CHECK(contains(moments, "first_moment.new"));
}

// What `size` processes end with, each with its part of the weights or with all.
ModuleState trained_by(int64_t size, bool shard, at::ScalarType precision,
                       const ModuleState* start = nullptr) {
  ModuleState result;
  ThreadWorld(size).run([&](Communicator& group) {
    Parameters parameters(sizes());
    TrainedModule::Settings how = settings(precision);
    how.share = {.bucket_bytes = 16, .gradient_dtype = at::kFloat, .shard = shard};
    TrainedModule module(kMainModule, parameters, how, {group});
    if (start != nullptr) module.restore(*start, "run");
    for (int64_t number = 1; number <= 3; ++number) take_step(module, number, size);
    ModuleState state = module.state();
    if ((group.rank() == 0) == state.weights.empty()) throw InternalError("on another rank");
    bool ran = false;
    module.with_inference_weights(at::kFloat, [&] {
      ran = true;
      for (const auto& item : parameters.named_parameters()) {
        if (!at::equal(item.value(), state.average.at(item.key()))) throw InternalError("average");
      }
    });
    if (ran != (group.rank() == 0)) throw InternalError("ran on another rank");
    if (group.rank() != 0) return;
    result.name = state.name;
    for (const auto& [name, t] : state.weights) result.weights[name] = t.clone();
    for (const auto& [name, t] : state.average) result.average[name] = t.clone();
    for (const auto& [name, t] : state.optimizer) result.optimizer[name] = t.clone();
  });
  return result;
}

void check_close(const TensorMap& a, const TensorMap& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, tensor] : a) {
    INFO(name);
    CHECK(at::allclose(tensor, b.at(name), 1e-5, 1e-6));
  }
}

TEST_CASE("processes that keep a part each update as one does", "[train][distributed]") {
  for (const auto precision : {at::kFloat, at::kBFloat16}) {
    const ModuleState one = trained_by(1, false, precision);
    for (const int64_t size : {2, 3, 4}) {
      if (precision == at::kBFloat16 && size == 3) continue;  // a third is rounded
      INFO(size << " processes, " << c10::toString(precision));
      const ModuleState parts = trained_by(size, true, precision);
      check_close(one.weights, parts.weights);
      check_close(one.average, parts.average);
      check_close(one.optimizer, parts.optimizer);
    }
    // Begun by one, gone on with by four, each with its part.
    const ModuleState again = trained_by(1, false, precision, &one);
    const ModuleState shared = trained_by(4, true, precision, &one);
    check_close(again.weights, shared.weights);
    check_close(again.optimizer, shared.optimizer);
  }
}

}  // namespace
}  // namespace sana::train
