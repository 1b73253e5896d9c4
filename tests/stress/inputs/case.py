"""What every kind of input shares: the commands, good files to begin with, and the folder of a case."""
import dataclasses
import pathlib

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
