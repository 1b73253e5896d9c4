// What builds without OpenCV, FFmpeg and libjpeg say.
#pragma once

namespace sana::media {

// EnvironmentError that says how clips can be decoded elsewhere.
[[noreturn]] void throw_no_video_io();

}  // namespace sana::media
