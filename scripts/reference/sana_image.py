#!/usr/bin/env python3
"""Writes what the public text-to-image SANA computes on small random models, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 safetensors
    python3 scripts/reference/sana_image.py
    python3 scripts/reference/sana_image.py --bfloat16   # its error in bfloat16 on those files, too

tests/data/sana_image_<name>.safetensors: weights w.*, inputs in.* and out.sample, the class in the
metadata's "model" and its configuration (JSON) in "config". Three models:
    plain   SANA 1.0: no norm on queries and keys, sinusoidal positions as for 2048 pixels, 2x2 patch
    normed  SANA 1.5: RMSNorm on queries and keys
    guided  SANA-Sprint: the same, and the guidance scale is an input
"""

import argparse
import json
import pathlib
import sys

import diffusers
import torch
from safetensors.torch import load_file, save_file

DATA = pathlib.Path(__file__).parents[2] / "tests/data"
VERSIONS = {"diffusers": "0.42.1", "torch": "2.11.0"}
MODEL = "SanaTransformer2DModel"
# The heads of the two attentions differ, as in the public models.
SIZES = {
    "in_channels": 6, "out_channels": 6, "num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2,
    "num_cross_attention_heads": 4, "cross_attention_head_dim": 4, "cross_attention_dim": 16,
    "caption_channels": 10, "mlp_ratio": 2.5, "sample_size": 8, "patch_size": 1,
}
NORM = "rms_norm_across_heads"
VARIANTS = {
    "plain": {"qk_norm": None, "interpolation_scale": 1.5, "patch_size": 2},
    "normed": {"qk_norm": NORM, "interpolation_scale": None},
    "guided": {"qk_norm": NORM, "interpolation_scale": None, "guidance_embeds": True},
}


def random_model(config, generator):
    """A model whose every tensor has a say in the result."""
    model = diffusers.SanaTransformer2DModel(**config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif parameter.dim() > 1 and "table" not in name:
                parameter.copy_(noise * 1.2 / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(0.2 * noise)
    return model


def random_inputs(config, generator):
    batch, rows, columns, tokens = 2, 6, 10, 7
    draw = lambda *shape: torch.randn(shape, generator=generator)
    inputs = {
        "x": draw(batch, config["in_channels"], rows, columns),
        "text": draw(batch, tokens, config["caption_channels"]),
        "text_mask": torch.tensor([[1.0] * 5 + [0.0] * 2, [1.0] * 7]),
        "timestep": torch.tensor([937.0, 214.0]),
    }
    if config.get("guidance_embeds"):
        inputs["guidance"] = torch.tensor([0.45, 0.2])
    return inputs


@torch.no_grad()
def compute(model, inputs, dtype=torch.float32):
    cast = {name: tensor.to(dtype) for name, tensor in inputs.items()}
    guidance = {"guidance": inputs["guidance"]} if "guidance" in inputs else {}
    return model.to(dtype)(cast["x"], cast["text"], inputs["timestep"],
                           encoder_attention_mask=cast["text_mask"], **guidance).sample


def path_of(name):
    return DATA / f"sana_image_{name}.safetensors"


def write(name, seed):
    config = {**SIZES, **VARIANTS[name]}
    generator = torch.Generator().manual_seed(seed)
    model = random_model(config, generator)
    inputs = random_inputs(config, generator)
    tensors = {f"w.{key}": value.contiguous() for key, value in model.state_dict().items()}
    tensors |= {f"in.{key}": value for key, value in inputs.items()}
    tensors["out.sample"] = compute(model, inputs).contiguous()
    save_file(tensors, path_of(name), metadata={"model": MODEL, "config": json.dumps(config), **VERSIONS})
    path_of(name).chmod(0o644)
    print(f"{path_of(name)}: {path_of(name).stat().st_size} bytes")


def print_bfloat16_error(name):
    tensors = load_file(path_of(name))
    model = diffusers.SanaTransformer2DModel(**{**SIZES, **VARIANTS[name]}).eval()
    model.load_state_dict({key[2:]: value for key, value in tensors.items() if key.startswith("w.")})
    inputs = {key[3:]: value for key, value in tensors.items() if key.startswith("in.")}
    stored = tensors["out.sample"].double()
    error = (compute(model, inputs, torch.bfloat16).double() - stored).abs().max() / stored.abs().max()
    print(f"{name}: bfloat16 error {error.item():.2e} of the largest value")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bfloat16", action="store_true")
    arguments = parser.parse_args()
    found = {"diffusers": diffusers.__version__, "torch": torch.__version__.split("+")[0]}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    for seed, name in enumerate(VARIANTS, start=1):
        write(name, seed)
        if arguments.bfloat16:
            print_bfloat16_error(name)


if __name__ == "__main__":
    main()
