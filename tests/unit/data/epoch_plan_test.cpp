#include "data/loading/epoch_plan.h"

#include <map>
#include <set>

#include "media/unusable.h"
#include "unit/data/fake_dataset.h"

namespace sana::data {
namespace {

constexpr ClipSize kWide{8, 16, 5}, kTall{16, 8, 5}, kImage{8, 8, 1};

// Times that each sample is drawn.
std::map<int64_t, int64_t> counts_of(const std::vector<PlanStep>& steps) {
  std::map<int64_t, int64_t> counts;
  for (const PlanStep& step : steps) {
    for (const SampleIndices& batch : step) {
      for (const int64_t index : batch) ++counts[index];
    }
  }
  return counts;
}

TEST_CASE("an epoch is a pure function of seed and epoch", "[data]") {
  const FakeDataset dataset({{kWide, 7}, {kTall, 4}});
  const auto plan = plan_epoch(dataset, {2, 5, 1}, 3);
  CHECK(plan == plan_epoch(dataset, {2, 5, 1}, 3));
  CHECK(plan != plan_epoch(dataset, {2, 5, 1}, 4));
  CHECK(plan != plan_epoch(dataset, {2, 6, 1}, 3));
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

TEST_CASE("every rank has as many full batches of one bucket, and no sample is dropped", "[data]") {
  const FakeDataset dataset({{kWide, 23}, {kTall, 9}, {kImage, 2}});
  for (const int64_t ranks : {1, 2, 3, 8}) {
    INFO(ranks);
    const auto plan = plan_epoch(dataset, {4, 1, ranks}, 0);
    for (const PlanStep& step : plan) {
      REQUIRE(int64_t(step.size()) == ranks);
      for (const SampleIndices& batch : step) {
        REQUIRE(batch.size() == 4);
        for (const int64_t index : batch) {
          CHECK(dataset.info(index).bucket == dataset.info(batch[0]).bucket);
        }
      }
    }
    // 6 + 3 + 1 batches; the least number of steps that holds them.
    CHECK(int64_t(plan.size()) == (10 + ranks - 1) / ranks);
    CHECK(counts_of(plan).size() == 34);
  }
}

TEST_CASE("the ranks of a step share a bucket where there are batches enough", "[data]") {
  const FakeDataset dataset({{kWide, 16}, {kTall, 10}, {kImage, 2}});
  const auto plan = plan_epoch(dataset, {2, 1, 4}, 0);
  // 8 + 5 + 1 batches: three steps of one bucket each, and one of what is left over.
  REQUIRE(plan.size() == 4);
  int64_t mixed = 0;
  for (const PlanStep& step : plan) {
    std::set<ClipSize> buckets;
    for (const SampleIndices& batch : step) buckets.insert(dataset.info(batch[0]).bucket);
    if (buckets.size() > 1) ++mixed;
  }
  CHECK(mixed == 1);
}

TEST_CASE("a bucket smaller than the batch repeats its samples", "[data]") {
  const FakeDataset dataset({{kImage, 2}});
  const auto plan = plan_epoch(dataset, {5, 0, 1}, 0);
  REQUIRE(plan.size() == 1);
  CHECK(counts_of(plan).size() == 2);
}

TEST_CASE("weights are kept over the epochs, each sample as often as the others", "[data]") {
  const FakeDataset dataset({{kWide, 40, 0.25}, {kTall, 10, 1}, {kImage, 3, 2.5}});
  std::map<int64_t, int64_t> sums;
  for (int64_t epoch = 0; epoch < 8; ++epoch) {
    const auto plan = plan_epoch(dataset, {1, 7, 1}, epoch);
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
                   plan_epoch(heavy, {1, 0, 1}, 0);
                 }),
                 "add up to 2e+06 draws"));
  const FakeDataset allowed({{kImage, 50, 1000}, {kWide, 2000, 1}});
  CHECK(plan_epoch(allowed, {1, 0, 1}, 0).size() == 52000);
}

}  // namespace
}  // namespace sana::data
