#!/usr/bin/env python3
"""Prints how large files and functions of src/ are, and how its rooms include each other.

  scripts/tree_figures.py [ROOT]    functions are measured by Universal Ctags (apt-get install universal-ctags)
"""
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_includes  # noqa: E402

CODE = {".h", ".cpp", ".cu", ".cuh"}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def summary(values):
    return f"median {statistics.median(values):g}, p90 {percentile(values, 0.9)}, longest {max(values)}"


def function_lengths(files):
    fields = "--_xformat=%{kind}\t%n\t%e"
    command = ["ctags", "-x", "--language-force=C++", "--kinds-C++=f", "--fields=+ne", fields, *map(str, files)]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        _, begin, end = line.split("\t")
        if end.isdigit():
            yield int(end) - int(begin) + 1


def count_cycles(found):
    return sum(1 for _ in check_includes.cycle_complaints(found))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    for folder in ("src", "tests"):
        files = sorted(p for p in (root / folder).rglob("*") if p.suffix in CODE)
        lengths = [len(p.read_text().splitlines()) for p in files]
        print(f"{folder}: {len(files)} files, {sum(lengths)} lines; {summary(lengths)}")
        try:
            functions = list(function_lengths(files))
            print(f"{folder}: {len(functions)} functions; {summary(functions)}")
        except FileNotFoundError:
            print("functions were not measured: there is no ctags")
    found = list(check_includes.includes(root / "src"))
    crossing = [i for i in found if i.room != i.target]
    between = [i for i in crossing if check_includes.top(i.room) != check_includes.top(i.target)]
    pairs = {(i.room, i.target) for i in crossing}
    print(f"includes: {len(between)} between top folders, {len(crossing)} between rooms over {len(pairs)} pairs;"
          f" {count_cycles(found)} circles")


if __name__ == "__main__":
    main()
