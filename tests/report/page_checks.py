"""Compares what a browser shows of a report (the form of probe.js) with the report. Each function yields lines."""
import math

import chart_checks
from chart_checks import differs, lacks


def count_text(value):
    return "–" if value is None else f"{value:,}"


def hours_text(hours):
    if hours is None:
        return "–"
    if 0 < hours * 60 < 1:
        return f"{math.floor(hours * 3600 + 0.5)} s"
    if hours < 1:
        return f"{math.floor(hours * 60 + 0.5)} min"
    return f"{hours:,.1f} h"


def check_whole(page, report):
    for error in (page["errors"] or "").splitlines():
        yield f"the page met an error: {error}"
    if page["errors"] is None or page["ready"] != "true":
        yield "the page was not drawn to its end"
    if page["contentWidth"] > page["width"]:
        yield f"the page is {page['contentWidth']} px wide and scrolls sideways"
    for address in page["outside"]:
        yield f"reaches outside: {address[:80]}"
    for address in page["deadLinks"]:
        yield f"leads nowhere: {address}"
    if page["unnamedPictures"]:
        yield f"{page['unnamedPictures']} pictures have no alternative text"
    yield from lacks("title", page["title"], report["name"])


def check_header(page, report):
    totals = report["totals"]
    yield from differs("totals", page["totals"], {
        "clips found": count_text(totals["shots"]), "of video": hours_text(totals["hours"]),
        "files": count_text(totals["files"]), "unusable files": count_text(totals["unusable_files"])})
    yield from differs("cards of stages", len(page["cards"]), len(report["stages"]))
    for text, stage in zip(page["cards"], report["stages"]):
        yield from lacks(f"card of {stage['name']}", text, stage["name"], count_text(stage["kept"]),
                         hours_text(stage["kept_hours"]))


def check_unusable(page, report):
    rows = report.get("unusable") or []
    yield from differs("rows of unusable files", len(page["unusable"]), len(rows))
    for shown, row in zip(page["unusable"], rows):
        texts = [row.get(key) or "" for key in ("example", "detail", "remedy")]
        yield from differs(f"unusable, {row['reason']}", shown["texts"],
                           [row["reason"], count_text(row["count"]), *texts])


def check_bar(what, shown, left, gone, examined):
    whole = max(1, examined or 0)
    for kind, expected in (("left", left or 0), ("gone", gone or 0)):
        width = shown["track"] * expected / whole
        if abs(shown[kind]["width"] - width) > 1:
            yield f"{what}: the part {kind!r} is {shown[kind]['width']:.1f} px wide, not {width:.1f}"
    if shown["track"] < 60:
        yield f"{what}: the bar has only {shown['track']:.0f} px"


def check_funnel(name, shown, stage):
    criteria = stage["funnel"]
    yield from differs(f"{name}: funnel bars", len(shown), len(criteria) + 1)
    if shown:
        yield from check_bar(f"{name}: all clips", shown[0], stage["examined"], 0, stage["examined"])
        yield from differs(f"{name}: all clips", shown[0]["texts"][2], count_text(stage["examined"]))
    for row, criterion in zip(shown[1:], criteria):
        what = f"{name}, {criterion['criterion']}"
        expected = [criterion["criterion"], "", count_text(criterion["left"]), hours_text(criterion["left_hours"]),
                    count_text(criterion["rejected"]), count_text(criterion["failing"])]
        yield from differs(what, row["texts"], expected)
        yield from check_bar(what, row, criterion["left"], criterion["rejected"], stage["examined"])


def check_clip(what, shown, clip):
    yield from differs(f"{what}: id", shown["id"], clip["id"])
    if clip.get("start_s") is not None and clip.get("end_s") is not None:
        yield from lacks(what, shown["text"], f"{clip['end_s'] - clip['start_s']:.1f} s")
    if clip.get("failed"):
        yield from lacks(f"{what}: score in bold", shown["strong"] or "", clip["failed"][0])
    if clip.get("image") and not shown["pictureWidth"]:
        yield f"{what}: the picture is not shown"
    if not clip.get("image") and shown["pictureWidth"] is not None:
        yield f"{what}: shows a picture that the report lacks"
    if shown["width"] < 100:
        yield f"{what}: has only {shown['width']:.0f} px"


def check_stage(shown, stage):
    name = stage["name"]
    yield from lacks(f"heading of {name}", shown["heading"], name, count_text(stage["kept"]))
    yield from check_funnel(name, shown["funnel"], stage)
    for source, count in (stage.get("captions") or {}).items():
        yield from lacks(f"captions of {name}", shown["text"], f"{source} {count_text(count)}")
    yield from differs(f"{name}: contact sheets", len(shown["sheets"]), len(stage["sheets"]))
    for sheet_shown, sheet in zip(shown["sheets"], stage["sheets"]):
        what = f"{name}, sheet {sheet['title']}"
        yield from lacks(what, sheet_shown["title"], sheet["title"], count_text(sheet["count"]))
        yield from differs(f"{what}: clips", len(sheet_shown["clips"]), len(sheet["clips"]))
        for clip_shown, clip in zip(sheet_shown["clips"], sheet["clips"]):
            yield from check_clip(f"{what}, {clip['id']}", clip_shown, clip)


def check_quantiles(page, report):
    scores = report["scores"]
    yield from differs("rows of quantiles", [row["texts"][0] for row in page["quantiles"]],
                       [score["name"] for score in scores])
    keys = sorted({key for score in scores for key in score["quantiles"]}, key=float)
    if not keys:
        return
    known = {score["name"]: score["quantiles"].get(keys[0]) for score in scores}
    missing = [name for name, value in known.items() if value is None]
    for order, direction in zip(page["sorted"], (1, -1)):
        values = [direction * known[name] for name in order if known[name] is not None]
        if values != sorted(values) or sorted(order[len(values):]) != sorted(missing):
            yield f"quantiles sorted by {keys[0]} come as {order}"


def check_details(page, report):
    sheets = [sheet["clips"] for stage in report["stages"] for sheet in stage["sheets"] if sheet["clips"]]
    clips = sheets[0] if sheets else []
    details = page["details"]
    if not clips or details is None:
        yield from differs("details", details is None, not clips)
        return
    yield from differs("details: opened, then closed", [details["open"], details["closed"]], [True, True])
    first, second = clips[0]["id"], clips[min(1, len(clips) - 1)]["id"]
    yield from differs("details: ids step by step", details["ids"], [first, second, first, second, first])
    yield from lacks("details", details["text"], *filter(None, (clips[0].get("file"), clips[0].get("caption"))))
    yield from differs("details: scores", [row["texts"][0] for row in details["rows"]], list(clips[0]["scores"]))
    yield from differs("details: failed scores", details["fails"], len(clips[0].get("failed") or []))


def problems(page, report):
    lines = list(check_whole(page, report))
    if page["ready"] != "true":
        return lines
    for check in (check_header, check_unusable, chart_checks.check_scores, check_quantiles, check_details):
        lines += check(page, report)
    lines += differs("stages", len(page["stages"]), len(report["stages"]))
    for shown, stage in zip(page["stages"], report["stages"]):
        lines += check_stage(shown, stage)
    return lines
