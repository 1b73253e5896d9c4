#include "filter/measure/video_meter.h"
#include "filter/record/score_table.h"
#include "filter_fixtures.h"
#include "support/temporary_directory.h"
#include "support/video_files.h"

namespace sana::filter {
namespace {

using namespace sana_test;

ShotRecord measured(const std::filesystem::path& file, const VideoFileSpec& spec) {
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < 24; ++i) pictures.push_back(moved(scene(3), 2 * i));
  write_video_file(file, pictures, spec);
  VideoFile video;
  video.id = "a";
  video.place = data::Place::whole(file);
  VideoMeter meter({}, {}, {});
  const VideoRecord record = meter.measure(video, [](size_t, const std::string&) {});
  REQUIRE_FALSE(record.problem);
  REQUIRE(record.shots.size() == 1);
  return record.shots[0];
}

}  // namespace

TEST_CASE("transfer function and depth are scores", "[filter]") {
  const TemporaryDirectory folder;
  VideoFileSpec spec;
  spec.codec = "ffv1";
  spec.format = AV_PIX_FMT_YUV420P10;
  spec.primaries = AVCOL_PRI_BT2020;
  spec.transfer = AVCOL_TRC_SMPTE2084;
  ShotRecord shot = measured(folder / "a.mkv", spec);
  CHECK(shot.scores.at("hdr") == 3);
  CHECK(shot.scores.at("bit_depth") == 10);
  spec.transfer = AVCOL_TRC_ARIB_STD_B67;
  CHECK(measured(folder / "a.mkv", spec).scores.at("hdr") == 2);
  spec.transfer = AVCOL_TRC_BT2020_10;
  CHECK(measured(folder / "a.mkv", spec).scores.at("hdr") == 1);
  shot = measured(folder / "a.mkv", {"ffv1", AV_PIX_FMT_YUV420P, {}});
  CHECK(shot.scores.at("hdr") == 0);
  CHECK(shot.scores.at("bit_depth") == 8);
  for (const auto& [name, value] : shot.scores) {
    const auto& table = score_table();
    CHECK(std::any_of(table.begin(), table.end(),
                      [&, known = name](const ScoreKind& kind) { return kind.name == known; }));
  }
}

TEST_CASE("deep RGB has the brightness of its colours", "[filter]") {
  const TemporaryDirectory folder;
  const double usual =
      measured(folder / "a.mkv", {"ffv1", AV_PIX_FMT_BGR0, {}}).scores.at("brightness");
  for (const AVColorSpace space : {AVCOL_SPC_RGB, AVCOL_SPC_BT709}) {
    VideoFileSpec spec{"ffv1", AV_PIX_FMT_GBRP10, {}};
    spec.space = space;
    const double deep = measured(folder / "a.mkv", spec).scores.at("brightness");
    CHECK(std::abs(deep - usual) < 0.6);
  }
}

}  // namespace sana::filter
