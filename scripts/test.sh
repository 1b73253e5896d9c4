#!/usr/bin/env bash
# Set-up, build, every test, and what was run and skipped. Exits as ctest does.
#   scripts/test.sh                  release build, all tests
#   scripts/test.sh --asan           address and undefined-behaviour sanitizers, the unit tests on the CPU
#   scripts/test.sh --no-setup       without scripts/setup.sh, on a machine that has what is needed
#   scripts/test.sh -DNAME=VALUE...  settings of CMake, such as -DSANA_VIDEO_IO=OFF
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=release
setup=yes
filter=()
settings=()
for argument in "$@"; do
  case $argument in
    --asan) preset=asan filter=(--label-regex unit) ;;
    --no-setup) setup=no ;;
    -D?*=*) settings+=("$argument") ;;
    *) echo "usage: scripts/test.sh [--asan] [--no-setup] [-DNAME=VALUE...]" >&2 && exit 2 ;;
  esac
done

[ "$setup" = no ] || scripts/setup.sh --tests
cmake --preset "$preset" "${settings[@]}"
cmake --build --preset "$preset" --parallel "$(scripts/build_jobs.sh)"
status=0
ctest --preset "$preset" "${filter[@]}" || status=$?
scripts/test_summary.py "build/$preset" || true
exit "$status"
