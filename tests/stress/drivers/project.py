"""A tiny project as a user has it, made by the program itself: clips, a VAE, latents, a DiT, lists."""
import pathlib
import shutil

SOURCE = pathlib.Path(__file__).resolve().parents[3]
CLIPS = ("airshow_jet", "man_webcam", "ocean_wave", "brick_robot")

FILES = {
    "pixels.yaml": """source: raw
output: pixels
kind: pixels
fps: 16
frames: 17
buckets: {sizes: [64x96]}
max_shard_mib: 1
device: cpu
""",
    "latents.yaml": """source: raw
output: latents
kind: latents
fps: 16
frames: 9
buckets: {sizes: [32x64]}
vae: vae
device: cpu
""",
    "vae.yaml": """task: vae
device: cpu
run: {dir: runs/vae, seed: 1}
vae: {base_dim: 4, latent_channels: 4, dim_mult: [1, 2, 2, 2], num_res_blocks: 1}
data:
  videos: pixels
  batch_size: 1
  num_workers: 1
  crop: {frames: 5, height: 32, width: 32}
train: {steps: 3, ema_decay: 0.9, log_every_steps: 1, checkpoint_every_steps: 1, keep_last: 2,
        latent_statistics_samples: 2}
preview: {every_steps: 3}
""",
    "dit.yaml": """task: video_dit
device: cpu
precision: float32
vae_checkpoint: vae
run: {dir: runs/dit, seed: 1}
model: {latent_channels: 4, num_layers: 2, num_heads: 2, head_dim: 12, num_cross_heads: 2, text_dim: 384,
        mlp_ratio: 2.0}
data: {videos: latents, batch_size: 2, caption_dropout: 0.5, num_workers: 1}
train: {steps: 4, ema_decay: 0.9, log_every_steps: 1, checkpoint_every_steps: 1, keep_last: 2}
preview: {sampler: {steps: 2, guidance: 2.0}}
""",
    "filter.yaml": """sources: [raw]
output: filtered
num_workers: 2
stages:
  - name: all
    criteria: [{score: seconds, min: 0.5}]
  - name: moving
    needs_caption: true
    criteria: [{score: short_side, min: 100}, {score: seconds, min: 2}]
""",
    "export.yaml": """sources: [two]
output: filtered
num_workers: 1
stages:
  - name: all
    criteria: [{score: seconds, min: 0.5}]
""",
    "prompts.txt": "a jet flies over the field\nwaves roll onto a beach\na man looks into a camera\n",
}


def run_well(program, words, folder):
    outcome = program.run(words, folder, limit=300)
    if outcome.code or outcome.signal:
        raise RuntimeError(f"the project cannot be made: {outcome.told()}")
    return outcome


def make_project(program, folder):
    """Everything that scenarios and damaged inputs start from, below `folder`."""
    for name in ("raw", "two"):
        (folder / name).mkdir(parents=True)
    for i, clip in enumerate(CLIPS):
        for ending in (".mp4", ".txt"):
            for target in ("raw", "two") if i < 2 else ("raw",):
                shutil.copy(SOURCE / "examples/clips" / (clip + ending), folder / target)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    run_well(program, ["prepare", "pixels.yaml"], folder)
    run_well(program, ["train", "vae.yaml", "train.steps=1", "preview.every_steps=0"], folder)
    run_well(program, ["export", "runs/vae", "vae", "--dtype", "float32"], folder)
    run_well(program, ["prepare", "latents.yaml"], folder)
    run_well(program, ["train", "dit.yaml", "train.steps=1"], folder)
    run_well(program, ["export", "runs/dit", "dit", "--dtype", "float32"], folder)
    run_well(program, ["convert", "dit", "diffusers", "--to", "diffusers"], folder)
    run_well(program, ["convert", "dit", "dit.pth", "--to", "original"], folder)
    return folder
