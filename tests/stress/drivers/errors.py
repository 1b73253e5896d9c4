"""Lets a change of the disk fail, once or for good: exit code 3 with file and reason, or a result that is
whole; then the same command ends as if nothing had happened."""
import errno
import pathlib
import random

from drivers import results, shim
from drivers.report import Trial
from drivers.world import path_for_report

# What a full disk refuses; removing still works there.
OF_FULL_DISKS = ("open", "write", "fsync", "close", "mkdir", "link", "truncate")


def is_named(path, folder, text):
    """Whether a message names a file, the one that it was to become, or the folder that it is in."""
    path = pathlib.Path(path.removesuffix(" (deleted)"))
    inside = path.relative_to(folder).parts
    names = [part.removesuffix(".partial").removesuffix(".partial.mp4") for part in inside]
    if not names or names[-1].startswith(("#", ".write-test")):  # it never had a name, or one that tells nothing
        names = names[:-1] or [folder.name]
    return names[-1] in text


def judge(world, scenario, reference, outcome, error, lasts):
    """Complaints about how the disturbed run ended; `lasts`: every later change failed, too."""
    complaints = outcome.faults()
    hit = [call for call in world.calls() if call.number == int(world.at)]
    if outcome.signal or not hit:
        return complaints, "not reached"
    call = hit[0]
    what = f"{call.kind} {path_for_report(world, call.path)}"
    complaints += results.damaged_checkpoints(world.out)
    if outcome.code == 0:
        # What failed was of no consequence: then the result must be whole, but for what could not be removed.
        found = results.differences(reference.content, world.snapshot())
        complaints += [f"exit code 0, but {line}" for line in found if not line.startswith("left over")]
        return complaints, what
    if outcome.code != 3:
        complaints.append(f"exit code {outcome.code} instead of 3")
    if shim.REASONS[error] not in outcome.err:
        complaints.append(f"the reason ({shim.REASONS[error]}) is not told")
    # Where the first one was of no consequence (a file that was only read is closed), the next is told.
    failed = [other for other in world.calls() if other.number >= call.number] if lasts else hit
    if not any(is_named(other.path, world.out, outcome.err) for other in failed):
        complaints.append(f"the file is not named: {what}")
    if complaints:
        complaints.append(outcome.told())
    return complaints, what


def error_trial(world, scenario, reference, seed):
    rng = random.Random(f"error {scenario.name} {seed}")
    error = rng.choice((errno.ENOSPC, errno.EIO))
    action = rng.choice(("fail", "fail-for-good"))
    kinds = OF_FULL_DISKS if error == errno.ENOSPC else ()
    count = sum(1 for call in reference.calls if not kinds or call.kind in kinds)
    world.at = rng.randint(1, max(1, count))
    world.clean(scenario)
    outcome = world.run(scenario.words, world.acting(action, world.at, error, kinds))
    complaints, what = judge(world, scenario, reference, outcome, error, action == "fail-for-good")
    complaints += world.finish(scenario, reference)
    text = f"{errno.errorcode[error]} {'for good' if action == 'fail-for-good' else 'once'} at {world.at}: {what}"
    return Trial(f"error:{scenario.name}:{seed}", text, complaints, 1)
