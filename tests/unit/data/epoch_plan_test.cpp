#include "data/loading/epoch_plan.h"

#include <map>
#include <set>

#include "media/unusable.h"
#include "unit/data/fake_dataset.h"

namespace sana::data {
namespace {

constexpr ClipSize kWide{8, 16, 5}, kTall{16, 8, 5}, kImage{8, 8, 1};

// Times that each sample is drawn.
std::map<int64_t, int64_t> counts_of(const std::vector<SampleIndices>& steps) {
  std::map<int64_t, int64_t> counts;
  for (const SampleIndices& step : steps) {
    for (const int64_t index : step) ++counts[index];
  }
  return counts;
}

TEST_CASE("an epoch is a pure function of seed and epoch", "[data]") {
  const FakeDataset dataset({{kWide, 7}, {kTall, 4}});
  const auto plan = plan_epoch(dataset, {2, 5}, 3);
  CHECK(plan == plan_epoch(dataset, {2, 5}, 3));
  CHECK(plan != plan_epoch(dataset, {2, 5}, 4));
  CHECK(plan != plan_epoch(dataset, {2, 6}, 3));
}

TEST_CASE("measuring takes every sample exactly once, whatever the batch size", "[data]") {
  const FakeDataset dataset({{kWide, 7}, {kTall, 4}});
  for (const int64_t batch_size : {1, 3, 4, 100}) {
    std::multiset<int64_t> seen;
    for (const auto& batch : batches_of_each_once(dataset, batch_size)) {
      CHECK(int64_t(batch.size()) <= batch_size);
      for (const int64_t index : batch) {
        CHECK(dataset.info(index).bucket == dataset.info(batch[0]).bucket);
        seen.insert(index);
      }
    }
    CHECK(seen.size() == 11);
    CHECK(std::set<int64_t>(seen.begin(), seen.end()).size() == 11);
  }
}

TEST_CASE("a step is a full batch of one bucket, and no sample is dropped or drawn too often",
          "[data]") {
  const FakeDataset dataset({{kWide, 23}, {kTall, 9}, {kImage, 2}});
  for (const int64_t batch : {1, 3, 4, 16, 64}) {
    INFO(batch);
    std::map<int64_t, int64_t> counts;
    int64_t drawn = 0;
    const int64_t epochs = 40;
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      for (const SampleIndices& step : plan_epoch(dataset, {batch, 1}, epoch)) {
        REQUIRE(int64_t(step.size()) == batch);
        for (const int64_t index : step) {
          CHECK(dataset.info(index).bucket == dataset.info(step[0]).bucket);
          ++counts[index];
          ++drawn;
        }
      }
    }
    // What is missing waits for its batch to fill: less than one of each bucket.
    CHECK(drawn > epochs * 34 - 3 * batch);
    CHECK(drawn <= epochs * 34);
    for (int64_t i = 0; i < dataset.size(); ++i) {
      CHECK(counts[i] <= epochs);
      CHECK(counts[i] >= epochs - (batch + 1) / 2 - 1);
    }
  }
}

TEST_CASE("what does not fill a batch begins one in the next epoch", "[data]") {
  const FakeDataset dataset({{kWide, 5}});
  CHECK(plan_epoch(dataset, {4, 3}, 0).size() == 1);
  const auto second = plan_epoch(dataset, {4, 3}, 1);
  REQUIRE(second.size() == 1);
  const auto first_epoch = counts_of(plan_epoch(dataset, {4, 3}, 0));
  REQUIRE(first_epoch.size() == 4);
  // The one sample that the first epoch left over, in the batch that it opens.
  const int64_t left = 0 + 1 + 2 + 3 + 4 - [&] {
    int64_t sum = 0;
    for (const auto& [index, count] : first_epoch) sum += index;
    return sum;
  }();
  CHECK(second[0][0] == left);
}

TEST_CASE("a bucket smaller than the batch has a step every few epochs", "[data]") {
  const FakeDataset dataset({{kImage, 2}});
  std::vector<size_t> steps;
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    steps.push_back(plan_epoch(dataset, {5, 0}, epoch).size());
  }
  CHECK(steps == std::vector<size_t>{0, 0, 1, 0, 1});
  CHECK(counts_of(plan_epoch(dataset, {5, 0}, 2)).size() == 2);
}

TEST_CASE("weights are kept over the epochs, each sample as often as the others", "[data]") {
  const FakeDataset dataset({{kWide, 40, 0.25}, {kTall, 10, 1}, {kImage, 3, 2.5}});
  std::map<int64_t, int64_t> sums;
  for (int64_t epoch = 0; epoch < 8; ++epoch) {
    const auto plan = plan_epoch(dataset, {1, 7}, epoch);
    const auto counts = counts_of(plan);
    int64_t wide = 0;
    for (const auto& [index, count] : counts) {
      sums[index] += count;
      if (dataset.info(index).bucket == kWide) wide += count;
    }
    CHECK(std::abs(wide - 10) <= 1);  // a quarter of forty
  }
  for (int64_t i = 0; i < dataset.size(); ++i) {
    CHECK(double(sums[i]) == sana_test::Approx(8 * dataset.info(i).weight));
  }
}

TEST_CASE("the turns of a weight add up at every epoch", "[data]") {
  for (const double weight : {0.001, 0.3, 1.0, 1.7, 4.0}) {
    for (const double offset : {0.0, 0.4, 0.999999999}) {
      int64_t sum = 0;
      for (int64_t epoch = 0; epoch < 3000; ++epoch) {
        sum += draws_in_epoch(weight, offset, epoch);
        CHECK(std::abs(double(sum) - double(epoch + 1) * weight) <= 1.0);
      }
    }
  }
  // A whole weight never depends on rounding.
  for (int64_t epoch = 0; epoch < 100000; epoch += 37) {
    REQUIRE(draws_in_epoch(1.0, 1 - 1e-16, epoch) == 1);
  }
}

TEST_CASE("an epoch is not as long as weights alone want it", "[data]") {
  const FakeDataset heavy({{kWide, 2000, 1000}});
  CHECK(contains(message_of<UserError>([&] {
                   plan_epoch(heavy, {1, 0}, 0);
                 }),
                 "add up to 2e+06 draws"));
  const FakeDataset allowed({{kImage, 50, 1000}, {kWide, 2000, 1}});
  CHECK(plan_epoch(allowed, {1, 0}, 0).size() == 52000);
}

}  // namespace
}  // namespace sana::data
