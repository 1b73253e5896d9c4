#!/usr/bin/env python3
"""Writes what the public implementation of all-MiniLM-L6-v2 computes, for our tests to compare with.

    pip install torch==2.11.0 transformers==5.17.0 safetensors
    scripts/setup.sh                      # fetches the weights and the vocabulary
    python3 scripts/reference/minilm.py

tests/data/minilm_reference.safetensors: ids and mask [B, 24] int64 and the last hidden states
[B, 24, 384] float32 of a few prompts; the prompts are JSON text in the file's metadata.
tests/data/wordpiece_cases.json: texts (UTF-8, or any bytes in hexadecimal) and their token ids.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).parents[2]
MODEL = ROOT / "third_party/all-MiniLM-L6-v2"
DATA = ROOT / "tests/data"
VERSIONS = {"transformers": "5.17.0", "torch": "2.11.0"}
MAX_TOKENS = 24
PROMPTS = [
    "A red fox runs through deep snow at sunrise.",
    "Café naïve Ünïcödé: 東京の夜, 漢字 и кириллица 🦊🔥",
    "\"Wait -- what?!\" (it's 50% off; e-mail: a.b@c.de) [MASK]... #1/2 & $3_000",
    "an extraordinarily long prompt about mountains, rivers, forests, deserts, oceans, cities, "
    "bridges, trains, clouds, storms, sunsets, stars, galaxies and everything that lies between",
    "",
    "video",
]

WORDS = [
    "", " ", "\t\n\r ", "hello", "Hello World", "HELLO, WORLD!", "unaffable", "antidisestablishment",
    "supercalifragilisticexpialidocious", "a b  c   d", "don't can't won't", "rock'n'roll", "...", "!?!?",
    "a.b,c;d:e", "(x)[y]{z}<w>", "$100 €200 £300 ¥400", "50% of 1/2 = 0.25", "a+b=c^d~e|f`g", "snake_case",
    "e-mail@example.com", "https://example.com/a?b=c&d=e#f", "3.14159e-10", "1,000,000", "№5 §7 ¶9", "C++20",
]
ACCENTS = [
    "café", "cafe\u0301", "naïve façade", "Ångström", "A\u030angstro\u0308m", "ÀÁÂÃÄÅÇÈÉÊË", "İstanbul", "ıi",
    "Straße STRASSE ẞ", "ÆØÅ æøå", "Łódź", "Đorđe", "ὈΔΥΣΣΕΎΣ", "ΟΔΟΣ οδος", "Ελληνικά", "Привет Мир", "йё ЙЁ",
    "Việt Nam", "ế e\u0302\u0301 e\u0301\u0302", "a\u0315\u0300\u05ae\u0300b", "q\u0307\u0323 q\u0323\u0307",
    "\u0301abc", "\u0301", "שָׁלוֹם", "مَرْحَبًا", "नमस्ते दुनिया", "สวัสดี", "தமிழ்", "ﬁ ﬂ ﬀ", "ℵ Å Ω K", "①②③ Ⅷ ⅷ",
    "ＡＢＣ１２３", "ａｂｃ！", "𝐇𝐞𝐥𝐥𝐨", "𐐀𐐨 Ꭰꭰ Ა", "Ǆ ǅ ǆ", "\u1fef \u037e \u226e \u0387", "\u0344\u0340\u0f73\u0f81x",
    "\U0001d15e\U0001d160\U0001d1bf",
]
CJK = [
    "東京", "東京tokyo東京", "日本語のテキスト", "カタカナ ガ か\u3099", "中文，标点。", "한국어", "한글 각 가각힣", "\u1112\u1161\u11ab",
    "\u3400\u4dbf", "\U00020000\U0002a6df", "\U0002b740\U0002b81f", "\U0002b820", "\uf900 \ufa6a", "\U0002f800",
    "\u302e\u302f\u3099a", "\u302e\u0334\u302f a\u1b44\u0334 \U0001d165\U0001d16d\u0301", "㍿ ㎏",
]
SYMBOLS = [
    "🦊", "a🦊b", "👩‍👩‍👧‍👦", "🇩🇪", "❤️ ☺", "✓ ✗ → ∞ ≠ ½", "“curly” ‘quotes’ — – …", "«guillemets»", "¿Qué? ¡Sí!",
    "。、「」", "a·b・c", "\u166d\u1734\u10fb", "\u061d \u2e55 \U00010ead",
]
CONTROLS = [
    "a\0b", "a\u200bb", "a\u00adb", "a\ufeffb", "\ufffda\ufffd", "a\u00a0b", "a\u3000b", "a\u2028b\u2029c", "a\u0085b",
    "a\u000bb\u000cc", "a\u001cb\u001fc", "a\u007fb", "a\ue000b", "a\u0378b", "\U0010ffff\U000e0001", "a\u180eb\u1680c",
]
LENGTHS = ["a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "x" * 100 + " ok", "word " * 80, "." * 150]
SPECIAL = [
    "[CLS] a [SEP]", "a[MASK]b", "[mask] [Mask]", "[PAD][PAD]", "[UNK]", "[[SEP]]", "[SEP", "[SE P]", "[unused5]", "##ing",
    "[MA\u0301SK]", "[SEP\u200b]",
]
MALFORMED = [
    b"a\xffb", b"a\xc3", b"a\xc3b", b"\xe2\x82", b"\xe2\x82a", b"\xc0\xafa", b"\xed\xa0\x80x", b"\xf0\x9f\xa6",
    b"\xf4\x90\x80\x80y", b"\xf8\x88\x80\x80\x80z", b"[SE\xffP]", b"caf\xc3\xa9 \x80 ok", b"\xe0\x80\x80q", b"\xf0\x80\x80\x80r",
]


def token_ids(tokenizer, text, max_tokens):
    return tokenizer(text, truncation=True, max_length=max_tokens)["input_ids"]


def write_cases(tokenizer):
    texts = WORDS + ACCENTS + CJK + SYMBOLS + CONTROLS + LENGTHS + SPECIAL
    cases = [{"text": text, "ids": token_ids(tokenizer, text, 64)} for text in texts]
    for data in MALFORMED:
        text = data.decode("utf-8", errors="replace")
        cases.append({"hex": data.hex(), "ids": token_ids(tokenizer, text, 64)})
    lines = ",\n".join(json.dumps(case) for case in cases)
    path = DATA / "wordpiece_cases.json"
    path.write_text(f'{{"max_tokens": 64, "cases": [\n{lines}\n]}}\n')
    print(f"{path}: {len(cases)} cases")


def write_reference(tokenizer):
    model = transformers.AutoModel.from_pretrained(MODEL, dtype=torch.float32).eval()
    batch = tokenizer(PROMPTS, truncation=True, max_length=MAX_TOKENS, padding="max_length",
                      return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    tensors = {"ids": batch["input_ids"], "mask": batch["attention_mask"], "hidden": hidden}
    path = DATA / "minilm_reference.safetensors"
    save_file(tensors, path, metadata={"prompts": json.dumps(PROMPTS), **VERSIONS})
    path.chmod(0o644)
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    found = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    write_cases(tokenizer)
    write_reference(tokenizer)


if __name__ == "__main__":
    main()
