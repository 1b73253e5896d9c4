#!/usr/bin/env bash
# Set-up, build and every test.
#   scripts/test.sh          release build, all tests
#   scripts/test.sh --asan   address and undefined-behaviour sanitizers, the unit tests on the CPU
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=release
filter=()
case ${1:-} in
  '') ;;
  --asan) preset=asan filter=(--label-regex unit) ;;
  *) echo "usage: scripts/test.sh [--asan]" >&2 && exit 2 ;;
esac

scripts/setup.sh --tests
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(scripts/build_jobs.sh)"
ctest --preset "$preset" "${filter[@]}"
