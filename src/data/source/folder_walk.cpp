#include "data/source/folder_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/signals.h"
#include "data/source/media_kind.h"
#include "media/bytes/shard_name.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

using Identity = std::pair<dev_t, ino_t>;

Identity identity_of(const fs::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? Identity(status.st_dev, status.st_ino) : Identity();
}

// Whether a user would miss it: a clip, a shard, or what may be a folder of them.
bool may_hold_clips(const fs::path& name) {
  return media_kind(name) || foreign_media_kind(name) || media::is_shard(name) ||
         !media::foreign_archive_ending(name).empty() || !name.has_extension();
}

class Walk {
 public:
  explicit Walk(fs::path root) : root_(std::move(root)) {}

  // `above`: the folders on the way, since links may lead back to them.
  void into(const fs::path& relative, std::set<Identity> above) {
    if (!above.insert(identity_of(root_ / relative)).second) {
      return tell(relative, "folder within itself", "a link leads back to a folder above it",
                  "remove the link");
    }
    std::error_code error;
    fs::directory_iterator it(root_ / relative, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
      throw_if_stopped();
      const fs::path name = it->path().filename();
      if (!is_hidden(name)) look_at(relative / name, above);
    }
    if (!error) return;
    tell(relative, "folder cannot be listed", error.message(),
         "correct its permissions, or move it out of the source");
  }

  FolderListing listing;

 private:
  void look_at(const fs::path& entry, const std::set<Identity>& above) {
    std::error_code error;
    const fs::file_status status = fs::status(root_ / entry, error);
    if (fs::is_directory(status)) return into(entry, above);
    if (fs::is_regular_file(status)) return listing.files.push_back(entry);
    const bool leads_nowhere = status.type() == fs::file_type::not_found;
    if (!may_hold_clips(entry.filename())) return;
    if (leads_nowhere) {
      tell(entry, "cannot be read", "the link leads to nothing", "mend or remove the link");
    } else if (error) {
      tell(entry, "cannot be read", error.message(), "mend its permissions or the link");
    } else {
      tell(entry, "not a file", "it is a device, a FIFO or a socket", "move it out of the source");
    }
  }

  void tell(const fs::path& entry, const char* reason, const std::string& detail,
            const char* remedy) {
    listing.problems.push_back({entry, {"", reason, detail, remedy}});
  }

  fs::path root_;
};

}  // namespace

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(), [](const fs::path& part) {
    return part == "__MACOSX" || (part.native().starts_with(".") && part != "." && part != "..");
  });
}

FolderListing walk_folder(const fs::path& folder, const std::string& key) {
  std::error_code error;
  fs::directory_iterator top(folder, error);
  require(!error, "{}: {} cannot be listed: {}", key, folder.string(), error.message());
  Walk walk(folder);
  walk.into("", {});
  FolderListing listing = std::move(walk.listing);
  const auto is_before = [](const fs::path& a, const fs::path& b) {
    return std::make_pair(a.parent_path(), a.filename()) <
           std::make_pair(b.parent_path(), b.filename());
  };
  std::sort(listing.files.begin(), listing.files.end(), is_before);
  std::sort(listing.problems.begin(), listing.problems.end(),
            [&](const auto& a, const auto& b) { return is_before(a.first, b.first); });
  return listing;
}

}  // namespace sana::data
