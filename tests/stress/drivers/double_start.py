"""Two processes on one output: the second is refused with the first one's host and number, and the first
ends as if it had been alone."""
import random
import signal
import socket

from drivers import results
from drivers.report import Trial


def is_held(out):
    return any(entry.name.endswith("lock") for entry in out.rglob(".*lock"))


def double_trial(world, scenario, reference, seed):
    """The first process is stopped at a random change of the disk while the second one starts."""
    rng = random.Random(f"double {scenario.name} {seed}")
    at = rng.randint(2, max(2, len(reference.calls)))
    world.clean(scenario)
    first = world.program.start(scenario.words, world.folder, world.acting("stop", at))
    stopped = first.wait_until_stopped()
    complaints, text = [], f"stopped at call {at}"
    if stopped and is_held(world.out):
        second = world.run(scenario.words)
        complaints += second.faults()
        told = f"process {first.pid} on {socket.gethostname()}"
        if second.code != 2 or told not in second.err:
            complaints += [f"the second is not refused with '{told}': exit code {second.code}", second.told()]
    else:
        text += ", where nothing is locked"
    first.send(signal.SIGCONT)
    outcome = first.wait(120.0)
    complaints += outcome.faults()
    if outcome.code:
        complaints += [f"the first fails: exit code {outcome.code}", outcome.told()]
    complaints += results.differences(reference.content, world.snapshot())
    return Trial(f"double:{scenario.name}:{seed}", text, complaints, 1)
