#!/usr/bin/env python3
"""Opens a report of `sana-video filter` in headless Chromium and checks what the browser shows against its numbers.

usage: check_report_page.py INDEX_HTML [--report REPORT_JSON] [--screenshot FILE.png [--width 1400] [--dark]]

Exits 1 with a line for each thing that is wrong, 77 where there is no browser. Without REPORT_JSON the numbers are
those inside of the page.
"""
import argparse
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # leaves no folder beside the sources
import page_checks  # noqa: E402

SKIPPED = 77
WIDTHS = [1400, 700]
SHOWN = 50
PROBE = pathlib.Path(__file__).with_name("probe.js")


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    print("skipped: neither chromium nor chromium-browser nor google-chrome is installed")
    sys.exit(SKIPPED)


def browse(browser, page, size, *options):
    """The browser's output and the lines that the page wrote to the console."""
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
             f"--user-data-dir={profile}", "--virtual-time-budget=20000", f"--window-size={size[0]},{size[1]}",
             *options, page.resolve().as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", timeout=240)
    if run.returncode != 0:
        sys.exit(f"{browser} failed with {run.returncode}:\n{run.stderr[-2000:]}")
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def measure(browser, page, width):
    """What the browser shows of the page at a width of the window; problems where it shows nothing."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "index.html"
        probe = PROBE.read_text(encoding="utf-8")
        copy.write_text(f"{page.read_text(encoding='utf-8')}<script>{probe}</script>", encoding="utf-8")
        dom, console = browse(browser, copy, (width, 900), "--dump-dom")
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)
    if found:
        return json.loads(html.unescape(found[1])), [f"console: {line}" for line in console]
    errors = re.search(r'data-errors="([^"]*)"', dom)
    return None, [f"the page did not finish: {errors[1] if errors else 'no data-errors'}", *console]


def without_images(value):
    if isinstance(value, dict):
        return {name: without_images(child) for name, child in value.items() if name != "image"}
    return [without_images(child) for child in value] if isinstance(value, list) else value


def read_reports(arguments):
    """The report inside of the page, and how the one on disk differs from it."""
    tag = r'<script type="application/json" id="report">'
    text = re.search(f"{tag}(.*?)</script", arguments.page.read_text(encoding="utf-8"), re.DOTALL)
    if not text:
        sys.exit(f"{arguments.page}: holds no report")
    inside = json.loads(text[1])
    if arguments.report:
        outside = json.loads(arguments.report.read_text(encoding="utf-8"))
        if without_images(inside) != without_images(outside):
            return inside, [f"the report inside of {arguments.page} is not that of {arguments.report}"]
    return inside, []


def take_screenshot(browser, arguments, height):
    # Beyond this height Chromium's picture stays blank.
    size = (arguments.width, min(height, 16000))
    dark = ["--blink-settings=preferredColorScheme=0"] if arguments.dark else []
    browse(browser, arguments.page, size, f"--screenshot={arguments.screenshot.resolve()}", *dark)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--screenshot", type=pathlib.Path)
    parser.add_argument("--width", type=int, default=WIDTHS[0])
    parser.add_argument("--dark", action="store_true")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    browser = find_browser()
    report, problems = read_reports(arguments)
    for width in dict.fromkeys([*WIDTHS, arguments.width]):
        page, failures = measure(browser, arguments.page, width)
        failures += page_checks.problems(page, report) if page else []
        problems += [f"at {width} px: {failure}" for failure in failures]
        if arguments.screenshot and width == arguments.width:
            take_screenshot(browser, arguments, page["height"] if page else 2000)
    if not problems:
        print(f"{arguments.page}: shows its report as it should")
        return 0
    for problem in problems[:SHOWN]:
        print(f"wrong: {problem[:400]}")
    if len(problems) > SHOWN:
        print(f"and {len(problems) - SHOWN} more")
    return 1


if __name__ == "__main__":
    sys.exit(main())
