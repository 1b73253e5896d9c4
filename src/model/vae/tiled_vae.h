// Decoding and encoding in overlapping tiles, for any VideoVae: less memory for the VAE, at the
// price of blended seams. Values further from a seam than the receptive field of the VAE are those
// of the whole clip.
//
// Tiles in time follow how the frames of the VAE depend on each other (FrameCoupling): a VAE that
// streams frames gets whole clips, one whose frames are independent gets them in turn, and one with
// a window gets overlapping pieces. A piece that does not start the clip has one more latent before
// it, whose only frame is dropped, since the VAE takes the first latent of a piece for the first of
// a clip. (The public temporal tiling of LTX-2 drops the last frame instead, which shows all later
// pieces one frame late.)
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

#include "model/vae/tiling_config.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// Throws UserError unless tiles and overlaps are multiples of what one latent stands for and a tile
// is at least twice its overlap; names the nearest sizes.
void check_tiling(const TilingConfig& tiling, const VideoVae& vae);
// The same of rows and columns alone, which need no VAE that is loaded.
void check_tiling(const TilingConfig& tiling, const VaeGeometry& geometry);

// As vae.decode(latents). In several tiles the result is assembled on the CPU, tile by tile
// (float32 like that of decode): the device holds one tile at a time.
at::Tensor decode_tiled(VideoVae& vae, const at::Tensor& latents, const TilingConfig& tiling);

// As vae.encode(video), which is taken from where it is tile by tile. The latents are on the CPU
// unless one tile was enough.
at::Tensor encode_tiled(VideoVae& vae, const at::Tensor& video, const TilingConfig& tiling);

// A VideoVae that does both with these tiles. Throws as check_tiling.
std::unique_ptr<VideoVae> make_tiled_vae(std::unique_ptr<VideoVae> vae, const TilingConfig& tiling);

}  // namespace sana::model
