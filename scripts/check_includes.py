#!/usr/bin/env python3
"""Checks that every folder of src/ includes only from itself and from the folders below it."""
import pathlib
import re
import sys

ALLOWED = {
    "core": set(),
    "model": {"core"},
    "data": {"core"},
    "filter": {"core", "data"},
    "infer": {"core", "model"},
    "train": {"core", "model", "data", "infer"},
    "cli": {"core", "model", "data", "filter", "infer", "train"},
    "": {"core", "cli"},  # src/main.cpp
}


def complaints(source):
    for path in sorted([*source.rglob("*.h"), *source.rglob("*.cpp")]):
        parts = path.relative_to(source).parts
        folder = parts[0] if len(parts) > 1 else ""
        if folder not in ALLOWED:
            yield f"{path}: src/{folder} has no rule; add it to ALLOWED in scripts/check_includes.py"
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            match = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            if match and match[1] != folder and match[1] not in ALLOWED[folder]:
                allowed = ", ".join(sorted(ALLOWED[folder])) or "nothing else"
                yield f"{path}:{number}: {folder}/ may include from {allowed}; this is from {match[1]}/"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    problems = list(complaints(root / "src"))
    print("\n".join(problems) if problems else "includes follow the folder rule")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
