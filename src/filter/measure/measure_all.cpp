#include "filter/measure/measure_all.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "core/log.h"
#include "core/signals.h"
#include "filter/measure/video_meter.h"

namespace sana::filter {
namespace {

// Threads take the next video when they are done with one.
class Crew {
 public:
  Crew(const FilterConfig& config, std::vector<const VideoFile*> videos,
       const std::string& measured_with, ScoreStore& store, const Thumbnails& thumbnails,
       ProgressSink& progress)
      : config_(config),
        videos_(std::move(videos)),
        measured_with_(measured_with),
        store_(store),
        thumbnails_(thumbnails),
        progress_(progress) {}

  // False when stopped.
  bool run() {
    const int64_t wanted = config_.num_workers > 0
                               ? config_.num_workers
                               : int64_t(std::max(1U, std::thread::hardware_concurrency()));
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < std::min(wanted, int64_t(videos_.size())); ++i) {
      threads.emplace_back([this] { work(); });
    }
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    return stop_signal() == 0;
  }

 private:
  void work() {
    try {
      VideoMeter meter(config_.shots, config_.measure, config_.learned);
      while (stop_signal() == 0 && !has_failed_) {
        const size_t i = next_++;
        if (i >= videos_.size()) return;
        measure(meter, *videos_[i]);
      }
    } catch (const Stopped&) {
      // In the middle of a long video; the next run begins it again.
    } catch (...) {
      const std::lock_guard guard(lock_);
      if (!error_) error_ = std::current_exception();
      has_failed_ = true;
    }
  }

  void measure(VideoMeter& meter, const VideoFile& video) {
    VideoRecord record = meter.measure(video, [&](size_t shot, const std::string& jpeg) {
      thumbnails_.put(video.id, shot, jpeg);
    });
    // What listing says of a file holds for that list only.
    record.measured_with = video.problem ? "" : measured_with_;
    if (record.problem) {
      log::debug("{}: {}: {}", video.id, record.problem->reason, record.problem->detail);
    }
    store_.add(record);
    const std::lock_guard guard(lock_);
    progress_.advance();
  }

  const FilterConfig& config_;
  std::vector<const VideoFile*> videos_;
  const std::string& measured_with_;
  ScoreStore& store_;
  const Thumbnails& thumbnails_;
  ProgressSink& progress_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> has_failed_{false};
  std::mutex lock_;  // of the progress and the error
  std::exception_ptr error_;
};

}  // namespace

bool measure_all(const FilterConfig& config, const std::vector<VideoFile>& videos,
                 const std::string& measured_with, ScoreStore& store, const Thumbnails& thumbnails,
                 ProgressSink& progress) {
  std::vector<const VideoFile*> todo;
  for (const VideoFile& video : videos) {
    if (!store.has(video, measured_with)) todo.push_back(&video);
  }
  if (todo.empty()) return true;
  if (todo.size() < videos.size()) {
    log::info("{} of {} videos are measured already", videos.size() - todo.size(), videos.size());
  }
  prepare_to_measure();
  progress.begin("measuring", int64_t(todo.size()), "videos");
  const bool is_done =
      Crew(config, std::move(todo), measured_with, store, thumbnails, progress).run();
  progress.end();
  return is_done;
}

}  // namespace sana::filter
