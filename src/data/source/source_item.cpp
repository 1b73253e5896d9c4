#include "data/source/source_item.h"

namespace sana::data {

void check_usable(const SourceItem& item, bool needs_caption) {
  if (item.problem) {
    throw media::UnusableClip(item.problem->reason, item.problem->detail, item.problem->remedy);
  }
  if (needs_caption && item.caption.empty()) {
    throw media::UnusableClip(
        "caption missing", "no words in its .txt or .json, in a file of `captions`, or in its line",
        "write one sentence of what it shows");
  }
}

}  // namespace sana::data
