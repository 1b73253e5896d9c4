#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <vector>

#include "media/decode/frame_budget.h"
#include "support/catch.h"

namespace sana::media {

TEST_CASE("frames that a decoder keeps are counted until nobody holds them", "[media]") {
  const AVCodec* decoder = avcodec_find_decoder(AV_CODEC_ID_RAWVIDEO);
  REQUIRE(decoder != nullptr);
  Owned<AVFrame> survivor(av_frame_alloc());
  {
    constexpr int kSide = 256;  // 64 KiB of grey, and 80 KiB that are assumed beside
    FrameBudget budget(int64_t(1) << 20);
    const Owned<AVCodecContext> codec(avcodec_alloc_context3(decoder));
    codec->width = codec->height = kSide;
    codec->pix_fmt = AV_PIX_FMT_GRAY8;
    budget.watch(*codec);
    REQUIRE(avcodec_open2(codec.get(), decoder, nullptr) >= 0);
    const auto next = [&](AVFrame& frame) {
      frame.width = frame.height = kSide;
      frame.format = AV_PIX_FMT_GRAY8;
      return codec->get_buffer2(codec.get(), &frame, AV_GET_BUFFER_FLAG_REF) >= 0;
    };
    for (int round = 0; round < 3; ++round) {
      std::vector<Owned<AVFrame>> kept;
      for (int i = 0; i < 6; ++i) {
        kept.emplace_back(av_frame_alloc());
        REQUIRE(next(*kept.back()));
        CHECK(kept.back()->buf[0] != nullptr);
      }
      CHECK_FALSE(budget.is_exceeded());  // those of the last round have gone
      if (round == 2) survivor = std::move(kept.front());
    }
    std::vector<Owned<AVFrame>> kept;
    bool has_room = true;
    while (has_room) {
      REQUIRE(kept.size() < 20);
      kept.emplace_back(av_frame_alloc());
      has_room = next(*kept.back());
    }
    CHECK(kept.size() == 7);  // beside the survivor six, and then one too many
    CHECK(budget.is_exceeded());
  }
  CHECK(survivor->data[0] != nullptr);  // it outlives codec and budget
}

}  // namespace sana::media
#endif
