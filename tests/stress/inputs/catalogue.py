"""Every kind of damaged input: how a case is made from its random numbers, and the commands that it meets.

A case is a folder with in/ (made here), out/ (of the program), `project`, a link to the tiny project, and links
to what its configurations name."""
from inputs import archives, data_cases, model_cases, mp4_boxes, mutate_bytes, pictures
from inputs.case import FILTER, PREPARE, SAMPLE, Kind


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
    return [[*SAMPLE, "--prompt", "a", "--image", f"in/a.{kind}", "--height", "32", "--width", "64", "--out",
             "out/a.mp4"]]


KINDS = {kind.name: kind for kind in (
    media("jpg", "examples/images/*.jpg", commands=([*PREPARE, "source=in/clips"],)),
    media("png", commands=([*PREPARE, "source=in/clips"],)),
    media("mp4", "examples/clips/*.mp4", "tests/data/videos/*.mp4", mutate=mp4_boxes.mutate),
    media("mov", "examples/held_out/*.mp4", mutate=mp4_boxes.mutate),
    media("mkv", "samples/*.mkv"), media("webm", "samples/*.webm"), media("gif", ending=".mp4"),
    media("avi", "tests/data/videos/*.avi"), media("wmv", "tests/data/videos/*.wmv"),
    media("bmp", ending=".mp4"), media("tiff", ending=".avi"), media("webp", ending=".webm"),
    Kind("image", image_to_video),
    *(Kind(name, make) for name, make in (
        ("native_json", model_cases.native_json), ("public_json", model_cases.public_json), ("vae", model_cases.vae),
        ("safetensors", model_cases.safetensors), ("pth", model_cases.torch_file),
        ("training_state", model_cases.training_state), ("tokenizer", model_cases.tokenizer),
        ("gemma", model_cases.gemma), ("hostile_set", data_cases.hostile_set),
        ("rotten_shard", data_cases.rotten_shard), ("set_description", data_cases.set_description),
        ("yaml", data_cases.yaml), ("clip_list", data_cases.clip_list), ("prompts", data_cases.prompts),
        ("prompt_words", data_cases.prompt_words), ("captions", data_cases.captions),
        ("zip", data_cases.shard(".zip", archives.zip_shard)), ("tar", data_cases.shard(".tar", archives.tar_shard)),
        ("tar.gz", data_cases.shard(".tar.gz", archives.gz_shard)), ("special", data_cases.special),
        ("odd_numbers", data_cases.odd_numbers))))}
