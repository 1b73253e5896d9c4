// Clips of a manifest as files.
#include "filter/export/export_clips.h"

#include "core/error.h"
#include "data/source/manifest_line.h"
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

int64_t exported(const TemporaryDirectory& folder, const sana::data::ManifestLine& line) {
  folder.file("list.jsonl", line.to_json().dump() + "\n");
  const auto progress = sana::make_silent_progress();
  return sana::filter::export_clips(folder / "list.jsonl", folder / "out", *progress);
}

std::string complaint(const TemporaryDirectory& folder, const sana::data::ManifestLine& line) {
  return message_of<sana::UserError>([&] { exported(folder, line); });
}

}  // namespace

TEST_CASE("an exported clip has the frames, the picture and the caption of its line", "[filter]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("FFmpeg has no H.264 encoder");
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "a.avi", sana_test::shot(1, 60));
  CHECK(exported(folder, line_of_clip()) == 1);
  const fs::path clip = folder / "out/sub_a.avi_0.mp4";
  sana::media::VideoStream stream(sana::media::open_bytes(clip), clip.string());
  CHECK(stream.info().width == 272);
  CHECK(stream.info().height == 160);
  while (stream.next()) continue;
  CHECK(stream.num_frames() == 25);
  CHECK(sana_test::file_bytes(folder / "out/sub_a.avi_0.txt") == "a scene\n");
  // What is there is left alone.
  fs::remove(folder / "a.avi");
  CHECK(exported(folder, line_of_clip()) == 1);
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
