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

// What each sample of an epoch contributes, by bucket.
std::map<ClipSize, SampleIndices> drawn_by_bucket(const Dataset& dataset, uint64_t seed,
                                                  int64_t epoch) {
  std::map<ClipSize, SampleIndices> drawn;
  const std::vector<double> offsets = turn_offsets(dataset, seed);
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const SampleInfo& info = dataset.info(i);
    const int64_t times = draws_in_epoch(info.weight, offsets[as_size(i)], epoch);
    if (times > 0) drawn[info.bucket].insert(drawn[info.bucket].end(), as_size(times), i);
  }
  return drawn;
}

std::vector<SampleIndices> full_batches(const SampleIndices& samples, int64_t batch_size) {
  std::vector<SampleIndices> batches;
  for (size_t begin = 0; begin < samples.size(); begin += as_size(batch_size)) {
    SampleIndices& batch = batches.emplace_back();
    for (size_t i = begin; batch.size() < as_size(batch_size); ++i) {
      batch.push_back(samples[i % samples.size()]);
    }
  }
  return batches;
}

// Steps of the batches that are left over of their buckets.
void add_mixed_steps(const Dataset& dataset, std::vector<SampleIndices> batches, size_t ranks,
                     std::vector<PlanStep>& steps) {
  const auto pixels = [&](const SampleIndices& batch) {
    return dataset.info(batch.front()).bucket.pixels();
  };
  std::stable_sort(
      batches.begin(), batches.end(),
      [&](const SampleIndices& a, const SampleIndices& b) { return pixels(a) > pixels(b); });
  for (size_t begin = 0; begin < batches.size(); begin += ranks) {
    const size_t end = std::min(batches.size(), begin + ranks);
    PlanStep& step =
        steps.emplace_back(batches.begin() + ptrdiff_t(begin), batches.begin() + ptrdiff_t(end));
    for (size_t again = 0; step.size() < ranks; ++again) step.push_back(step[again]);
  }
}

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

std::vector<PlanStep> plan_epoch(const Dataset& dataset, const PlanSettings& settings,
                                 int64_t epoch) {
  SANA_ASSERT(settings.batch_size > 0 && settings.num_ranks > 0);
  check_draws(dataset);
  const size_t ranks = as_size(settings.num_ranks);
  OrderRandom random(stream_seed(settings.seed, fmt::format("data order of epoch {}", epoch)));
  std::vector<PlanStep> steps;
  std::vector<SampleIndices> left_over;
  for (auto& [bucket, samples] : drawn_by_bucket(dataset, settings.seed, epoch)) {
    random.shuffle(samples);
    const auto batches = full_batches(samples, settings.batch_size);
    const size_t whole_steps = batches.size() / ranks * ranks;
    for (size_t begin = 0; begin < whole_steps; begin += ranks) {
      steps.emplace_back(batches.begin() + ptrdiff_t(begin),
                         batches.begin() + ptrdiff_t(begin + ranks));
    }
    left_over.insert(left_over.end(), batches.begin() + ptrdiff_t(whole_steps), batches.end());
  }
  add_mixed_steps(dataset, std::move(left_over), ranks, steps);
  random.shuffle(steps);
  return steps;
}

}  // namespace sana::data
