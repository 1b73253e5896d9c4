// Colours that SDR does not have. Everything is read as SDR in BT.709; what is not is told.
#pragma once
#include <string_view>

namespace sana::media {

// By what makes pictures look wrong when they are read as SDR: the transfer function, or only the
// primaries. In the order of the score "hdr".
enum class Hdr { kNone, kWideColour, kHlg, kPq };

// For messages and files: "SDR", "BT.2020", "HLG", "PQ".
const char* hdr_name(Hdr hdr);
// The reverse; kNone for any other text.
Hdr parse_hdr(std::string_view name);

// From the code points of ITU-T H.273, which FFmpeg's colour properties and PNG's cICP use.
Hdr hdr_of(int primaries, int transfer);

}  // namespace sana::media
