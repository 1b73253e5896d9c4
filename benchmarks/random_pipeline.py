#!/usr/bin/env python3
"""Writes a diffusers folder of the public 480p model with random weights, to time a whole sample with.

usage: random_pipeline.py FOLDER TOKENIZER   (TOKENIZER: any tokenizer.model, such as tests/data/tokenizer/tiny.model)

Needs a GPU, torch 2.11, diffusers 0.42.1 and transformers; 10 GB of disk.
"""
import json
import pathlib
import shutil
import sys

import torch
from diffusers import AutoencoderKLWan, DPMSolverMultistepScheduler, SanaVideoTransformer3DModel
from transformers import Gemma2Config, Gemma2Model


def random_weights(build, dtype):
    torch.set_default_dtype(dtype)
    with torch.device("cuda"):
        model = build()
    torch.set_default_dtype(torch.float32)
    return model.to(dtype).eval()


def main():
    folder = pathlib.Path(sys.argv[1])
    transformer = random_weights(lambda: SanaVideoTransformer3DModel(
        in_channels=16, out_channels=16, num_attention_heads=20, attention_head_dim=112, num_layers=20,
        num_cross_attention_heads=20, cross_attention_head_dim=112, cross_attention_dim=2240, caption_channels=2304,
        mlp_ratio=3.0, sample_size=30, patch_size=(1, 2, 2), qk_norm="rms_norm_across_heads"), torch.bfloat16)
    transformer.save_pretrained(folder / "transformer")
    random_weights(AutoencoderKLWan, torch.float32).save_pretrained(folder / "vae")
    random_weights(lambda: Gemma2Model(Gemma2Config(
        vocab_size=256000, hidden_size=2304, intermediate_size=9216, num_hidden_layers=26, num_attention_heads=8,
        num_key_value_heads=4, head_dim=256)), torch.bfloat16).save_pretrained(folder / "text_encoder")
    DPMSolverMultistepScheduler(flow_shift=8.0, use_flow_sigmas=True, prediction_type="flow_prediction").save_pretrained(
        folder / "scheduler")
    (folder / "tokenizer").mkdir(exist_ok=True)
    shutil.copy(sys.argv[2], folder / "tokenizer/tokenizer.model")
    (folder / "model_index.json").write_text(json.dumps({
        "_class_name": "SanaVideoPipeline", "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
        "text_encoder": ["transformers", "Gemma2Model"], "tokenizer": ["transformers", "GemmaTokenizerFast"],
        "transformer": ["diffusers", "SanaVideoTransformer3DModel"], "vae": ["diffusers", "AutoencoderKLWan"]}))


if __name__ == "__main__":
    main()
