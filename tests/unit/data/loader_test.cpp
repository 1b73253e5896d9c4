#include "data/loading/loader.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "data/loading/epoch_plan.h"
#include "data/loading/mixed_dataset.h"
#include "media/unusable.h"
#include "support/skip.h"
#include "unit/data/fake_dataset.h"

namespace sana::data {
namespace {

std::shared_ptr<PreparedDataset> two_buckets(const TempFolder& folder) {
  std::vector<ClipSize> buckets(7, {8, 16, 5});
  buckets.insert(buckets.end(), 4, {16, 8, 1});
  make_pixels_dataset(folder.path(), buckets);
  return std::make_shared<PreparedDataset>(folder.path());
}

LoaderOptions options_of(int64_t batch_size, uint64_t seed, int64_t workers, int64_t prefetch) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.seed = seed;
  options.num_workers = workers;
  options.prefetch = prefetch;
  return options;
}

using BatchIds = std::vector<std::vector<std::string>>;

BatchIds take(PrefetchLoader& loader, int count) {
  BatchIds ids;
  for (int i = 0; i < count; ++i) ids.push_back(loader.next().ids);
  return ids;
}

TEST_CASE("the order does not depend on workers or prefetching", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  PrefetchLoader one(dataset, options_of(2, 9, 1, 1), {});
  PrefetchLoader many(dataset, options_of(2, 9, 5, 7), {});
  const BatchIds first = take(one, 30);
  CHECK(first == take(many, 30));
  CHECK(std::set<std::vector<std::string>>(first.begin(), first.end()).size() > 6);
}

TEST_CASE("continuing at a position gives what would have come", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const LoaderOptions options = options_of(2, 4, 2, 3);
  // 5 steps in the first epoch, where a sample waits for its batch, 6 in the second.
  const std::map<int, Position> positions = {{0, {0, 0}}, {1, {0, 1}},  {4, {0, 4}},
                                             {5, {1, 0}}, {10, {1, 5}}, {11, {2, 0}}};
  for (const auto& [skipped, expected] : positions) {
    INFO(skipped);
    PrefetchLoader whole(dataset, options, {});
    take(whole, skipped);
    const Position position = whole.position();
    CHECK(position == expected);
    PrefetchLoader rest(dataset, options, position);
    CHECK(take(rest, 9) == take(whole, 9));
  }
  PrefetchLoader at_end(dataset, options, {0, 5});
  CHECK(at_end.position() == Position{1, 0});
}

TEST_CASE("a position beyond the epoch is refused: the data set is another one", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const auto message = error_of([&] {
    PrefetchLoader loader(dataset, options_of(2, 4, 1, 1), {2, 7});
  });
  CHECK(contains(message, "step 7 of epoch 2"));
  CHECK(contains(message, "5 steps"));
}

TEST_CASE("an error of a worker reaches next(), again and again", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), std::vector<ClipSize>(3, {8, 16, 5}));
  const auto dataset = std::make_shared<PreparedDataset>(folder.path(), /*cache_bytes=*/0);
  // Same size, other contents: opens, but no sample can be read.
  const auto shard = folder / "shard-00000.h5";
  write_text(shard, std::string(fs::file_size(shard), 'x'));
  LoaderOptions options = options_of(1, 0, 2, 2);
  options.damage.max_share = 0;
  PrefetchLoader loader(dataset, options, {});
  CHECK(contains(error_of([&] { loader.next(); }), "shard-00000.h5"));
  CHECK(contains(error_of([&] { loader.next(); }), "shard-00000.h5"));
  CHECK(loader.position() == Position{0, 0});
}

TEST_CASE("a batch that a step waits for is read to its end when a signal asks to stop", "[data]") {
  const auto dataset = std::make_shared<FakeDataset>(
      std::vector<FakeDataset::Group>{{.bucket = {8, 16, 5}, .count = 4}});
  install_stop_handlers();
  ::raise(SIGTERM);
  PrefetchLoader loader(dataset, options_of(1, 0, 2, 2), {});
  CHECK_NOTHROW(take(loader, 4));
  CHECK_THROWS_AS(dataset->sample(0), Stopped);  // the rest of the program may be interrupted
  clear_stop_request();
}

TEST_CASE("a global batch is the same however processes and micro-steps share it", "[data]") {
  const auto dataset = std::make_shared<FakeDataset>(
      std::vector<FakeDataset::Group>{{{8, 16, 5}, 13}, {{8, 8, 1}, 7}});
  constexpr int64_t kGlobal = 4;
  const auto plan = plan_epoch(*dataset, {kGlobal, 3}, 0);
  struct Share {
    int64_t batch_size, micro_steps, ranks;
  };
  for (const Share& share :
       std::vector<Share>{{4, 1, 1}, {1, 4, 1}, {2, 1, 2}, {1, 2, 2}, {1, 1, 4}}) {
    INFO(share.batch_size << " x " << share.micro_steps << " x " << share.ranks);
    std::vector<SampleIndices> seen(plan.size(), SampleIndices(kGlobal, -1));
    for (int64_t rank = 0; rank < share.ranks; ++rank) {
      LoaderOptions options = options_of(share.batch_size, 3, 2, 2);
      options.micro_steps = share.micro_steps;
      options.ranks = {rank, share.ranks, 0};
      REQUIRE(options.global_batch() == kGlobal);
      PrefetchLoader loader(dataset, options, {});
      for (size_t step = 0; step < plan.size(); ++step) {
        CHECK(loader.position() == Position{0, int64_t(step)});
        for (int64_t micro = 0; micro < share.micro_steps; ++micro) {
          const Batch batch = loader.next();
          for (size_t i = 0; i < batch.ids.size(); ++i) {
            seen[step].at(size_t(batch.first_index) + i) = std::stoll(batch.ids[i]);
          }
        }
      }
      CHECK(loader.position() == Position{1, 0});
    }
    CHECK(seen == plan);
  }
}

TEST_CASE("a damaged sample is replaced by another of its bucket, counted and listed", "[data]") {
  const TempFolder folder;
  const std::vector<FakeDataset::Group> groups = {{{8, 16, 5}, 7}, {{16, 8, 1}, 4}};
  const auto dataset = std::make_shared<FakeDataset>(groups, std::set<int64_t>{2, 9});
  const auto whole = std::make_shared<FakeDataset>(groups);
  LoaderOptions options = options_of(2, 5, 3, 4);
  options.damage = {"data.videos", 0.5, folder / "damaged.jsonl"};
  PrefetchLoader loader(dataset, options, {}), undamaged(whole, options_of(2, 5, 3, 4), {});
  const BatchIds ids = take(loader, 18), expected = take(undamaged, 18);
  int replaced = 0;
  for (size_t batch = 0; batch < ids.size(); ++batch) {
    for (size_t i = 0; i < 2; ++i) {
      const std::string &got = ids[batch][i], &due = expected[batch][i];
      if (due != "2" && due != "9") {
        CHECK(got == due);
        continue;
      }
      ++replaced;
      CHECK(got != due);
      CHECK(dataset->info(std::stoll(got)).bucket == dataset->info(std::stoll(due)).bucket);
    }
  }
  CHECK(replaced >= 5);
  CHECK(loader.damaged().size() == 2);
  const std::string list = read_all(folder / "damaged.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 2);
  for (const char* part :
       {"\"id\":\"2\"", "\"id\":\"9\"", "checksum", "copy it again", "data.videos"}) {
    CHECK(contains(list, part));
  }

  // The same replacements when a run goes on in the middle, and no second line.
  PrefetchLoader rest(dataset, options, {1, 2});  // after the 5 steps of the first epoch
  CHECK(take(rest, 10) == BatchIds(ids.begin() + 7, ids.begin() + 17));
  CHECK(read_all(folder / "damaged.jsonl") == list);
}

TEST_CASE("too many damaged samples stop the run", "[data]") {
  const auto dataset = std::make_shared<FakeDataset>(
      std::vector<FakeDataset::Group>{{{8, 16, 5}, 10}}, std::set<int64_t>{1, 4, 7});
  LoaderOptions options = options_of(1, 5, 1, 1);
  options.damage = {"data.images", 0.15, {}};  // two of ten
  PrefetchLoader loader(dataset, options, {});
  const auto message = error_of([&] { take(loader, 10); });
  for (const char* part : {"data.images", "3 of 10", "data.max_damaged", "copy it again"}) {
    CHECK(contains(message, part));
  }
  options.damage.max_share = 0.25;
  PrefetchLoader tolerant(dataset, options, {});
  CHECK_NOTHROW(take(tolerant, 30));
  CHECK(tolerant.damaged().size() == 3);
}

TEST_CASE("a bucket without a readable sample is an error that names it", "[data]") {
  const auto dataset = std::make_shared<FakeDataset>(
      std::vector<FakeDataset::Group>{{{8, 16, 5}, 2}}, std::set<int64_t>{0, 1});
  LoaderOptions options = options_of(1, 5, 1, 1);
  options.damage.max_share = 1;
  PrefetchLoader loader(dataset, options, {});
  CHECK(contains(error_of([&] { loader.next(); }), "8x16x5"));
}

TEST_CASE("batches for a GPU lie in page-locked memory", "[data][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  const auto dataset =
      std::make_shared<FakeDataset>(std::vector<FakeDataset::Group>{{{8, 16, 5}, 6}});
  LoaderOptions options = options_of(2, 5, 3, 4);
  PrefetchLoader pageable(dataset, options, {});
  options.pinned = true;
  PrefetchLoader pinned(dataset, options, {});
  for (int i = 0; i < 6; ++i) {
    const Batch a = pageable.next(), b = pinned.next();
    CHECK_FALSE(a.data.is_pinned());
    CHECK(b.data.is_pinned());
    CHECK(at::equal(a.data, b.data.to(at::kCUDA, /*non_blocking=*/true).cpu()));
  }
}

TEST_CASE("no more batches are held than were asked for", "[data]") {
  const auto dataset =
      std::make_shared<FakeDataset>(std::vector<FakeDataset::Group>{{{8, 16, 5}, 100}});
  PrefetchLoader loader(dataset, options_of(1, 5, 4, 3), {});
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(dataset->num_read() <= i + 3);
    loader.next();
  }
}

TEST_CASE("epochs in which no sample has its turn are passed over", "[data]") {
  const auto dataset =
      std::make_shared<FakeDataset>(std::vector<FakeDataset::Group>{{{8, 16, 5}, 1, 0.1}});
  PrefetchLoader loader(dataset, options_of(1, 5, 1, 1), {});
  const int64_t first = loader.position().epoch;
  loader.next();
  CHECK(loader.position().epoch == first + 10);
}

TEST_CASE("data sets are mixed by weight; what does not belong together is refused", "[data]") {
  const auto a = std::make_shared<FakeDataset>(std::vector<FakeDataset::Group>{{{8, 16, 5}, 8}});
  const auto b = std::make_shared<FakeDataset>(
      std::vector<FakeDataset::Group>{{{8, 16, 5}, 4}, {{8, 8, 1}, 2, 2}});
  const MixedDataset mixed({{"data.mixture.0", a, 0.5}, {"data.mixture.1", b, 3}});
  CHECK(mixed.size() == 14);
  CHECK(mixed.info(7).weight == 0.5);
  CHECK(mixed.info(8).weight == 3);
  CHECK(mixed.info(13).weight == 6);
  CHECK(at::equal(mixed.sample(7).pixels, a->sample(7).pixels));
  CHECK(at::equal(mixed.sample(8).pixels, b->sample(0).pixels));
  CHECK(at::equal(mixed.sample(13).pixels, b->sample(5).pixels));
  CHECK(mixed.fingerprint() != MixedDataset({{"a", a, 1}, {"b", b, 3}}).fingerprint());

  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", {{64, 128, 5}});
  const Encoders encoders = test_encoders();
  run_prepare(test_config(folder / "pixels", folder / "latents", "latents"), &encoders);
  const auto latents = std::make_shared<PreparedDataset>(folder / "latents");
  CHECK(contains(error_of([&] {
                   MixedDataset({{"data.mixture.0", a, 1}, {"data.mixture.1", latents, 1}});
                 }),
                 "data.mixture.1"));
}

}  // namespace
}  // namespace sana::data
