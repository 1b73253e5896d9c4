"""Prepared data sets of a stranger: hashes, sizes and the fingerprint are right, what they describe is not."""
import hashlib
import json
import os
import shutil
import struct

from inputs import hashes, hdf5_writer, mutate_bytes, mutate_json


def part(rng, dims, kind, size, value=None):
    count = 1
    for dim in dims:
        count *= dim
    raw = rng.randbytes(count * size) if value is None else value * (count * size // len(value))
    return {"dims": list(dims), "kind": kind, "size": size, "raw": raw}


def good_sample(rng, set_kind):
    if set_kind == "pixels":
        return {"pixels": part(rng, (5, 32, 32, 3), "uint", 1)}
    mask = part(rng, (64,), "int", 8)
    mask["raw"] = struct.pack("<64q", *([1] * 8 + [0] * 56))
    latents = part(rng, (4, 3, 4, 8), "float", 4)
    latents["raw"] = struct.pack("<384f", *(rng.gauss(0, 1) for _ in range(384)))
    text = part(rng, (64, 384), "float", 4, struct.pack("<f", 0.125))
    return {"latents": latents, "text": text, "mask": mask}


def resized(item, dims):
    count = item["size"]
    for dim in dims:
        count *= dim
    item["dims"] = list(dims)
    item["raw"] = (item["raw"] * (count // max(1, len(item["raw"])) + 1))[:count]


def change_type(rng, item, _):
    item["kind"], item["size"] = rng.choice((("uint", 1), ("int", 8), ("float", 4), ("float", 8), ("float", 2),
                                             ("int", 4),
                                             ("string", 4), ("uint", 2), ("9", 16), ("6", 8)))
    resized(item, item["dims"])


def change_shape(rng, item, _):
    dims = item["dims"]
    resized(item, rng.choice((dims[::-1], dims[:-1], [*dims, 1], [], [1] * 32, [0, *dims[1:]], [dims[0] + 1, *dims[1:]],
                              [2 * dims[0], *dims[1:]], [1] + dims[1:], [*dims[:-1], dims[-1] * 2])))


def declare(rng, item, _):
    """More than there is."""
    item["dims"] = list(rng.choice(([2**20, 4096], [2**40], [2**32, 2**32], [2**63, 2], [4, 3, 16384, 16384],
                                    [0xFFFFFFFFFFFFFFFF], [1000, 1000, 1000, 4])))
    if rng.random() < 0.5:
        item["declared"] = 1 << 32
    if rng.random() < 0.5:
        item["address"] = hdf5_writer.UNDEFINED


def point_elsewhere(rng, item, _):
    item["address"] = rng.choice((hdf5_writer.UNDEFINED, 0, 8, 1 << 40, 2**63 - 1, 96))


def outside(rng, item, folder):
    """Data in another file, a device or a FIFO."""
    if rng.random() < 0.5:
        os.mkfifo(folder / "pipe")
    item["external"] = rng.choice(("/etc/passwd", "/dev/zero", "pipe", "../../dit/model.safetensors", "/proc/self/mem"))


def not_finite(rng, item, _):
    value = rng.choice((struct.pack("<f", float("nan")), struct.pack("<f", float("inf")), b"\xff", bytes(1)))
    item["raw"] = (value * len(item["raw"]))[:len(item["raw"])]


CHANGES = (change_type, change_type, change_shape, change_shape, declare, point_elsewhere, outside, not_finite)


def write_part(writer, item):
    if "external" in item:
        return writer.external(item["dims"], item["kind"], item["size"], item["external"], len(item["raw"]))
    return writer.dataset(item["dims"], item["kind"], item["size"], item["raw"], item.get("declared"),
                          item.get("address"))


def write_shard(samples, rng, folder):
    writer = hdf5_writer.Hdf5Writer()
    groups = {}
    for i, sample in enumerate(samples):
        links = {name: write_part(writer, item) for name, item in sample.items()}
        kind = rng.random()
        if kind < 0.03:
            links["pixels" if "pixels" in links else "latents"] = rng.choice((("/etc/passwd", "/a"), ("pipe", "/a"),
                                                                              "/",
                                                                             f"/sample-{i:08}", "nowhere"))
            if not (folder / "pipe").exists():
                os.mkfifo(folder / "pipe")
        groups[f"sample-{i:08}"] = writer.group(links)
    return writer.finish(writer.group(groups))


def numbers_hash(sample):
    return hashlib.sha1(b"".join(sample[name]["raw"] for name in ("pixels", "latents", "text", "mask")
                                 if name in sample)).hexdigest()


def dataset_of(original, samples, set_kind):
    """The description of a set of the program, about these samples."""
    dataset = json.loads(original)
    bucket = dataset["samples"][0]["bucket"] if set_kind == "latents" else "32x32x5"
    if set_kind == "pixels":
        bucket = bucket_like(dataset["samples"][0]["bucket"], 32, 32, 5)
    dataset["samples"] = [{"id": f"clip{i}", "caption": f"clip {i}", "bucket": bucket, "shard": 0,
                           "hash": numbers_hash(sample), "source_fps": 16.0} for i, sample in enumerate(samples)]
    dataset["counts"] = {"listed": len(samples), "unused": 0, "samples": len(samples)}
    dataset["buckets"] = {bucket: len(samples)}
    # As other programs write it: without what only this one knows of a shard.
    dataset["shards"] = [{"file": dataset["shards"][0]["file"], "bytes": 0}]
    return dataset


def bucket_like(text, height, width, frames):
    """In the words of the program, whatever they are: numbers replaced in their order height, width, frames."""
    out, numbers, i = "", [height, width, frames], 0
    while i < len(text):
        if text[i].isdigit():
            while i < len(text) and text[i].isdigit():
                i += 1
            out += str(numbers.pop(0)) if numbers else ""
        else:
            out += text[i]
            i += 1
    return out


def make_set(rng, source, folder, set_kind):
    """A set of three samples, one to three parts of which are hostile; `source` is a set of the program."""
    folder.mkdir(parents=True)
    samples = [good_sample(rng, set_kind) for _ in range(3)]
    for _ in range(rng.choice((1, 1, 2, 3))):
        sample = rng.choice(samples)
        rng.choice(CHANGES)(rng, sample[rng.choice(sorted(sample))], folder)
    (folder / "shard-00000.h5").write_bytes(write_shard(samples, rng, folder))
    if set_kind == "latents":
        shutil.copy(source / "null_text.h5", folder)
    dataset = dataset_of((source / "dataset.json").read_text(), samples, set_kind)
    finish(rng, dataset, folder)


def finish(rng, dataset, folder):
    if rng.random() < 0.25:
        change = rng.randrange(4)
        if change == 0:
            dataset["samples"][0]["weight"] = rng.choice((1e15, 1e6, -1, 0, 1e-300))
        elif change == 1:
            dataset["samples"][0]["bucket"] = rng.choice(("4000000x4000000x1", "0x0x0", "32x64", "-1x2x3",
                                                          "9" * 30 + "x1x1"))
        elif change == 2:
            dataset["shards"][0]["file"] = rng.choice(("../project/latents/shard-00000.h5", "/etc/passwd", "/dev/zero",
                                                       "."))
        else:
            dataset["samples"] = dataset["samples"] * 2
    try:
        hashes.mend_shards(dataset, folder)
    except OSError:
        pass
    dataset["fingerprint"] = hashes.fingerprint(dataset)
    (folder / "dataset.json").write_text(json.dumps(dataset))


def damage_shard(rng, source, folder):
    """Bit rot: a shard of the program with damaged bytes. Half of the time its hash is made right again."""
    shutil.copytree(source, folder)
    file = rng.choice(sorted(folder.glob("*.h5")))
    data = bytearray(file.read_bytes())
    original = bytes(data)
    # Of the same length, which is checked first.
    rng.choice((mutate_bytes.flip, mutate_bytes.hole, mutate_bytes.ff_run, mutate_bytes.ff_run,
                mutate_bytes.moved_block,
                mutate_bytes.extreme_number))(rng, data)
    file.write_bytes(bytes(data[:len(original)]).ljust(len(original), b"\0"))
    if rng.random() < 0.5:
        dataset = json.loads((folder / "dataset.json").read_text())
        hashes.mend_shards(dataset, folder)
        (folder / "dataset.json").write_text(json.dumps(dataset))


def damage_index(rng, folder):
    """Where the tensors of a shard lie, as the description has it: hostile, with its right hash."""
    index = rng.choice(sorted(folder.glob("*.index.json")))
    index.write_bytes(mutate_json.mutate(rng, index.read_bytes()))
    dataset = json.loads((folder / "dataset.json").read_text())
    hashes.mend_shards(dataset, folder)
    (folder / "dataset.json").write_text(json.dumps(dataset))


def damage_description(rng, source, folder):
    """dataset.json with hostile values, its fingerprint right again where it can be; or the index of a shard."""
    shutil.copytree(source, folder)
    if rng.random() < 0.4 and any(folder.glob("*.index.json")):
        return damage_index(rng, folder)
    file = folder / "dataset.json"
    data = mutate_json.mutate(rng, file.read_bytes())
    try:
        dataset = json.loads(data)
        dataset["fingerprint"] = hashes.fingerprint(dataset)
        data = json.dumps(dataset).encode("utf-8", "surrogatepass")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        pass
    return file.write_bytes(data)
