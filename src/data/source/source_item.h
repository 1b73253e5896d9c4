// One clip or image of a source, before it is decoded.
#pragma once
#include <optional>
#include <string>

#include "data/source/media_kind.h"
#include "data/source/place.h"
#include "media/unusable.h"

namespace sana::data {

struct SourceItem {
  // Path relative to the folder or list, with '/', of a member of a shard followed by its name in
  // there; or what the line of a list says.
  std::string id;
  Place place;          // the file, the member, or the shot that a manifest names
  std::string caption;  // white space tidied; empty: missing, or not looked for
  MediaKind kind = MediaKind::kVideo;
  std::optional<media::UnusedClip> problem;  // found while listing
  double weight = 1;                         // what a manifest says
};

// Throws UnusableClip when listing found a problem, or words are needed and there are none.
void check_usable(const SourceItem& item, bool needs_caption);

}  // namespace sana::data
