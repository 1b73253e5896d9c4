#!/usr/bin/env bash
# Prints how many compilations to run at once: one per core, but no more than memory allows (LibTorch's
# headers take about 2 GB each).
set -euo pipefail
cores=$(nproc)
memory=$(awk '/^MemAvailable/ {print int($2 / 2000000)}' /proc/meminfo)
jobs=$((memory < cores ? memory : cores))
echo $((jobs < 1 ? 1 : jobs))
