// RGB in every form keeps its colours; HDR is told.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>

#include "media/decode/frame_pictures.h"
#include "media/decode/video_stream.h"
#include "media/picture/still_picture.h"
#include "support/media_fixtures.h"
#include "support/picture_files.h"
#include "support/video_files.h"

namespace sana::media {
using namespace sana_test;
namespace {

const cv::Vec3b kRed = {30, 30, 230};  // B, G, R

cv::Mat plain(cv::Vec3b bgr, cv::Size size = {64, 48}) { return {size, CV_8UC3, bgr}; }

int grey_of(cv::Vec3b bgr) { return cvRound(0.114 * bgr[0] + 0.587 * bgr[1] + 0.299 * bgr[2]); }

// Greatest difference of any pixel of the picture from one colour or level.
double off(const cv::Mat& picture, const cv::Scalar& colour) {
  return cv::norm(picture, cv::Mat(picture.size(), picture.type(), colour), cv::NORM_INF);
}

void check_colour(FramePictures& pictures, const AVFrame& frame, cv::Vec3b bgr) {
  const cv::Scalar grey = cv::Scalar::all(grey_of(bgr));
  CHECK(off(pictures.bgr(frame, {frame.width, frame.height}), bgr) <= 1);
  CHECK(off(pictures.bgr(frame, {frame.width / 2, frame.height / 2}), bgr) <= 1);
  CHECK(off(pictures.luma(frame), grey) <= 1);
  const SmallPicture small = pictures.small(frame, {frame.width / 2, frame.height / 2});
  CHECK(off(small.luma, grey) <= 1);
  CHECK(off(small.bgr, bgr) <= 1);
}

// Whose numbers can be written by av_write_image_line and lose less than one level.
bool is_plain_rgb(AVPixelFormat format) {
  constexpr uint64_t kOther =
      AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(format);
  return layout != nullptr && (layout->flags & AV_PIX_FMT_FLAG_RGB) != 0 &&
         (layout->flags & kOther) == 0 && layout->comp[0].depth >= 8 &&
         sws_isSupportedInput(format) != 0;
}

}  // namespace

TEST_CASE("RGB of every depth and order keeps its colours, at full size and made small",
          "[media]") {
  int formats = 0;
  for (int i = 0; i < AV_PIX_FMT_NB; ++i) {
    const auto format = AVPixelFormat(i);
    if (!is_plain_rgb(format)) continue;
    ++formats;
    for (const cv::Vec3b& colour : {kRed, cv::Vec3b(60, 200, 20), cv::Vec3b(250, 40, 10)}) {
      const auto frame = rgb_frame(plain(colour), format);
      for (const AVColorSpace space :
           {AVCOL_SPC_RGB, AVCOL_SPC_BT709, AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_BT2020_NCL}) {
        INFO(av_get_pix_fmt_name(format) << ", matrix " << av_color_space_name(space));
        frame->colorspace = space;
        FramePictures pictures{StreamInfo{}};
        check_colour(pictures, *frame, colour);
      }
    }
  }
  CHECK(formats > 30);
}

TEST_CASE("a palette keeps its colours", "[media]") {
  const Owned<AVFrame> frame(av_frame_alloc());
  frame->format = AV_PIX_FMT_PAL8;
  frame->width = 64;
  frame->height = 48;
  frame->colorspace = AVCOL_SPC_BT709;
  REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
  std::memset(frame->data[0], 7, size_t(frame->linesize[0]) * 48);
  std::memset(frame->data[1], 0, AVPALETTE_SIZE);
  reinterpret_cast<uint32_t*>(frame->data[1])[7] = 0xff000000u | 230u << 16 | 30u << 8 | 30u;
  FramePictures pictures{StreamInfo{}};
  check_colour(pictures, *frame, kRed);
}

TEST_CASE("files with deep RGB give the colours that were stored", "[media]") {
  const TempFolder folder;
  const std::vector<std::tuple<std::string, std::string, AVPixelFormat>> kinds = {
      {"ffv1", "a.mkv", AV_PIX_FMT_GBRP10}, {"ffv1", "a.mkv", AV_PIX_FMT_GBRP16},
      {"ffv1", "a.mkv", AV_PIX_FMT_RGB48},  {"ffvhuff", "a.mkv", AV_PIX_FMT_GBRP12},
      {"png", "a.mov", AV_PIX_FMT_RGB48BE}, {"png", "a.mov", AV_PIX_FMT_RGBA},
      {"r210", "a.mov", AV_PIX_FMT_GBRP10}, {"ffv1", "a.mkv", AV_PIX_FMT_GBRAP12},
  };
  for (const auto& [codec, name, format] : kinds) {
    for (const AVColorSpace space : {AVCOL_SPC_RGB, AVCOL_SPC_BT709}) {
      INFO(codec << " " << av_get_pix_fmt_name(format) << " " << av_color_space_name(space));
      VideoFileSpec spec;
      spec.codec = codec;
      spec.format = format;
      spec.space = space;
      write_video_file(folder / name, {plain(kRed)}, spec);
      VideoStream stream(open_bytes(folder / name), name);
      REQUIRE(stream.next());
      CHECK(off(stream.bgr({64, 48}), kRed) <= 1);
      CHECK(off(stream.small({32, 24}).bgr, kRed) <= 1);
      CHECK(off(stream.small({32, 24}).luma, cv::Scalar::all(grey_of(kRed))) <= 1);
    }
  }
}

TEST_CASE("a stream tells its depth, and whether it is HDR", "[media]") {
  const TempFolder folder;
  const auto info_of = [&](AVColorPrimaries primaries, AVColorTransferCharacteristic transfer,
                           AVPixelFormat format = AV_PIX_FMT_YUV420P10) {
    VideoFileSpec spec;
    spec.codec = "ffv1";
    spec.format = format;
    spec.primaries = primaries;
    spec.transfer = transfer;
    write_video_file(folder / "a.mkv", {plain(kRed)}, spec);
    return VideoStream(open_bytes(folder / "a.mkv"), "a.mkv").info();
  };
  CHECK(info_of(AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084).hdr == Hdr::kPq);
  CHECK(info_of(AVCOL_PRI_BT2020, AVCOL_TRC_ARIB_STD_B67).hdr == Hdr::kHlg);
  CHECK(info_of(AVCOL_PRI_BT2020, AVCOL_TRC_BT2020_10).hdr == Hdr::kWideColour);
  CHECK(info_of(AVCOL_PRI_BT709, AVCOL_TRC_BT709).hdr == Hdr::kNone);
  const StreamInfo plain_info =
      info_of(AVCOL_PRI_UNSPECIFIED, AVCOL_TRC_UNSPECIFIED, AV_PIX_FMT_YUV420P);
  CHECK(plain_info.hdr == Hdr::kNone);
  CHECK(plain_info.bit_depth == 8);
  CHECK(info_of(AVCOL_PRI_BT709, AVCOL_TRC_BT709).bit_depth == 10);
}

TEST_CASE("an HDR PNG is read, and told", "[media]") {
  cv::Mat deep(8, 8, CV_16UC3, cv::Scalar(10000, 20000, 50000));
  const std::string png = encoded(".png", deep);
  using namespace std::string_literals;
  const StillPicture hdr =
      decode_still(*own_bytes(with_png_chunk(png, png_chunk("cICP", "\x09\x10\x00\x01"s))));
  CHECK(hdr.hdr == Hdr::kPq);
  CHECK(off(hdr.bgr, cv::Scalar(39, 78, 195)) <= 1);
  CHECK(decode_still(*own_bytes(png)).hdr == Hdr::kNone);
}

}  // namespace sana::media
#endif
