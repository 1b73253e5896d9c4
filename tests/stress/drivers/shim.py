"""The environment that fault_shim.c reads, and the list of calls that it leaves."""
import collections
import errno

Call = collections.namedtuple("Call", "number kind path")


def counting(program, folder, log):
    """Only counts the calls that change what lies below a folder; read_calls(log) has them."""
    return {"LD_PRELOAD": str(program.shim), "STRESS_FOLDERS": str(folder), "STRESS_LOG": str(log)}


def acting(program, folder, log, action, at, error=0, kinds=()):
    """kill, kill-after, torn, stop, fail or fail-for-good, at the call of this number (from 1)."""
    environment = counting(program, folder, log)
    environment.update(STRESS_ACTION=action, STRESS_AT=str(at), STRESS_ERRNO=str(error))
    if kinds:
        environment["STRESS_KINDS"] = ",".join(kinds)
    return environment


def read_calls(log):
    if not log.exists():
        return []
    calls = []
    for line in log.read_bytes().decode("utf-8", "surrogateescape").splitlines():
        number, kind, path = line.split(" ", 2)
        calls.append(Call(int(number), kind, path))
    return sorted(calls)


REASONS = {errno.ENOSPC: "No space left on device", errno.EIO: "Input/output error"}
