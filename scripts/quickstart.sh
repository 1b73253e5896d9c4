#!/usr/bin/env bash
# From a fresh clone to a generated video: set-up, build, prepare the example clips, continue training
# the shipped model for a few steps, sample a prompt. Under 15 minutes on two cores after downloads.
#   scripts/quickstart.sh ["a prompt of yours"]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prompt=${1:-"$(cat examples/clips/geese_on_pond.txt)"}
program=build/release/sana-video
run=runs/quickstart
video=$run/sample.mp4

step() { printf '\n== %s\n' "$*"; }

step "1/5 set-up"
scripts/setup.sh
step "2/5 build (some minutes the first time)"
cmake --preset release
cmake --build --preset release --target sana-video --parallel "$(scripts/build_jobs.sh)"
step "3/5 prepare: example clips to latents and text features"
"$program" prepare configs/examples/prepare_quickstart.yaml
step "4/5 train: continue from the shipped checkpoint for a few steps"
"$program" train configs/examples/train_quickstart.yaml
step "5/5 sample: \"$prompt\""
"$program" sample --checkpoint "$run" --prompt "$prompt" --steps 20 --overwrite --out "$video"

cat <<END

Done. The video: $PWD/$video

What to try next:
  scripts/quickstart.sh "\$(cat examples/clips/bee_on_thistle.txt)"
      another prompt: the small example model knows the captions in examples/clips/ by heart and little else
  $program inspect $run
      what the run left behind
  $program train configs/examples/train_quickstart.yaml train.steps=500
      train on, from where it stopped
  $program doctor
      what this machine can do
  examples/README.md
      how the shipped model was trained, and what it can do
Your own clips: a folder of x.mp4 with x.txt (the caption) beside each, named in a copy of
configs/examples/prepare_quickstart.yaml.
END
