"""Damage that knows JSON: other types, huge numbers, missing and doubled keys, depth, bytes that are not UTF-8."""
import json

NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**32, 2**40, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -2**63, 1048576, 65536, 0.5,
           -0.0, 1e-320, 1e300, 1e15, 1e6)
TEXTS = ("", "\0", "x" * 70000, "../../outside", "/etc/passwd", "/dev/zero", "\ud7ff", "null", "-1", "a\nb", "\u202e",
         "%s%n{}", "float32", "latents", "../vae", ".", "model.safetensors")
RAW_NUMBERS = ("1e999", "-1e999", "9" * 400, "0." + "0" * 400 + "1", "NaN", "Infinity", "1e-400", "0x10", "1_000")
MARK = "@@raw@@"


def all_places(value, found=None):
    """(container, key) of every value below."""
    found = [] if found is None else found
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return found
    for key, child in items:
        found.append((value, key))
        all_places(child, found)
    return found


def hostile_value(rng, old):
    kind = rng.randrange(9)
    if kind == 0:
        return rng.choice((None, True, False))
    if kind <= 2:
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice(TEXTS)
    if kind == 4:
        return rng.choice(([], {}, [[]], [None] * 5, {"": {}}, [1, "a"]))
    if kind == 5:
        return MARK + rng.choice(RAW_NUMBERS)
    if kind == 6 and isinstance(old, (int, float)) and not isinstance(old, bool):
        return old * rng.choice((2, -1, 1000, 1000000, 0))
    if kind == 7 and isinstance(old, list) and old:
        return rng.choice((old * 1000, old[:-1], old + old[:1], list(reversed(old))))
    if kind == 8 and isinstance(old, str) and old:
        return rng.choice((old + "x", old[:-1], old * 2000, old.upper(), [old]))
    return str(old)


def change_one(rng, value):
    places = all_places(value)
    if not places:
        return
    container, key = rng.choice(places)
    if isinstance(container, dict) and rng.random() < 0.25:
        old = container.pop(key)
        if rng.random() < 0.4:
            container[key + rng.choice((" ", "s", "\0", "\u0301"))] = old
    else:
        container[key] = hostile_value(rng, container[key])


def to_bytes(value):
    text = json.dumps(value, ensure_ascii=True, indent=1)
    while True:
        begin = text.find('"' + MARK)
        if begin < 0:
            return text.encode()
        end = text.index('"', begin + 1)
        text = text[:begin] + text[begin + 1 + len(MARK):end] + text[end + 1:]


def deep(rng):
    depth = rng.choice((100, 1000, 100000, 1000000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    return (opening * depth + "1" + (closing * depth if rng.random() < 0.5 else "")).encode()


def damage_text(rng, data):
    """Of the text as a whole."""
    kind = rng.randrange(9)
    at = rng.randrange(len(data) + 1)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return deep(rng)
    if kind == 2:
        return data[:at] + rng.choice((b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80",
                                       b"\0")) + data[at:]
    if kind == 3:
        return b"\xef\xbb\xbf" + data
    if kind == 4:
        return data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "utf-16-be")))
    if kind == 5:
        return data + rng.choice((data, b",", b"}", b"\0" * 4096, b"// note"))
    if kind == 6:
        return data.replace(b"\n", b"\r\n")
    if kind == 7:
        return rng.choice((b"", b" ", b"null", b"[]", b"{}", b'"text"', b"1", b"true", b"\0" * 100))
    return data.replace(b'"', b"'") if rng.random() < 0.3 else data.replace(b",", b",,", 1)


def mutate_value(rng, value):
    """A parsed value with one to three hostile changes, as bytes."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.choice((1, 1, 2, 3))):
        change_one(rng, value)
    return to_bytes(value)


def mutate(rng, data):
    if rng.random() < 0.3:
        return damage_text(rng, data)
    return mutate_value(rng, json.loads(data))
