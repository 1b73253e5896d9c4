#!/usr/bin/env python3
"""Writes a diffusers folder of a public model's sizes with random weights, to time whole samples with.

usage: random_pipeline.py FOLDER TOKENIZER [480p | 720p | 720p-dcaev | t2i] [TEXT_ENCODER]

TOKENIZER: any tokenizer.model, such as tests/data/tokenizer/tiny.model. TEXT_ENCODER: text_encoder/ of an earlier
folder, to link instead of writing 5 GB again. DC-AE-V has no class in diffusers: its tensors are drawn from
the table of names in tests/data/keys, and written as FOLDER/dc_ae_v.pt, to be named by --vae. Needs a GPU, torch 2.11, diffusers 0.42.1 and transformers; 10 GB of disk.
"""
import json
import pathlib
import shutil
import sys

import torch
from diffusers import (AutoencoderDC, AutoencoderKLLTX2Video, AutoencoderKLWan, DPMSolverMultistepScheduler,
                       SanaTransformer2DModel, SanaVideoTransformer3DModel)
from transformers import Gemma2Config, Gemma2Model

KEYS = pathlib.Path(__file__).parents[1] / "tests/data/keys"
CROSS = dict(num_cross_attention_heads=20, cross_attention_head_dim=112, cross_attention_dim=2240,
             caption_channels=2304, num_layers=20)
DC_AE = dict(latent_channels=32, attention_head_dim=32, scaling_factor=0.41407,
             encoder_block_types=["ResBlock"] * 3 + ["EfficientViTBlock"] * 3,
             decoder_block_types=["ResBlock"] * 3 + ["EfficientViTBlock"] * 3,
             encoder_block_out_channels=[128, 256, 512, 512, 1024, 1024],
             decoder_block_out_channels=[128, 256, 512, 512, 1024, 1024],
             encoder_layers_per_block=[2, 2, 2, 3, 3, 3], decoder_layers_per_block=[3, 3, 3, 3, 3, 3],
             encoder_qkv_multiscales=[[], [], [], [5], [5], [5]], decoder_qkv_multiscales=[[], [], [], [5], [5], [5]],
             upsample_block_type="interpolate", downsample_block_type="Conv", decoder_norm_types="rms_norm",
             decoder_act_fns="silu")


def video_dit(channels, patch, sample_size):
    return SanaVideoTransformer3DModel(
        in_channels=channels, out_channels=channels, num_attention_heads=20, attention_head_dim=112, mlp_ratio=3.0,
        sample_size=sample_size, patch_size=patch, qk_norm="rms_norm_across_heads", **CROSS)


def image_dit():
    return SanaTransformer2DModel(in_channels=32, out_channels=32, num_attention_heads=70, attention_head_dim=32,
                                  mlp_ratio=2.5, sample_size=32, patch_size=1, **CROSS)


# transformer, VAE, dtype of the VAE, shift of the noise schedule
KINDS = {
    "480p": (lambda: video_dit(16, (1, 2, 2), 30), AutoencoderKLWan, torch.float32, 8.0),
    "720p": (lambda: video_dit(128, (1, 1, 1), 22), lambda: AutoencoderKLLTX2Video(decoder_causal=False),
             torch.bfloat16, 8.0),
    "720p-dcaev": (lambda: video_dit(32, (1, 1, 1), 22), None, torch.bfloat16, 8.0),
    "t2i": (image_dit, lambda: AutoencoderDC(**DC_AE), torch.bfloat16, 3.0),
}


def random_dc_ae_video():
    """{name: tensor} of the sizes of its authors, scaled by the inputs of each layer."""
    rows = (KEYS / "dcae_v_f32t4c32.tsv").read_text().split("\n")[1:]
    tensors = {}
    for name, shape in (row.split("\t") for row in rows if row):
        shape = json.loads(shape)
        fan_in = torch.Size(shape[1:]).numel()
        tensors[name] = torch.randn(shape) / fan_in ** 0.5 if len(shape) > 1 else torch.ones(shape)
    return tensors


def gemma():
    return Gemma2Model(Gemma2Config(
        vocab_size=256000, hidden_size=2304, intermediate_size=9216, num_hidden_layers=26, num_attention_heads=8,
        num_key_value_heads=4, head_dim=256))


def random_weights(build, dtype):
    torch.set_default_dtype(dtype)
    with torch.device("cuda"):
        model = build()
    torch.set_default_dtype(torch.float32)
    return model.to(dtype).eval()


def main():
    folder, tokenizer = pathlib.Path(sys.argv[1]), sys.argv[2]
    kind = sys.argv[3] if len(sys.argv) > 3 else "480p"
    transformer, vae, vae_dtype, shift = KINDS[kind]
    random_weights(transformer, torch.bfloat16).save_pretrained(folder / "transformer")
    if vae:
        random_weights(vae, vae_dtype).save_pretrained(folder / "vae")
    else:
        torch.save({"model_state_dict": random_dc_ae_video()}, folder / "dc_ae_v.pt")
    if len(sys.argv) > 4:
        (folder / "text_encoder").symlink_to(pathlib.Path(sys.argv[4]).resolve())
    else:
        random_weights(gemma, torch.bfloat16).save_pretrained(folder / "text_encoder")
    DPMSolverMultistepScheduler(flow_shift=shift, use_flow_sigmas=True,
                                prediction_type="flow_prediction").save_pretrained(folder / "scheduler")
    (folder / "tokenizer").mkdir(exist_ok=True)
    shutil.copy(tokenizer, folder / "tokenizer/tokenizer.model")
    classes = {"scheduler": ["diffusers", "DPMSolverMultistepScheduler"]}
    classes["_class_name"] = "SanaPipeline" if kind == "t2i" else "SanaVideoPipeline"
    (folder / "model_index.json").write_text(json.dumps(classes))


if __name__ == "__main__":
    main()
