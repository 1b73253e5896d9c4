"""Compares the histograms that a browser shows (the form of probe.js) with the scores of the report."""
import itertools
import math

HEIGHT = 110  # of the highest bar, in the units of page.html


def differs(what, shown, expected):
    if shown != expected:
        yield f"{what}: shows {shown!r}, the report has {expected!r}"


def lacks(what, text, *expected):
    for piece in expected:
        if piece not in text:
            yield f"{what}: lacks {piece!r}"


def expected_range(bins, edges, value):
    """Where the line of the value may stand, going by the bins as they are drawn."""
    if value < edges[0]:
        return 0, bins[0]["at"][0]
    for (left, width), low, high in zip((b["at"] for b in bins), edges, edges[1:]):
        if value < high:
            x = left + width * (value - low) / (high - low)
            return x - 0.1, x + 0.1
    end = sum(bins[-1]["at"])
    return (end, math.inf) if value > edges[-1] else (end - 0.1, end + 0.1)


def check_thresholds(what, shown, score):
    limits = [(limit["stage"], bound, limit[bound]) for limit in score["thresholds"]
              for bound in ("min", "max") if limit.get(bound) is not None]
    lines = [(line["stage"], line["bound"], float(line["value"])) for line in shown["lines"]]
    yield from differs(f"{what}: threshold lines", sorted(lines), sorted(limits))
    yield from differs(f"{what}: labels", shown["labels"], len({limit[1:] for limit in limits}))
    yield from differs(f"{what}: shaded sides", len(shown["shades"]), len(limits))
    for line, (left, width) in zip(shown["lines"], shown["shades"]):
        low, high = expected_range(shown["bins"], score["histogram"]["edges"], float(line["value"]))
        side = left + width if line["bound"] == "min" else left
        if not low <= line["x"] <= high or abs(side - line["x"]) > 0.1:
            yield (f"{what}: the line of {line['value']} is at {line['x']:.1f}, the side of its shade at "
                   f"{side:.1f}, not within {low:.1f} to {high:.1f}")


def overlap(a, b):
    # A pixel of slack: boxes of letters are higher than the letters.
    return all(a[start] + a[size] - 2 > b[start] and b[start] + b[size] - 2 > a[start]
               for start, size in (("left", "width"), ("top", "height")))


def check_texts(what, shown):
    for text in shown["texts"]:
        if text["left"] < -1 or text["left"] + text["width"] > shown["width"] + 1:
            yield f"{what}: {text['text']!r} is cut off"
    for a, b in itertools.combinations(shown["texts"], 2):
        if overlap(a, b):
            yield f"{what}: {a['text']!r} and {b['text']!r} overlap"


def check_histogram(shown, score, scale):
    what = f"histogram of {score['name']}"
    yield from lacks(what, shown["name"], score["name"])
    histogram = score.get("histogram")
    drawable = histogram is not None and histogram["edges"][-1] > histogram["edges"][0]
    yield from differs(f"{what}: drawn", shown["drawn"], drawable)
    if not shown["drawn"] or not drawable:
        return
    counts, outside = histogram["counts"], [histogram.get("below") or 0, histogram.get("above") or 0]
    yield from differs(f"{what}: bins", len(shown["bins"]), len(counts))
    yield from differs(f"{what}: bins at the ends", shown["beyond"], sum(count > 0 for count in outside))
    unit = HEIGHT / scale(max(1, *counts, *outside))
    for i, (drawn, count) in enumerate(zip(shown["bins"], counts)):
        if abs(drawn["height"] - unit * scale(count)) > 0.1:
            yield f"{what}: bin {i} is {drawn['height']:.1f} high, not {unit * scale(count):.1f}"
    yield from lacks(f"{what}: aria-label", shown["label"], score["name"])
    yield from check_thresholds(what, shown, score)
    yield from check_texts(what, shown)


def check_scores(page, report):
    scores = report["scores"]
    for key, scale in (("histograms", lambda count: count), ("logarithmic", math.log1p)):
        yield from differs(f"{key}: number", len(page[key]), len(scores))
        for shown, score in zip(page[key], scores):
            yield from check_histogram(shown, score, scale)
