// The frames of a video that lies at a place. Only in builds with FFmpeg.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <opencv2/core.hpp>

#include "core/geometry/clip_size.h"
#include "data/source/place.h"
#include "media/decode/video_stream.h"

namespace sana::data {

// The stream of the whole video, from its first frame on; `bytes` are those of the place, which
// several streams may share. Throws UnusableClip as VideoStream does.
std::unique_ptr<media::VideoStream> open_stream(const Place& video,
                                                std::shared_ptr<const media::ByteSource> bytes);

// Whether a frame that begins at that time belongs to what is used of the video, give or take a
// millisecond of rounding.
bool is_in_window(const Place& video, double time_s);

// The part that is used of each picture. Throws UnusableClip when the crop lies outside.
cv::Rect crop_of(const Place& video, const media::StreamInfo& info);

// The present frame of the stream, cropped and brought to the size: [height, width, 3] uint8 RGB.
at::Tensor sized_frame(const media::VideoStream& stream, const cv::Rect& crop,
                       const ClipSize& size);

// BGR of OpenCV to an RGB tensor [H, W, 3].
at::Tensor rgb_tensor(const cv::Mat& bgr);

}  // namespace sana::data
