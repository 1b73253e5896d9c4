#!/usr/bin/env python3
"""Writes what DC-AE-V computes, a tiny random one, for our tests to compare with.

    pip install torch==2.11.0 safetensors
    python3 scripts/reference/dc_ae_video.py

No public package holds this model (NVlabs' "st-dc-ae-f32t4c32"), so it is written down here once
more in plain PyTorch, as functions over a dictionary of weights under the names of the original
checkpoint: every chunk is padded and convolved by itself, features are kept by the name of their
layer. tests/data/dc_ae_video_tiny.safetensors: weights `w.*` (bfloat16, computed in float32), inputs
`in.*`, outputs `out.*`; model and configuration are in the file's metadata. The errors of the same
computation in bfloat16 are printed.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

PATH = pathlib.Path(__file__).parents[2] / "tests/data/dc_ae_video_tiny.safetensors"
VERSION = "2.11.0"
CONFIG = {
    "in_channels": 3,
    "latent_channels": 6,
    "widths": [8, 8, 16],
    "depths": [1, 2, 1],
    "chunk_frames": 8,
    "scaling_factor": [0.8018],
}
SEED = 20250929


def unshuffle(x, s, t):
    b, c, frames, h, w = x.shape
    x = x.reshape(b, c, frames // t, t, h // s, s, w // s, s)
    return torch.einsum("bctuhiwj->bcuijthw", x).reshape(b, c * t * s * s, frames // t, h // s, w // s)


def shuffle(x, s, t):
    b, c, frames, h, w = x.shape
    x = x.reshape(b, c // (t * s * s), t, s, s, frames, h, w)
    return torch.einsum("bcuijthw->bctuhiwj", x).reshape(b, c // (t * s * s), frames * t, h * s, w * s)


class DcAeVideo:
    """One side ("encoder" or "decoder") of the model over a clip that comes in parts."""

    def __init__(self, weights, config, side):
        self.weights, self.config, self.side = weights, config, side
        self.widths, self.depths = config["widths"], config["depths"]
        self.features = {}

    def chunk(self, stage):
        """Frames of a chunk at the frame rate of a stage, from 0."""
        return self.config["chunk_frames"] // (4 if stage == len(self.widths) - 1 else 1)

    def fold(self, stage):
        """(spatial, temporal) factors between a stage and the next."""
        return (1, 4) if stage == len(self.widths) - 2 else (2, 1)

    def conv(self, name, x, chunk):
        weight = self.weights[f"{self.side}.{name}.conv.weight"]
        bias = self.weights.get(f"{self.side}.{name}.conv.bias")
        if x.shape[2] % chunk:
            return F.conv3d(x, weight, bias, padding=1)
        zero = torch.zeros_like(x[:, :, :1])
        before, results = self.features.get(name, zero), []
        for part in x.split(chunk, dim=2):
            results.append(F.conv3d(torch.cat([before, part, zero], 2), weight, bias, padding=(0, 1, 1)))
            before = part[:, :, -1:]
        self.features[name] = before
        return torch.cat(results, 2)

    def norm(self, name, x):
        shape = (1, -1, 1, 1, 1)
        scale = torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-5)
        weight, bias = (self.weights[f"{self.side}.{name}.{part}"] for part in ("weight", "bias"))
        return (x.float() * scale).to(x.dtype) * weight.view(shape) + bias.view(shape)

    def block(self, name, x, chunk):
        y = F.silu(self.conv(f"{name}.main.conv1", x, chunk))
        return self.norm(f"{name}.main.conv2.norm", self.conv(f"{name}.main.conv2", y, chunk)) + x

    def blocks(self, x, stage, first):
        for i in range(self.depths[stage]):
            x = self.block(f"stages.{stage + 1}.op_list.{first + i}", x, self.chunk(stage))
        return x

    def down(self, x, stage):
        s, t = self.fold(stage)
        y = self.conv(f"stages.{stage + 1}.op_list.{self.depths[stage]}.main.conv", x, self.chunk(stage))
        groups = unshuffle(x, s, t).unflatten(1, (self.widths[stage + 1], -1))
        return unshuffle(y, s, t) + groups.mean(2)

    def up(self, x, stage):
        s, t = self.fold(stage)
        y = self.conv(f"stages.{stage + 1}.op_list.0.main.conv", x, self.chunk(stage + 1))
        repeats = self.widths[stage] * s * s * t // x.shape[1]
        return shuffle(y, s, t) + shuffle(x.repeat_interleave(repeats, 1), s, t)

    def encode(self, x):
        x = unshuffle(self.conv("project_in.conv", x, self.chunk(0)), 2, 1)
        last = len(self.widths) - 1
        for stage in range(last):
            x = self.down(self.blocks(x, stage, 0), stage)
        return self.conv("project_out", self.blocks(x, last, 0), self.chunk(last))

    def decode(self, z):
        last = len(self.widths) - 1
        x = self.blocks(self.conv("project_in", z, self.chunk(last)), last, 0)
        for stage in reversed(range(last)):
            x = self.blocks(self.up(x, stage), stage, 1)
        x = F.silu(self.norm("project_out.op_list.0", x))
        return shuffle(self.conv("project_out.op_list.2.conv", x, self.chunk(0)), 2, 1)


def encode(weights, config, video):
    side = DcAeVideo(weights, config, "encoder")
    video = video.repeat(1, 1, 4, 1, 1) if video.shape[2] == 1 else video
    return torch.cat([side.encode(part) for part in video.split(config["chunk_frames"], dim=2)], 2)


def decode(weights, config, latents):
    side = DcAeVideo(weights, config, "decoder")
    return torch.cat([side.decode(part) for part in latents.split(config["chunk_frames"] // 4, dim=2)], 2)


def random_weights(config):
    weights, widths, depths = {}, config["widths"], config["depths"]

    def conv(name, cin, cout, bias=True):
        weights[f"{name}.conv.weight"] = torch.randn(cout, cin, 3, 3, 3) * (27 * cin) ** -0.5
        if bias:
            weights[f"{name}.conv.bias"] = torch.randn(cout) * 0.1

    def norm(name, channels):
        weights[f"{name}.weight"] = 1 + torch.randn(channels) * 0.2
        weights[f"{name}.bias"] = torch.randn(channels) * 0.1

    for side in ("encoder", "decoder"):
        for stage, (width, depth) in enumerate(zip(widths, depths)):
            name = f"{side}.stages.{stage + 1}.op_list"
            inner, first = stage + 1 < len(widths), 0
            if inner and side == "encoder":
                conv(f"{name}.{depth}.main.conv", width, widths[stage + 1] // 4)
            elif inner:
                first = 1
                conv(f"{name}.0.main.conv", widths[stage + 1], 4 * width)
            for i in range(first, first + depth):
                conv(f"{name}.{i}.main.conv1", width, width)
                conv(f"{name}.{i}.main.conv2", width, width, bias=False)
                norm(f"{name}.{i}.main.conv2.norm", width)
    conv("encoder.project_in.conv", config["in_channels"], widths[0] // 4)
    conv("encoder.project_out", widths[-1], config["latent_channels"])
    conv("decoder.project_in", config["latent_channels"], widths[-1])
    norm("decoder.project_out.op_list.0", widths[0])
    conv("decoder.project_out.op_list.2.conv", widths[0], config["in_channels"] * 4)
    return {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}


def outputs(weights, inputs, dtype):
    weights = {name: tensor.to(dtype) for name, tensor in weights.items()}
    results = {}
    for name, video in inputs.items():
        latents = encode(weights, CONFIG, video.to(dtype))
        results[f"{name}.latent"] = latents
        if name != "image":
            results[f"{name}.video"] = decode(weights, CONFIG, latents)
    return {name: tensor.float() for name, tensor in results.items()}


def main():
    if torch.__version__.split("+")[0] != VERSION:
        sys.exit(f"needs torch {VERSION}, found {torch.__version__}")
    torch.manual_seed(SEED)
    torch.set_grad_enabled(False)
    weights = random_weights(CONFIG)
    # One chunk; two; one and a part; less than one; a lone image.
    inputs = {name: torch.rand(1, 3, frames, 8, 12) * 2 - 1
              for name, frames in (("one_chunk", 8), ("two_chunks", 16), ("ragged", 12), ("short", 4), ("image", 1))}
    exact = outputs(weights, inputs, torch.float32)
    rounded = outputs(weights, inputs, torch.bfloat16)
    for name, value in exact.items():
        error = (rounded[name] - value).abs().max() / value.abs().max()
        print(f"{name} {list(value.shape)} bfloat16 error {error:.2e}")
    tensors = {f"w.{name}": tensor for name, tensor in weights.items()}
    tensors |= {f"in.{name}": tensor for name, tensor in inputs.items()}
    tensors |= {f"out.{name}": tensor.contiguous() for name, tensor in exact.items()}
    save_file(tensors, PATH, metadata={"model": "DCAEWithTemporal", "config": json.dumps(CONFIG)})
    PATH.chmod(0o644)
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
