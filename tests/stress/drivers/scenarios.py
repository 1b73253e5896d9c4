"""The commands that are killed and disturbed: each writes below out/ and is started again as it was."""
import dataclasses


@dataclasses.dataclass
class Scenario:
    name: str
    words: list
    # Run to its end first: what the command replaces.
    before: list = None
    # Refuses an output that is there, so that a kill after its last step ends in that refusal.
    refuses_done: bool = False


_SAMPLE = ["sample", "--checkpoint", "dit", "--prompts-file", "prompts.txt", "--steps", "1", "--frames", "5",
           "--seed", "5", "--device", "cpu", "--out", "out/videos"]

SCENARIOS = [
    Scenario("train_dit", ["train", "dit.yaml", "run.dir=out/run"]),
    Scenario("train_vae", ["train", "vae.yaml", "run.dir=out/run"]),
    Scenario("prepare_pixels", ["prepare", "pixels.yaml", "output=out/set"]),
    Scenario("prepare_latents", ["prepare", "latents.yaml", "output=out/set"]),
    Scenario("filter", ["filter", "filter.yaml", "output=out/filtered"]),
    Scenario("filter_export", ["filter", "export.yaml", "output=out/filtered", "--export", "out/clips"]),
    Scenario("sample", _SAMPLE),
    Scenario("sample_discard", [*_SAMPLE, "--discard-latents"]),
    Scenario("sample_offload", [*_SAMPLE, "--offload", "--discard-latents"]),
    Scenario("export", ["export", "runs/dit", "out/dit"], refuses_done=True),
    Scenario("convert_diffusers", ["convert", "dit", "out/pipeline", "--to", "diffusers", "--overwrite"]),
    Scenario("convert_again", ["convert", "dit", "out/pipeline", "--to", "diffusers", "--overwrite"],
             before=["convert", "dit", "out/pipeline", "--to", "diffusers", "--dtype", "bfloat16"]),
    Scenario("convert_original", ["convert", "dit", "out/dit.pth", "--to", "original", "--overwrite"]),
    Scenario("convert_native", ["convert", "diffusers", "out/native", "--to", "native", "--overwrite"]),
]


def scenarios_named(names):
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else SCENARIOS
