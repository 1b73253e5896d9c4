"""What a command left in its output folder, without the times in it, so that two runs can be compared."""
import hashlib
import json
import re

# Lines of metrics and keys of provenance that differ from run to run.
METRIC_TIMES = ("time", "step_s", "data_s", "comm_s", "clips_per_min", "tflops", "share_of_peak", "mem_gib", "eta_s",
                "slowest_rank", "slowest_behind_percent")
PROVENANCE_TIMES = ("sampling_s", "decode_and_write_s", "peak_device_memory_bytes", "peak_host_memory_bytes", "time")
# Logs, whose lines depend on how often a run was started.
LOGS = re.compile(r"(^|/)(log\.txt|environment\.json|events\.out\.tfevents\.[^/]+)$")


def value_of(file):
    if file.is_symlink():
        return f"link to {file.readlink()}"
    if file.name == "metrics.jsonl":
        return metrics_of(file)
    if file.suffix == ".json" and file.with_suffix(".mp4").exists():
        return provenance_of(file)
    return hashlib.sha1(file.read_bytes()).hexdigest()


def snapshot(folder):
    """Name -> what it holds, of all files and empty folders below a folder."""
    found = {}
    for entry in sorted(folder.rglob("*")):
        name = str(entry.relative_to(folder))
        if LOGS.search(name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            if not any(entry.iterdir()):
                found[name] = "an empty folder"
            continue
        found[name] = value_of(entry)
    return found


def metrics_of(file):
    """The lines in their order, so that a step that is missing or stands twice shows."""
    lines = []
    for line in file.read_text().splitlines():
        values = json.loads(line)
        lines.append({key: value for key, value in values.items() if key not in METRIC_TIMES})
    return lines


def provenance_of(file):
    try:
        values = json.loads(file.read_text())
    except ValueError as error:
        return f"damaged: {error}"
    kept = {key: value for key, value in values.items() if key not in PROVENANCE_TIMES}
    if "checkpoint" in kept:
        kept["checkpoint"] = kept["checkpoint"].rpartition("/")[2]
    return kept


def differences(expected, found):
    """Lines that say what is missing, too much or different; empty: nothing."""
    lines = [f"missing: {name}" for name in expected if name not in found]
    lines += [f"left over: {name}" for name in found if name not in expected]
    lines += [f"differs: {name}" for name, value in expected.items() if name in found and found[name] != value]
    return lines


def damaged_checkpoints(folder):
    """Finished checkpoints below a folder whose files are not those of their manifest."""
    lines = []
    for manifest in folder.rglob("manifest.json"):
        if ".partial" in str(manifest) or ".deleted" in str(manifest):
            continue
        for name, entry in json.loads(manifest.read_text())["files"].items():
            file = manifest.parent / name
            if not file.exists() or hashlib.sha1(file.read_bytes()).hexdigest() != entry["sha1"]:
                lines.append(f"damaged checkpoint: {file}")
    return lines
