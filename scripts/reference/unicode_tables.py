#!/usr/bin/env python3
"""Writes src/model/text_encoder/unicode_tables.inc: what BERT's text cleaning needs of Unicode.

    pip install tokenizers==0.23.3
    python3 scripts/reference/unicode_tables.py

The public tokenizer carries Unicode tables of its own, some older than Python's, and keeps
unassigned code points. So each property is asked of that tokenizer, one code point at a time; only
the canonical combining classes (the order of marks) come from Python's unicodedata, 14.0.0.
"""

import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

OUTPUT = pathlib.Path(__file__).parents[2] / "src/model/text_encoder/unicode_tables.inc"
HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**switches):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **switches}).normalize_str


CLEAN = bert(clean_text=True)
STRIP = bert(strip_accents=True)
LOWER = bert(lowercase=True)
CJK = bert(handle_chinese_chars=True)
NFD = normalizers.NFD().normalize_str
SPLIT = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def ranges(points):
    """Sorted code points as [first, last] pairs."""
    runs = []
    for c in points:
        if runs and c == runs[-1][1] + 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return runs


def is_punctuation(c):
    return [piece for piece, _ in SPLIT("a" + chr(c) + "b")] == ["a", chr(c), "b"]


def decompositions():
    table = [(c, NFD(chr(c))) for c in POINTS if c not in HANGUL and NFD(chr(c)) != chr(c)]
    assert max(len(text) for _, text in table) <= 4
    return table


def lower_cases(decomposed):
    """Letters that have a lower case after decomposition; always one code point there."""
    table = [(c, LOWER(chr(c))) for c in POINTS if c not in decomposed and LOWER(chr(c)) != chr(c)]
    assert all(len(text) == 1 for _, text in table)
    return table


def combining_classes():
    runs = []
    for c in POINTS:
        order = unicodedata.combining(chr(c))
        if order and runs and runs[-1][2] == order and runs[-1][1] == c - 1:
            runs[-1][1] = c
        elif order:
            runs.append([c, c, order])
    return runs


def array(kind, name, comment, rows):
    lines, line = [], " "
    for row in rows:
        if len(line) + len(row) + 2 > 100:
            lines.append(line)
            line = " "
        line += " " + row + ","
    return f"\n// {comment}\nconstexpr {kind} {name}[] = {{\n" + "\n".join([*lines, line]) + "\n};\n"


def code_ranges(name, comment, predicate):
    rows = [f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges(c for c in POINTS if predicate(c))]
    return array("CodeRange", name, comment, rows)


def main():
    decomposed = decompositions()
    known = {c for c, _ in decomposed}
    text = "".join([
        "// Written by scripts/reference/unicode_tables.py from tokenizers "
        f"{tokenizers.__version__} and Unicode {unicodedata.unidata_version}. Do not edit.\n",
        code_ranges("kRemoved", "Control, format and private-use characters, NUL and U+FFFD.",
                    lambda c: CLEAN(chr(c)) == ""),
        code_ranges("kWhitespace", "Cleaned to a space.", lambda c: CLEAN(chr(c)) == " "),
        code_ranges("kIdeographs", "CJK ideographs, each a word of its own.",
                    lambda c: CJK(chr(c)) == " " + chr(c) + " "),
        code_ranges("kPunctuation", "Each a word of its own.", is_punctuation),
        code_ranges("kAccents", "Nonspacing marks.",
                    lambda c: c not in known and STRIP(chr(c)) == ""),
        array("OrderRange", "kCombiningClasses", "Canonical combining classes other than 0.",
              [f"{{0x{a:X}, 0x{b:X}, {order}}}" for a, b, order in combining_classes()]),
        array("Decomposition", "kDecompositions",
              "Full canonical decompositions, without the Hangul syllables.",
              [f"{{0x{c:X}, {{{', '.join(f'0x{ord(x):X}' for x in to)}}}}}" for c, to in decomposed]),
        array("CodePair", "kLowerCases", "Lower case of what is left after decomposition.",
              [f"{{0x{c:X}, 0x{ord(to):X}}}" for c, to in lower_cases(known)]),
    ])
    OUTPUT.write_text(text)
    print(f"{OUTPUT}: {len(text)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
