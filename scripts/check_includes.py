#!/usr/bin/env python3
"""Checks the floors of src/ (docs/architecture.md): which folder may include from which, and that no
folders, sub-folders included, include each other in a circle.

A folder and each of its sub-folders are rooms of their own: "data", "data/clips", ... What a room may
include from other top folders is what ALLOWED says of it, else of the folder that it is in.

  scripts/check_includes.py [ROOT]   complaints, exit code 1 when there are any
  scripts/check_includes.py --graph  the includes between rooms, counted
"""
import collections
import pathlib
import re
import sys

ALLOWED = {
    "core": set(),
    "media": {"core"},
    "launch": {"core"},
    "model": {"core"},
    "checkpoints": {"core", "model"},
    "data": {"core", "media"},
    # The encoders of clips, for `prepare` and for training on clips that are not prepared.
    "data/encoding": {"core", "media", "model", "checkpoints"},
    "filter": {"core", "media", "data"},
    "infer": {"core", "media", "model", "checkpoints"},
    "train": {"core", "media", "model", "checkpoints", "data", "infer"},
    "cli": {"core", "launch", "media", "model", "checkpoints", "data", "filter", "infer", "train"},
    "": {"core", "cli"},  # src/main.cpp
}
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}

Include = collections.namedtuple("Include", "file line room target")


def top(room):
    return room.split("/", 1)[0]


def room_of(path):
    """ "data/clips/bucket.h" -> "data/clips", "main.cpp" -> "" """
    return path.rsplit("/", 1)[0] if "/" in path else ""


def includes(source):
    for path in sorted(p for p in source.rglob("*") if p.suffix in SUFFIXES):
        room = room_of(path.relative_to(source).as_posix())
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if match := INCLUDE.match(line):
                yield Include(path, number, room, room_of(match[1]))


def allowed_for(room):
    """What ALLOWED says of the room or of the nearest folder around it; None: nothing."""
    while room not in ALLOWED:
        if "/" not in room:
            return None
        room = room.rsplit("/", 1)[0]
    return ALLOWED[room]


def floor_complaints(found):
    for include in found:
        allowed = allowed_for(include.room)
        where = f"{include.file}:{include.line}"
        if allowed is None:
            yield f"{where}: src/{include.room} has no rule; add it to ALLOWED in scripts/check_includes.py"
        elif top(include.target) != top(include.room) and top(include.target) not in allowed:
            names = ", ".join(sorted(allowed)) or "nothing else"
            yield f"{where}: {include.room}/ may include from {names}; this is from {include.target}/"


def find_cycle(edges):
    """Rooms that include each other in a circle, the first repeated at the end; empty: none."""
    done, path = set(), []

    def visit(room):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return []
        path.append(room)
        for target in sorted(edges.get(room, ())):
            if cycle := visit(target):
                return cycle
        path.pop()
        done.add(room)
        return []

    for room in sorted(edges):
        if cycle := visit(room):
            return cycle
    return []


def cycle_complaints(found):
    edges = collections.defaultdict(dict)
    for include in found:
        if include.room != include.target:
            edges[include.room].setdefault(include.target, f"{include.file}:{include.line}")
    while cycle := find_cycle(edges):
        steps = "".join(f"\n    {a} -> {b}  {edges[a][b]}" for a, b in zip(cycle, cycle[1:]))
        yield f"rooms that include each other in a circle:{steps}"
        del edges[cycle[-2]][cycle[-1]]


def print_graph(found):
    counts = collections.Counter((i.room, i.target) for i in found if i.room != i.target)
    for (room, target), count in sorted(counts.items()):
        print(f"{count:4} {room or 'main.cpp'} -> {target}")
    print(f"{sum(counts.values())} includes over {len(counts)} pairs of rooms")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--graph"]
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent)
    found = list(includes(root / "src"))
    if "--graph" in sys.argv:
        print_graph(found)
    problems = [*floor_complaints(found), *cycle_complaints(found)]
    print("\n".join(problems) if problems else "includes follow the floors, and there is no circle")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
