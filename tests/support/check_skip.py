#!/usr/bin/env python3
"""Checks what a test program says and returns when it runs, skips or fails: check_skip.py PROGRAM."""
import subprocess
import sys

ONE = "skipped: one that is skipped: the moon is absent"
ANOTHER = "skipped: another that is skipped, in each of its parts: the moon is absent"
# Selection, exit code, lines that must stand in the output once.
CASES = [
    ("[runs]", 0, ["ran 1 test cases, skipped 0"]),
    ("[skipped]", 77, [ONE, ANOTHER, "ran 0 test cases, skipped 2"]),
    ("[runs],[skipped]", 0, [ONE, ANOTHER, "ran 1 test cases, skipped 2"]),
    ("[fails]", 1, ["ran 1 test cases, skipped 0"]),
    ("[fails],[skipped]", 1, [ONE, ANOTHER, "ran 1 test cases, skipped 2"]),
    ("[fails_first]", 1, []),
    ("[fails_77]", 1, []),
    ("[mistyped]", 1, ["no test case was selected"]),
]


def main():
    wrong = []
    for selection, code, lines in CASES:
        result = subprocess.run([sys.argv[1], selection], capture_output=True, text=True)
        said = result.stdout.splitlines()
        if result.returncode != code:
            wrong.append(f"{selection}: exit code {result.returncode}, expected {code}")
        wrong += [f"{selection}: {said.count(line)} times: {line}" for line in lines if said.count(line) != 1]
    print(f"{len(CASES)} selections, {len(wrong)} wrong", *wrong, sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
