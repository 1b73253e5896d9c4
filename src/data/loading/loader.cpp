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
#include "core/signals.h"
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
  // Of a micro-step.
  struct Place {
    Position step;
    int64_t micro_step = 0;
  };
  Place given, taken;  // of the next batch for next(), and for a worker
  int64_t next_given = 0, next_taken = 0;
  std::map<int64_t, Result> results;
  std::map<int64_t, std::vector<SampleIndices>> plans;  // by epoch
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
      plans.erase(plans.begin(), plans.lower_bound(std::min(given.step.epoch, epoch)));
      found =
          plans.emplace(epoch, plan_epoch(*dataset, {options.global_batch(), options.seed}, epoch))
              .first;
    }
    return found->second;
  }

  // Over the ends of epochs, and over epochs in which no sample's turn comes.
  void skip_ends(Position& position) {
    constexpr int64_t kTries = 100000;
    for (int64_t tries = 0; tries < kTries; ++tries) {
      if (position.cursor < static_cast<int64_t>(plan(position.epoch).size())) return;
      position = {position.epoch + 1, 0};
    }
    throw UserError(fmt::format(
        "{}: {} samples with such small weights do not fill a batch of {} in {} epochs; raise the "
        "weights or make the batch smaller",
        options.damage.key, dataset->size(), options.global_batch(), kTries));
  }

  void advance(Place& place) {
    if (++place.micro_step < options.micro_steps) return;
    place.micro_step = 0;
    ++place.step.cursor;
    skip_ends(place.step);
  }

  // Of this rank's samples in the global batch of a step.
  int64_t first_index(int64_t micro_step) const {
    return (micro_step * options.ranks.count + options.ranks.rank) * options.batch_size;
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

  Batch read(SampleIndices indices, int64_t first_index, int64_t epoch) {
    std::vector<Sample> samples;
    for (int64_t& index : indices) samples.push_back(read_or_replace(index, epoch));
    Batch batch = stack_samples(*dataset, indices, samples, options.pinned);
    batch.first_index = first_index;
    return batch;
  }

  void work() {
    // The step that waits for a batch is finished and saved.
    const StopShield shield;
    std::unique_lock guard(lock);
    while (true) {
      room.wait(guard, [&] { return closing || next_taken < next_given + options.prefetch; });
      if (closing) return;
      const int64_t ticket = next_taken++;
      const int64_t epoch = taken.step.epoch, first = first_index(taken.micro_step);
      const SampleIndices& step = plan(epoch)[static_cast<size_t>(taken.step.cursor)];
      const SampleIndices indices(step.begin() + first, step.begin() + first + options.batch_size);
      advance(taken);
      guard.unlock();
      Result result;
      try {
        result.batch = read(indices, first, epoch);
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
  SANA_ASSERT(options.batch_size > 0 && options.micro_steps > 0);
  SANA_ASSERT(options.num_workers > 0 && options.prefetch > 0);
  SANA_ASSERT(options.ranks.rank >= 0 && options.ranks.rank < options.ranks.count);
  require(start.epoch >= 0 && start.epoch <= kMaxEpoch && start.cursor >= 0,
          "cannot continue at step {} of epoch {}", start.cursor, start.epoch);
  impl_->given.step = start;
  const auto steps = static_cast<int64_t>(impl_->plan(start.epoch).size());
  require(start.cursor <= steps,
          "cannot continue at step {} of epoch {}: that epoch of this data set has {} steps of {} "
          "samples. Continue with the data set and batch size that the run was begun with.",
          start.cursor, start.epoch, steps, options.global_batch());
  impl_->skip_ends(impl_->given.step);
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
  SANA_ASSERT(impl_->given.micro_step == 0);
  return impl_->given.step;
}

const DamagedSamples& PrefetchLoader::damaged() const { return impl_->damaged; }

}  // namespace sana::data
