// Public files of the LTX-2 VAE, and its face towards the rest of the program.
#include <ATen/ATen.h>

#include <utility>

#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "model/vae/conv3d.h"
#include "model/vae/ltx2_vae.h"
#include "model/vae/vae_identity.h"

namespace sana::model {
namespace {

class WholeClipLtx2Vae : public VideoVae {
 public:
  WholeClipLtx2Vae(Ltx2Vae vae, at::Device device, at::ScalarType dtype)
      : vae_(std::move(vae)), device_(device), dtype_(dtype) {
    vae_->to(device, dtype);
    vae_->eval();
    use_volume_format(*vae_);
  }

  VaeGeometry geometry() const override { return vae_->config().geometry(); }
  FrameCoupling frame_coupling() const override { return FrameCoupling::kWindow; }

  at::Tensor encode(const at::Tensor& video) override {
    at::NoGradGuard no_grad;
    return vae_->normalize(vae_->encode(video.to(device_, dtype_)).mean);
  }

  at::Tensor decode(const at::Tensor& latents) override {
    at::NoGradGuard no_grad;
    const at::Tensor z = vae_->denormalize(latents.to(device_, dtype_));
    return vae_->decode(z).clamp_(-1.0, 1.0).to(at::kFloat);
  }

  std::string identity() const override {
    if (identity_.empty()) {
      identity_ = module_identity("ltx2_vae", config::to_json(vae_->config()).dump(), *vae_);
    }
    return identity_;
  }

 private:
  mutable Ltx2Vae vae_;
  at::Device device_;
  at::ScalarType dtype_;
  mutable std::string identity_;
};

// The strides of the decoder's layers.
VaeGeometry decoder_geometry(const Ltx2VaeConfig& config) {
  VaeGeometry geometry{config.patch_size_t, config.patch_size, config.patch_size,
                       config.latent_channels};
  const auto& scaling = config.decoder_spatio_temporal_scaling;
  for (size_t i = 0; i < config.decoder_block_out_channels.size(); ++i) {
    if (!scaling[scaling.size() - 1 - i]) continue;
    const Ltx2Stride stride = ltx2_stride(config.upsample_type[i]);
    geometry.stride_t *= stride.t;
    geometry.stride_h *= stride.h;
    geometry.stride_w *= stride.w;
  }
  return geometry;
}

void check_geometry(const Ltx2VaeConfig& config) {
  const VaeGeometry down = config.geometry(), up = decoder_geometry(config);
  require(
      down.stride_t == up.stride_t && down.stride_h == up.stride_h &&
          down.stride_w == up.stride_w && config.in_channels == config.out_channels,
      "ltx2_vae: the encoder divides frames, rows and columns by {}, {}, {}, but the decoder "
      "multiplies them by {}, {}, {}; check downsample_type and upsample_type in its config.json",
      down.stride_t, down.stride_h, down.stride_w, up.stride_t, up.stride_h, up.stride_w);
  require(
      config.spatial_compression_ratio.value_or(down.stride_h) == down.stride_h &&
          config.temporal_compression_ratio.value_or(down.stride_t) == down.stride_t,
      "ltx2_vae: its config.json says {} pixels and {} frames per latent, its layers make {} and "
      "{}; correct spatial_compression_ratio and temporal_compression_ratio",
      config.spatial_compression_ratio.value_or(down.stride_h),
      config.temporal_compression_ratio.value_or(down.stride_t), down.stride_h, down.stride_t);
}

}  // namespace

Ltx2Vae load_ltx2_vae(const std::filesystem::path& directory, const at::TensorOptions& options) {
  const std::filesystem::path file = directory / "config.json";
  const nlohmann::json json = read_json_file(file);
  const std::string name = "AutoencoderKLLTX2Video";
  require(json.is_object() && json.value("_class_name", nlohmann::json(name)) == name,
          "{}: this is not the configuration of an {}", file.string(), name);
  return build_ltx2_vae(ltx2_vae_config_from_diffusers(json, file.string()),
                        load_safetensors(directory), directory.string(), options);
}

std::unique_ptr<VideoVae> make_video_vae(Ltx2Vae vae, c10::Device device, c10::ScalarType dtype) {
  check_geometry(vae->config());
  return std::make_unique<WholeClipLtx2Vae>(std::move(vae), device, dtype);
}

}  // namespace sana::model
