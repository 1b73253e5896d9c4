// Configuration of `sana-video prepare`: what the data need, and which encoders make latents of
// them.
#pragma once
#include <string>

#include "core/config/problems.h"
#include "data/prepared/prepare.h"
#include "model/text_encoder/text_encoder.h"

namespace sana::cli {

struct PrepareCommandConfig {
  data::PrepareConfig data;  // its keys stand at the top of the file
  std::string vae;
  model::TextEncoderConfig text_encoder;
  std::string device = "auto";
  std::string precision = "float32";

  template <class Binder>
  void bind(Binder& b) {
    data.bind(b);
    b.field(
        "vae", vae,
        "For kind latents: a folder with vae.json (trained by this program), a diffusers folder of "
        "AutoencoderKLWan, AutoencoderKLLTX2Video or AutoencoderDC, or a file of original weights "
        "(Wan2.1_VAE.pth, LTX-2, DC-AE-V).");
    b.field("text_encoder", text_encoder, "Encodes the captions (kind latents).");
    b.field("device", device, "Of the encoders: auto, cpu, cuda or cuda:<index>.");
    b.field("precision", precision, "Of the VAE; latents are stored in float32.",
            config::one_of({"float32", "bfloat16"}));
  }

  void validate(config::Problems& problems) const {
    data.validate(problems);
    if (data.kind == "latents" && vae.empty()) {
      problems.add("vae", "is empty, but kind is latents: name a VAE, or set kind=pixels");
    }
  }
};

}  // namespace sana::cli
