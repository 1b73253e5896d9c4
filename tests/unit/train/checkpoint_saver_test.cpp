// A checkpoint that several processes write, and what becomes of it when one of them fails.
#include "train/checkpoint_saver.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "checkpoints/run_folder.h"
#include "core/device.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/json_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"
#include "train/checkpoint.h"
#include "unit/train/shared_module.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using namespace sana::train;
using sana_test::contains;
using sana_test::in_world;
using sana_test::SharedModule;
using sana_test::TemporaryDirectory;

CheckpointHead head_of(int64_t step) {
  CheckpointHead head{step, "video_dit", "task: video_dit\n", {}};
  head.trainer.step = step;
  head.trainer.modules = {kMainModule};
  return head;
}

// A process that trains and saves.
struct Member {
  Member(const SharedModule& how, World& all, const fs::path& run_dir, int64_t keep_last = 100)
      : world(all),
        groups(how, *all.data),
        parameters(how),
        module(kMainModule, parameters, how.settings(), groups.weights),
        saver({run_dir, keep_last, 0}, all) {}

  void begin(int64_t step, std::function<void(const fs::path&)> more = {}) {
    const auto start = SteadyClock::now();
    saver.open(step);
    std::vector<SavedPart> parts = module.saved_parts(copies);
    copies.wait();
    saver.begin(head_of(step), std::move(parts), std::move(more), start);
  }
  void save(int64_t step) {
    begin(step);
    saver.finish();
  }
  // As the trainer does after each step.
  void look() {
    saver.go_on(world.control->all_reduce("progress", saver.progress(), Reduction::kMax));
  }

  World& world;
  sana_test::Groups groups;
  sana_test::Parameters parameters;
  TrainedModule module;
  HostCopies copies;
  CheckpointSaver saver;
};

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TensorMap of_file(const fs::path& folder, const char* name) {
  return load_safetensors(find_safetensors(folder / name));
}

bool are_same(const TensorMap& a, const TensorMap& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& entry) {
           return at::equal(entry.second, b.at(entry.first));
         });
}

bool hold_the_same(const fs::path& a, const fs::path& b) {
  for (const char* file : {"model.safetensors", "ema.safetensors", "optimizer.safetensors"}) {
    if (!are_same(of_file(a, file), of_file(b, file))) return false;
  }
  return true;
}

TEST_CASE("several processes write one checkpoint, in the public layout of shards",
          "[train][distributed]") {
  const TemporaryDirectory run;
  in_world(3, [&](World& world) {
    Member member({}, world, run.path());
    sana_test::take_step(member.module, 1, 3);
    member.save(1);
  });
  const fs::path saved = run / "step-00000001";
  std::vector<std::string> expected = {"config.yaml", "manifest.json", "trainer.json"};
  for (const std::string stem : {"model", "ema", "optimizer"}) {
    expected.push_back(stem + ".safetensors.index.json");
    for (const char* number : {"1", "2", "3"}) {
      expected.push_back(stem + "-0000" + number + "-of-00003.safetensors");
    }
  }
  std::sort(expected.begin(), expected.end());
  CHECK(files_in(saved) == expected);
  CHECK(files_in(run.path()) == std::vector<std::string>{"step-00000001"});
  const auto index = read_json_file(saved / "model.safetensors.index.json");
  CHECK(index.at("weight_map").size() == 7);
  CHECK(index.at("metadata").at("total_size") == 4 * (5 + 12 + 1 + 7 + 30 + 4 + 2));
  CHECK(load_checkpoint(saved).modules.at(0).optimizer.size() == 13);  // hashes and all
}

// Processes, and how they share the weights.
struct Way {
  int64_t size;
  bool shard = true;
  int64_t full = 1;

  SharedModule how() const {
    SharedModule how;
    how.shard = shard;
    how.full = full;
    return how;
  }
};

std::ostream& operator<<(std::ostream& out, const Way& way) {
  return out << way.size << " processes, of the optimizer " << way.shard << ", of the weights "
             << way.full;
}

TEST_CASE(
    "any number of processes in any scheme goes on with a checkpoint of any other, bit for bit",
    "[train][distributed]") {
  const TemporaryDirectory folder(sana_test::quick_files());
  const std::vector<Way> ways = {{1},          {2},          {4},         {3, false},
                                 {2, true, 2}, {4, true, 4}, {4, true, 2}};
  int number = 0;
  for (const Way& writes : ways) {
    const fs::path run = folder / std::to_string(++number);
    in_world(writes.size, [&](World& world) {
      Member member(writes.how(), world, run);
      sana_test::take_step(member.module, 1, writes.size);
      member.save(1);
    });
    for (const Way& reads : ways) {
      const fs::path next = folder / std::to_string(++number);
      in_world(reads.size, [&](World& world) {
        Member member(reads.how(), world, next);
        sana_test::take_step(member.module, 2, reads.size);  // other weights
        const auto content = load_checkpoint(run / "step-00000001", *world.control);
        member.module.restore(content.modules.at(0), run);
        member.save(1);
      });
      INFO("written by " << writes << "; read by " << reads);
      CHECK(hold_the_same(run / "step-00000001", next / "step-00000001"));
    }
  }
}

TEST_CASE("of replicas with a part of the weights each one writes, and all go on",
          "[train][distributed]") {
  const TemporaryDirectory run;
  in_world(4, [&](World& world) {
    Member member(Way{4, true, 2}.how(), world, run.path());
    for (int64_t step = 1; step <= 2; ++step) {
      sana_test::take_step(member.module, step, 4);
      member.save(step);
    }
  });
  CHECK(read_json_file(run / "step-00000002/model.safetensors.index.json").contains("weight_map"));
  CHECK(fs::exists(run / "step-00000002/model-00002-of-00002.safetensors"));
  CHECK(load_checkpoint(run / "step-00000002").step == 2);
}

TEST_CASE("training goes on while the slowest process writes, and the manifest waits for it",
          "[train][distributed]") {
  const TemporaryDirectory run;
  std::atomic<bool> may_go_on = false;
  in_world(2, [&](World& world) {
    Member member({}, world, run.path());
    member.begin(1, [&](const fs::path&) {
      while (!may_go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    for (int64_t number = 1; number <= 4; ++number) {
      sana_test::take_step(member.module, number, 2);
      member.look();
      world.control->barrier("after a step");
      if (checkpoints::newest_checkpoint(run.path())) throw InternalError("sealed too early");
    }
    may_go_on = true;
    const auto deadline = SteadyClock::now() + std::chrono::seconds(20);
    while (!checkpoints::newest_checkpoint(run.path()) && SteadyClock::now() < deadline) {
      member.look();
      world.control->barrier("after a step");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      world.control->barrier("after a look");
    }
    member.saver.finish();
  });
  // As it was when it was saved, not as it became meanwhile.
  const TemporaryDirectory other;
  in_world(2, [&](World& world) { Member({}, world, other.path()).save(1); });
  CHECK(hold_the_same(run / "step-00000001", other / "step-00000001"));
}

TEST_CASE("a full disk of one process is told by all with its rank and host, and costs nothing",
          "[train][distributed]") {
  const TemporaryDirectory run;
  const SharedModule how{.sizes = {{"large", 40000}, {"small", 100}}};
  std::vector<std::string> told(3);
  in_world(3, [&](World& world) {
    Member member(how, world, run.path(), /*keep_last=*/1);
    member.save(1);
    std::optional<sana_test::FileSizeLimit> full;
    if (world.is_main()) full.emplace(40000);  // of the whole test program
    world.control->barrier("it is full");
    sana_test::take_step(member.module, 1, 3);
    told[size_t(world.ranks.rank)] = sana_test::message_of<EnvironmentError>([&] {
      member.begin(2);
      member.saver.finish();
    });
    world.control->barrier("it was told");
    if (files_in(run.path()) != std::vector<std::string>{"step-00000001"}) {
      throw InternalError("something is left, or has gone");
    }
    full.reset();
    world.control->barrier("there is room again");
    member.save(3);
  });
  CHECK(told[0] == told[1]);
  CHECK(told[0] == told[2]);
  for (const std::string& part :
       {std::string("step 2 could not be saved: rank 0 on " + host_name() + ": cannot write"),
        (run / "step-00000002.partial/model-00001-of-00003.safetensors").string()}) {
    INFO(told[0]);
    CHECK(contains(told[0], part));
  }
  CHECK(files_in(run.path()) == std::vector<std::string>{"step-00000003"});
  CHECK(load_checkpoint(run / "step-00000003").step == 3);
}

TEST_CASE("what fails on one process ends the step of all, not only the next checkpoint",
          "[train][distributed]") {
  const TemporaryDirectory run;
  in_world(2, [&](World& world) {
    Member member({}, world, run.path());
    const auto start = SteadyClock::now();
    member.saver.open(1);
    std::vector<SavedPart> parts = member.module.saved_parts(member.copies);
    if (world.ranks.rank == 1) parts.front().tensors.begin()->second = at::Tensor();
    member.saver.begin(head_of(1), parts, {}, start);
    const std::string told = sana_test::message_of<UserError>([&] {
      for (int64_t number = 1; number < 5000; ++number) {
        member.look();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    if (!contains(told, "rank 1 on ") || !contains(told, "has no dense data")) {
      throw InternalError(told);
    }
    if (!files_in(run.path()).empty()) throw InternalError("something is left");
    world.control->barrier("both have looked");
    member.save(2);  // it is mended
  });
  CHECK(files_in(run.path()) == std::vector<std::string>{"step-00000002"});
}

TEST_CASE("a kill after the shards or after the manifest leaves the older checkpoint to go on with",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  const fs::path run = folder / "run", partial = run / "step-00000002.partial";
  const bool has_manifest = GENERATE(false, true);
  in_world(2, [&](World& world) {
    Member member({}, world, run);
    member.save(1);
    sana_test::take_step(member.module, 1, 2);
    member.begin(2);
    while (member.saver.progress() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    world.control->barrier("both have written");
    // What lies on the disk when a process is killed now.
    if (world.is_main()) fs::copy(partial, folder / "left", fs::copy_options::recursive);
    world.control->barrier("copied");
    if (!has_manifest) return;  // no process ever hears from the other again
    member.saver.finish();
    if (world.is_main()) {
      fs::remove_all(folder / "left");
      fs::rename(run / "step-00000002", folder / "left");  // all but the renaming was done
    }
  });
  CHECK(files_in(run) == std::vector<std::string>{"step-00000001"});
  fs::rename(folder / "left", partial);
  CHECK(fs::exists(partial / "optimizer-00002-of-00002.safetensors"));
  CHECK(fs::exists(partial / "manifest.json") == has_manifest);
  CHECK(checkpoints::newest_checkpoint(run) == run / "step-00000001");
  CHECK(
      contains(sana_test::message_of<UserError>([&] { checkpoints::resolve_checkpoint(partial); }),
               "what is left of"));
  remove_leftovers(run);
  CHECK(files_in(run) == std::vector<std::string>{"step-00000001"});
  CHECK(load_checkpoint(run / "step-00000001").step == 1);
}

TEST_CASE("a missing shard, a shard of another step and one that nobody lists are named",
          "[train][distributed]") {
  const TemporaryDirectory run;
  in_world(2, [&](World& world) {
    Member member({}, world, run.path());
    for (int64_t step = 1; step <= 2; ++step) {
      sana_test::take_step(member.module, step, 2);
      member.save(step);
    }
  });
  const fs::path saved = run / "step-00000002";
  const std::string shard = "ema-00002-of-00002.safetensors";
  const auto complaint = [&] {
    std::string told;
    in_world(2, [&](World& world) {  // whoever finds it
      const std::string text =
          sana_test::message_of<UserError>([&] { load_checkpoint(saved, *world.control); });
      if (world.is_main()) told = text;
    });
    CHECK(told == sana_test::message_of<UserError>([&] { load_checkpoint(saved); }));
    return told;
  };
  SECTION("missing") {
    fs::remove(saved / shard);
    CHECK(contains(complaint(), shard + " is missing"));
    const std::string bare = sana_test::message_of<UserError>(
        [&] { load_safetensors(saved / "ema.safetensors.index.json"); });
    CHECK(contains(bare, "names the shard '" + shard + "', which is missing"));
  }
  SECTION("of another step") {
    fs::copy_file(run / "step-00000001" / shard, saved / shard,
                  fs::copy_options::overwrite_existing);
    CHECK(contains(complaint(), shard + " has another content (hash)"));
  }
  SECTION("not listed") {
    auto manifest = read_json_file(saved / "manifest.json");
    manifest["files"].erase(shard);
    write_file_atomically(saved / "manifest.json", manifest.dump());
    CHECK(contains(complaint(), shard + ", which ema.safetensors.index.json names, is not listed"));
  }
}

TEST_CASE("what is saved must be what is trained", "[train]") {
  const TemporaryDirectory run;
  in_world(1, [&](World& world) {
    Member member({}, world, run.path());
    member.saver.open(1);
    std::vector<SavedPart> parts = member.module.saved_parts(member.copies);
    parts.back().tensors.erase("second_moment.a");
    member.saver.begin(head_of(1), parts, {}, SteadyClock::now());
    CHECK(contains(sana_test::message_of<InternalError>([&] { member.saver.finish(); }),
                   "second_moment.a"));
  });
  CHECK(files_in(run.path()).empty());
}

TEST_CASE("fifty checkpoints take no more of the host's memory than the first ones",
          "[train][distributed]") {
  const TemporaryDirectory run(sana_test::quick_files());
  const SharedModule how{.sizes = {{"a", 200000}, {"b", 200000}, {"c", 200000}},
                         .bucket_bytes = 1 << 18};
  in_world(2, [&](World& world) {
    Member member(how, world, run.path(), /*keep_last=*/1);
    int64_t before = 0;
    for (int64_t step = 1; step <= 60; ++step) {
      member.save(step);
      if (step == 10) before = host_memory().peak_resident;
    }
    // One save copies 10 MB.
    const int64_t more = host_memory().peak_resident - before;
    if (more > 20 << 20) throw InternalError(bytes_string(more) + " more");
  });
  CHECK(files_in(run.path()) == std::vector<std::string>{"step-00000060"});
}

}  // namespace
