#!/usr/bin/env python3
"""Runs our models and the public PyTorch implementation at full size on this machine's GPU and prints the ratios.

usage: compare.py [--ours build/release/benchmarks/model_benchmark] [dit480] [dit720] [wan] ...
"""
import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
KNOWN = ["dit480", "dit720", "wan", "ltx", "gemma"]


def measurements(command):
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if output.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output.stderr}")
    lines = [json.loads(line) for line in output.stdout.splitlines() if line.startswith("{")]
    return {line["what"]: line for line in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=KNOWN)
    parser.add_argument("--ours", default=HERE.parent / "build/release/benchmarks/model_benchmark")
    arguments = parser.parse_args()
    public = measurements([sys.executable, HERE / "public_reference.py", *arguments.what])
    ours = measurements([arguments.ours, *arguments.what])
    print(f"{'':<10}{'public ms':>12}{'ours ms':>12}{'ratio':>8}{'public GiB':>12}{'ours GiB':>12}")
    for what in arguments.what:
        a, b = public[what], ours[what]
        print(f"{what:<10}{a['ms']:>12.1f}{b['ms']:>12.1f}{b['ms'] / a['ms']:>8.2f}{a['peak_GiB']:>12.2f}{b['peak_GiB']:>12.2f}")


if __name__ == "__main__":
    main()
