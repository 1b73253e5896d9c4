#!/usr/bin/env python3
"""Times the public PyTorch implementation at the public sizes with random bfloat16 weights: one JSON line per
measurement, in the form of model_benchmark. Needs a GPU, torch 2.11, diffusers 0.42.1 and transformers.

usage: public_reference.py [dit480] [dit720] [wan] [ltx] [gemma]
"""
import json
import statistics
import sys

import torch

DEVICE = "cuda"
REPEATS = 5


def report(what, body):
    for _ in range(2):
        body()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(REPEATS):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        body()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    print(json.dumps({"what": what, "ms": statistics.median(times), "spread_ms": max(times) - min(times),
                      "peak_GiB": torch.cuda.max_memory_allocated() / 2**30}), flush=True)


def random_weights(build):
    """A model of random bfloat16 weights on the GPU, without a float32 copy on the host."""
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(DEVICE):
        model = build()
    torch.set_default_dtype(torch.float32)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    return model.to(torch.bfloat16).eval()


def dit(what, channels, patch, shape):
    from diffusers import SanaVideoTransformer3DModel
    from diffusers.models.transformers.transformer_sana_video import WanRotaryPosEmbed

    model = random_weights(lambda: SanaVideoTransformer3DModel(
        in_channels=channels, out_channels=channels, num_attention_heads=20, attention_head_dim=112, num_layers=20,
        num_cross_attention_heads=20, cross_attention_head_dim=112, cross_attention_dim=2240, caption_channels=2304,
        mlp_ratio=3.0, sample_size=30, patch_size=patch, qk_norm="rms_norm_across_heads", rope_max_seq_len=1024))
    model.rope = WanRotaryPosEmbed(112, patch, 1024).to(DEVICE)  # its tables are not bfloat16
    x = torch.randn(shape, device=DEVICE, dtype=torch.bfloat16)
    text = torch.randn(2, 300, 2304, device=DEVICE, dtype=torch.bfloat16)
    mask = torch.ones(2, 300, device=DEVICE)
    timestep = torch.tensor([500, 500], device=DEVICE)
    report(what, lambda: model(x, encoder_hidden_states=text, timestep=timestep, encoder_attention_mask=mask,
                               return_dict=False))


def wan():
    from diffusers import AutoencoderKLWan

    vae = random_weights(AutoencoderKLWan)
    z = torch.randn(1, 16, 21, 60, 104, device=DEVICE, dtype=torch.bfloat16)
    report("wan", lambda: vae.decode(z, return_dict=False))


def ltx():
    from diffusers import AutoencoderKLLTX2Video

    vae = random_weights(lambda: AutoencoderKLLTX2Video(decoder_causal=False))
    z = torch.randn(1, 128, 11, 22, 40, device=DEVICE, dtype=torch.bfloat16)
    report("ltx", lambda: vae.decode(z, return_dict=False))


def gemma():
    from transformers import Gemma2Config, Gemma2Model

    config = Gemma2Config(vocab_size=256000, hidden_size=2304, intermediate_size=9216, num_hidden_layers=26,
                          num_attention_heads=8, num_key_value_heads=4, head_dim=256)
    model = random_weights(lambda: Gemma2Model(config))
    ids = torch.randint(0, 256000, (2, 512), device=DEVICE)
    mask = torch.ones(2, 512, device=DEVICE, dtype=torch.long)
    report("gemma", lambda: model(input_ids=ids, attention_mask=mask, use_cache=False))


RUNS = {"dit480": lambda: dit("dit480", 16, (1, 2, 2), (2, 16, 21, 60, 104)),
        "dit720": lambda: dit("dit720", 128, (1, 1, 1), (2, 128, 11, 22, 40)), "wan": wan, "ltx": ltx, "gemma": gemma}

if __name__ == "__main__":
    with torch.no_grad():
        for name in sys.argv[1:] or RUNS:
            RUNS[name]()
            torch.cuda.empty_cache()
