#!/usr/bin/env python3
"""Writes what the public Wan 2.1 VAE computes with small random weights, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 safetensors
    python3 scripts/reference/wan_vae.py             # writes tests/data/wan_vae_tiny.safetensors
    python3 scripts/reference/wan_vae.py --bfloat16  # error of the same in bfloat16

Tensors: w.* (diffusers names), in.video [1, 3, 9, 32, 48] and in.image, out.mean, out.logvar,
out.image_mean (encode), in.latent [1, 4, 3, 4, 6], out.video (decode, clamped).
"""

import json
import pathlib
import sys

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import save_file

TARGET = pathlib.Path(__file__).parents[2] / "tests/data/wan_vae_tiny.safetensors"
CONFIG = {
    "base_dim": 4,
    "z_dim": 4,
    "dim_mult": [1, 2, 4, 4],
    "num_res_blocks": 1,
    "attn_scales": [],
    "temperal_downsample": [False, True, True],
    "latents_mean": [0.1, -0.2, 0.3, -0.4],
    "latents_std": [1.1, 0.9, 1.3, 0.7],
}


def compute(vae, inputs):
    with torch.no_grad():
        posterior = vae.encode(inputs["in.video"]).latent_dist
        return {
            "out.mean": posterior.mean,
            "out.logvar": posterior.logvar,
            "out.image_mean": vae.encode(inputs["in.image"]).latent_dist.mean,
            "out.video": vae.decode(inputs["in.latent"]).sample,
        }


def main():
    torch.manual_seed(0)
    vae = AutoencoderKLWan(**CONFIG).eval()
    with torch.no_grad():
        for parameter in vae.parameters():  # no layer may be near the identity
            parameter.add_(torch.randn_like(parameter) * 0.02)
    inputs = {
        "in.video": torch.rand(1, 3, 9, 32, 48) * 2 - 1,
        "in.image": torch.rand(1, 3, 1, 32, 32) * 2 - 1,
        "in.latent": torch.randn(1, 4, 3, 4, 6),
    }
    outputs = compute(vae, inputs)
    if "--bfloat16" in sys.argv:
        low = compute(vae.to(torch.bfloat16), {k: v.to(torch.bfloat16) for k, v in inputs.items()})
        for name, value in outputs.items():
            error = (low[name].float() - value).abs().max() / value.abs().max()
            print(f"{name:<16} {error:.2e}")
        return
    tensors = {f"w.{name}": value.detach().clone() for name, value in vae.state_dict().items()}
    tensors |= inputs | {name: value.contiguous().clone() for name, value in outputs.items()}
    save_file(tensors, TARGET, {
        "model": "AutoencoderKLWan",
        "config": json.dumps(CONFIG),
        "note": "video range [-1,1]; 9 frames -> 3 latent frames",
    })
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, diffusers {__import__('diffusers').__version__}")


if __name__ == "__main__":
    main()
