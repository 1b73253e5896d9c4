// What the pictures of clips are: turned and mirrored, whole, and told when they are HDR.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <nlohmann/json.hpp>

#include "data/clips/video_reader.h"
#include "data/loading/clip_dataset.h"
#include "support/data_fixtures.h"
#include "support/picture_files.h"
#include "support/video_files.h"

namespace sana::data {
namespace {

// Frames whose left half is bright.
std::vector<cv::Mat> half_bright(int count) {
  cv::Mat picture(64, 128, CV_8UC3, cv::Scalar::all(20));
  picture.colRange(0, 64).setTo(cv::Scalar::all(220));
  return std::vector<cv::Mat>(size_t(count), picture);
}

// Six captioned clips of one picture: two PQ, one HLG, one of wide colours, two SDR.
void write_hdr_clips(const fs::path& folder) {
  const std::vector<std::pair<AVColorPrimaries, AVColorTransferCharacteristic>> colours = {
      {AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084},    {AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084},
      {AVCOL_PRI_BT2020, AVCOL_TRC_ARIB_STD_B67}, {AVCOL_PRI_BT2020, AVCOL_TRC_BT2020_10},
      {AVCOL_PRI_BT709, AVCOL_TRC_BT709},         {AVCOL_PRI_UNSPECIFIED, AVCOL_TRC_UNSPECIFIED}};
  fs::create_directories(folder);
  for (size_t i = 0; i < colours.size(); ++i) {
    const std::string name(1, char('a' + i));
    VideoFileSpec spec;
    spec.codec = "ffv1";
    spec.format = AV_PIX_FMT_YUV420P10;
    spec.primaries = colours[i].first;
    spec.transfer = colours[i].second;
    write_video_file(folder / (name + ".mkv"), half_bright(8), spec);
    write_text(folder / (name + ".txt"), "clip " + name);
  }
}

}  // namespace

TEST_CASE("a mirrored clip is read mirrored", "[data]") {
  const TempFolder folder;
  const ClipSettings settings = {16, 5, {}, 1, SizeTable({ClipSize{64, 128, 0}})};
  for (const bool is_mirrored : {false, true}) {
    VideoFileSpec spec;
    av_display_rotation_set(spec.matrix.emplace().data(), 0);
    if (is_mirrored) av_display_matrix_flip(spec.matrix->data(), 1, 0);
    write_video_file(folder / "a.mov", half_bright(8), spec);
    const at::Tensor clip = read_video(Place::whole(folder / "a.mov"), settings).clips.at(0);
    const at::Tensor bright = clip.narrow(2, is_mirrored ? 64 : 0, 64);
    CHECK(bright.eq(220).all().item<bool>());
    CHECK(clip.to(at::kFloat).mean().item<double>() == sana_test::Approx(120));
  }
}

TEST_CASE("HDR clips are counted, in prepared sets and in clips as they are", "[data]") {
  const TempFolder folder;
  write_hdr_clips(folder / "in");
  const PrepareConfig config = test_config(folder / "in", folder / "out", "pixels");
  REQUIRE(run_prepare(config).samples == 6);
  HdrCount prepared;
  for (const SampleRecord& sample : read_dataset_file(folder / "out").samples) {
    prepared.add(sample.hdr);
  }
  CHECK(prepared.total() == 4);
  CHECK(contains(prepared.text(), "4 clips are HDR (2 PQ, 1 HLG, 1 BT.2020)"));

  ClipDatasetConfig as_they_are;
  as_they_are.source = config.source;
  as_they_are.clips = config;
  const auto progress = make_silent_progress();
  CHECK(ClipDataset(as_they_are, *progress).hdr().text() == prepared.text());

  // Latents made of these pixels keep it.
  const Encoders encoders = test_encoders();
  run_prepare(test_config(folder / "out", folder / "latents", "latents"), &encoders);
  CHECK(read_dataset_file(folder / "latents").samples.at(0).hdr == Hdr::kPq);
  CHECK(HdrCount().text().empty());
}

TEST_CASE("a picture that is damaged or too large is one unusable clip of a data set", "[data]") {
  const TempFolder folder;
  const std::string whole = read_all(example("images/daisy.jpg"));
  std::string hole = whole, large = whole;
  hole.replace(whole.size() / 2, 2000, std::string(2000, '\0'));
  const size_t frame = whole.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  large.replace(frame + 5, 4, big_endian(65000, 2) + big_endian(65000, 2));
  write_text(folder / "in/hole.jpg", hole);
  write_text(folder / "in/large.jpg", large);
  write_text(folder / "in/whole.jpg", whole);
  for (const char* name : {"hole", "large", "whole"}) {
    write_text(folder / "in" / (std::string(name) + ".txt"), "a daisy");
  }
  const auto result = run_prepare(test_config(folder / "in", folder / "out", "pixels"));
  CHECK(result.samples == 1);
  CHECK(result.unused == 2);
  const std::string unused = read_all(folder / "out/unused_clips.jsonl");
  CHECK(contains(unused, R"({"id":"hole.jpg","reason":"damaged")"));
  CHECK(
      contains(unused, R"({"id":"large.jpg","reason":"too large","detail":"65000x65000 pixels")"));
}

}  // namespace sana::data
#endif
