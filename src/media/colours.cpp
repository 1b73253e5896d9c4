#include "media/colours.h"

namespace sana::media {

const char* hdr_name(Hdr hdr) {
  switch (hdr) {
    case Hdr::kNone:
      return "SDR";
    case Hdr::kWideColour:
      return "BT.2020";
    case Hdr::kHlg:
      return "HLG";
    case Hdr::kPq:
      break;
  }
  return "PQ";
}

Hdr parse_hdr(std::string_view name) {
  for (const Hdr hdr : {Hdr::kWideColour, Hdr::kHlg, Hdr::kPq}) {
    if (name == hdr_name(hdr)) return hdr;
  }
  return Hdr::kNone;
}

Hdr hdr_of(int primaries, int transfer) {
  constexpr int kBt2020Primaries = 9, kPqTransfer = 16, kHlgTransfer = 18;
  if (transfer == kPqTransfer) return Hdr::kPq;
  if (transfer == kHlgTransfer) return Hdr::kHlg;
  return primaries == kBt2020Primaries ? Hdr::kWideColour : Hdr::kNone;
}

}  // namespace sana::media
