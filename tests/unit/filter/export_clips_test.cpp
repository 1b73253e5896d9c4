// Clips of a manifest as files.
#include "filter/export/export_clips.h"

#include <set>
#include <vector>

#include "core/error.h"
#include "data/source/manifest_line.h"
#include "filter/export/export_names.h"
#include "media/decode/video_stream.h"
#include "media/encode/video_encoder.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

// Frames 10 to 34 of a.avi, without a border of 16 columns on the left.
sana::data::ManifestLine line_of_clip() {
  sana::data::ManifestLine line;
  line.id = "sub/a.avi#0";
  line.place = sana::data::Place::whole("a.avi");
  line.place.start_s = 10.0 / 25;
  line.place.end_s = 35.0 / 25;
  line.place.crop = sana::data::CropBox{16, 0, 272, 160};
  line.fps = 25;
  line.caption = "a scene";
  return line;
}

int64_t exported(const TemporaryDirectory& folder,
                 const std::vector<sana::data::ManifestLine>& lines) {
  std::string text;
  for (const auto& line : lines) text += line.to_json().dump() + "\n";
  folder.file("list.jsonl", text);
  const auto progress = sana::make_silent_progress();
  return sana::filter::export_clips(folder / "list.jsonl", folder / "out", *progress);
}

std::string complaint(const TemporaryDirectory& folder, const sana::data::ManifestLine& line) {
  return message_of<sana::UserError>([&] { exported(folder, {line}); });
}

}  // namespace

TEST_CASE("an exported clip has the frames, the picture and the caption of its line", "[filter]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("FFmpeg has no H.264 encoder");
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "a.avi", sana_test::shot(1, 60));
  CHECK(exported(folder, {line_of_clip()}) == 1);
  const fs::path clip = folder / "out/sub_a.avi_0.mp4";
  sana::media::VideoStream stream(sana::media::open_bytes(clip), clip.string());
  CHECK(stream.info().width == 272);
  CHECK(stream.info().height == 160);
  while (stream.next()) continue;
  CHECK(stream.num_frames() == 25);
  CHECK(sana_test::file_bytes(folder / "out/sub_a.avi_0.txt") == "a scene\n");
  // What is there is left alone.
  fs::remove(folder / "a.avi");
  CHECK(exported(folder, {line_of_clip()}) == 1);
}

TEST_CASE("a line that is not of filter, or of a video that has changed, is refused", "[filter]") {
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "a.avi", sana_test::shot(1, 40));
  auto line = line_of_clip();
  line.place.crop.reset();
  CHECK(contains(complaint(folder, line), "list.jsonl:1: clip 'sub/a.avi#0' has no crop"));
  line = line_of_clip();
  line.fps.reset();
  CHECK(contains(complaint(folder, line), "has no fps"));
  line = line_of_clip();
  line.place.crop->width = 300;
  CHECK(contains(complaint(folder, line), "not what it was when it was measured"));
  line = line_of_clip();
  line.place.path = "gone.avi";
  CHECK(contains(complaint(folder, line), "sub/a.avi#0: file missing"));
}

TEST_CASE("clips whose names would be one are exported apart, each with its own caption",
          "[filter]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("FFmpeg has no H.264 encoder");
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "a.avi", sana_test::shot(1, 60));
  std::vector<sana::data::ManifestLine> lines;
  for (const char* id : {"a/b.avi#0", "a_b.avi#0", "a/b.avi_0", "../c.avi#0", ".d.avi#0"}) {
    lines.push_back(line_of_clip());
    lines.back().id = id;
    lines.back().caption = std::string("of ") + id;
  }
  lines.push_back(line_of_clip());
  lines.back().id = std::string(400, 'x') + "#0";
  CHECK(exported(folder, lines) == 6);
  std::set<std::string> captions;
  size_t videos = 0;
  for (const auto& entry : fs::directory_iterator(folder / "out")) {
    const fs::path file = entry.path();
    videos += file.extension() == ".mp4";
    if (file.extension() == ".txt") captions.insert(sana_test::file_bytes(file));
    CHECK_FALSE(file.filename().string().starts_with(".d"));
  }
  CHECK(videos == 6);
  CHECK(captions.size() == 6);
  CHECK_FALSE(fs::exists(folder / "c.avi_0.mp4"));
  const auto names = sana::filter::export_names(lines);
  CHECK(names == sana::filter::export_names(lines));
  CHECK(sana_test::file_bytes(folder / "out" / (names[1] + ".txt")) == "of a_b.avi#0\n");
}

TEST_CASE("an export writes over nothing that is not its own, and one bad clip stops no other",
          "[filter]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("FFmpeg has no H.264 encoder");
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "a.avi", sana_test::shot(1, 60));
  fs::create_directories(folder / "out");
  folder.file("out/mine.avi_0.mp4", "not of an export");
  std::vector<sana::data::ManifestLine> lines(3, line_of_clip());
  lines[0].id = "mine.avi#0";
  lines[1].id = "gone.avi#0";
  lines[1].place.path = "gone.avi";
  const auto message = message_of<sana::UserError>([&] { exported(folder, lines); });
  CHECK(contains(message, "2 of 3 clips are not exported"));
  CHECK(contains(message, "mine.avi#0: "));
  CHECK(contains(message, "gone.avi#0: file missing"));
  CHECK(sana_test::file_bytes(folder / "out/mine.avi_0.mp4") == "not of an export");
  CHECK(fs::exists(folder / "out/sub_a.avi_0.mp4"));
  // The same id with other times is another clip.
  lines.assign(1, line_of_clip());
  lines[0].place.end_s = 20.0 / 25;
  CHECK(contains(message_of<sana::UserError>([&] { exported(folder, lines); }),
                 "that is not this clip"));
  // What a run that was killed left is removed, and what others left is not.
  folder.file("out/sub_a.avi_0.mp4.partial", "half a clip");
  folder.file("out/movie.partial.mp4", "somebody's");
  CHECK(exported(folder, {line_of_clip()}) == 1);
  CHECK_FALSE(fs::exists(folder / "out/sub_a.avi_0.mp4.partial"));
  CHECK(fs::exists(folder / "out/movie.partial.mp4"));
}
