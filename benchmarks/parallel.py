#!/usr/bin/env python3
"""Every way in which N processes train together, in one run: step time, memory, what was sent, loss curves.

  benchmarks/parallel.py --work /tmp/scaling --processes 2 4 8          2B, 480p, 81 frames, on the GPUs that are there
  benchmarks/parallel.py --work /tmp/scaling --processes 2 4 --cpu      a small model, on the CPU: equal numbers, no speed
  benchmarks/parallel.py --work /tmp/scaling --processes 2 --kill       also: one process is killed, the restart timed

Writes WORK/table.md, WORK/results.json and, where matplotlib is there, WORK/losses.png. Weak scaling has a clip a process;
strong scaling ("one clip") shares one between them. Efficiency is clips/s a process against one process of the same run; "not hidden": the share of a step in which training
stands still for the others.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FULL = {
    "model": "model.latent_channels=16 model.num_layers=20 model.num_heads=20 model.head_dim=112 model.num_cross_heads=20"
             " model.text_dim=2304 model.mlp_ratio=3.0",
    "data": [],
    "train": "precision=bfloat16 train.gradient_checkpointing=true",
}
SMALL = {
    "model": "model.latent_channels=4 model.num_layers=4 model.num_heads=4 model.head_dim=24 model.num_cross_heads=4"
             " model.text_dim=32 model.mlp_ratio=2.0",
    "data": ["--samples=16", "--frames=29", "--height=64", "--width=96", "--channels=4", "--tokens=8", "--text-dim=32"],
    "train": "precision=float32 device=cpu",
}


def ways(count):
    """Name, keys of `parallel`, and how many clips a step has for each process."""
    found = [("data parallel", "parallel.shard=1 parallel.shard_optimizer=false", 1),
             ("sharded optimizer", "parallel.shard=1 parallel.shard_optimizer=true", 1),
             ("full sharding", f"parallel.shard={count}", 1)]
    if count % 4 == 0:
        found.append((f"hybrid {count // 2} x 2", f"parallel.shard={count // 2} parallel.replicate=2", 1))
    found.append(("sequence, one clip", f"parallel.shard=1 parallel.sequence={count}", 1 / count))
    if count >= 4:
        found.append((f"sequence 2 x data {count // 2}", "parallel.shard=1 parallel.sequence=2", 0.5))
    return found


def lines_of(run):
    file = run / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def command(a, run, processes, keys, steps, batch, extra=()):
    words = [str(a.program)]
    if processes > 1:
        words += ["launch", "--nproc", str(processes), *extra]
    setup = SMALL if a.cpu else FULL
    words += ["train", str(a.work / "train.yaml"), f"run.dir={run}", f"train.steps={steps}", f"data.batch_size={batch}"]
    return words + setup["model"].split() + setup["train"].split() + keys.split()


def make_data(a):
    a.work.mkdir(parents=True, exist_ok=True)
    if not (a.work / "latents").exists():
        subprocess.run([a.latents, a.work / "latents", *(SMALL if a.cpu else FULL)["data"]], check=True)
    (a.work / "train.yaml").write_text(
        f"task: video_dit\ndata: {{videos: {a.work / 'latents'}}}\n"
        "optimizer: {eps: 1.0e-5, lr: 1.0e-4}\nschedule: {name: constant, warmup_steps: 0}\n"
        "train: {log_every_steps: 1, checkpoint_every_steps: 1000000, keep_last: 1}\n")


def measured(run, warm):
    """Medians of the steps after the first ones, which choose algorithms and take memory."""
    lines = [line for line in lines_of(run) if "step_s" in line and line["step"] > warm]
    if not lines:
        return None
    middle = lambda name: sorted(line.get(name, 0) for line in lines)[len(lines) // 2]
    return {"mem_gib": max(line["mem_gib"] for line in lines),
            **{name: middle(name) for name in ("step_s", "comm_s", "tflops", "share_of_peak")}}


def sent(a, processes, keys):
    """What `check` counts, in GB a step."""
    words = command(a, a.work / "check", 1, keys, 1, 1)
    words[1:2] = ["check"]
    told = subprocess.run([*words, "--world", str(processes)], capture_output=True, text=True).stdout
    found = re.findall(r"^(?:sent)?\s+([\d.]+ \w+)  (?:a step of each|to those that share)", told, re.M)
    return " + ".join(found) or "-"


def train(a, name, processes, keys, batch):
    run = a.work / re.sub(r"\W+", "_", f"{processes}_{name}")
    subprocess.run(["rm", "-rf", run], check=True)
    began = time.time()
    done = subprocess.run(command(a, run, processes, keys, a.steps, batch), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    row = {"way": name, "processes": processes, "keys": keys, "clips_a_step": batch, "wall_s": time.time() - began}
    if done.returncode != 0:
        return {**row, "error": done.stderr.strip().splitlines()[-1:] or ["no word"]}
    row["losses"] = [line["loss"] for line in lines_of(run) if "loss" in line]
    return {**row, **(measured(run, a.warm) or {}), "sent": sent(a, processes, keys) if processes > 1 else "-"}


def kill_and_restart(a, processes):
    """Seconds from the kill of one process to the first step that is new."""
    run = a.work / "killed"
    subprocess.run(["rm", "-rf", run], check=True)
    words = command(a, run, processes, "train.checkpoint_every_steps=5", 10**6, 1, ["--max-restarts", "1"])
    launcher = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    last = lambda: max((line["step"] for line in lines_of(run)), default=0)

    def wait_for(step):
        while last() < step:
            if launcher.poll() is not None:
                raise SystemExit(f"the launcher ended with {launcher.returncode}")
            time.sleep(0.05)

    wait_for(12)
    victim = max(int(p) for p in subprocess.check_output(["pgrep", "-P", str(launcher.pid)], text=True).split())
    before = last()
    os.kill(victim, signal.SIGKILL)
    began = time.time()
    wait_for(before + 1)
    seconds = time.time() - began
    launcher.send_signal(signal.SIGTERM)
    launcher.wait()
    return {"processes": processes, "killed_at_step": before, "seconds_to_next_step": seconds}


def table(rows):
    one = next(row for row in rows if row["processes"] == 1)
    lines = ["| processes | scheme | s/step | clips/s against one process | efficiency | not hidden | memory, GiB |"
             " TFLOP/s | sent a step |", "| --- " * 9 + "|"]
    for row in rows:
        if "step_s" not in row:
            lines.append(f"| {row['processes']} | {row['way']} | failed: {' '.join(row.get('error', []))} | | | | | | |")
            continue
        times = row["clips"] / row["step_s"] / (one["clips"] / one["step_s"])
        lines.append(f"| {row['processes']} | {row['way']} | {row['step_s']:.3f} | {times:.2f} | {times / row['processes']:.2f} |"
                     f" {row['comm_s'] / row['step_s']:.0%} | {row['mem_gib']:.2f} | {row['tflops']:.3g} | {row['sent']} |")
    return "\n".join(lines) + "\n"


def same_losses(rows):
    """Largest relative difference of the curves of one global batch."""
    found = []
    for row in rows:
        peers = [other for other in rows if other["clips"] == row["clips"] and other.get("losses")]
        if row.get("losses") and row is not peers[0]:
            pairs = zip(row["losses"], peers[0]["losses"])
            most = max(abs(a - b) / abs(b) for a, b in pairs)
            found.append(f"{row['processes']} x {row['way']} against {peers[0]['processes']} x {peers[0]['way']}: {most:.1e}")
    return found


def plot(rows, file):
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axis = plt.subplots(figsize=(8, 4.5))
    for row in rows:
        if row.get("losses"):
            axis.plot(range(1, len(row["losses"]) + 1), row["losses"], linewidth=1, alpha=0.7,
                      label=f"{row['processes']} x {row['way']}, {row['clips']:g} clips")
    axis.set_xlabel("step")
    axis.set_ylabel("loss")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--processes", type=int, nargs="+", default=[2])
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--warm", type=int, default=4, help="steps that do not count")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/sana-video")
    parser.add_argument("--latents", type=pathlib.Path, default=ROOT / "build/release/benchmarks/random_latents")
    a = parser.parse_args()
    make_data(a)
    rows = [train(a, "alone", 1, "", 1)]
    rows[0]["clips"] = 1
    for count in a.processes:
        for name, keys, share in ways(count):
            rows.append(train(a, name, count, keys, 1))
            rows[-1]["clips"] = count * share
        alone = train(a, f"alone, {count} clips", 1, "", count)  # the curve that the others must lie on
        alone["clips"] = count
        rows.append(alone)
    result = {"rows": rows, "curves": same_losses(rows)}
    if a.kill:
        result["kill"] = [kill_and_restart(a, count) for count in a.processes]
    (a.work / "results.json").write_text(json.dumps(result, indent=1))
    (a.work / "table.md").write_text(table(rows))
    plot(rows, a.work / "losses.png")
    print(table(rows))
    print("largest relative difference of losses, one global batch:", *result["curves"], sep="\n  ")
    for kill in result.get("kill", []):
        print(f"killed one of {kill['processes']}: {kill['seconds_to_next_step']:.1f} s to the next new step")


if __name__ == "__main__":
    main()
