// A part of a video as a stream of its frames. Only in builds with FFmpeg. Nothing outside this
// folder needs it.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "data/clips/bucket.h"
#include "data/clips/video_reader.h"
#include "media/decode/video_stream.h"

namespace sana::data {

// The bytes of the file or member. Throws UnusableClip when it is not there, or its shard is
// damaged.
std::shared_ptr<const media::ByteSource> open_bytes_of(const VideoPart& part);

// What it is called, with its ending.
const std::string& name_of_part(const VideoPart& part);

// The stream of the whole video. Throws UnusableClip as VideoStream does.
std::unique_ptr<media::VideoStream> open_part(const VideoPart& video,
                                              std::shared_ptr<const media::ByteSource> bytes);

// Whether a frame that begins at that time belongs to the part, give or take a millisecond of
// rounding.
bool is_in_part(const VideoPart& video, double time_s);

// What is used of each picture. Throws UnusableClip when the crop lies outside.
cv::Rect crop_of(const VideoPart& video, const media::StreamInfo& info);

// The present frame of the stream, cropped and brought to the size: [height, width, 3] uint8 RGB.
at::Tensor sized_frame(const media::VideoStream& stream, const cv::Rect& crop,
                       const ClipSize& size);

// BGR of OpenCV to an RGB tensor [H, W, 3].
at::Tensor rgb_tensor(const cv::Mat& bgr);

}  // namespace sana::data
