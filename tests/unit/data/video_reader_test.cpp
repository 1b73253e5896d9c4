#include "data/clips/video_reader.h"

#include "data/source/media_kind.h"
#include "media/unusable.h"
#include "support/data_fixtures.h"
#include "support/skip.h"

namespace sana::data {
namespace {

#if SANA_HAS_VIDEO_IO

ClipSettings small_clips(int64_t frames) {
  return {16, frames, {}, 1, SizeTable({ClipSize{64, 128, 0}})};
}

std::string reason_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const UnusableClip& clip) {
    const auto record = clip.record("x");
    CHECK_FALSE(record.detail.empty());
    CHECK_FALSE(record.remedy.empty());
    return record.reason;
  }
  return "usable";
}

std::string video_reason(const fs::path& file, int64_t frames = 5) {
  return reason_of([&] { read_video(Place::whole(file), small_clips(frames)); });
}

std::string image_reason(const fs::path& file) {
  return reason_of([&] { read_image(file, SizeTable({ClipSize{64, 128, 0}})); });
}

TEST_CASE("a clip at 30 fps is retimed to 16 fps by nearest timestamps", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 40, 30);
  // 40 frames last 1.333 s: 21 instants of 1/16 s; the 17 in the middle begin at the third.
  const auto decoded = read_video(Place::whole(folder / "a.avi"), small_clips(17));
  CHECK(decoded.retiming.source_fps == sana_test::Approx(30));
  CHECK(decoded.retiming.source_frames == 40);
  CHECK(decoded.retiming.kept_frames == 17);
  REQUIRE(decoded.clips.size() == 1);
  REQUIRE(decoded.clips[0].sizes() == at::IntArrayRef({17, 64, 128, 3}));
  for (int64_t k = 0; k < 17; ++k) {
    const double t = double(k + 2) / 16;
    CHECK(std::abs(frame_number(decoded.clips[0][k]) - t * 30) <= 0.5);
  }
}

TEST_CASE("a long video gives consecutive windows that do not overlap", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 40, 16);
  auto settings = small_clips(9);
  settings.clips_per_video = 3;
  const auto decoded = read_video(Place::whole(folder / "a.avi"), settings);
  REQUIRE(decoded.clips.size() == 3);
  int last = -1;
  for (const auto& clip : decoded.clips) {
    CHECK(frame_number(clip[0]) > last);
    last = frame_number(clip[8]);
    CHECK(last == frame_number(clip[0]) + 8);
  }
}

TEST_CASE("a video that is too short gets the longest of the shorter lengths", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 20, 16);
  auto settings = small_clips(41);
  settings.shorter_frames = {17, 9};
  CHECK(read_video(Place::whole(folder / "a.avi"), settings).bucket.frames == 17);
  settings.shorter_frames = {25, 13, 5};
  const auto decoded = read_video(Place::whole(folder / "a.avi"), settings);
  CHECK(decoded.bucket.frames == 13);
  CHECK(decoded.clips[0].size(0) == 13);
  settings.shorter_frames = {25};
  CHECK(reason_of([&] { read_video(Place::whole(folder / "a.avi"), settings); }) == "too short");
}

TEST_CASE("a shot of a manifest gives its frames only, cut to its box", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 40, 16);
  Place place = Place::whole(folder / "a.avi");
  place.start_s = 20.0 / 16;
  place.end_s = 29.0 / 16;
  const auto decoded = read_video(place, small_clips(9));
  REQUIRE(decoded.clips.size() == 1);
  CHECK(decoded.retiming.source_frames == 9);
  for (int64_t k = 0; k < 9; ++k) CHECK(frame_number(decoded.clips[0][k]) == 20 + k);
  CHECK(reason_of([&] { read_video(place, small_clips(13)); }) == "too short");

  // The left half shows the four lower bits of the number.
  place.crop = CropBox{0, 0, 64, 64};
  auto settings = small_clips(9);
  settings.sizes = SizeTable({ClipSize{64, 64, 0}});
  const auto half = read_video(place, settings);
  CHECK(half.bucket == ClipSize{64, 64, 9});
  const at::Tensor first = half.clips[0][0].to(at::kFloat);  // 20 = 0b10100
  CHECK(first.narrow(1, 2, 12).mean().item<double>() < 60);
  CHECK(first.narrow(1, 34, 12).mean().item<double>() > 200);
  place.crop = CropBox{100, 0, 64, 64};
  CHECK(reason_of([&] { read_video(place, settings); }) == "changed");
}

#if SANA_HAS_ARCHIVES
TEST_CASE("a WebP image is an image as any other", "[data]") {
  if (!cv::haveImageWriter("a.webp")) SANA_SKIP("OpenCV writes no WebP");
  const TempFolder folder;
  const fs::path file = folder / "a.webp";
  REQUIRE(cv::imwrite(file.string(), numbered_frame(77), {cv::IMWRITE_WEBP_QUALITY, 101}));
  const SizeTable sizes({ClipSize{64, 128, 0}});
  CHECK(frame_number(read_image(file, sizes).clips[0][0]) == 77);
  CHECK(media_kind(file) == MediaKind::kImage);
  const std::string bytes = read_all(file);
  write_text(file, bytes.substr(0, bytes.size() / 2));
  CHECK(reason_of([&] { read_image(file, sizes); }) == "truncated");
}

TEST_CASE("a clip inside a shard is read without unpacking it", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "k.avi", 12, 16, /*first=*/7);
  const auto pack = "cd '" + folder.path().string() + "' && python3 -m zipfile -c s.zip k.avi";
  REQUIRE(std::system(pack.c_str()) == 0);
  fs::remove(folder / "k.avi");
  Place place = Place::whole(folder / "s.zip");
  place.member = "k.avi";
  const auto decoded = read_video(place, small_clips(9));
  CHECK(frame_number(decoded.clips[0][0]) == 8);
  place.member = "other.avi";
  CHECK(reason_of([&] { read_video(place, small_clips(9)); }) == "missing");
}

TEST_CASE("an image inside a shard is the same as outside, and is checked alike", "[data]") {
  const TempFolder folder;
  fs::copy_file(example("images/daisy.jpg"), folder / "k.jpg");
  cv::imwrite((folder / "k.png").string(), numbered_frame(77));
  write_text(folder / "empty.png", "");
  write_text(folder / "cut.jpg", read_all(folder / "k.jpg").substr(0, 3000));
  write_text(folder / "clip.jpg", read_all(example("clips/waterfall.mp4")));
  const auto command = "cd '" + folder.path().string() + "' && python3 -m zipfile -c s.zip *.*g";
  REQUIRE(std::system(command.c_str()) == 0);
  const SizeTable sizes({ClipSize{64, 128, 0}, ClipSize{128, 64, 0}});
  Place place = Place::whole(folder / "s.zip");
  for (const char* name : {"k.jpg", "k.png"}) {
    place.member = name;
    const DecodedClips inside = read_image(place, sizes);
    const DecodedClips outside = read_image(folder / name, sizes);
    CHECK(inside.bucket == outside.bucket);
    CHECK(at::equal(inside.clips.at(0), outside.clips.at(0)));
  }
  CHECK(frame_number(read_image(place, sizes).clips[0][0]) == 77);
  for (const auto& [name, reason] : std::vector<std::pair<std::string, std::string>>{
           {"empty.png", "zero bytes"}, {"cut.jpg", "truncated"}, {"clip.jpg", "wrong type"}}) {
    place.member = name;
    CHECK(reason_of([&] { read_image(place, sizes); }) == reason);
  }
}
#endif

TEST_CASE("each damaged clip has its own reason", "[data]") {
  const TempFolder folder;
  const std::string whole = read_all(example("clips/waterfall.mp4"));
  REQUIRE(whole.size() > 4000);
  write_text(folder / "whole.mp4", whole);
  CHECK(video_reason(folder / "whole.mp4", 41) == "usable");
  write_text(folder / "cut.mp4", whole.substr(0, whole.size() / 2));
  CHECK(video_reason(folder / "cut.mp4") == "truncated");
  write_text(folder / "no_index.mp4", whole.substr(0, 60));
  CHECK(video_reason(folder / "no_index.mp4") == "truncated");
  write_text(folder / "empty.mp4", "");
  CHECK(video_reason(folder / "empty.mp4") == "zero bytes");
  write_text(folder / "text.mp4", "this is a text with the name of a video, and long enough");
  CHECK(video_reason(folder / "text.mp4") == "wrong type");
  write_text(folder / "image.mp4", read_all(example("images/daisy.jpg")));
  CHECK(video_reason(folder / "image.mp4") == "wrong type");
  CHECK(video_reason(folder / "none.mp4") == "file missing");
  CHECK(video_reason(folder / "whole.mp4", 49) == "too short");
  std::string damaged = whole;
  std::fill(damaged.begin() + 40, damaged.begin() + 2000, '\x7f');  // the index
  write_text(folder / "damaged.mp4", damaged);
  CHECK(video_reason(folder / "damaged.mp4") != "usable");
}

TEST_CASE("each damaged image has its own reason", "[data]") {
  const TempFolder folder;
  const std::string whole = read_all(example("images/daisy.jpg"));
  write_text(folder / "whole.jpg", whole);
  CHECK(image_reason(folder / "whole.jpg") == "usable");
  write_text(folder / "cut.jpg", whole.substr(0, whole.size() / 2));
  CHECK(image_reason(folder / "cut.jpg") == "truncated");
  write_text(folder / "empty.png", "");
  CHECK(image_reason(folder / "empty.png") == "zero bytes");
  write_text(folder / "video.jpg", read_all(example("clips/waterfall.mp4")));
  CHECK(image_reason(folder / "video.jpg") == "wrong type");
  write_text(folder / "hollow.jpg", "\xFF\xD8\xFF\xE0 nothing \xFF\xD9");
  CHECK(image_reason(folder / "hollow.jpg") == "cannot decode");
}

TEST_CASE("the message of a short clip says how many frames there are and what to change",
          "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 20, 16);
  try {
    read_video(Place::whole(folder / "a.avi"), small_clips(41));
    FAIL("a short clip was taken");
  } catch (const UnusableClip& clip) {
    CHECK(clip.record("a").detail == "20 of 41 frames at 16 fps (1.25 s)");
    CHECK(clip.record("a").remedy == "lower frames or fps");
  }
}

TEST_CASE("an image is a clip of one frame in the bucket of its shape, red stays red", "[data]") {
  const TempFolder folder;
  cv::imwrite((folder / "a.png").string(), cv::Mat(90, 50, CV_8UC3, cv::Scalar(0, 0, 200)));
  const auto decoded =
      read_image(folder / "a.png", SizeTable({ClipSize{64, 128, 0}, ClipSize{128, 64, 0}}));
  CHECK(decoded.bucket == ClipSize{128, 64, 1});
  REQUIRE(decoded.clips[0].sizes() == at::IntArrayRef({1, 128, 64, 3}));
  CHECK(decoded.clips[0].select(3, 0).eq(200).all().item<bool>());
  CHECK(decoded.clips[0].select(3, 2).eq(0).all().item<bool>());
}

#else

TEST_CASE("without OpenCV the error names the package and the script", "[data]") {
  const auto message = error_of([] { read_image("a.jpg", SizeTable({ClipSize{64, 128, 0}})); });
  CHECK(contains(message, "libopencv-dev"));
  CHECK(contains(message, "scripts/decode_clips.py"));
}

#endif

}  // namespace
}  // namespace sana::data
