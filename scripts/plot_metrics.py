#!/usr/bin/env python3
"""Draws curves of a run's metrics.jsonl into a PNG (needs the Python package matplotlib).

  scripts/plot_metrics.py curves.png loss,l1,val_psnr_db runs/vae/metrics.jsonl
  scripts/plot_metrics.py curves.png loss,image_loss runs/images/metrics.jsonl runs/clips/metrics.jsonl
"""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def read_metric(path, name):
    """Steps and values of the lines that have the metric."""
    lines = (json.loads(line) for line in Path(path).read_text().splitlines())
    points = [(line["step"], line[name]) for line in lines if line.get(name) is not None]
    return [p[0] for p in points], [p[1] for p in points]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    target, names, files = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    figure, axes = plt.subplots(1, len(names), figsize=(5 * len(names), 3.6), squeeze=False)
    for axis, name in zip(axes[0], names):
        for file in files:
            steps, values = read_metric(file, name)
            if steps:
                axis.plot(steps, values, label=Path(file).parent.name, linewidth=1)
        axis.set_title(name)
        axis.set_xlabel("step")
        if "loss" in name or name == "l1":
            axis.set_yscale("log")
        axis.grid(alpha=0.3)
        if len(files) > 1:
            axis.legend()
    figure.tight_layout()
    figure.savefig(target, dpi=80)


if __name__ == "__main__":
    main()
