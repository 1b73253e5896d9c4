// Where `prepare` gets its clips from.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/prepared/prepare.h"
#include "media/colours.h"

namespace sana::data {

struct SourceClip {
  std::string id;
  at::Tensor pixels;  // [F, H, W, 3] uint8
  double source_fps = 0;
  media::Hdr hdr = media::Hdr::kNone;  // of the source, read as SDR
};

class ClipSource {
 public:
  virtual ~ClipSource() = default;
  virtual int64_t size() const = 0;
  virtual const std::string& id(int64_t index) const = 0;
  virtual const std::string& caption(int64_t index) const = 0;
  // Times that its samples are drawn in an epoch of training, on average.
  virtual double weight(int64_t index) const = 0;
  // Clips of one entry. Throws UnusableClip.
  virtual std::vector<SourceClip> read(int64_t index) const = 0;
  // What determines the clips beside the source's contents: fps, frames, buckets, ...
  virtual nlohmann::ordered_json settings() const = 0;
  // Hash of the contents, captions included.
  virtual const std::string& hash() const = 0;
  // Throws UserError when clips that are decoded already are not of a kind that the VAE takes.
  virtual void check_for_vae(const VaeGeometry& /*geometry*/, const std::string& /*vae*/) const {}
  // Whether these are only the clips of one rank.
  virtual bool is_part() const { return false; }
};

// Opens config.source: a prepared data set of pixels, or what list_sources lists. Throws
// UserError, and EnvironmentError when clips must be decoded and this build cannot.
std::unique_ptr<ClipSource> open_clip_source(const PrepareConfig& config, ProgressSink& progress,
                                             const LaunchRank& ranks = {});

}  // namespace sana::data
