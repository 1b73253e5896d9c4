#!/usr/bin/env bash
# Checks the layout of our C++ files with clang-format 14 (other versions lay out differently).
# Exit 4: not checked, because clang-format 14 is not installed.
#   scripts/check_format.sh [--fix]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tool=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$tool" ] || [[ $("$tool" --version) != *"version 14."* ]]; then
  echo "skipped: clang-format 14 is not installed (Debian 12: apt-get install clang-format)"
  exit 4
fi
action=(--dry-run -Werror)
[ "${1:-}" != --fix ] || action=(-i)
find src tests benchmarks -name '*.h' -o -name '*.cpp' | sort | xargs -n 16 -P "$(nproc)" "$tool" "${action[@]}"
