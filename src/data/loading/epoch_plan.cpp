#include "data/loading/epoch_plan.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "data/loading/sample_order.h"

namespace sana::data {
namespace {

constexpr double kFreeDraws = 1e6, kDrawsPerSample = 10;

size_t as_size(int64_t count) { return static_cast<size_t>(count); }

// When the turn of each sample comes: evenly spread over those of one weight, so that an epoch has
// its share of them, in an order drawn by lot.
std::vector<double> turn_offsets(const Dataset& dataset, uint64_t seed) {
  std::map<double, SampleIndices> by_weight;
  for (int64_t i = 0; i < dataset.size(); ++i) by_weight[dataset.info(i).weight].push_back(i);
  OrderRandom random(stream_seed(seed, "turns of weighted samples"));
  std::vector<double> offsets(as_size(dataset.size()));
  for (auto& [weight, samples] : by_weight) {
    random.shuffle(samples);
    for (size_t k = 0; k < samples.size(); ++k) {
      offsets[as_size(samples[k])] = (double(k) + 0.5) / double(samples.size());
    }
  }
  return offsets;
}

// An epoch is planned in memory, which weights must not decide alone.
void check_draws(const Dataset& dataset) {
  double draws = 0;
  for (int64_t i = 0; i < dataset.size(); ++i) draws += dataset.info(i).weight;
  const double most = kFreeDraws + kDrawsPerSample * static_cast<double>(dataset.size());
  require(
      draws <= most,
      "the weights of its {} samples add up to {:g} draws in an epoch, at most {:g} are planned; "
      "lower them: only their proportions matter",
      dataset.size(), draws, most);
}

// Times that a sample was drawn before an epoch: the sum of draws_in_epoch().
int64_t draws_before(double weight, double offset, int64_t epoch) {
  const double whole = std::floor(weight), rest = weight - whole;
  const auto epochs = static_cast<double>(epoch);
  return static_cast<int64_t>(whole * epochs + std::floor(epochs * rest + offset));
}

// The samples that one bucket draws, epoch after epoch, as one endless row.
class BucketRow {
 public:
  BucketRow(const Dataset& dataset, const std::vector<double>& offsets, SampleIndices samples,
            uint64_t seed)
      : dataset_(dataset), offsets_(offsets), samples_(std::move(samples)), seed_(seed) {}

  // Where the epoch begins in the row.
  int64_t begin_of(int64_t epoch) const {
    int64_t drawn = 0;
    for (const int64_t i : samples_) drawn += draws_before(weight(i), offset(i), epoch);
    return drawn;
  }

  // The row from `begin` to the end of `epoch`. `begin` lies in that epoch or in an earlier one.
  SampleIndices up_to(int64_t begin, int64_t epoch) const {
    std::vector<SampleIndices> parts = {drawn_in(epoch)};  // the last epoch first
    int64_t at = begin_of(epoch);
    for (int64_t earlier = epoch; at > begin;) {
      parts.push_back(drawn_in(--earlier));
      at -= static_cast<int64_t>(parts.back().size());
    }
    SampleIndices row;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      row.insert(row.end(), part->begin(), part->end());
    }
    row.erase(row.begin(), row.begin() + (begin - at));
    return row;
  }

 private:
  double weight(int64_t sample) const { return dataset_.info(sample).weight; }
  double offset(int64_t sample) const { return offsets_[as_size(sample)]; }

  SampleIndices drawn_in(int64_t epoch) const {
    SampleIndices drawn;
    for (const int64_t i : samples_) {
      drawn.insert(drawn.end(), as_size(draws_in_epoch(weight(i), offset(i), epoch)), i);
    }
    const std::string bucket = to_string(dataset_.info(samples_.front()).bucket);
    OrderRandom(stream_seed(seed_, fmt::format("order of {} in epoch {}", bucket, epoch)))
        .shuffle(drawn);
    return drawn;
  }

  const Dataset& dataset_;
  const std::vector<double>& offsets_;
  SampleIndices samples_;
  uint64_t seed_;
};

}  // namespace

int64_t draws_in_epoch(double weight, double offset, int64_t epoch) {
  const double whole = std::floor(weight), rest = weight - whole;
  const auto turn = [&](int64_t e) { return std::floor(static_cast<double>(e) * rest + offset); };
  return static_cast<int64_t>(whole + turn(epoch + 1) - turn(epoch));
}

std::map<ClipSize, SampleIndices> samples_by_bucket(const Dataset& dataset) {
  std::map<ClipSize, SampleIndices> buckets;
  for (int64_t i = 0; i < dataset.size(); ++i) buckets[dataset.info(i).bucket].push_back(i);
  return buckets;
}

std::vector<SampleIndices> batches_of_each_once(const Dataset& dataset, int64_t batch_size) {
  SANA_ASSERT(batch_size > 0);
  std::vector<SampleIndices> batches;
  for (const auto& [bucket, samples] : samples_by_bucket(dataset)) {
    for (size_t i = 0; i < samples.size(); ++i) {
      if (i % as_size(batch_size) == 0) batches.emplace_back();
      batches.back().push_back(samples[i]);
    }
  }
  return batches;
}

std::vector<SampleIndices> plan_epoch(const Dataset& dataset, const PlanSettings& settings,
                                      int64_t epoch) {
  SANA_ASSERT(settings.global_batch > 0);
  check_draws(dataset);
  const int64_t batch = settings.global_batch;
  const std::vector<double> offsets = turn_offsets(dataset, settings.seed);
  std::vector<SampleIndices> steps;
  for (auto& [bucket, samples] : samples_by_bucket(dataset)) {
    const BucketRow row(dataset, offsets, std::move(samples), settings.seed);
    const int64_t first = row.begin_of(epoch) / batch, last = row.begin_of(epoch + 1) / batch;
    if (first == last) continue;
    const SampleIndices drawn = row.up_to(first * batch, epoch);
    for (auto at = drawn.begin(); drawn.end() - at >= batch; at += batch) {
      steps.emplace_back(at, at + batch);
    }
  }
  OrderRandom(stream_seed(settings.seed, fmt::format("order of steps in epoch {}", epoch)))
      .shuffle(steps);
  return steps;
}

}  // namespace sana::data
