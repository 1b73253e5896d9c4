#!/usr/bin/env python3
"""Writes what the public image-to-video pipeline of SANA-Video makes of a small image, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 safetensors pillow
    python3 scripts/reference/image_to_video.py   # writes tests/data/image_to_video_tiny.safetensors

The transformer is that of tests/data/dit_480_tiny.safetensors. Tensors: w.* of a small Wan 2.1 VAE,
in.image [70, 90, 3] uint8, in.text, in.text_mask, in.negative, in.negative_mask, in.noise (what our
program draws for the seed of the metadata), out.first_frame (its normalised latent), out.latents
[1, 16, 3, 4, 8] and out.frames [9, 32, 64, 3] uint8. Metadata: config (of the VAE) and sampling, as JSON.
"""

import json
import pathlib
import sys

import diffusers
import numpy
import PIL.Image
import torch
from safetensors import safe_open
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).parents[2] / "tests/data"
TARGET = DATA / "image_to_video_tiny.safetensors"
VERSIONS = {"torch": "2.11.0", "diffusers": "0.42.1"}
SAMPLING = {"height": 32, "width": 64, "frames": 9, "steps": 4, "guidance": 6.0, "shift": 8.0, "seed": 7}
VAE = {
    "base_dim": 2,
    "z_dim": 16,
    "dim_mult": [1, 1, 2, 2],
    "num_res_blocks": 1,
    "attn_scales": [],
    "temperal_downsample": [False, True, True],
    "latents_mean": [round(0.3 - 0.04 * i, 2) for i in range(16)],
    "latents_std": [round(0.5 + 0.03 * i, 2) for i in range(16)],
}
TEXT_TOKENS = 9


def stream_seed(seed, name):
    """As in src/core/random.cpp."""
    bits = (1 << 64) - 1

    def scramble(x):
        x = (x + 0x9E3779B97F4A7C15) & bits
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & bits
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & bits
        return x ^ (x >> 31)

    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & bits
    return scramble(scramble(seed) ^ value)


def tiny_transformer():
    with safe_open(DATA / "dit_480_tiny.safetensors", "pt") as file:
        model = diffusers.SanaVideoTransformer3DModel(**json.loads(file.metadata()["config"])).eval()
        weights = {name[2:]: file.get_tensor(name) for name in file.keys() if name.startswith("w.")}
    model.load_state_dict(weights)
    return model


def random_vae(generator):
    """A VAE whose every tensor has a say in the result."""
    vae = diffusers.AutoencoderKLWan(**VAE).eval()
    with torch.no_grad():
        for name, parameter in vae.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "gamma" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif parameter.dim() > 1:
                parameter.copy_(noise * 1.2 / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(0.2 * noise)
    return vae


def random_image(generator):
    """Edges, so that the window of the resampling shows, on a slope, so that rows and columns do."""
    rows, columns = torch.arange(70).view(-1, 1, 1), torch.arange(90).view(1, -1, 1)
    slope = rows * torch.tensor([2.0, 1.0, 0.5]) + columns * torch.tensor([0.5, 1.0, 1.5])
    blocks = torch.randint(0, 2, (10, 10, 3), generator=generator)
    blocks = blocks.repeat_interleave(7, 0).repeat_interleave(9, 1) * 90
    return (slope + blocks).clamp(0, 255).to(torch.uint8)


def random_inputs(width, generator):
    draw = lambda: torch.randn((1, TEXT_TOKENS, width), generator=generator)
    keep = lambda tokens: (torch.arange(TEXT_TOKENS) < tokens).long().unsqueeze(0)
    latent_size = [1, VAE["z_dim"], 3, SAMPLING["height"] // 8, SAMPLING["width"] // 8]
    noise_generator = torch.Generator().manual_seed(stream_seed(SAMPLING["seed"], "noise"))
    return {
        "image": random_image(generator),
        "text": draw(), "text_mask": keep(7),
        "negative": draw(), "negative_mask": keep(2),
        "noise": torch.randn(latent_size, generator=noise_generator),
    }


def compute(pipeline, inputs):
    def run(output_type):
        return pipeline(
            image=PIL.Image.fromarray(inputs["image"].numpy()),
            height=SAMPLING["height"], width=SAMPLING["width"], frames=SAMPLING["frames"],
            num_inference_steps=SAMPLING["steps"], guidance_scale=SAMPLING["guidance"],
            prompt_embeds=inputs["text"], prompt_attention_mask=inputs["text_mask"],
            negative_prompt=None, negative_prompt_embeds=inputs["negative"],
            negative_prompt_attention_mask=inputs["negative_mask"],
            latents=inputs["noise"].clone(),  # the pipeline writes the first frame into it
            use_resolution_binning=False, output_type=output_type).frames

    latents, frames = run("latent"), run("pil")[0]
    return {
        "first_frame": latents[:, :, :1],
        "latents": latents,
        "frames": torch.stack([torch.from_numpy(numpy.array(frame)) for frame in frames]),
    }


def main():
    found = {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    generator = torch.Generator().manual_seed(1)
    transformer, vae = tiny_transformer(), random_vae(generator)
    inputs = random_inputs(transformer.config.caption_channels, generator)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=SAMPLING["shift"])
    pipeline = diffusers.SanaImageToVideoPipeline(None, None, vae, transformer, scheduler)
    pipeline.set_progress_bar_config(disable=True)
    outputs = compute(pipeline, inputs)
    tensors = {f"w.{name}": value for name, value in vae.state_dict().items()}
    tensors |= {f"in.{name}": value for name, value in inputs.items()}
    tensors |= {f"out.{name}": value for name, value in outputs.items()}
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, TARGET, {
        "pipeline": "SanaImageToVideoPipeline", "config": json.dumps(VAE), "sampling": json.dumps(SAMPLING),
        **VERSIONS})
    TARGET.chmod(0o644)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
    for name, value in outputs.items():
        value = value.float()
        print(f"{name:<12} {list(value.shape)} mean {value.mean():.3f} std {value.std():.3f}")


if __name__ == "__main__":
    main()
