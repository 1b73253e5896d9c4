#include "core/random.h"

#include <ATen/ATen.h>

#include "core/device.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

using sana::RandomStreams;
using sana::UserError;
using sana_test::contains;
using sana_test::message_of;

namespace {
// An odd count of normals leaves half a Box-Muller pair in the generator: part of its state.
at::Tensor draw(RandomStreams& streams, const std::string& name, int64_t count = 7) {
  return at::randn({count}, streams.get(name));
}
}  // namespace

TEST_CASE("streams of one seed repeat, of names and seeds differ", "[random]") {
  RandomStreams first(1), again(1), other(2);
  const at::Tensor noise = draw(first, "noise");
  CHECK(at::equal(draw(again, "noise"), noise));
  CHECK_FALSE(at::equal(draw(first, "noise"), noise));
  CHECK_FALSE(at::equal(draw(again, "dropout"), noise));
  CHECK_FALSE(at::equal(draw(other, "noise"), noise));
  CHECK(sana::stream_seed(1, "noise") != sana::stream_seed(2, "noise"));
  CHECK(sana::stream_seed(0, "") != 0);
}

TEST_CASE("drawing from one stream never shifts another", "[random]") {
  RandomStreams quiet(5), busy(5);
  draw(busy, "dropout", 1000);
  CHECK(at::equal(draw(quiet, "noise"), draw(busy, "noise")));
}

TEST_CASE("restored streams go on exactly, through a file", "[random]") {
  const sana_test::TemporaryDirectory folder;
  RandomStreams original(3);
  for (int64_t count : {1, 3, 16, 1001}) draw(original, "noise", count);
  at::randperm(11, original.get("order"), at::kLong);
  sana::save_safetensors(folder / "random.safetensors", original.state());

  RandomStreams resumed(3);
  draw(resumed, "noise", 5);
  draw(resumed, "elsewhere", 5);
  resumed.restore(sana::load_safetensors(folder / "random.safetensors"), c10::kCPU);
  CHECK(at::equal(draw(resumed, "noise"), draw(original, "noise")));
  CHECK(at::equal(at::randperm(100, resumed.get("order"), at::kLong),
                  at::randperm(100, original.get("order"), at::kLong)));
  // A stream that was not saved starts anew.
  CHECK(at::equal(draw(resumed, "elsewhere"), draw(original, "elsewhere")));
}

TEST_CASE("a saved state is a snapshot", "[random]") {
  RandomStreams streams(3);
  draw(streams, "noise");
  const auto state = streams.state();
  CHECK(state.count("noise@cpu") == 1);
  const at::Tensor next = draw(streams, "noise");
  streams.restore(state, c10::kCPU);
  CHECK(at::equal(draw(streams, "noise"), next));
}

TEST_CASE("states that cannot be restored are refused and change nothing", "[random]") {
  RandomStreams streams(3), untouched(3);
  draw(streams, "noise");
  draw(untouched, "noise");
  const at::Tensor good = streams.state().at("noise@cpu");
  const auto complaint = [&](const std::string& key, const at::Tensor& bytes) {
    return message_of<UserError>([&] { streams.restore({{key, bytes}}, c10::kCPU); });
  };
  CHECK(contains(complaint("noise", good), "expected a name of the form"));
  CHECK(contains(complaint("noise@tpu", good), "expected a name of the form"));
  CHECK(contains(complaint("@cpu", good), "expected a name of the form"));
  CHECK(contains(complaint("noise@cuda", good), "saved on a GPU"));
  CHECK(contains(complaint("noise@cpu", good.to(at::kInt)), "not a list of bytes"));
  CHECK(contains(complaint("noise@cpu", good.slice(0, 0, 10)), "cannot be restored"));
  CHECK(at::equal(draw(streams, "noise"), draw(untouched, "noise")));
}

TEST_CASE("streams on a GPU go on exactly", "[random][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  const c10::Device device = sana::parse_device("auto");
  const auto on_gpu = at::TensorOptions().device(device);
  RandomStreams original(3);
  at::randn({1001}, original.get("noise", device), on_gpu);
  draw(original, "noise");
  RandomStreams resumed(3);
  resumed.restore(original.state(), device);
  CHECK(at::equal(at::randn({99}, resumed.get("noise", device), on_gpu),
                  at::randn({99}, original.get("noise", device), on_gpu)));
  CHECK(at::equal(draw(resumed, "noise"), draw(original, "noise")));
}
