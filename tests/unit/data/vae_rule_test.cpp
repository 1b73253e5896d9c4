#include "data/clips/vae_rule.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

const VaeRule kWan = {"Wan VAE", 4, true, 8};
const VaeRule kLtx = {"LTX-2 VAE", 8, true, 32};
const VaeRule kDcAeV = {"DC-AE-V", 4, false, 32};
const VaeRule kDcAe = {"DC-AE", 1, true, 32};

TEST_CASE("each VAE takes its own numbers of frames, and a picture", "[data]") {
  CHECK(kWan.complaint(81).empty());
  CHECK(kLtx.complaint(81).empty());
  CHECK(kDcAeV.complaint(80).empty());
  CHECK(kDcAe.complaint(80).empty());
  for (const VaeRule& rule : {kWan, kLtx, kDcAeV, kDcAe}) {
    CHECK(rule.accepts(1));
    CHECK(rule.latent_frames(1) == 1);
    CHECK_FALSE(rule.accepts(0));
  }
  CHECK(kWan.latent_frames(81) == 21);
  CHECK(kLtx.latent_frames(81) == 11);
  CHECK(kDcAeV.latent_frames(80) == 20);
  CHECK(kDcAe.latent_frames(80) == 80);
}

TEST_CASE("a wrong number is refused with the rule in words and both neighbours", "[data]") {
  CHECK(kWan.complaint(80) ==
        "must be 4k+1 for the Wan VAE (the first latent frame stands for one frame, each further "
        "one for 4), got 80; nearest are 77 and 81");
  CHECK(contains(kWan.complaint(2), "nearest are 1 and 5"));
  CHECK(contains(kWan.complaint(0), "nearest are 1 and 5"));
  CHECK(contains(kLtx.complaint(80), "must be 8k+1 for the LTX-2 VAE"));
  CHECK(contains(kLtx.complaint(80), "nearest are 73 and 81"));
  CHECK(contains(kDcAeV.complaint(81),
                 "must be 4k for the DC-AE-V (each latent frame stands for 4)"));
  CHECK(contains(kDcAeV.complaint(81), "nearest are 80 and 84"));
  CHECK(contains(kDcAeV.complaint(2), "nearest are 4 and 8"));
}

TEST_CASE("the sum behind a number of frames is explained", "[data]") {
  CHECK(
      kWan.explanation(81) ==
      "81 = 4 x 20 + 1: the first latent frame stands for one frame, each further one for 4 -> 21 "
      "latent frames");
  CHECK(kDcAeV.explanation(80) ==
        "80 = 4 x 20: each latent frame stands for 4 -> 20 latent frames");
  CHECK(kDcAe.explanation(3) == "each latent frame stands for one frame -> 3 latent frames");
  CHECK(kWan.explanation(1) == "one frame is a picture -> 1 latent frame");
}

}  // namespace
}  // namespace sana::data
