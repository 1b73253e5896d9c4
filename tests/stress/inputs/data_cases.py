"""Prepared sets, configurations, lists, captions, prompts and shards of a stranger; special files; odd numbers."""
import shutil

from inputs import archives, mutate_json, sets, special_files, texts
from inputs.case import FILTER, LATENTS, PREPARE, SAMPLE, TRAIN


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
        data = texts.caption(rng) if ending == ".txt" else mutate_json.mutate(rng,
                                                                              b'{"prompt": "a clip", "other": [1, {}]}')
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
    ("run", [*TRAIN, "run.dir=in/run"]), ("set", ["prepare", "project/pixels.yaml", "output=in/set",
                                                  "source=in/clips"]),
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
    value = rng.choice(("0", "-1", "1e300", "nan", "-inf", "9223372036854775807", "18446744073709551616", "", "abc",
                        "1e-300",
                        "2147483648", "-0", "0x10", "1,5", "[]", "null", "true"))
    option = rng.choice(("--seed", "--guidance", "--shift", "--tile", "--height", "--width", "--frames", "--steps"))
    keys = ("fps", "frames", "clips_per_video", "max_shard_mib", "buckets.sizes", "buckets.base_size",
            "buckets.max_ratio",
            "shorter_frames")
    if value in ("9223372036854775807", "2147483648", "1e300") and option in ("--steps", "--frames", "--height",
                                                                              "--width"):
        option = "--seed"  # what was asked for takes its time and memory
    return [rng.choice(([*SAMPLE, "--prompt", "a", "--out", "out/a.mp4", option, value],
                        [*PREPARE, "source=project/two", f"{rng.choice(keys)}={value}"]))]
