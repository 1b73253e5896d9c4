// Clips of every name that a file system allows: each is used or told, and the counts add up.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <fstream>
#include <set>

#include "core/json_object.h"
#include "core/text.h"
#include "data/loading/clip_dataset.h"
#include "data/prepared/prepare_counts.h"
#include "support/data_fixtures.h"
#include "support/pack.h"

namespace sana::data {
namespace {

// What a user may have, with the bytes of one small clip; all have the caption "a caption".
const std::vector<std::string> kNames = {"plain.avi",
                                         "caf\xe8.avi",
                                         "caf\xe9.avi",
                                         "caf\xef\xbf\xbd.avi",
                                         "caf\xef\xbf\xbd"
                                         "E9.avi",
                                         "line\nfeed.avi",
                                         "line feed.avi",
                                         " .avi",
                                         "a#0.avi",
                                         "a.avi#0.avi",
                                         "a.avi",
                                         "A.avi",
                                         "a.AVI",
                                         "quote\"'`$*?.avi",
                                         "e\xcc\x81.avi",
                                         "\xc3\xa9.avi",
                                         "-rf.avi",
                                         "back\\slash.avi",
                                         "d\xff/in.avi",
                                         "d\xfe/in.avi",
                                         "d/d/d/in.avi"};

void write_hostile(const TempFolder& folder) {
  write_numbered_clip(folder / "one.avi", 8, 16);
  for (const std::string& name : kNames) {
    const fs::path clip = folder / ("in/" + name);
    fs::create_directories(clip.parent_path());
    fs::copy_file(folder / "one.avi", clip);
    write_text(fs::path(clip).replace_extension(".txt"), "a caption");
  }
  // And what cannot be used.
  write_text(folder / "in/broken\xe9.avi", "no video");
  write_text(folder / "in/broken\xe9.txt", "a caption");
  write_text(folder / "in/lone\xe9.txt", "a caption");
  write_text(folder / "in/other\xe9.flv", "x");
  write_text(folder / "in/other\xe9.7z", "x");
  fs::create_symlink("nowhere", folder / "in/link\xe9.avi");
}

constexpr int64_t kUnusable = 5;

std::set<std::string> unused_ids(const fs::path& output) {
  std::set<std::string> ids;
  std::ifstream lines(output / "unused_clips.jsonl");
  for (std::string line; std::getline(lines, line);) {
    ids.insert(nlohmann::json::parse(line).at("id").get<std::string>());
  }
  return ids;
}

void check_all(const fs::path& source, const fs::path& output, int64_t unusable) {
  const PrepareResult result = run_prepare(test_config(source, output, "pixels"));
  const auto used = int64_t(kNames.size());
  CHECK(result.listed == used + unusable);
  CHECK(result.samples == used);
  CHECK(result.unused == unusable);
  CHECK(int64_t(unused_ids(output).size()) == unusable);
  std::set<std::string> ids;
  for (const SampleRecord& sample : read_dataset_file(output).samples) {
    CHECK(is_utf8(sample.id));
    ids.insert(sample.id);
  }
  CHECK(int64_t(ids.size()) == used);
}

TEST_CASE("prepare uses or tells every clip, whatever it is called", "[data]") {
  const TempFolder folder;
  write_hostile(folder);
  check_all(folder / "in", folder / "out", kUnusable);
}

TEST_CASE("training on clips uses or tells every clip, whatever it is called", "[data]") {
  const TempFolder folder;
  write_hostile(folder);
  ClipDatasetConfig config;
  config.source = folder / "in";
  config.clips = test_config("", "", "pixels");
  const auto progress = make_silent_progress();
  const ClipDataset clips(config, *progress);
  CHECK(clips.num_listed() == int64_t(kNames.size()) + kUnusable);
  CHECK(clips.size() == int64_t(kNames.size()));
  CHECK(int64_t(clips.unused().clips().size()) == kUnusable);
}

#if SANA_HAS_ARCHIVES
TEST_CASE("members of archives are used or told, whatever they are called", "[data]") {
  const TempFolder folder;
  write_hostile(folder);
  fs::remove(folder / "in/other\xe9.7z");
  pack(folder.path(),
       "import subprocess\n"
       "subprocess.check_call([\"tar\", \"-cf\", \"t.tar\", \"-C\", \"in\", \".\"])\n"
       "subprocess.check_call([\"tar\", \"--format=pax\", \"-czf\", \"t.tgz\", "
       "\"-C\", \"in\", \".\"])\n");
  // The link is a link in there, and of the .7z nothing is told.
  for (const char* shard : {"t.tar", "t.tgz"}) {
    INFO(shard);
    check_all(folder / shard, folder / (std::string("out-") + shard), kUnusable - 1);
  }
}
#endif

// As many clips as ids.
class Ids : public ClipSource {
 public:
  explicit Ids(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  int64_t size() const override { return int64_t(ids_.size()); }
  const std::string& id(int64_t index) const override { return ids_[size_t(index)]; }
  const std::string& caption(int64_t) const override { return hash_; }
  double weight(int64_t) const override { return 1; }
  std::vector<SourceClip> read(int64_t) const override { return {}; }
  nlohmann::ordered_json settings() const override { return {}; }
  const std::string& hash() const override { return hash_; }

 private:
  std::vector<std::string> ids_;
  std::string hash_;
};

SampleRecord sample_called(const std::string& id, const std::string& caption = "") {
  SampleRecord sample;
  sample.id = id;
  sample.caption = caption;
  return sample;
}

TEST_CASE("counts that do not add up are a bug that is told with its numbers", "[data]") {
  const Ids source({"a.mp4", "b.mp4", "c.mp4"});
  const std::vector<SampleRecord> samples = {sample_called("a.mp4#0"), sample_called("a.mp4#1"),
                                             sample_called("b.mp4")};
  CHECK_NOTHROW(check_counts(source, samples, {"c.mp4"}));
  const auto message = error_of([&] { check_counts(source, samples, {}); });
  CHECK(contains(message, "3 clips are listed"));
  CHECK(contains(message, "2 are used and 0 unused"));
  CHECK_THROWS_AS(check_counts(source, samples, {"b.mp4"}), InternalError);
  CHECK_THROWS_AS(check_counts(source, samples, {"c.mp4", "a.mp4"}), InternalError);
  CHECK_THROWS_AS(check_counts(Ids({"a.mp4", "a.mp4"}), {sample_called("a.mp4")}, {}),
                  InternalError);
}

TEST_CASE("captions that the text encoder cuts are counted once each, with the longest", "[data]") {
  Encoders encoders;
  encoders.max_tokens = 3;
  const std::vector<SampleRecord> samples = {
      sample_called("a", "1234567"), sample_called("b", "12"), sample_called("c", "1234567"),
      sample_called("d", "123"), sample_called("e", "1234")};
  CHECK(find_cut_captions(samples, encoders).count == 0);  // nobody knows
  encoders.num_tokens = [](const std::string& text) { return int64_t(text.size()); };
  const CutCaptions cut = find_cut_captions(samples, encoders);
  CHECK(cut.count == 2);
  CHECK(cut.longest == 7);
  CHECK(cut.first == std::vector<std::string>{"a", "e"});
  const std::string text = cut_captions_text(cut, 3);
  CHECK(contains(text, "2 captions have more than 3 tokens"));
  CHECK(contains(text, "a, e"));
  CHECK(cut_captions_text({}, 3).empty());
}

TEST_CASE("a prepared set knows how many of its captions were cut", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  write_captioned_clip(folder / "in", "b");
  Encoders encoders = test_encoders();
  encoders.num_tokens = [](const std::string& text) { return text.ends_with("a") ? 9 : 3; };
  encoders.max_tokens = 4;
  const auto config = test_config(folder / "in", folder / "out", "latents");
  CHECK(run_prepare(config, &encoders).cut_captions == 1);
  CHECK(run_prepare(config, &encoders).cut_captions == 1);  // up to date
  CHECK(read_dataset_file(folder / "out").source["cut_captions"]["longest"] == 9);
}

}  // namespace
}  // namespace sana::data
#endif
