"""Damage that knows files of tensors: headers of safetensors, and .pth archives whose pickle is another."""
import io
import json
import struct
import zipfile

from inputs import mutate_bytes, mutate_json

DTYPES = ("F32", "F64", "BF16", "F16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "f32", "", "F4")


def split(data):
    count = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + count]), data[8 + count:]


def join(header, data, declared=None):
    text = header if isinstance(header, bytes) else mutate_json.to_bytes(header)
    return struct.pack("<Q", len(text) if declared is None else declared) + text + data


def change_tensor(rng, entries, names, data):
    entry = entries[rng.choice(names)]
    kind = rng.randrange(8)
    if kind == 0:
        entry["dtype"] = rng.choice(DTYPES)
    elif kind == 1:
        entry["shape"] = rng.choice(([2**40], [2**32, 2**32], [0] * 9, [], [1] * 2000, [2**63 - 1, 2], [-1], [1048576],
                                     entry["shape"][::-1], [*entry["shape"], 1], entry["shape"][1:]))
    elif kind == 2:
        entry["data_offsets"] = rng.choice(([0, 2**63], [2**64 - 1, 2**64 - 1], [-8, 8], [8, 0], [0, len(data)], [0],
                                            [0, 0],
                                            entry["data_offsets"][::-1]))
    elif kind == 3:
        other = entries[rng.choice(names)]
        entry["data_offsets"] = other["data_offsets"]
    elif kind == 4:
        # Fitting again: another type of half or double size, and a shape that makes up for it.
        entry["dtype"], entry["shape"] = "U8", [entry["data_offsets"][1] - entry["data_offsets"][0]]
    elif kind == 5:
        entries[rng.choice(names)] = mutate_json.hostile_value(rng, entry)
    elif kind == 6:
        del entries[rng.choice(names)]
    else:
        entries[rng.choice(("", "encoder.stages.0.op_list.0.", "a" * 300000)) + "x" * rng.choice((1, 300000))] = entry


def mutate_safetensors(rng, original):
    if rng.random() < 0.25:
        return mutate_bytes.mutate(rng, original)
    header, data = split(original)
    kind = rng.randrange(5)
    if kind == 0:
        text = mutate_json.mutate(rng, json.dumps(header).encode())
        return join(text, data)
    if kind == 1:
        return join(header, data, rng.choice((0, 1, 2**63, 2**64 - 1, 100_000_001, 99_999_999, len(original))))
    for _ in range(rng.choice((1, 1, 2))):
        names = [name for name in header if name != "__metadata__" and isinstance(header[name], dict)]
        if names:
            change_tensor(rng, header, names, data)
    if rng.random() < 0.2:
        data = data[:rng.randrange(len(data) + 1)]
    return join(header, data)


# Opcodes of pickle that build deep, large or strange things.
HOSTILE_PICKLES = (
    b"\x80\x02" + b"]" * 100000 + b".",
    b"\x80\x02" + b"(" * 100000 + b"t.",
    b"\x80\x02]" + b"(" + b"2" * 40 + b"e.",
    b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".",
    b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b".",
    b"\x80\x02B" + struct.pack("<I", 0xFFFFFFFF) + b".",
    b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    b"\x80\x02\x8b" + struct.pack("<i", -1) + b".",
    b"cos\nsystem\n(S'touch outside'\ntR.",
    b"\x80\x02cbuiltins\neval\nX\x04\x00\x00\x001+1\n\x85R.",
    b"\x80\x04]\x94h\x00a.",
    b"\x80\x04}\x94(K\x01h\x00u.",
    b"\x80\x02j" + struct.pack("<I", 0xFFFFFFFF) + b".",
    b"\x80\x02r" + struct.pack("<I", 0xFFFFFFFF) + b"N.",
    b"L" + b"9" * 100000 + b"L\n.",
    b"F1e999\n.",
    b"S'unclosed\n.",
    b".", b"", b"\x80\xff.",
)


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mutate_torch(rng, original):
    """The archive as bytes, or its pickle changed inside an archive that is whole."""
    kind = rng.randrange(4)
    if kind == 0:
        return mutate_bytes.mutate(rng, original)
    members = members_of(original)
    [pickle] = [name for name in members if name.endswith("data.pkl")]
    if kind == 1:
        members[pickle] = rng.choice(HOSTILE_PICKLES)
    elif kind == 2:
        members[pickle] = mutate_bytes.mutate(rng, members[pickle])
    else:
        name = rng.choice(sorted(members))
        change = rng.randrange(4)
        if change == 0:
            del members[name]
        elif change == 1:
            members[name] = members[name][:len(members[name]) // 2]
        elif change == 2:
            members[name] = bytes(rng.choice((0, 1, 20_000_000)))
        else:
            members["../" + name] = members[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED,
                                                  zipfile.ZIP_DEFLATED))) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()
