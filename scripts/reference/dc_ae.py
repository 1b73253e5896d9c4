#!/usr/bin/env python3
"""Writes what the public AutoencoderDC computes in its other configuration, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 safetensors
    python3 scripts/reference/dc_ae.py

tests/data/dc_ae_shuffle_tiny.safetensors: a random model with shuffled pixels, batch norm, two
scales, an empty finest stage and several activations; weights `w.*` (bfloat16, computed in float32),
`in.image`, `out.latent`, `out.image`. The maps of its last stage have fewer pixels than a head has
channels, where the public code attends in another order. Prints the error of bfloat16.
"""

import json
import pathlib
import sys

import diffusers
import torch
from safetensors.torch import save_file

PATH = pathlib.Path(__file__).parents[2] / "tests/data/dc_ae_shuffle_tiny.safetensors"
VERSIONS = {"diffusers": "0.42.1", "torch": "2.11.0"}
CONFIG = {
    "latent_channels": 4,
    "attention_head_dim": 8,
    "encoder_block_types": ["ResBlock", "ResBlock", "EfficientViTBlock"],
    "decoder_block_types": ["ResBlock", "EfficientViTBlock", "EfficientViTBlock"],
    "encoder_block_out_channels": [4, 8, 16],
    "decoder_block_out_channels": [4, 16, 16],
    "encoder_layers_per_block": [0, 2, 1],
    "decoder_layers_per_block": [0, 1, 1],
    "encoder_qkv_multiscales": [[], [], [3, 5]],
    "decoder_qkv_multiscales": [[], [5], []],
    "downsample_block_type": "pixel_unshuffle",
    "upsample_block_type": "pixel_shuffle",
    "decoder_norm_types": ["rms_norm", "batch_norm", "rms_norm"],
    "decoder_act_fns": ["relu", "silu", "gelu"],
    "decoder_conv_act_fn": "mish",
    "scaling_factor": 0.5,
}
SEED = 20250929


def random_model():
    model = diffusers.AutoencoderDC(**CONFIG).eval()
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand_like(tensor) + 0.5)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor) * 0.1)
            tensor.copy_(tensor.to(torch.bfloat16))
    return model


def outputs(model, image):
    latent = model.encode(image).latent
    return {"latent": latent.float().contiguous(), "image": model.decode(latent).sample.float().contiguous()}


def main():
    found = {"diffusers": diffusers.__version__, "torch": torch.__version__.split("+")[0]}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    torch.manual_seed(SEED)
    torch.set_grad_enabled(False)
    model = random_model()
    image = torch.rand(2, 3, 8, 12) * 2 - 1
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    exact = outputs(model, image)
    rounded = outputs(model.to(torch.bfloat16), image.to(torch.bfloat16))
    for name, value in exact.items():
        error = (rounded[name] - value).abs().max() / value.abs().max()
        print(f"{name} {list(value.shape)} bfloat16 error {error:.2e}")
    stored = {name: tensor if "running" in name or not tensor.is_floating_point() else tensor.to(torch.bfloat16)
              for name, tensor in weights.items()}
    tensors = {f"w.{name}": tensor for name, tensor in stored.items()} | {"in.image": image}
    tensors |= {f"out.{name}": tensor for name, tensor in exact.items()}
    save_file(tensors, PATH, metadata={"model": "AutoencoderDC", "config": json.dumps(CONFIG), **VERSIONS})
    PATH.chmod(0o644)
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
