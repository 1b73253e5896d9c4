#include "data/prepared/clip_source.h"

#include <filesystem>
#include <set>
#include <utility>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "data/clips/clip_config.h"
#include "data/clips/video_reader.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/prepared_dataset.h"
#include "data/source/source_list.h"
#include "media/no_video_io.h"
#include "media/unusable.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

// Where the processes of one `prepare` tell each other the hashes of files.
fs::path hash_list(const PrepareConfig& config, const LaunchRank& ranks) {
  if (ranks.count == 1) return {};
  const fs::path folder = fs::path(config.output) / "parts";
  ensure_writable_directory(folder);
  return folder / "source_hashes.jsonl";
}

// Files that have to be decoded.
class MediaSource : public ClipSource {
 public:
  MediaSource(const PrepareConfig& config, ProgressSink& progress, const LaunchRank& ranks)
      : config_(config),
        items_(list_sources(config.source, config.only, config.captions, config.max_member_mib)),
        hash_(hash_sources(items_, progress, ranks, hash_list(config, ranks))),
        clips_(clip_settings(config)) {
    warn_of_compressed_shards();
  }

  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  const std::string& id(int64_t index) const override { return item(index).id; }
  const std::string& caption(int64_t index) const override { return item(index).caption; }
  double weight(int64_t index) const override { return item(index).weight; }
  const std::string& hash() const override { return hash_; }

  nlohmann::ordered_json settings() const override {
    auto sizes = nlohmann::ordered_json::array();
    for (const ClipSize& size : clips_.sizes.sizes()) {
      sizes.push_back(fmt::format("{}x{}", size.height, size.width));
    }
    nlohmann::ordered_json settings = {
        {"fps", config_.fps},   {"frames", config_.frames},
        {"buckets", sizes},     {"clips_per_video", config_.clips_per_video},
        {"only", config_.only}, {"max_shard_mib", config_.max_shard_mib}};
    if (!clips_.shorter_frames.empty()) settings["shorter_frames"] = clips_.shorter_frames;
    return settings;
  }

  std::vector<SourceClip> read(int64_t index) const override {
    const SourceItem& source = item(index);
    check_usable(source, /*needs_caption=*/true);
    if (source.kind == MediaKind::kImage) {
      const DecodedClips image = read_image(source.place, clips_.sizes);
      return {{source.id, image.clips.front(), 0, image.hdr}};
    }
    return named(source, read_video(source.place, clips_));
  }

 private:
  void warn_of_compressed_shards() const {
    std::set<fs::path> shards;
    for (const SourceItem& item : items_) {
      const auto ending = item.place.path.extension();
      const bool is_compressed_tar = ending == ".gz" || ending == ".tgz";
      if (!item.place.member.empty() && is_compressed_tar) shards.insert(item.place.path);
    }
    if (shards.empty()) return;
    log::warning(
        "{} shard{} can only be read from the beginning (such as {}): every clip costs what stands "
        "before it; a zip or an uncompressed tar is much faster",
        shards.size(), shards.size() == 1 ? "" : "s", shards.begin()->string());
  }

  const SourceItem& item(int64_t index) const { return items_[static_cast<size_t>(index)]; }

  std::vector<SourceClip> named(const SourceItem& source, const DecodedClips& decoded) const {
    const Retiming& retiming = decoded.retiming;
    log::debug("{}: {:.2f} fps -> {:g} fps, {} of {} frames kept in {} clips", source.id,
               retiming.source_fps, clips_.fps, retiming.kept_frames, retiming.source_frames,
               decoded.clips.size());
    std::vector<SourceClip> clips;
    for (size_t k = 0; k < decoded.clips.size(); ++k) {
      const std::string suffix = clips_.clips_per_video > 1 ? fmt::format("#{}", k) : "";
      clips.push_back({source.id + suffix, decoded.clips[k], retiming.source_fps, decoded.hdr});
    }
    return clips;
  }

  PrepareConfig config_;
  std::vector<SourceItem> items_;
  std::string hash_;
  ClipSettings clips_;
};

// Pixels that another `prepare`, or scripts/decode_clips.py, has decoded.
class PixelsSource : public ClipSource {
 public:
  explicit PixelsSource(const PrepareConfig& config)
      : folder_(config.source),
        file_(read_dataset_file(config.source)),
        pixels_(config.source, /*cache_bytes=*/0) {
    require(pixels_.kind() == Kind::kPixels && config.kind == "latents",
            "source: {} is a prepared data set of {}; it can only be made of pixels, into latents",
            config.source, kind_name(pixels_.kind()));
    settings_ = file_.settings;
    settings_["only"] = config.only;
    settings_["max_shard_mib"] = config.max_shard_mib;
    log::info("{}: prepared pixels; fps ({:g}), frames and sizes are those they were made with",
              config.source, pixels_.fps());
    std::set<std::string> ids;
    for (int64_t i = 0; i < pixels_.size(); ++i) {
      require(ids.insert(pixels_.info(i).id).second,
              "source: {} has two samples called '{}'; give each an id of its own", config.source,
              pixels_.info(i).id);
      const bool is_image = pixels_.info(i).bucket.frames == 1;
      if (config.only == "all" || is_image == (config.only == "images")) kept_.push_back(i);
    }
    require(!kept_.empty(), "source: {} holds no {}", config.source, config.only);
  }

  int64_t size() const override { return static_cast<int64_t>(kept_.size()); }
  const std::string& id(int64_t index) const override { return pixels_.info(kept(index)).id; }
  const std::string& caption(int64_t index) const override {
    return pixels_.info(kept(index)).caption;
  }
  double weight(int64_t index) const override { return pixels_.info(kept(index)).weight; }
  const std::string& hash() const override { return pixels_.fingerprint(); }
  nlohmann::ordered_json settings() const override { return settings_; }

  void check_for_vae(const VaeGeometry& geometry, const std::string& vae) const override {
    for (const int64_t index : kept_) {
      const SampleInfo& clip = pixels_.info(index);
      const auto complaint = geometry.complaint(clip.bucket, vae);
      require(complaint.empty(),
              "source: {}: {}: {}; prepare the pixels again with other `frames` or `buckets`",
              folder_, clip.id, complaint);
    }
  }

  std::vector<SourceClip> read(int64_t index) const override {
    const SampleRecord& record = file_.samples[static_cast<size_t>(kept(index))];
    return {{id(index), pixels_.sample(kept(index)).pixels, record.source_fps, record.hdr}};
  }

 private:
  int64_t kept(int64_t index) const { return kept_[static_cast<size_t>(index)]; }

  std::string folder_;
  DatasetFile file_;
  PreparedDataset pixels_;
  nlohmann::ordered_json settings_;
  std::vector<int64_t> kept_;
};

}  // namespace

std::unique_ptr<ClipSource> open_clip_source(const PrepareConfig& config, ProgressSink& progress,
                                             const LaunchRank& ranks) {
  if (is_prepared(config.source)) return std::make_unique<PixelsSource>(config);
#if !SANA_HAS_VIDEO_IO
  media::throw_no_video_io();
#endif
  return std::make_unique<MediaSource>(config, progress, ranks);
}

}  // namespace sana::data
