#!/usr/bin/env python3
"""Writes tokenizer files of Gemma's kind and the ids that the public tokenizers give, for our tests.

    pip install sentencepiece==0.2.3 transformers==5.17.0 tokenizers protobuf
    python3 scripts/reference/gemma2_tokenizer.py

In tests/data/tokenizer:
tiny.model   a SentencePiece BPE of 600 pieces trained on the captions of examples/, with Gemma's settings
tiny.json    the same as tokenizer.json, made as the public converter makes Gemma's
cases.json   texts (UTF-8, or any bytes in hexadecimal), the ids that sentencepiece gives with
             mistral_v1.model.gz ("mistral"), and those that tokenizers gives with tiny.json ("tiny");
             sentencepiece gives the latter with tiny.model too, which is checked here.
mistral_v1.model.gz is the tokenizer of Mistral 7B v0.1 (Apache-2.0), unchanged.
"""

import gzip
import io
import json
import pathlib
import re
import sys

import sentencepiece
import tokenizers
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from transformers.convert_slow_tokenizer import generate_merges

ROOT = pathlib.Path(__file__).parents[2]
DATA = ROOT / "tests/data/tokenizer"
VERSIONS = {"sentencepiece": "0.2.3", "transformers": "5.17.0"}
SPACES = ["\u2581" * n for n in range(2, 6)]
USER_DEFINED = ["\n", "\n\n", "\n\n\n", *SPACES, "<start_of_turn>", "<end_of_turn>", "<b>", "<br>"]
CONTROL = ["<pad>", "<eos>", "<bos>", "<unk>"]

PLAIN = [
    "", " ", "  ", "a", " a", "a ", "dog", "This is a test", "A sample test", "Hello this is a test",
    "The quick brown fox jumps over the lazy dog.", "The quick brown fox jumped.", "a photo of a cat",
    "HELLO, WORLD!", "don't can't won't", "snake_case CamelCase kebab-case", "e-mail@example.com",
    "https://example.com/a?b=c&d=e#f", "C++20 & C#", "50% of 1/2 = 0.25", "$100 €200 £300 ¥400", "3.14159e-10",
    "1,000,000", "1234567890", "9 99 999", "№5 §7 ¶9", "...", "!?!?", "(x)[y]{z}<w>", "a+b=c^d~e|f`g",
    "A red fox runs through deep snow at sunrise, filmed from above.", "motion score: 30.",
]
SPACING = [
    "Hi  Hello", "Hi   Hello", "Hi    Hello", "Hi     Hello", "Hi      Hello", " " * 7, " " * 16, " " * 47, "  lead",
    "trail  ", "a\nb", "a\n\nb", "a\n\n\nb", "a\n\n\n\nb", "\n", "\n" * 7, " \n ", "a \n b", "\ta\tb", "\t\t\t\t \n\n61",
    "a\r\nb", "a\u00a0b", "a\u3000b", "a\u200bb", "\u2581", "a\u2581b", "\u2581\u2581x", "a \u2581 b", "tab\t tab", " . , ",
]
UNICODE = [
    "café", "cafe\u0301", "naïve façade", "Ångström", "Straße ẞ", "İstanbul ıi", "Łódź Đorđe", "Ελληνικά ΟΔΟΣ",
    "Привет Мир", "שלום", "مرحبا", "नमस्ते", "สวัสดี", "生活的真谛是", "東京の夜", "カタカナ ｶﾞ", "한국어", "ﬁ ﬂ ﬀ",
    "①②③ Ⅷ", "ＡＢＣ１２３", "𝐇𝐞𝐥𝐥𝐨", "🦊", "a🦊b", "👩‍👩‍👧‍👦", "🇩🇪", "❤️ ☺", "✓ ✗ → ∞", "“curly” — …", "\U0010ffff", "\ufeffx",
    "a\x00b", "\x7f\x01", "\ufffd", "you  é  @#😈  🤗!       , 1234 15 5,61", "𠀀𠀁", "\ue000", "e\u0301\u0302 x\u0323",
]
ATOMS = [
    "<start_of_turn>user\nHi<end_of_turn>\n", "<start_of_turn", "<start_of_turn>>", "<<start_of_turn>", "<b>bold<br>x</b>",
    "<b<b>>", "a <b> b", "  <br>  ", "<0x41>", "<0x0A>",
]
CONTROLS = ["Hey<eos>. \t\t \n\nyou", "<bos>", "a<pad><pad>b", "x <unk> y", "<eos", "<<eos>>", "<bos>  a<eos>\n"]
LONG = ["word " * 80, "ab" * 200, "é" * 60, "x" * 300, "a b" * 50]
MALFORMED = [b"a\xffb", b"\xff", b"caf\xc3\xa9 \x80 ok", b"a\xc3", b"\xfe\xfe  x"]


def train():
    captions = sorted((ROOT / "examples").glob("*/*.txt"))
    text = "\n".join(path.read_text() for path in captions)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text.split("\n")), model_writer=model, model_type="bpe", vocab_size=600,
        byte_fallback=True, split_digits=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, normalization_rule_name="identity", character_coverage=1.0,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        unk_piece="<unk>", user_defined_symbols=USER_DEFINED, num_threads=1, minloglevel=2)
    return model.getvalue()


def gemma_json(model):
    """tokenizer.json of a model, as transformers' GemmaConverter lays it out."""
    scores = {model.id_to_piece(i): model.get_score(i) for i in range(model.get_piece_size())}
    vocab = {piece: i for i, piece in enumerate(scores)}
    vocab["\t"] = vocab.pop("<0x09>")
    scores = {"\t" if piece == "<0x09>" else piece: score for piece, score in scores.items()}
    tokenizer = tokenizers.Tokenizer(models.BPE(
        vocab, generate_merges(vocab, scores), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", vocab["<bos>"])])
    added = [tokenizers.AddedToken(piece, normalized=False, special=True) for piece in CONTROL]
    tokenizer.add_special_tokens(added)
    tokenizer.add_tokens([tokenizers.AddedToken(piece, normalized=False) for piece in USER_DEFINED])
    return tokenizer


def sentencepiece_ids(model, text):
    """The library's ids, control pieces taken out of the text first."""
    ids = [model.bos_id()]
    for part in re.split("(" + "|".join(CONTROL) + ")", text):
        ids += [model.piece_to_id(part)] if part in CONTROL else model.encode(part)
    return ids


def case(text, **ids):
    if isinstance(text, bytes):
        return {"hex": text.hex(), **ids}
    return {"text": text, **ids}


def decoded(data):
    """Each malformed byte (in MALFORMED no two belong to one sequence) as U+FFFD."""
    return data.decode("utf-8", errors="replace") if isinstance(data, bytes) else data


def main():
    found = {"sentencepiece": sentencepiece.__version__, "transformers": transformers.__version__}
    if found != VERSIONS:
        sys.exit(f"needs {VERSIONS}, found {found}")
    (DATA / "tiny.model").write_bytes(train())
    tiny = sentencepiece.SentencePieceProcessor(str(DATA / "tiny.model"))
    as_json = gemma_json(tiny)
    as_json.save(str(DATA / "tiny.json"), pretty=False)
    mistral = sentencepiece.SentencePieceProcessor(model_proto=gzip.decompress((DATA / "mistral_v1.model.gz").read_bytes()))

    cases = []
    for item in [*PLAIN, *SPACING, *UNICODE, *ATOMS, *LONG, *MALFORMED, *CONTROLS]:
        text = decoded(item)
        ids = {"tiny": as_json.encode(text).ids}
        if ids["tiny"] != sentencepiece_ids(tiny, text):
            sys.exit(f"{text!r}: {ids['tiny']} as JSON, {sentencepiece_ids(tiny, text)} as model")
        if item not in CONTROLS:
            ids["mistral"] = [mistral.bos_id(), *mistral.encode(text)]
        cases.append(case(item, **ids))
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in cases)
    (DATA / "cases.json").write_text(f"[\n{lines}\n]\n")
    for path in sorted(DATA.iterdir()):
        path.chmod(0o644)
        print(f"{path}: {path.stat().st_size} bytes")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
