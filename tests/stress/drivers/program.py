"""One run of the program under limits, and what can be said of it afterwards."""
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import threading
import time

TIME_LIMIT_S = 20.0
PEAK_LIMIT = 2 << 30
ADDRESS_LIMIT = 12 << 30


def lift_limits():
    """For builds that are many times slower and larger."""
    global TIME_LIMIT_S, PEAK_LIMIT
    TIME_LIMIT_S, PEAK_LIMIT = 300.0, 1 << 60


# What no message for a user may hold.
LEAKS = (
    "please report this", "[json.exception", "terminate called", "std::", "basic_string", "vector::_M",
    "_M_range_check", "bad_alloc", "bad optional", "[enforce fail", "INTERNAL ASSERT", "boost::",
    "cannot use at()", "cannot use operator[]", "AddressSanitizer", "runtime error:", "Segmentation fault",
)


@dataclasses.dataclass
class Outcome:
    """How a run ended. `signal` is 0 unless one ended it; `peak` in bytes."""

    words: list
    code: int
    signal: int
    out: str
    err: str
    seconds: float
    peak: int
    timed_out: bool

    def faults(self):
        """What may never be, whatever the input was."""
        found = []
        if self.timed_out:
            found.append(f"hangs: over {TIME_LIMIT_S:g} s")
        elif self.signal:
            found.append(f"ended by signal {signal.Signals(self.signal).name}")
        if self.code not in (0, 2, 3, 143) and not self.signal:
            found.append(f"exit code {self.code}")
        if self.peak > PEAK_LIMIT:
            found.append(f"peak memory {self.peak / 2**30:.1f} GiB")
        found += [f"says '{leak}'" for leak in LEAKS if leak in self.err or leak in self.out]
        return found

    def told(self):
        """The end of what it said, for a report: begins with "| ", as no complaint does."""
        lines = [" ".join(map(str, self.words)), *self.err.strip().splitlines()[-6:]]
        return "\n    ".join(f"| {line[:300]}" for line in lines)


class Started:
    """A running program. wait() gives its outcome."""

    def __init__(self, binary, words, folder, environment=None, address_limit=ADDRESS_LIMIT):
        self.words = [str(word) for word in words]
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.begin = time.monotonic()
        variables = dict(os.environ, OMP_NUM_THREADS="1", ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0",
                         UBSAN_OPTIONS="halt_on_error=1")
        variables.pop("LD_PRELOAD", None)
        variables.update(environment or {})
        self.process = subprocess.Popen([str(binary), *self.words], cwd=folder, env=variables,
                                        stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err)
        self.pid = self.process.pid
        if address_limit:
            try:
                resource.prlimit(self.pid, resource.RLIMIT_AS, (address_limit, address_limit))
            except ProcessLookupError:
                pass

    def send(self, number):
        if self.process.returncode is None:
            os.kill(self.pid, number)

    def wait_until_stopped(self):
        """True when it was stopped by SIGSTOP, False when it has ended (ask wait() then)."""
        end = time.monotonic() + TIME_LIMIT_S
        while time.monotonic() < end:
            state = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "tT":
                return True
            if state in "ZX":
                return False
            time.sleep(0.002)
        return False

    def wait(self, limit=None):
        over = threading.Event()

        def give_up():
            over.set()
            self.send(signal.SIGKILL)

        timer = threading.Timer(max(limit or 0, TIME_LIMIT_S), give_up)
        timer.start()
        _, status, usage = os.wait4(self.pid, 0)
        timer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read(1 << 20).decode("utf-8", "replace"))
            file.close()
        code = self.process.returncode
        return Outcome(self.words, max(code, 0), max(-code, 0), *texts, time.monotonic() - self.begin,
                       usage.ru_maxrss * 1024, over.is_set())


class Program:
    """The program under test."""

    def __init__(self, binary, shim, media_tool, address_limit=ADDRESS_LIMIT):
        self.binary = pathlib.Path(binary).resolve()
        self.shim = pathlib.Path(shim).resolve()
        self.media_tool = pathlib.Path(media_tool).resolve()
        self.address_limit = address_limit

    def start(self, words, folder, environment=None):
        return Started(self.binary, words, folder, environment, self.address_limit)

    def run(self, words, folder, environment=None, limit=None):
        """`limit`: seconds, where more than the usual ones are allowed."""
        return self.start(words, folder, environment).wait(limit)
