#!/usr/bin/env python3
"""Writes src/model/text_encoder/case_tables.inc: what Python's str.lower() and str.strip() need.

    python3 scripts/reference/case_tables.py      # Python 3.11, Unicode 14.0.0

The properties of the final-sigma rule are asked of str.lower() itself. Also writes
tests/data/python_case.json: texts, lowered and stripped, and the SHA-1 of all lowered code points.
"""

import hashlib
import json
import pathlib
import sys
import unicodedata

ROOT = pathlib.Path(__file__).parents[2]
OUTPUT = ROOT / "src/model/text_encoder/case_tables.inc"
CASES = ROOT / "tests/data/python_case.json"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
DOTTED_I = 0x130  # the one whose lower case is two code points; written out in text_case.cpp
TEXTS = [
    "", " ", "  A Red Fox  ", "\tTab\n", "\u00a0\u3000Wide\u2028", "\u200bNot a space\u200b", "\x1c\x1f\x85Old\x1d", "ÀÉÎÕÜ Ñ Ç",
    "İstanbul", "ISTANBUL I\u0307", "ΟΔΟΣ", "ΣΟΦΟΣ ΣΑΣ", "Σ", "ΑΣ.", "ΑΣ.Β", "ΑΣ'Β", "Α\u0301Σ\u0301", "Α\u00adΣ", "1Σ", "ΑΣ1", "ΣΣ ΣΣ",
    "AΣ🦊", "ПРИВЕТ", "STRASSE ẞ", "ǅ Ǆ ǆ", "Ω Å K", "ＡＢＣ", "𐐀𐐁", "Ა Ꭰ ꭰ", "Ⅷ Ⓐ", "日本語 ABC", "🦊 FOX", "Motion Score: 30.",
]


def runs(points):
    """Sorted code points as [first, last] pairs."""
    result = []
    for c in points:
        if result and c == result[-1][1] + 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


def lower_rows():
    """[first, last, step, distance]: every step-th code point from first to last moves by distance."""
    rows = []
    for c in POINTS:
        text = chr(c).lower()
        if text == chr(c) or c == DOTTED_I:
            continue
        assert len(text) == 1, hex(c)
        distance = ord(text) - c
        last = rows[-1] if rows else None
        if last and last[3] == distance and c - last[1] in (1, 2):
            step = c - last[1]
            if last[0] == last[1] or last[2] == step:
                last[1], last[2] = c, step
                continue
        rows.append([c, c, 1, distance])
    return rows


def array(kind, name, comment, rows):
    lines, line = [], " "
    for row in rows:
        if len(line) + len(row) + 2 > 100:
            lines.append(line)
            line = " "
        line += " " + row + ","
    return f"\n// {comment}\nconstexpr {kind} {name}[] = {{\n" + "\n".join([*lines, line]) + "\n};\n"


def code_ranges(name, comment, predicate):
    rows = [f"{{0x{a:X}, 0x{b:X}}}" for a, b in runs(c for c in POINTS if predicate(chr(c)))]
    return array("CaseRange", name, comment, rows)


def is_cased(c):
    return (c + "\u03a3").lower()[-1] == "\u03c2"


def is_case_ignorable(c):
    return not is_cased(c) and ("A" + c + "\u03a3").lower()[-1] == "\u03c2"


def main():
    text = "".join([
        f"// Written by scripts/reference/case_tables.py from Unicode {unicodedata.unidata_version}. "
        "Do not edit.\n",
        array("LowerRun", "kLowerRuns", "first, last, step, distance to the lower case",
              [f"{{0x{a:X}, 0x{b:X}, {step}, {distance}}}" for a, b, step, distance in lower_rows()]),
        code_ranges("kCased", "Letters before or after which a sigma is not the last of its word.",
                    is_cased),
        code_ranges("kCaseIgnorable", "Looked through by that rule.", is_case_ignorable),
        code_ranges("kSpaces", "Stripped at both ends.", str.isspace),
    ])
    OUTPUT.write_text(text)
    everything = "".join(chr(c).lower() for c in POINTS).encode()
    cases = {"sha1_of_all": hashlib.sha1(everything).hexdigest(),
             "cases": [{"text": t, "lower": t.lower(), "strip": t.strip()} for t in TEXTS]}
    CASES.write_text(json.dumps(cases, indent=0) + "\n")
    print(f"{OUTPUT}: {len(text)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
