// How large pictures may be. Headers may announce any size, so it is compared before anything is
// made for them.
#pragma once
#include <cstdint>

namespace sana::media {

// Of a frame or picture; 201 MB of RGB.
inline constexpr int64_t kMaxPixels = int64_t(8192) * 8192;

// Throws UnusableClip that tells both sizes: too large, or no size at all.
void check_picture_size(int64_t width, int64_t height, int64_t most = kMaxPixels);

}  // namespace sana::media
