"""Every kind of damaged input: how a case is made from its random numbers, and the commands that it meets.

A case is a folder with in/ (made here), out/ (of the program), `project`, a link to the tiny project, and links
to what its configurations name."""
import dataclasses
import json
import pathlib
import shutil
import struct

from inputs import (archives, hashes, mp4_boxes, mutate_bytes, mutate_json, pictures, sets, special_files, tensors,
                    texts)

SOURCE = pathlib.Path(__file__).resolve().parents[3]
SAMPLE = ["sample", "--checkpoint", "project/dit", "--steps", "1", "--frames", "5", "--device", "cpu"]
PREPARE = ["prepare", "project/pixels.yaml", "output=out/set", "frames=5", "buckets.sizes=[32x64]"]
FILTER = ["filter", "project/filter.yaml", "output=out/filtered", "num_workers=1"]
TRAIN = ["train", "project/dit.yaml", "run.dir=out/run", "train.steps=1", "train.checkpoint_every_steps=100",
         "preview.every_steps=0", "data.max_damaged=0.5"]
CONFIG = ["--config", "project/diffusers/transformer/config.json"]
LATENTS = ["prepare", "project/latents.yaml", "output=out/set", "source=project/two", "frames=5"]


def link_project(case, project):
    for name in ("vae", "pixels", "latents", "runs", "raw", "two"):
        (case / name).symlink_to(f"project/{name}")
    (case / "project").symlink_to(project)


class Seeds:
    """Good files that damage starts from, read once."""

    def __init__(self, project):
        self.project = project
        self.known = {}

    def read(self, path):
        if path not in self.known:
            self.known[path] = pathlib.Path(path).read_bytes()
        return self.known[path]

    def several(self, *patterns):
        found = [file for pattern in patterns for file in sorted(SOURCE.glob(pattern))]
        found += [file for pattern in patterns for file in sorted(self.project.glob(pattern))]
        small = sorted(found, key=lambda file: file.stat().st_size)[:6]
        if not small:
            raise FileNotFoundError(f"no file for {patterns}")
        return small

    def one(self, rng, *patterns):
        return self.read(rng.choice(self.several(*patterns)))

    def clip(self):
        return self.read(self.project / "raw/airshow_jet.mp4")


@dataclasses.dataclass
class Kind:
    """`make(rng, case, seeds)` writes case/in and returns the commands. Of a kind with `file(rng, seeds)`, many
    inputs go into one folder, in/clips, of one run."""

    name: str
    make: object = None
    file: object = None
    ending: str = ""
    commands: tuple = ()


def media(name, *patterns, ending=None, mutate=None, commands=None):
    def file(rng, seeds):
        if name in ("jpg", "png", "gif", "bmp", "tiff", "webp") and rng.random() < 0.15:
            return pictures.bomb(rng, name, seeds.one(rng, "examples/images/*.jpg"))
        original = drawn(name, rng) if not patterns else seeds.one(rng, *patterns)
        return mutate(rng, original) if mutate and rng.random() < 0.4 else mutate_bytes.mutate(rng, original)

    both = ([*PREPARE, "source=in/clips"], [*FILTER, "sources=[in/clips]"])
    return Kind(name, file=file, ending=ending or "." + name, commands=commands or both)


def drawn(name, rng):
    width, height = rng.choice(((64, 48), (97, 33), (200, 120)))
    return {"png": pictures.png, "bmp": pictures.bmp, "tiff": pictures.tiff, "gif": pictures.gif,
            "webp": pictures.webp}[name](width, height)


def image_to_video(rng, case, seeds):
    """A picture for --image, under the name of any kind."""
    kind = rng.choice(("jpg", "png", "bmp", "tiff", "webp", "gif"))
    jpeg = seeds.one(rng, "examples/images/*.jpg")
    if rng.random() < 0.5:
        data = pictures.bomb(rng, kind, jpeg)
    else:
        data = mutate_bytes.mutate(rng, jpeg if kind == "jpg" else drawn(kind, rng))
    (case / f"in/a.{kind}").write_bytes(data)
    return [[*SAMPLE, "--prompt", "a", "--image", f"in/a.{kind}", "--height", "32", "--width", "64", "--out", "out/a.mp4"]]


# --------------------------------------------------------------------------------------- checkpoints

def with_damaged_json(rng, folder, names):
    file = folder / rng.choice(names)
    file.write_bytes(mutate_json.mutate(rng, file.read_bytes()))
    return file


def native_json(rng, case, seeds):
    shutil.copytree(seeds.project / "dit", case / "in/dit")
    folder = case / "in/dit"
    names = [str(file.relative_to(folder)) for file in folder.rglob("*.json")]
    file = with_damaged_json(rng, folder, names)
    if file.name != "manifest.json" and rng.random() < 0.85:
        hashes.mend_manifest(folder)
    return [rng.choice((["inspect", "in/dit"], ["check", "--checkpoint", "in/dit", "--device", "cpu"],
                        ["sample", "--checkpoint", "in/dit", *SAMPLE[3:], "--prompt", "a", "--out", "out/a.mp4"],
                        ["convert", "in/dit", "out/x", "--to", "diffusers"],
                        [*LATENTS, "vae=in/dit/vae"]))]


def public_json(rng, case, seeds):
    """A diffusers folder of somebody else."""
    shutil.copytree(seeds.project / "diffusers", case / "in/public")
    folder = case / "in/public"
    (folder / "model_index.json").write_text(json.dumps({
        "_class_name": "SanaVideoPipeline", "transformer": ["diffusers", "SanaVideoTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"], "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"]}))
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps({
        "_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0, "num_train_timesteps": 1000}))
    wan_folder(seeds, folder / "vae")
    gemma_folder(seeds, case / "in/gemma")
    with_damaged_json(rng, folder, [str(file.relative_to(folder)) for file in folder.rglob("*.json")])
    return [rng.choice((["inspect", "in/public"], ["check", "--checkpoint", "in/public", "--text-encoder", "in/gemma", "--device", "cpu"],
                        ["convert", "in/public", "out/x.pth", "--to", "original"],
                        [*LATENTS, "vae=in/public/vae"]))]


def unpacked_fixture(data, class_name, folder):
    """A diffusers folder of a stored tiny model: its weights are those whose names begin with "w."."""
    header, body = tensors.split(data)
    config = json.loads(header["__metadata__"]["config"])
    out, blocks, offset = {}, [], 0
    for name, entry in header.items():
        if name.startswith("w."):
            begin, end = entry["data_offsets"]
            out[name[2:]] = dict(entry, data_offsets=[offset, offset + end - begin])
            blocks.append(body[begin:end])
            offset += end - begin
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"_class_name": class_name, **config}))
    (folder / "diffusion_pytorch_model.safetensors").write_bytes(tensors.join(out, b"".join(blocks)))


def wan_folder(seeds, folder):
    unpacked_fixture(seeds.read(SOURCE / "tests/data/wan_vae_tiny.safetensors"), "AutoencoderKLWan", folder)


def vae(rng, case, seeds):
    name, class_name = rng.choice((("wan_vae_tiny", "AutoencoderKLWan"), ("ltx2_vae_tiny", "AutoencoderKLLTX2Video")))
    folder = case / "in/vae"
    unpacked_fixture(seeds.read(SOURCE / f"tests/data/{name}.safetensors"), class_name, folder)
    if rng.random() < 0.6:
        with_damaged_json(rng, folder, ["config.json"])
    else:
        weights = folder / "diffusion_pytorch_model.safetensors"
        weights.write_bytes(tensors.mutate_safetensors(rng, weights.read_bytes()))
    return [rng.choice((["inspect", "in/vae"], ["check", "--checkpoint", "project/dit", "--vae", "in/vae", "--device", "cpu"],
                        [*LATENTS, "vae=in/vae", "frames=9"]))]


def safetensors(rng, case, seeds):
    command, *patterns = rng.choice((
        (["inspect", "in/a.safetensors", "--tensors"], "dit/model.safetensors", "tests/data/torch/*.safetensors"),
        (["convert", "in/a.safetensors", "out/x", "--to", "diffusers", *CONFIG], "dit/model.safetensors"),
        ([*TRAIN, "init.from=in/a.safetensors"], "dit/model.safetensors"),
        (["verify", "in/a.safetensors"], "tests/data/*_tiny.safetensors")))
    (case / "in/a.safetensors").write_bytes(tensors.mutate_safetensors(rng, seeds.one(rng, *patterns)))
    return [command]


def torch_file(rng, case, seeds):
    converts = rng.random() < 0.4
    patterns = ("dit.pth",) if converts else ("dit.pth", "tests/data/torch/[mptuvz]*.pt", "tests/data/torch/dtypes.pt")
    (case / "in/a.pth").write_bytes(tensors.mutate_torch(rng, seeds.one(rng, *patterns)))
    return [["convert", "in/a.pth", "out/x", "--to", "diffusers", *CONFIG] if converts else
            ["inspect", "in/a.pth", "--tensors"]]


def training_state(rng, case, seeds):
    """A run whose newest checkpoint is hostile, with the right hashes: the training resumes from it."""
    newest = sorted((seeds.project / "runs/dit").glob("step-*"))[-1]
    folder = case / "in/run" / newest.name
    shutil.copytree(newest, folder)
    file = rng.choice(sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "manifest.json"))
    data = file.read_bytes()
    if file.suffix == ".json":
        file.write_bytes(mutate_json.mutate(rng, data))
    elif file.suffix == ".safetensors":
        file.write_bytes(tensors.mutate_safetensors(rng, data))
    else:
        file.write_bytes(mutate_bytes.mutate(rng, data))
    hashes.mend_manifest(folder)
    return [["train", "project/dit.yaml", "run.dir=in/run", "train.steps=5", "preview.every_steps=0"]]


# ----------------------------------------------------------------------------------------- data sets

def of_set(rng, case, set_kind):
    train = [*TRAIN, "data.videos=in/set"]
    if set_kind == "pixels":
        train = ["train", "project/vae.yaml", *TRAIN[2:], "data.videos=in/set", "data.crop.frames=5"]
    commands = [["inspect", "in/set", "--checksums"], train]
    if set_kind == "pixels":
        commands.append([*LATENTS[:3], "source=in/set"])
    return [rng.choice(commands)]


def hostile_set(rng, case, seeds):
    set_kind = rng.choice(("pixels", "latents"))
    sets.make_set(rng, seeds.project / set_kind, case / "in/set", set_kind)
    return of_set(rng, case, set_kind)


def rotten_shard(rng, case, seeds):
    set_kind = rng.choice(("pixels", "latents"))
    sets.damage_shard(rng, seeds.project / set_kind, case / "in/set")
    return of_set(rng, case, set_kind)


def set_description(rng, case, seeds):
    set_kind = rng.choice(("pixels", "latents"))
    sets.damage_description(rng, seeds.project / set_kind, case / "in/set")
    return of_set(rng, case, set_kind)


# --------------------------------------------------------------------------------- texts and archives

def yaml(rng, case, seeds):
    name = rng.choice(("pixels.yaml", "latents.yaml", "filter.yaml", "dit.yaml", "vae.yaml"))
    data = (seeds.project / name).read_bytes()
    (case / "in/config.yaml").write_bytes(texts.yaml(rng, data))
    if rng.random() < 0.3:
        special_files.put("fifo", case / "in/pipe")
    if name in ("dit.yaml", "vae.yaml"):
        return [["train", "in/config.yaml", "run.dir=out/run", "train.steps=1"]]
    if name == "filter.yaml":
        return [["filter", "in/config.yaml", "output=out/filtered", "sources=[project/two]"]]
    return [["prepare", "in/config.yaml", "output=out/set", "source=project/two"]]


def put_clips(case, seeds):
    (case / "in/clips").mkdir(exist_ok=True)
    for name in ("a", "b"):
        (case / f"in/clips/{name}.mp4").write_bytes(seeds.clip())
        (case / f"in/clips/{name}.txt").write_text("a caption")


def clip_list(rng, case, seeds):
    put_clips(case, seeds)
    special_files.put("fifo", case / "in/pipe")
    special_files.put("zero", case / "in/link.mp4")
    (case / "in/shard.zip").write_bytes(archives.good_zip(seeds.clip()))
    (case / "in/list.jsonl").write_bytes(texts.clip_list(rng))
    return [rng.choice(([*PREPARE, "source=in/list.jsonl"], [*FILTER, "sources=[in/list.jsonl]"]))]


def prompts(rng, case, seeds):
    name, data = texts.prompt_list(rng)
    (case / "in" / name).write_bytes(data)
    return [[*SAMPLE, "--prompts-file", f"in/{name}", "--out", "out/videos"]]


def prompt_words(rng, case, seeds):
    """Of the command line: Linux hands over any bytes but zero."""
    word = texts.odd_text(rng, b"a cat on a wall")[:2000].replace(b"\0", b"").decode("utf-8", "surrogateescape")
    option = rng.choice(("--prompt", "--negative", "--out", "--seed", "--image", "--sampler"))
    words = [*SAMPLE, "--out", "out/a.mp4"] if option != "--out" else SAMPLE
    value = f"out/{word}.mp4" if option == "--out" else word
    return [[*words, *([] if option == "--prompt" else ["--prompt", "a"]), option, value]]


def captions(rng, case, seeds):
    put_clips(case, seeds)
    for i in range(4):
        ending = rng.choice((".txt", ".json"))
        (case / f"in/clips/c{i}.mp4").write_bytes(seeds.clip())
        data = texts.caption(rng) if ending == ".txt" else mutate_json.mutate(rng, b'{"prompt": "a clip", "other": [1, {}]}')
        (case / f"in/clips/c{i}{ending}").write_bytes(data)
    (case / "in/clips/_side.json").write_bytes(mutate_json.mutate(rng, b'{"c0": {"_side": "text"}, "c1": "text"}'))
    return [rng.choice(([*PREPARE, "source=in/clips", "captions=[_side]"],
                        [*FILTER, "sources=[in/clips]", "sidecars.captions=[_side]"],
                        [*LATENTS, "source=in/clips"]))]


def shard(name, make):
    def case_of(rng, case, seeds):
        (case / f"in/shard{name}").write_bytes(make(rng, seeds.clip()))
        return [rng.choice(([*PREPARE, f"source=in/shard{name}"], [*FILTER, f"sources=[in/shard{name}]"]))]
    return case_of


# -------------------------------------------------------------------------------- encoders, and the rest

def tokenizer(rng, case, seeds):
    """A folder of the text encoder with one damaged text in it."""
    source, folder = SOURCE / "third_party/all-MiniLM-L6-v2", case / "in/encoder"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(source / name, folder)
    (folder / "model.safetensors").symlink_to(source / "model.safetensors")
    name = rng.choice(("config.json", "config.json", "vocab.txt", "tokenizer.json"))
    data = (folder / name).read_bytes()
    whole = mutate_json.mutate if name == "config.json" else mutate_bytes.mutate
    (folder / name).write_bytes(whole(rng, data))
    return [[*LATENTS, "text_encoder.path=in/encoder"]]


def gemma_folder(seeds, folder, tokenizer_name="tokenizer.model"):
    """A tiny Gemma-2 as it is published."""
    unpacked_fixture(seeds.read(SOURCE / "tests/data/gemma2_prompt.safetensors"), "Gemma2Model", folder)
    (folder / "diffusion_pytorch_model.safetensors").rename(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config.update(model_type="gemma2", architectures=["Gemma2Model"])
    (folder / "config.json").write_text(json.dumps(config))
    ending = tokenizer_name[len("tokenizer"):]
    (folder / tokenizer_name).write_bytes(seeds.read(SOURCE / f"tests/data/tokenizer/tiny{ending}"))


def gemma(rng, case, seeds):
    folder = case / "in/gemma"
    name = rng.choice(("tokenizer.model", "tokenizer.json"))
    gemma_folder(seeds, folder, name)
    damaged = rng.choice((name, name, "config.json", "model.safetensors"))
    data = (folder / damaged).read_bytes()
    change = {".json": mutate_json.mutate, ".safetensors": tensors.mutate_safetensors, ".model": mutate_bytes.mutate}
    (folder / damaged).write_bytes(change[pathlib.Path(damaged).suffix](rng, data))
    return [[*LATENTS, "text_encoder.name=gemma-2-2b", "text_encoder.path=in/gemma", "text_encoder.max_tokens=16"]]


# (what is replaced, command)
PLACES = (
    ("clips/a.mp4", [*PREPARE, "source=in/clips"]), ("clips/a.txt", [*PREPARE, "source=in/clips"]),
    ("clips/a.mp4", [*FILTER, "sources=[in/clips]"]), ("clips/a.txt", [*FILTER, "sources=[in/clips]"]),
    ("clips/shard.zip", [*PREPARE, "source=in/clips"]), ("list.jsonl", [*PREPARE, "source=in/list.jsonl"]),
    ("list.jsonl", [*FILTER, "sources=[in/list.jsonl]"]), ("list.txt", [*FILTER, "sources=[in/list.txt]"]),
    ("config.yaml", ["prepare", "in/config.yaml", "output=out/set"]), ("config.yaml", ["train", "in/config.yaml"]),
    ("prompts.txt", [*SAMPLE, "--prompts-file", "in/prompts.txt", "--out", "out/v"]),
    ("a.jpg", [*SAMPLE, "--prompt", "a", "--image", "in/a.jpg", "--out", "out/a.mp4"]),
    ("dit/model.json", ["inspect", "in/dit"]), ("dit/model.safetensors", ["inspect", "in/dit"]),
    ("dit/pipeline.json", ["check", "--checkpoint", "in/dit", "--device", "cpu"]),
    ("dit/manifest.json", ["sample", "--checkpoint", "in/dit", *SAMPLE[3:], "--prompt", "a", "--out", "out/a.mp4"]),
    ("dit/model.safetensors", ["convert", "in/dit", "out/x", "--to", "diffusers"]),
    ("vae/vae.json", [*LATENTS, "vae=in/vae"]), ("vae/vae.safetensors", [*LATENTS, "vae=in/vae"]),
    ("set/dataset.json", ["inspect", "in/set", "--checksums"]), ("set/shard-00000.h5", [*TRAIN, "data.videos=in/set"]),
    ("set/null_text.h5", [*TRAIN, "data.videos=in/set"]), ("a.pth", ["inspect", "in/a.pth"]),
    ("a.safetensors", ["inspect", "in/a.safetensors"]),
    ("a.pth", ["convert", "in/a.pth", "out/x", "--to", "diffusers"]), ("a.safetensors", ["verify", "in/a.safetensors"]),
    ("run", [*TRAIN, "run.dir=in/run"]), ("set", ["prepare", "project/pixels.yaml", "output=in/set", "source=in/clips"]),
)


def special(rng, case, seeds):
    put_clips(case, seeds)
    place, command = rng.choice(PLACES)
    for folder, source in (("dit", "dit"), ("vae", "vae"), ("set", "latents")):
        if place.startswith(folder + "/"):
            shutil.copytree(seeds.project / source, case / "in" / folder)
    special_files.put(rng.choice(special_files.KINDS), case / "in" / place)
    return [command]


def odd_numbers(rng, case, seeds):
    """Values of options and keys that no one should give."""
    value = rng.choice(("0", "-1", "1e300", "nan", "-inf", "9223372036854775807", "18446744073709551616", "", "abc", "1e-300",
                        "2147483648", "-0", "0x10", "1,5", "[]", "null", "true"))
    option = rng.choice(("--seed", "--guidance", "--shift", "--tile", "--height", "--width", "--frames", "--steps"))
    keys = ("fps", "frames", "clips_per_video", "max_shard_mib", "buckets.sizes", "buckets.base_size", "buckets.max_ratio",
            "shorter_frames")
    if value in ("9223372036854775807", "2147483648", "1e300") and option in ("--steps", "--frames", "--height", "--width"):
        option = "--seed"  # what was asked for takes its time and memory
    return [rng.choice(([*SAMPLE, "--prompt", "a", "--out", "out/a.mp4", option, value],
                        [*PREPARE, "source=project/two", f"{rng.choice(keys)}={value}"]))]


KINDS = {kind.name: kind for kind in (
    media("jpg", "examples/images/*.jpg", commands=([*PREPARE, "source=in/clips"],)),
    media("png", commands=([*PREPARE, "source=in/clips"],)),
    media("mp4", "examples/clips/*.mp4", "tests/data/videos/*.mp4", mutate=mp4_boxes.mutate),
    media("mov", "examples/held_out/*.mp4", mutate=mp4_boxes.mutate),
    media("mkv", "samples/*.mkv"), media("webm", "samples/*.webm"), media("gif", ending=".mp4"),
    media("avi", "tests/data/videos/*.avi"), media("wmv", "tests/data/videos/*.wmv"),
    media("bmp", ending=".mp4"), media("tiff", ending=".avi"), media("webp", ending=".webm"),
    Kind("image", image_to_video), Kind("native_json", native_json), Kind("public_json", public_json), Kind("vae", vae),
    Kind("safetensors", safetensors), Kind("pth", torch_file), Kind("training_state", training_state),
    Kind("hostile_set", hostile_set), Kind("rotten_shard", rotten_shard), Kind("set_description", set_description),
    Kind("yaml", yaml), Kind("clip_list", clip_list), Kind("prompts", prompts), Kind("prompt_words", prompt_words),
    Kind("captions", captions), Kind("zip", shard(".zip", archives.zip_shard)),
    Kind("tar", shard(".tar", archives.tar_shard)), Kind("tar.gz", shard(".tar.gz", archives.gz_shard)),
    Kind("tokenizer", tokenizer), Kind("gemma", gemma), Kind("special", special), Kind("odd_numbers", odd_numbers))}
assert struct.calcsize("P") == 8, "declared sizes are those of 64-bit machines"
