"""Feeds damaged and hostile inputs to the commands that read them. What is judged: no signal, no exit code 4, no
leaking exception, no run over 20 s or 2 GiB, nothing written outside of the output, counts that add up."""
import dataclasses
import pathlib
import random
import re
import shutil

from drivers import program
from drivers.report import Trial
from inputs.case import Seeds, link_project
from inputs.catalogue import KINDS

PER_RUN = 40  # inputs in one folder of one run
SHORT = {"jpg": 40, "png": 40, "mp4": 40, "mkv": 20, "wmv": 20, "image": 1, "native_json": 2, "safetensors": 2,
         "pth": 2,
         "training_state": 1, "hostile_set": 2, "rotten_shard": 2, "set_description": 1, "yaml": 2, "clip_list": 2,
         "prompts": 1, "captions": 1, "zip": 2, "tar": 2, "special": 3, "vae": 1}
COUNTS = re.compile(r"(\d+) samples from (\d+) clips, (\d+) unused")


@dataclasses.dataclass
class Batch:
    kind: object
    seeds: range


def batches(count, names, first, is_short):
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise SystemExit(f"no such format: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if count == 0:
        return
    chosen = names or list(KINDS)
    share = SHORT if is_short and not names else {name: -(-count // len(chosen)) for name in chosen}
    rounds = [[Batch(KINDS[name], range(first + i, first + min(i + step, amount)))
               for i in range(0, amount, step)]
              for name, amount in share.items() for step in [PER_RUN if KINDS[name].file else 1]]
    while rounds:  # in turn, so that a run that is cut short has seen every kind
        for row in rounds:
            yield row.pop(0)
        rounds = [row for row in rounds if row]


def single(name, seed):
    return Batch(KINDS[name], range(seed, seed + 1))


def listing(folder):
    """What must not change: everything but out/ and what the program may write where it was told to."""
    found = {}
    for entry in folder.rglob("*"):
        name = entry.relative_to(folder)
        if name.parts[0] == "out" or name.parts[:2] in (("in", "run"), ("in", "set")):
            continue
        status = entry.lstat()
        found[str(name)] = (status.st_size if entry.is_file() else 0, status.st_mtime_ns if entry.is_file() else 0)
    return found


OUTSIDE = [pathlib.Path(name) for name in ("/tmp/outside", "/tmp/outside.mp4")]


def new_case(bench, name):
    case = bench.world().folder.parent / f"case-{bench.world().folder.name}" / name
    shutil.rmtree(case, ignore_errors=True)
    (case / "in").mkdir(parents=True)
    (case / "out").mkdir()
    link_project(case, bench.world().folder)
    return case


def run_commands(bench, case, commands, limit):
    complaints, before = [], listing(case)
    for words in commands:
        outcome = bench.program.run(words, case, limit=limit)
        found = outcome.faults()
        if "out of memory" in outcome.err.lower() or "not enough memory" in outcome.err.lower():
            found.append("says that memory is out")
        counts = COUNTS.search(outcome.out)
        if counts and int(counts[1]) + int(counts[3]) < int(counts[2]):
            found.append(f"counts do not add up: {counts[0]}")
        if found:
            complaints += found + [outcome.told()]
    after = listing(case)
    complaints += [f"written outside of the output: {name}" for name in after if before.get(name) != after[name]]
    complaints += [f"removed outside of the output: {name}" for name in before if name not in after]
    complaints += [f"written outside of the output: {file}" for file in OUTSIDE if file.exists()]
    return complaints


def generator(kind, seed):
    return random.Random(f"damage {kind.name} {seed}")


def make_folder(bench, batch, case):
    """All inputs of a batch as clips with captions, in one folder."""
    clips = case / "in/clips"
    clips.mkdir()
    for seed in batch.seeds:
        data = batch.kind.file(generator(batch.kind, seed), seeds_of(bench))
        (clips / f"{seed:06}{batch.kind.ending}").write_bytes(data)
        (clips / f"{seed:06}.txt").write_text("a clip")
    return batch.kind.commands


def seeds_of(bench):
    with bench.lock:
        if not hasattr(bench, "seeds"):
            samples = bench.project / "samples"
            samples.mkdir(exist_ok=True)
            for ending in ("mkv", "webm"):
                bench.write_video(samples / f"waves.{ending}")
            bench.seeds = Seeds(bench.project)
        return bench.seeds


def complaints_of(bench, batch):
    kind = batch.kind
    case = new_case(bench, f"{kind.name}-{batch.seeds[0]}")
    if kind.file:
        commands = make_folder(bench, batch, case)
    else:
        commands = kind.make(generator(kind, batch.seeds[0]), case, seeds_of(bench))
    complaints = run_commands(bench, case, commands, program.TIME_LIMIT_S * (3 if len(batch.seeds) > 1 else 1))
    if not bench.keeps:
        for folder in case.rglob("*"):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(0o755)
        shutil.rmtree(case, ignore_errors=True)
    return complaints, commands


def run_batch(bench, report, batch):
    name = f"damage:{batch.kind.name}"
    complaints, commands = complaints_of(bench, batch)
    what = "; ".join(" ".join(map(str, words))[:120] for words in commands)
    if not complaints or len(batch.seeds) == 1:
        report.add(Trial(f"{name}:{batch.seeds[0]}", what, complaints, len(batch.seeds)))
        return
    # Which of them it was: each alone.
    guilty = 0
    for seed in batch.seeds:
        alone, _ = complaints_of(bench, Batch(batch.kind, range(seed, seed + 1)))
        guilty += bool(alone)
        report.add(Trial(f"{name}:{seed}", what, alone))
    if not guilty:
        report.add(Trial(f"{name}:{batch.seeds[0]}", f"only together, {len(batch.seeds)} inputs: {what}", complaints,
                         0))
