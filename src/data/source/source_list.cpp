#include "data/source/source_list.h"

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "data/source/content_hashes.h"
#include "data/source/media_lister.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

// What a hash must see of an item beside its file and words; nothing for a whole file.
std::string item_text(const SourceItem& item) {
  const Place& place = item.place;
  std::string text;
  if (!place.member.empty()) text += "\t" + place.member;
  if (place.start_s != 0 || place.end_s) {
    text += fmt::format("\t{}-{}", place.start_s, place.end_s.value_or(-1));
  }
  if (place.crop) {
    text += fmt::format("\t{},{},{},{}", place.crop->x, place.crop->y, place.crop->width,
                        place.crop->height);
  }
  if (item.weight != 1) text += fmt::format("\tweight {:.17g}", item.weight);
  return text;
}

}  // namespace

std::vector<SourceItem> list_sources(const fs::path& source, const std::string& only,
                                     const std::vector<std::string>& captions,
                                     int64_t max_member_mib) {
  ListOptions options;
  options.captions = captions;
  options.max_member_mib = max_member_mib;
  MediaLister lister(options);
  lister.add_source(source);
  std::vector<SourceItem> items = lister.take();
  if (only != "all") {
    const MediaKind kept = only == "images" ? MediaKind::kImage : MediaKind::kVideo;
    std::erase_if(items, [&](const SourceItem& item) {
      // What has a problem is told, whatever it may be.
      return item.kind != kept && !item.problem;
    });
  }
  require(!items.empty(),
          "source: {} lists no {}; expected files of a known type ({}), each with its caption in a "
          ".txt or .json file of the same name, shards of these (.zip, .tar, .tar.gz), or a JSONL "
          "file with path and caption",
          source.string(), only == "all" ? "clips" : only, kKnownTypes);
  std::stable_sort(items.begin(), items.end(),
                   [](const SourceItem& a, const SourceItem& b) { return a.id < b.id; });
  return items;
}

std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress,
                         const LaunchRank& ranks, const fs::path& list) {
  std::vector<fs::path> files;  // many shots may lie in one
  for (const SourceItem& item : items) files.push_back(item.place.path);
  const auto contents = hash_contents(files, ranks, list, progress);
  Hasher hasher;
  for (const SourceItem& item : items) {
    hasher.add(item.id + "\t" + item.caption + "\t" + contents.at(item.place.path) +
               item_text(item) + "\n");
  }
  return hasher.hex();
}

}  // namespace sana::data
