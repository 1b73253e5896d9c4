#!/usr/bin/env python3
"""Prints what the last ctest of a build folder ran, what it skipped and why, and the slowest test cases.

    scripts/test_summary.py build/release

Reads Testing/Temporary/LastTest.log: ctest's own lines for each entry, and in the output of the test
programs (tests/support/main.cpp) "ran N test cases, skipped M", "skipped: <test case>: <reason>" and
"slow: <seconds> s: <test case>".
"""
import collections
import dataclasses
import pathlib
import re
import sys

SLOWEST = 10
ENTRY = re.compile(r"^\d+/\d+ Testing: (?P<name>.+)$")
PASSED = re.compile(r"^Test Passed\.$")  # also of those that were skipped
SECONDS = re.compile(r"^Test time = +(?P<seconds>[\d.]+) sec$")
COUNTS = re.compile(r"^ran (?P<ran>\d+) test cases, skipped (?P<skipped>\d+)$")
SKIPPED = re.compile(r"^skipped: (?P<what>.+)$")
SLOW = re.compile(r"^slow: (?P<seconds>[\d.]+) s: (?P<case>.+)$")


@dataclasses.dataclass
class Entry:
    """One ctest entry: what it said and how it ended."""

    name: str
    passed: bool = False
    seconds: float = 0.0
    ran: int = 0
    skipped: int = 0
    is_test_program: bool = False  # else a script, which is one check
    reasons: list = dataclasses.field(default_factory=list)
    slow: list = dataclasses.field(default_factory=list)  # (seconds, test case)

    @property
    def verdict(self):
        """passed, failed or skipped."""
        if not self.passed:
            return "failed"
        return "skipped" if self.reasons and self.ran == 0 else "passed"


def read_entries(log):
    """The entries of ctest's log, in its order."""
    entries = []
    for line in log.splitlines():
        if match := ENTRY.match(line):
            entries.append(Entry(match["name"]))
        elif not entries:
            continue
        elif PASSED.match(line):
            entries[-1].passed = True
        elif match := SECONDS.match(line):
            entries[-1].seconds = float(match["seconds"])
        elif match := COUNTS.match(line):
            entries[-1].is_test_program = True
            entries[-1].ran, entries[-1].skipped = int(match["ran"]), int(match["skipped"])
        elif match := SKIPPED.match(line):
            entries[-1].reasons.append(match["what"])
        elif match := SLOW.match(line):
            entries[-1].slow.append((float(match["seconds"]), match["case"]))
    return entries


def reasons_of(entries):
    """How often each reason was given. Those of a test program stand behind the name of the test case."""
    counts = collections.Counter()
    for entry in entries:
        for what in entry.reasons:
            counts[what.rpartition(": ")[2] if entry.is_test_program else what] += 1
    return counts


def slowest(entries):
    """(seconds, name) of the slowest test cases; an entry that is no test program counts as one."""
    found = []
    for entry in entries:
        if entry.is_test_program or entry.slow:
            found += [(seconds, f"{case} ({entry.name})") for seconds, case in entry.slow]
        else:
            found.append((entry.seconds, entry.name))
    return sorted(found, reverse=True)[:SLOWEST]


def summary(entries):
    """The lines that are printed."""
    verdicts = collections.Counter(entry.verdict for entry in entries)
    yield f"ctest entries: {verdicts['passed']} passed, {verdicts['failed']} failed, {verdicts['skipped']} skipped"
    yield (f"test cases: {sum(entry.ran for entry in entries)} ran, "
           f"{sum(entry.skipped for entry in entries)} skipped")
    reasons = reasons_of(entries)
    if reasons:
        yield "skipped, and why:"
        yield from (f"  {count:4}  {reason}" for reason, count in reasons.most_common())
    yield "slowest:"
    yield from (f"  {seconds:6.1f} s  {name}" for seconds, name in slowest(entries))


def main():
    log = pathlib.Path(sys.argv[1]) / "Testing/Temporary/LastTest.log"
    if not log.is_file():
        print(f"{log}: no test was run", file=sys.stderr)
        return 1
    print(*summary(read_entries(log.read_text(errors="replace"))), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
