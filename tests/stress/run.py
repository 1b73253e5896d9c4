#!/usr/bin/env python3
"""Kills, disturbs and feeds the program (README.md says what is expected of it).

    run.py --short                                   what ctest runs, under a minute
    run.py --long                                    1,000 kills, 300 errors, 10,000 inputs: hours on two cores
    run.py --kills 1000 --scenario sample            kills only, of one command
    run.py --errors 300 --jobs 2
    run.py --damage 10000 --format jpg --format png
    run.py --doubles 50
    run.py --trial kill:sample:17 --keep             one trial again, by the name that was printed

Exit code 1 when something failed that is not known. Every trial is told by its seed; --seed begins elsewhere.
"""
import argparse
import concurrent.futures
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from drivers import damage, double_start, errors, kills, project, scenarios
from drivers.program import ADDRESS_LIMIT, Program, lift_limits
from drivers.report import Report
from drivers.world import World

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build/release"
SHORT = {"kills": 10, "errors": 5, "doubles": 4, "damage": 1}  # of damage, what drivers/damage.py has as SHORT
SHORT_SCENARIOS = ["train_dit", "prepare_latents", "filter_export", "sample_discard", "convert_again"]
LONG = {"kills": 1000, "errors": 300, "doubles": 100, "damage": 10000}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--long", action="store_true")
    for part, what in (("kills", "trials with kills"), ("errors", "trials with an error of the disk"),
                       ("doubles", "double starts"), ("damage", "damaged inputs")):
        parser.add_argument(f"--{part}", type=int, default=0, metavar="N", help=f"{what}, of all kinds together")
    parser.add_argument("--everywhere", action="store_true", help="also a kill before and after every single call")
    parser.add_argument("--scenario", action="append", default=[], help="only this command (may be repeated)")
    parser.add_argument("--format", action="append", default=[], help="only this kind of input (may be repeated)")
    parser.add_argument("--trial", action="append", default=[], metavar="NAME", help="run one trial again")
    parser.add_argument("--seed", type=int, default=1, help="of the first trial of each kind")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the work folder for a look")
    parser.add_argument("--work", help="where the work folder is made (default: the system's)")
    parser.add_argument("--verbose", action="store_true", help="tell of every trial")
    parser.add_argument("--program", default=BUILD / "sana-video")
    parser.add_argument("--shim", default=BUILD / "tests/stress/stress_shim.so")
    parser.add_argument("--media-tool", default=BUILD / "tests/stress/stress_media")
    parser.add_argument("--sanitizers", action="store_true", help="the build has them: no limit of the address space")
    arguments = parser.parse_args()
    for amounts, chosen in ((SHORT, arguments.short), (LONG, arguments.long)):
        for part, amount in amounts.items() if chosen else ():
            setattr(arguments, part, getattr(arguments, part) or amount)
    return arguments


class Bench:
    """Worlds for as many threads as work, and the references of scenarios, made when they are first asked for."""

    def __init__(self, program, folder, keeps=False, is_short=False):
        self.program, self.folder, self.keeps, self.is_short = program, folder, keeps, is_short
        self.project = project.make_project(program, folder / "project")
        self.local, self.lock = threading.local(), threading.Lock()
        self.references, self.numbers = {}, itertools.count()

    def world(self):
        if not hasattr(self.local, "world"):
            folder = self.folder / f"world{next(self.numbers)}"
            self.local.world = World(self.program, self.project, folder)
        return self.local.world

    def write_video(self, file):
        subprocess.run([self.program.media_tool, "write", file], check=True, stderr=subprocess.DEVNULL)

    def reference(self, scenario):
        with self.lock:
            if scenario.name not in self.references:
                self.references[scenario.name] = self.world().reference(scenario, runs=1 if self.is_short else 2)
            return self.references[scenario.name]


def disturb(bench, report, trial, scenario, seed):
    report.add(trial(bench.world(), scenario, bench.reference(scenario), seed))


def kill_all(bench, report, scenario, action):
    for trial in kills.kill_everywhere(bench.world(), scenario, bench.reference(scenario), action):
        report.add(trial)


def planned(bench, report, arguments):
    """The calls that make up the run, in turn over the commands, so that each gets its share."""
    chosen = scenarios.scenarios_named(arguments.scenario or (SHORT_SCENARIOS if arguments.short else []))
    for part, among, trial in (("kills", chosen, kills.kill_trial), ("errors", chosen, errors.error_trial),
                               ("doubles", chosen, double_start.double_trial)):
        for i in range(getattr(arguments, part)):
            seed = arguments.seed + i // len(among)
            yield lambda t=trial, s=among[i % len(among)], seed=seed: disturb(bench, report, t, s, seed)
    if arguments.everywhere:
        for scenario, action in itertools.product(chosen, ("kill", "kill-after")):
            yield lambda s=scenario, a=action: kill_all(bench, report, s, a)
    for batch in damage.batches(arguments.damage, arguments.format, arguments.seed, arguments.short):
        yield lambda b=batch: damage.run_batch(bench, report, b)


def one_trial(bench, name):
    """The call that runs a trial again by its name."""
    part, what, seed = name.split(":", 2)
    if part == "damage":
        return lambda report: damage.run_batch(bench, report, damage.single(what, int(seed)))
    [scenario] = scenarios.scenarios_named([what])
    trial = {"error": errors.error_trial, "double": double_start.double_trial, "kill": kills.kill_once}[part]
    return lambda report: disturb(bench, report, trial, scenario, seed if part == "kill" else int(seed))


def run_calls(calls, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = set()
        for call in calls:
            running.add(pool.submit(call))
            if len(running) >= 2 * jobs:
                done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    future.result()
        for future in running:
            future.result()


def main():
    arguments = parse_arguments()
    program = Program(arguments.program, arguments.shim, arguments.media_tool,
                      0 if arguments.sanitizers else ADDRESS_LIMIT)
    if arguments.sanitizers:
        lift_limits()
    for file in (program.binary, program.shim, program.media_tool):
        if not file.exists():
            sys.exit(f"{file} is not there; build the targets sana-video, stress_shim and stress_media")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sana-stress-", dir=arguments.work))
    begin = time.monotonic()
    print(f"seed {arguments.seed}; work folder {folder}", flush=True)
    report = Report(arguments.verbose or bool(arguments.trial))
    try:
        bench = Bench(program, folder, arguments.keep, arguments.short)
        print(f"project made in {time.monotonic() - begin:.1f} s", flush=True)
        calls = planned(bench, report, arguments)
        if arguments.trial:
            calls = [lambda call=one_trial(bench, name): call(report) for name in arguments.trial]
        run_calls(calls, arguments.jobs)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    code = report.close()
    print(f"{time.monotonic() - begin:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
