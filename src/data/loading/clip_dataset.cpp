#include "data/loading/clip_dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/build_config.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/signals.h"
#include "media/no_video_io.h"
#include "media/unusable.h"

namespace sana::data {

#if SANA_HAS_VIDEO_IO
namespace {

// Calls work(i) for 0 <= i < count on several threads; the first error is rethrown.
template <class Work>
void for_each_index(size_t count, int64_t num_threads, const Work& work) {
  std::atomic<size_t> next = 0;
  std::mutex lock;
  std::exception_ptr error;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard guard(lock);
        if (!error) error = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < num_threads; ++t) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

std::string describe(const SampleInfo& info, const PlannedClip& clip, const std::string& file) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", info.id, info.caption, to_string(info.bucket),
                     info.weight, clip.first_s, file);
}

}  // namespace

ClipDataset::ClipDataset(const ClipDatasetConfig& config, ProgressSink& progress)
    : config_(config),
      settings_(clip_settings(config.clips)),
      items_(list_sources(config.source, config.only, config.clips.captions,
                          config.clips.max_member_mib)) {
  std::vector<Planned> planned(items_.size());
  std::mutex lock;
  progress.begin("looking through the clips", int64_t(items_.size()), "files");
  for_each_index(items_.size(), config.num_workers, [&](size_t i) {
    throw_if_stopped();
    planned[i] = plan_item(items_[i]);
    const std::lock_guard guard(lock);
    progress.advance();
  });
  progress.end();
  Hasher hasher;
  hasher.add(fmt::format("fps {}\n", config.clips.fps));
  for (size_t i = 0; i < items_.size(); ++i) {
    const size_t before = infos_.size();
    add_item(i, planned[i]);
    std::error_code error;
    const auto bytes = std::filesystem::file_size(items_[i].place.path, error);
    for (size_t s = before; s < infos_.size(); ++s) {
      hasher.add(describe(infos_[s], clips_[s], error ? "gone" : fmt::format("{} bytes", bytes)));
    }
  }
  fingerprint_ = hasher.hex();
  check_counts();
  require(!infos_.empty(), "{}: no clip is usable\n{}", config.source.string(),
          unused_.summary(num_listed(), 0, 0));
}

ClipDataset::Planned ClipDataset::plan_item(const SourceItem& item) const {
  Planned planned;
  try {
    check_usable(item, config_.needs_captions);
    if (item.kind == MediaKind::kImage) {
      const DecodedClips image = read_image(item.place, settings_.sizes);
      planned.plan = {image.bucket, image.hdr, {PlannedClip{}}};
    } else {
      planned.plan = plan_clips(item.place, settings_);
    }
  } catch (const media::UnusableClip& problem) {
    planned.problem = problem.record(item.id);
  }
  return planned;
}

void ClipDataset::add_item(size_t index, const Planned& planned) {
  if (planned.problem) {
    unused_.add(*planned.problem);
    return;
  }
  const SourceItem& item = items_[index];
  const bool has_number = item.kind == MediaKind::kVideo && settings_.clips_per_video > 1;
  for (size_t k = 0; k < planned.plan.clips.size(); ++k) {
    const std::string id = has_number ? fmt::format("{}#{}", item.id, k) : item.id;
    infos_.push_back({id, item.caption, planned.plan.bucket, item.weight});
    item_of_.push_back(index);
    clips_.push_back(planned.plan.clips[k]);
    hdr_.add(planned.plan.hdr);
  }
}

// Each item is in some sample, or told.
void ClipDataset::check_counts() const {
  const auto used = int64_t(std::set<size_t>(item_of_.begin(), item_of_.end()).size());
  const auto unused = int64_t(unused_.clips().size());
  if (num_listed() == used + unused) return;
  throw InternalError(fmt::format("{} clips are listed, but {} are used and {} unused",
                                  num_listed(), used, unused));
}

Sample ClipDataset::sample(int64_t index) const {
  const auto i = static_cast<size_t>(index);
  const SourceItem& item = items_[item_of_.at(i)];
  Sample sample;
  if (item.kind == MediaKind::kImage) {
    sample.pixels = read_image(item.place, settings_.sizes).clips.front();
  } else {
    sample.pixels = read_planned(item.place, infos_[i].bucket, clips_[i]);
  }
  return sample;
}
#else
ClipDataset::ClipDataset(const ClipDatasetConfig&, ProgressSink&) : settings_(clip_settings({})) {
  media::throw_no_video_io();
}
ClipDataset::Planned ClipDataset::plan_item(const SourceItem&) const { media::throw_no_video_io(); }
void ClipDataset::add_item(size_t, const Planned&) { media::throw_no_video_io(); }
Sample ClipDataset::sample(int64_t) const { media::throw_no_video_io(); }
#endif

Sample ClipDataset::like(int64_t index) const {
  const ClipSize& bucket = info(index).bucket;
  Sample sample;
  sample.pixels = at::zeros({bucket.frames, bucket.height, bucket.width, 3}, at::kByte);
  return sample;
}

const SampleInfo& ClipDataset::info(int64_t index) const {
  return infos_.at(static_cast<size_t>(index));
}

}  // namespace sana::data
