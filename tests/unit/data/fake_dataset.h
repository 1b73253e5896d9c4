// A data set without files, some samples of which are damaged.
#pragma once
#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "core/signals.h"
#include "media/unusable.h"
#include "support/data_fixtures.h"

namespace sana::data {

class FakeDataset final : public Dataset {
 public:
  struct Group {
    ClipSize bucket;
    int64_t count = 0;
    double weight = 1;
  };

  explicit FakeDataset(const std::vector<Group>& groups, std::set<int64_t> damaged = {})
      : damaged_(std::move(damaged)) {
    for (const Group& group : groups) {
      for (int64_t i = 0; i < group.count; ++i) {
        const std::string id = std::to_string(infos_.size());
        infos_.push_back({id, "caption", group.bucket, group.weight});
      }
    }
  }

  Kind kind() const override { return Kind::kPixels; }
  int64_t size() const override { return static_cast<int64_t>(infos_.size()); }
  const SampleInfo& info(int64_t index) const override {
    return infos_.at(static_cast<size_t>(index));
  }
  double fps() const override { return 16; }
  const std::string& fingerprint() const override { return fingerprint_; }
  int64_t num_read() const { return num_read_; }
  Sample sample(int64_t index) const override {
    ++num_read_;
    throw_if_stopped();  // as decoding a clip does
    if (damaged_.count(index) != 0) {
      throw UnusableClip("damaged", "its checksum is wrong", "copy it again");
    }
    const ClipSize& bucket = info(index).bucket;
    Sample sample;
    sample.pixels = test_pixels(bucket.frames, bucket.height, bucket.width, index);
    return sample;
  }

 private:
  std::vector<SampleInfo> infos_;
  std::set<int64_t> damaged_;
  mutable std::atomic<int64_t> num_read_ = 0;
  std::string fingerprint_ = "fake";
};

}  // namespace sana::data
