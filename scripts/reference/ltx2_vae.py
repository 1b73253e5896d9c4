#!/usr/bin/env python3
"""Writes what the public LTX-2 video VAE computes with small random weights, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 safetensors
    python3 scripts/reference/ltx2_vae.py            # writes tests/data/ltx2_vae_*.safetensors
    python3 scripts/reference/ltx2_vae.py --bfloat16 FILE ...   # error of the same in bfloat16

Tensors: w.* (diffusers names), in.video [1, 3, F, H, W], out.mean (encode), out.video (decode of
out.mean). ltx2_vae_tiny has the public layout (decoder not causal, reflected borders);
ltx2_vae_variant everything that the public layout leaves out: causal decoder, replicated and
reflected borders, blocks without residual or resampling, a strided convolution, changing widths.
"""

import json
import pathlib
import sys

import diffusers
import torch
from diffusers import AutoencoderKLLTX2Video
from safetensors import safe_open
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).parents[2] / "tests/data"
VERSIONS = {"diffusers": "0.42.1", "torch": "2.11.0"}

TINY = {
    "latent_channels": 4,
    "block_out_channels": [8, 16, 8],
    "decoder_block_out_channels": [8, 16],
    "layers_per_block": [1, 1, 0, 1],
    "decoder_layers_per_block": [1, 2, 1],
    "downsample_type": ["spatial", "temporal", "spatiotemporal"],
    "patch_size": 2,
    "encoder_causal": True,
    "decoder_causal": False,
    "spatial_compression_ratio": 8,
    "temporal_compression_ratio": 4,
}
VARIANT = {
    "latent_channels": 4,
    "block_out_channels": [8, 8, 8],
    "decoder_block_out_channels": [4, 4, 8],
    "layers_per_block": [1, 0, 1, 1],
    "decoder_layers_per_block": [1, 1, 0, 1],
    "spatio_temporal_scaling": [True, False, True],
    "decoder_spatio_temporal_scaling": [True, True, False],
    "downsample_type": ["spatial", "spatial", "conv"],
    "upsample_type": ["temporal", "spatiotemporal", "spatial"],
    "upsample_residual": [True, False, False],
    "upsample_factor": [2, 1, 1],
    "patch_size": 2,
    "encoder_causal": False,
    "decoder_causal": True,
    "encoder_spatial_padding_mode": "reflect",
    "decoder_spatial_padding_mode": "replicate",
}


def compute(vae, video, latent=None):
    """Mean of the video, and frames of `latent` (or of that mean)."""
    with torch.no_grad():
        mean = vae.encode(video).latent_dist.mode()
        return mean, vae.decode(mean if latent is None else latent).sample


def write(name, config, size, seed):  # size: frames, rows, columns
    torch.manual_seed(seed)
    vae = AutoencoderKLLTX2Video(**config).eval()
    for key, parameter in vae.named_parameters():
        if key.endswith("bias"):  # everything must take part
            torch.nn.init.normal_(parameter, std=0.1)
        elif "norm3" in key:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    vae.latents_mean.normal_()
    vae.latents_std.uniform_(0.5, 2.0)
    video = torch.rand(1, 3, *size) * 2 - 1
    mean, frames = compute(vae, video)
    tensors = {f"w.{key}": value.contiguous() for key, value in vae.state_dict().items()}
    tensors |= {"in.video": video, "out.mean": mean.contiguous(), "out.video": frames.contiguous()}
    path = DATA / f"{name}.safetensors"
    save_file(tensors, path, metadata={"model": "AutoencoderKLLTX2Video",
                                       "config": json.dumps(config), **VERSIONS})
    path.chmod(0o644)
    print(f"{path}: {path.stat().st_size} bytes, mean {tuple(mean.shape)}, video {tuple(frames.shape)}")


def bfloat16_error(path):
    """Largest |bfloat16 - stored| / max |stored| of each output."""
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    vae = AutoencoderKLLTX2Video(**config)
    vae.load_state_dict({k[2:]: v for k, v in tensors.items() if k.startswith("w.")})
    vae = vae.eval().to(torch.bfloat16)
    results = compute(vae, tensors["in.video"].bfloat16(), tensors["out.mean"].bfloat16())
    for key, ours in zip(("out.mean", "out.video"), results):
        stored = tensors[key]
        error = (ours.float() - stored).abs().max() / stored.abs().max()
        print(f"{path} {key}: {error.item():.2e}")


def main():
    found = {"diffusers": diffusers.__version__, "torch": torch.__version__.split("+")[0]}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    if sys.argv[1:2] == ["--bfloat16"]:
        for path in sys.argv[2:]:
            bfloat16_error(path)
        return
    write("ltx2_vae_tiny", TINY, (9, 16, 24), seed=1)
    write("ltx2_vae_variant", VARIANT, (5, 16, 16), seed=2)


if __name__ == "__main__":
    main()
