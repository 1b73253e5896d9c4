#include "data/loading/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "data/loading/epoch_plan.h"
#include "data/loading/sample_order.h"

namespace sana::data {

// Beyond it the turns of weighted samples are no longer exact.
constexpr int64_t kMaxEpoch = 1'000'000'000;

// Workers take tickets (numbers of batches, counted from the start) and put results under them, so
// next() gives them in order whoever finishes first.
struct PrefetchLoader::Impl {
  struct Result {
    Batch batch;
    std::exception_ptr error;
  };

  std::shared_ptr<const Dataset> dataset;
  LoaderOptions options;
  std::map<ClipSize, SampleIndices> buckets;
  DamagedSamples damaged;

  mutable std::mutex lock;  // of what follows
  std::condition_variable room, ready;
  Position given, taken;  // of the next batch for next(), and for a worker
  int64_t next_given = 0, next_taken = 0;
  std::map<int64_t, Result> results;
  std::map<int64_t, std::vector<SampleIndices>> plans;  // this rank's batches, by epoch
  bool closing = false;
  std::vector<std::thread> workers;

  Impl(std::shared_ptr<const Dataset> data, const LoaderOptions& chosen)
      : dataset(std::move(data)),
        options(chosen),
        buckets(samples_by_bucket(*dataset)),
        damaged(options.damage, dataset->size()) {}

  // The lock is held, or no worker runs yet.
  const std::vector<SampleIndices>& plan(int64_t epoch) {
    auto found = plans.find(epoch);
    if (found == plans.end()) {
      plans.erase(plans.begin(), plans.lower_bound(std::min(given.epoch, epoch)));
      auto steps =
          plan_epoch(*dataset, {options.batch_size, options.seed, options.ranks.count}, epoch);
      std::vector<SampleIndices> mine;
      for (PlanStep& step : steps) {
        mine.push_back(std::move(step[static_cast<size_t>(options.ranks.rank)]));
      }
      found = plans.emplace(epoch, std::move(mine)).first;
    }
    return found->second;
  }

  // Over the ends of epochs, and over epochs in which no sample's turn comes.
  void skip_ends(Position& position) {
    constexpr int64_t kTries = 1000;
    for (int64_t tries = 0; tries < kTries; ++tries) {
      if (position.cursor < static_cast<int64_t>(plan(position.epoch).size())) return;
      position = {position.epoch + 1, 0};
    }
    throw UserError(fmt::format(
        "{}: the weights of its samples are so small that none is drawn in {} epochs; raise them",
        options.damage.key, kTries));
  }

  void advance(Position& position) {
    ++position.cursor;
    skip_ends(position);
  }

  // Nothing when it is damaged, which is entered in the account.
  std::optional<Sample> try_to_read(int64_t index) {
    if (damaged.contains(index)) return std::nullopt;
    try {
      return dataset->sample(index);
    } catch (const media::UnusableClip& problem) {
      damaged.add(index, dataset->info(index).id, problem);
      return std::nullopt;
    }
  }

  // The sample, or another of its bucket; `index` becomes what was read.
  Sample read_or_replace(int64_t& index, int64_t epoch) {
    if (auto sample = try_to_read(index)) return *sample;
    const ClipSize& bucket = dataset->info(index).bucket;
    SampleIndices others = buckets.at(bucket);
    OrderRandom random(
        stream_seed(options.seed, fmt::format("replacement of {} in epoch {}", index, epoch)));
    random.shuffle(others);
    for (const int64_t other : others) {
      if (auto sample = try_to_read(other)) {
        index = other;
        return *sample;
      }
    }
    throw UserError(fmt::format("{}: no sample of the bucket {} can be read", options.damage.key,
                                to_string(bucket)));
  }

  Batch read(SampleIndices indices, int64_t epoch) {
    std::vector<Sample> samples;
    for (int64_t& index : indices) samples.push_back(read_or_replace(index, epoch));
    return stack_samples(*dataset, indices, samples, options.pinned);
  }

  void work() {
    std::unique_lock guard(lock);
    while (true) {
      room.wait(guard, [&] { return closing || next_taken < next_given + options.prefetch; });
      if (closing) return;
      const int64_t ticket = next_taken++;
      const int64_t epoch = taken.epoch;
      const SampleIndices indices = plan(epoch)[static_cast<size_t>(taken.cursor)];
      advance(taken);
      guard.unlock();
      Result result;
      try {
        result.batch = read(indices, epoch);
      } catch (...) {
        result.error = std::current_exception();
      }
      guard.lock();
      results.emplace(ticket, std::move(result));
      ready.notify_all();
    }
  }
};

PrefetchLoader::PrefetchLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options,
                               Position start)
    : impl_(std::make_unique<Impl>(std::move(dataset), options)) {
  SANA_ASSERT(options.batch_size > 0 && options.num_workers > 0 && options.prefetch > 0);
  SANA_ASSERT(options.ranks.rank >= 0 && options.ranks.rank < options.ranks.count);
  require(start.epoch >= 0 && start.epoch <= kMaxEpoch && start.cursor >= 0,
          "cannot continue at batch {} of epoch {}", start.cursor, start.epoch);
  impl_->given = start;
  const auto batches = static_cast<int64_t>(impl_->plan(start.epoch).size());
  require(
      start.cursor <= batches,
      "cannot continue at batch {} of epoch {}: an epoch of this data set has {} batches of {}. "
      "Continue with the data set and batch size that the run was begun with.",
      start.cursor, start.epoch, batches, options.batch_size);
  impl_->skip_ends(impl_->given);
  impl_->taken = impl_->given;
  for (int64_t i = 0; i < options.num_workers; ++i) {
    impl_->workers.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

PrefetchLoader::~PrefetchLoader() {
  {
    const std::lock_guard guard(impl_->lock);
    impl_->closing = true;
  }
  impl_->room.notify_all();
  for (std::thread& worker : impl_->workers) worker.join();
}

Batch PrefetchLoader::next() {
  std::unique_lock guard(impl_->lock);
  impl_->ready.wait(guard, [&] { return impl_->results.count(impl_->next_given) != 0; });
  auto node = impl_->results.extract(impl_->next_given);
  // The batch stays due when it failed: asking again fails again, it is not passed over.
  if (node.mapped().error) {
    const auto error = node.mapped().error;
    impl_->results.insert(std::move(node));
    std::rethrow_exception(error);
  }
  ++impl_->next_given;
  impl_->advance(impl_->given);
  impl_->room.notify_one();
  return std::move(node.mapped().batch);
}

Position PrefetchLoader::position() const {
  const std::lock_guard guard(impl_->lock);
  return impl_->given;
}

const DamagedSamples& PrefetchLoader::damaged() const { return impl_->damaged; }

}  // namespace sana::data
