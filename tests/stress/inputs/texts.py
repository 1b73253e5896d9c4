"""Damaged and hostile texts: configurations, lists of clips, captions, lists of prompts."""
import json

from inputs import mutate_bytes, mutate_json

# What bytes a person's editor, or an attacker, may leave in a text.
ODD = (b"\xff\xfe\xfd", b"\xe9t\xe9", b"\xed\xa0\x80", b"\0", b"\x1b[2J", b"\xe2\x80\xae", b"\r", b"\x85",
       b"\xf4\x90\x80\x80",
       b"\xc0\xaf", b"\x7f")
YAML_BOMB = ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))).encode()


def odd_text(rng, data, most=20000):
    """A text with bytes in it that are not of its coding, or in another coding, or up to `most` times as long."""
    kind = rng.randrange(7)
    at = rng.randrange(len(data) + 1)
    if kind <= 2:
        return data[:at] + rng.choice(ODD) + data[at:]
    if kind == 3:
        return b"\xff\xfe" + data.decode("utf-8", "replace").encode("utf-16-le")
    if kind == 4:
        return data.decode("utf-8", "replace").encode("utf-16-be")
    if kind == 5:
        return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    return data * rng.choice((1, most // 20, most))


def yaml(rng, data):
    kind = rng.randrange(9)
    if kind == 0:
        return mutate_bytes.mutate(rng, data)
    if kind == 1:
        return YAML_BOMB + data
    if kind == 2:
        depth = rng.choice((100, 10000, 1000000))
        return data + b"deep: " + rng.choice((b"[", b"{a: ", b"- ")) * depth + b"\n"
    if kind == 3:
        return data + b"extra: " + rng.choice((b"!!python/object/apply:os.system ['touch outside']", b"!!binary /////",
                                               b"*none",
                                               b"&a *a", b"<<: *a", b"? ? ? ? a", b"'unclosed", b"|9\n x",
                                               b"\"\\xff\"")) + b"\n"
    if kind == 4:
        return b"extends: " + rng.choice((b"/dev/zero", b"config.yaml", b"../project/pixels.yaml", b"/etc/passwd",
                                          b"pipe", b".",
                                          b"[a, b]", b"x" * 5000)) + b"\n" + data
    if kind == 5:
        return odd_text(rng, data)
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(lines))
        key, colon, _ = lines[at].partition(b": ")
        value = rng.choice((b"-1", b"0", b"1e999", b".nan", b"9223372036854775808", b"1000000000000", b"[]", b"{}",
                            b"null", b"text",
                            b"'", b"[[[[]]]]", b"1.5", b"/dev/zero", b"true", b"x" * 100000, b"0x7fffffff", b"1_000",
                            b"-0", b"~"))
        lines[at] = key + (colon or b": ") + value if colon or rng.random() < 0.5 else lines[at][1:]
    return b"\n".join(lines)


CLIP = {"path": "clips/a.mp4", "caption": "a clip", "weight": 1.0, "start_s": 0.0, "end_s": 1.0, "id": "a", "fps": 16.0,
        "crop": [0, 0, 64, 64]}
PATHS = ("clips/a.mp4", "clips/b.mp4", "../outside.mp4", "/etc/passwd", "/dev/zero", "pipe", "clips", "", "\0",
         "clips/a.mp4\n",
         "x" * 5000, "nowhere.mp4", "shard.zip", "clips/a.txt", "/proc/self/mem", "list.jsonl", "link.mp4", "socket")


def clip_list(rng):
    """Lines of a list of clips, some of them good."""
    lines = []
    for _ in range(rng.choice((1, 3, 8))):
        line = {"path": "clips/a.mp4", "caption": "a clip"}
        for key in rng.sample(sorted(CLIP), rng.randrange(len(CLIP))):
            line[key] = CLIP[key]
        kind = rng.randrange(5)
        if kind == 0:
            line["path"] = rng.choice(PATHS)
        if kind == 1:
            lines.append(odd_text(rng, json.dumps(line).encode()))
        elif kind == 2:
            lines.append(mutate_bytes.mutate(rng, json.dumps(line).encode()))
        elif kind == 3:
            lines.append(mutate_json.mutate_value(rng, line).replace(b"\n", b" "))
        else:
            lines.append(json.dumps(line).encode())
    data = rng.choice((b"\n", b"\n", b"\r\n", b"\n\n")).join(lines)
    return mutate_json.damage_text(rng, data) if rng.random() < 0.1 else data


PROMPT = {"prompt": "a cat", "negative": "blur", "seed": 3, "height": 32, "width": 64, "frames": 5}


def prompt_list(rng):
    """Of any of the three forms: a line each, JSONL, a JSON list."""
    form = rng.randrange(3)
    if form == 0:
        data = "\n".join(rng.choice(("a cat", "", "# note", "é" * 300, "x" * 100000, "a\tb", "../../a", "\u202e abc",
                                    "a --b" + " " * 300000 + "c", "a --n 3"))
                         for _ in range(4)).encode()
        return "prompts.txt", odd_text(rng, data, most=1)
    entries = []
    for _ in range(rng.choice((1, 2, 5))):
        entry = {"prompt": "a cat"}
        for key in rng.sample(sorted(PROMPT), rng.randrange(4)):
            entry[key] = PROMPT[key]
        if rng.random() < 0.1:
            entry["id"] = rng.choice(("../../outside", "/tmp/outside", "", "a/b", "\0", "x" * 300, ".", "..", "a\nb"))
        entries.append(entry)
    if form == 1:
        lines = [mutate_json.mutate_value(rng, entry).replace(b"\n", b" ") if rng.random() < 0.6
                 else json.dumps(entry).encode()
                 for entry in entries]
        return "prompts.jsonl", odd_text(rng, b"\n".join(lines), most=1) if rng.random() < 0.3 else b"\n".join(lines)
    return "prompts.json", mutate_json.mutate(rng, json.dumps(entries).encode())


def caption(rng):
    text = rng.choice((b"a caption", b"", b"\n\n", b"x" * 1000000, b"word " * 2000, "日本語の説明".encode(),
                       b"{\"prompt\": 1}"))
    return odd_text(rng, text)
