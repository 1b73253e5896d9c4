// Pictures stand as their file says: all eight ways, in videos and in images.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>

#include "media/decode/video_stream.h"
#include "media/picture/image_input.h"
#include "media/picture/still_picture.h"
#include "support/media_fixtures.h"
#include "support/picture_files.h"
#include "support/video_files.h"

namespace sana::media {
using namespace sana_test;
namespace {

// No two corners are alike, and no picture of it turned or mirrored is another one.
cv::Mat corners() {
  cv::Mat picture(32, 48, CV_8UC3, cv::Scalar(40, 40, 40));
  picture(cv::Rect(0, 0, 24, 16)).setTo(cv::Scalar(250, 20, 20));
  picture(cv::Rect(24, 0, 24, 16)).setTo(cv::Scalar(20, 200, 20));
  picture(cv::Rect(0, 16, 16, 16)).setTo(cv::Scalar(10, 30, 220));
  return picture;
}

// What the matrix says of each pixel: x' = a x + c y, y' = b x + d y, moved to begin with 0.
cv::Mat shown_by(const std::array<int32_t, 9>& matrix, const cv::Mat& stored) {
  const int a = matrix[0] / 65536, b = matrix[1] / 65536;
  const int c = matrix[3] / 65536, d = matrix[4] / 65536;
  cv::Mat shown(a == 0 ? cv::Size(stored.rows, stored.cols) : stored.size(), stored.type());
  for (int y = 0; y < stored.rows; ++y) {
    for (int x = 0; x < stored.cols; ++x) {
      const int to_x = a * x + c * y + (a + c < 0 ? shown.cols - 1 : 0);
      const int to_y = b * x + d * y + (b + d < 0 ? shown.rows - 1 : 0);
      shown.at<cv::Vec3b>(to_y, to_x) = stored.at<cv::Vec3b>(y, x);
    }
  }
  return shown;
}

// EXIF's numbers.
cv::Mat shown_by_exif(int orientation, const cv::Mat& stored) {
  const auto flipped = [](const cv::Mat& picture, int code) {
    cv::Mat out;
    cv::flip(picture, out, code);
    return out;
  };
  cv::Mat transposed;
  cv::transpose(stored, transposed);
  switch (orientation) {
    case 2:
      return flipped(stored, 1);
    case 3:
      return flipped(stored, -1);
    case 4:
      return flipped(stored, 0);
    case 5:
      return transposed;
    case 6:
      return flipped(transposed, 1);
    case 7:
      return flipped(transposed, -1);
    case 8:
      return flipped(transposed, 0);
    default:
      return stored;
  }
}

double greatest_difference(const cv::Mat& a, const cv::Mat& b) {
  REQUIRE(a.size() == b.size());
  return cv::norm(a, b, cv::NORM_INF);
}

double average_difference(const cv::Mat& a, const cv::Mat& b) {
  REQUIRE(a.size() == b.size());
  return cv::norm(a, b, cv::NORM_L1) / double(a.total() * size_t(a.channels()));
}

}  // namespace

TEST_CASE("videos are turned and mirrored as their matrix says, all eight ways", "[media]") {
  const TempFolder folder;
  const cv::Mat stored = corners();
  for (int degrees = 0; degrees < 360; degrees += 90) {
    for (const bool is_mirrored : {false, true}) {
      INFO(degrees << " degrees" << (is_mirrored ? ", mirrored" : ""));
      VideoFileSpec spec;
      av_display_rotation_set(spec.matrix.emplace().data(), degrees);
      if (is_mirrored) av_display_matrix_flip(spec.matrix->data(), 1, 0);
      const fs::path file = folder / "a.mov";
      write_video_file(file, {stored, stored}, spec);
      const cv::Mat shown = shown_by(*spec.matrix, stored);

      VideoStream stream(open_bytes(file), "a.mov");
      CHECK(stream.info().is_mirrored == is_mirrored);
      CHECK(cv::Size(int(stream.info().width), int(stream.info().height)) == shown.size());
      REQUIRE(stream.next());
      CHECK(greatest_difference(stream.bgr(shown.size()), shown) == 0);
      cv::Mat grey, small_grey, small;
      cv::cvtColor(shown, grey, cv::COLOR_BGR2GRAY);
      CHECK(greatest_difference(stream.luma(), grey) <= 1);
      const SmallPicture pictures = stream.small(shown.size() / 2);
      cv::resize(grey, small_grey, shown.size() / 2, 0, 0, cv::INTER_AREA);
      cv::resize(shown, small, shown.size() / 4, 0, 0, cv::INTER_AREA);
      // Edges are another method's; any other turn would be off by dozens.
      CHECK(average_difference(pictures.luma, small_grey) < 3);
      CHECK(average_difference(pictures.bgr, small) < 3);
    }
  }
}

TEST_CASE("images are turned and mirrored as EXIF says, all eight ways", "[media]") {
  const TempFolder folder;
  const cv::Mat stored = corners();
  const std::string jpeg = encoded(".jpg", stored, {cv::IMWRITE_JPEG_QUALITY, 100});
  const std::string png = encoded(".png", stored);
  const cv::Mat decoded = decode_still(*own_bytes(jpeg)).bgr;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    INFO("orientation " << orientation);
    const std::string turned = with_exif(jpeg, orientation);
    const cv::Mat shown = shown_by_exif(orientation, decoded);
    CHECK(greatest_difference(decode_still(*own_bytes(turned)).bgr, shown) == 0);
    const std::string chunk = png_chunk("eXIf", exif_data(orientation));
    CHECK(greatest_difference(decode_still(*own_bytes(with_png_chunk(png, chunk))).bgr,
                              shown_by_exif(orientation, stored)) == 0);

    write_text(folder / "a.jpg", turned);
    const at::Tensor image = read_image(folder / "a.jpg");
    const cv::Mat rgb(int(image.size(0)), int(image.size(1)), CV_8UC3, image.data_ptr());
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    CHECK(greatest_difference(bgr, shown) == 0);
  }
}

}  // namespace sana::media
#endif
