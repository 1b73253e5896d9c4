"""Kills a command at its n-th change of the disk or at a random time, until the same command has ended as if
nothing had happened."""
import random
import signal
import time

from drivers.report import Trial
from drivers.world import path_for_report

ACTIONS = ("kill", "kill-after", "torn")
# More kills of the same output before it may go on: half of the trials have none.
MORE_KILLS = (0, 0, 0, 1, 1, 2)


def kill_at_call(world, scenario, action, at, environment=None):
    """Whether a kill happened, and what it hit."""
    outcome = world.run(scenario.words, {**world.acting(action, at), **(environment or {})})
    if outcome.signal == signal.SIGKILL and not outcome.timed_out:
        call = world.calls()[-1]
        return True, f"{action} at {at}: {call.kind} {path_for_report(world, call.path)}", []
    return False, f"{action} at {at}: not reached", outcome.faults()


def kill_at_time(world, scenario, seconds):
    started = world.program.start(scenario.words, world.folder)
    time.sleep(seconds)
    started.send(signal.SIGKILL)
    outcome = started.wait()
    return outcome.signal == signal.SIGKILL, f"killed after {seconds:.3f} s", []


def kill_trial(world, scenario, reference, seed):
    """One trial, all of it told by its seed: first kill by number of the call or by time, perhaps more."""
    rng = random.Random(f"kill {scenario.name} {seed}")
    world.clean(scenario)
    kills, what, complaints = 0, [], []
    # Where names cannot be swapped, a folder is replaced in two steps.
    environment = {"STRESS_NO_SWAP": "1"} if rng.random() < 0.4 else {}
    for _ in range(1 + rng.choice(MORE_KILLS)):
        if rng.random() < 0.8:
            killed, text, found = kill_at_call(world, scenario, rng.choice(ACTIONS),
                                               rng.randint(1, max(1, len(reference.calls))), environment)
        else:
            killed, text, found = kill_at_time(world, scenario, rng.uniform(0.02, reference.seconds))
        kills += killed
        what.append(text)
        complaints += found
    complaints += world.finish(scenario, reference)
    return Trial(f"kill:{scenario.name}:{seed}", "; ".join(what), complaints, kills)


def kill_everywhere(world, scenario, reference, action):
    """A trial for each call of the reference, in turn: seeds are the numbers of the calls."""
    for at in range(1, len(reference.calls) + 1):
        world.clean(scenario)
        killed, text, complaints = kill_at_call(world, scenario, action, at)
        complaints += world.finish(scenario, reference)
        yield Trial(f"kill:{scenario.name}:{action}@{at}", text, complaints, int(killed))


def kill_once(world, scenario, reference, name):
    """The trial of a seed, or of "action@number"."""
    action, _, at = name.partition("@")
    if not at:
        return kill_trial(world, scenario, reference, int(name))
    world.clean(scenario)
    killed, text, complaints = kill_at_call(world, scenario, action, int(at))
    return Trial(f"kill:{scenario.name}:{name}", text, complaints + world.finish(scenario, reference), int(killed))
