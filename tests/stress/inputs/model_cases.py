"""Checkpoints, VAEs and text encoders of a stranger."""
import json
import pathlib
import shutil

from inputs import hashes, mutate_bytes, mutate_json, tensors
from inputs.case import CONFIG, LATENTS, SAMPLE, SOURCE, TRAIN


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
    return [rng.choice((["inspect", "in/public"], ["check", "--checkpoint", "in/public", "--text-encoder", "in/gemma",
                                                   "--device", "cpu"],
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
    return [rng.choice((["inspect", "in/vae"], ["check", "--checkpoint", "project/dit", "--vae", "in/vae", "--device",
                                                "cpu"],
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
