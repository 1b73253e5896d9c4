// What a finished `prepare` must be able to say of its clips. Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "data/prepared/clip_source.h"
#include "data/prepared/dataset_file.h"

namespace sana::data {

// Throws InternalError, with the numbers, unless every clip of the source has samples or is among
// the unused ones (by id), and none is both.
void check_counts(const ClipSource& source, const std::vector<SampleRecord>& samples,
                  const std::set<std::string>& unused);

// Captions that the text encoder cuts.
struct CutCaptions {
  int64_t count = 0;               // of the samples' captions, each once
  int64_t longest = 0;             // tokens
  std::vector<std::string> first;  // ids of samples, three at most
};

CutCaptions find_cut_captions(const std::vector<SampleRecord>& samples, const Encoders& encoders);

// "12 captions have more than 300 tokens and are cut (such as a.mp4, b.mp4; the longest has 512)";
// empty when none is.
std::string cut_captions_text(const CutCaptions& cut, int64_t max_tokens);

}  // namespace sana::data
