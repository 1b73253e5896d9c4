#!/usr/bin/env python3
"""Writes small files of torch.save, good and bad, for the tests of our reader.

    pip install torch==2.11.0 numpy safetensors
    python3 scripts/reference/torch_files.py

tests/data/torch/<name>.pt, and for the good ones <name>.safetensors beside it: every tensor that
Python reads from the file, contiguous, by its path ("optimizer.state.0.exp_avg"), and in the file's
metadata every other value as JSON text.
"""

import collections
import io
import json
import os
import pathlib
import struct
import sys
import zipfile

import numpy
import torch
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).parents[2] / "tests/data/torch"
TORCH = "2.11.0"
TAR_BYTES = 600


def flatten(value, path=()):
    """(path, value) of everything that is no dict, list or tuple; empty ones are values."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from flatten(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from flatten(item, (*path, str(index)))
    else:
        yield ".".join(path), value


def write_good(name, value, **options):
    path = DATA / f"{name}.pt"
    torch.save(value, path, **options)
    loaded = torch.load(path, weights_only=False)  # our own; protocol 4 is not for weights_only
    tensors, scalars = {}, {}
    for key, item in flatten(loaded):
        if isinstance(item, torch.Tensor):
            tensors[key] = item.detach().clone(memory_format=torch.contiguous_format)
        else:
            scalars[key] = item
    metadata = {key: json.dumps(item) for key, item in scalars.items()}
    save_file(tensors, path.with_suffix(".safetensors"), metadata={"torch": TORCH, **metadata})


def small_model():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2))


def training_checkpoint():
    model = small_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()
    schedule.step()
    return {
        "state_dict": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": {key: value for key, value in schedule.state_dict().items() if key != "_is_initial"},
        "step": 1234567890123,
        "negative": [-1, -(2**40), 255, 65535, 65536],
        "loss": 0.25,
        "note": "größe 東京",
        "best": None,
        "ema": True,
        "shape": torch.Size([2, 3]),
        "rng_state": torch.get_rng_state()[:64].clone(),
        "nothing": [[], (), {}, ""],
    }


def write_good_files():
    torch.manual_seed(0)
    plain = {key: value.clone() for key, value in small_model().state_dict().items()}
    write_good("plain", dict(plain))
    write_good("module", small_model().state_dict())  # an OrderedDict with _metadata
    write_good("training", training_checkpoint())
    write_good("protocol4", {"model": small_model().state_dict(), "step": 3, "betas": (0.9, 0.99)}, pickle_protocol=4)
    write_good("parameters", collections.OrderedDict(w=torch.nn.Parameter(torch.randn(2, 3))))
    values = torch.tensor([[0.0, -1.5, 240.0], [0.25, -0.0, 1.0]])
    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool float8_e4m3fn float8_e5m2".split()
    write_good("dtypes", {name: values.abs().clamp(max=100).to(getattr(torch, name)) for name in names})
    base = torch.arange(12.0).reshape(3, 4)
    write_good("views", {
        "base": base, "transposed": base.t(), "row": base[1], "every_other": base[:, ::2],
        "repeated": torch.tensor([1.0, 2.0]).expand(3, 2), "scalar": torch.tensor(7.5),
        "empty": torch.empty(0, 5), "same": base,
    })


class Command:
    def __reduce__(self):
        return os.system, ("echo this must never run",)


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def repacked(archive, compression=zipfile.ZIP_STORED, **replaced):
    """The same entries written by another ZIP program, which aligns nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(buffer, "w", compression) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name)  # without the time
            entry.compress_type = compression
            target.writestr(entry, replaced.get(pathlib.Path(name).name.replace(".", "_"), source.read(name)))
    return buffer.getvalue()


def with_zip64(archive):
    """The same archive with the size and offset of its last entry in a zip64 field."""
    end = archive.rindex(b"PK\x05\x06")
    entries, size, offset = struct.unpack_from("<HII", archive, end + 10)
    last = archive.rindex(b"PK\x01\x02")
    header = bytearray(archive[last:end])
    name_size, extra_size = struct.unpack_from("<HH", header, 28)
    stored, = struct.unpack_from("<I", header, 24)
    local, = struct.unpack_from("<I", header, 42)
    assert extra_size == 0 and len(header) >= 46 + name_size
    extra = struct.pack("<HHHHQQQ", 0x4246, 0, 1, 24, stored, stored, local)
    struct.pack_into("<II", header, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", header, 30, len(extra))
    struct.pack_into("<I", header, 42, 0xFFFFFFFF)
    directory = archive[offset:last] + bytes(header[:46 + name_size]) + extra
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, entries, entries, len(directory), offset)
    locator = struct.pack("<IIQI", 0x07064B50, 0, offset + len(directory), 1)
    last_record = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return archive[:offset] + directory + end64 + locator + last_record


def write_other_files():
    small = {"w": torch.arange(3.0)}
    whole = saved(small)
    plain_zip = repacked(whole)
    files = {
        "unaligned": plain_zip,
        "zip64": with_zip64(plain_zip),
        "bad_command": saved(Command()),
        "bad_command_beside": saved({"w": torch.ones(2), "x": [Command()]}, pickle_protocol=4),
        "bad_numpy": saved({"loss": numpy.float64(0.5)}),
        "bad_device": saved({"device": torch.device("cpu")}),
        "bad_dtype": saved({"dtype": torch.float16}),
        "bad_complex": saved({"z": torch.zeros(2, dtype=torch.complex64)}),
        "bad_set": saved({"s": {1, 2}}, pickle_protocol=4),
        "bad_deflated": repacked(whole, zipfile.ZIP_DEFLATED),
        "bad_byteorder": repacked(whole, byteorder=b"big"),
        "bad_old_format": saved(small, _use_new_zipfile_serialization=False),
        "bad_tar": b"\0" * 257 + b"ustar" + b"\0" * (TAR_BYTES - 262),
        "bad_truncated": whole[: len(whole) // 2],
        "bad_truncated_directory": whole[:-30],
        "bad_text": b"these are not weights",
    }
    for name, data in files.items():
        (DATA / f"{name}.pt").write_bytes(data)


def main():
    if torch.__version__.split("+")[0] != TORCH:
        sys.exit(f"needs torch {TORCH}, found {torch.__version__}")
    DATA.mkdir(parents=True, exist_ok=True)
    write_good_files()
    write_other_files()
    total = sum(path.stat().st_size for path in DATA.iterdir())
    for path in DATA.iterdir():
        path.chmod(0o644)
    print(f"{DATA}: {len(list(DATA.iterdir()))} files, {total} bytes")


if __name__ == "__main__":
    main()
