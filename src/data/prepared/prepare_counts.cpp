#include "data/prepared/prepare_counts.h"

#include <spdlog/fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace sana::data {
namespace {

constexpr size_t kNamed = 3;

// "a.mp4#1" comes from "a.mp4", unless there is a clip of that very name.
std::string source_of(const std::string& sample, const std::set<std::string>& sources) {
  if (sources.count(sample) != 0) return sample;
  return sample.substr(0, sample.rfind('#'));
}

}  // namespace

void check_counts(const ClipSource& source, const std::vector<SampleRecord>& samples,
                  const std::set<std::string>& unused) {
  std::set<std::string> listed, used;
  for (int64_t i = 0; i < source.size(); ++i) listed.insert(source.id(i));
  for (const SampleRecord& sample : samples) used.insert(source_of(sample.id, listed));
  std::set<std::string> told = used;
  told.insert(unused.begin(), unused.end());
  const bool adds_up = int64_t(listed.size()) == source.size() && told == listed &&
                       used.size() + unused.size() == listed.size();
  if (adds_up) return;
  throw InternalError(fmt::format("{} clips are listed ({} names), but {} are used and {} unused",
                                  source.size(), listed.size(), used.size(), unused.size()));
}

CutCaptions find_cut_captions(const std::vector<SampleRecord>& samples, const Encoders& encoders) {
  CutCaptions cut;
  if (!encoders.num_tokens) return cut;
  std::set<std::string> seen;
  for (const SampleRecord& sample : samples) {
    if (!seen.insert(sample.caption).second) continue;
    const int64_t tokens = encoders.num_tokens(sample.caption);
    if (tokens <= encoders.max_tokens) continue;
    ++cut.count;
    cut.longest = std::max(cut.longest, tokens);
    if (cut.first.size() < kNamed) cut.first.push_back(sample.id);
  }
  return cut;
}

std::string cut_captions_text(const CutCaptions& cut, int64_t max_tokens) {
  if (cut.count == 0) return "";
  return fmt::format(
      "{} caption{} more than {} tokens and {} cut (such as {}; the longest has {}); "
      "shorten them or raise text_encoder.max_tokens",
      cut.count, cut.count == 1 ? " has" : "s have", max_tokens, cut.count == 1 ? "is" : "are",
      fmt::join(cut.first, ", "), cut.longest);
}

}  // namespace sana::data
