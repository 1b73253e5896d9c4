#include "data/source/content_hashes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/line_file.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

// What tells whether a file is still the one that was hashed.
struct FileState {
  int64_t bytes = 0, modified_ns = 0;
  bool operator==(const FileState&) const = default;
};

// Nothing when there is no such file.
std::optional<FileState> state_of(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileState{status.st_size, int64_t(status.st_mtim.tv_sec) * 1'000'000'000 +
                                       int64_t(status.st_mtim.tv_nsec)};
}

// The list as far as it has come.
class HashList {
 public:
  explicit HashList(fs::path file) : file_(std::move(file)) {}

  std::optional<std::string> find(const fs::path& path, const FileState& state) const {
    const auto found = entries_.find(path.string());
    if (found == entries_.end() || !(found->second.first == state)) return std::nullopt;
    return found->second.second;
  }

  // Reads what has been added; false when others have added nothing.
  bool refresh() {
    std::ifstream in(file_, std::ios::binary);
    in.seekg(read_);
    bool has_new = false;
    for (std::string line; std::getline(in, line) && !in.eof();) {
      read_ += std::streamoff(line.size()) + 1;
      const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!entry.is_object()) continue;
      try {
        const FileState state = {entry.at("bytes"), entry.at("modified_ns")};
        const Entry read = {state, entry.at("hash")};
        Entry& known = entries_[path_from_text(entry.at("path").get<std::string>()).string()];
        has_new = has_new || known != read;  // what this process has added is no news
        known = read;
      } catch (const nlohmann::json::exception&) {
        // Not a line of ours: the file that it may mean is read again.
      }
    }
    return has_new;
  }

  void add(const fs::path& path, const FileState& state, const std::string& hash) {
    entries_[path.string()] = {state, hash};
    const nlohmann::ordered_json line = {{"path", path_as_text(path)},
                                         {"bytes", state.bytes},
                                         {"modified_ns", state.modified_ns},
                                         {"hash", hash}};
    append_to_file(file_, dump_json(line) + "\n",
                   /*sync=*/false);
  }

 private:
  using Entry = std::pair<FileState, std::string>;

  fs::path file_;
  std::streamoff read_ = 0;
  std::map<std::string, Entry> entries_;
};

// Until the list has the file, or nothing has been added for so long.
std::optional<std::string> wait_for(HashList& list, const fs::path& file, const FileState& state,
                                    double patience_s, Clock::time_point& last_news) {
  while (true) {
    throw_if_stopped();
    if (list.refresh()) last_news = Clock::now();
    if (auto hash = list.find(file, state)) return hash;
    const double waited_s = std::chrono::duration<double>(Clock::now() - last_news).count();
    if (waited_s > patience_s) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Reading a clip gives the reason why it cannot be hashed (a Git LFS pointer, no plain file), and
// only that clip is left out.
std::string hash_of(const fs::path& file) {
  try {
    return hash_file(file, throw_if_stopped);
  } catch (const UserError&) {
    return "unreadable";
  }
}

}  // namespace

std::map<fs::path, std::string> hash_contents(const std::vector<fs::path>& files,
                                              const LaunchRank& ranks, const fs::path& list_file,
                                              ProgressSink& progress, double patience_s) {
  const std::set<fs::path> each(files.begin(), files.end());
  const bool is_shared = ranks.count > 1;
  HashList list(list_file);
  if (is_shared) list.refresh();
  std::map<fs::path, std::string> hashes;
  progress.begin("hashing sources", int64_t(each.size()), "files");
  // Of all files, not of each: processes that have ended are waited for once.
  Clock::time_point last_news;
  const auto find = [&](const fs::path& file, bool is_mine) {
    throw_if_stopped();
    const auto state = state_of(file);
    if (!state) return std::string("missing");
    if (::access(file.c_str(), R_OK) != 0) return std::string("unreadable");
    if (!is_shared) return hash_of(file);
    auto known =
        is_mine ? list.find(file, *state) : wait_for(list, file, *state, patience_s, last_news);
    if (!known) {
      known = hash_of(file);
      list.add(file, *state, *known);
    }
    return *known;
  };
  for (const bool own_share : {true, false}) {
    int64_t number = 0;
    last_news = Clock::now();
    for (const fs::path& file : each) {
      const bool is_mine = number++ % ranks.count == ranks.rank;
      if (is_mine != own_share) continue;
      hashes[file] = find(file, is_mine);
      progress.advance();
    }
  }
  progress.end();
  return hashes;
}

}  // namespace sana::data
