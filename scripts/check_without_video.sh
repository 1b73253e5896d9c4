#!/usr/bin/env bash
# Builds and links the program as on a machine without OpenCV, FFmpeg and CUDA, warnings as errors, so
# that code between #if SANA_HAS_VIDEO_IO is compiled both ways. Needs scripts/setup.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/without-video
cmake --preset release -B "$build" -DSANA_VIDEO_IO=OFF -DSANA_CUDA=OFF -DSANA_TESTS=OFF
cmake --build "$build" --target sana-video --parallel "$(scripts/build_jobs.sh)"
"$build/sana-video" verify tests/data/wan_vae_tiny.safetensors
