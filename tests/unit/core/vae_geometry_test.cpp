#include "core/geometry/vae_geometry.h"

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {
using sana::check_frame_count;
using sana::ClipSize;
using sana::LatentSize;
using sana::VaeGeometry;
using sana_test::ContainsSubstring;

const VaeGeometry kWan = {4, 8, 8, 16, true};
const VaeGeometry kLtx = {8, 32, 32, 128, true};
const VaeGeometry kDcAeV = {4, 32, 32, 32, false};
const VaeGeometry kDcAe = {1, 32, 32, 32, true};

TEST_CASE("each VAE takes its own numbers of frames, and a picture", "[core]") {
  CHECK(kWan.complaint(81, "Wan VAE").empty());
  CHECK(kLtx.complaint(81, "LTX-2 VAE").empty());
  CHECK(kDcAeV.complaint(80, "DC-AE-V").empty());
  CHECK(kDcAe.complaint(80, "DC-AE").empty());
  for (const VaeGeometry& geometry : {kWan, kLtx, kDcAeV, kDcAe}) {
    CHECK(geometry.accepts_sample(1));
    CHECK(geometry.complaint(1, "VAE").empty());
    CHECK(geometry.latent_frames(1) == 1);
    CHECK_FALSE(geometry.accepts_sample(0));
  }
  CHECK_FALSE(kDcAeV.accepts(1));
  CHECK(kWan.latent_frames(81) == 21);
  CHECK(kLtx.latent_frames(81) == 11);
  CHECK(kDcAeV.latent_frames(80) == 20);
  CHECK(kDcAe.latent_frames(80) == 80);
}

TEST_CASE("the size of latents is that of the clip by the strides", "[core]") {
  CHECK(kWan.latent_size({480, 832, 81}) == LatentSize{21, 60, 104});
  CHECK(kLtx.latent_size({480, 832, 81}) == LatentSize{11, 15, 26});
  CHECK(kDcAeV.latent_size({64, 96, 1}) == LatentSize{1, 2, 3});
}

TEST_CASE("a wrong number is refused with the rule in words and both neighbours", "[core]") {
  CHECK(kWan.complaint(80, "Wan VAE") ==
        "must be 4k+1 for the Wan VAE (the first latent frame stands for one frame, each further "
        "one for 4), got 80; nearest are 77 and 81");
  CHECK_THAT(kWan.complaint(2, ""), ContainsSubstring("nearest are 1 and 5"));
  CHECK_THAT(kWan.complaint(0, ""), ContainsSubstring("nearest are 1 and 5"));
  CHECK_THAT(kLtx.complaint(80, "LTX-2 VAE"), ContainsSubstring("must be 8k+1 for the LTX-2 VAE"));
  CHECK_THAT(kLtx.complaint(80, ""), ContainsSubstring("nearest are 73 and 81"));
  CHECK_THAT(kDcAeV.complaint(81, "DC-AE-V"),
             ContainsSubstring("must be 4k for the DC-AE-V (each latent frame stands for 4)"));
  CHECK_THAT(kDcAeV.complaint(81, ""), ContainsSubstring("nearest are 80 and 84"));
  CHECK_THAT(kDcAeV.complaint(2, ""), ContainsSubstring("nearest are 4 and 8"));
}

TEST_CASE("commands word a wrong number as data sets do", "[core]") {
  CHECK_NOTHROW(check_frame_count("--frames", 81, kWan));
  CHECK_THROWS_WITH(
      check_frame_count("--frames", 80, kWan),
      ContainsSubstring("--frames is 80 frames, must be 4k+1 for this VAE; nearest are 77 and 81"));
  // A picture is no clip of a VAE without a lone first frame.
  CHECK_THROWS_WITH(check_frame_count("clip", 1, kDcAeV), ContainsSubstring("4 and 8"));
}

TEST_CASE("a clip is refused for its length or its sides", "[core]") {
  CHECK(kWan.complaint(ClipSize{96, 160, 81}, "Wan VAE").empty());
  CHECK(kWan.complaint(ClipSize{90, 160, 81}, "Wan VAE") ==
        "it is 90x160, must be multiples of 8 for the Wan VAE");
  CHECK_THAT(kWan.complaint(ClipSize{90, 160, 80}, "Wan VAE"),
             ContainsSubstring("its number of frames must be 4k+1"));
  const VaeGeometry oblong = {4, 16, 8, 16, true};
  CHECK(oblong.divides({16, 8, 1}));
  CHECK_THAT(oblong.complaint(ClipSize{24, 8, 1}, "VAE"), ContainsSubstring("multiples of 16 x 8"));
}

TEST_CASE("the sum behind a number of frames is explained", "[core]") {
  CHECK(kWan.explanation(81) ==
        "81 = 4 x 20 + 1: the first latent frame stands for one frame, each further one for 4 -> "
        "21 latent frames");
  CHECK(kDcAeV.explanation(80) ==
        "80 = 4 x 20: each latent frame stands for 4 -> 20 latent frames");
  CHECK(kDcAe.explanation(3) == "each latent frame stands for one frame -> 3 latent frames");
  CHECK(kWan.explanation(1) == "one frame is a picture -> 1 latent frame");
}

}  // namespace
