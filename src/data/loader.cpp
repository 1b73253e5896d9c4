#include "data/loader.h"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/random.h"

namespace sana::data {
namespace {

// SplitMix64: the order must be the same with every standard library, which std::shuffle is not.
class OrderRandom {
 public:
  explicit OrderRandom(uint64_t seed) : state_(seed) {}

  template <class Item>
  void shuffle(std::vector<Item>& items) {
    for (size_t left = items.size(); left > 1; --left)
      std::swap(items[left - 1], items[below(left)]);
  }

 private:
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound): draws from the incomplete last stretch are repeated.
  uint64_t below(uint64_t bound) {
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value = next();
    while (value >= limit) value = next();
    return value % bound;
  }

  uint64_t state_;
};

std::map<Bucket, std::vector<int64_t>> samples_by_bucket(const PreparedDataset& dataset) {
  std::map<Bucket, std::vector<int64_t>> buckets;
  for (int64_t i = 0; i < dataset.size(); ++i) buckets[dataset.info(i).bucket].push_back(i);
  return buckets;
}

}  // namespace

std::vector<std::vector<int64_t>> batches_of_each_once(const PreparedDataset& dataset,
                                                       int64_t batch_size) {
  SANA_ASSERT(batch_size > 0);
  std::vector<std::vector<int64_t>> batches;
  for (const auto& [bucket, samples] : samples_by_bucket(dataset)) {
    for (size_t i = 0; i < samples.size(); ++i) {
      if (i % static_cast<size_t>(batch_size) == 0) batches.emplace_back();
      batches.back().push_back(samples[i]);
    }
  }
  return batches;
}

std::vector<std::vector<int64_t>> epoch_batches(const PreparedDataset& dataset, int64_t batch_size,
                                                uint64_t seed, int64_t epoch) {
  SANA_ASSERT(batch_size > 0);
  std::map<Bucket, std::vector<int64_t>> buckets = samples_by_bucket(dataset);
  OrderRandom random(stream_seed(seed, fmt::format("data order of epoch {}", epoch)));
  std::vector<std::vector<int64_t>> batches;
  for (auto& [bucket, samples] : buckets) {
    random.shuffle(samples);
    for (size_t begin = 0; begin < samples.size(); begin += static_cast<size_t>(batch_size)) {
      auto& batch = batches.emplace_back();
      for (size_t i = begin; batch.size() < static_cast<size_t>(batch_size); ++i) {
        batch.push_back(samples[i % samples.size()]);
      }
    }
  }
  random.shuffle(batches);
  return batches;
}

// Workers take tickets (numbers of batches, counted from the start) and put results under them, so
// next() gives them in order whoever finishes first.
struct PrefetchLoader::Impl {
  struct Result {
    Batch batch;
    std::exception_ptr error;
  };

  std::shared_ptr<const PreparedDataset> dataset;
  LoaderOptions options;

  mutable std::mutex lock;  // of what follows
  std::condition_variable room, ready;
  Position given, taken;  // of the next batch for next(), and for a worker
  int64_t next_given = 0, next_taken = 0;
  std::map<int64_t, Result> results;
  std::map<int64_t, std::vector<std::vector<int64_t>>> orders;  // by epoch
  bool closing = false;
  std::vector<std::thread> workers;

  const std::vector<std::vector<int64_t>>& order(int64_t epoch) {
    auto found = orders.find(epoch);
    if (found == orders.end()) {
      orders.erase(orders.begin(), orders.lower_bound(std::min(given.epoch, epoch)));
      found =
          orders.emplace(epoch, epoch_batches(*dataset, options.batch_size, options.seed, epoch))
              .first;
    }
    return found->second;
  }

  // The lock is held.
  void advance(Position& position) {
    if (++position.cursor < static_cast<int64_t>(order(position.epoch).size())) return;
    position = {position.epoch + 1, 0};
  }

  void work() {
    std::unique_lock guard(lock);
    while (true) {
      room.wait(guard, [&] { return closing || next_taken < next_given + options.prefetch; });
      if (closing) return;
      const int64_t ticket = next_taken++;
      const auto indices = order(taken.epoch)[static_cast<size_t>(taken.cursor)];
      advance(taken);
      guard.unlock();
      Result result;
      try {
        result.batch = dataset->read(indices);
      } catch (...) {
        result.error = std::current_exception();
      }
      guard.lock();
      results.emplace(ticket, std::move(result));
      ready.notify_all();
    }
  }
};

PrefetchLoader::PrefetchLoader(std::shared_ptr<const PreparedDataset> dataset,
                               const LoaderOptions& options, Position start)
    : impl_(std::make_unique<Impl>()) {
  SANA_ASSERT(options.batch_size > 0 && options.num_workers > 0 && options.prefetch > 0);
  impl_->dataset = std::move(dataset);
  impl_->options = options;
  impl_->given = start;
  const auto batches = static_cast<int64_t>(impl_->order(start.epoch).size());
  require(
      start.epoch >= 0 && start.cursor >= 0 && start.cursor <= batches,
      "cannot continue at batch {} of epoch {}: an epoch of this data set has {} batches of {}. "
      "Continue with the data set and batch size that the run was begun with.",
      start.cursor, start.epoch, batches, options.batch_size);
  if (start.cursor == batches) impl_->given = {start.epoch + 1, 0};
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

}  // namespace sana::data
