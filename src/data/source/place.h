// Where a video or image lies, and what is used of it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::data {

// Part of a picture as it is shown, in pixels.
struct CropBox {
  int64_t x = 0, y = 0, width = 0, height = 0;

  bool operator==(const CropBox&) const = default;
};

struct Place {
  // All of a file.
  static Place whole(std::filesystem::path path) {
    return {std::move(path), "", -1, 0, std::nullopt, std::nullopt};
  }

  std::filesystem::path path;  // of the file, or of the shard
  std::string member;          // of the shard; empty: the file itself
  int64_t position = -1;  // of the member, see media::ShardEntry; -1: it is searched by its name
  double start_s = 0;     // after the first frame
  std::optional<double> end_s;  // nothing: to the end
  std::optional<CropBox> crop;  // nothing: the whole picture

  // What the video or image is called, with its ending: the member, or else the file.
  const std::string& name() const { return member.empty() ? path.native() : member; }
};

// The bytes of the file or member. Throws UnusableClip when it is not there, or its shard is
// damaged.
std::shared_ptr<const media::ByteSource> open_bytes(const Place& place);

}  // namespace sana::data
