// Who writes what of a checkpoint.
#include "train/owned_tensors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/distributed/thread_world.h"
#include "core/error.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "unit/train/shared_module.h"
#include "unit/train/tiny_run.h"

namespace {
using namespace sana;
using namespace sana::train;
using sana_test::TemporaryDirectory;

// What the processes write, by file and name, and what stands behind it on rank 0.
struct Saved {
  std::map<std::string, TensorMap> files;
  std::map<std::string, std::vector<std::string>> names;     // of all, as each process knows them
  std::map<std::string, std::map<int64_t, int64_t>> shards;  // number -> tensors of it
  std::map<std::string, std::set<int64_t>> counts;           // as each process knows them
  ModuleState whole;
};

void add(Saved& saved, const SavedPart& part) {
  for (const auto& [name, tensor] : part.tensors) {
    const bool is_new = saved.files[part.file].emplace(name, tensor.clone()).second;
    if (!is_new) throw InternalError(name + " is written twice");
  }
  auto names = part.names;
  std::sort(names.begin(), names.end());
  auto& known = saved.names[part.file];
  if (known.empty()) known = names;
  if (known != names) throw InternalError("processes know other names");
  saved.counts[part.file].insert(part.shards);
  if (part.tensors.empty()) return;
  if (saved.shards[part.file].count(part.number) != 0) throw InternalError("two have one number");
  saved.shards[part.file][part.number] = int64_t(part.tensors.size());
}

Saved saved_by(int64_t size, const sana_test::SharedModule& how) {
  Saved saved;
  std::mutex lock;
  ThreadWorld(size).run([&](Communicator& group) {
    sana_test::Groups groups(how, group);
    sana_test::Parameters parameters(how);
    TrainedModule module(kMainModule, parameters, how.settings(), groups.weights);
    for (int64_t number = 1; number <= 2; ++number) sana_test::take_step(module, number, size);
    HostCopies copies;
    const std::vector<SavedPart> parts = module.saved_parts(copies);
    copies.wait();
    const ModuleState whole = module.state();
    const std::lock_guard guard(lock);
    for (const SavedPart& part : parts) add(saved, part);
    if (group.rank() != 0) return;
    saved.whole.name = whole.name;
    for (const auto& [name, tensor] : whole.weights) saved.whole.weights[name] = tensor.clone();
    for (const auto& [name, tensor] : whole.average) saved.whole.average[name] = tensor.clone();
    for (const auto& [name, tensor] : whole.optimizer) saved.whole.optimizer[name] = tensor.clone();
  });
  return saved;
}

void check_same(const TensorMap& a, const TensorMap& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, tensor] : a) {
    INFO(name);
    CHECK(at::equal(tensor, b.at(name)));
  }
}

TEST_CASE("what the processes write is all of the module, once, bit for bit",
          "[train][distributed]") {
  at::set_num_threads(1);
  sana_test::SharedModule how;
  const bool is_full = GENERATE(false, true);
  how.shard = is_full || GENERATE(true, false);
  how.precision = GENERATE(at::kFloat, at::kBFloat16);
  how.frozen = {"b"};
  how.bucket_bytes = GENERATE(16, 1 << 20);  // several buckets; one, fewer than there are processes
  for (const int64_t size : {1, 2, 3, 4, 5}) {
    // Of four, two replicas of two; else all have the weights among them.
    how.full = !is_full ? 1 : size == 4 ? 2 : size;
    const int64_t writers = how.full == 1 ? size : how.full;
    INFO(size << " processes, sharded " << how.shard << ", of the weights " << how.full
              << ", buckets of " << how.bucket_bytes);
    const Saved saved = saved_by(size, how);
    check_same(saved.whole.weights, saved.files.at("model.safetensors"));
    check_same(saved.whole.average, saved.files.at("ema.safetensors"));
    check_same(saved.whole.optimizer, saved.files.at("optimizer.safetensors"));
    for (const auto& [file, shards] : saved.shards) {
      INFO(file);
      REQUIRE(saved.counts.at(file).size() == 1);
      CHECK(*saved.counts.at(file).begin() == int64_t(shards.size()));
      CHECK(shards.begin()->first == 1);
      CHECK(shards.rbegin()->first == int64_t(shards.size()));
      CHECK(saved.names.at(file).size() == saved.files.at(file).size());
      // Four buckets of parameters; beside weights a frozen one and a buffer.
      const int64_t pieces = file == "optimizer.safetensors" ? 4 : 6;
      if (how.bucket_bytes == 16) CHECK(int64_t(shards.size()) == std::min(writers, pieces));
    }
    if (how.bucket_bytes != 16) CHECK(saved.shards.at("optimizer.safetensors").size() == 1);
  }
}

TEST_CASE("processes write about as many bytes each", "[train]") {
  std::vector<at::Tensor> parameters;
  std::vector<std::string> names;
  for (int64_t i = 0; i < 40; ++i) {
    parameters.push_back(at::zeros({100 + 37 * (i % 7)}));
    names.push_back(fmt::format("p{}", i));
  }
  const ParameterBuckets buckets = plan_buckets(parameters, 1000, 4);
  const TrainedLayout layout{names, parameters, buckets, nullptr};
  const OwnedTensors first(layout, {}, {0, 4}), last(layout, {}, {3, 4});
  std::vector<int64_t> loads(4);
  for (size_t b = 0; b < buckets.sizes.size(); ++b) {
    CHECK(first.owner_of_bucket(b) == last.owner_of_bucket(b));
    loads[size_t(first.owner_of_bucket(b))] += buckets.sizes[b];
  }
  const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
  CHECK(*most - *least <= *std::max_element(buckets.sizes.begin(), buckets.sizes.end()));
}

// Lets only exchanges through, and notes how much is sent at a time.
class OnlyExchanges final : public Communicator {
 public:
  explicit OnlyExchanges(Communicator& inner) : inner_(inner) {}
  int64_t rank() const override { return inner_.rank(); }
  int64_t size() const override { return inner_.size(); }
  std::unique_ptr<Pending> start_all_reduce(const std::string&, at::Tensor, Reduction) override {
    throw InternalError("an all-reduce");
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string&, at::Tensor,
                                                at::Tensor) override {
    throw InternalError("a reduce-scatter");
  }
  std::unique_ptr<Pending> start_all_gather(const std::string&, at::Tensor, at::Tensor) override {
    throw InternalError("an all-gather");
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    most = std::max(most, sent.numel());
    sum += sent.numel();
    return inner_.start_exchange(name, received, sent, std::move(counts));
  }
  std::unique_ptr<Pending> start_broadcast(const std::string&, at::Tensor, int64_t) override {
    throw InternalError("a broadcast");
  }
  void barrier(const std::string&, bool) override { throw InternalError("a barrier"); }
  std::unique_ptr<Communicator> split(const std::string&, const std::vector<int64_t>&) override {
    throw InternalError("a split");
  }
  int64_t most = 0, sum = 0;

 private:
  Communicator& inner_;
};

TEST_CASE("of a model in parts one bucket at a time travels to each process, and nothing twice",
          "[train][distributed]") {
  ThreadWorld(3).run([&](Communicator& group) {
    std::vector<at::Tensor> parameters;
    std::vector<std::string> names;
    for (int64_t i = 0; i < 12; ++i) {
      parameters.push_back(at::full({90}, double(i)));
      names.push_back(fmt::format("p{}", i));
    }
    const ParameterBuckets buckets = plan_buckets(parameters, 180 * 4, 3);
    std::vector<at::Tensor> values;
    for (size_t b = 0; b < buckets.sizes.size(); ++b) {
      const int64_t part = buckets.sizes[b] / 3;
      values.push_back(buckets.flattened(b, parameters, at::kFloat)
                           .narrow(0, group.rank() * part, part)
                           .clone());
    }
    OnlyExchanges counted(group);
    const OwnedTensors owned({names, parameters, buckets, &counted}, {}, {group.rank(), 3});
    HostCopies copies;
    const SavedPart part = owned.take("m.safetensors", {{"", values}}, {}, copies);
    if (part.tensors.size() != 4) throw InternalError("tensors");
    for (const auto& [name, tensor] : part.tensors) {
      if (!at::equal(tensor, at::full({90}, std::stod(name.substr(1))))) throw InternalError(name);
    }
    // Two rounds for six buckets of 180 numbers: the 60 of each that go to each process.
    if (counted.most != 180 || counted.sum != 360) throw InternalError("too much is sent");
    // Into the same memory at the next time.
    const void* memory = part.tensors.begin()->second.data_ptr();
    const SavedPart next = owned.take("m.safetensors", {{"", values}}, {}, copies);
    if (next.tensors.begin()->second.data_ptr() != memory) throw InternalError("new memory");
  });
}

// Names in the files that the processes of a run write, and those of what they train.
struct SavedNames {
  std::map<std::string, std::vector<std::string>> saved, tracked;
};

void add_tracked(SavedNames& names, TrainedModule& module) {
  const auto file = [&](const char* part) { return module_file(module.name(), part); };
  for (const auto& [name, tensor] : model::state_dict(module.module())) {
    for (const char* part : {"weights", "average"}) names.tracked[file(part)].push_back(name);
  }
  names.tracked[file("optimizer")] = {"step"};
  for (const auto& item : module.module().named_parameters()) {
    if (!item.value().requires_grad()) continue;
    for (const char* moment : {"first_moment.", "second_moment."}) {
      names.tracked[file("optimizer")].push_back(moment + item.key());
    }
  }
}

SavedNames names_of_run(const TrainConfig& config, int64_t size) {
  SavedNames names;
  std::mutex lock;
  ThreadWorld(size).run([&](Communicator& group) {
    const Mesh mesh =
        join_mesh(config.parallel.mesh(size), {group.rank(), size, group.rank()}, group);
    std::unique_lock one_builds(lock);
    const Datasets datasets = build_datasets(config, at::kCPU, /*writes=*/false);
    auto objective = build_objective(config, datasets, at::kCPU, /*load_init=*/true);
    one_builds.unlock();
    const auto method = build_method(std::move(objective), config, at::kCPU, group, mesh);
    HostCopies copies;
    for (TrainedModule* module : method->modules()) {
      const auto parts = module->saved_parts(copies);
      const std::lock_guard guard(lock);
      for (const SavedPart& part : parts) {
        for (const auto& [name, tensor] : part.tensors) names.saved[part.file].push_back(name);
      }
      if (group.rank() == 0) add_tracked(names, *module);
    }
  });
  for (auto* lists : {&names.saved, &names.tracked}) {
    for (auto& [file, list] : *lists) std::sort(list.begin(), list.end());
  }
  return names;
}

TEST_CASE("what is saved is what is tracked, of every task in every scheme", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  bool is_vae = false;
  SECTION("the DiT") {}
  SECTION("the DiT, parts frozen") { config.train.freeze = {"patch_embedding", "time_embed"}; }
  SECTION("the VAE") {
    config = sana_test::tiny_vae_config(folder.path());
    is_vae = true;
  }
  const auto check = [&](int64_t size) {
    INFO(size << " processes, " << config.parallel.shard << " for the weights, sequence of "
              << config.parallel.sequence << ", optimizer shared "
              << config.parallel.shard_optimizer);
    const SavedNames names = names_of_run(config, size);
    CHECK(names.saved.size() == 3);
    CHECK(names.saved == names.tracked);
  };
  for (const bool shard : {true, false}) {
    config.parallel.shard_optimizer = shard;
    for (const int64_t size : {1, 2, 3}) check(size);
  }
  if (is_vae) return;  // it has no other schemes
  config.parallel.sequence = 2;
  check(2);
  check(4);
  for (const int64_t sequence : {1, 2}) {
    config.parallel.sequence = sequence;
    config.parallel.shard = "2";
    for (const int64_t replicas : {1, 2}) check(2 * sequence * replicas);
  }
}

}  // namespace
