#!/usr/bin/env bash
# Builds the program and packs it with LibTorch, the text encoder, configurations and example checkpoints
# into build/package/sana-video-*.tar.gz, which runs from any folder of a machine of this distribution.
#   scripts/package.sh         as this machine is configured: with CUDA where its toolkit is (several GB)
#   scripts/package.sh --cpu   for machines without a GPU (a build of its own)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/release
settings=()
case ${1:-} in
  '') ;;
  --cpu) build=build/release-cpu settings=(-DSANA_CUDA=OFF -DSANA_TESTS=OFF) ;;
  *) echo "usage: scripts/package.sh [--cpu]" >&2 && exit 2 ;;
esac

scripts/setup.sh
cmake --preset release -B "$build" "${settings[@]}"
cmake --build "$build" --target sana-video --parallel "$(scripts/build_jobs.sh)"
mkdir -p build/package
cpack --config "$build/CPackConfig.cmake" -B build/package
rm -rf build/package/_CPack_Packages
ls -sh build/package/*.tar.gz
