#!/usr/bin/env python3
"""Writes what the public SANA-Video pipeline makes of prompts, with a tiny Gemma-2, for our tests.

    pip install torch==2.11.0 diffusers==0.42.1 transformers==5.17.0 safetensors
    python3 scripts/reference/gemma2_tokenizer.py     # the tokenizer
    python3 scripts/reference/gemma2_prompt.py

tests/data/gemma2_prompt.safetensors: w.* of a random Gemma2Model (names without prefix), and per style
features and mask of a few prompts, [B, 24, 24] and [B, 24]:
out.diffusers.*  the pipeline's own encode_prompt with its default instruction, prompts with " motion score: 30."
out.negative.*   the same pipeline's negative prompts
out.nvlabs.*     the original program: its instruction (that of src/model/text_encoder/instructions.cpp,
                 checked by hash), case kept, score 10
Metadata: config (of the model) and prompts, as JSON.
"""

import hashlib
import inspect
import json
import pathlib
import re
import sys

import diffusers
import torch
import transformers
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).parents[2]
DATA = ROOT / "tests/data"
VERSIONS = {"torch": "2.11.0", "diffusers": "0.42.1", "transformers": "5.17.0"}
NVLABS_SHA256 = "62b9ab89eebb0ac5ee4d264bf96bf19d2b81f504bc3852500efeaf5a34d638b1"
MAX_TOKENS = 24
CONFIG = dict(
    vocab_size=608, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=8, max_position_embeddings=2048, sliding_window=4096,
    query_pre_attn_scalar=8, attn_logit_softcapping=50.0, rms_norm_eps=1e-6, rope_theta=10000.0)
PROMPTS = [
    "A Red Fox",
    "",
    "  ÉTÉ  in Łódź,\n\nΟΔΟΣ 🦊 ",
    "an extraordinarily long prompt about mountains, rivers, forests, deserts, oceans, cities and more",
]


def random_model():
    torch.manual_seed(0)
    config = transformers.Gemma2Config(**CONFIG)
    config._attn_implementation = "eager"  # the one that caps the scores
    model = transformers.Gemma2Model(config).eval()
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, std=1.0 if "embed" in name else 0.3)
    return model


def read_tokenizer():
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(DATA / "tokenizer/tiny.json"), bos_token="<bos>", pad_token="<pad>",
        eos_token="<eos>", unk_token="<unk>")


def instruction_of(pipeline):
    return inspect.signature(pipeline.__call__).parameters["complex_human_instruction"].default


def nvlabs_features(model, tokenizer, instruction, prompts):
    """The arithmetic of the original sampling script."""
    tokenizer.padding_side = "right"
    longest = len(tokenizer.encode(instruction)) + MAX_TOKENS - 2
    batch = tokenizer([instruction + prompt for prompt in prompts], max_length=longest, padding="max_length",
                      truncation=True, return_tensors="pt")
    hidden = model(batch.input_ids, batch.attention_mask)[0]
    rows = [0] + list(range(-MAX_TOKENS + 1, 0))
    return hidden[:, rows], batch.attention_mask[:, rows]


def main():
    found = {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__,
             "transformers": transformers.__version__}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    model, tokenizer = random_model(), read_tokenizer()
    pipeline = diffusers.SanaVideoPipeline(tokenizer, model, None, None, None)
    source = (ROOT / "src/model/text_encoder/instructions.cpp").read_text()
    nvlabs = re.search(r'kNvlabs =\s*R"\((.*?)\)";', source, re.DOTALL)[1]
    assert hashlib.sha256(nvlabs.encode()).hexdigest() == NVLABS_SHA256
    with torch.no_grad():
        positive, mask, negative, negative_mask = pipeline.encode_prompt(
            [prompt + " motion score: 30." for prompt in PROMPTS], negative_prompt=PROMPTS, device="cpu",
            max_sequence_length=MAX_TOKENS, complex_human_instruction=instruction_of(pipeline))
        original, original_mask = nvlabs_features(
            model, tokenizer, nvlabs, [prompt.strip() + " motion score: 10." for prompt in PROMPTS])
    tensors = {"w." + name: value for name, value in model.state_dict().items()}
    for style, features, kept in [("diffusers", positive, mask), ("negative", negative, negative_mask),
                                  ("nvlabs", original, original_mask)]:
        tensors[f"out.{style}.features"] = (features * kept.unsqueeze(-1)).contiguous()
        tensors[f"out.{style}.mask"] = kept.contiguous()
    metadata = {"config": json.dumps(CONFIG), "prompts": json.dumps(PROMPTS), **VERSIONS}
    path = DATA / "gemma2_prompt.safetensors"
    save_file(tensors, path, metadata=metadata)
    path.chmod(0o644)
    print(f"{path}: {path.stat().st_size} bytes")
    for name, tensor in tensors.items():
        if name.endswith("mask"):
            print(name, tensor.sum(1).tolist())


if __name__ == "__main__":
    main()
