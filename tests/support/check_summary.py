#!/usr/bin/env python3
"""Checks what scripts/test_summary.py makes of a log of ctest: check_summary.py SCRIPT."""
import pathlib
import subprocess
import sys
import tempfile

ENTRY = """
{number}/9 Testing: {name}
{number}/9 Test: {name}
Command: "{name}"
Output:
----------------------------------------------------------
{output}
<end of output>
Test time =   {seconds} sec
----------------------------------------------------------
Test {verdict}.
----------------------------------------------------------
"""
ENTRIES = [
    ("test_a", "skipped: on a GPU: part two: no GPU\nslow: 2.5 s: long\nran 30 test cases, skipped 1", 9.0, "Passed"),
    ("test_a_gpu", "skipped: another: no GPU\nran 0 test cases, skipped 1", 0.3, "Passed"),
    ("test_b", "slow: 1.5 s: wrong\nran 4 test cases, skipped 0", 2.0, "Failed"),
    ("page", "skipped: no browser is installed", 0.1, "Passed"),
    ("rule", "all is well", 1.9, "Passed"),
]
EXPECTED = """\
ctest entries: 2 passed, 1 failed, 2 skipped
test cases: 34 ran, 2 skipped
skipped, and why:
     2  no GPU
     1  no browser is installed
slowest:
     2.5 s  long (test_a)
     1.9 s  rule
     1.5 s  wrong (test_b)
     0.1 s  page
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "Testing/Temporary/LastTest.log"
        log.parent.mkdir(parents=True)
        log.write_text("Start testing: Jan 01 00:00 UTC\n" + "".join(
            ENTRY.format(number=number, name=name, output=output, seconds=seconds, verdict=verdict)
            for number, (name, output, seconds, verdict) in enumerate(ENTRIES, start=1)))
        result = subprocess.run([sys.executable, sys.argv[1], folder], capture_output=True, text=True)
    if result.returncode == 0 and result.stdout == EXPECTED:
        print("the summary is right")
        return 0
    print(f"exit code {result.returncode}, expected 0; printed:\n{result.stdout}{result.stderr}expected:\n{EXPECTED}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
