#include "data/loader.h"

#include <set>

#include "unit/data/data_fixtures.h"

namespace sana::data {
namespace {

std::shared_ptr<PreparedDataset> two_buckets(const TempFolder& folder) {
  std::vector<Bucket> buckets(7, {8, 16, 5});
  buckets.insert(buckets.end(), 4, {16, 8, 1});
  make_pixels_dataset(folder.path(), buckets);
  return std::make_shared<PreparedDataset>(folder.path());
}

using Ids = std::vector<std::vector<std::string>>;

Ids take(PrefetchLoader& loader, int count) {
  Ids ids;
  for (int i = 0; i < count; ++i) ids.push_back(loader.next().ids);
  return ids;
}

TEST_CASE("the order of an epoch is a pure function of seed and epoch", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const auto order = epoch_batches(*dataset, 2, 5, 3);
  CHECK(order == epoch_batches(*dataset, 2, 5, 3));
  CHECK(order != epoch_batches(*dataset, 2, 5, 4));
  CHECK(order != epoch_batches(*dataset, 2, 6, 3));
}

TEST_CASE("measuring takes every sample exactly once, whatever the batch size", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  for (const int64_t batch_size : {1, 3, 4, 100}) {
    std::multiset<int64_t> seen;
    for (const auto& batch : batches_of_each_once(*dataset, batch_size)) {
      CHECK(int64_t(batch.size()) <= batch_size);
      for (const int64_t index : batch) {
        CHECK(dataset->info(index).bucket == dataset->info(batch[0]).bucket);
        seen.insert(index);
      }
    }
    CHECK(seen.size() == 11);
    CHECK(std::set<int64_t>(seen.begin(), seen.end()).size() == 11);
  }
}

TEST_CASE("an epoch has every sample, in batches of one bucket, the last one filled up", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const auto batches = epoch_batches(*dataset, 3, 1, 0);
  CHECK(batches.size() == 3 + 2);
  std::multiset<int64_t> seen;
  for (const auto& batch : batches) {
    REQUIRE(batch.size() == 3);
    for (const int64_t index : batch) {
      CHECK(dataset->info(index).bucket == dataset->info(batch[0]).bucket);
      seen.insert(index);
    }
  }
  for (int64_t i = 0; i < dataset->size(); ++i) CHECK(seen.count(i) >= 1);
  CHECK(seen.size() == 15);
}

TEST_CASE("a bucket smaller than the batch repeats its samples", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{8, 8, 1}, {8, 8, 1}});
  const PreparedDataset dataset(folder.path());
  const auto batches = epoch_batches(dataset, 5, 0, 0);
  REQUIRE(batches.size() == 1);
  CHECK(std::set<int64_t>(batches[0].begin(), batches[0].end()).size() == 2);
}

TEST_CASE("the order does not depend on workers or prefetching", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  PrefetchLoader one(dataset, {2, 9, 1, 1}, {});
  PrefetchLoader many(dataset, {2, 9, 5, 7}, {});
  const Ids first = take(one, 30);
  CHECK(first == take(many, 30));
  CHECK(std::set<std::vector<std::string>>(first.begin(), first.end()).size() > 6);
}

TEST_CASE("continuing at a position gives what would have come", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const LoaderOptions options{2, 4, 2, 3};
  for (const int skipped : {0, 1, 5, 6, 7, 13}) {
    INFO(skipped);
    PrefetchLoader whole(dataset, options, {});
    take(whole, skipped);
    const Position position = whole.position();
    CHECK(position == Position{skipped / 6, skipped % 6});
    PrefetchLoader rest(dataset, options, position);
    CHECK(take(rest, 9) == take(whole, 9));
  }
  PrefetchLoader at_end(dataset, options, {0, 6});
  CHECK(at_end.position() == Position{1, 0});
}

TEST_CASE("a position beyond the epoch is refused: the data set is another one", "[data]") {
  const TempFolder folder;
  const auto dataset = two_buckets(folder);
  const auto message = error_of([&] { PrefetchLoader loader(dataset, {2, 4, 1, 1}, {2, 7}); });
  CHECK(contains(message, "batch 7 of epoch 2"));
  CHECK(contains(message, "6 batches"));
}

TEST_CASE("an error of a worker reaches next()", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), std::vector<Bucket>(3, {8, 16, 5}));
  const auto dataset = std::make_shared<PreparedDataset>(folder.path(), /*cache_bytes=*/0);
  // Same size, other contents: opens, but cannot be read.
  const auto shard = folder / "shard-00000.h5";
  write_text(shard, std::string(fs::file_size(shard), 'x'));
  PrefetchLoader loader(dataset, {1, 0, 2, 2}, {});
  CHECK(contains(error_of([&] { loader.next(); }), "shard-00000.h5"));
  CHECK(contains(error_of([&] { loader.next(); }), "shard-00000.h5"));
  CHECK(loader.position() == Position{0, 0});
}

}  // namespace
}  // namespace sana::data
