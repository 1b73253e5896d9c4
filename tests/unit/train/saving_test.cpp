// What saving costs the host, and what happens to its errors.
#include <ATen/ATen.h>

#include <atomic>
#include <chrono>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "train/background_task.h"
#include "train/host_copies.h"

namespace sana::train {
namespace {

TEST_CASE("copies for a checkpoint use the memory of the last one", "[train]") {
  HostCopies copies;
  at::Tensor weight = at::ones({3, 4}), step = at::full({}, 5.0f);
  const TensorMap first = copies.take("weights", {{"w", weight}, {"step", step}});
  const void* memory = first.at("w").data_ptr();
  CHECK(memory != weight.data_ptr());
  weight.fill_(2);
  CHECK(at::equal(first.at("w"), at::ones({3, 4})));  // what was taken stays until the next
  for (int i = 0; i < 50; ++i) {
    const TensorMap again = copies.take("weights", {{"w", weight}, {"step", step}});
    CHECK(again.at("w").data_ptr() == memory);
    CHECK(at::equal(again.at("w"), weight));
  }
  // Another shape, another group: memory of their own.
  const TensorMap other = copies.take("average", {{"w", at::zeros({2})}});
  CHECK(other.at("w").data_ptr() != memory);
  CHECK(copies.take("weights", {{"w", at::zeros({5})}}).size() == 1);
}

TEST_CASE("work in the background is waited for, and its error reaches who waits", "[train]") {
  std::atomic<int> done = 0;
  {
    BackgroundTask task;
    task.finish();  // nothing runs
    task.start([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      ++done;
    });
    task.start([&] { done = done * 10; });  // waits for the first
    task.finish();
    CHECK(done == 10);
    task.start([] { throw EnvironmentError("the disk is full"); });
    CHECK(sana_test::message_of<EnvironmentError>([&] { task.finish(); }) == "the disk is full");
    task.finish();  // told once
    std::atomic<bool> may_fail = false;
    task.start([&] {
      while (!may_fail) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      throw EnvironmentError("no space is left");
    });
    task.check();  // it goes on
    may_fail = true;
    // Who asks now and then learns it before the next work begins.
    CHECK(sana_test::message_of<EnvironmentError>([&] {
            for (int i = 0; i < 5000; ++i) {
              task.check();
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
          }) == "no space is left");
    task.check();
    task.start([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      done = 7;
    });
  }
  CHECK(done == 7);  // the end waits, too
}

}  // namespace
}  // namespace sana::train
