// The account of clips whose colours are not those of SDR.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "media/colours.h"

namespace sana::data {

class HdrCount {
 public:
  void add(media::Hdr hdr) {
    if (hdr != media::Hdr::kNone) ++counts_[hdr], ++total_;
  }
  int64_t total() const { return total_; }

  // "3 clips are HDR (2 PQ, 1 HLG) and were read as SDR: ..." with the remedy; empty: none is.
  std::string text() const;

 private:
  std::map<media::Hdr, int64_t> counts_;
  int64_t total_ = 0;
};

}  // namespace sana::data
