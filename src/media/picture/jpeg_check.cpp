#include "media/picture/jpeg_check.h"

#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it

#include "media/picture_limit.h"
#include "media/unusable.h"
// After <cstdio>.
#include <jpeglib.h>
// After jpeglib.h.
#include <jerror.h>

namespace sana::media {
namespace {

// More than any encoder writes; each goes through all blocks of the picture.
constexpr int kMostScans = 200;

// What libjpeg says while it reads. The first member: libjpeg knows only that one.
struct Listener {
  jpeg_error_mgr base;
  std::jmp_buf give_up;
  jpeg_progress_mgr progress;
  const unsigned char* begin;
  JpegUse use;
  char text[JMSG_LENGTH_MAX];  // the first thing that is wrong
  bool is_damaged;
  bool is_cut;  // the file ended before the end marker
};

Listener& listener_of(j_common_ptr decoder) { return *reinterpret_cast<Listener*>(decoder->err); }

void note(j_common_ptr decoder) {
  Listener& listener = listener_of(decoder);
  if (!listener.is_damaged) listener.base.format_message(decoder, listener.text);
  listener.is_damaged = true;
}

[[noreturn]] void give_up(j_common_ptr decoder) {
  note(decoder);
  std::longjmp(listener_of(decoder).give_up, 1);
}

// Bytes between the last number and the next marker: a decoder that has lost its step leaves some;
// encoders fill up to a round number.
bool is_padding(const jpeg_decompress_struct& decoder, const Listener& listener) {
  constexpr int kMostZeros = 64, kMostOfCameras = 4;
  const int count = decoder.err->msg_parm.i[0];
  if (listener.use == JpegUse::kVideoFrame && count <= kMostOfCameras) return true;
  const auto* const end = decoder.src->next_input_byte;
  if (count > kMostZeros || end - listener.begin < count) return false;
  return std::all_of(end - count, end, [](unsigned char byte) { return byte == 0; });
}

// Levels below 0 are warnings; others are told by the way.
void hear(j_common_ptr common, int level) {
  if (level >= 0) return;
  Listener& listener = listener_of(common);
  const auto& decoder = *reinterpret_cast<jpeg_decompress_struct*>(common);
  switch (listener.base.msg_code) {
    case JWRN_ADOBE_XFORM:  // notes beside the picture
    case JWRN_BOGUS_ICC:
    case JWRN_NOT_SEQUENTIAL:  // numbers that a sequential picture does not use
      return;
    case JWRN_JPEG_EOF:
      listener.is_cut = true;
      return;
    case JWRN_EXTRANEOUS_DATA:
      // Between the segments before the first scan are notes, too.
      if (decoder.input_scan_number == 0 || is_padding(decoder, listener)) return;
      break;
    default:
      break;
  }
  note(common);
}

void count_scans(j_common_ptr common) {
  const auto& decoder = *reinterpret_cast<jpeg_decompress_struct*>(common);
  if (decoder.input_scan_number <= kMostScans) return;
  Listener& listener = listener_of(common);
  std::snprintf(listener.text, sizeof listener.text, "it has more than %d scans", kMostScans);
  listener.is_damaged = true;
  std::longjmp(listener.give_up, 1);
}

void say_nothing(j_common_ptr) {}

// One component's numbers, 64 for each block, times their steps: what no picture of 8 bits has. DC
// reaches 1024; encoders that let samples overshoot next to white exceed that in the others only,
// and may round either way.
bool is_possible(const JCOEF* block, const JQUANT_TBL& steps) {
  constexpr int kMostDc = 1024 + 16, kMostAc = 1024 + 256;
  for (int i = 0; i < DCTSIZE2; ++i) {
    const int step = steps.quantval[i];
    const int most = (i == 0 ? kMostDc : kMostAc) + 2 * step;
    if (step == 0 || std::abs(block[i]) * step > most) return false;
  }
  return true;
}

class JpegReader {
 public:
  JpegReader(std::string_view bytes, JpegUse use) : bytes_(bytes) {
    decoder_.err = jpeg_std_error(&listener_.base);
    listener_.base.error_exit = give_up;
    listener_.base.emit_message = hear;
    listener_.base.output_message = say_nothing;
    listener_.progress.progress_monitor = count_scans;
    listener_.begin = reinterpret_cast<const unsigned char*>(bytes.data());
    listener_.use = use;
  }
  ~JpegReader() { jpeg_destroy_decompress(&decoder_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // False when libjpeg gives up, which says why.
  bool read_header() {
    if (setjmp(listener_.give_up) != 0) return false;
    jpeg_create_decompress(&decoder_);
    decoder_.progress = &listener_.progress;
    jpeg_mem_src(&decoder_, listener_.begin, static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&decoder_, TRUE);
    return true;
  }
  bool read_numbers() {
    if (setjmp(listener_.give_up) != 0) return false;
    numbers_ = jpeg_read_coefficients(&decoder_);
    look_at_numbers();
    jpeg_finish_decompress(&decoder_);
    return true;
  }

  int64_t width() const { return decoder_.image_width; }
  int64_t height() const { return decoder_.image_height; }
  const Listener& listener() const { return listener_; }
  // Of the numbers themselves.
  const char* complaint() const { return complaint_; }

 private:
  void look_at_numbers() {
    for (int c = 0; c < decoder_.num_components; ++c) {
      const jpeg_component_info& component = decoder_.comp_info[c];
      if (component.quant_table == nullptr) {
        complaint_ = "one of its colours is missing";
        return;
      }
      look_at_scans(c);
      look_at_blocks(c, component);
    }
  }

  // A progressive picture: the bits of each number that have not come, -1: no bit has.
  void look_at_scans(int c) {
    if (decoder_.progressive_mode == FALSE || decoder_.coef_bits == nullptr) return;
    const int* bits = decoder_.coef_bits[c];
    const bool is_whole =
        bits[0] == 0 && std::all_of(bits, bits + DCTSIZE2, [](int left) { return left <= 0; });
    if (!is_whole) complaint_ = "the last of its scans are missing";
  }

  void look_at_blocks(int c, const jpeg_component_info& component) {
    for (JDIMENSION row = 0; row < component.height_in_blocks; ++row) {
      const auto common = reinterpret_cast<j_common_ptr>(&decoder_);
      const JBLOCKROW blocks =
          decoder_.mem->access_virt_barray(common, numbers_[c], row, 1, FALSE)[0];
      for (JDIMENSION column = 0; column < component.width_in_blocks; ++column) {
        if (is_possible(blocks[column], *component.quant_table)) continue;
        complaint_ = "it holds numbers that no picture has";
        return;
      }
    }
  }

  std::string_view bytes_;
  jpeg_decompress_struct decoder_{};
  Listener listener_{};
  jvirt_barray_ptr* numbers_ = nullptr;
  const char* complaint_ = nullptr;
};

}  // namespace

JpegCheck check_jpeg(std::string_view bytes, JpegUse use) {
  JpegReader reader(bytes, use);
  if (!reader.read_header()) {
    throw UnusableClip("cannot decode", fmt::format("libjpeg: {}", reader.listener().text),
                       "convert it to JPEG or PNG");
  }
  check_picture_size(reader.width(), reader.height());
  const bool is_read = reader.read_numbers();
  const Listener& listener = reader.listener();
  const char* ours = reader.complaint() == nullptr ? "" : reader.complaint();
  return {listener.is_damaged || !is_read ? listener.text : ours, listener.is_cut};
}

}  // namespace sana::media
#endif
