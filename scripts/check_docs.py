#!/usr/bin/env python3
"""Runs every command block of the documentation that is marked ```bash run, and looks for the files it names.

Each block runs from the repository root with `bash -e`; the first command that fails fails the block.
`build/release/sana-video` in the text stands for the program given with --program. A path from the root
in backquotes, such as `src/core/error.h`, must exist.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap

DOCUMENTED_PROGRAM = "build/release/sana-video"
MARK = "```bash run"
NAMED_PATH = re.compile(r"`((?:\.ci|benchmarks|cmake|configs|docs|examples|scripts|src|tests)/[\w./-]+)`")


def blocks_of(path):
    """(line number, text) of each marked block."""
    block, start = None, 0
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        fence = line.strip()
        if block is None and fence == MARK:
            block, start = [], number
        elif block is not None and fence == "```":
            yield start, textwrap.dedent("\n".join(block)) + "\n"
            block = None
        elif block is not None:
            block.append(line)
    if block is not None:
        raise SystemExit(f"{path}:{start}: the block is not closed")


def documents(root):
    pages = [root / "README.md", root / "CONTRIBUTING.md"]
    return pages + [page for glob in ("docs/*.md", "examples/*.md", "src/*/README.md") for page in sorted(root.glob(glob))]


def absent_paths(path, root):
    """"file:line: path" of each path that the document names and that does not exist."""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for name in NAMED_PATH.findall(line):
            if not (root / name).exists():
                yield f"{path.relative_to(root)}:{number}: {name} does not exist"


def run(block, root):
    """Exit code of the block; -v prints each command before it runs."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
        script.write(block)
        script.flush()
        command = ["bash", "-e", "-v", "-o", "pipefail", script.name]
        return subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT).returncode


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(root / DOCUMENTED_PROGRAM), help="the built sana-video")
    program = pathlib.Path(parser.parse_args().program).resolve()
    if not program.is_file():
        raise SystemExit(f"{program}: no such program; build it, or name it with --program")
    failed, count = [], 0
    for path in documents(root):
        failed += absent_paths(path, root)
        for line, block in blocks_of(path):
            where = f"{path.relative_to(root)}:{line}"
            print(f"== {where}", flush=True)
            count += 1
            code = run(block.replace(DOCUMENTED_PROGRAM, shlex.quote(str(program))), root)
            if code != 0:
                failed.append(f"{where}: exit code {code}")
    print(f"{count} blocks run, {len(failed)} faults", *failed, sep="\n  ")
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
