#include "data/source/content_hashes.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "core/hash.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

std::vector<fs::path> write_five(const TempFolder& folder) {
  std::vector<fs::path> files;
  for (int i = 0; i < 5; ++i) {
    files.push_back(folder / fmt::format("{}.mp4", i));
    write_text(files.back(), fmt::format("contents {}", i));
  }
  files.push_back(folder / "none.mp4");
  files.push_back(files.front());  // of another shot
  return files;
}

std::map<fs::path, std::string> expected_of(const std::vector<fs::path>& files) {
  std::map<fs::path, std::string> hashes;
  for (const fs::path& file : files) hashes[file] = fs::exists(file) ? hash_file(file) : "missing";
  return hashes;
}

std::map<fs::path, std::string> hash_as(const std::vector<fs::path>& files, const LaunchRank& ranks,
                                        const fs::path& list, double patience_s) {
  const auto progress = make_silent_progress();
  return hash_contents(files, ranks, list, *progress, patience_s);
}

int64_t lines_of(const fs::path& file) {
  const std::string text = read_all(file);
  return std::count(text.begin(), text.end(), '\n');
}

TEST_CASE("processes read each file once between them and all know every hash", "[data]") {
  const TempFolder folder;
  const auto files = write_five(folder);
  const auto list = folder / "hashes.jsonl";
  std::map<fs::path, std::string> first, second;
  std::thread other([&] { first = hash_as(files, {0, 2, 0}, list, 20); });
  second = hash_as(files, {1, 2, 0}, list, 20);
  other.join();
  CHECK(first == expected_of(files));
  CHECK(second == first);
  CHECK(lines_of(list) == 5);
  CHECK(hash_as(files, {}, {}, 0) == first);

  // Going on reads nothing but what has changed.
  write_text(files[2], "other contents");
  CHECK(hash_as(files, {0, 2, 0}, list, 0.2) == expected_of(files));
  CHECK(lines_of(list) == 6);
}

TEST_CASE("lines of the list that are not ours are passed over", "[data]") {
  const TempFolder folder;
  const auto files = write_five(folder);
  const auto list = folder / "hashes.jsonl";
  write_text(list, "{\"path\": 5}\n{\"bytes\": \"x\", \"hash\": []}\nnot json\n[]\n{}\n");
  CHECK(hash_as(files, {0, 2, 0}, list, 0.2) == expected_of(files));
}

TEST_CASE("the share of a process that does not come is read by the others", "[data]") {
  const TempFolder folder;
  const auto files = write_five(folder);
  const auto start = std::chrono::steady_clock::now();
  CHECK(hash_as(files, {2, 3, 0}, folder / "hashes.jsonl", 0.5) == expected_of(files));
  // They are waited for once, not for each of their four files.
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
  CHECK(waited.count() > 0.5);
  CHECK(waited.count() < 1.5);
}

}  // namespace
}  // namespace sana::data
