#!/usr/bin/env python3
"""Decodes clips and images into a prepared data set of pixels, as `sana-video prepare` does with kind=pixels.

For machines where sana-video was built without OpenCV's C++ libraries: needs Python 3.9 with the
packages opencv-python-headless, h5py and numpy. `sana-video prepare` then reads the result as its
source and adds latents and text features.

  scripts/decode_clips.py my_clips prepared/pixels --frames 17 --fps 16 --buckets 128x224
  scripts/decode_clips.py clips.jsonl prepared/pixels --frames 33 --base-size 176 --clips-per-video 4

The layout is described in src/data/README.md and written in C++ by src/data/prepared/prepare.cpp; a change in
one belongs into the other. Shards (.zip, .tar) and captions in .json files are not read here.
"""
import argparse
import bisect
import hashlib
import json
import math
import os
import re
import struct
import sys
from pathlib import Path

# Damaged files are reported below, once, instead of line by line by the decoders.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2  # noqa: E402
import h5py  # noqa: E402
import numpy as np  # noqa: E402

VIDEO_TYPES = {".mp4", ".mkv", ".webm", ".avi", ".mov", ".wmv"}
IMAGE_TYPES = {".jpg", ".jpeg", ".png"}
SHARD_TYPES = (".zip", ".tar", ".tar.gz", ".tgz")


class Unusable(Exception):
    """A clip that cannot be used: reason, detail, remedy."""


def stop(message):
    sys.exit(f"decode_clips: {message}")


def tidy(text):
    return " ".join(word for word in re.split(r"[ \t\r\n\f\v]+", text) if word)


# ---- sources


def read_folder(root):
    files = [f for f in root.rglob("*") if f.is_file()
             and not any(part.startswith(".") for part in f.relative_to(root).parts)]
    clips = [f for f in files if f.suffix.lower() in VIDEO_TYPES | IMAGE_TYPES]
    stems = {f.with_suffix("") for f in clips}
    items = []
    for clip in clips:
        text = clip.with_suffix(".txt")
        caption = tidy(text.read_text(encoding="utf-8", errors="replace")) if text.exists() else ""
        items.append({"id": clip.relative_to(root).as_posix(), "path": clip, "caption": caption})
    for text in files:
        if text.suffix == ".txt" and text.with_suffix("") not in stems:
            items.append({"id": text.relative_to(root).as_posix(), "path": text, "caption": "", "problem": (
                "caption without clip", "no clip of this name has a known type",
                "known types are .avi .jpeg .jpg .mkv .mov .mp4 .png .webm .wmv")})
    return items


def read_jsonl(manifest):
    items, seen = [], set()
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            path = entry["path"]
        except (ValueError, KeyError, TypeError) as error:
            stop(f"{manifest}:{number}: expected an object with 'path' and 'caption' ({error!r})")
        item = {"id": Path(path).as_posix(), "path": manifest.parent / path, "caption": tidy(entry.get("caption") or "")}
        if item["id"] in seen:
            item["problem"] = ("listed twice", f"again in line {number}", "keep one line for each clip")
        seen.add(item["id"])
        items.append(item)
    return items


def read_sources(source, only):
    items = read_folder(source) if source.is_dir() else read_jsonl(source)
    for item in items:
        item["image"] = Path(item["id"]).suffix.lower() in IMAGE_TYPES
    if only != "all":
        items = [item for item in items if item["image"] == (only == "images")]
    if not items:
        stop(f"{source}: no clips found; expected videos ({' '.join(sorted(VIDEO_TYPES))}) or images "
             f"({' '.join(sorted(IMAGE_TYPES))}) with captions in .txt files beside them")
    return sorted(items, key=lambda item: os.fsencode(item["id"]))


def hash_sources(items):
    total = hashlib.sha1()
    for item in items:
        digest = "missing"
        if item["path"].is_file():
            digest = hashlib.sha1(item["path"].read_bytes()).hexdigest()
        total.update(f"{item['id']}\t{item['caption']}\t{digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


# ---- decoding


def box_overrun(path):
    """Whether the top-level boxes of an MP4 or the RIFF chunk of an AVI reach beyond the file's end."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and len(head) == 12:
            return struct.unpack("<I", head[4:8])[0] + 8 > size
        if head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return False
        offset, kinds = 0, set()
        while offset + 8 <= size:
            file.seek(offset)
            length, kind = struct.unpack(">I4s", file.read(8))
            kinds.add(kind)
            if length == 1:
                extended = file.read(8)
                if len(extended) < 8:
                    return True
                length = struct.unpack(">Q", extended)[0]
            elif length == 0:
                return b"moov" not in kinds
            if length < 8:
                return False
            offset += length
        return offset > size or b"moov" not in kinds


def looks_like_video(path):
    with open(path, "rb") as file:
        head = file.read(12)
    return (head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip") or head[8:12] == b"AVI "
            or head[:4] in (b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75"))


def is_image(head):
    return head[:3] == b"\xff\xd8\xff" or head[:4] == b"\x89PNG"


def check_file(path):
    if not path.is_file():
        raise Unusable("file missing", "it is listed, but not there", "check the path, or remove the line")
    if path.stat().st_size == 0:
        raise Unusable("zero bytes", "the file is empty", "copy the file again")


def open_video(path):
    if box_overrun(path):
        raise Unusable("truncated", "the file ends before its contents do", "copy the file again")
    with open(path, "rb") as file:
        if is_image(file.read(4)):
            raise Unusable("wrong type", f"named {path.suffix}, but by its contents an image", "rename or convert it, or remove it")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened() and not looks_like_video(path):
        raise Unusable("wrong type", f"named {path.suffix}, but by its contents no video of a known type", "rename or convert it, or remove it")
    if not capture.isOpened():
        raise Unusable("cannot decode", "OpenCV cannot open it as a video", "re-encode it, for example with ffmpeg to H.264")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def frame_times(path):
    capture = open_video(path)
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    announced, nominal = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    if not times:
        raise Unusable("cannot decode", "no frame could be decoded", "re-encode it, for example with ffmpeg to H.264")
    if len(times) < 0.5 * announced:
        raise Unusable("truncated", f"{len(times)} of {announced:.0f} announced frames could be decoded", "copy the file again")
    if any(b <= a for a, b in zip(times, times[1:])):
        if not nominal > 0:
            raise Unusable("cannot decode", "it has no usable timestamps", "re-encode it, for example with ffmpeg to H.264")
        times = [i / nominal for i in range(len(times))]
    if len(times) > 1:
        nominal = (len(times) - 1) / (times[-1] - times[0])
    return times, nominal if nominal > 0 else 1.0


def nearest_frames(times, source_fps, fps):
    count = int(math.floor((times[-1] - times[0] + 0.5 / source_fps) * fps + 1e-6)) + 1
    chosen = []
    for k in range(count):
        t = times[0] + k / fps
        after = bisect.bisect_left(times, t)
        if after == len(times) or (after > 0 and t - times[after - 1] <= times[after] - t + 1e-9):
            after -= 1
        chosen.append(after)
    return chosen


def window_starts(available, frames, wanted):
    number = min(wanted, available // frames)
    gap = available - number * frames
    return [(i + 1) * gap // (number + 1) + i * frames for i in range(number)]


def fit(frame, height, width, pixel_aspect=1.0):
    """Fills height x width with an antialiased resize, then crops the centre. BGR -> RGB."""
    rows, columns = frame.shape[:2]
    scale = max(height / rows, width / (columns * pixel_aspect))
    size = (max(width, int(math.floor(columns * pixel_aspect * scale + 0.5))), max(height, int(math.floor(rows * scale + 0.5))))
    frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return frame[top:top + height, left:left + width, ::-1]


def nearest_bucket(buckets, rows, columns):
    return min(buckets, key=lambda b: abs(math.log(b[0] / b[1]) - math.log(rows / columns)))


def read_image(item, options):
    check_file(item["path"])
    data = item["path"].read_bytes()
    jpeg, png = data[:3] == b"\xff\xd8\xff", data[:4] == b"\x89PNG"
    if not is_image(data):
        raise Unusable("wrong type", "neither JPEG nor PNG by its contents", "convert it, or remove it")
    if (jpeg and b"\xff\xd9" not in data[-65536:]) or (png and b"IEND" not in data[-64:]):
        raise Unusable("truncated", "the file ends before its contents do", "copy the file again")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise Unusable("cannot decode", "OpenCV cannot read it", "convert it to JPEG or PNG")
    height, width = nearest_bucket(options.buckets, *image.shape[:2])
    yield item["id"], fit(image, height, width)[None], 0.0


def read_video(item, options):
    check_file(item["path"])
    times, source_fps = frame_times(item["path"])
    chosen = nearest_frames(times, source_fps, options.fps)
    if len(chosen) < options.frames:
        raise Unusable("too short", f"{len(chosen)} of {options.frames} frames at {options.fps:g} fps ({len(chosen) / options.fps:.2f} s)",
                       "lower frames or fps")
    starts = window_starts(len(chosen), options.frames, options.clips_per_video)
    wanted = {}
    for k, start in enumerate(starts):
        for f in range(options.frames):
            wanted.setdefault(chosen[start + f], []).append((k, f))
    capture = open_video(item["path"])
    numerator, denominator = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    aspect = numerator / denominator if numerator > 0 and denominator > 0 else 1.0
    clips = None
    for index in range(max(wanted) + 1):
        if not capture.grab():
            raise Unusable("cannot decode", f"frame {index} could be decoded only once", "re-encode it, for example with ffmpeg to H.264")
        if index not in wanted:
            continue
        frame = capture.retrieve()[1]
        if clips is None:
            height, width = nearest_bucket(options.buckets, frame.shape[0], frame.shape[1] * aspect)
            clips = np.empty((len(starts), options.frames, height, width, 3), np.uint8)
        fitted = fit(frame, height, width, aspect)
        for k, f in wanted[index]:
            clips[k, f] = fitted
    print(f"{item['id']}: {source_fps:.2f} fps -> {options.fps:g} fps, {len(starts) * options.frames} of {len(times)} frames kept")
    for k, clip in enumerate(clips):
        yield item["id"] + (f"#{k}" if options.clips_per_video > 1 else ""), clip, round(source_fps, 6)


# ---- writing


class ShardWriter:
    """Shards of bounded size; each sample is a group with one dataset."""

    def __init__(self, folder, max_bytes):
        self.folder, self.max_bytes = folder, max_bytes
        self.file, self.bytes, self.shards, self.samples = None, 0, [], []

    def add(self, name, caption, pixels, source_fps):
        pixels = np.ascontiguousarray(pixels)
        if self.file is not None and self.bytes + pixels.nbytes > self.max_bytes:
            self.close()
        if self.file is None:
            self.file = h5py.File(self.folder / f"shard-{len(self.shards):05d}.h5", "w")
        self.file.create_dataset(f"sample-{len(self.samples):08d}/pixels", data=pixels, chunks=(1,) + pixels.shape[1:],
                                 compression="gzip", compression_opts=1, track_times=False)
        self.bytes += pixels.nbytes
        frames, height, width, _ = pixels.shape
        self.samples.append({"id": name, "caption": caption, "bucket": f"{height}x{width}x{frames}", "shard": len(self.shards),
                             "hash": hashlib.sha1(pixels.tobytes()).hexdigest(), "source_fps": source_fps})

    def close(self):
        if self.file is None:
            return
        path = Path(self.file.filename)
        self.file.close()
        self.file, self.bytes = None, 0
        self.shards.append({"file": path.name, "bytes": path.stat().st_size})


def fingerprint(dataset):
    text = f"{dataset['format']} {dataset['format_version']}\n{dataset['kind']}\n{dataset['settings']['fps']:.6f}\n\n\n\n"
    text += "".join(f"{s['id']}\t{s['caption']}\t{s['bucket']}\t{s['hash']}\n" for s in dataset["samples"])
    return hashlib.sha1(text.encode("utf-8", "surrogateescape")).hexdigest()


def generate_buckets(base, multiple, max_ratio):
    found = []
    for width in range(multiple, int(base * max_ratio) + multiple, multiple):
        height = int(math.floor(base * base / width / multiple + 0.5)) * multiple
        if height > 0 and 1 / max_ratio <= height / width <= max_ratio and (height, width) not in found:
            found.append((height, width))
    return sorted(found)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="folder of x.mp4 + x.txt, or a JSONL file with path and caption")
    parser.add_argument("output", type=Path, help="folder of the prepared data set; must not hold one yet")
    parser.add_argument("--fps", type=float, default=16.0)
    parser.add_argument("--frames", type=int, default=81, help="of each clip, as the VAE takes them: 4k+1 (Wan), 8k+1 (LTX-2), 4k (DC-AE-V)")
    parser.add_argument("--buckets", nargs="+", default=[], metavar="HxW", help="sizes; default: generated from --base-size")
    parser.add_argument("--base-size", type=int, default=480, help="square root of the pixels of a generated bucket")
    parser.add_argument("--multiple", type=int, default=16, help="generated sides are multiples of this")
    parser.add_argument("--max-ratio", type=float, default=2.0, help="longest to shortest side of generated buckets")
    parser.add_argument("--clips-per-video", type=int, default=1)
    parser.add_argument("--only", choices=["all", "videos", "images"], default="all")
    parser.add_argument("--max-shard-mib", type=int, default=256)
    options = parser.parse_args()
    if options.frames < 1 or options.fps <= 0 or options.clips_per_video < 1 or options.max_shard_mib < 1:
        stop("--frames, --fps, --clips-per-video and --max-shard-mib must be above 0")
    try:
        given = [tuple(int(side) for side in text.split("x")) for text in options.buckets]
        assert all(len(sides) == 2 and min(sides) > 0 for sides in given)
    except (ValueError, AssertionError):
        stop(f"--buckets {' '.join(options.buckets)}: expected height x width, such as 128x224")
    options.buckets = sorted(set(given)) or generate_buckets(options.base_size, options.multiple, options.max_ratio)
    return options


def main():
    options = parse_arguments()
    if not options.source.exists():
        stop(f"{options.source} does not exist")
    shards = [options.source] if options.source.is_file() else sorted(options.source.rglob("*"))
    for shard in shards:
        if shard.name.lower().endswith(SHARD_TYPES):
            stop(f"{shard} is a shard, which only `sana-video prepare` reads; unpack it")
    options.output.mkdir(parents=True, exist_ok=True)
    if (options.output / "dataset.json").exists() or (options.output / "work").exists():
        stop(f"{options.output} holds a data set already; choose another folder or delete it")
    items = read_sources(options.source, options.only)
    writer = ShardWriter(options.output, options.max_shard_mib << 20)
    unused = []
    for item in items:
        try:
            if "problem" in item:
                raise Unusable(*item["problem"])
            if not item["caption"]:
                raise Unusable("caption missing", "no words in its .txt file or manifest line", "write one sentence of what it shows")
            for sample in (read_image if item["image"] else read_video)(item, options):
                writer.add(sample[0], item["caption"], *sample[1:])
        except Unusable as problem:
            reason, detail, remedy = problem.args
            unused.append({"id": item["id"], "reason": reason, "detail": detail, "remedy": remedy})
            print(f"{item['id']}: {reason}: {detail} -> {remedy}")
    writer.close()
    (options.output / "unused_clips.jsonl").write_text("".join(json.dumps(u, ensure_ascii=False) + "\n" for u in unused), encoding="utf-8")
    if not writer.samples:
        stop(f"none of {len(items)} clips is usable; reasons in {options.output / 'unused_clips.jsonl'}")
    counts = {}
    for sample in writer.samples:
        counts[sample["bucket"]] = counts.get(sample["bucket"], 0) + 1
    dataset = {
        "format": "sana-video prepared data", "format_version": 1, "kind": "pixels",
        "settings": {"fps": options.fps, "frames": options.frames, "buckets": [f"{h}x{w}" for h, w in options.buckets],
                     "clips_per_video": options.clips_per_video, "only": options.only, "max_shard_mib": options.max_shard_mib},
        "encoders": {"vae": "", "text": ""},
        "source": {"path": str(options.source), "files": len(items), "hash": hash_sources(items)},
        "counts": {"listed": len(items), "unused": len(unused), "samples": len(writer.samples)},
        "buckets": counts, "shards": writer.shards, "samples": writer.samples, "null_text": None,
    }
    dataset["fingerprint"] = fingerprint(dataset)
    partial = options.output / "dataset.json.partial"
    partial.write_text(json.dumps(dataset, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(partial, options.output / "dataset.json")
    print(f"{len(items)} clips listed, {len(unused)} unused, {len(writer.samples)} samples in {len(counts)} buckets: {options.output}")


if __name__ == "__main__":
    main()
