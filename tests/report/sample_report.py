#!/usr/bin/env python3
"""Writes a made-up report of `sana-video filter`, report.json and index.html, for the test of the page.

usage: sample_report.py {typical,nothing_kept,many} PAGE_HTML OUTPUT_FOLDER

PAGE_HTML is the page as the build joins it: generated/filter/report/page.html in the build folder.
"""
import argparse
import base64
import json
import math
import pathlib
import random
import struct
import zlib

QUANTILES = [0.01, 0.25, 0.5, 0.75, 0.99]
# name, unit, help, draw, edges grow by factors
SCORES = [
    ("seconds", "s", "Length of the shot.", lambda r: r.lognormvariate(1.9, 0.6), False),
    ("short_side", "px", "Shorter side of the picture without its borders.",
     lambda r: r.choices([360, 480, 720, 1080], [1, 2, 4, 4])[0], False),
    ("motion", "px at 16 fps", "Mean optical flow between pictures 1/16 s apart, at 576x320.",
     lambda r: r.lognormvariate(0.9, 1.0), True),
    ("brightness", "levels", "Mean luma, 0 to 255.", lambda r: min(250, max(3, r.gauss(110, 38))), False),
    ("text", "", "Share of the picture covered by overlaid text.",
     lambda r: r.betavariate(1.2, 12) if r.random() < 0.2 else 0.0, False),
    ("sharpness", "", "Variance of the Laplacian of the shrunk picture.",
     lambda r: r.lognormvariate(5, 1.1), True),
    ("bit_rate", "kbit/s", "Bit rate of the video stream.", lambda r: r.lognormvariate(8.4, 2.2), True),
    ("dover", "", "Learned quality, from a sidecar file.",
     lambda r: None if r.random() < 0.02 else r.gauss(0.1, 0.04), False),
]
LIMITS = [("seconds", 5.06, None), ("short_side", 480, None), ("motion", 1, 30), ("brightness", 20, 235),
          ("text", None, 0.02), ("dover", 0.05, None)]
# What strangers call their files.
NAMES = ["holiday/IMG_{}.mp4", "a/b/{}.mp4", "stock/" + "very-long-name-of-a-clip-" * 6 + "{}.webm",
         "</script><script>document.title='broken'</script>{}.mp4", "<!--{}.mp4",
         "<img src=x onerror=noteError('broken')>{}.mkv", "映画/第{}巻.mp4", "tom & \"jerry\" {}.mov",
         "\u202egnp.{}.mp4", "{{{{report}}}}{}.mp4", "🎬 {}.mp4"]


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def landscape(rng):
    """A data URI: sky, two ridges of hills, and now and then an upright picture."""
    width, height = rng.choice([(144, 81), (144, 81), (144, 81), (60, 106)])
    light = rng.uniform(0.3, 1)
    shades = [[int(light * rng.randint(low, 255)) for _ in range(3)] for low in (120, 60, 20)]
    waves = [(rng.uniform(0.3, 0.8), rng.uniform(0.02, 0.15), rng.uniform(20, 60), rng.uniform(0, 9))
             for _ in range(2)]
    ridges = [[height * (base + swing * math.sin(x / stretch + shift)) for x in range(width)]
              for base, swing, stretch, shift in waves]
    rows = [bytes(value for x in range(width)
                  for value in shades[(y > ridges[0][x]) + (y > ridges[1][x])]) for y in range(height)]
    return "data:image/png;base64," + base64.b64encode(png(width, height, rows)).decode()


def make_shots(rng, number, images):
    shots = []
    for index in range(number):
        file = rng.choice(NAMES).format(rng.randint(1, 999))
        scores = {name: draw(rng) for name, _, _, draw, _ in SCORES}
        start = rng.uniform(0, 4000)
        caption = rng.choice(["A dog runs along a beach while the sun sets behind the hills.", "", None,
                              "A <b>tram</b> crosses a bridge & stops; people get off, others wait."])
        shots.append({"id": f"{file}#{index}", "file": file, "start_s": start,
                      "end_s": start + scores["seconds"], "caption": caption, "scores": scores,
                      "failed": [], "image": rng.choice(images)})
    return shots


def hours(shots):
    return sum(shot["scores"]["seconds"] for shot in shots) / 3600


def fails(shot, limit):
    name, low, high = limit
    value = shot["scores"][name]
    return value is None or (low is not None and value < low) or (high is not None and value > high)


def make_sheet(title, shots, limits, size):
    clips = [{**shot, "failed": [limit[0] for limit in limits if fails(shot, limit)]} for shot in shots[:size]]
    return {"title": title, "count": len(shots), "clips": clips}


def make_stage(name, shots, limits, size):
    left, funnel, sheets = shots, [], []
    for limit in limits:
        score, low, high = limit
        rejected = [shot for shot in left if fails(shot, limit)]
        left = [shot for shot in left if not fails(shot, limit)]
        bounds = " and ".join(f"{word} {bound:g}" for word, bound in
                              (("at least", low), ("at most", high)) if bound is not None)
        funnel.append({"criterion": f"{score} {bounds}", "score": score, "min": low, "max": high,
                       "rejected": len(rejected), "failing": sum(fails(shot, limit) for shot in shots),
                       "left": len(left), "left_hours": hours(left)})
        sheets.append(make_sheet(f"not {funnel[-1]['criterion']}", rejected, limits, size))
    sheets.insert(0, make_sheet("kept", left, limits, size))
    return {"name": name, "kept": len(left), "kept_hours": hours(left), "examined": len(shots), "weight": 1.0,
            "funnel": funnel, "captions": {"prompt": len(left) // 3, "_Qwen2_5-VL": len(left) - len(left) // 3},
            "sheets": sheets}


def make_histogram(values, by_factors, bins=40):
    low, high = values[len(values) // 100], values[-1 - len(values) // 200]
    at = ((lambda t: low * (high / low) ** t) if by_factors else (lambda t: low + (high - low) * t))
    edges = [at(i / bins) for i in range(bins + 1)]
    counts = [sum(edges[i] <= v < edges[i + 1] for v in values) for i in range(bins)]
    counts[-1] += sum(v == edges[-1] for v in values)
    return {"edges": edges, "counts": counts, "below": sum(v < edges[0] for v in values),
            "above": sum(v > edges[-1] for v in values)}


def make_score(kind, shots, plans):
    name, unit, text, _, by_factors = kind
    values = sorted(shot["scores"][name] for shot in shots if shot["scores"][name] is not None)
    quantiles = {str(q): values[int(q * (len(values) - 1))] if values else None for q in QUANTILES}
    thresholds = [{"stage": stage, "min": low, "max": high} for stage, limits in plans
                  for score, low, high in limits if score == name]
    return {"name": name, "unit": unit, "help": text, "missing": len(shots) - len(values),
            "histogram": make_histogram(values, by_factors) if values else None,
            "quantiles": quantiles, "thresholds": thresholds}


def make_plans(case):
    stricter = [("seconds", 5.06, None), ("short_side", 720, None), ("motion", 1, 20), ("text", None, 0.01),
                ("dover", 0.08, None)]
    if case == "typical":
        return [("480p", LIMITS), ("720p", stricter)]
    if case == "nothing_kept":
        return [("480p", [*LIMITS[:2], ("motion", 1e6, None), *LIMITS[3:]])]
    growing = [[("seconds", 2.0 + index, None), ("motion", 0.3 * index, 40 - 4 * index), *LIMITS[4:],
                ("bit_rate", None, 9e6 / 10 ** index)] for index in range(5)]
    return [(f"stage of a long name {i + 1}", limits) for i, limits in enumerate(growing)] + [("1080p", LIMITS)]


def make_report(case):
    rng = random.Random(case)
    images = [landscape(rng) for _ in range(12 if case == "nothing_kept" else 48)]
    shots = make_shots(rng, 700 if case == "nothing_kept" else 5301, images)
    if case == "nothing_kept":
        for shot in shots:
            shot["scores"]["dover"] = None
        shots[0].update(image=None, start_s=None, end_s=None)
    plans = make_plans(case)
    unusable = [{"reason": "truncated", "count": 7, "example": "a/" + "long-folder/" * 9 + "b.mp4",
                 "detail": "the file ends before its contents do", "remedy": "copy the file again"},
                {"reason": "no video", "count": 2, "example": "</table><b>sound.m4a", "detail": "only sound",
                 "remedy": None}]
    return {"name": "clips", "program": "sana-video 0.1.0", "totals": {
        "files": 1284, "unusable_files": 9, "shots": len(shots), "hours": hours(shots)},
        "unusable": [] if case == "many" else unusable,
        "stages": [make_stage(name, shots, limits, 80 if case == "many" else 24) for name, limits in plans],
        "scores": [make_score(kind, shots, plans) for kind in SCORES]}


def without_images(report):
    """As on disk: pictures are in the page only."""
    clips = lambda sheet: [{k: v for k, v in clip.items() if k != "image"} for clip in sheet["clips"]]
    stages = [{**stage, "sheets": [{**sheet, "clips": clips(sheet)} for sheet in stage["sheets"]]}
              for stage in report["stages"]]
    return {**report, "stages": stages}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=["typical", "nothing_kept", "many"])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    report = make_report(arguments.case)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "report.json").write_text(json.dumps(without_images(report)))
    embedded = json.dumps(report).replace("<", "\\u003c")  # as report_page.cpp does
    page = arguments.page.read_text(encoding="utf-8").replace("{{report}}", embedded, 1)
    (arguments.folder / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
