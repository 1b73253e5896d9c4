// Samples whose hashes are right and whose types, shapes or numbers are not.
#include <limits>

#include "data/loading/loader.h"
#include "data/loading/mixed_dataset.h"
#include "unit/data/odd_sets.h"

namespace sana::data {
namespace {

// What the sample of a set of three says that `edit` has changed.
std::string damage_of_edited(const std::function<void(Sample&)>& edit, bool has_index,
                             bool has_geometry) {
  const TempFolder folder;
  OddSet set = latents_set(3);
  set.has_index = has_index;
  set.has_geometry = has_geometry;
  edit(set.samples[1]);
  write_odd_set(folder / "set", set);
  const PreparedDataset dataset(folder / "set");
  CHECK(dataset.sample(0).latents.equal(set.samples[0].latents));
  CHECK(dataset.sample(2).mask.equal(set.samples[2].mask));
  return damage_of(folder / "set", 1);
}

TEST_CASE("a sample of other types or shapes than its set's is damaged", "[data]") {
  struct Case {
    std::function<void(Sample&)> edit;
    std::string damage;
  };
  const std::vector<Case> cases = {
      {[](auto& s) { s.latents = s.latents.to(at::kLong); }, "latents are int64 [3, 2, 4, 6]"},
      {[](auto& s) { s.latents = s.latents.to(at::kByte); }, "latents are uint8 [3, 2, 4, 6]"},
      {[](auto& s) {
         s.latents = at::zeros({3, 2, 4, 5});
       },
       "latents are float32 [3, 2, 4, 5]"},
      {[](auto& s) {
         s.latents = at::zeros({4, 2, 4, 6});
       },
       "latents are float32 [4, 2, 4, 6]"},
      {[](auto& s) {
         s.latents = at::zeros({3, 3, 4, 6});
       },
       "latents are float32 [3, 3, 4, 6]"},
      {[](auto& s) {
         s.latents = at::zeros({3, 2, 24});
       },
       "latents are float32 [3, 2, 24]"},
      {[](auto& s) { s.latents = at::scalar_tensor(1.0); }, "latents are float32 []"},
      {[](auto& s) {
         s.latents = at::zeros({3, 2, 0, 6});
       },
       "latents are float32 [3, 2, 0, 6]"},
      {[](auto& s) { s.text = s.text.to(at::kByte); }, "text are uint8 [6, 8]"},
      {[](auto& s) {
         s.text = at::zeros({6, 9});
       },
       "text are float32 [6, 9], expected float32 [6, 8]"},
      {[](auto& s) {
         s.text = at::zeros({5, 8});
       },
       "text are float32 [5, 8]"},
      {[](auto& s) { s.text = at::zeros({48}); }, "text are float32 [48]"},
      {[](auto& s) { s.mask = at::ones({6}); }, "mask are float32 [6], expected int64 [6]"},
      {[](auto& s) { s.mask = at::ones({7}, at::kLong); }, "mask are int64 [7]"},
      {[](auto& s) { s.mask = at::scalar_tensor(1, at::kLong); }, "mask are int64 []"},
      {[](auto& s) { s.latents = at::Tensor(); }, "sample-00000001/latents"},
      {[](auto& s) { s.text = at::Tensor(); }, "sample-00000001/text"}};
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    for (const bool has_index : {true, false}) {
      if (!has_index && i % 5 != 0) continue;  // it costs more time and finds the same
      const std::string damage = damage_of_edited(one.edit, has_index, true);
      INFO(damage);
      CHECK(contains(damage, one.damage));
      CHECK(contains(damage, "shard-00000.h5"));
    }
  }
}

TEST_CASE("a sample whose numbers are none is damaged", "[data]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  for (const float number : {nan, infinite, -infinite}) {
    CHECK(contains(damage_of_edited([&](auto& s) { s.latents[1][0][2][3] = number; }, true, true),
                   "its latents are not finite"));
    CHECK(contains(damage_of_edited([&](auto& s) { s.text[5][7] = number; }, true, true),
                   "its text features are not finite"));
  }
  for (const std::vector<int64_t>& mask :
       {std::vector<int64_t>{0, 0, 0, 0, 0, 0}, {1, 2, 0, 0, 0, 0}, {1, -1, 0, 0, 0, 0}}) {
    CHECK(contains(
        damage_of_edited([&](auto& s) { s.mask = at::tensor(mask, at::kLong); }, true, true),
        "its mask is not of 0 and 1"));
  }
}

TEST_CASE("without the VAE's geometry the first samples of a set say what the others must be",
          "[data]") {
  const auto damage = [](const at::Tensor& latents) {
    return damage_of_edited([&](auto& s) { s.latents = latents; }, true, false);
  };
  for (const at::Tensor& latents :
       {at::zeros({4, 2, 4, 6}), at::zeros({3, 1, 4, 6}), at::zeros({3, 2, 8, 12})}) {
    CHECK(contains(damage(latents), "expected float32 [3, 2, 4, 6]"));
  }
  // A first sample that is none, or does not fit its own bucket, says nothing.
  for (const at::Tensor& latents : {at::zeros({3, 2, 5, 6}), at::zeros({3, 9, 4, 6})}) {
    const TempFolder folder;
    OddSet set = latents_set(3);
    set.has_geometry = false;
    set.samples[0].latents = latents;
    write_odd_set(folder / "set", set);
    CHECK(contains(damage_of(folder / "set", 0), "expected float32 [3, 2, 4, 6]"));
    CHECK(PreparedDataset(folder / "set").sample(2).latents.equal(set.samples[2].latents));
  }
}

TEST_CASE("samples of other types are replaced while training, and listed", "[data]") {
  const TempFolder folder;
  OddSet set = latents_set(4);
  set.samples[0].text = set.samples[0].text.to(at::kByte);
  set.samples[2].text = set.samples[2].text.to(at::kByte);
  write_odd_set(folder / "set", set);
  LoaderOptions options;
  options.batch_size = 4;
  options.damage.max_share = 0.5;
  options.damage.list = folder / "damaged.jsonl";
  PrefetchLoader loader(std::make_shared<PreparedDataset>(folder / "set"), options, {});
  for (int i = 0; i < 3; ++i) CHECK(loader.next().text.sizes() == at::IntArrayRef({4, 6, 8}));
  CHECK(loader.damaged().size() == 2);
  CHECK(contains(read_all(folder / "damaged.jsonl"), "text are uint8"));
}

TEST_CASE("sets with text features of other sizes are not mixed", "[data]") {
  const TempFolder folder;
  OddSet set = latents_set(2);
  write_odd_set(folder / "a", set);
  for (Sample& sample : set.samples) sample.text = at::ones({6, 9});
  set.null_text.text = at::ones({6, 9});
  write_odd_set(folder / "b", set);
  const auto a = std::make_shared<PreparedDataset>(folder / "a"),
             b = std::make_shared<PreparedDataset>(folder / "b");
  CHECK(contains(message_of<UserError>([&] {
                   MixedDataset({{"first", a, 1}, {"second", b, 1}});
                 }),
                 "second has text features [1, 6, 9], first has [1, 6, 8]"));
}

TEST_CASE("an empty caption of other types or shapes is refused by name", "[data]") {
  const auto refusal = [](const std::function<void(Sample&)>& edit) {
    const TempFolder folder;
    OddSet set = latents_set(2);
    edit(set.null_text);
    write_odd_set(folder / "set", set);
    return message_of<UserError>([&] { PreparedDataset dataset(folder / "set"); });
  };
  CHECK(contains(refusal([](auto& s) { s.text = s.text.to(at::kByte); }), "text are uint8 [6, 8]"));
  CHECK(contains(refusal([](auto& s) { s.text = at::zeros({0, 8}); }), "text are float32 [0, 8]"));
  CHECK(contains(refusal([](auto& s) { s.text = at::scalar_tensor(1.0); }), "text are float32 []"));
  CHECK(contains(refusal([](auto& s) { s.text.fill_(NAN); }), "not finite"));
  CHECK(contains(refusal([](auto& s) { s.mask = at::ones({6}); }), "mask are float32 [6]"));
  CHECK(contains(refusal([](auto& s) { s.mask.zero_(); }), "0 and 1"));
  CHECK(contains(refusal([](auto& s) { s.mask = at::ones({5}, at::kLong); }), "of 5 tokens"));
  CHECK(contains(refusal([](auto& s) { s.mask = at::zeros({6}); }), "null_text.h5"));
}

TEST_CASE("a set cannot declare samples that its files do not hold", "[data]") {
  const TempFolder folder;
  OddSet set;
  set.kind = Kind::kPixels;
  set.bucket = {8, 8, 2};
  set.samples.resize(1);
  set.samples[0].pixels = test_pixels(2, 8, 8, 1);
  set.bucket = {60000, 60000, 2};
  write_odd_set(folder / "set", set);
  CHECK(contains(damage_of(folder / "set"), "expected uint8 [2, 60000, 60000, 3]"));
}

}  // namespace
}  // namespace sana::data
